"""Condition 7: no live add-on has this subscription as its parent."""

import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from subscriptions.models import Subscription
from upgrades.conditions.condition import Condition, Fact, Option, Remedy

if TYPE_CHECKING:
    from upgrades.verdicts import Verdict


def live_add_ons(option: Option, partner_id: uuid.UUID) -> QuerySet[Any]:
    """The live add-ons of the subscription."""
    return Subscription.objects.live().filter(parent_id=option.subscription_id)


def _facts(verdict: "Verdict") -> Sequence[Fact]:
    if found := verdict.seen(NO_ADD_ONS):
        return [_add_on(verdict, add_on) for add_on in found]
    return (Fact("no_add_ons", {}),)


def _add_on(verdict: "Verdict", add_on: Subscription) -> Fact:
    """An add-on as this partner may know it: of one sold elsewhere, the offer only."""
    if add_on.reseller_of_record_id != verdict.partner.pk:
        return Fact("other_channel", {"offer": add_on.offer.name})
    return Fact("add_on", {"offer": add_on.offer.name, "status": add_on.status})


def _cancel(verdict: "Verdict") -> Remedy:
    found = verdict.seen(NO_ADD_ONS)
    own = [add_on for add_on in found if add_on.reseller_of_record_id == verdict.partner.pk]
    values = {"offers": [add_on.offer.name for add_on in found]}
    if own:
        return Remedy("cancel_add_ons", values, subscription_id=own[0].pk, page="subscriptions:cancel")
    return Remedy("cancel_add_ons_elsewhere", values, for_customer=True)


NO_ADD_ONS = Condition(
    code="subscription_add_ons_present",
    met_words=_("No live add-on hangs on it"),
    unmet_words=_("A live add-on hangs on this subscription"),
    obstacles=lambda option, partner_id: live_add_ons(option, partner_id).select_related("offer"),
    facts=_facts,
    remedy=_cancel,
)
