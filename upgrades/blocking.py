"""The other side of a conflict: which upgrades of the customer's other subscriptions one stands in the way of."""

import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, Q, QuerySet

from catalog.models import Offer
from partners.models import Partner
from subscriptions.models import Subscription
from upgrades.conditions import CONDITIONS, OUTER
from upgrades.prepared import Prepared
from upgrades.verdicts import options


@dataclass(frozen=True)
class Blocked:
    """A subscription that cannot be upgraded to these offers because of another one."""

    subscription: Subscription
    targets: tuple[str, ...]


def _blocked(ids: list[uuid.UUID], partner_id: uuid.UUID) -> QuerySet[Any]:
    """The options of this partner that a subscription stands in the way of; `ids` are its own and its customer's.

    Asked of the same conditions that refuse the upgrade, from the side of what they see. SQLite, told only that the
    customer is that of the subscription, would read all that the partner sold.
    """
    subscription_id, customer_id = ids
    others = Subscription.objects.live().sold_by(partner_id).filter(customer_id=customer_id)
    rows = options(others.exclude(pk=subscription_id).order_by(), partner_id=partner_id, conditions=())
    is_seen = Q()
    for condition in CONDITIONS:
        if condition.obstacles is not None:
            seen = condition.obstacles(OUTER, partner_id)
            if seen.model is Subscription:
                is_seen |= Q(Exists(seen.filter(pk=subscription_id)))
    return rows.filter(is_seen).values_list("pk", "target_id")


_BLOCKED = Prepared(_blocked, group=2)


def blocked_by(subscription: Subscription, *, partner: Partner) -> list[Blocked]:
    """What this partner sold to the same customer and cannot upgrade because this subscription is live."""
    if not subscription.is_live:
        return []
    return _named(_BLOCKED.ask([subscription.pk, subscription.customer_id], partner_id=partner.pk))


def _named(found: Sequence[tuple[Any, ...]]) -> list[Blocked]:
    if not found:
        return []
    subscriptions = Subscription.objects.select_related("offer").in_bulk({pk for pk, _target in found})
    names = dict(Offer.objects.filter(pk__in={target for _pk, target in found}).values_list("pk", "name"))
    targets: dict[uuid.UUID, set[str]] = defaultdict(set)
    for pk, target in found:
        targets[pk].add(names[target])
    blocked = [Blocked(subscriptions[pk], tuple(sorted(offers))) for pk, offers in targets.items()]
    return sorted(blocked, key=lambda one: (one.subscription.created_at, one.subscription.pk))
