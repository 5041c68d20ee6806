"""What else changes because of an upgrade: what the customer's other subscriptions can do afterwards."""

import uuid
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from catalog.models import Offer
from partners.models import Partner
from subscriptions.models import Subscription
from upgrades.conditions import CONDITIONS
from upgrades.verdicts import Verdict, options


@dataclass(frozen=True)
class Consequence:
    """Another subscription of the customer that gains or loses a way because of the upgrade."""

    subscription: Subscription
    target: Offer
    becomes_possible: bool


Eligibility = dict[tuple[uuid.UUID, uuid.UUID], bool]


def consequences(verdict: Verdict, *, partner: Partner) -> list[Consequence]:
    """Try the upgrade, judge the partner's other subscriptions of this customer before and after, take it back."""
    subscription, target = verdict.subscription, verdict.path.target
    others = (
        Subscription.objects.live()
        .sold_by(partner.pk)
        .filter(customer_id=subscription.customer_id)
        .exclude(pk=subscription.pk)
    )
    with transaction.atomic():
        before = _eligibility(others, partner)
        if before:
            moved = {"offer_id": target.pk, "quantity": target.minimum_quantity}
            Subscription.objects.filter(pk=subscription.pk).update(**moved)
        after = _eligibility(others, partner) if before else {}
        transaction.set_rollback(True)
    changed = {option: after[option] for option, held in before.items() if after.get(option, held) != held}
    return _named(changed)


def _eligibility(subscriptions: QuerySet[Any], partner: Partner) -> Eligibility:
    flags = [condition.flag for condition in CONDITIONS]
    rows = options(subscriptions.order_by(), partner_id=partner.pk).values_list("pk", "target_id", *flags)
    return {(subscription_id, target_id): not any(unmet) for subscription_id, target_id, *unmet in rows}


def _named(changed: Eligibility) -> list[Consequence]:
    if not changed:
        return []
    subscriptions = Subscription.objects.select_related("offer").in_bulk({pk for pk, _target in changed})
    targets = Offer.objects.in_bulk({target for _pk, target in changed})
    named = [Consequence(subscriptions[pk], targets[target], possible) for (pk, target), possible in changed.items()]
    return sorted(named, key=lambda one: (str(one.subscription.pk), one.target.name))
