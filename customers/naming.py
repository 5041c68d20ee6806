"""How company names are compared: for sorting and for searching."""

import re
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


# Legal forms as they end a company's name, of the countries that this cloud's customers come from.
CHINESE_FORM = re.compile(r"(?:(?:股份|责任|集团|有限|控股|分|总)*公司|集团|有限合伙)\Z")
FORM_WORDS = frozenset(
    "ltd limited inc incorporated llc llp plc corp corporation co company group holding holdings "
    "sa sau sl slu slne sas srl spa cv de rl gmbh ag kg bv nv ab oy as pty pte bhd kk".split()
)


def name_core(name: str) -> str:
    """What tells a company's name from others': its key without punctuation, brackets and legal form.

    “Contoso Co., Ltd.” and “CONTOSO S.A.” have one core, “上海云帆信息技术有限公司” and “上海云帆信息技术” too.
    """
    key = re.sub(r"\(.*?\)", " ", name_key(name)).replace(".", "")
    words = re.sub(r"[^\w]+", " ", key).split()
    while len(words) > 1 and words[-1] in FORM_WORDS:
        words.pop()
    core = " ".join(words)
    return CHINESE_FORM.sub("", core).strip() or core


def can_be_stored(key: str) -> bool:
    """Whether a database takes this text: no NUL, and no half of a character."""
    return "\x00" not in key and not any("\ud800" <= letter <= "\udfff" for letter in key)


def has_key(text: str) -> bool:
    """Whether a name can be looked for by this text."""
    key = name_key(text)
    return bool(key) and can_be_stored(key)


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
