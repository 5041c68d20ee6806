"""The upgrades that somebody waited for and that are possible now: lines of their desk."""

import datetime
import uuid
from dataclasses import dataclass

from django.utils import timezone

from catalog.models import Offer
from customers.models import Customer
from partners.models import Staff
from partners.roles import Permission
from subscriptions.models import Subscription
from upgrades.models import UpgradeWatch
from upgrades.verdicts import is_possible_by_target

SHOWN = 5
# Whoever has not come back to it after so long does not want it any more.
DAYS_SHOWN = 30
LOOKED_AT = 50


@dataclass(frozen=True)
class Mended:
    """A subscription whose upgrade to these targets was waited for and is possible now."""

    subscription: Subscription
    customer: Customer
    targets: tuple[Offer, ...]
    told_at: datetime.datetime


def mended_upgrades(staff: Staff) -> list[Mended]:
    """What this person was told lately and is still so, the latest first.

    One query where they were told nothing; what was upgraded since, or is possible no more, is left out.
    """
    if not staff.may(Permission.MANAGE_SUBSCRIPTIONS):
        return []
    since = timezone.now() - datetime.timedelta(days=DAYS_SHOWN)
    told = UpgradeWatch.objects.of(staff).told_since(since).that_may_upgrade()
    watches = list(told.select_related("customer", "subscription__offer")[:LOOKED_AT])
    if not watches:
        return []
    live = [one.subscription_id for one in watches if one.subscription.is_live]
    judged = is_possible_by_target(live, partner_id=watches[0].partner_id)
    by_subscription: dict[uuid.UUID, set[uuid.UUID]] = {}
    for one in watches:
        possible = {pk for pk, is_possible in judged.get(one.subscription_id, {}).items() if is_possible}
        waited_for = possible if one.target_id is None else possible & {one.target_id}
        by_subscription.setdefault(one.subscription_id, set()).update(waited_for)
    return _lines(watches, by_subscription)


def _lines(watches: list[UpgradeWatch], targets: dict[uuid.UUID, set[uuid.UUID]]) -> list[Mended]:
    offers = Offer.objects.in_bulk(set().union(*targets.values()))
    latest: dict[uuid.UUID, Mended] = {}
    for one in watches:
        names = sorted((offers[pk] for pk in targets[one.subscription_id]), key=lambda offer: offer.name)
        if names and one.subscription_id not in latest:
            assert one.ended_at is not None
            latest[one.subscription_id] = Mended(one.subscription, one.customer, tuple(names), one.ended_at)
    return list(latest.values())[:SHOWN]
