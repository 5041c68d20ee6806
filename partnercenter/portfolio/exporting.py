"""Writes the portal's customers and what they hold as a portfolio file, in a lasting order and in little memory.

Members that the first form of the file lacks are written only where the portal knows something to say there:
`since` and `expires` of a privilege, `resellers_since`, and `former_resellers`, partners whose relationship ended
after they had sold something, where no subscription of the file tells that by itself; `orders`, with how far the
provisioning of each line is; `contact` and `billing`, the contact details and the billing profile of a customer, each
without its empty fields.
"""

import datetime
import itertools
import json
import uuid
from collections.abc import Generator, Iterable
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from customers.models import (
    BillingProfile,
    ContactDetails,
    Customer,
    DelegatedAdminPrivilege,
    Recipient,
    ResellerRelationship,
)
from partnercenter.portfolio.orders import order_records, order_rows
from partnercenter.portfolio.output import Write
from partners.models import Partner
from subscriptions.models import Subscription

ROWS_AT_ONCE = 5_000
Row = tuple[Any, ...]


@dataclass(frozen=True)
class Portfolio:
    """What an export contains: querysets of what the portal holds, or of what one partner sees of it."""

    partners: QuerySet[Any]
    customers: QuerySet[Any]
    relationships: QuerySet[Any]
    privileges: QuerySet[Any]
    subscriptions: QuerySet[Any]
    partner_id: uuid.UUID | None = None

    @classmethod
    def whole(cls) -> "Portfolio":
        """All that the portal holds."""
        return cls(
            partners=Partner.objects.all(),
            customers=Customer.objects.all(),
            relationships=ResellerRelationship.objects.all(),
            privileges=DelegatedAdminPrivilege.objects.held(),
            subscriptions=Subscription.objects.all(),
        )

    @classmethod
    def seen_by(cls, partner: Partner) -> "Portfolio":
        """What this partner's people see: other partners' business is not shown.

        Of its customers' subscriptions those that it sold or administers; one that it did not sell has no
        partner, as if bought through another channel (which is all that this partner may know).
        """
        customers = Customer.objects.visible_to_partner(partner.pk)
        return cls(
            partners=Partner.objects.filter(pk=partner.pk),
            customers=customers,
            relationships=ResellerRelationship.objects.visible_to_partner(partner.pk),
            privileges=DelegatedAdminPrivilege.objects.held_by(partner.pk).filter(customer__in=customers),
            subscriptions=Subscription.objects.visible_to_partner(partner.pk),
            partner_id=partner.pk,
        )

    def partner_records(self) -> Generator[dict[str, Any]]:
        """The partners, by id. Whoever breaks off closes it, before the connection goes that it reads from."""
        for row in self.partners.order_by("pk").values_list("pk", "name", "type", "mpn_id").iterator(ROWS_AT_ONCE):
            yield {"id": str(row[0]), "name": row[1], "type": row[2], "mpn_id": row[3]}

    def customer_records(self) -> Generator[dict[str, Any]]:
        """The customers, by id, each with what it holds. Whoever breaks off closes it, as the partners."""
        customers = self.customers.order_by("pk").values_list("pk", "company_name", "domain")
        relationships = _Groups(
            self.relationships.order_by("customer_id", "partner_id").values_list(
                "customer_id", "partner_id", "has_ended", "had_subscriptions", "since"
            )
        )
        privileges = _Groups(
            self.privileges.order_by("customer_id", "service__code").values_list(
                "customer_id", "service__code", "partner_id", "since", "expires_at"
            )
        )
        subscriptions = _Groups(
            self.subscriptions.order_by("customer_id", "pk").values_list(
                "customer_id",
                "pk",
                "offer_id",
                "nickname",
                "quantity",
                "status",
                "reseller_of_record_id",
                "parent_id",
                "created_at",
                "suspended_at",
                "commitment_end",
                "auto_renew",
                "suspended_with_parent",
            )
        )
        orders = _Groups(order_rows(self.partner_id, self.subscriptions))
        details = {
            "contact": (ContactDetails.VALUES, _Groups(self._details(ContactDetails))),
            "billing": (BillingProfile.VALUES, _Groups(self._details(BillingProfile))),
        }
        for customer_id, company_name, domain in customers.iterator(ROWS_AT_ONCE):
            held = self._subscription_records(subscriptions.of(customer_id))
            placed = list(order_records(orders.of(customer_id), _time))
            resellers, extra = _resellers(relationships.of(customer_id), {item["partner"] for item in held})
            yield {
                "id": str(customer_id),
                "company_name": company_name,
                "domain": domain,
                "resellers": resellers,
                "delegated_admin_privileges": _privileges(privileges.of(customer_id)),
                "subscriptions": held,
                **extra,
                **({"orders": placed} if placed else {}),
                **{
                    member: _without_empty(names, row)
                    for member, (names, rows) in details.items()
                    for row in rows.of(customer_id)
                },
            }

    def _details(self, model: type[Recipient]) -> QuerySet[Any, Row]:
        """What stands beside the customers' rows, by customer."""
        rows = model._default_manager.order_by("customer_id")
        if self.partner_id is not None:
            rows = rows.filter(pk__in=self.customers)
        return rows.values_list("customer_id", *model.VALUES)

    def _subscription_records(self, rows: list[Row]) -> list[dict[str, Any]]:
        present = {row[1] for row in rows}
        return [
            {
                "id": str(row[1]),
                "offer": str(row[2]),
                "nickname": row[3],
                "quantity": row[4],
                "status": row[5],
                "partner": str(row[6]) if row[6] and self.partner_id in {None, row[6]} else None,
                "parent": str(row[7]) if row[7] in present else None,
                "created": _time(row[8]),
                "suspended": row[9] and _time(row[9]),
                "commitment_end": row[10].isoformat(),
                "auto_renew": row[11],
                **({"suspended_with_parent": True} if row[12] else {}),
            }
            for row in rows
        ]


class _Groups:
    """The rows of a stream that is ordered by customer, a customer at a time."""

    def __init__(self, rows: QuerySet[Any, Row]) -> None:
        self._groups = itertools.groupby(rows.iterator(ROWS_AT_ONCE), key=lambda row: row[0])
        self._key: uuid.UUID | None = None
        self._rows: list[Row] = []

    def of(self, customer_id: uuid.UUID) -> list[Row]:
        """This customer's rows; each customer asked for comes after the last."""
        while self._key is None or self._key < customer_id:
            key, rows = next(self._groups, (None, ()))
            if key is None:
                return []
            self._key, self._rows = key, list(rows)
        return self._rows if self._key == customer_id else []


def _resellers(rows: Iterable[Row], sellers: set[str | None]) -> tuple[list[str], dict[str, Any]]:
    """The partners whose relationship is in force, and the members that are there only if there is need."""
    in_force: list[str] = []
    former: list[str] = []
    times: dict[str, str] = {}
    for _customer, partner_id, has_ended, had_subscriptions, since in rows:
        name = str(partner_id)
        if not has_ended:
            in_force.append(name)
        elif had_subscriptions and (since or name not in sellers):
            former.append(name)
        else:
            continue
        if since:
            times[name] = _time(since)
    extra = {"former_resellers": former, "resellers_since": times}
    return in_force, {member: value for member, value in extra.items() if value}


def _without_empty(names: Iterable[str], row: Row) -> dict[str, str]:
    return {name: value for name, value in zip(names, row[1:], strict=True) if value}


def _privileges(rows: Iterable[Row]) -> list[dict[str, str]]:
    return [
        {
            "service": code,
            "partner": str(partner_id),
            **({"since": _time(since)} if since else {}),
            **({"expires": _time(expires)} if expires else {}),
        }
        for _customer, code, partner_id, since, expires in rows
    ]


def _time(moment: datetime.datetime) -> str:
    """In UTC, with fractions of a second only where there are any."""
    return f"{moment.astimezone(datetime.UTC).replace(tzinfo=None).isoformat()}Z"


def write_document(portfolio: Portfolio, write: Write) -> None:
    """Write one JSON document, a record a line."""
    write('{\n  "partners": [')
    _write_list(portfolio.partner_records(), write)
    write('],\n  "customers": [')
    _write_list(portfolio.customer_records(), write)
    write("]\n}\n")


def _write_list(records: Generator[dict[str, Any]], write: Write) -> None:
    separator = "\n    "
    with closing(records):
        for record in records:
            write(separator + _json(record))
            separator = ",\n    "
    if separator.startswith(","):
        write("\n  ")


def write_lines(portfolio: Portfolio, write: Write) -> None:
    """Write JSON Lines."""
    for kind, records in (("partner", portfolio.partner_records()), ("customer", portfolio.customer_records())):
        with closing(records):
            for record in records:
                write(_json({kind: record}) + "\n")


def _json(record: dict[str, Any]) -> str:
    return json.dumps(record, ensure_ascii=False)
