"""Finding the customers of a long list that have something to do, without judging the whole list.

Whether a customer has an upgrade is nowhere stored: it follows from all that the customer holds. So the list is
walked in its order, some hundreds at a time, until a page is full or enough has been looked at; the person may
then search on from there.
"""

import uuid
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db.models import QuerySet, prefetch_related_objects
from django.http import QueryDict

from desk.paging import Order, Page, Place, asked_place
from desk.portfolio import held_up_by, steps_by_customer

AT_A_TIME = 500
MOST_LOOKED_AT = 10_000

Judge = Callable[[Collection[uuid.UUID]], Collection[uuid.UUID]]
Step = Callable[[Place | None], QuerySet[Any]]


@dataclass(frozen=True)
class Found:
    """A page of a walk, how many customers were looked at for it, and whether the walk stopped before the end."""

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


def search_through(rows: QuerySet[Any], order: Order, query: QueryDict, judge: Judge, *, size: int) -> Found:
    """The page that the address asks for, of those rows whose customer `judge` picks."""
    before, after = asked_place(query)
    if before is not None:
        found = _walk(lambda place: order.before(rows, place or before), judge, order, size)
        if found.page.after or found.is_cut_short:
            return _turned(found)
    begin: Step = lambda place: order.after(rows, place) if place else order.first(rows)  # noqa: E731
    found = _walk(lambda place: begin(place or after), judge, order, size)
    back = None
    if after is not None:
        back = order.cursor(found.page.rows[0]) if found.page.rows else str(query["after"])
    return Found(Page(found.page.rows, before=back, after=found.page.after), found.looked_at, found.is_cut_short)


def _turned(found: Found) -> Found:
    """A walk backwards, in the order of the list."""
    rows = found.page.rows[::-1]
    return Found(Page(rows, before=found.page.after, after=found.page.before), found.looked_at, found.is_cut_short)


def _walk(step: Step, judge: Judge, order: Order, size: int) -> Found:
    """Walk until there are `size` rows and one more, or the end, or the most that is looked at.

    In the page that comes back, `before` is where the walk's first row stands and `after` where to walk on.
    """
    found: list[Any] = []
    looked_at, place, at_end = 0, None, False
    while len(found) <= size and looked_at < MOST_LOOKED_AT and not at_end:
        block = list(step(place)[:AT_A_TIME])
        picked = judge([row.customer_id for row in block])
        found += [row for row in block if row.customer_id in picked]
        looked_at += len(block)
        at_end = len(block) < AT_A_TIME
        place = order.place(block[-1]) if block else place
    is_full = len(found) > size
    shown = found[:size]
    prefetch_related_objects(shown, "customer")
    is_cut_short = not is_full and not at_end
    onward = order.cursor(shown[-1]) if is_full else order.cursor(block[-1]) if is_cut_short else None
    return Found(Page(shown, before=order.cursor(shown[0]) if shown else None, after=onward), looked_at, is_cut_short)
