"""Activity records as the pages and the CSV file show them."""

import json
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import batched
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from activity.models import ActivityRecord, Outcome
from activity.words import operation_name, sentence, sentence_with_link, who
from customers.models import Customer
from desk.reasons import reason_words
from desk.sheets import CHUNK, Cell, csv_file
from partners.models import Staff
from partners.roles import Permission


@dataclass(frozen=True)
class LogLine:
    """One record in words, with a link to its customer where the person may follow it."""

    record: ActivityRecord
    words: SafeString

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
    def before(self) -> str:
        """What was there before, as it was recorded."""
        return _as_text(self.record.before)

    @property
    def after(self) -> str:
        """What was there afterwards, or was asked for, as it was recorded."""
        return _as_text(self.record.after)


def log_lines(records: Iterable[ActivityRecord], *, staff: Staff) -> list[LogLine]:
    """These records in words: one query for all customers they name."""
    rows = list(records)
    visible = _visible_customers({row.customer_id for row in rows if row.customer_id}, staff)
    return [LogLine(row, sentence_with_link(row, _address(row.customer_id, visible))) for row in rows]


def _visible_customers(customer_ids: set[uuid.UUID], staff: Staff) -> set[uuid.UUID]:
    if not customer_ids or not staff.may(Permission.SEE_CUSTOMERS):
        return set()
    return set(Customer.objects.visible_to(staff).filter(pk__in=customer_ids).order_by().values_list("pk", flat=True))


def _address(customer_id: uuid.UUID | None, visible: set[uuid.UUID]) -> str:
    return reverse("desk:subscription_list", args=[customer_id]) if customer_id in visible else ""


def _as_text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True) if value is not None else ""


def csv_lines(records: QuerySet[ActivityRecord]) -> Iterator[str]:
    """The records as a CSV file, some at a time, in the language and time zone of this moment."""
    return csv_file(_headings, batched(records.iterator(chunk_size=CHUNK), CHUNK), _cells)


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
