"""What activity records are called on the wire, and what is said of each kind beside what all have."""

import json
import re
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, CharField, Q, Value, When

from activity.models import ActivityRecord, Outcome
from api.shapes import choice

CUSTOMER, ORDER, SUBSCRIPTION = "customer", "order", "subscription"
PRIVILEGE, USER, APPLICATION = "partner_customer_dap", "partner_user", "application"
RESOURCE_TYPES = choice(CUSTOMER, ORDER, SUBSCRIPTION, PRIVILEGE, USER, APPLICATION)
STATUSES: Mapping[str, str] = {Outcome.DONE: "succeeded", Outcome.REFUSED: "failed", Outcome.FAILED: "failed"}
UPGRADE = "upgrade_subscription"

# The offers of an upgrade, from and to, by the id of its own row.
UpgradedOffers = Mapping[str, tuple[uuid.UUID, uuid.UUID]]
Told = Iterator[tuple[str, Any]]


@dataclass(frozen=True)
class Named:
    """What the protocol calls an operation of the portal, and what it tells of it beside the change itself."""

    resource_type: str
    operation_type: str
    more: Callable[[ActivityRecord], Told] = lambda record: iter(())


def _customer(record: ActivityRecord) -> Told:
    yield "PrimaryDomainName", _after(record).get("domain")
    yield "Relationship", "reseller"


def _order(record: ActivityRecord) -> Told:
    after = _after(record)
    yield "OrderId", record.resource_id or None
    yield "BillingCycle", after.get("billing_cycle")
    for number, line in enumerate(after.get("lines") or ()):
        yield f"OfferId-{number}", line.get("offer_id")
        yield f"SubscriptionId-{number}", line.get("subscription")
        yield f"SubscriptionName-{number}", line.get("nickname") or line.get("offer")
        yield f"Quantity-{number}", line.get("quantity")
        yield f"PartnerOnRecord-{number}", None


def _subscription(record: ActivityRecord) -> Told:
    yield "SubscriptionId", record.resource_id or None
    yield "OfferId", _after(record).get("offer_id")


def _privilege(record: ActivityRecord) -> Told:
    yield "Service", _after(record).get("service")


_CHANGED = Named(SUBSCRIPTION, "update_subscription", _subscription)
_ENDED = Named(PRIVILEGE, "dap_admin_relationship_terminated", _privilege)
_JOINED = Named(USER, "create_partner_user")
_STAFF = Named(USER, "update_partner_user")
NAMED: dict[str, Named] = {
    "add_customer": Named(CUSTOMER, "add_customer", _customer),
    "change_billing": Named(CUSTOMER, "update_customer_billing_profile"),
    "place_order": Named(ORDER, "create_order", _order),
    "change_licences": _CHANGED,
    "rename_subscription": _CHANGED,
    "change_renewal": _CHANGED,
    "change_subscription": _CHANGED,
    "suspend_subscription": _CHANGED,
    "reactivate_subscription": _CHANGED,
    "cancel_subscription": _CHANGED,
    UPGRADE: Named(SUBSCRIPTION, "upgrade_subscription"),
    "give_privilege": Named(PRIVILEGE, "dap_admin_relationship_approved", _privilege),
    "lose_privilege": _ENDED,
    "revoke_privilege": _ENDED,
    "give_up_privilege": _ENDED,
    "expire_privilege": _ENDED,
    "add_staff": _JOINED,
    "accept_staff_invitation": _JOINED,
    "change_staff": _STAFF,
    "change_roles": _STAFF,
    "deactivate_staff": _STAFF,
    "reactivate_staff": _STAFF,
    "update_profile": _STAFF,
    "make_api_client": Named(APPLICATION, "register_application"),
    "revoke_api_client": Named(APPLICATION, "unregister_application"),
}


def _named(resource_type: str) -> list[str]:
    return [code for code, named in NAMED.items() if named.resource_type == resource_type]


# What a record is about: operations that the protocol does not know are of a customer where there is one.
RESOURCE_TYPE = Case(
    *(When(operation__in=_named(name), then=Value(name)) for name in RESOURCE_TYPES.members),
    When(resource_type="subscription", then=Value(SUBSCRIPTION)),
    When(resource_type="apiclient", then=Value(APPLICATION)),
    When(Q(customer_id__isnull=False) | Q(resource_type="invitation"), then=Value(CUSTOMER)),
    default=Value(USER),
    output_field=CharField(),
)


def operation_type(record: ActivityRecord) -> str:
    """The protocol's name of what was done, else the portal's own."""
    named = NAMED.get(record.operation)
    return named.operation_type if named else record.operation


def customized_data(record: ActivityRecord, upgraded: UpgradedOffers) -> list[tuple[str, str | None]]:
    """What the protocol tells of this kind of record."""
    if record.operation == UPGRADE:
        told = _upgrade(record, upgraded)
    else:
        told = NAMED[record.operation].more(record) if record.operation in NAMED else iter(())
    return [(key, None if value is None else str(value)) for key, value in told]


def _upgrade(record: ActivityRecord, upgraded: UpgradedOffers) -> Told:
    source, target = _offers(record, upgraded)
    yield "SubscriptionId", record.resource_id or None
    yield "OfferId", source
    yield "TargetOfferId", target
    yield "Quantity", _after(record).get("quantity")


def old_value(record: ActivityRecord, upgraded: UpgradedOffers) -> str | None:
    """What was there before, as JSON."""
    if record.operation == UPGRADE and record.before:
        return _moved(_offers(record, upgraded)[0], record.before)
    return _as_json(record.before)


def new_value(record: ActivityRecord, upgraded: UpgradedOffers) -> str | None:
    """What was there afterwards, or was asked for, as JSON."""
    if record.operation == UPGRADE and record.after:
        return _moved(_offers(record, upgraded)[1], record.after)
    return _as_json(record.after)


def _moved(offer_id: str | None, state: Mapping[str, Any]) -> str:
    said = {"offerId": offer_id, "quantity": state.get("quantity")}
    return _dumped({name: value for name, value in said.items() if value is not None})


def unnamed_upgrades(records: Iterable[ActivityRecord]) -> set[str]:
    """The upgrades whose records, of earlier days, say their offers by name alone."""
    upgrades = (_after(record) for record in records if record.operation == UPGRADE)
    return {str(after["upgrade"]) for after in upgrades if "upgrade" in after and "offer_id" not in after}


def _offers(record: ActivityRecord, upgraded: UpgradedOffers) -> tuple[str | None, str | None]:
    before, after = record.before or {}, _after(record)
    source, target = upgraded.get(str(after.get("upgrade")), (None, None))
    return _text(before.get("offer_id") or source), _text(after.get("offer_id") or after.get("target") or target)


def _text(value: object) -> str | None:
    return str(value) if value else None


def _after(record: ActivityRecord) -> dict[str, Any]:
    return record.after or {}


def _as_json(state: dict[str, Any] | None) -> str | None:
    if state is None:
        return None
    return _dumped(_in_camel_case({name: value for name, value in state.items() if name != "version"}))


def _dumped(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _in_camel_case(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            re.sub(r"_([a-z0-9])", lambda found: found[1].upper(), name): _in_camel_case(member)
            for name, member in value.items()
        }
    return [_in_camel_case(member) for member in value] if isinstance(value, list) else value
