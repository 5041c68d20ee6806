"""Questions about many offers."""

import datetime
import uuid
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import Prefetch, Q

if TYPE_CHECKING:
    from catalog.models import Price


class OfferQuerySet(models.QuerySet[Any]):
    """Offers."""

    def available(self) -> Self:
        """Those that can be bought now."""
        return self.filter(is_available=True)

    def with_plans(self) -> Self:
        """Each with its service plans and their services, in the catalogue's order."""
        from catalog.models import ServicePlan

        plans = ServicePlan.objects.select_related("service").order_by("service_id", "id")
        return self.prefetch_related(Prefetch("service_plans", queryset=plans))

    def add_ons(self) -> Self:
        """Those sold only beside a subscription of another offer."""
        return self.filter(prerequisites__isnull=False).distinct()


class PriceQuerySet(models.QuerySet[Any]):
    """Prices."""

    def on(self, day: datetime.date) -> Self:
        """Those valid on this day."""
        return self.since(day).filter(valid_from__lte=day)

    def since(self, day: datetime.date) -> Self:
        """Those valid on this day or on a later one."""
        return self.filter(Q(valid_until__isnull=True) | Q(valid_until__gte=day))

    def of(self, offer_ids: Iterable[uuid.UUID], *, on: datetime.date) -> dict[uuid.UUID, dict[str, "Price"]]:
        """The prices of each of these offers on this day by currency, in one query; without any, an empty one."""
        found: dict[uuid.UUID, dict[str, Price]] = {offer_id: {} for offer_id in offer_ids}
        for price in self.on(on).filter(offer_id__in=found):
            found[price.offer_id][price.currency] = price
        return found
