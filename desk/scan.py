"""Finding the rows of a long list that have something to do, without judging the whole list.

Whether a customer has an upgrade is nowhere stored: it follows from all that the customer holds. So the list is
walked in its order, some hundreds at a time, until a page is full or enough has been looked at; the person may
then search on from there.
"""

import uuid
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db.models import QuerySet
from django.http import QueryDict

from desk.paging import Page, Place, Runs, asked_place, gather
from desk.portfolio import held_up_by, steps_by_customer

AT_A_TIME = 500
MOST_LOOKED_AT = 10_000

Judge = Callable[[Collection[uuid.UUID]], Collection[uuid.UUID]]
Pick = Callable[[list[Any]], list[Any]]
Read = Callable[[Place | None, int], list[Any]]


@dataclass(frozen=True)
class Found:
    """A page of a walk, how many rows were looked at for it, and whether the walk stopped before the end."""

    page: Page
    looked_at: int
    is_cut_short: bool


def with_steps(steps: int, partner_id: uuid.UUID) -> Judge:
    """Tells which customers are exactly so many steps away from an upgrade."""

    def judge(customer_ids: Collection[uuid.UUID]) -> Collection[uuid.UUID]:
        nearest = steps_by_customer(customer_ids, partner_id=partner_id)
        return {customer_id for customer_id, away in nearest.items() if away == steps}

    return judge


def lacking(code: str, partner_id: uuid.UUID) -> Judge:
    """Tells which customers this condition keeps from an upgrade."""
    return partial(held_up_by, code, partner_id=partner_id)


def of_customers(judge: Judge) -> Pick:
    """Picks the rows whose customer `judge` picks."""

    def pick(rows: list[Any]) -> list[Any]:
        picked = judge([row.customer_id for row in rows])
        return [row for row in rows if row.customer_id in picked]

    return pick


@dataclass(frozen=True)
class Pace:
    """How many rows a walk reads at a time: few at first, since a dense list fills a page from few, then more."""

    first: int
    most: int

    def steps(self) -> Iterator[int]:
        """The number of each reading."""
        number = self.first
        while True:
            yield min(number, self.most)
            number *= 2


def search_through(
    rows: QuerySet[Any], order: Runs, query: QueryDict, pick: Pick, *, size: int, pace: Pace | None = None
) -> Found:
    """The page that the address asks for, of those rows that `pick` picks."""
    before, after = asked_place(query)
    walk = partial(_walk, pick=pick, order=order, size=size, pace=pace or Pace(AT_A_TIME, AT_A_TIME))
    if before is not None:
        found = walk(lambda place, number: gather(order.runs(rows, place or before, back=True), number))
        if found.page.after or found.is_cut_short:
            return _turned(found)
    found = walk(lambda place, number: gather(order.runs(rows, place or after), number))
    back = None
    if after is not None:
        back = order.cursor(found.page.rows[0]) if found.page.rows else str(query["after"])
    return Found(Page(found.page.rows, before=back, after=found.page.after), found.looked_at, found.is_cut_short)


def _turned(found: Found) -> Found:
    """A walk backwards, in the order of the list."""
    rows = found.page.rows[::-1]
    return Found(Page(rows, before=found.page.after, after=found.page.before), found.looked_at, found.is_cut_short)


def _walk(read: Read, *, pick: Pick, order: Runs, size: int, pace: Pace) -> Found:
    """Walk until there are `size` rows and one more, or the end, or the most that is looked at.

    In the page that comes back, `before` is where the walk's first row stands and `after` where to walk on.
    """
    found: list[Any] = []
    looked_at, place, at_end = 0, None, False
    steps = pace.steps()
    while len(found) <= size and looked_at < MOST_LOOKED_AT and not at_end:
        number = next(steps)
        block = read(place, number)
        found += pick(block)
        looked_at += len(block)
        at_end = len(block) < number
        place = order.place(block[-1]) if block else place
    is_full = len(found) > size
    shown = found[:size]
    is_cut_short = not is_full and not at_end
    onward = order.cursor(shown[-1]) if is_full else order.cursor(block[-1]) if is_cut_short else None
    return Found(Page(shown, before=order.cursor(shown[0]) if shown else None, after=onward), looked_at, is_cut_short)
