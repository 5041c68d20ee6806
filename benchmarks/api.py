"""The API as programs meet it: each operation beside a bare view of the server, whose JSON has the same size."""

import uuid
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from itertools import cycle

from allauth.idp.oidc.models import Client
from django.contrib.auth.hashers import make_password

from api.authentication import new_token
from benchmarks.database import STAFF
from benchmarks.pages import details_places
from benchmarks.portfolio import LARGEST
from benchmarks.report import Row, milliseconds
from benchmarks.submitting import QUANTITY, Upgradable, target_id, upgradable
from benchmarks.visitor import REQUESTS, WARM_UP, Answer, Program, compare
from partners.api_clients import SCOPE
from partners.models import ApiClient, ApiClientRole, Staff
from partners.roles import Role

SECONDS = 3600
LISTED = "40"


async def measure(address: str) -> list[Row]:
    """The rows of this table."""
    places = details_places()
    customers = cycle(f"/v1/customers/{customer_id}" for customer_id, _pk in places)
    options = cycle(f"/v1/customers/{customer_id}/subscriptions/{pk}/upgrades" for customer_id, pk in places)
    picked = upgradable(1 + WARM_UP + REQUESTS)
    async with Program(address, _token()) as program:
        return [
            await _row(program, "API: list of 40 customers", 6, partial(program.get, "/v1/customers", size=LISTED)),
            await _row(program, "API: one customer", 6, lambda: program.get(next(customers))),
            await _row(program, "API: a subscription's upgrade options", 10, lambda: program.get(next(options))),
            await _row(program, "API: an upgrade", 25, lambda: _upgrade(program, picked), is_write=True),
        ]


async def _row(
    program: Program, what: str, goal: float, ask: Callable[[], Awaitable[Answer]], *, is_write: bool = False
) -> Row:
    size = len((await ask()).body)

    async def bare() -> Answer:
        path = f"/bare/{size}/"
        return await (program.post(path, _upgrade_body()) if is_write else program.get(path))

    taken, plain = await compare(ask, bare)
    details = {"ms": milliseconds(taken), "bare ms": milliseconds(plain), "bytes": size}
    return Row(what, "a bare view, JSON of the same size", goal, taken / plain, details=details)


async def _upgrade(program: Program, picked: Iterator[Upgradable]) -> Answer:
    """Upgrade the next subscription; an upgrade that the rules refuse is answered with 200 too."""
    one = next(picked)
    path = f"/v1/customers/{one.customer_id}/subscriptions/{one.subscription_id}/upgrades"
    answer = await program.post(path, _upgrade_body(), request_id=str(uuid.uuid4()))
    if answer.status == 200 and b'"targetSubscriptionId"' not in answer.body:
        raise RuntimeError(f"An upgrade was refused: {answer.body[:300]!r}")
    return answer


def _upgrade_body() -> dict[str, object]:
    return {"targetOffer": {"id": str(target_id())}, "quantity": QUANTITY}


def _token() -> str:
    """A token of a program of the largest partner that does what an admin agent may."""
    staff = Staff.objects.select_related("partner").get(email=STAFF[LARGEST])
    assert staff.partner is not None
    oauth = Client.objects.create(
        id=str(uuid.uuid4()),
        name="Benchmark",
        secret=make_password(None),
        scopes=SCOPE,
        grant_types="client_credentials",
    )
    client = ApiClient.objects.create(
        id=uuid.UUID(oauth.pk), partner=staff.partner, name=oauth.name, oauth=oauth, made_by=staff
    )
    ApiClientRole.objects.create(client=client, role=Role.ADMIN_AGENT)
    return new_token(client, seconds=SECONDS)
