"""The forms by which a person signs in and changes what is their own, and what forms sent once have in common."""

import uuid
import zoneinfo
from functools import lru_cache
from typing import Any

from allauth.account.forms import LoginForm
from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from partners.legible import ask_for_legible_lines
from partners.models import Language, Staff, Theme

# Long enough for every passphrase, short enough that hashing one costs nothing.
LONGEST_PASSWORD = 1000


class SignInForm(LoginForm):
    """E-mail address and password; one message for every wrong pair, so that nobody learns who has an account."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        email, password = self.fields["login"], self.fields["password"]
        email.label, password.label = _("E-mail address"), _("Password")
        email.widget = forms.EmailInput(attrs={"autocomplete": "username", "maxlength": 254})
        password.widget = forms.PasswordInput(attrs={"autocomplete": "current-password", "maxlength": LONGEST_PASSWORD})
        password.help_text = ""

    def clean_password(self) -> str:
        """Refuse what is too long to be a password before it is hashed."""
        password: str = self.cleaned_data["password"]
        if len(password) > LONGEST_PASSWORD:
            raise ValidationError(_("A password has at most %(limit)d characters."), params={"limit": LONGEST_PASSWORD})
        return password

    def clean(self) -> dict[str, Any]:
        """Refuse people who may not sign in any more; said only to those who know the password."""
        cleaned: dict[str, Any] = super().clean()
        if self.user is not None and not self.user.is_active:
            raise ValidationError(_("You may not sign in any more. Ask your global admin."), code="inactive")
        return cleaned


@lru_cache(maxsize=1)
def time_zone_choices() -> list[tuple[str, list[tuple[str, str]]]]:
    """Every time zone of the IANA database, grouped by region, with UTC first."""
    regions: dict[str, list[tuple[str, str]]] = {}
    for name in sorted(zoneinfo.available_timezones()):
        region, slash, _place = name.partition("/")
        if slash and region not in {"Etc", "SystemV"}:
            regions.setdefault(region, []).append((name, name.replace("_", " ")))
    return [("UTC", [("UTC", "UTC")]), *regions.items()]


class ProfileForm(forms.Form):
    """What a person says about themselves and how they want to read the portal."""

    name = forms.CharField(
        label=_("Name"), max_length=150, help_text=_("As your colleagues and the activity log know you.")
    )
    language = forms.ChoiceField(label=_("Language"), required=False)
    time_zone = forms.ChoiceField(
        label=_("Time zone"), choices=time_zone_choices, help_text=_("Dates and times are shown in this zone.")
    )
    theme = forms.ChoiceField(label=_("Light or dark"), choices=Theme)

    def __init__(self, data: QueryDict | None = None, *, staff: Staff) -> None:
        super().__init__(data, initial=staff.preferences)
        ask_for_legible_lines(self)
        self.fields["name"].widget.attrs["autocomplete"] = "name"
        language, time_zone = self.fields["language"], self.fields["time_zone"]
        language.choices = [("", _("As the browser asks")), *Language.choices]  # type: ignore[attr-defined]
        known = {name for _region, names in time_zone_choices() for name, _place in names}
        if staff.time_zone not in known:
            time_zone.choices = [*time_zone_choices(), (staff.time_zone, staff.time_zone)]  # type: ignore[attr-defined]


class OnceForm(forms.Form):
    """A form that is carried out once: it knows its idempotency key and the version that the person saw."""

    key = forms.CharField(widget=forms.HiddenInput, required=False, max_length=100)
    version = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=0, max_value=2**31 - 1)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        ask_for_legible_lines(self)

    def clean_key(self) -> str:
        """The idempotency key of this form; a form without one gets a new one."""
        return str(self.cleaned_data["key"] or uuid.uuid4())

    def refuse(self, message: str) -> None:
        """Say why what was submitted was refused, keeping what was typed."""
        self.full_clean()
        self.errors.clear()
        self.add_error(None, message)
