"""Which characters a name may not have: it is shown in many places, between other people's words."""

import unicodedata
from typing import Any

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


def validate_legible_lines(text: str) -> None:
    """Raise `ValidationError` where a character of this text is illegible, but for the ends of its lines and tabs."""
    validate_legible(text.translate({ord(character): None for character in "\n\t"}))


class LinesField(forms.CharField):
    """Text of several lines. An end of a line counts as one character, as in the browser, and is kept as one."""

    widget = forms.Textarea
    default_validators = [validate_legible_lines]

    def to_python(self, value: Any) -> Any:
        """The text as it is kept; browsers send two characters for the end of a line."""
        text = super().to_python(value)
        return text.replace("\r\n", "\n") if isinstance(text, str) else text


def ask_for_legible_lines(form: forms.BaseForm) -> None:
    """Hold every line of text that this form asks for against `validate_legible`; passwords are not shown."""
    for field in form.fields.values():
        if isinstance(field, forms.CharField) and not isinstance(field, LinesField) and not _is_secret(field):
            field.validators = [*field.validators, validate_legible]


def _is_secret(field: forms.Field) -> bool:
    return isinstance(field.widget, forms.PasswordInput)
