"""Questions about many upgrades."""

import datetime
import uuid
from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import Exists, F, OuterRef

from partners.roles import MAY, Permission

if TYPE_CHECKING:
    from partners.models import Caller, Staff


class UpgradeQuerySet(models.QuerySet[Any]):
    """Upgrades that were made."""

    def visible_to(self, staff: "Caller") -> Self:
        """Those that the person's own partner made."""
        return self.of_partner(staff.partner_id)

    def of_partner(self, partner_id: uuid.UUID | None) -> Self:
        """Those that this partner made."""
        return self.filter(partner_id=partner_id)

    def unfinished(self) -> Self:
        """Those whose hand-over list has steps left to do."""
        return self.filter(finished_at__isnull=True)


class UpgradeWatchQuerySet(models.QuerySet[Any]):
    """Who waits to be told of which upgrade."""

    def open(self) -> Self:
        """Those that nothing has ended."""
        return self.filter(ended_at__isnull=True)

    def of(self, staff: "Staff") -> Self:
        """Those of this person at their present partner."""
        return self.of_person(staff.pk, partner_id=staff.partner_id)

    def of_person(self, staff_id: uuid.UUID, *, partner_id: uuid.UUID | None) -> Self:
        """Those of the person with this id, at this partner."""
        return self.filter(staff_id=staff_id, partner_id=partner_id)

    def that_may_upgrade(self) -> Self:
        """Those whose person could make the upgrade now, as far as person, partner and relationship go."""
        from customers.models import ResellerRelationship
        from partners.models import StaffRole

        roles = [role for role, may in MAY.items() if Permission.MANAGE_SUBSCRIPTIONS in may]
        in_force = ResellerRelationship.objects.filter(
            partner=OuterRef("partner"), customer=OuterRef("customer"), has_ended=False
        )
        return self.filter(
            Exists(StaffRole.objects.filter(staff=OuterRef("staff"), role__in=roles)),
            Exists(in_force),
            staff__is_active=True,
            staff__partner=F("partner"),
            subscription__reseller_of_record=F("partner"),
        )

    def told_since(self, moment: datetime.datetime) -> Self:
        """Those whose person was told since, the latest first."""
        return self.filter(ending="told", ended_at__gte=moment).order_by("-ended_at", "-id")
