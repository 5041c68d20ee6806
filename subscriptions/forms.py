"""What a person fills in to change a subscription. The operations decide; the forms say early what they would."""

import uuid
from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from catalog.fields import WholeNumberField
from partners.forms import OnceForm
from partners.legible import LinesField
from subscriptions.errors import LicencesFixed, QuantityOutOfRange
from subscriptions.models import LONGEST_REASON, Status, Subscription


def quantity_field(**kwargs: Any) -> WholeNumberField:
    """A field for a number of licences."""
    return WholeNumberField(
        label=_("Number of licences"),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off", "maxlength": 20}),
        error_messages={
            "required": _("Enter the number of licences."),
            "invalid": _("Enter the number of licences as a whole number, such as 25."),
        },
        **kwargs,
    )


class LicencesForm(OnceForm):
    """How many licences a subscription shall have."""

    is_judged = True

    quantity = quantity_field()

    def __init__(self, *args: Any, subscription: Subscription, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.subscription = subscription

    def clean_quantity(self) -> int:
        """A number that the offer takes."""
        quantity: int = self.cleaned_data["quantity"]
        if self.is_judged and not self.subscription.offer.allows(quantity):
            raise forms.ValidationError(QuantityOutOfRange(self.subscription.offer, quantity).message)
        return quantity


class SubmittedLicences(LicencesForm):
    """What was submitted, read and not judged: the operation decides, which knows whether it was done already."""

    is_judged = False


class ManyLicencesForm(OnceForm):
    """How many licences each of several subscriptions shall have; each brings the version that the person saw."""

    is_judged = True

    def __init__(self, *args: Any, subscriptions: Mapping[uuid.UUID, Subscription], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.subscriptions = subscriptions
        for pk, subscription in subscriptions.items():
            field = quantity_field(required=False, initial=subscription.quantity)
            field.label = str(subscription)
            self.fields[f"quantity-{pk}"] = field
            self.fields[f"version-{pk}"] = forms.IntegerField(
                widget=forms.HiddenInput,
                required=False,
                min_value=0,
                max_value=2**31 - 1,
                initial=subscription.version,
            )

    def clean(self) -> dict[str, Any]:
        """Hold each number against the limits of its offer; what is left empty stays as it is."""
        cleaned = super().clean() or {}
        if self.is_judged:
            self._judge(cleaned)
        return cleaned

    def _judge(self, cleaned: dict[str, Any]) -> None:
        for pk, subscription in self.subscriptions.items():
            quantity, offer = cleaned.get(f"quantity-{pk}"), subscription.offer
            if quantity is not None and not offer.allows(quantity):
                self.add_error(f"quantity-{pk}", QuantityOutOfRange(offer, quantity).message)
        if not self.errors and not self.changed:
            self.add_error(None, _("No number differs from today’s. Change at least one."))

    def say_what_is_fixed(self) -> None:
        """Say beside the number of what is not active that it cannot be changed; call it once the rest is cleaned."""
        for pk in self.changed:
            status = Status(self.subscriptions[pk].status)
            if status != Status.ACTIVE:
                self.add_error(f"quantity-{pk}", LicencesFixed(status).message)

    @property
    def changed(self) -> dict[uuid.UUID, int]:
        """The new numbers that differ from today's."""
        asked = {pk: self.cleaned_data.get(f"quantity-{pk}") for pk in self.subscriptions}
        return {
            pk: quantity
            for pk, quantity in asked.items()
            if quantity is not None and quantity != self.subscriptions[pk].quantity
        }

    def seen_version(self, pk: uuid.UUID) -> int | None:
        """The version of this subscription that the person saw."""
        version: int | None = self.cleaned_data.get(f"version-{pk}")
        return version

    def line_of(self, pk: uuid.UUID) -> forms.BoundField:
        """The number field of this subscription."""
        return self[f"quantity-{pk}"]


class ManySubmittedLicences(ManyLicencesForm):
    """What was submitted for several, read and not judged, as `SubmittedLicences`."""

    is_judged = False


class StatusForm(OnceForm):
    """Why a subscription is suspended, reactivated or cancelled."""

    reason = LinesField(
        label=_("Reason"),
        help_text=_("It stays in the record of this change, for you and your colleagues."),
        max_length=LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 3, "maxlength": LONGEST_REASON}),
        error_messages={"required": _("Say why, in a few words.")},
    )
    is_final = forms.BooleanField(
        label=_("I know that this is final, and the customer knows it too"),
        error_messages={"required": _("Tick this to cancel the subscription.")},
    )

    def __init__(self, *args: Any, needs_reason: bool, asks_twice: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].required = needs_reason
        if not asks_twice:
            del self.fields["is_final"]


class EditForm(OnceForm):
    """What a subscription is called, and whether it renews by itself."""

    nickname = forms.CharField(
        label=_("Nickname"),
        help_text=_("What you and your colleagues call it, such as “Head office”. The customer does not see it."),
        required=False,
        max_length=256,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    auto_renew = forms.BooleanField(label=_("Renews by itself"), required=False)

    def clean_nickname(self) -> str:
        """The nickname, which may be empty; a form without the field is not the whole of what was sent.

        An unticked box and one that was lost on the way are the same: nothing may follow from it.
        """
        if self.add_prefix("nickname") not in self.data:
            raise forms.ValidationError(_("The form arrived incomplete. Look at it once more and send it again."))
        nickname: str = self.cleaned_data["nickname"]
        return nickname
