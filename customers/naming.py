"""How company names are compared: for sorting and for searching."""

import unicodedata
from typing import Any

from django.db import models

KEY_LENGTH = 400
# What nearly every customer's domain ends with; its letters stand in no index.
DOMAIN_SUFFIX = ".partner.onmschina.cn"


def name_key(name: str) -> str:
    """The name without case, accents and width: “Diseño” and “DISENO” have one key."""
    plain = "".join(char for char in unicodedata.normalize("NFKD", name) if not unicodedata.combining(char))
    return " ".join(unicodedata.normalize("NFKC", plain.casefold()).split())[:KEY_LENGTH]


def can_be_stored(key: str) -> bool:
    """Whether a database takes this text: no NUL, and no half of a character."""
    return "\x00" not in key and not any("\ud800" <= letter <= "\udfff" for letter in key)


def indexed_part(key: str) -> str:
    """The beginning of a searched key that is found by index, as opposed to what may lie in the domain's suffix.

    Empty where the whole key may. A dot with which the suffix begins still belongs to the part before it.
    """
    if key in DOMAIN_SUFFIX:
        return ""
    dots = (place for place, letter in enumerate(key) if letter == "." and DOMAIN_SUFFIX.startswith(key[place:]))
    end = next(dots, len(key))
    return key[: end + 1]


class NameKeyField(models.CharField):  # type: ignore[type-arg]
    """The key of another field of the same row, set at every save and bulk insert."""

    def __init__(self, *, source: str, **kwargs: Any) -> None:
        self.source = source
        kwargs |= {"max_length": KEY_LENGTH, "editable": False}
        super().__init__(**kwargs)

    def deconstruct(self) -> Any:
        """Tell migrations the source too."""
        name, path, args, kwargs = super().deconstruct()
        return (
            name,
            path,
            args,
            {"source": self.source}
            | {key: value for key, value in kwargs.items() if key not in {"max_length", "editable"}},
        )

    def pre_save(self, model_instance: models.Model, add: bool) -> str:  # noqa: FBT001 - Django calls it so
        """The key as the row stands now."""
        key = name_key(getattr(model_instance, self.source))
        setattr(model_instance, self.attname, key)
        return key
