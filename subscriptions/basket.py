"""A basket of offers as a form: how many licences of each, and what it shall be called.

It is drawn by `templates/subscriptions/_basket.html`, for a customer that is there or for one that is being added.
"""

import unicodedata
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog.models import Offer
from partners.forms import OnceForm
from partners.legible import ask_for_legible_lines
from subscriptions.forms import quantity_field
from subscriptions.models import LONGEST_NICKNAME, LONGEST_REFERENCE, BillingCycle
from subscriptions.ordering import MOST_LINES
from subscriptions.sale import NO_PARENT, Line, Objection, Sale

QUANTITY = "quantity-"
NICKNAME = "nickname-"


@dataclass(frozen=True)
class OpenRow:
    """An offer that can be chosen, with its fields; an add-on names what it is bought in addition to."""

    offer: Offer
    quantity: forms.BoundField
    nickname: forms.BoundField
    parents: Sequence[str]

    @property
    def is_filled(self) -> bool:
        """Whether something was typed: such a row stays in sight, whatever is searched for."""
        return any(field.value() not in {None, ""} or field.errors for field in (self.quantity, self.nickname))


@dataclass(frozen=True)
class ClosedRow:
    """An offer that cannot be chosen, and why."""

    offer: Offer
    objections: Sequence[Objection]


class BasketForm(OnceForm):
    """What a person puts into a basket, held against what may be sold (`subscriptions.sale`).

    `search` narrows the offers that are drawn to those whose name contains it. With `may_be_empty` nothing has
    to be chosen.
    """

    is_judged = True

    reference = forms.CharField(
        label=gettext_lazy("Your reference"),
        help_text=gettext_lazy("The number of this order in your own books, if it has one."),
        max_length=LONGEST_REFERENCE,
        required=False,
    )
    billing_cycle = forms.ChoiceField(
        label=gettext_lazy("Billing cycle"), choices=BillingCycle, initial=BillingCycle.MONTHLY, required=False
    )

    def __init__(self, *args: Any, sale: Sale, search: str = "", may_be_empty: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.sale, self.search, self.may_be_empty = sale, search, may_be_empty
        for offer in self._open:
            self.fields[f"{QUANTITY}{offer.pk}"] = _quantity_of(offer)
            self.fields[f"{NICKNAME}{offer.pk}"] = _nickname_of(offer)
        ask_for_legible_lines(self)

    @cached_property
    def _objections(self) -> dict[uuid.UUID, list[Objection]]:
        return {pk: self.sale.against(pk) for pk in self.sale.offers}

    @cached_property
    def _open(self) -> list[Offer]:
        """What can be chosen; the parent that an add-on lacks may come into the same basket."""
        offers = self.sale.offers.values()
        if not self.is_judged:
            return list(offers)
        sellable = {offer.pk for offer in offers if not self._objections[offer.pk]}
        return [offer for offer in offers if offer.pk in sellable or self._waits_for_parent(offer, sellable)]

    def _waits_for_parent(self, offer: Offer, sellable: set[uuid.UUID]) -> bool:
        codes = {objection.code for objection in self._objections[offer.pk]}
        return codes == {NO_PARENT} and bool(self.sale.parents[offer.pk] & sellable)

    @property
    def rows(self) -> list[OpenRow]:
        """The offers that can be chosen, of those searched for, and all that are filled in."""
        rows = [
            OpenRow(
                offer,
                self[f"{QUANTITY}{offer.pk}"],
                self[f"{NICKNAME}{offer.pk}"],
                self.sale.parent_names(offer) if self.sale.is_add_on(offer) else (),
            )
            for offer in self._open
        ]
        return [row for row in rows if row.is_filled or self._is_searched(row.offer)]

    @property
    def closed(self) -> list[ClosedRow]:
        """The offers that are sold and cannot be chosen, of those searched for."""
        chosen = {offer.pk for offer in self._open}
        return [
            ClosedRow(offer, self._objections[offer.pk])
            for offer in self.sale.offers.values()
            if offer.pk not in chosen and offer.is_available and self._is_searched(offer)
        ]

    def _is_searched(self, offer: Offer) -> bool:
        return _plain(self.search) in _plain(offer.name)

    @property
    def lines(self) -> list[Line]:
        """What is in the basket of a form that was checked, in the order of the offers."""
        asked = ((offer.pk, self.cleaned_data.get(f"{QUANTITY}{offer.pk}")) for offer in self._open)
        return [
            Line(pk, quantity, self.cleaned_data.get(f"{NICKNAME}{pk}", ""))
            for pk, quantity in asked
            if quantity is not None
        ]

    def clean_billing_cycle(self) -> str:
        """The chosen cycle; monthly where none was."""
        return self.cleaned_data["billing_cycle"] or str(BillingCycle.MONTHLY)

    def clean(self) -> dict[str, Any]:
        """Hold all lines together against what may be sold."""
        cleaned = super().clean() or {}
        if self.is_judged:
            self._judge()
            self._ask_for_quantities()
            if not self.lines and not self.errors and not self.may_be_empty:
                self.add_error(None, _("Nothing is chosen yet. Enter the number of licences of at least one offer."))
        return cleaned

    def _judge(self) -> None:
        for objection in self._against_what_is_closed():
            self.add_error(None, f"{objection.message} {objection.remedy}".strip())
        lines = self.lines
        if len(lines) > MOST_LINES:
            self.add_error(None, _("An order has 1 to %(most)s lines.") % {"most": MOST_LINES})
        for line, objections in zip(lines, self.sale.judge(lines), strict=True):
            for objection in objections:
                self.add_error(f"{QUANTITY}{line.offer_id}", f"{objection.message} {objection.remedy}".strip())

    def _ask_for_quantities(self) -> None:
        """Where there is a nickname, a number was forgotten; one that could not be read has an error already."""
        words = _("It has a nickname but no number of licences. Enter one, or empty the nickname.")
        for offer in self._open:
            quantity = f"{QUANTITY}{offer.pk}"
            if self.cleaned_data.get(f"{NICKNAME}{offer.pk}") and self.cleaned_data.get(quantity, 0) is None:
                self.add_error(quantity, words)

    def _against_what_is_closed(self) -> Iterable[Objection]:
        """What stands against offers that were chosen when they still could be."""
        chosen = {offer.pk for offer in self._open}
        asked = (pk for pk in self.sale.offers if pk not in chosen and self.data.get(f"{QUANTITY}{pk}"))
        return (objection for pk in asked for objection in self._objections[pk])


class SubmittedBasket(BasketForm):
    """What was submitted, read and not judged: the operation decides, which knows whether it was done already."""

    is_judged = False


def filled_with(lines: Iterable[Line]) -> dict[str, Any]:
    """What a form opens with to show these lines again."""
    initial: dict[str, Any] = {}
    for line in lines:
        initial[f"{QUANTITY}{line.offer_id}"] = line.quantity
        initial[f"{NICKNAME}{line.offer_id}"] = line.nickname
    return initial


def _quantity_of(offer: Offer) -> forms.Field:
    field = quantity_field(required=False)
    field.label = offer.name
    # The stylesheet tells by it which are filled in.
    field.widget.attrs["placeholder"] = " "
    return field


def _nickname_of(offer: Offer) -> forms.Field:
    return forms.CharField(
        label=_("Nickname of %(offer)s") % {"offer": offer.name},
        max_length=LONGEST_NICKNAME,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold().strip()
