"""How a number of licences is read from a form."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

WHOLE = re.compile(r"\s*[+-]?\d+\s*")


class WholeNumberField(forms.IntegerField):
    """Digits and nothing that could mean another number.

    Django reads “1.000”, a thousand in Spanish, as one, and “2_5” as twenty-five.
    """

    def to_python(self, value: Any) -> int | None:
        """The number. Raises `ValidationError` for anything else."""
        if isinstance(value, str) and value not in self.empty_values and not WHOLE.fullmatch(value):
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return super().to_python(value)
