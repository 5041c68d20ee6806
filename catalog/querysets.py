"""Questions about many offers."""

from typing import Any, Self

from django.db import models
from django.db.models import Prefetch


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
