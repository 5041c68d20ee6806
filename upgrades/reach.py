"""Whom a change to the catalogue or the matrix touches: live subscriptions, their customers and their partners."""

import uuid
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, QuerySet


@dataclass(frozen=True)
class Reach:
    """How many live subscriptions, how many customers have them, how many partners sold them."""

    subscriptions: int = 0
    customers: int = 0
    partners: int = 0


NOBODY = Reach()

_COUNTS = {
    "subscriptions": Count("pk"),
    "customers": Count("customer_id", distinct=True),
    "partners": Count("reseller_of_record_id", distinct=True),
}


def reach_of(subscriptions: QuerySet[Any]) -> Reach:
    """Whom these subscriptions belong to."""
    return Reach(**subscriptions.order_by().aggregate(**_COUNTS))


def reach_by_offer(subscriptions: QuerySet[Any]) -> dict[uuid.UUID, Reach]:
    """The same for each offer that these subscriptions are of."""
    rows = subscriptions.order_by().values("offer_id").annotate(**_COUNTS)
    return {row.pop("offer_id"): Reach(**row) for row in rows}
