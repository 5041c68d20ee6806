"""What else changes because of an upgrade or a sale: what the customer's other subscriptions can do afterwards."""

import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import ngettext

from catalog.models import Offer
from catalog.words import listed
from partners.models import Partner
from subscriptions.models import Status, Subscription
from subscriptions.querysets import SubscriptionQuerySet
from upgrades.conditions import CONDITIONS
from upgrades.verdicts import Verdict, options


@dataclass(frozen=True)
class Consequence:
    """Another subscription of the customer that gains or loses a way because of the upgrade or the sale."""

    subscription: Subscription
    targets: tuple[str, ...]
    becomes_possible: bool

    @property
    def words(self) -> str:
        """The consequence as a sentence."""
        quantity = self.subscription.quantity
        possible = ngettext(
            "The customer’s other %(offer)s subscription (%(count)s licence) can then be upgraded to %(targets)s.",
            "The customer’s other %(offer)s subscription (%(count)s licences) can then be upgraded to %(targets)s.",
            quantity,
        )
        impossible = ngettext(
            "The customer’s other %(offer)s subscription (%(count)s licence) can then no longer be upgraded to "
            "%(targets)s.",
            "The customer’s other %(offer)s subscription (%(count)s licences) can then no longer be upgraded to "
            "%(targets)s.",
            quantity,
        )
        values = {
            "offer": str(self.subscription),
            "count": number_format(quantity),
            "targets": listed(list(self.targets)),
        }
        return (possible if self.becomes_possible else impossible) % values


Eligibility = dict[tuple[uuid.UUID, uuid.UUID], bool]


def consequences(verdict: Verdict, *, partner: Partner) -> list[Consequence]:
    """What the upgrade does to the partner's other subscriptions of this customer."""
    subscription, target = verdict.subscription, verdict.path.target

    def move() -> None:
        moved = {"offer_id": target.pk, "quantity": target.minimum_quantity}
        Subscription.objects.filter(pk=subscription.pk).update(**moved)

    others = _own_of(subscription.customer_id, partner).exclude(pk=subscription.pk)
    return _try(move, others, partner)


def consequences_of_sale(offers: Iterable[Offer], *, customer_id: uuid.UUID, partner: Partner) -> list[Consequence]:
    """What selling these offers to the customer does to what the partner has sold to it already."""

    def sell() -> None:
        Subscription.objects.bulk_create(
            Subscription(
                customer_id=customer_id,
                offer=offer,
                reseller_of_record=partner,
                quantity=offer.minimum_quantity,
                status=Status.PENDING,
                commitment_end=timezone.localdate(),
            )
            for offer in offers
        )

    return _try(sell, _own_of(customer_id, partner), partner)


def _own_of(customer_id: uuid.UUID, partner: Partner) -> SubscriptionQuerySet:
    return Subscription.objects.live().sold_by(partner.pk).filter(customer_id=customer_id)


def _try(act: Callable[[], None], others: SubscriptionQuerySet, partner: Partner) -> list[Consequence]:
    """Do it, judge these other subscriptions before and after, take it back."""
    with transaction.atomic():
        before = _eligibility(others, partner)
        if before:
            act()
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
    grouped: dict[tuple[uuid.UUID, bool], list[str]] = defaultdict(list)
    for (pk, target), possible in changed.items():
        grouped[pk, possible].append(targets[target].name)
    return [Consequence(subscriptions[pk], tuple(sorted(names)), possible) for (pk, possible), names in grouped.items()]
