"""Which characters a name may not have: it is shown in many places, between other people's words."""

import unicodedata

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def is_illegible(character: str) -> bool:
    """Whether it is a control character, half a character, or turns the direction of the text around it."""
    return unicodedata.category(character) in {"Cc", "Cs"} or character in TURNING


def validate_legible(value: object) -> None:
    """Raise `ValidationError` where a character of this line of text (or of what was read from one) is illegible."""
    if any(map(is_illegible, str(value))):
        raise ValidationError(_("It contains control characters, which cannot be shown."), code="illegible")


def ask_for_legible_lines(form: forms.BaseForm) -> None:
    """Hold every line of text that this form asks for against `validate_legible`; passwords are not shown."""
    for field in form.fields.values():
        if isinstance(field, forms.CharField) and not isinstance(field.widget, forms.PasswordInput):
            field.validators = [*field.validators, validate_legible]
