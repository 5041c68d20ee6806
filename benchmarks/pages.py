"""The list and a subscription's details, against a page that only signs the person in."""

import uuid
from functools import partial
from itertools import cycle

from benchmarks.database import STAFF
from benchmarks.portfolio import LARGEST, partner_ids
from benchmarks.report import Row, milliseconds
from benchmarks.visitor import Answer, Visitor, compare
from subscriptions.models import Subscription


def details_places(*, count: int = 40) -> list[tuple[uuid.UUID, uuid.UUID]]:
    """Customer and id of some live subscriptions of the largest partner that have upgrade paths."""
    own = Subscription.objects.sold_by(uuid.UUID(str(partner_ids()[LARGEST]))).live()
    return list(own.filter(offer__name="Office 365 Business").order_by("pk").values_list("customer_id", "pk")[:count])


def details_paths() -> list[str]:
    """The pages of these subscriptions."""
    return [f"/customers/{customer_id}/subscriptions/{pk}/" for customer_id, pk in details_places()]


async def measure(address: str) -> list[Row]:
    """The rows of this table."""
    paths = cycle(details_paths())
    async with Visitor(address, STAFF[LARGEST]) as visitor:

        async def details() -> Answer:
            return await visitor.get(next(paths))

        hello, listed, detailed = await compare(
            partial(visitor.get, "/hello/"), partial(visitor.get, "/customers/"), details, requests=40
        )
    return [_row("customer list", listed, hello), _row("details with every verdict", detailed, hello)]


def _row(what: str, taken: float, hello: float) -> Row:
    details = {"ms": milliseconds(taken), "hello ms": milliseconds(hello)}
    return Row(what, "a signed-in hello page", 3, taken / hello, details=details)
