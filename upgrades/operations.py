"""The verbs of this room: upgrade a subscription, tick off a step of its hand-over list."""

import uuid
from dataclasses import asdict
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.http import Http404
from django.utils import timezone

from activity.models import Outcome
from activity.operations import record
from customers.models import Customer
from partners.models import Partner, Staff
from partners.roles import Permission
from subscriptions.models import Subscription
from upgrades.conditions import CONDITIONS
from upgrades.errors import (
    ConditionsUnmet,
    KeyReused,
    NoUpgradePath,
    QuantityRefused,
    SubscriptionChanged,
    UpgradeRefused,
)
from upgrades.hand_over import hand_over_steps
from upgrades.models import Upgrade, UpgradeMatrix
from upgrades.verdicts import Verdict, judge

OPERATION = "upgrade_subscription"


def upgrade_subscription(
    *,
    staff: Staff,
    subscription_id: uuid.UUID,
    target_id: uuid.UUID,
    quantity: int,
    key: str,
    version: int | None = None,
) -> Upgrade:
    """Move a subscription to the target offer with this many licences, or refuse and change nothing.

    All happens in one transaction that holds the customer's row, so that upgrades of one customer follow one
    another. `key` makes it idempotent for the partner: the same call again returns the first upgrade. `version`
    is the subscription's version that the person saw; where it has moved on, the upgrade is refused.

    Raises `UpgradeRefused` (each kind says why; the attempt is recorded), `PermissionDenied` where the roles do
    not allow it, `Http404` where the person's partner cannot see the subscription.
    Source: domain, "What an upgrade does".
    """
    assert staff.partner is not None
    asked = {"target": str(target_id), "quantity": quantity}
    if not staff.may(Permission.MANAGE_SUBSCRIPTIONS):
        _record_refusal(staff, None, subscription_id, asked, ("role",))
        raise PermissionDenied
    try:
        with transaction.atomic():
            outcome = _upgrade_or_refuse(staff, staff.partner, subscription_id, target_id, quantity, key, version)
    except IntegrityError as error:
        outcome = _after_a_race(error, staff.partner, subscription_id, target_id, quantity, key)
    if isinstance(outcome, Upgrade):
        return outcome
    customer, refusal = outcome
    _record_refusal(staff, customer, subscription_id, asked, refusal.codes)
    raise refusal


Refusal = tuple[Customer | None, UpgradeRefused]


def _upgrade_or_refuse(
    staff: Staff,
    partner: Partner,
    subscription_id: uuid.UUID,
    target_id: uuid.UUID,
    quantity: int,
    key: str,
    version: int | None,
) -> Upgrade | Refusal:
    customer = _lock_customer(staff, subscription_id)
    first = Upgrade.objects.of_partner(partner.pk).filter(key=key).first()
    if first is not None:
        return _first_result(first, subscription_id, target_id, quantity) or (customer, KeyReused())
    visible = Subscription.objects.sold_or_administered_by(partner.pk).filter(pk=subscription_id)
    verdict = next(iter(judge(visible.filter(offer__upgrade_paths__target_id=target_id), partner=partner)), None)
    if verdict is None or verdict.path.target.pk != target_id:
        return customer, _why_no_verdict(visible, version)
    refusal = _refusal(verdict, quantity, version)
    return (customer, refusal) if refusal else _carry_out(staff, partner, customer, verdict, quantity, key)


def _lock_customer(staff: Staff, subscription_id: uuid.UUID) -> Customer:
    """Hold the customer's row: conditions 2 to 4 look across all that the customer has."""
    owner = Subscription.objects.filter(pk=subscription_id).values("customer_id")
    customer = Customer.objects.select_for_update().visible_to(staff).filter(pk__in=owner).first()
    if customer is None:
        raise Http404
    return customer


def _first_result(
    first: Upgrade, subscription_id: uuid.UUID, target_id: uuid.UUID, quantity: int
) -> Upgrade | None:
    same = (first.subscription_id, first.target_offer_id, first.quantity_after) == (subscription_id, target_id, quantity)
    return first if same else None


def _after_a_race(
    error: IntegrityError, partner: Partner, subscription_id: uuid.UUID, target_id: uuid.UUID, quantity: int, key: str
) -> Upgrade | Refusal:
    """The key was taken at the same moment by an upgrade of another customer."""
    first = Upgrade.objects.of_partner(partner.pk).filter(key=key).first()
    if first is None:
        raise error
    return _first_result(first, subscription_id, target_id, quantity) or (None, KeyReused())


def _why_no_verdict(visible: Any, version: int | None) -> UpgradeRefused:
    subscription = visible.first()
    if subscription is None:
        raise Http404
    if version is not None and subscription.version != version:
        return SubscriptionChanged()
    return NoUpgradePath()


def _refusal(verdict: Verdict, quantity: int, version: int | None) -> UpgradeRefused | None:
    if version is not None and verdict.subscription.version != version:
        return SubscriptionChanged()
    if not verdict.is_eligible:
        return ConditionsUnmet(verdict)
    target = verdict.path.target
    if target.allows(quantity):
        return None
    return QuantityRefused(
        offer=target.name, quantity=quantity, minimum=target.minimum_quantity, maximum=target.maximum_quantity
    )


def _carry_out(
    staff: Staff, partner: Partner, customer: Customer, verdict: Verdict, quantity: int, key: str
) -> Upgrade:
    subscription, path = verdict.subscription, verdict.path
    before = {"offer": path.source.name, "quantity": subscription.quantity, "version": subscription.version}
    quantity_before, version = subscription.quantity, subscription.version + 1
    Subscription.objects.filter(pk=subscription.pk).update(
        offer_id=path.target.pk, quantity=quantity, version=version
    )
    change = path.change
    upgrade = Upgrade.objects.create(
        key=key,
        partner=partner,
        customer=customer,
        subscription=subscription,
        staff=staff,
        source_offer=path.source,
        target_offer=path.target,
        partner_name=partner.name,
        company_name=customer.company_name,
        staff_name=str(staff),
        source_name=path.source.name,
        target_name=path.target.name,
        nickname=subscription.nickname,
        quantity_before=quantity_before,
        quantity_after=quantity,
        version_after=version,
        gained=list(change.gained),
        replaced=[asdict(pair) for pair in change.replaced],
        lost=list(change.lost),
        footnote=path.footnote,
        matrix_version=UpgradeMatrix.objects.values_list("version", flat=True).get(),
        evidence=evidence(verdict),
        hand_over=hand_over_steps(
            change=change, target=path.target.name, quantity_before=quantity_before, quantity_after=quantity
        ),
    )
    record(
        actor=staff.actor,
        operation=OPERATION,
        resource=subscription,
        customer=customer,
        before=before,
        after={"offer": path.target.name, "quantity": quantity, "version": version, "upgrade": str(upgrade.pk)},
    )
    return upgrade


def evidence(verdict: Verdict) -> list[dict[str, Any]]:
    """Each condition with whether it held and the facts it saw, as the receipt keeps them."""
    return [
        {
            "code": condition.code,
            "met": condition not in verdict.unmet,
            "facts": [{"code": fact.code, "values": dict(fact.values)} for fact in verdict.facts(condition)],
        }
        for condition in CONDITIONS
    ]


def _record_refusal(
    staff: Staff, customer: Customer | None, subscription_id: uuid.UUID, asked: dict[str, Any], codes: tuple[str, ...]
) -> None:
    """A refused attempt leaves its reasons and changes nothing else."""
    seen = Subscription.objects.visible_to(staff).select_related("customer").filter(pk=subscription_id).first()
    record(
        actor=staff.actor,
        operation=OPERATION,
        resource=seen,
        resource_type="subscription",
        customer=customer or (seen.customer if seen else None),
        after=asked,
        outcome=Outcome.REFUSED,
        reasons=codes,
    )


def tick_step(*, staff: Staff, upgrade_id: uuid.UUID, number: int, is_done: bool) -> Upgrade:
    """Tick one step of a hand-over list off, or take the tick back; `number` counts from 0.

    The upgrade is finished when all are ticked. Ticking a ticked step changes nothing. Raises `Http404` where
    the person's partner did not make the upgrade or it has no such step, `PermissionDenied` by role.
    """
    if not staff.may(Permission.MANAGE_SUBSCRIPTIONS):
        raise PermissionDenied
    with transaction.atomic():
        upgrade = Upgrade.objects.select_for_update(of=("self",)).visible_to(staff).filter(pk=upgrade_id).first()
        if upgrade is None or not 0 <= number < len(upgrade.hand_over):
            raise Http404
        step = upgrade.hand_over[number]
        if bool(step["done_at"]) != is_done:
            _tick(staff, upgrade, step, number, is_done=is_done)
    return upgrade


def _tick(staff: Staff, upgrade: Upgrade, step: dict[str, Any], number: int, *, is_done: bool) -> None:
    now = timezone.now()
    step["done_at"] = now.isoformat() if is_done else None
    step["done_by"] = str(staff.pk) if is_done else None
    step["done_by_name"] = str(staff) if is_done else ""
    upgrade.finished_at = now if upgrade.steps_done == len(upgrade.hand_over) else None
    upgrade.save(update_fields=["hand_over", "finished_at"])
    record(
        actor=staff.actor,
        operation="tick_hand_over_step" if is_done else "untick_hand_over_step",
        resource=upgrade,
        customer=upgrade.customer,
        after={"step": number, "code": step["code"], "values": step["values"], "finished": upgrade.is_finished},
    )
