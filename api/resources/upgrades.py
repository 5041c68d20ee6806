"""On the wire: to which offers a subscription can be upgraded, and the upgrade itself."""

import uuid
from typing import Any, NoReturn

from django.db import OperationalError
from django.utils.translation import gettext as _
from ninja import Router

from api.calls import Call
from api.etags import NEVER, precondition
from api.faults import (
    BUSY,
    NO_SUBSCRIPTION,
    QUANTITY,
    STALE_HEADER,
    UNKNOWN_OFFER,
    WireFault,
    members_fault,
    refused,
)
from api.once import is_lock_not_had
from api.paging import whole_collection
from api.resources.offers import OfferOut, offers_out
from api.resources.subscriptions import visible_subscription
from api.serving import CallRequest, id_in, serves
from api.shapes import Attributes, Collection, UpgradeType, Whole, WireIn, WireOut
from api.upgrade_words import UpgradeErrorOut, no_paths, others_at_work, target_not_found, upgrade_errors
from catalog.models import Offer
from partners.roles import Permission
from subscriptions.models import Subscription
from upgrades.errors import ConditionsUnmet, MatrixOvertaken, NoUpgradePath, QuantityRefused, SubscriptionChanged
from upgrades.models import UpgradePath
from upgrades.operations import OPERATION, refuse_upgrade, upgrade_subscription
from upgrades.verdicts import Verdict, judge

router = Router()
TAG = "Upgrades"
ALL = "/customers/{customer_id}/subscriptions/{subscription_id}/upgrades"
MOVES_LICENCES = "upgrade_with_license_transfer"
LONGEST_NAMED = 60


class TargetOfferIn(WireIn):
    """The offer to upgrade to."""

    id: str


class UpgradeIn(WireIn):
    """An upgrade that is asked for; without a quantity the licences stay as many."""

    target_offer: TargetOfferIn
    quantity: Whole | None = None
    upgrade_type: UpgradeType | None = None


class UpgradeOut(WireOut):
    """One offer to which a subscription can be upgraded, or all that stands in the way."""

    target_offer: OfferOut
    upgrade_type: UpgradeType = "upgrade_only"
    is_eligible: bool
    quantity: int
    upgrade_errors: list[UpgradeErrorOut]
    attributes: Attributes = Attributes(object_type="Upgrade")


class UpgradeResultOut(WireOut):
    """What came of an upgrade: done where there are no errors, else refused, and nothing changed."""

    source_subscription_id: str
    target_subscription_id: str | None = None
    upgrade_type: UpgradeType
    upgrade_errors: list[UpgradeErrorOut]
    license_errors: list[UpgradeErrorOut] = []
    attributes: Attributes = Attributes(object_type="UpgradeResult")


@serves(
    router,
    "GET",
    ALL,
    may=Permission.SEE_CUSTOMERS,
    answer=Collection[UpgradeOut],
    faults=(NO_SUBSCRIPTION,),
    tag=TAG,
)
def get_upgrades(request: CallRequest, customer_id: str, subscription_id: str) -> Collection[UpgradeOut]:
    """Every offer to which the subscription has an upgrade path, with all reasons why it cannot be taken now."""
    subscription = visible_subscription(request.call, subscription_id)
    verdicts = judge([subscription], partner=request.call.partner)
    verdicts.sort(key=lambda verdict: (verdict.path.target.rank, verdict.path.target.pk))
    targets = offers_out(verdict.path.target for verdict in verdicts)
    return whole_collection(request, [_option(*pair) for pair in zip(verdicts, targets, strict=True)])


def _option(verdict: Verdict, target: OfferOut) -> UpgradeOut:
    return UpgradeOut(
        target_offer=target,
        is_eligible=verdict.is_eligible,
        quantity=verdict.subscription.quantity,
        upgrade_errors=upgrade_errors(verdict),
    )


@serves(
    router,
    "POST",
    ALL,
    may=Permission.MANAGE_SUBSCRIPTIONS,
    answer=UpgradeResultOut,
    faults=(NO_SUBSCRIPTION, STALE_HEADER),
    records=OPERATION,
    tag=TAG,
)
def post_upgrade(request: CallRequest, customer_id: str, subscription_id: str, body: UpgradeIn) -> UpgradeResultOut:
    """Upgrade the subscription, or say all that stands in the way and change nothing."""
    subscription = visible_subscription(request.call, subscription_id)
    condition = precondition(request)
    version = condition.version_for(subscription.pk, subscription.version)
    target_id = id_in(body.target_offer.id)
    if version == NEVER:
        _refuse(request.call, subscription, body, "subscription_changed", condition.stale())
    if body.upgrade_type == MOVES_LICENCES:
        fault = members_fault([f"upgradeType: {_('licenses cannot be moved by partners in this cloud')}"])
        _refuse(request.call, subscription, body, "licence_transfer", fault)
    if target_id is None:
        _refuse(request.call, subscription, body, "unknown_offer", _no_such_offer())
    try:
        return _upgraded(request.call, subscription, target_id, body.quantity, version)
    except SubscriptionChanged as refusal:
        raise condition.stale(refusal) from refusal


def _refuse(call: Call, subscription: Subscription, body: UpgradeIn, reason: str, fault: WireFault) -> NoReturn:
    """Record the attempt, and answer so."""
    asked = {"target": ascii(body.target_offer.id)[1:-1][:LONGEST_NAMED].lower(), "quantity": body.quantity}
    refuse_upgrade(staff=call.caller, subscription_id=subscription.pk, asked=asked, codes=(reason,))
    raise fault


def _upgraded(
    call: Call, subscription: Subscription, target_id: uuid.UUID, quantity: int | None, version: int | None
) -> UpgradeResultOut:
    """What came of it. Raises `SubscriptionChanged`, and the refusals that are no conditions."""
    asked: dict[str, Any] = {"subscription_id": subscription.pk, "customer_id": call.customer.pk, "version": version}
    try:
        upgrade_subscription(staff=call.caller, target_id=target_id, quantity=quantity, key=call.key, **asked)
    except ConditionsUnmet as refusal:
        return _refused_for(subscription, upgrade_errors(refusal.verdict))
    except NoUpgradePath:
        return _refused_for(subscription, [_why_no_path(subscription, target_id)])
    except OperationalError as error:
        if not is_lock_not_had(error):
            raise
        told = {"target": str(target_id), "quantity": quantity}
        refuse_upgrade(staff=call.caller, subscription_id=subscription.pk, asked=told, codes=("concurrency_conflicts",))
        return _refused_for(subscription, [others_at_work()])
    return UpgradeResultOut(
        source_subscription_id=str(subscription.pk),
        target_subscription_id=str(subscription.pk),
        upgrade_type="upgrade_only",
        upgrade_errors=[],
    )


def _refused_for(subscription: Subscription, errors: list[UpgradeErrorOut]) -> UpgradeResultOut:
    return UpgradeResultOut(source_subscription_id=str(subscription.pk), upgrade_type="none", upgrade_errors=errors)


def _why_no_path(subscription: Subscription, target_id: uuid.UUID) -> UpgradeErrorOut:
    """Which of the paths is missing. Raises `WireFault` (400/800004) where there is no such offer at all."""
    target: Offer | None = Offer.objects.filter(pk=target_id).first()
    if target is None:
        raise _no_such_offer()
    if not UpgradePath.objects.filter(source=subscription.offer).exists():
        return no_paths(subscription.offer)
    return target_not_found(subscription.offer, target)


def _no_such_offer() -> WireFault:
    return WireFault(UNKNOWN_OFFER, data=[f"targetOffer.id: {_('there is no such offer')}"])


@refused(QuantityRefused)
def quantity_fault(refusal: QuantityRefused, call: Call) -> WireFault:
    """The target offer does not take so many licences."""
    return WireFault(QUANTITY, str(refusal), data=[f"quantity: {refusal}"])


@refused(MatrixOvertaken)
def overtaken_fault(refusal: MatrixOvertaken, call: Call) -> WireFault:
    """The matrix was edited at the same moment."""
    return WireFault(BUSY, str(refusal))
