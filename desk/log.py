"""Activity records as the pages and the CSV file show them."""

import json
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from itertools import batched
from operator import and_
from typing import Any

from django.db.models import BooleanField, ExpressionWrapper
from django.http import QueryDict
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from activity.models import ActivityRecord, Outcome
from activity.querysets import ActivityQuerySet
from activity.words import operation_name, sentence, sentence_with_link, who
from catalog.models import Offer
from customers.models import Customer
from desk.activity_filter import ActivityFilter, Criterion
from desk.changes import Change, changes_of, offer_ids
from desk.listing import count_up_to
from desk.paging import Page, by_moment, gather, take_page
from desk.reasons import reason_words
from desk.scan import MOST_LOOKED_AT, Pace, search_through
from desk.sheets import CHUNK, Cell, csv_file
from partners.models import Staff
from partners.roles import Permission

PAGE_SIZE = 50
NEWEST_FIRST = by_moment("at")
# Looking at a record costs little: mostly the first reading fills the page, else a few do.
PACE = Pace(first=200, most=MOST_LOOKED_AT // 2)


@dataclass(frozen=True)
class LogLine:
    """One record in words, with a link to its customer where the person may follow it."""

    record: ActivityRecord
    words: SafeString
    offers: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_done(self) -> bool:
        """Whether what was asked was done."""
        return self.record.outcome == Outcome.DONE

    @property
    def is_refused(self) -> bool:
        """Whether it was refused."""
        return self.record.outcome == Outcome.REFUSED

    @property
    def is_failed(self) -> bool:
        """Whether it was tried and came to nothing."""
        return self.record.outcome == Outcome.FAILED

    @property
    def reasons(self) -> list[str]:
        """Why it was refused."""
        return reason_words(self.record.reasons)

    @property
    def changes(self) -> list[Change]:
        """What was there before and afterwards, or was asked for."""
        return changes_of(self.record, self.offers)

    @property
    def has_before(self) -> bool:
        """Whether it says what was there before."""
        return bool(self.record.before)


def log_lines(records: Iterable[ActivityRecord], *, staff: Staff, with_changes: bool = False) -> list[LogLine]:
    """These records in words: one query for all customers they name, and for their changes one for all offers."""
    rows = list(records)
    visible = _visible_customers({row.customer_id for row in rows if row.customer_id}, staff)
    offers = _offer_names(offer_ids(rows) if with_changes else set())
    return [LogLine(row, sentence_with_link(row, _address(row.customer_id, visible)), offers) for row in rows]


def _offer_names(ids: set[str]) -> dict[str, str]:
    found = Offer.objects.filter(pk__in=ids).values_list("pk", "name") if ids else ()
    return {str(pk): name for pk, name in found}


def _visible_customers(customer_ids: set[uuid.UUID], staff: Staff) -> set[uuid.UUID]:
    if not customer_ids or not staff.may(Permission.SEE_CUSTOMERS):
        return set()
    return set(Customer.objects.visible_to(staff).filter(pk__in=customer_ids).order_by().values_list("pk", flat=True))


def _address(customer_id: uuid.UUID | None, visible: set[uuid.UUID]) -> str:
    return reverse("desk:subscription_list", args=[customer_id]) if customer_id in visible else ""


@dataclass(frozen=True)
class Asked:
    """The records that an address asks for: `rows` are found by one index, and `others` is what they must meet too."""

    rows: ActivityQuerySet
    others: list[Criterion]

    @classmethod
    def of(cls, records: ActivityQuerySet, form: ActivityFilter, *, is_narrow: bool) -> "Asked":
        """What the form asks of these records; of several indexes the one that finds least is taken.

        `is_narrow` tells that an index is in use already.
        """
        criteria = form.criteria()
        indexed = [] if is_narrow else [one for one in criteria if one.is_indexed]
        if len(indexed) > 1:
            # Counted as far as a page looks: where one finds no more, the page has looked through all of it.
            indexed.sort(key=lambda one: form.applied(records, [one]).order_by()[: MOST_LOOKED_AT + 1].count())
        first = indexed[:1]
        return cls(form.applied(records, first), [one for one in criteria if one not in first])

    def flagged(self) -> ActivityQuerySet:
        """The rows, each with `is_wanted`; what is long is left to be read of the wanted alone."""
        flag = ExpressionWrapper(reduce(and_, (one.wanted for one in self.others)), output_field=BooleanField())
        rows: ActivityQuerySet = self.rows.annotate(is_wanted=flag).only("at")
        return rows


def wanted(rows: list[Any]) -> list[Any]:
    """Those of flagged rows that are wanted."""
    return [row for row in rows if row.is_wanted]


def _whole(rows: Sequence[ActivityRecord]) -> list[ActivityRecord]:
    read = ActivityRecord.objects.in_bulk([row.pk for row in rows])
    return [read[row.pk] for row in rows]


@dataclass(frozen=True)
class ActivityListing:
    """A page of the log; `matching` is how many there are, `looked_at` how many a filter had to look at instead."""

    page: Page
    matching: int | None = None
    looked_at: int | None = None
    is_cut_short: bool = False

    @classmethod
    def of(cls, asked: Asked, query: QueryDict) -> "ActivityListing":
        """The page that the address asks for. Raises `BadRequest` for a malformed place.

        What an index finds is looked through, a bounded number at a time, where the rows have to meet more.
        """
        if not asked.others:
            page = take_page(asked.rows, NEWEST_FIRST, query, size=PAGE_SIZE)
            return cls(page, matching=count_up_to(asked.rows))
        found = search_through(asked.flagged(), NEWEST_FIRST, query, wanted, size=PAGE_SIZE, pace=PACE)
        page = replace(found.page, rows=_whole(found.page.rows))
        return cls(page, looked_at=found.looked_at, is_cut_short=found.is_cut_short)


def csv_lines(asked: Asked) -> Iterator[str]:
    """The records as a CSV file, the newest first, some at a time, in the language and time zone of this moment."""
    return csv_file(_headings, _looked_through(asked) if asked.others else _stretches(asked.rows, CHUNK), _cells)


def _stretches(rows: ActivityQuerySet, size: int) -> Iterator[list[ActivityRecord]]:
    """All rows, each stretch read from where the last one ended: nothing waits for the whole to be gathered."""
    place = None
    while stretch := gather(NEWEST_FIRST.runs(rows, place), size):
        yield stretch
        place = NEWEST_FIRST.place(stretch[-1])


def _looked_through(asked: Asked) -> Iterator[list[ActivityRecord]]:
    """All that is wanted, read as a page is: no single question goes through the whole log."""
    for stretch in _stretches(asked.flagged(), PACE.most):
        for some in batched(wanted(stretch), CHUNK):
            yield _whole(some)


def _headings() -> list[str]:
    return [
        _("When"),
        _("Who"),
        _("What"),
        _("Operation"),
        _("Outcome"),
        _("Reasons"),
        _("Customer"),
        _("Customer id"),
        _("Kind of resource"),
        _("Resource id"),
        _("From where"),
        _("Correlation id"),
        _("Before"),
        _("After"),
    ]


def _cells(record: ActivityRecord) -> list[Cell]:
    return [
        record.at,
        who(record),
        sentence(record),
        operation_name(record.operation),
        str(record.get_outcome_display()),
        "; ".join(reason_words(record.reasons)),
        record.customer_name,
        str(record.customer_id or ""),
        record.resource_type,
        record.resource_id,
        record.address,
        str(record.correlation_id),
        _as_line(record.before),
        _as_line(record.after),
    ]


def _as_line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True) if value is not None else ""
