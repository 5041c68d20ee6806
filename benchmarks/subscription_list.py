"""The list of all that the largest partner sold: its orders, pages from all along it, and its filters."""

import uuid
from collections.abc import Iterator
from functools import partial
from itertools import cycle

from benchmarks.database import STAFF
from benchmarks.portfolio import LARGEST, partner_ids
from benchmarks.report import Row, milliseconds
from benchmarks.visitor import Answer, Open, Visitor, compare
from desk.sorting import SORTS, sorting
from desk.subscription_listing import offers_sold
from subscriptions.models import Subscription

LIST = "/subscriptions/"
ORDER = "created"
# What is asked of each: much, little or nothing is found, by an index of its own or along the order of the list.
FILTERS: dict[str, dict[str, str]] = {
    "suspended": {"status": "suspended"},
    "deleted within 30 days": {"deletion": "30"},
    "upgrade possible": {"upgrade": "possible"},
    "conflicts": {"blocked": "conflicting_service_types"},
    "“software”": {"q": "software"},
    "“head off”": {"q": "head off"},
    "“zephyrzinc”": {"q": "zephyrzinc"},
}


async def measure(address: str) -> list[Row]:
    """The rows of this table."""
    async with Visitor(address, STAFF[LARGEST]) as large:
        return [await _orders(large), await _far(large), await _filters(large)]


async def _orders(large: Visitor) -> Row:
    pages: list[Open] = [partial(large.get, LIST, sort=sort) for sort in SORTS]
    customers, *sorted_by = await compare(partial(large.get, "/customers/"), *pages)
    times = {sort: milliseconds(taken) for sort, taken in zip(SORTS, sorted_by, strict=True)}
    worst = max(sorted_by)
    return Row(
        "list of subscriptions, first page, the slowest order",
        "the list of customers",
        3,
        worst / customers,
        details={"ms": milliseconds(worst), "customers ms": milliseconds(customers), "all": times},
    )


async def _far(large: Visitor) -> Row:
    cursors = cycle(list(_places()))

    async def somewhere() -> Answer:
        return await large.get(LIST, sort=ORDER, after=next(cursors))

    first, far = await compare(partial(large.get, LIST, sort=ORDER), somewhere)
    return Row(
        "list of subscriptions, pages from all along it",
        "its first page",
        1.2,
        far / first,
        details={"ms": milliseconds(far), "first ms": milliseconds(first)},
    )


def _places() -> Iterator[str]:
    """Twelve places all along the largest partner's list, to a page before its end."""
    partner_id = uuid.UUID(partner_ids()[LARGEST])
    order = sorting(ORDER, partner_id=partner_id, offers=offers_sold(partner_id))
    (rows,) = order.runs(Subscription.objects.sold_by(partner_id), None)
    last = rows.count() - 60
    for number in range(1, 13):
        place = last * number // 12
        yield order.cursor(rows[place : place + 1].get())


async def _filters(large: Visitor) -> Row:
    pages: list[Open] = [partial(large.get, LIST, **query) for query in FILTERS.values()]
    first, *filtered = await compare(partial(large.get, LIST, sort="company"), *pages)
    times = {name: milliseconds(taken) for name, taken in zip(FILTERS, filtered, strict=True)}
    worst = max(filtered)
    slowest = next(name for name, taken in zip(FILTERS, filtered, strict=True) if taken == worst)
    return Row(
        "list of subscriptions, filtered, the slowest",
        "its first page",
        4,
        worst / first,
        details={"ms": milliseconds(worst), "of": slowest, "unfiltered ms": milliseconds(first), "all": times},
    )
