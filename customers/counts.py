"""How many customers a partner sees. A large number is remembered for a while: counting 300,000 takes its time."""

import uuid
from collections.abc import Iterable

from django.core.cache import cache

from customers.models import ResellerRelationship

COUNTED_EACH_TIME = 10_000
SECONDS_KEPT = 300


def _cache_key(partner_id: uuid.UUID) -> str:
    return f"customers:count:{partner_id}"


def count_customers(partner_id: uuid.UUID) -> int:
    """The number of customers that this partner sees: exact up to 10,000, at most five minutes old above."""
    kept: int | None = cache.get(_cache_key(partner_id))
    if kept is not None:
        return kept
    visible = ResellerRelationship.objects.visible_to_partner(partner_id)
    count = visible[: COUNTED_EACH_TIME + 1].count()
    if count > COUNTED_EACH_TIME:
        count = visible.count()
        cache.set(_cache_key(partner_id), count, SECONDS_KEPT)
    return count


def forget_count(partner_ids: Iterable[uuid.UUID]) -> None:
    """Count anew at the next question: whoever adds or ends relationships of these partners calls this."""
    cache.delete_many([_cache_key(partner_id) for partner_id in partner_ids])
