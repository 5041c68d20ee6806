"""Questions about many subscriptions and orders. Who may see which of them stands here and nowhere else."""

import datetime
import uuid
from typing import TYPE_CHECKING, Any, Self

from django.db import connections, models
from django.db.models import Exists, OuterRef, Q
from django.db.models.expressions import RawSQL

from customers.models import Customer, DelegatedAdminPrivilege

if TYPE_CHECKING:
    from partners.models import Caller


class SubscriptionQuerySet(models.QuerySet[Any]):
    """Subscriptions."""

    def live(self) -> Self:
        """Those not deleted: pending, active or suspended."""
        return self.exclude(status="deleted")

    def sold_by(self, partner_id: uuid.UUID | None) -> Self:
        """Those whose reseller of record is this partner."""
        return self.filter(reseller_of_record_id=partner_id)

    def nicknamed(self, text: str, *, partner_id: uuid.UUID) -> Self:
        """Those that this partner sold whose nickname contains this text, without regard to case.

        On PostgreSQL an index of the letter pairs of nicknames finds the rows; a single Latin letter makes no pair,
        and is looked for in every nickname.
        """
        found = self.sold_by(partner_id).filter(nickname__icontains=text)
        if connections[self.db].vendor != "postgresql" or (len(text) < 2 and text.isascii()):
            return found
        pairs = RawSQL(
            "portal_search_pairs(subscriptions_subscription.reseller_of_record_id,"
            " lower(subscriptions_subscription.nickname)) @> portal_search_pairs(%s, lower(%s))",
            (partner_id, text),
            output_field=models.BooleanField(),
        )
        return found.exclude(nickname="").filter(pairs)

    def visible_to(self, staff: "Caller") -> Self:
        """Those that the person's partner sold, or whose services it may administer, of customers it may see."""
        return self.visible_to_partner(staff.partner_id)

    def visible_to_partner(self, partner_id: uuid.UUID | None) -> Self:
        """Those that this partner sold, or whose services it may administer, of customers it may see."""
        customers = Customer.objects.visible_to_partner(partner_id).filter(pk=OuterRef("customer_id"))
        return self.filter(Exists(customers)).sold_or_administered_by(partner_id)

    def sold_or_administered_by(self, partner_id: uuid.UUID | None) -> Self:
        """Those that this partner sold, or that contain a service it holds a privilege for.

        It does not ask whether the partner may see the customer: for customers already found visible.
        """
        administered = DelegatedAdminPrivilege.objects.held_by(partner_id).filter(
            customer_id=OuterRef("customer_id"), service__plans__contained_in__offer=OuterRef("offer_id")
        )
        return self.filter(Q(reseller_of_record_id=partner_id) | Exists(administered))


class OrderQuerySet(models.QuerySet[Any]):
    """Orders."""

    def visible_to(self, staff: "Caller") -> Self:
        """Those that the person's own partner placed, of customers it may see."""
        customers = Customer.objects.visible_to(staff).filter(pk=OuterRef("customer_id"))
        return self.of_partner(staff.partner_id).filter(Exists(customers))

    def of_partner(self, partner_id: uuid.UUID | None) -> Self:
        """Those that this partner placed."""
        return self.filter(partner_id=partner_id)

    def with_lines(self) -> Self:
        """Each with its lines, their offers and subscriptions: two queries more, however many there are."""
        from subscriptions.models import OrderLine

        lines = OrderLine.objects.select_related("offer", "subscription__offer").order_by("number")
        return self.prefetch_related(models.Prefetch("lines", queryset=lines))


class OrderLineQuerySet(models.QuerySet[Any]):
    """Lines of orders."""

    def waiting(self) -> Self:
        """Those to be provisioned by the worker: not given up, with a subscription that is still pending."""
        return self.filter(provisioning="pending", subscription__status="pending")

    def due(self, now: datetime.datetime) -> Self:
        """Those of them whose next attempt is due, parents before their add-ons."""
        due = self.waiting().filter(next_attempt_at__lte=now)
        return due.order_by(models.F("subscription__parent").asc(nulls_first=True), "number")
