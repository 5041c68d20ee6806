"""Questions about many activity records."""

import datetime
import uuid
from typing import Any, Self

from django.db import models

IMPORT = "import_portfolio"


class ActivityQuerySet(models.QuerySet[Any]):
    """Records; never changed or deleted in bulk either."""

    def of_partner(self, partner_id: uuid.UUID) -> Self:
        """What this partner's people did, and what was done to this partner."""
        return self.filter(partner_id=partner_id)

    def of_customer(self, customer_id: uuid.UUID) -> Self:
        """What was done to this customer."""
        return self.filter(customer_id=customer_id)

    def imports_of(self, kind: str, *, since: datetime.datetime) -> Self:
        """The imports of portfolios since then that changed anything of this kind, of whomever, newest first.

        An import leaves one record, and none of a single subscription or customer.
        """
        changed = {f"after__{kind}__updated__gt": 0}
        imports = self.filter(partner_id=None, operation=IMPORT, outcome="done", at__gte=since, **changed)
        return imports.order_by("-at", "-id")

    def update(self, **kwargs: Any) -> int:
        """Never: raises `TypeError`."""
        raise TypeError("Activity records are never changed.")

    def delete(self) -> tuple[int, dict[str, int]]:
        """Never: raises `TypeError`."""
        raise TypeError("Activity records are never deleted.")
