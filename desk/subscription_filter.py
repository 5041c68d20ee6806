"""Which of the partner's subscriptions an address asks for, in which order and with which columns."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.db.models import Q
from django.http import QueryDict
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from catalog.models import Offer
from customers.naming import has_key, name_key
from desk.activity_filter import DayField, keep_typed_days, put_days_in_order
from desk.columns import CHOSEN, OPTIONAL
from desk.listing import clean
from desk.sorting import COMPANY, SORTS
from subscriptions.models import DAYS_UNTIL_DELETION, LIVE, Status
from upgrades.conditions import CONDITIONS

POSSIBLE, ONE_STEP = "possible", "one_step"
WITHIN: dict[int, Promise] = {
    7: _("Within 7 days"),
    14: _("Within 14 days"),
    30: _("Within 30 days"),
    60: _("Within 60 days"),
    90: _("Within 90 days"),
}


def _within(*days: int) -> list[tuple[str, Promise]]:
    return [("", _("Any")), *((str(number), WITHIN[number]) for number in days)]


@dataclass(frozen=True)
class Criterion:
    """Something that is asked of a subscription. `field` is the column that an index finds it by, where one does."""

    wanted: Q
    field: str = ""


class PieceField(forms.CharField):
    """A piece of a name, without what no name holds."""

    def to_python(self, value: Any) -> str:
        """The piece. Nothing is too long or too strange to be looked for: what no name holds is taken away."""
        return clean(super().to_python(value) or "")[0]


class SubscriptionFilter(forms.Form):
    """Every field may be left out; one that makes no sense asks for nothing and says so."""

    q = PieceField(label=_("Company, domain or nickname"), required=False)
    status = forms.MultipleChoiceField(
        label=_("Status"), required=False, choices=Status, widget=forms.CheckboxSelectMultiple
    )
    offer = forms.MultipleChoiceField(label=_("Offer"), required=False, widget=forms.CheckboxSelectMultiple)
    upgrade = forms.ChoiceField(label=pgettext_lazy("heading of a column", "Upgrade"), required=False)
    blocked = forms.ChoiceField(
        label=_("What stands in the way"),
        required=False,
        choices=[("", _("Any")), *((condition.code, condition.unmet_words) for condition in CONDITIONS)],
    )
    renewal = forms.ChoiceField(label=_("Renewal"), required=False, choices=_within(7, 30, 60, 90))
    since = DayField(label=_("Renewal from"), required=False)
    until = DayField(label=_("Renewal until"), required=False)
    deletion = forms.ChoiceField(label=_("Deletion"), required=False, choices=_within(7, 14, 30, 60))
    sort = forms.ChoiceField(label=_("Sort by"), required=False, choices=list(SORTS.items()))
    columns = forms.MultipleChoiceField(
        label=_("Columns"),
        required=False,
        choices=[(column.code, column.words) for column in OPTIONAL],
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, data: QueryDict, *, offers: Sequence[Offer], targets: Sequence[Offer]) -> None:
        """`offers` are those that the partner sold, `targets` those that there is an upgrade to."""
        super().__init__(_with_columns(data))
        self._choose("offer", [(str(offer.pk), offer.name) for offer in offers])
        ways: list[Any] = [("", _("Any")), (POSSIBLE, _("Possible now")), (ONE_STEP, _("1 step away"))]
        if targets:
            ways.append((_("Possible now to"), [(str(offer.pk), offer.name) for offer in targets]))
        self._choose("upgrade", ways)
        self.is_cut = clean(data.get("q", ""))[1]

    def _choose(self, name: str, choices: list[Any]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices

    def clean(self) -> dict[str, Any]:
        """Both days in order, and what is chosen of several in the order in which it is offered."""
        for name, field in self.fields.items():
            if isinstance(field, forms.MultipleChoiceField):
                chosen = set(self.cleaned_data.get(name) or ())
                offered: list[Any] = list(field.choices)  # type: ignore[arg-type]
                self.cleaned_data[name] = [str(code) for code, _words in offered if code in chosen]
        put_days_in_order(self)
        keep_typed_days(self)
        return self.cleaned_data

    def asked(self, name: str) -> Any:
        """What a field asks for; nothing where it makes no sense."""
        return self.cleaned_data.get(name) or ""

    @property
    def text(self) -> str:
        """The piece of a name to search for."""
        return str(self.asked("q"))

    @property
    def sorted_by(self) -> str:
        """One of `SORTS`."""
        return self.asked("sort") or COMPANY

    @property
    def chosen_columns(self) -> list[str]:
        """The codes of the columns to show beside those that always show."""
        return self.asked("columns") or CHOSEN

    @property
    def is_judging(self) -> bool:
        """Whether verdicts are needed to tell what is asked for."""
        return bool(self.asked("upgrade") or self.asked("blocked"))

    @property
    def is_filtering(self) -> bool:
        """Whether anything is left out that would show without a filter."""
        return any(self.cleaned_data.get(name) for name in self.fields if name not in {"sort", "columns"})

    @property
    def further(self) -> int:
        """How much is chosen of what stands folded away under “More filters”."""
        return sum(name not in {"q", "status"} for name in self.as_query())

    def criteria(self) -> list[Criterion]:
        """What is asked of a subscription, but for what needs verdicts. Deleted ones show only where asked for."""
        asked: list[Criterion] = [self._status(), *self._dates()]
        if self.text:
            asked.append(Criterion(_contains(self.text)))
        if self.asked("offer"):
            asked.append(Criterion(Q(offer_id__in=self.asked("offer")), "offer_id"))
        return asked

    def _status(self) -> Criterion:
        chosen = self.asked("status")
        is_indexed = chosen == [Status.SUSPENDED]
        return Criterion(Q(status__in=chosen or LIVE), "suspended_at" if is_indexed else "")

    def _dates(self) -> list[Criterion]:
        asked, today = [], timezone.localdate()
        if days := self.asked("renewal"):
            last = today + datetime.timedelta(days=int(days))
            asked.append(Criterion(Q(commitment_end__range=(today, last)), "commitment_end"))
        for name, way in (("since", "gte"), ("until", "lte")):
            if day := self.asked(name):
                asked.append(Criterion(Q(**{f"commitment_end__{way}": day}), "commitment_end"))
        if days := self.asked("deletion"):
            latest = timezone.now() - datetime.timedelta(days=DAYS_UNTIL_DELETION - int(days))
            asked.append(Criterion(Q(status=Status.SUSPENDED, suspended_at__lte=latest), "suspended_at"))
        return asked

    def as_query(self) -> QueryDict:
        """What is asked for as an address says it, without what makes no sense or goes without saying."""
        query = QueryDict(mutable=True)
        for name in self.fields:
            value = self.cleaned_data.get(name)
            if not value or (name == "sort" and value == COMPANY) or (name == "columns" and value == CHOSEN):
                continue
            query.setlist(name, value if isinstance(value, list) else [str(value)])
        return query

    def as_record(self) -> dict[str, Any]:
        """What is asked for as the activity log keeps it: by name, sorted lists of codes and days as text."""
        return {name: values if len(values) > 1 else values[0] for name, values in self.as_query().lists()}


def _with_columns(data: QueryDict) -> QueryDict:
    """What is asked for, with the columns that show where none are named: a person sees them ticked."""
    if data.getlist("columns"):
        return data
    filled = data.copy()
    filled.setlist("columns", CHOSEN)
    return filled


def _contains(text: str) -> Q:
    key, found = name_key(text), Q(nickname__icontains=text)
    if has_key(text):
        found |= Q(customer__name_key__contains=key) | Q(customer__domain__icontains=key)
    return found
