"""The one parameter `filter`: `{"Field": "CompanyName", "Value": "ada", "Operator": "starts_with"}`."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from pydantic_core import PydanticCustomError

from api.faults import WireFault, members_fault
from api.shapes import FILTER_OPERATORS

# Other names of fields that are about, in small letters.
ALIASES = {"displayname": "companyname", "defaultdomainname": "domain"}


@dataclass(frozen=True)
class FieldFilter:
    """One field, what to compare it with, and how; an empty value matches everything."""

    field: str
    value: str
    operator: str


def asked_filter(text: str | None, allowed: Mapping[str, str]) -> FieldFilter | None:
    """The filter that is asked for; `allowed` names the one operator of each field of the resource.

    Raises `WireFault` (400/3000) that says what is wrong.
    """
    if text is None or not text.strip():
        return None
    members = _members(text)
    fields = {name.casefold(): name for name in allowed}
    asked = _text(members, "Field").casefold()
    field = fields.get(ALIASES.get(asked, asked))
    if field is None:
        raise _wrong("Field", _("must be one of: %(names)s") % {"names": ", ".join(allowed)})
    if _operator(members) != allowed[field]:
        raise _wrong("Operator", _("must be %(operator)s for this field") % {"operator": allowed[field]})
    return FieldFilter(field, _text(members, "Value"), allowed[field])


def _members(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise members_fault([f"filter: {_('is no JSON')}"]) from error
    if not isinstance(found, dict):
        raise members_fault([f"filter: {_('must be an object')}"])
    return {name.casefold(): value for name, value in found.items()}


def _text(members: Mapping[str, Any], name: str) -> str:
    value = members.get(name.casefold())
    if value is None and name == "Value":
        return ""
    if not isinstance(value, str):
        raise _wrong(name, _("must be text"))
    return value.strip() if name == "Field" else value


def _operator(members: Mapping[str, Any]) -> str:
    try:
        return FILTER_OPERATORS.read(members.get("operator"))
    except PydanticCustomError as error:
        raise _wrong("Operator", _("must be one of: %(names)s") % {"names": ", ".join(FILTER_OPERATORS.members)}) from (
            error
        )


def _wrong(name: str, sentence: str) -> WireFault:
    return members_fault([f"filter.{name}: {sentence}"])
