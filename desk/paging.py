"""Paging by place instead of by number: a page starts after a row, however far down the list that row stands.

A cursor is what the order of the list compares, made safe for an address. A page costs the same at the start
and at the end of a million rows, and rows that come or go do not shift the others.
"""

import base64
import datetime
import json
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from django.core.exceptions import BadRequest
from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils.dateparse import parse_datetime

from customers.querysets import RelationshipQuerySet

LONGEST_CURSOR = 4_000
Place = tuple[str, uuid.UUID]


def encode_cursor(key: str, row_id: uuid.UUID) -> str:
    """The place of a row, as it may stand in an address."""
    packed = json.dumps([key, row_id.hex], ensure_ascii=False, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def decode_cursor(text: str) -> Place:
    """The place that `encode_cursor` packed. Raises `BadRequest` (400) for anything else."""
    if len(text) > LONGEST_CURSOR:
        raise BadRequest("The cursor is too long.")
    try:
        key, row_id = json.loads(base64.b64decode(text.encode() + b"=" * (-len(text) % 4), b"-_", validate=True))
        place = str(key), uuid.UUID(row_id)
        place[0].encode()
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise BadRequest("The cursor is none of this portal's.") from error
    # No database takes a NUL.
    if "\0" in place[0]:
        raise BadRequest("The cursor is none of this portal's.")
    return place


@dataclass(frozen=True)
class Page:
    """Some rows of a list, and where the pages before and after it begin (`None` where there are none)."""

    rows: list[Any]
    before: str | None = None
    after: str | None = None

    def addresses(self, path: str, query: QueryDict) -> dict[str, str]:
        """The addresses of the previous and the next page, empty where there is none; filters are kept."""
        return {
            "previous_url": address(path, query, before=self.before) if self.before else "",
            "next_url": address(path, query, after=self.after) if self.after else "",
        }


def address(path: str, query: QueryDict, **changes: str | None) -> str:
    """This path with the query as it is, but for the changes; a page or an opened row is never carried along."""
    kept = query.copy()
    for name in ("before", "after", "open", "format"):
        kept.pop(name, None)
    for name, value in changes.items():
        if value:
            kept[name] = value
        else:
            kept.pop(name, None)
    for name in [name for name, values in kept.lists() if not any(values)]:
        del kept[name]
    return f"{path}?{kept.urlencode()}" if kept else path


def asked_place(query: QueryDict) -> tuple[Place | None, Place | None]:
    """Where the page begins (`after`) or ends (`before`), as the address says. Raises `BadRequest`."""
    before, after = query.get("before", ""), query.get("after", "")
    if before and after:
        raise BadRequest("A page is either before or after a place.")
    return (decode_cursor(before) if before else None, decode_cursor(after) if after else None)


@dataclass(frozen=True)
class Order:
    """How a list is ordered and how to stand at a place in it."""

    first: Callable[[QuerySet[Any]], QuerySet[Any]]
    after: Callable[[QuerySet[Any], Place], QuerySet[Any]]
    before: Callable[[QuerySet[Any], Place], QuerySet[Any]]
    place: Callable[[Any], Place]

    def cursor(self, row: Any) -> str:
        """The cursor of this row's place."""
        return encode_cursor(*self.place(row))

    def runs(self, rows: QuerySet[Any], place: Place | None, *, back: bool = False) -> Sequence[QuerySet[Any]]:
        """The rows beyond a place, or from the beginning, in runs that follow one another."""
        if place is None:
            return [self.first(rows)]
        return [self.before(rows, place) if back else self.after(rows, place)]


class Runs(Protocol):
    """What a walk asks of an order: rows beyond a place in runs that follow one another, and the place of a row."""

    def runs(self, rows: QuerySet[Any], place: Place | None, *, back: bool = False) -> Iterable[QuerySet[Any]]:
        """The rows beyond a place, or from the beginning."""
        ...

    def cursor(self, row: Any) -> str:
        """The cursor of this row's place."""
        ...

    def place(self, row: Any) -> Place:
        """The place of this row."""
        ...


def take_page(rows: QuerySet[Any] | Sequence[QuerySet[Any]], order: Order, query: QueryDict, *, size: int) -> Page:
    """The page that the address asks for: one query, or two where someone pages back to the start of the list.

    `rows` may come in runs that follow one another in this order; a later one is asked where the earlier ones do
    not fill the page.
    """
    runs = [rows] if isinstance(rows, QuerySet) else rows
    before, after = asked_place(query)
    if before is not None:
        found = gather((order.before(run, before) for run in reversed(runs)), size + 1)
        if len(found) > size:
            return _page(found[:size][::-1], order, back=True, on=True)
        # Fewer rows than a page before this place: the first page, filled, is what is meant.
    found = gather((order.first(run) if after is None else order.after(run, after) for run in runs), size + 1)
    if not found and after is not None:
        # What stood here has gone; the way back is left.
        return Page(rows=[], before=str(query["after"]))
    return _page(found[:size], order, back=after is not None, on=len(found) > size)


def first_page(found: Sequence[Any], order: Order, *, size: int) -> Page:
    """The first page of a list whose first `size` rows, and one more where there is, were found already."""
    return _page(found[:size], order, back=False, on=len(found) > size)


def gather(runs: Iterable[QuerySet[Any]], number: int) -> list[Any]:
    """At most so many rows from the runs, one after the other."""
    found: list[Any] = []
    for run in runs:
        found += run[: number - len(found)]
        if len(found) >= number:
            break
    return found


def _page(rows: Sequence[Any], order: Order, *, back: bool, on: bool) -> Page:
    if not rows:
        return Page(rows=[])
    return Page(
        rows=list(rows),
        before=order.cursor(rows[0]) if back else None,
        after=order.cursor(rows[-1]) if on else None,
    )


def by_moment(field: str, *, newest_first: bool = True, is_numbered: bool = False) -> Order:
    """By this date and time, and by id where two are of the same moment; `is_numbered` where ids are numbers."""

    def onward(rows: QuerySet[Any], place: Place, *, later: bool) -> QuerySet[Any]:
        moment, way, sign = read_moment(place[0]), "gt" if later else "lt", "" if later else "-"
        pk = place[1].int if is_numbered else place[1]
        beyond = Q(**{f"{field}__{way}": moment}) | Q(**{field: moment, f"pk__{way}": pk})
        # The redundant bound lets the index start at the place instead of filtering from the beginning.
        return rows.filter(beyond, **{f"{field}__{way}e": moment}).order_by(f"{sign}{field}", f"{sign}pk")

    sign = "-" if newest_first else ""
    return Order(
        first=lambda rows: rows.order_by(f"{sign}{field}", f"{sign}pk"),
        after=partial(onward, later=not newest_first),
        before=partial(onward, later=newest_first),
        place=lambda row: (
            getattr(row, field).astimezone(datetime.UTC).isoformat(),
            uuid.UUID(int=row.pk) if is_numbered else row.pk,
        ),
    )


def read_moment(text: str) -> datetime.datetime:
    """The moment of a cursor. Raises `BadRequest` for anything else."""
    try:
        moment = parse_datetime(text)
        aware = moment.astimezone(datetime.UTC) if moment and moment.tzinfo else None
    except (ValueError, OverflowError):
        aware = None
    if aware is None:
        raise BadRequest("The cursor names no moment.")
    return aware


def _relationships(rows: QuerySet[Any]) -> RelationshipQuerySet:
    assert isinstance(rows, RelationshipQuerySet)
    return rows


BY_NAME = Order(
    first=lambda rows: _relationships(rows).in_order(),
    after=lambda rows, place: _relationships(rows).after(*place),
    before=lambda rows, place: _relationships(rows).before(*place),
    place=lambda row: (row.name_key, row.customer_id),
)
LAST_NAME_FIRST = Order(
    first=lambda rows: _relationships(rows).in_order().reverse(),
    after=BY_NAME.before,
    before=BY_NAME.after,
    place=BY_NAME.place,
)
