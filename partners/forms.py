"""The forms by which a person signs in and changes what is their own, and what forms sent once have in common."""

import json
import uuid
import zoneinfo
from functools import lru_cache
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.forms import LoginForm, ResetPasswordKeyForm, UserTokenForm
from allauth.account.forms import ReauthenticateForm as AskPasswordForm
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import (
    AddWebAuthnForm,
    AuthenticateWebAuthnForm,
    LoginWebAuthnForm,
    ReauthenticateWebAuthnForm,
)
from allauth.mfa.webauthn.internal.auth import get_state
from cryptography.exceptions import InvalidSignature
from django import forms
from django.conf import settings
from django.contrib.auth.forms import PasswordChangeForm
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from fido2.webauthn import UserVerificationRequirement

from partners.legible import ask_for_legible_lines
from partners.models import Language, Staff, Theme

# Long enough for every passphrase, short enough that hashing one costs nothing.
LONGEST_PASSWORD = 1000
LONGEST_CODE = 40
LONGEST_CREDENTIAL = 20_000


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


class ForgottenPasswordForm(forms.Form):
    """The e-mail address that a link is mailed to."""

    email = forms.EmailField(
        label=_("E-mail address"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "username"})
    )


class ResetLinkForm(UserTokenForm):
    """Whether the link of a mail is good, and whose it is."""

    def _get_user(self, uidb36: str) -> Staff | None:
        try:
            pk = uuid.UUID(hex=uidb36 or "")
        except ValueError:
            return None
        return Staff.objects.filter(pk=pk, is_active=True).first()


class NewPasswordForm(ResetPasswordKeyForm):
    """A new password, twice; the portal's validators say what it must be like."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, label in (("password1", _("New password")), ("password2", _("New password once more"))):
            field = self.fields[name]
            field.label = label
            field.widget = forms.PasswordInput(attrs={"autocomplete": "new-password", "maxlength": LONGEST_PASSWORD})
            field.validators = [*field.validators, MaxLengthValidator(LONGEST_PASSWORD)]


class ConfirmByPasswordForm(AskPasswordForm):
    """The password once more."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        password = self.fields["password"]
        password.label, password.help_text = _("Password"), ""
        password.widget = forms.PasswordInput(attrs={"autocomplete": "current-password", "maxlength": LONGEST_PASSWORD})
        password.validators = [*password.validators, MaxLengthValidator(LONGEST_PASSWORD)]


class ChangePasswordForm(PasswordChangeForm):
    """The old password and a new one, twice; it stands under other things, so it does not take the focus."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["old_password"].widget.attrs.pop("autofocus", None)

    def clean_old_password(self) -> str:
        """Refuse a wrong one; attempts are counted with those to sign in."""
        password: str = self.cleaned_data["old_password"]
        if not get_adapter().reauthenticate(self.user, password):
            raise ValidationError(self.error_messages["password_incorrect"], code="password_incorrect")
        return password


class CodeFields:
    """A code of an authenticator app or a recovery code; each is taken once."""

    fields: dict[str, forms.Field]
    user: Staff
    authenticator: Any

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        code = self.fields["code"]
        code.label = _("Code")
        code.widget = forms.TextInput(attrs={"autocomplete": "one-time-code", "maxlength": LONGEST_CODE})
        code.validators = [*code.validators, MaxLengthValidator(LONGEST_CODE)]

    def clean_code(self) -> str:
        """The code; raises `ValidationError` for a wrong one, and for one that was used already."""
        code: str = super().clean_code()  # type: ignore[misc]
        if self.authenticator.type == Authenticator.Type.TOTP and not take_code(self.user, code):
            raise ValidationError(_("This code was used already. Wait for the next one."), code="used")
        return code


def take_code(staff: Staff, code: str) -> bool:
    """Use up a code of this person's authenticator app; whether it was still unused.

    A code is good for as long as clocks may differ, which is longer than allauth remembers it.
    """
    digits = "".join(filter(str.isdigit, code))
    lifetime = 30 * (2 * settings.MFA_TOTP_TOLERANCE + 1)
    return bool(cache.add(f"partners:code:{staff.pk}:{digits}", "used", timeout=lifetime))


class CodeForm(CodeFields, AuthenticateForm):
    """The code that is asked for at sign-in."""


class ConfirmByCodeForm(CodeFields, ReauthenticateForm):
    """The code that is asked for before a sensitive act."""


class SetUpAppForm(ActivateTOTPForm):
    """The first code of a new authenticator app: it shows that the secret has arrived there."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        code = self.fields["code"]
        code.label = _("Code that the app shows")
        code.widget = forms.TextInput(
            attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "maxlength": LONGEST_CODE}
        )
        code.validators = [*code.validators, MaxLengthValidator(LONGEST_CODE)]

    def clean_code(self) -> str:
        """The code, used up."""
        code: str = super().clean_code()
        take_code(self.user, code)
        return code


# What the packages that read a passkey's answer raise at one that is none.
UNREADABLE = (AttributeError, IndexError, InvalidSignature, KeyError, OverflowError, TypeError, ValueError)


class PasskeyFields:
    """What a passkey answered; whatever else is sent in its place is refused."""

    fields: dict[str, forms.Field]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        credential = self.fields["credential"]
        credential.label = _("Passkey")
        credential.error_messages["required"] = _("The passkey did not answer. Try again; scripts have to be allowed.")

    def clean_credential(self) -> Any:
        """The authenticator whose answer it is; raises `ValidationError` where it is nobody's."""
        try:
            return super().clean_credential()  # type: ignore[misc]
        except ValidationError:
            raise
        except UNREADABLE as error:
            raise ValidationError(_("This passkey does not fit."), code="incorrect_code") from error


class PasskeyForm(PasskeyFields, AuthenticateWebAuthnForm):
    """The passkey that is asked for at sign-in, after the password."""


class PasskeyAloneForm(PasskeyFields, LoginWebAuthnForm):
    """The passkey that stands for password and second factor: the device has to have asked for its PIN or the like."""

    def clean_credential(self) -> Authenticator:
        """The passkey; what was asked of one as a second factor only is no answer here."""
        asked = get_state() or {}
        if asked.get("user_verification") != UserVerificationRequirement.REQUIRED:
            raise ValidationError(_("This passkey does not fit."), code="incorrect_code")
        authenticator: Authenticator = super().clean_credential()
        return authenticator


class ConfirmByPasskeyForm(PasskeyFields, ReauthenticateWebAuthnForm):
    """The passkey that is asked for before a sensitive act."""


class AddPasskeyForm(AddWebAuthnForm):
    """A new passkey, under a name by which its owner knows it."""

    name = forms.CharField(
        label=pgettext_lazy("of a passkey", "Name"),
        max_length=100,
        required=False,
        help_text=_("For example: laptop, or key on my key ring."),
    )
    field_order = ("name", "passwordless", "credential")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        ask_for_legible_lines(self)
        alone = self.fields["passwordless"]
        alone.label = _("Sign in with this passkey alone")
        alone.help_text = _("Without a password. The device then asks for its PIN, a fingerprint or a face.")
        credential = self.fields["credential"]
        credential.label = _("Passkey")
        credential.error_messages["required"] = _("The passkey did not answer. Try again; scripts have to be allowed.")

    def clean_credential(self) -> Any:
        """What the device answered; as text it is stored, so it has to be text."""
        credential = self.cleaned_data["credential"]
        written = json.dumps(credential)
        if len(written) > LONGEST_CREDENTIAL or "\\u0000" in written or "\\ud" in written:
            raise ValidationError(_("This passkey does not fit."), code="incorrect_code")
        return credential

    def clean(self) -> dict[str, Any]:
        """Raise `ValidationError` where the answer does not belong to what was asked."""
        try:
            cleaned: dict[str, Any] = super().clean()
        except ValidationError:
            raise
        except UNREADABLE as error:
            raise ValidationError(_("This passkey does not fit."), code="incorrect_code") from error
        return cleaned


class SecondFactorForAllForm(forms.Form):
    """Whether everyone of the partner needs a second factor."""

    required = forms.BooleanField(label=_("Everyone needs a second factor"), required=False)


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
