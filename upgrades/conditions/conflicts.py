"""Conditions 3 and 4: no other live subscription of the customer stands in the way, whoever sold it."""

import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.db.models import F, QuerySet
from django.utils.translation import gettext_lazy as _

from subscriptions.models import Subscription
from upgrades.conditions.condition import Condition, Fact, Option, Remedy
from upgrades.models import PathConflict, UpgradePath

if TYPE_CHECKING:
    from upgrades.verdicts import Verdict


def other_live_subscriptions(option: Option) -> QuerySet[Any]:
    """Every other live subscription of the customer, from any partner or channel."""
    return Subscription.objects.live().filter(customer_id=option.customer_id).exclude(pk=option.subscription_id)


def conflicting(option: Option, partner_id: uuid.UUID) -> QuerySet[Any]:
    """Those that contain a service plan, or any plan of a service, that the upgrade adds."""
    return other_live_subscriptions(option).filter(offer__obstructed_paths__path_id=option.path_id)


def of_the_target(option: Option, partner_id: uuid.UUID) -> QuerySet[Any]:
    """Those that are of the target offer."""
    return other_live_subscriptions(option).filter(offer_id=option.target_id)


def _other(verdict: "Verdict", other: Subscription, *, with_services: bool) -> Fact:
    """An obstructing subscription as this partner may know it: of one sold elsewhere, offer and services only."""
    values: dict[str, Any] = {"offer": other.offer.name}
    if with_services:
        values["services"] = verdict.path.clashing_names(other.offer)
    if other.reseller_of_record_id != verdict.partner.pk:
        return Fact("other_channel", values)
    values |= {"subscription": str(other.pk), "nickname": other.nickname, "quantity": other.quantity}
    return Fact("own_subscription", values | {"status": other.status, "suspended": other.suspended_at})


def _conflict_facts(verdict: "Verdict") -> Sequence[Fact]:
    if found := verdict.seen(NO_CONFLICT):
        return [_other(verdict, other, with_services=True) for other in found]
    if not verdict.path.added_names:
        return (Fact("nothing_added", {}),)
    return (Fact("no_conflict", {"services": verdict.path.added_names}),)


def _target_facts(verdict: "Verdict") -> Sequence[Fact]:
    if found := verdict.seen(TARGET_ABSENT):
        return [_other(verdict, other, with_services=False) for other in found]
    return (Fact("target_absent", {"offer": verdict.path.target.name}),)


def _make_room(verdict: "Verdict", found: Sequence[Subscription]) -> Remedy | None:
    """Own ones first: they can be mended from here; the others only where they were bought."""
    own = [other for other in found if other.reseller_of_record_id == verdict.partner.pk]
    if own:
        return Remedy(
            "cancel_own", {"offer": own[0].offer.name}, subscription_id=own[0].pk, page="subscriptions:cancel"
        )
    if not found:
        return None
    names = sorted({other.offer.name for other in found})
    return Remedy("cancel_elsewhere", {"offers": names}, for_customer=True)


NO_CONFLICT: Condition = Condition(
    code="conflicting_service_types",
    met_words=_("No other subscription contains the added services"),
    unmet_words=_("Another subscription of this customer already contains services that the upgrade adds"),
    obstacles=lambda option, partner_id: conflicting(option, partner_id).select_related("offer"),
    other_offers=lambda: PathConflict.objects.values("path_id", "offer_id"),
    facts=_conflict_facts,
    remedy=lambda verdict: _make_room(verdict, verdict.seen(NO_CONFLICT)),
)

TARGET_ABSENT: Condition = Condition(
    code="subscription_target_offer_already_present",
    met_words=_("The customer does not have this offer yet"),
    unmet_words=_("The customer already has this offer"),
    obstacles=lambda option, partner_id: of_the_target(option, partner_id).select_related("offer"),
    other_offers=lambda: UpgradePath.objects.values(path_id=F("pk"), offer_id=F("target_id")),
    facts=_target_facts,
    remedy=lambda verdict: _make_room(verdict, verdict.seen(TARGET_ABSENT)),
)
