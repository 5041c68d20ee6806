"""Which activity records an address asks for."""

import datetime
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from activity.models import Outcome
from activity.querysets import ActivityQuerySet
from activity.words import OPERATIONS
from desk.listing import clean
from partners.models import Partner, Staff

EARLIEST, LATEST = datetime.date(2000, 1, 1), datetime.date(2200, 1, 1)
MOST_PEOPLE = 500


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
        people = Staff.objects.filter(partner=partner).order_by("name", "pk").values_list("pk", "name")[:MOST_PEOPLE]
        self._choose("person", [(str(pk), name) for pk, name in people])
        self._choose(
            "operation", sorted(((code, str(words)) for code, words in OPERATIONS.items()), key=lambda one: one[1])
        )
        if not with_customer:
            del self.fields["customer"]

    def _choose(self, name: str, choices: list[tuple[str, str]]) -> None:
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

    def applied(self, records: ActivityQuerySet) -> ActivityQuerySet:
        """Those of these records that are asked for; a field that makes no sense asks for nothing."""
        asked = self.cleaned_data
        if asked.get("person"):
            records = records.filter(actor_id=asked["person"])
        for name in ("operation", "outcome"):
            if asked.get(name):
                records = records.filter(**{name: asked[name]})
        if asked.get("since"):
            records = records.filter(at__gte=_start_of(asked["since"]))
        if asked.get("until"):
            records = records.filter(at__lt=_start_of(asked["until"] + datetime.timedelta(days=1)))
        if asked.get("customer"):
            records = records.filter(customer_name__icontains=asked["customer"])
        return records

    @property
    def is_filtering(self) -> bool:
        """Whether anything is left out."""
        return any(self.cleaned_data.values())


def _start_of(day: datetime.date) -> datetime.datetime:
    return timezone.make_aware(datetime.datetime.combine(day, datetime.time.min))
