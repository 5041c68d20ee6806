"""The forms about a partner's API clients: make one, give it roles, decide about it."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from partners.api_clients import LONGEST_REDIRECT_URI, MOST_REDIRECT_URIS, checked_redirect_uris
from partners.legible import LinesField
from partners.models import Staff
from partners.staff_forms import DecisionForm, RolesForm

# Each address on a line of its own.
LONGEST_LIST = MOST_REDIRECT_URIS * (LONGEST_REDIRECT_URI + 1)


class _ClientRolesForm(RolesForm):
    """The roles of an API client: at least one."""

    def __init__(self, *args: Any, staff: Staff, **kwargs: Any) -> None:
        super().__init__(*args, staff=staff, **kwargs)
        roles = self.fields["roles"]
        roles.required = True
        roles.error_messages["required"] = _("Choose at least one role: without one a program may do nothing.")


class ChangeClientRolesForm(_ClientRolesForm, DecisionForm):
    """The roles that an API client is to have from now on."""


class MakeClientForm(_ClientRolesForm):
    """What an API client is called, what it may do, and where people come back to who let it act for them."""

    name = forms.CharField(
        label=pgettext_lazy("of a program", "Name"),
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=gettext_lazy("What the program is or does, such as “Nightly report”. The activity log names it so."),
    )
    redirect_uris = LinesField(
        label=gettext_lazy("Addresses to come back to"),
        required=False,
        max_length=LONGEST_LIST,
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "off", "spellcheck": "false"}),
        help_text=gettext_lazy(
            "Only for programs that act in the name of people who sign in: one address a line, with https. "
            "Leave it empty for scripts."
        ),
    )
    field_order = ("name", "roles", "redirect_uris", "key")

    def clean_redirect_uris(self) -> list[str]:
        """The addresses, a line each. Raises `ValidationError` where one cannot be."""
        return checked_redirect_uris(self.cleaned_data["redirect_uris"].split("\n"))

    def refuse_fields(self, error: ValidationError) -> None:
        """Say which fields the operation refused, keeping what was typed."""
        for name, messages in error.message_dict.items():
            self.add_error(name if name in self.fields else None, messages)

    @property
    def asked(self) -> dict[str, Any]:
        """What a valid form asks of `make_client`."""
        return {name: self.cleaned_data[name] for name in ("name", "roles", "redirect_uris", "key")}
