"""Conditions 1 and 6: the subscription is active, and provisioned."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from subscriptions.models import Status
from upgrades.conditions.condition import Condition, Fact, Remedy

if TYPE_CHECKING:
    from upgrades.verdicts import Verdict


def _status_fact(verdict: "Verdict") -> Sequence[Fact]:
    subscription = verdict.subscription
    if subscription.status != Status.SUSPENDED:
        return (Fact("status", {"status": subscription.status}),)
    if subscription.suspended_at is None:
        return (Fact("suspended", {}),)
    return (Fact("suspended_until", {"suspended": subscription.suspended_at, "deleted": subscription.deletion_time}),)


def _reactivate(verdict: "Verdict") -> Remedy | None:
    subscription = verdict.subscription
    if subscription.status != Status.SUSPENDED:
        return None
    if not subscription.is_sold_by(verdict.partner):
        return Remedy("seller_reactivates")
    return Remedy("reactivate", subscription_id=subscription.pk, page="subscriptions:reactivate")


ACTIVE = Condition(
    code="subscription_status_not_active",
    met_words=_("The subscription is active"),
    unmet_words=_("The subscription is not active"),
    # A pending subscription is not active either; of the two, condition 6 says it more exactly.
    state=lambda partner_id: Q(status__in=[Status.SUSPENDED, Status.DELETED]),
    facts=_status_fact,
    remedy=_reactivate,
)

PROVISIONED = Condition(
    code="subscription_not_provisioned",
    met_words=_("The subscription is provisioned"),
    unmet_words=_("The subscription is not provisioned yet"),
    state=lambda partner_id: Q(status=Status.PENDING),
    facts=_status_fact,
    remedy=lambda verdict: Remedy("wait_for_provisioning"),
)
