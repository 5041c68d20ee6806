"""The list of subscriptions by company, narrowed by a piece of the company's name: the names are walked first.

A piece that many names have finds thousands of subscriptions, too many to sort for a page, and still is in so few
of all that walking the subscriptions in vain takes long. Names are found some at a time, in the order of the list.
"""

import uuid
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from customers.querysets import RelationshipQuerySet
from desk.listing import near_and_far
from desk.paging import BY_NAME, LAST_NAME_FIRST, Order, Place
from desk.sorting import Sorting, read_company

NAMES_AT_ONCE = 100


@dataclass(frozen=True)
class NamedFirst:
    """The order by company, `sorting`, passing over all customers whose name and domain are without the piece.

    It stops at `others` too, whatever they are called. Of each customer it yields all subscriptions.
    """

    sorting: Sorting
    visible: RelationshipQuerySet
    text: str
    others: Collection[uuid.UUID]
    partner_id: uuid.UUID

    def runs(self, rows: QuerySet[Any], place: Place | None, *, back: bool = False) -> Iterator[QuerySet[Any]]:
        """The rows beyond a place, or from the beginning, in runs that follow one another."""
        *of_the_same, beyond = self.sorting.runs(rows, place, back=back)
        yield from of_the_same
        for customers in self._customers(read_company(place[0]) if place else None, back=back):
            yield beyond.filter(customer_id__in=customers)

    def cursor(self, row: Any) -> str:
        """The cursor of this row's place."""
        return self.sorting.cursor(row)

    def place(self, row: Any) -> Place:
        """The place of this row."""
        return self.sorting.place(row)

    def _customers(self, place: Place | None, *, back: bool) -> Iterator[list[uuid.UUID]]:
        """Those to stop at beyond this place, some at a time."""
        order = LAST_NAME_FIRST if self.sorting.is_descending else BY_NAME
        for run in near_and_far(self.visible, self.text, order, place, back=back, partner_id=self.partner_id):
            is_on = True
            while is_on:
                found = _places(_beyond(order, run, place, back=back)[:NAMES_AT_ONCE])
                is_on = len(found) == NAMES_AT_ONCE
                if found:
                    yield [one for _key, one in [*found, *self._others(order, place, found[-1], back=back)]]
                    place = found[-1]
        if others := self._others(order, place, None, back=back):
            yield [one for _key, one in others]

    def _others(self, order: Order, place: Place | None, end: Place | None, *, back: bool) -> list[Place]:
        """Those beyond a place that are to be stopped at in any case, as far as `end`."""
        if not self.others:
            return []
        rows = _beyond(order, self.visible.filter(customer_id__in=self.others), place, back=back)
        if end is not None:
            rows = rows.no_earlier(*end) if self.sorting.is_descending != back else rows.no_later(*end)
        return _places(rows)


def _beyond(order: Order, rows: RelationshipQuerySet, place: Place | None, *, back: bool) -> RelationshipQuerySet:
    (run,) = order.runs(rows, place, back=back)
    assert isinstance(run, RelationshipQuerySet)
    return run


def _places(rows: RelationshipQuerySet) -> list[Place]:
    return list(rows.values_list("name_key", "customer_id"))
