"""The other side of a conflict: which upgrades of the customer's other subscriptions one stands in the way of."""

import uuid
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, Q, QuerySet

from catalog.models import Offer
from partners.models import Partner
from subscriptions.models import Subscription
from upgrades.conditions import CONDITIONS, OUTER
from upgrades.verdicts import options


@dataclass(frozen=True)
class Blocked:
    """A subscription that cannot be upgraded to these offers because of another one."""

    subscription: Subscription
    targets: tuple[str, ...]


def blocked_by(subscription: Subscription, *, partner: Partner) -> list[Blocked]:
    """What this partner sold to the same customer and cannot upgrade because this subscription is live.

    Asked of the same conditions that refuse the upgrade, from the side of what they see.
    """
    if not subscription.is_live:
        return []
    others = Subscription.objects.live().sold_by(partner.pk).filter(customer_id=subscription.customer_id)
    rows = options(others.exclude(pk=subscription.pk).order_by(), partner_id=partner.pk, conditions=())
    in_the_way = [
        Exists(seen.filter(pk=subscription.pk))
        for condition in CONDITIONS
        if condition.obstacles is not None and (seen := condition.obstacles(OUTER, partner.pk)).model is Subscription
    ]
    found = _any_of(rows, in_the_way).values_list("pk", "target_id")
    return _named(list(found))


def _any_of(rows: QuerySet[Any], expressions: list[Exists]) -> QuerySet[Any]:
    either = Q()
    for expression in expressions:
        either |= Q(expression)
    return rows.filter(either)


def _named(found: list[tuple[uuid.UUID, uuid.UUID]]) -> list[Blocked]:
    if not found:
        return []
    subscriptions = Subscription.objects.select_related("offer").in_bulk({pk for pk, _target in found})
    names = dict(Offer.objects.filter(pk__in={target for _pk, target in found}).values_list("pk", "name"))
    targets: dict[uuid.UUID, set[str]] = defaultdict(set)
    for pk, target in found:
        targets[pk].add(names[target])
    blocked = [Blocked(subscriptions[pk], tuple(sorted(offers))) for pk, offers in targets.items()]
    return sorted(blocked, key=lambda one: (one.subscription.created_at, one.subscription.pk))
