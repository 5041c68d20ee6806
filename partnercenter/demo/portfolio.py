"""What the demo's customers are made of, and how that becomes records of a portfolio file."""

import datetime
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from catalog.models import Offer, Service
from partnercenter.portfolio.reading import Record
from subscriptions.models import a_year_later

CONTOSO = "eb74cde8-fa4a-5da1-99ee-86dcc4358d31"
FABRIKAM = "ce048a3d-dd63-5955-bb60-1b1459ff68bb"
PARTNERS = (
    {"id": CONTOSO, "name": "Contoso Reseller", "type": "direct_reseller"},
    {"id": FABRIKAM, "name": "Fabrikam Reseller", "type": "direct_reseller"},
)
# The ids of whatever has none of its own are made of this and its domain.
NAMESPACE = uuid.UUID("5a0c8f86-0e0b-5b1c-9d53-3f0f6f0f2f11")
SUFFIX = ".partner.onmschina.cn"
OPENING_HOUR = datetime.time(8, tzinfo=datetime.UTC)


def demo_id(name: str) -> str:
    """The same id for the same name, on every machine."""
    return str(uuid.uuid5(NAMESPACE, name))


@dataclass(frozen=True)
class Held:
    """A subscription; `days` ago it was bought, and `suspended` days ago it was suspended.

    `seller` is Contoso unless said, `None` for one bought directly. `parent` is the id, or the place among the
    customer's subscriptions, of the one whose add-on it is.
    """

    offer: str
    quantity: int
    nickname: str = ""
    seller: str | None = CONTOSO
    status: str = "active"
    days: int = 240
    suspended: int | None = None
    parent: str | int | None = None
    renews: bool = True
    id: str = ""


@dataclass(frozen=True)
class Company:
    """A customer: who may sell to it, who administers which of its services, and what it holds.

    The first of the `resellers` holds all privileges but those `without`; the services of `elsewhere` are the
    second's; those `expiring` end after so many days. `expected` are the codes that stand in the way of each target of
    its first subscription, in the eyes of Contoso, where the customer is a worked case. `billing` says only what
    differs from the `contact`.
    """

    name: str
    domain: str
    holds: tuple[Held, ...] = ()
    resellers: tuple[str, ...] = (CONTOSO,)
    without: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()
    expiring: Mapping[str, int] = field(default_factory=dict)
    customer_id: str = ""
    note: str = ""
    expected: Mapping[str, list[str]] = field(default_factory=dict)
    contact: Mapping[str, str] = field(default_factory=dict)
    billing: Mapping[str, str] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """Its own id, or one made of its domain."""
        return self.customer_id or demo_id(self.domain)

    def subscription_id(self, number: int) -> str:
        """The id of one of its subscriptions, by its place."""
        return self.holds[number].id or demo_id(f"{self.domain}/{number}")


def records(companies: Iterable[Company], *, today: datetime.date) -> Iterator[Record]:
    """The demo's partners and these customers as records of a portfolio file."""
    for number, partner in enumerate(PARTNERS):
        yield Record("partner", number, number, partner)
    offers = {name: str(pk) for pk, name in Offer.objects.values_list("pk", "name")}
    services = list(Service.objects.order_by("pk").values_list("code", flat=True))
    for number, company in enumerate(companies):
        value = _customer(company, offers, services, today)
        yield Record("customer", len(PARTNERS) + number, number, value)


def _customer(company: Company, offers: Mapping[str, str], services: list[str], today: datetime.date) -> dict[str, Any]:
    return {
        "id": company.id,
        "company_name": company.name,
        "domain": company.domain if "." in company.domain else f"{company.domain}{SUFFIX}",
        "resellers": list(company.resellers),
        "delegated_admin_privileges": [
            {
                "service": service,
                "partner": company.resellers[service in company.elsewhere],
                **_expiry(company.expiring.get(service), today),
            }
            for service in services
            if service not in company.without
        ],
        "subscriptions": [
            _subscription(company, number, held, offers, today) for number, held in enumerate(company.holds)
        ],
        **_account(company),
    }


def _expiry(days: int | None, today: datetime.date) -> dict[str, str]:
    """When a privilege ends, for one that does not last until it is taken back."""
    return {} if days is None else {"expires": _at_opening(today + datetime.timedelta(days=days))}


def _account(company: Company) -> dict[str, Any]:
    """How to reach and bill it, where that is known."""
    if not company.contact:
        return {}
    style = {"company_name": company.name, "culture": "zh-CN", "language": "zh"}
    return {"contact": dict(company.contact), "billing": {**style, **company.contact, **company.billing}}


def _subscription(
    company: Company, number: int, held: Held, offers: Mapping[str, str], today: datetime.date
) -> dict[str, Any]:
    bought = today - datetime.timedelta(days=held.days)
    parent = held.parent
    return {
        "id": company.subscription_id(number),
        "offer": offers[held.offer],
        "nickname": held.nickname,
        "quantity": held.quantity,
        "status": held.status,
        "partner": held.seller,
        "parent": company.subscription_id(parent) if isinstance(parent, int) else parent,
        "created": _at_opening(bought),
        "suspended": None if held.suspended is None else _at_opening(today - datetime.timedelta(days=held.suspended)),
        "commitment_end": _commitment_end(bought, today).isoformat(),
        "auto_renew": held.renews,
    }


def _at_opening(day: datetime.date) -> str:
    return datetime.datetime.combine(day, OPENING_HOUR).isoformat().replace("+00:00", "Z")


def _commitment_end(bought: datetime.date, today: datetime.date) -> datetime.date:
    """The end of the year that runs: one renewed until now is committed for a year at a time."""
    end = a_year_later(bought)
    while end <= today:
        end = a_year_later(end)
    return end
