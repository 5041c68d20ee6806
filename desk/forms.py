"""The forms of this room: what a person keeps of a list."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from catalog.models import Service
from customers.invitation_forms import ServiceField
from desk.models import SavedView
from partners.forms import OnceForm
from partners.legible import ask_for_legible_lines

LONGEST_ADDRESS = 8_000


class ViewNameForm(forms.Form):
    """A name for a view."""

    name = forms.CharField(
        label=_("Name"), max_length=SavedView._meta.get_field("name").max_length, widget=forms.TextInput
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        ask_for_legible_lines(self)
        self.fields["name"].widget.attrs["autocomplete"] = "off"


class SaveViewForm(ViewNameForm):
    """A name for what the list shows now, and whether the list is to open so."""

    is_default = forms.BooleanField(label=_("Open the list with it"), required=False)
    query = forms.CharField(required=False, max_length=LONGEST_ADDRESS, widget=forms.HiddenInput)


class RequestPrivilegesForm(OnceForm):
    """The services whose administration a customer is asked for."""

    services = ServiceField(
        label=_("Services"), queryset=Service.objects.all(), error_messages={"required": _("Tick what to ask for.")}
    )


class GiveUpForm(OnceForm):
    """The services whose privileges a partner gives up; `seen` is the fingerprint of what the person was shown."""

    services = ServiceField(
        label=_("Services"),
        queryset=Service.objects.all(),
        error_messages={"required": _("Nothing is named to give up.")},
    )
    seen = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)
    is_sure = forms.BooleanField(
        label=_("Give this up; to get it again I have to ask the customer."),
        error_messages={"required": _("Tick this if you want to give it up.")},
    )
