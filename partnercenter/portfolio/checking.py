"""Turns one record of a portfolio file into rows, or says what is wrong with it."""

import datetime
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from catalog.models import LARGEST_QUANTITY, Offer, Service
from customers.models import BillingProfile, ContactDetails, Customer, Recipient
from customers.naming import name_key
from customers.operations import checked_billing, checked_contact
from partnercenter.portfolio.faults import Fault, Faults, shown
from partnercenter.portfolio.members import (
    Member,
    Shape,
    Wrong,
    day,
    flag,
    host_name,
    items,
    members,
    named,
    one_of,
    or_null,
    text,
    time,
    uuid,
    whole_number,
)
from partnercenter.portfolio.orders import line_shape, stage_orders
from partnercenter.portfolio.reading import Record
from partnercenter.portfolio.staging import (
    BILLINGS,
    CONTACTS,
    CUSTOMERS,
    PARTNERS,
    PRIVILEGES,
    RELATIONSHIPS,
    SUBSCRIPTIONS,
    Table,
)
from partners.models import Partner, PartnerType
from subscriptions.models import Status, Subscription, a_year_later

Stage = Callable[[Table, tuple[Any, ...]], None]

MAY_BE_SUSPENDED = (Status.SUSPENDED, Status.DELETED)


def _longest(model: Any, field: str) -> int:
    return int(model._meta.get_field(field).max_length)


PARTNER = Shape(
    {
        "id": Member(uuid),
        "name": Member(text(_longest(Partner, "name"))),
        "type": Member(one_of(PartnerType.values, ", ".join(PartnerType.values))),
        "mpn_id": Member(text(_longest(Partner, "mpn_id"), may_be_blank=True), left_out=""),
    }
)
CUSTOMER = Shape(
    {
        "id": Member(uuid),
        "company_name": Member(text(_longest(Customer, "company_name"))),
        "domain": Member(host_name),
        "resellers": Member(items),
        "delegated_admin_privileges": Member(items),
        "subscriptions": Member(items),
        # Only where the portal knows more than the form of old: see `exporting`.
        "former_resellers": Member(items, left_out=()),
        "resellers_since": Member(members, left_out=None),
        "orders": Member(items, left_out=()),
        "contact": Member(members, left_out=None),
        "billing": Member(members, left_out=None),
    }
)


@dataclass(frozen=True)
class Details:
    """A member that holds details beside a customer's row: its table, its shape, and the rules of its model."""

    member: str
    table: Table
    shape: Shape
    check: Callable[[Mapping[str, str]], Recipient]

    @classmethod
    def of(
        cls, member: str, table: Table, model: type[Recipient], check: Callable[[Mapping[str, str]], Recipient]
    ) -> "Details":
        """Each field may be left out where the model allows it to be empty."""
        fields = {name: Member(text(_longest(model, name), may_be_blank=True), left_out="") for name in model.VALUES}
        return cls(member, table, Shape(fields), check)


DETAILS = (
    Details.of("contact", CONTACTS, ContactDetails, checked_contact),
    Details.of("billing", BILLINGS, BillingProfile, checked_billing),
)


@dataclass(frozen=True)
class Catalogue:
    """The most licences of each offer, and each service's own key, by what the file calls them."""

    offers: dict[str, int]
    services: dict[str, int]

    @classmethod
    def load(cls) -> "Catalogue":
        """The catalogue of now."""
        offers = Offer.objects.values_list("pk", "maximum_quantity")
        return cls(
            offers={str(pk): most for pk, most in offers}, services=dict(Service.objects.values_list("code", "pk"))
        )

    def offer(self, value: Any) -> str:
        """The id of an offer of the catalogue."""
        if type(value) is str and value in self.offers:
            return value
        raise Wrong(_("no offer %s in the catalogue") % shown(value))

    def service(self, value: Any) -> str:
        """The code of a service of the catalogue."""
        if type(value) is str and value in self.services:
            return value
        raise Wrong(_("no service %s in the catalogue") % shown(value))


class Checker:
    """Checks records one by one: what is right goes to `stage`, what is wrong to `faults`."""

    def __init__(self, *, catalogue: Catalogue, stage: Stage, faults: Faults) -> None:
        self.catalogue = catalogue
        self.stage = stage
        self.faults = faults
        self.privilege = Shape(
            {
                "service": Member(catalogue.service),
                "partner": Member(uuid),
                "since": Member(time, left_out=None),
                "expires": Member(time, left_out=None),
            }
        )
        self.subscription = Shape(
            {
                "id": Member(uuid),
                "offer": Member(catalogue.offer),
                "nickname": Member(text(_longest(Subscription, "nickname"), may_be_blank=True), left_out=""),
                "quantity": Member(whole_number),
                "status": Member(one_of(Status.values, ", ".join(Status.values))),
                "partner": Member(or_null(uuid)),
                "parent": Member(or_null(uuid), left_out=None),
                "created": Member(time, left_out=None),
                "suspended": Member(or_null(time), left_out=None),
                "commitment_end": Member(day, left_out=None),
                "auto_renew": Member(flag, left_out=True),
                "suspended_with_parent": Member(flag, left_out=False),
            }
        )
        self.order_line = line_shape(catalogue.offer)
        self.record: Record
        self.item = 0

    def check(self, record: Record) -> None:
        """Stage the rows of this record, and report what is wrong with it."""
        self.record, self.item = record, 0
        if record.kind == "partner":
            self._partner()
        else:
            self._customer()

    def report(self, place: str, words: str) -> None:
        """Count a fault of the record at hand."""
        self.faults.add(Fault(self.record.sequence, self.item, place, words, self.record.line))

    def _partner(self) -> None:
        record = self.record
        row = PARTNER.read(record.value, record.place, self.report)
        if row["id"]:
            self.stage(PARTNERS, (record.sequence, record.number, None, *row.values()))

    def _customer(self) -> None:
        record, place = self.record, self.record.place
        row = CUSTOMER.read(record.value, place, self.report)
        if row["id"]:
            key = name_key(row["company_name"] or "")
            values = (row["id"], row["company_name"], key, row["domain"])
            self.stage(CUSTOMERS, (record.sequence, record.number, None, *values))
        for details in DETAILS:
            if row[details.member] is not None:
                self._details(details, row)
        named = self._resellers(row)
        self._privileges(row)
        sellers = self._subscriptions(row)
        stage_orders(self, row["id"], row["orders"] or ())
        for partner_id in sorted(sellers - named):
            self._relationship(None, row["id"], partner_id, "")

    def _details(self, details: Details, row: dict[str, Any]) -> None:
        record, place = self.record, f"{self.record.place}.{details.member}"
        before = self.faults.count
        values = details.shape.read(row[details.member], place, self.report)
        if self.faults.count > before:
            return
        try:
            checked = details.check(values)
        except ValidationError as error:
            for name, words in error.message_dict.items():
                self.report(f"{place}.{name}", " ".join(words))
            return
        if row["id"]:
            self.stage(details.table, (record.sequence, record.number, None, row["id"], *checked.values.values()))

    def _relationship(
        self, number: int | None, customer_id: str | None, partner_id: str, member: str, since: Any = None
    ) -> None:
        if customer_id:
            record = self.record
            in_force = member == "resellers"
            self.stage(
                RELATIONSHIPS,
                (record.sequence, record.number, number, member, customer_id, partner_id, in_force, since),
            )

    def _resellers(self, row: dict[str, Any]) -> set[str]:
        """Stage the relationships that the record names, and return their partners."""
        named: set[str] = set()
        times = self._times(row)
        for member in ("resellers", "former_resellers"):
            for number, value in enumerate(row[member] or ()):
                if partner_id := self._new_uuid(value, f"{self.record.place}.{member}[{number}]", named):
                    named.add(partner_id)
                    self._relationship(number, row["id"], partner_id, member, times.get(partner_id))
        for partner_id in times.keys() - named:
            self.report(
                f"{self.record.place}.resellers_since", _("no reseller of this customer: %s") % shown(partner_id)
            )
        return named

    def _new_uuid(self, value: Any, place: str, known: Iterable[str]) -> str | None:
        try:
            checked = uuid(value)
        except Wrong as wrong:
            self.report(place, str(wrong))
            return None
        if checked in known:
            self.report(place, _("%s stands twice") % shown(checked))
            return None
        return checked

    def _times(self, row: dict[str, Any]) -> dict[str, datetime.datetime]:
        times: dict[str, datetime.datetime] = {}
        for partner_id, since in (row["resellers_since"] or {}).items():
            try:
                times[uuid(partner_id)] = time(since)
            except Wrong as wrong:
                self.report(f"{self.record.place}.resellers_since.{named(partner_id)}", str(wrong))
        return times

    def _privileges(self, row: dict[str, Any]) -> None:
        known: set[str] = set()
        record = self.record
        for number, value in enumerate(row["delegated_admin_privileges"] or ()):
            place = f"{record.place}.delegated_admin_privileges[{number}]"
            privilege = self.privilege.read(value, place, self.report)
            service = privilege["service"]
            if service in known:
                self.report(f"{place}.service", _("%s stands twice; one partner holds it at a time") % shown(service))
            elif service and privilege["partner"] and row["id"]:
                known.add(service)
                key = self.catalogue.services[service]
                times = privilege["since"], privilege["expires"]
                values = row["id"], key, privilege["partner"], *times
                self.stage(PRIVILEGES, (record.sequence, record.number, number, *values))

    def _subscriptions(self, row: dict[str, Any]) -> set[str]:
        """Stage the subscriptions, and return the partners who sold them."""
        sellers: set[str] = set()
        record = self.record
        for number, value in enumerate(row["subscriptions"] or ()):
            self.item = number + 1
            place = f"{record.place}.subscriptions[{number}]"
            before = self.faults.count
            subscription = self.subscription.read(value, place, self.report)
            self._check_together(subscription, place)
            if subscription["id"] and row["id"]:
                is_sound = self.faults.count == before
                values = (*subscription.values(), row["id"], is_sound)
                self.stage(SUBSCRIPTIONS, (record.sequence, record.number, number, *values))
            if subscription["partner"]:
                sellers.add(subscription["partner"])
        self.item = 0
        return sellers

    def _most_licences(self, subscription: dict[str, Any]) -> int:
        """How many its offer takes; a deleted one was sold when the offer may have had other limits."""
        if subscription["status"] == Status.DELETED:
            return LARGEST_QUANTITY
        offers = self.catalogue.offers
        return offers.get(subscription["offer"] or "") or max(offers.values(), default=1)

    def _check_together(self, subscription: dict[str, Any], place: str) -> None:
        """What one member says about another."""
        quantity, most = subscription["quantity"], self._most_licences(subscription)
        if quantity is not None and not 1 <= quantity <= most:
            subscription["quantity"] = None
            words = _("expected 1 to %(most)d licences, not %(value)s")
            self.report(f"{place}.quantity", words % {"most": most, "value": shown(quantity)})
        if subscription["suspended"] and subscription["status"] not in {*MAY_BE_SUSPENDED, None}:
            self.report(f"{place}.suspended", _("only a suspended or deleted subscription has such a time"))
        if subscription["suspended_with_parent"] and subscription["status"] not in {Status.SUSPENDED, None}:
            words = _("only a suspended subscription can have been suspended with its parent")
            self.report(f"{place}.suspended_with_parent", words)
        if subscription["parent"] and subscription["parent"] == subscription["id"]:
            subscription["parent"] = None
            self.report(f"{place}.parent", _("a subscription is no add-on of itself"))
        if subscription["created"] and subscription["commitment_end"] is None:
            subscription["commitment_end"] = a_year_later(subscription["created"].date())
