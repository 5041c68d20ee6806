"""What goes over the wire, member by member: how it is read, and how it is sent.

Members are read whatever their case, null is "not given", what is unknown is ignored. They are sent in camelCase, and
never as null.
"""

import datetime
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any

from django.utils.dateparse import parse_datetime
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    PlainSerializer,
    WithJsonSchema,
    model_validator,
)
from pydantic.alias_generators import to_camel
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

# "No end", as a date and time.
ENDLESS = datetime.datetime(9999, 12, 10, tzinfo=datetime.UTC)


class WireIn(BaseModel):
    """A body, or an object in one, as it is read. Types are taken as they are: a number in a string is none."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True, alias_generator=to_camel)

    @model_validator(mode="before")
    @classmethod
    def _in_any_case(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        known = {str(field.alias).casefold(): str(field.alias) for field in cls.model_fields.values()}
        return {
            known[name.casefold()]: member
            for name, member in value.items()
            if member is not None and name.casefold() in known
        }


class WireOut(BaseModel):
    """An answer, or an object in one. A member that is `None` is left out."""

    model_config = ConfigDict(frozen=True, alias_generator=to_camel, populate_by_name=True)


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


# A whole number: 25 and 25.0, neither "25" nor true.
Whole = Annotated[int, BeforeValidator(_whole)]


def read_moment(value: Any) -> datetime.datetime:
    """The moment that this text says by ISO 8601, in UTC where it names no offset. Raises `PydanticCustomError`."""
    if isinstance(value, datetime.datetime):
        return value
    try:
        moment = parse_datetime(value) if isinstance(value, str) else None
        if moment is not None:
            return moment.astimezone(datetime.UTC) if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)
    except (ValueError, OverflowError):
        pass
    raise PydanticCustomError("moment", "must be a date and time")


def moment_text(moment: datetime.datetime) -> str:
    """A moment as it is sent: in UTC, with a fraction where it has one."""
    return moment.astimezone(datetime.UTC).replace(tzinfo=None).isoformat() + "Z"


Moment = Annotated[
    datetime.datetime,
    BeforeValidator(read_moment),
    PlainSerializer(moment_text),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]


class Choice:
    """The members of an enumeration: sent in lower case with underscores, read in any spelling that is about."""

    def __init__(self, members: Iterable[str], integers: Iterable[str] = ()) -> None:
        self.members = tuple(members)
        self.spellings: dict[str, str] = {_bare(member): member for member in self.members}
        self.numbers = dict(enumerate(integers))

    def read(self, value: Any) -> str:
        """The member that this spells. Raises `PydanticCustomError` ("enumeration") for anything else."""
        found = None
        if isinstance(value, str):
            found = self.spellings.get(_bare(value))
        elif isinstance(value, int) and not isinstance(value, bool):
            found = self.numbers.get(value)
        if found is None:
            raise PydanticCustomError("enumeration", "must be one of: {members}", {"members": ", ".join(self.members)})
        return found

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Pydantic asks this of what stands in `Annotated[str, …]`."""
        return core_schema.no_info_plain_validator_function(self.read)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """The description tells the spelling that is sent."""
        return {"type": "string", "enum": list(self.members)}


def _bare(text: str) -> str:
    return text.casefold().replace("_", "")


def choice(*members: str, integers: Sequence[str] = ()) -> Choice:
    """An enumeration, to stand in `Annotated[str, …]`; `integers` are the members that 0, 1, … mean."""
    return Choice(members, integers)


_CYCLES = ("unknown", "monthly", "annual", "none", "one_time")
_ORDER_STATUSES = ("unknown", "completed", "pending", "cancelled")
_UPGRADE_TYPES = ("none", "upgrade_only", "upgrade_with_license_transfer")
_UPGRADE_ERRORS = (
    "other",
    "delegated_admin_permissions_disabled",
    "subscription_status_not_active",
    "conflicting_service_types",
    "concurrency_conflicts",
    "user_context_required",
    "subscription_add_ons_present",
    "subscription_does_not_have_any_upgrade_paths",
    "subscription_target_offer_not_found",
    "subscription_not_provisioned",
    "offer_does_not_support_billing_cycle",
)
_OPERATORS = (
    "equals",
    "not_equals",
    "greater_than",
    "greater_than_or_equals",
    "less_than",
    "less_than_or_equals",
    "substring",
    "and",
    "or",
    "starts_with",
    "not_starts_with",
)
FILTER_OPERATORS = choice(*_OPERATORS, integers=_OPERATORS)

RelationshipToPartner = Annotated[str, choice("none", "reseller", "advisor", "syndication", "microsoft_support")]
SubscriptionStatus = Annotated[str, choice("none", "active", "pending", "suspended", "deleted")]
BillingType = Annotated[str, choice("none", "usage", "license")]
BillingCycle = Annotated[str, choice(*_CYCLES, integers=_CYCLES)]
ContractType = Annotated[str, choice("subscription", "product_key", "redemption_code")]
OrderStatus = Annotated[str, choice(*_ORDER_STATUSES, integers=_ORDER_STATUSES)]
UpgradeType = Annotated[str, choice(*_UPGRADE_TYPES, integers=_UPGRADE_TYPES)]
UpgradeErrorCode = Annotated[str, choice(*_UPGRADE_ERRORS, integers=_UPGRADE_ERRORS)]
ProvisioningStatus = Annotated[str, choice("success", "pending", "failed")]
ProfileType = Annotated[
    str, choice("mpn_profile", "billing_profile", "support_profile", "legal_business_profile", "organization_profile")
]
VettingStatus = Annotated[str, choice("none", "pending", "authorized", "rejected")]
OperationStatus = Annotated[str, choice("succeeded", "failed", "progress", "decline")]


class Pair(WireOut):
    """A name and a value."""

    key: str
    value: str | None


class Link(WireOut):
    """Where something is, without host and version."""

    uri: str
    method: str = "GET"
    headers: list[Pair] = []


class Links(WireOut):
    """The links of a resource; one with further links builds on it."""

    self_: Link | None = Field(default=None, validation_alias="self", serialization_alias="self")
    next_: Link | None = Field(default=None, validation_alias="next", serialization_alias="next")


def link(path: str, *, headers: Mapping[str, str] | None = None) -> Link:
    """A link to this path, which begins with a slash and has no version."""
    return Link(uri=path, headers=[Pair(key=key, value=value) for key, value in (headers or {}).items()])


def links(path: str) -> Links:
    """The links of a resource that is fetched at this path."""
    return Links(self_=link(path))


class Attributes(WireOut):
    """What a resource is, and which version of it this is."""

    etag: str | None = None
    object_type: str


class AttributesIn(WireIn):
    """Which version was seen of a resource that is sent back; what it is called is not read."""

    etag: str | None = None


class Collection[Item](WireOut):
    """Many resources, or a page of them. Its items are sent with the members of `Item`, not of a class built on it."""

    total_count: int
    items: list[Item]
    continuation_token: str | None = None
    links: Links
    attributes: Attributes = Attributes(object_type="Collection")


def collection[Item](items: Sequence[Item], *, links: Links, total: int, token: str | None = None) -> Collection[Item]:
    """These items as one answer; `total` is how many there are, and `token` leads to the following ones."""
    return Collection[Item](total_count=total, items=list(items), continuation_token=token, links=links)
