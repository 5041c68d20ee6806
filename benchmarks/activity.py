"""The activity log, 10,000,000 records long: its pages and filters against the same of a log of 10,000.

The environment variable RECORDS is the number of records of the long log.
"""

import asyncio
import datetime
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import batched, cycle
from pathlib import Path

import psycopg

from benchmarks.database import STAFF, fill_postgresql, prepare
from benchmarks.environment import Server, portal
from benchmarks.portfolio import LARGEST
from benchmarks.records import RECORDS, Cast, write_records
from benchmarks.report import Row, milliseconds
from benchmarks.timed import timed
from benchmarks.visitor import Answer, Open, Visitor, compare
from desk.paging import encode_cursor

LOG = "/activity/"
CUSTOMERS = 5_000
SHORT, LONG = 10_000, int(os.environ.get("RECORDS") or 10_000_000)
OF_SHORT = f"the same of {SHORT:,}"


@dataclass(frozen=True)
class Log:
    """A log to measure: its database, whom to ask for, places all along it, and the days of its older half."""

    url: str
    cast: Cast
    places: list[str]
    days: dict[str, str]


def measure(server: Server, folder: Path) -> list[Row]:
    """The rows of this table: the portals of both logs run side by side."""
    short, long = _log(server, "short_log", SHORT), _log(server, "long_log", LONG)
    with portal(short.url, folder) as first, portal(long.url, folder) as second:
        rows = asyncio.run(_measure(first, second, short, long))
    return [*rows, _verifying(short, long)]


def _log(server: Server, name: str, length: int) -> Log:
    server.create(name)
    prepare(server.url_of(name))
    fill_postgresql(server.address(name), CUSTOMERS)
    cast = write_records(server.address(name), length)
    with psycopg.connect(server.address(name)) as connection:
        places, moments = [], []
        for number in range(1, 13):
            asked = f"SELECT id, at FROM {RECORDS} ORDER BY at DESC, id DESC OFFSET %s LIMIT 1"
            row = connection.execute(asked, [(length - 60) * number // 12]).fetchone()
            assert row is not None
            places.append(encode_cursor(row[1].astimezone(datetime.UTC).isoformat(), row[0]))
            moments.append(row[1])
    return Log(server.url_of(name), cast, places, {"until": f"{moments[5]:%Y-%m-%d}"})


async def _measure(first: str, second: str, short: Log, long: Log) -> list[Row]:
    email = STAFF[LARGEST]
    async with Visitor(first, email) as of_short, Visitor(second, email) as of_long:
        both = Reader(of_long, long), Reader(of_short, short)
        return [
            await _row("first page", *(partial(one.visitor.get, LOG) for one in both)),
            await _row("pages from all along it", *map(_along, both)),
            await _row("a customer's log", *map(_of_customer, both)),
            await _each("filtered, the slowest", *both, _filters),
            await _each("filters combined, the slowest", *both, _several),
            await _rare(both[0]),
        ]


@dataclass(frozen=True)
class Reader:
    """Somebody who reads a log."""

    visitor: Visitor
    log: Log


def _along(reader: Reader) -> Open:
    places = cycle(reader.log.places)

    async def somewhere() -> Answer:
        return await reader.visitor.get(LOG, after=next(places))

    return somewhere


def _of_customer(reader: Reader) -> Open:
    return partial(reader.visitor.get, f"/customers/{reader.log.cast.customer_id}/activity/")


Queries = dict[str, dict[str, str]]


def _filters(log: Log) -> dict[str, dict[str, str]]:
    """One filter at a time; each fills a page of either log."""
    return {
        "person": {"person": str(log.cast.person_id)},
        "the portal itself": {"person": "system"},
        "operation": {"operation": "upgrade_subscription"},
        "rare operation": {"operation": "change_billing"},
        "done": {"outcome": "done"},
        "refused": {"outcome": "refused"},
        "customer": {"customer": log.cast.customer_domain},
        "days": log.days,
    }


def _several(log: Log) -> dict[str, dict[str, str]]:
    """Filters together that fill a page of either log."""
    person, customer = {"person": str(log.cast.person_id)}, {"customer": log.cast.customer_domain}
    upgrade = {"operation": "upgrade_subscription"}
    return {
        "person and operation": person | upgrade,
        "customer and operation": customer | upgrade,
        "person and days": person | log.days,
        "operation and outcome": upgrade | {"outcome": "done"},
    }


async def _row(what: str, of_long: Open, of_short: Open) -> Row:
    long, short = await compare(of_long, of_short)
    details = {"ms": milliseconds(long), "short ms": milliseconds(short)}
    return Row(_named(what), OF_SHORT, 1.2, long / short, details=details)


def _named(what: str) -> str:
    return f"activity log of {LONG:,}, {what}"


async def _each(what: str, long: Reader, short: Reader, queries: Callable[[Log], Queries]) -> Row:
    """The query whose page takes the most of the long log, measured by the same of the short one."""
    asked = queries(long.log)
    pages = [
        partial(reader.visitor.get, LOG, **queries(reader.log)[name]) for name in asked for reader in (long, short)
    ]
    taken = dict(zip(asked, batched(await compare(*pages), 2), strict=True))
    ratios = {name: of_long / of_short for name, (of_long, of_short) in taken.items()}
    slowest = max(ratios, key=lambda name: ratios[name])
    times = {name: [milliseconds(one) for one in both] for name, both in taken.items()}
    details = {"ms": times[slowest][0], "short ms": times[slowest][1], "of": slowest, "all": times}
    return Row(_named(what), OF_SHORT, 1.2, ratios[slowest], details=details)


async def _rare(reader: Reader) -> Row:
    """What hardly any record meets: as many are looked at as for any page."""
    person = {"person": str(reader.log.cast.person_id)}
    queries: Queries = {
        "exports of one person": person | {"operation": "export_customers"},
        "refused changes of a billing profile": {"operation": "change_billing", "outcome": "refused"},
        "what one person was refused": person | {"outcome": "refused"},
        "no such name": {"customer": "zephyrzinc"},
        "no such name, of one person": person | {"customer": "zephyrzinc"},
    }
    pages = [partial(reader.visitor.get, LOG, **query) for query in queries.values()]
    first, *rare = await compare(partial(reader.visitor.get, LOG), *pages)
    times = {name: milliseconds(taken) for name, taken in zip(queries, rare, strict=True)}
    slowest = max(times, key=lambda name: times[name])
    details = {"ms": times[slowest], "of": slowest, "first ms": milliseconds(first), "all": times}
    return Row(_named("rare findings, the slowest"), "its first page", 4, max(rare) / first, details=details)


def _verifying(short: Log, long: Log) -> Row:
    """The memory of `verify_activity`; it fails where a record is not as the portal would have written it."""
    of_short, of_long = (timed(log.url, "verify_activity") for log in (short, long))
    details = {
        "MiB": round(of_long.mebibytes),
        "short MiB": round(of_short.mebibytes),
        "s": round(of_long.seconds, 1),
        "records a second": round(LONG / of_long.seconds),
    }
    return Row(
        f"verify_activity of {LONG:,} records, memory",
        OF_SHORT,
        1.2,
        of_long.mebibytes / of_short.mebibytes,
        details=details,
    )
