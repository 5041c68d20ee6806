"""What the answers of the protocol are in a portfolio file. What makes no sense is left for the import to refuse.

What the protocol does not carry is left out of the records: contact details, since when a relationship or privilege
is in force, when a privilege expires, orders, and when a deleted subscription had been suspended.
"""

import datetime
import uuid
from collections.abc import Mapping
from typing import Any

from api.resources import relationships
from partnercenter.portfolio.members import LAST_YEAR_OF_A_DAY
from subscriptions.models import DAYS_UNTIL_DELETION, Status

# What the portal itself tells programs, the other way round; of the other services the id is the code.
SERVICES = {wire_id.lower(): code for code, (wire_id, _name) in relationships.SERVICES.items()}
BILLING = {
    "company_name": "companyName",
    "email": "email",
    "culture": "culture",
    "language": "language",
    "profile_first_name": "firstName",
    "profile_last_name": "lastName",
}
ADDRESS = {
    "first_name": "firstName",
    "middle_name": "middleName",
    "last_name": "lastName",
    "phone_number": "phoneNumber",
    "country": "country",
    "region": "region",
    "state": "state",
    "city": "city",
    "district": "district",
    "address_line1": "addressLine1",
    "address_line2": "addressLine2",
    "address_line3": "addressLine3",
    "postal_code": "postalCode",
}


def members(value: Any) -> Mapping[str, Any]:
    """The members of an answer's object; none where it is no object."""
    return value if isinstance(value, dict) else {}


def plain(value: Any) -> Any:
    """A member of an enumeration without its spelling: `UpgradeOnly` and `upgrade_only` are the same."""
    return value.replace("_", "").lower() if isinstance(value, str) else value


def lower_uuid(value: Any) -> Any:
    """An id as this portal writes it; what is none stays as it is."""
    try:
        return str(uuid.UUID(value))
    except (ValueError, AttributeError, TypeError):
        return value


def relationship(customer: Mapping[str, Any]) -> Any:
    """What the partner is to this customer: `reseller`, `none` where it was one, or something else."""
    return plain(customer.get("relationshipToPartner") or "reseller")


def customer_record(answers: Mapping[str, Any], *, partner_id: str) -> dict[str, Any]:
    """The record of a customer, out of the answers about it."""
    customer = members(answers["customer"])
    company = members(customer.get("companyProfile"))
    services = answers["managed_services"]
    is_reseller = relationship(customer) == "reseller"
    billing = _billing(members(customer.get("billingProfile")))
    return {
        "id": answers["id"],
        "company_name": company.get("companyName"),
        "domain": company.get("domain"),
        "resellers": [partner_id] if is_reseller else [],
        **({} if is_reseller else {"former_resellers": [partner_id]}),
        "delegated_admin_privileges": [
            {"service": _service(item), "partner": partner_id}
            for item in (services if isinstance(services, list) else ())
        ],
        "subscriptions": _subscriptions(answers["subscriptions"], partner_id),
        **({"billing": billing} if billing else {}),
    }


def _service(item: Any) -> Any:
    found = members(item).get("id")
    return SERVICES.get(found.lower(), found.lower()) if isinstance(found, str) else found


def _billing(profile: Mapping[str, Any]) -> dict[str, Any]:
    address = members(profile.get("defaultAddress"))
    found = {
        # A profile has a person, and its address may have one of its own.
        **{name: profile.get(wire) for name, wire in ADDRESS.items() if wire in {"firstName", "lastName"}},
        **{name: profile.get(wire) for name, wire in BILLING.items()},
        **{name: address[wire] for name, wire in ADDRESS.items() if address.get(wire)},
    }
    return {name: value for name, value in found.items() if value}


def _subscriptions(items: list[Any], partner_id: str) -> list[Any]:
    """The subscriptions, each once."""
    records = {str(lower_uuid(members(item).get("id"))): _subscription(item, partner_id) for item in items}
    for record in records.values():
        parent = members(records.get(str(members(record).get("parent"))))
        if parent.get("suspended") and parent["suspended"] == record["suspended"]:
            # An add-on that was suspended in the same moment went with its parent.
            record["suspended_with_parent"] = True
    return list(records.values())


def _subscription(item: Any, partner_id: str) -> Any:
    if not isinstance(item, dict):
        return item
    status = plain(item.get("status"))
    record = {
        "id": lower_uuid(item.get("id")),
        "offer": lower_uuid(item.get("offerId")),
        "nickname": item.get("friendlyName") or "",
        "quantity": _whole(item.get("quantity")),
        "status": status,
        "partner": partner_id if _is_sold(item) else None,
        "parent": lower_uuid(item.get("parentSubscriptionId") or None),
        "created": _time(item.get("creationDate")),
        "suspended": _suspended(item) if status == Status.SUSPENDED else None,
        "commitment_end": _day(item.get("commitmentEndDate")),
        "auto_renew": item.get("autoRenewEnabled"),
    }
    left_out = {"created", "commitment_end", "auto_renew"}
    return {name: value for name, value in record.items() if value is not None or name not in left_out}


def _is_sold(item: Mapping[str, Any]) -> bool:
    """Whether the partner sold it: what it only administers has no actions, and says little of itself."""
    return bool(item.get("actions") or members(item.get("attributes")).get("etag") or "friendlyName" in item)


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _moment(value: Any) -> datetime.datetime | None:
    """A date-time of the protocol, in UTC; without an offset it is UTC already."""
    try:
        moment = datetime.datetime.fromisoformat(value)
        return moment.replace(tzinfo=moment.tzinfo or datetime.UTC).astimezone(datetime.UTC)
    except (TypeError, ValueError, OverflowError):
        return None


def _written(moment: datetime.datetime) -> str:
    return f"{moment.replace(tzinfo=None).isoformat()}Z"


def _time(value: Any) -> Any:
    moment = _moment(value)
    return value if moment is None else _written(moment)


def _suspended(item: Mapping[str, Any]) -> Any:
    """When it was suspended; the protocol tells when the suspension is over, or nothing."""
    value = item.get("scheduledDeletionDate")
    moment = _moment(value)
    try:
        return value if moment is None else _written(moment - datetime.timedelta(days=DAYS_UNTIL_DELETION))
    except OverflowError:
        return value


def _day(value: Any) -> Any:
    """The day of a date-time; nothing where the year says that there is no end."""
    moment = _moment(value)
    if moment is None:
        return value
    return moment.date().isoformat() if moment.year <= LAST_YEAR_OF_A_DAY else None
