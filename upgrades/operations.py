"""The verbs of this room: upgrade a subscription, tick off a step of its hand-over list."""

import uuid
from dataclasses import asdict, dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import Exists
from django.http import Http404
from django.utils import timezone

from activity.models import Outcome
from activity.operations import record
from customers.models import Customer
from partners.models import Caller, Partner, Staff, person_of
from partners.roles import Permission
from subscriptions.history import changes_since
from subscriptions.models import Subscription
from upgrades.conditions import CONDITIONS
from upgrades.errors import (
    ConditionsUnmet,
    KeyReused,
    MatrixOvertaken,
    NoUpgradePath,
    QuantityRefused,
    SubscriptionChanged,
    UpgradeRefused,
)
from upgrades.hand_over import hand_over_steps
from upgrades.models import Upgrade, UpgradeMatrix
from upgrades.prepared import Prepared
from upgrades.verdicts import Verdict, judge

OPERATION = "upgrade_subscription"


def upgrade_subscription(
    *,
    staff: Caller,
    subscription_id: uuid.UUID,
    target_id: uuid.UUID,
    quantity: int | None,
    key: str,
    version: int | None = None,
    customer_id: uuid.UUID | None = None,
) -> Upgrade:
    """Move a subscription to the target offer with this many licences, or refuse and change nothing.

    Without a `quantity` it keeps the licences that it has once the customer's row is held.
    All happens in one transaction that holds the customer's row, so that upgrades of one customer follow one
    another. `key` makes it idempotent for the partner: the same call again returns the first upgrade. `version`
    is the subscription's version that the person saw; where it has moved on, the upgrade is refused. Where
    `customer_id` is given, the subscription is that customer's or there is none.

    Raises `UpgradeRefused` (each kind says why; the attempt is recorded), `PermissionDenied` where the roles do
    not allow it, `Http404` where the person's partner cannot see the subscription.
    Source: domain, "What an upgrade does".
    """
    attempt = Attempt(staff, subscription_id, target_id, quantity, key, version, customer_id)
    if not staff.may(Permission.MANAGE_SUBSCRIPTIONS):
        _record_refusal(attempt, None, ("role",))
        raise PermissionDenied
    try:
        outcome = _upgrade_or_refuse(attempt)
    except IntegrityError:
        # At the same moment the key was taken by an upgrade of another customer, or the offer got other limits:
        # neither is kept out by the customer's row. Both can be seen now.
        outcome = _upgrade_or_refuse(attempt)
    if _is_overtaken(outcome):
        outcome = _upgrade_or_refuse(attempt)
    if isinstance(outcome, Upgrade):
        return outcome
    customer, refusal = outcome
    _record_refusal(attempt, customer, refusal.codes)
    raise refusal


@dataclass(frozen=True)
class Attempt:
    """What somebody asks for."""

    staff: Caller
    subscription_id: uuid.UUID
    target_id: uuid.UUID
    quantity: int | None
    key: str
    version: int | None
    customer_id: uuid.UUID | None

    @property
    def partner(self) -> Partner:
        """The partner of the person who asks; who may upgrade has one."""
        assert self.staff.partner is not None
        return self.staff.partner

    def is_answered_by(self, upgrade: Upgrade) -> bool:
        """Whether an upgrade with the same key is just what is asked for."""
        asked = (self.subscription_id, self.target_id)
        is_the_same = (upgrade.subscription_id, upgrade.target_offer_id) == asked
        return is_the_same and self.quantity in {None, upgrade.quantity_after}

    def licences_of(self, subscription: Subscription) -> int:
        """How many licences the subscription shall have: as many as it has where none are named."""
        return subscription.quantity if self.quantity is None else self.quantity


_OWNER = Prepared(
    lambda ids, partner_id: (
        Customer.objects.select_for_update()
        .visible_to_partner(partner_id)
        .filter(pk__in=Subscription.objects.filter(pk__in=ids).values("customer_id"))
    )
)
_SUBSCRIPTION = Prepared(
    lambda ids, partner_id: (
        Subscription.objects.sold_or_administered_by(partner_id).filter(pk__in=ids).select_related("offer")
    )
)

Refusal = tuple[Customer | None, UpgradeRefused]


def _is_overtaken(outcome: Upgrade | Refusal) -> bool:
    """Whether it was refused only because the matrix changed between judging and writing."""
    return isinstance(outcome, tuple) and isinstance(outcome[1], MatrixOvertaken)


@transaction.atomic
def _upgrade_or_refuse(attempt: Attempt) -> Upgrade | Refusal:
    customer = _lock_customer(attempt)
    # A statement of its own: the one that waited for the lock does not see what was written meanwhile.
    first = _first_with_key(attempt)
    if first is not None:
        return first if attempt.is_answered_by(first) else (customer, KeyReused())
    partner = attempt.partner
    found: list[Subscription] = _SUBSCRIPTION.ask([attempt.subscription_id], partner_id=partner.pk)
    if not found:
        raise Http404
    [subscription] = found
    matrix_version = _matrix_version()
    verdicts = judge([subscription], partner=partner, target_id=attempt.target_id)
    if not verdicts:
        return customer, _why_no_verdict(subscription, attempt)
    refusal = _refusal(verdicts[0], attempt)
    return (customer, refusal) if refusal else _carry_out(attempt, customer, verdicts[0], matrix_version)


def _matrix_version() -> int:
    version: int = UpgradeMatrix.objects.values_list("version", flat=True).get()
    return version


def _lock_customer(attempt: Attempt) -> Customer:
    """Hold the customer's row: conditions 2 to 4 look across all that the customer has."""
    for customer in _OWNER.ask([attempt.subscription_id], partner_id=attempt.partner.pk):
        if attempt.customer_id in {None, customer.pk}:
            held: Customer = customer
            return held
    raise Http404


def _first_with_key(attempt: Attempt) -> Upgrade | None:
    return Upgrade.objects.of_partner(attempt.partner.pk).filter(key=attempt.key).first()


def _why_no_verdict(subscription: Subscription, attempt: Attempt) -> UpgradeRefused:
    return _changed_since(subscription, attempt) or NoUpgradePath()


def _changed_since(subscription: Subscription, attempt: Attempt) -> SubscriptionChanged | None:
    """What was done to it since the person looked, where anything was."""
    if attempt.version is None or attempt.version == subscription.version:
        return None
    return SubscriptionChanged(changes_since(subscription, attempt.version, partner_id=attempt.partner.pk))


def _refusal(verdict: Verdict, attempt: Attempt) -> UpgradeRefused | None:
    if stale := _changed_since(verdict.subscription, attempt):
        return stale
    if not verdict.is_eligible:
        return ConditionsUnmet(verdict)
    target, quantity = verdict.path.target, attempt.licences_of(verdict.subscription)
    if target.allows(quantity):
        return None
    return QuantityRefused(
        offer=target.name, quantity=quantity, minimum=target.minimum_quantity, maximum=target.maximum_quantity
    )


def _carry_out(attempt: Attempt, customer: Customer, verdict: Verdict, matrix_version: int) -> Upgrade | Refusal:
    subscription, path = verdict.subscription, verdict.path
    quantity, version = attempt.licences_of(subscription), subscription.version + 1
    # Whoever changes a subscription without holding its customer, or the matrix, may have done so since it was judged.
    as_judged = Subscription.objects.filter(
        Exists(UpgradeMatrix.objects.filter(version=matrix_version)),
        pk=subscription.pk,
        version=subscription.version,
        status=subscription.status,
    )
    if not as_judged.update(offer_id=path.target.pk, quantity=quantity, version=version):
        return customer, SubscriptionChanged() if _matrix_version() == matrix_version else MatrixOvertaken()
    upgrade = _proof(attempt, customer, verdict, matrix_version)
    record(
        actor=attempt.staff.actor,
        operation=OPERATION,
        resource=subscription,
        customer=customer,
        before={
            "offer": path.source.name,
            "offer_id": str(path.source.pk),
            "quantity": subscription.quantity,
            "version": subscription.version,
        },
        after={
            "offer": path.target.name,
            "offer_id": str(path.target.pk),
            "quantity": quantity,
            "version": version,
            "upgrade": str(upgrade.pk),
        },
    )
    return upgrade


def _proof(attempt: Attempt, customer: Customer, verdict: Verdict, matrix_version: int) -> Upgrade:
    """The row that the receipt is drawn from, in the words of this moment."""
    subscription, path, change = verdict.subscription, verdict.path, verdict.path.change
    quantity = attempt.licences_of(subscription)
    return Upgrade.objects.create(
        key=attempt.key,
        partner=attempt.partner,
        customer=customer,
        subscription=subscription,
        staff=person_of(attempt.staff),
        source_offer=path.source,
        target_offer=path.target,
        partner_name=attempt.partner.name,
        company_name=customer.company_name,
        staff_name=str(attempt.staff),
        source_name=path.source.name,
        target_name=path.target.name,
        nickname=subscription.nickname,
        quantity_before=subscription.quantity,
        quantity_after=quantity,
        version_after=subscription.version + 1,
        gained=list(change.gained),
        replaced=[asdict(pair) for pair in change.replaced],
        lost=list(change.lost),
        footnote=path.footnote,
        matrix_version=matrix_version,
        evidence=evidence(verdict),
        hand_over=hand_over_steps(
            change=change,
            target=path.target.name,
            quantity_before=subscription.quantity,
            quantity_after=quantity,
        ),
    )


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


def _record_refusal(attempt: Attempt, customer: Customer | None, codes: tuple[str, ...]) -> None:
    """A refused attempt leaves its reasons and changes nothing else."""
    asked = {"target": str(attempt.target_id), "quantity": attempt.quantity}
    refuse_upgrade(
        staff=attempt.staff, subscription_id=attempt.subscription_id, asked=asked, codes=codes, customer=customer
    )


def refuse_upgrade(
    *,
    staff: Caller,
    subscription_id: uuid.UUID,
    asked: dict[str, Any],
    codes: tuple[str, ...],
    customer: Customer | None = None,
) -> None:
    """Record an attempt to upgrade that was refused before there was anything to judge; nothing else changes.

    `asked` is what was asked for, of which what is `None` was not; `codes` are the reasons.
    """
    visible = Subscription.objects.visible_to(staff).select_related("customer")
    seen = visible.filter(pk=subscription_id).first()
    record(
        actor=staff.actor,
        operation=OPERATION,
        resource=seen,
        resource_type="subscription",
        customer=customer or (seen.customer if seen else None),
        after={name: value for name, value in asked.items() if value is not None},
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
        locked = Upgrade.objects.select_for_update(of=("self",)).visible_to(staff)
        upgrade: Upgrade | None = locked.filter(pk=upgrade_id).first()
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
