"""Questions about many subscriptions. Who may see which subscription stands here and nowhere else."""

import uuid
from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import Exists, OuterRef, Q

from customers.models import Customer, DelegatedAdminPrivilege

if TYPE_CHECKING:
    from partners.models import Staff


class SubscriptionQuerySet(models.QuerySet[Any]):
    """Subscriptions."""

    def live(self) -> Self:
        """Those not deleted: pending, active or suspended."""
        return self.exclude(status="deleted")

    def sold_by(self, partner_id: uuid.UUID | None) -> Self:
        """Those whose reseller of record is this partner."""
        return self.filter(reseller_of_record_id=partner_id)

    def visible_to(self, staff: "Staff") -> Self:
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
