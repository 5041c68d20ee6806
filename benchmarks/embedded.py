"""The embedded database file with 20,000 customers, against PostgreSQL with the same."""

import asyncio
import sqlite3
import uuid
from collections.abc import Iterator
from functools import partial
from itertools import cycle
from pathlib import Path

from benchmarks.database import STAFF, fill_postgresql, fill_sqlite, prepare
from benchmarks.environment import Server, portal
from benchmarks.portfolio import LARGEST, partner_ids
from benchmarks.report import Row, milliseconds
from benchmarks.submitting import SOURCE, TARGET, fields
from benchmarks.visitor import REQUESTS, WARM_UP, Answer, Open, Visitor, compare

SIZE = 20_000
# Subscriptions of one partner, active and with every privilege, that have nothing in the way of this upgrade,
# which adds no service plan; one of each customer.
UPGRADABLE = """
    SELECT s.customer_id, min(s.id) FROM subscriptions_subscription AS s JOIN catalog_offer AS o ON o.id = s.offer_id
    WHERE o.name = :source AND s.status = 'active' AND s.reseller_of_record_id = :partner
      AND (SELECT count(*) FROM customers_delegatedadminprivilege AS p
           WHERE p.customer_id = s.customer_id AND p.partner_id = :partner) = (SELECT count(*) FROM catalog_service)
      AND NOT EXISTS (SELECT 1 FROM subscriptions_subscription AS a WHERE a.parent_id = s.id)
      AND NOT EXISTS (
          SELECT 1 FROM subscriptions_subscription AS t JOIN catalog_offer AS e ON e.id = t.offer_id
          WHERE t.customer_id = s.customer_id AND e.name = :target)
    GROUP BY s.customer_id ORDER BY s.customer_id LIMIT :count
"""


def measure(server: Server, folder: Path) -> list[Row]:
    """The rows of this table: both portals run side by side."""
    file = folder / "portal.sqlite3"
    embedded = f"sqlite:///{file}"
    server.create("small")
    for url in (embedded, server.url_of("small")):
        prepare(url)
    fill_sqlite(str(file), SIZE)
    fill_postgresql(server.address("small"), SIZE)
    paths = _paths(file)
    with portal(embedded, folder) as first, portal(server.url_of("small"), folder) as second:
        return asyncio.run(_measure(first, second, paths))


def _paths(file: Path) -> list[str]:
    values = {"source": SOURCE, "target": TARGET, "partner": partner_ids()[LARGEST], "count": WARM_UP + REQUESTS}
    with sqlite3.connect(file) as connection:
        found = connection.execute(UPGRADABLE, values).fetchall()
    return [f"/customers/{uuid.UUID(customer)}/subscriptions/{uuid.UUID(pk)}/" for customer, pk in found]


async def _measure(embedded: str, postgresql: str, paths: list[str]) -> list[Row]:
    email = STAFF[LARGEST]
    async with Visitor(embedded, email) as ours, Visitor(postgresql, email) as theirs:
        listed = await compare(partial(ours.get, "/customers/"), partial(theirs.get, "/customers/"))
        detailed = await compare(_details(ours, cycle(paths)), _details(theirs, cycle(paths)))
        submitted = await compare(_submit(ours, iter(paths)), _submit(theirs, iter(paths)), status=302)
    times = {"customer list": listed, "details": detailed, "submit": submitted}
    return [_row(what, *taken) for what, taken in times.items()]


def _details(visitor: Visitor, paths: Iterator[str]) -> Open:
    async def details() -> Answer:
        return await visitor.get(next(paths))

    return details


def _submit(visitor: Visitor, paths: Iterator[str]) -> Open:
    async def submit() -> Answer:
        return await visitor.post(f"{next(paths)}upgrade/", fields(str(uuid.uuid4())))

    return submit


def _row(what: str, ours: float, theirs: float) -> Row:
    details = {"ms": milliseconds(ours), "PostgreSQL ms": milliseconds(theirs)}
    return Row(
        f"embedded SQLite, {SIZE:,} customers: {what}", "PostgreSQL with the same", 1.5, ours / theirs, details=details
    )
