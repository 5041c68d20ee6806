"""Questions about many upgrades."""

import uuid
from typing import TYPE_CHECKING, Any, Self

from django.db import models

if TYPE_CHECKING:
    from partners.models import Staff


class UpgradeQuerySet(models.QuerySet[Any]):
    """Upgrades that were made."""

    def visible_to(self, staff: "Staff") -> Self:
        """Those that the person's own partner made."""
        return self.of_partner(staff.partner_id)

    def of_partner(self, partner_id: uuid.UUID | None) -> Self:
        """Those that this partner made."""
        return self.filter(partner_id=partner_id)

    def unfinished(self) -> Self:
        """Those whose hand-over list has steps left to do."""
        return self.filter(finished_at__isnull=True)
