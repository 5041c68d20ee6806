"""The forms about a partner's staff: invite somebody, give roles, decide; and make one's account behind the link."""

from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from partners.forms import LONGEST_PASSWORD, OnceForm
from partners.legible import ask_for_legible_lines
from partners.models import Language, Staff, StaffInvitation
from partners.roles import MAY, Permission, Role
from partners.staffing import roles_to_give


def role_meaning(role: Role) -> str:
    """What a role allows, in a few words."""
    if frozenset(Permission) == MAY[role]:
        return _("everything")
    return _("; ").join(str(one.label) for one in Permission if one in MAY[role])


class RolesField(forms.MultipleChoiceField):
    """Roles to tick, each with what it allows."""

    widget = forms.CheckboxSelectMultiple


class DecisionForm(OnceForm):
    """A decision about a colleague or an invitation: without the version that the person saw, it is not whole."""

    def clean(self) -> dict[str, Any] | None:
        """Refuse an incomplete form: boxes not ticked and boxes lost on the way are the same."""
        cleaned = super().clean()
        if self.cleaned_data.get("version") is None:
            self.add_error(None, _("The form arrived incomplete. Look at it once more and send it again."))
        return cleaned


class RolesForm(OnceForm):
    """The roles of a colleague."""

    roles = RolesField(label=gettext_lazy("Roles"), required=False)

    def __init__(self, *args: Any, staff: Staff, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["roles"].choices = [(role.value, role.label) for role in roles_to_give(staff)]  # type: ignore[attr-defined]

    @property
    def roles_with_meaning(self) -> list[tuple[Any, str]]:
        """Each box to tick with what the role allows."""
        return [(box, role_meaning(Role(str(box.data["value"])))) for box in self["roles"]]


class ChangeRolesForm(RolesForm, DecisionForm):
    """The roles that a colleague is to have from now on."""


class InviteColleagueForm(RolesForm):
    """Whom to invite to work for the partner, as what."""

    email = forms.EmailField(
        label=gettext_lazy("E-mail address"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
        help_text=gettext_lazy("The person signs in with it. Nobody else should read its mail."),
    )
    name = forms.CharField(
        label=pgettext_lazy("of a person", "Name"),
        required=False,
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    language = forms.ChoiceField(label=gettext_lazy("Language of the mail"), choices=Language)
    field_order = ("email", "name", "language", "roles", "key")

    def __init__(self, *args: Any, staff: Staff, **kwargs: Any) -> None:
        super().__init__(*args, staff=staff, **kwargs)
        roles = self.fields["roles"]
        roles.required = True
        roles.error_messages["required"] = _("Choose at least one role: without one a person may do nothing.")

    @property
    def asked(self) -> dict[str, Any]:
        """What a valid form asks of `invite`."""
        return {name: self.cleaned_data[name] for name in ("email", "name", "language", "roles", "key")}


class JoinForm(forms.Form):
    """Name, password and language of somebody who makes their account behind the link of an invitation."""

    name = forms.CharField(
        label=gettext_lazy("Your name"), max_length=150, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    password1 = forms.CharField(
        label=gettext_lazy("Password"),
        strip=False,
        help_text=gettext_lazy("At least eight characters; a sentence is easy to remember and hard to guess."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "maxlength": LONGEST_PASSWORD}),
        validators=[MaxLengthValidator(LONGEST_PASSWORD)],
    )
    password2 = forms.CharField(
        label=gettext_lazy("Password once more"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "maxlength": LONGEST_PASSWORD}),
        validators=[MaxLengthValidator(LONGEST_PASSWORD)],
    )
    language = forms.ChoiceField(label=gettext_lazy("Language"), choices=Language)

    def __init__(self, *args: Any, invitation: StaffInvitation, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.invitation = invitation
        ask_for_legible_lines(self)

    def clean(self) -> dict[str, Any]:
        """Both passwords are the same, and one that the portal's validators accept."""
        cleaned: dict[str, Any] = super().clean() or {}
        first, second = cleaned.get("password1"), cleaned.get("password2")
        if first and second and first != second:
            self.add_error("password2", _("The two passwords are not the same."))
        if first:
            self._hold_against_validators(first, str(cleaned.get("name", "")))
        return cleaned

    def _hold_against_validators(self, password: str, name: str) -> None:
        try:
            validate_password(password, Staff(email=self.invitation.email, name=name))
        except ValidationError as refused:
            self.add_error("password1", refused)
