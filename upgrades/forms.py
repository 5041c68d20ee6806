"""The upgrade form: a target offer and a number of licences."""

import uuid
from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from catalog.fields import WholeNumberField
from partners.forms import OnceForm
from subscriptions.errors import quantity_words
from upgrades.verdicts import Path, Verdict


class UpgradeRequest(OnceForm):
    """What a submitted upgrade asks for, as far as the form itself can tell; the operation decides the rest."""

    target = forms.UUIDField(
        label=_("New offer"),
        error_messages={
            "required": _("Choose the offer to upgrade to."),
            "invalid": _("That is none of the offers below. Choose one of them."),
        },
    )
    quantity = WholeNumberField(
        label=_("Number of licences"),
        error_messages={
            "required": _("Enter the number of licences."),
            "invalid": _("Enter the number of licences as a whole number, such as 25."),
        },
    )


class UpgradeForm(UpgradeRequest):
    """Chooses among the eligible targets; the number of licences must suit the chosen one."""

    def __init__(self, *args: Any, verdicts: Sequence[Verdict], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.paths = {verdict.path.target.pk: verdict.path for verdict in verdicts if verdict.is_eligible}
        self.all_paths = {verdict.path.target.pk: verdict.path for verdict in verdicts}

    def clean_target(self) -> uuid.UUID:
        """One of the eligible targets."""
        target: uuid.UUID = self.cleaned_data["target"]
        if target not in self.paths:
            message = _("%(offer)s cannot be chosen now; its card says why.")
            unknown = _("This subscription cannot be upgraded to that offer any more. Choose one of the offers below.")
            path = self.all_paths.get(target)
            raise forms.ValidationError(message if path else unknown, params={"offer": path and path.target.name})
        return target

    def clean(self) -> dict[str, Any]:
        """Hold the number of licences against the limits of the target."""
        cleaned = super().clean() or {}
        path = self.paths.get(cleaned.get("target"))  # type: ignore[arg-type]
        quantity = cleaned.get("quantity")
        if path is not None and quantity is not None and not path.target.allows(quantity):
            self.add_error("quantity", _out_of_range(path, quantity))
        return cleaned

    @property
    def path(self) -> Path:
        """The chosen path of a valid form."""
        return self.paths[self.cleaned_data["target"]]


def _out_of_range(path: Path, quantity: int) -> str:
    target = path.target
    return quantity_words(
        offer=target.name, quantity=quantity, minimum=target.minimum_quantity, maximum=target.maximum_quantity
    )
