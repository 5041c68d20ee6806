"""Which activity records an address asks for."""

import datetime
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.db.models import Q
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from activity.models import ActivityRecord, ActorKind, Outcome
from activity.querysets import ActivityQuerySet
from activity.words import OPERATIONS
from customers.models import ResellerRelationship
from customers.querysets import RelationshipQuerySet
from desk.listing import clean
from partners.models import ApiClient, Partner, Staff

EARLIEST, LATEST = datetime.date(2000, 1, 1), datetime.date(2200, 1, 1)
MOST_PEOPLE = 500
# So few records of so few customers are gathered by an index and sorted.
FEW_CUSTOMERS, FEW_RECORDS = 20, 20_000
# Who acts without being on the partner's staff.
UNNAMED = {kind.value: kind.label for kind in (ActorKind.CUSTOMER, ActorKind.PLATFORM, ActorKind.SYSTEM)}


@dataclass(frozen=True)
class Criterion:
    """Something asked of a record; `is_indexed` where an index gives what meets it, the newest first."""

    wanted: Q
    is_indexed: bool


def of_customers(found: RelationshipQuerySet, text: str, *, partner_id: uuid.UUID) -> Criterion:
    """By the customers of today (`found`) where few have this text in their names, else by the names of that day."""
    ids = list(found.order_by().values_list("customer_id", flat=True)[: FEW_CUSTOMERS + 1])
    if len(ids) == 1:
        return Criterion(Q(customer_id=ids[0]), is_indexed=True)
    if 0 < len(ids) <= FEW_CUSTOMERS:
        return Criterion(Q(customer_id__in=ids), is_indexed=_are_few_records(ids, partner_id))
    return Criterion(Q(customer_name__icontains=text), is_indexed=False)


def _are_few_records(customer_ids: list[uuid.UUID], partner_id: uuid.UUID) -> bool:
    records = ActivityRecord.objects.of_partner(partner_id).filter(customer_id__in=customer_ids)
    return records.order_by()[: FEW_RECORDS + 1].count() <= FEW_RECORDS


class DayField(forms.DateField):
    """A day as browsers send it, or as the person's language writes it, between 2000 and 2200."""

    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")

    def clean(self, value: Any) -> datetime.date | None:
        """The day. Raises `ValidationError` for anything else."""
        day: datetime.date | None = super().clean(value)
        if day is not None and not EARLIEST <= day <= LATEST:
            raise forms.ValidationError(_("Enter a day between 2000 and 2200, such as 2026-03-31."))
        return day


def put_days_in_order(form: forms.Form) -> None:
    """Refuse a last day (`until`) before the first (`since`)."""
    since, until = form.cleaned_data.get("since"), form.cleaned_data.get("until")
    if since and until and until < since:
        form.add_error("until", _("The last day is before the first: enter one on or after it."))


def keep_typed_days(form: forms.Form) -> None:
    """Show what was typed where it is no day: a browser's date control would throw it away."""
    for name in {"since", "until"} & form.errors.keys():
        widget = form.fields[name].widget
        assert isinstance(widget, forms.DateInput)
        widget.input_type = "text"


class ActivityFilter(forms.Form):
    """Person, operation, outcome, a span of days in the person's zone, customer: each may be left out."""

    person = forms.ChoiceField(label=_("Person"), required=False)
    operation = forms.ChoiceField(label=_("Operation"), required=False)
    outcome = forms.ChoiceField(label=_("Outcome"), required=False, choices=[("", _("Any")), *Outcome.choices])
    since = DayField(label=_("From"), required=False)
    until = DayField(label=_("Until"), required=False)
    customer = forms.CharField(label=_("Customer"), required=False)

    def __init__(self, *args: Any, partner: Partner, with_customer: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.partner = partner
        programs = _named(ApiClient, partner)
        grouped = [(_("API clients"), programs)] if programs else []
        self._choose("person", [*_named(Staff, partner), *UNNAMED.items(), *grouped])
        self._choose(
            "operation", sorted(((code, str(words)) for code, words in OPERATIONS.items()), key=lambda one: one[1])
        )
        if not with_customer:
            del self.fields["customer"]

    def _choose(self, name: str, choices: Sequence[tuple[str | Promise, Any]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", _("Any")), *choices]

    def clean_customer(self) -> str:
        """The piece of a name, without what no name holds."""
        return clean(self.cleaned_data["customer"])[0]

    def clean(self) -> dict[str, Any]:
        """Both days in order."""
        put_days_in_order(self)
        keep_typed_days(self)
        return self.cleaned_data

    def criteria(self) -> list[Criterion]:
        """What is asked for beside the days, the narrowest first; a field that makes no sense asks for nothing."""
        asked = self.cleaned_data
        found = [self._of_customer(asked["customer"])] if asked.get("customer") else []
        if person := asked.get("person"):
            by_whom = Q(actor_kind=person) if person in UNNAMED else Q(actor_id=person)
            found.append(Criterion(by_whom, is_indexed=True))
        if operation := asked.get("operation"):
            found.append(Criterion(Q(operation=operation), is_indexed=True))
        if outcome := asked.get("outcome"):
            found.append(Criterion(Q(outcome=outcome), is_indexed=outcome != Outcome.DONE))
        return found

    def _of_customer(self, text: str) -> Criterion:
        ids = _as_id(text)
        if ids:
            return Criterion(Q(customer_id=ids[0]), is_indexed=True)
        named = ResellerRelationship.objects.filter(partner_id=self.partner.pk)
        return of_customers(named.search(text, partner_id=self.partner.pk), text, partner_id=self.partner.pk)

    def applied(self, records: ActivityQuerySet, criteria: Iterable[Criterion]) -> ActivityQuerySet:
        """Those of these records that are of the days asked for and meet these criteria."""
        asked = self.cleaned_data
        if asked.get("since"):
            records = records.filter(at__gte=_start_of(asked["since"]))
        if asked.get("until"):
            records = records.filter(at__lt=_start_of(asked["until"] + datetime.timedelta(days=1)))
        return records.filter(*(criterion.wanted for criterion in criteria))

    @property
    def is_filtering(self) -> bool:
        """Whether anything is left out."""
        return any(self.cleaned_data.values())


def _named(kind: type[Staff | ApiClient], partner: Partner) -> list[tuple[str, str]]:
    """The partner's people, or its programs, by name."""
    found = kind._default_manager.filter(partner=partner).order_by("name", "pk")
    return [(str(pk), name) for pk, name in found.values_list("pk", "name")[:MOST_PEOPLE]]


def _as_id(text: str) -> list[uuid.UUID]:
    try:
        return [uuid.UUID(text)]
    except ValueError:
        return []


def _start_of(day: datetime.date) -> datetime.datetime:
    return timezone.make_aware(datetime.datetime.combine(day, datetime.time.min))
