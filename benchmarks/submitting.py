"""Submitting upgrades: many customers at once against pgbench, and one customer under siege."""

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

from activity.models import ActivityRecord, Outcome
from benchmarks.database import STAFF
from benchmarks.portfolio import LARGEST, partner_ids
from benchmarks.report import Row, milliseconds
from benchmarks.visitor import Answer, Visitor, at_once
from catalog.models import Offer
from partners.models import Staff
from subscriptions.models import Subscription
from upgrades.conditions import CONDITIONS
from upgrades.models import Upgrade
from upgrades.operations import upgrade_subscription
from upgrades.verdicts import options

SOURCE, TARGET = "Office 365 Business Essentials", "Office 365 Enterprise E1"
QUANTITY = 20
CLIENTS = 8
SUBMITS = 800
WARM_UP = 80
ALONE = 40
ROUNDS, SIEGE = 6, 32
PGBENCH_SECONDS = 8

Pgbench = Callable[..., float]


@dataclass(frozen=True)
class Upgradable:
    """A subscription that may be upgraded to `TARGET`, the only one taken of its customer."""

    customer_id: uuid.UUID
    subscription_id: uuid.UUID

    @property
    def path(self) -> str:
        """Where its upgrade is submitted."""
        return f"/customers/{self.customer_id}/subscriptions/{self.subscription_id}/upgrade/"


def upgradable(count: int, *, using: str = "default") -> Iterator[Upgradable]:
    """So many subscriptions of the largest partner, each of another customer."""
    partner_id = uuid.UUID(partner_ids()[LARGEST])
    own = Subscription.objects.using(using).sold_by(partner_id).filter(offer__name=SOURCE)
    free = {condition.flag: False for condition in CONDITIONS}
    rows = options(own, partner_id=partner_id).filter(target_id=target_id(), **free)
    found = dict(rows.order_by("pk").values_list("customer_id", "pk")[: count * 2])
    if len(found) < count:
        raise RuntimeError(f"Only {len(found)} customers have an upgrade to {TARGET}; measure with a larger N.")
    return (Upgradable(customer_id, pk) for customer_id, pk in list(found.items())[:count])


def target_id() -> uuid.UUID:
    """The offer that all upgrades of the measurements lead to."""
    pk: uuid.UUID = Offer.objects.values_list("pk", flat=True).get(name=TARGET)
    return pk


def fields(key: str) -> dict[str, str]:
    """What the form sends."""
    return {"target": str(target_id()), "quantity": str(QUANTITY), "key": key, "version": "1"}


async def measure(address: str, *, pgbench: Pgbench, folder: Path) -> list[Row]:
    """The rows of this table."""
    picked = upgradable(1 + SUBMITS + WARM_UP + ALONE + ROUNDS + 300)
    script = _script(next(picked), folder)
    async with Visitor(address, STAFF[LARGEST]) as visitor:
        rates = await _submits_a_second(visitor, picked)
        alone = await alone_seconds(visitor, picked)
        row = await _siege(visitor, picked, alone)
    transactions = _transactions(script, list(picked), pgbench)
    details = {"a second": round(rates), "pgbench a second": round(transactions)}
    share = Row(
        f"submit upgrades, {CLIENTS} clients, a second",
        "the same statements in pgbench",
        0.2,
        rates / transactions,
        is_floor=True,
        is_share=True,
        details=details,
    )
    return [share, row]


async def _submits_a_second(visitor: Visitor, picked: Iterator[Upgradable]) -> float:
    form = fields("")

    def submits(count: int) -> list[Any]:
        return [partial(_submit, visitor, next(picked), form) for _number in range(count)]

    await at_once(submits(WARM_UP), clients=CLIENTS)
    calls = submits(SUBMITS)
    begin = time.perf_counter()
    await at_once(calls, clients=CLIENTS)
    return SUBMITS / (time.perf_counter() - begin)


async def _submit(visitor: Visitor, one: Upgradable, form: dict[str, str]) -> Answer:
    answer = await visitor.post(one.path, {**form, "key": str(uuid.uuid4())})
    if answer.status != 302:
        raise RuntimeError(f"An upgrade answered {answer.status}: {answer.body[:300]!r}")
    return answer


async def alone_seconds(visitor: Visitor, picked: Iterator[Upgradable], count: int = ALONE) -> float:
    """The median wait of one submit alone."""
    form = fields("")
    answers = [await _submit(visitor, next(picked), form) for _number in range(count)]
    return median(answer.seconds for answer in answers[5:])


async def _siege(visitor: Visitor, picked: Iterator[Upgradable], alone: float) -> Row:
    """32 clients submit upgrades of one subscription at once, half of them one form twice and more."""
    form = fields("")
    waits: list[float] = []
    problems: list[str] = []
    for _round in range(ROUNDS):
        one, shared = next(picked), str(uuid.uuid4())
        keys = [shared if number % 2 else str(uuid.uuid4()) for number in range(SIEGE)]
        calls = [partial(visitor.post, one.path, {**form, "key": key}) for key in keys]
        answers = await at_once(calls, clients=SIEGE)
        waits += [answer.seconds for answer in answers]
        problems += _problems(one, [answer.status for answer in answers])
    return Row(
        f"submit, {SIEGE} clients, one customer: median wait",
        "one submit alone",
        40,
        median(waits) / alone,
        holds=not problems,
        details={
            "ms": milliseconds(median(waits)),
            "longest ms": milliseconds(max(waits)),
            "alone ms": milliseconds(alone),
            "lost or doubled": problems or "nothing",
        },
    )


def _problems(one: Upgradable, statuses: list[int]) -> list[str]:
    """What the database and the answers say that must not be: lost, doubled or failed."""
    subscription = Subscription.objects.get(pk=one.subscription_id)
    records = ActivityRecord.objects.filter(customer_id=one.customer_id)
    done, refused = (records.filter(outcome=outcome).count() for outcome in (Outcome.DONE, Outcome.REFUSED))
    wanted = {
        "upgrades": (Upgrade.objects.filter(subscription=subscription).count(), 1),
        "version": (subscription.version, 2),
        "quantity": (subscription.quantity, QUANTITY),
        "records of it": (done, 1),
        "records of refusals": (refused, statuses.count(409)),
        "answers": (statuses.count(302) + statuses.count(409), SIEGE),
    }
    return [f"{name}: {found} for {right}" for name, (found, right) in wanted.items() if found != right]


def _script(one: Upgradable, folder: Path) -> Path:
    """The statements that one upgrade runs in its transaction, as a script of pgbench for any other customer."""
    staff = Staff.objects.select_related("partner").get(email=STAFF[LARGEST])
    key = str(uuid.uuid4())
    with _captured() as statements:
        upgrade = upgrade_subscription(
            staff=staff,
            subscription_id=one.subscription_id,
            target_id=target_id(),
            quantity=QUANTITY,
            key=key,
            version=1,
        )
    record = ActivityRecord.objects.get(customer_id=one.customer_id)
    lines = [
        "\\set n random(1, :picked)",
        "\\set key random(1, 1000000000000)",
        "SELECT customer_id AS customer, subscription_id AS subscription",
        "FROM benchmark_picked WHERE number = :n \\gset",
    ]
    names = {one.customer_id: ":customer", one.subscription_id: ":subscription", uuid.UUID(key): "key-:key"}
    for statement in statements:
        text = " ".join(statement.split())
        for value, name in names.items():
            text = text.replace(str(value), name).replace(value.hex, name)
        for value in (upgrade.pk, record.pk):
            text = text.replace(f"'{value.hex}'::uuid", "gen_random_uuid()")
        text = text.replace(f"{record.number}, '{record.digest}'", ":chain_length, ':chain_digest'")
        # The place in the chain of activity records is what the statement before it returned.
        lines.append(f"{text} \\gset chain_" if text.endswith("RETURNING length, digest") else f"{text};")
    script = folder / "upgrade.sql"
    script.write_text("\n".join(lines) + "\n")
    return script


@contextmanager
def _captured() -> Iterator[list[str]]:
    """The statements of this block's transaction, each in full: pgbench knows none that were planned before."""
    statements: list[str] = []
    connection.settings_dict["DISABLE_SERVER_SIDE_CURSORS"] = True
    with CaptureQueriesContext(connection) as captured:
        yield statements
    connection.settings_dict["DISABLE_SERVER_SIDE_CURSORS"] = False
    ran = [query["sql"] for query in captured.captured_queries]
    statements += ran[ran.index("BEGIN") : ran.index("COMMIT") + 1]


def _transactions(script: Path, picked: list[Upgradable], pgbench: Pgbench) -> float:
    """How often a second pgbench runs this script on these customers."""
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS benchmark_picked")
        cursor.execute(
            "CREATE TABLE benchmark_picked (number integer PRIMARY KEY, customer_id uuid, subscription_id uuid)"
        )
        rows = [(number + 1, one.customer_id, one.subscription_id) for number, one in enumerate(picked)]
        cursor.executemany("INSERT INTO benchmark_picked VALUES (%s, %s, %s)", rows)
        cursor.execute("ANALYZE benchmark_picked")
    return pgbench(script, clients=CLIENTS, seconds=PGBENCH_SECONDS, picked=len(rows))
