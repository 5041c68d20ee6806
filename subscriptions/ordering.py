"""The verbs of orders: place one, and try again what could not be provisioned."""

import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _

from activity.errors import Refused
from activity.models import Outcome
from activity.operations import record
from activity.submissions import Asked, first_result, remember
from customers.models import Customer, ResellerRelationship
from partners.legible import is_illegible
from partners.models import Caller, Partner, person_of
from partners.roles import Permission
from subscriptions.models import (
    LONGEST_NICKNAME,
    LONGEST_REFERENCE,
    BillingCycle,
    Order,
    OrderLine,
    Provisioning,
    Status,
    Subscription,
)
from subscriptions.sale import Line, Objection, Sale, sale_to
from subscriptions.tasks import provision_order

PLACE = "place_order"
RETRY = "retry_provisioning"
MOST_LINES = 100


class OrderRefused(Refused):
    """An order that was not placed; nothing has changed."""

    codes: tuple[str, ...] = ("order_refused",)

    @property
    def message(self) -> str:
        """The reason as a sentence."""
        return _("The order was refused; nothing was bought.")


class RelationshipEnded(OrderRefused):
    """The partner may look at what it once sold to the customer, and sell nothing more."""

    codes = ("relationship_ended",)

    @property
    def message(self) -> str:
        """The reason as a sentence."""
        return _("Your reseller relationship with this customer has ended. Request it anew to sell again.")


class OrderContentRefused(OrderRefused):
    """Something is not as it must be, whoever the customer is; `field` names it, and `line` counts from 0."""

    def __init__(self, field: str, sentence: str, *, line: int | None = None) -> None:
        super().__init__()
        self.field, self.sentence, self.line = field, sentence, line
        self.codes = (f"{field}_refused",)

    @property
    def message(self) -> str:
        """The reason as a sentence."""
        return self.sentence


class LinesRefused(OrderRefused):
    """At least one line cannot be sold; `objections` has what is against each, in their order."""

    def __init__(self, objections: Sequence[Sequence[Objection]]) -> None:
        super().__init__()
        self.objections = objections
        self.codes = tuple(dict.fromkeys(objection.code for line in objections for objection in line))

    @property
    def message(self) -> str:
        """The reasons as sentences."""
        return " ".join(objection.message for line in self.objections for objection in line)


@dataclass(frozen=True)
class Attempt:
    """What somebody wants to buy."""

    staff: Caller
    customer_id: uuid.UUID
    lines: tuple[Line, ...]
    key: str
    billing_cycle: str
    reference: str

    @property
    def partner(self) -> Partner:
        """The partner of the person who asks; who may order has one."""
        assert self.staff.partner is not None
        return self.staff.partner

    @property
    def asked(self) -> Asked:
        """The same as `activity.submissions` keeps it."""
        content = {
            "customer": self.customer_id,
            "lines": [asdict(line) for line in self.lines],
            "billing_cycle": self.billing_cycle,
            "reference": self.reference,
        }
        return Asked(self.partner.pk, self.key, PLACE, content)


def place_order(
    *,
    staff: Caller,
    customer_id: uuid.UUID,
    lines: Sequence[Line],
    key: str,
    billing_cycle: str = BillingCycle.MONTHLY,
    reference: str = "",
) -> Order:
    """Buy all these lines for the customer, or none: each becomes a pending subscription, committed for a year.

    All happens in one transaction that holds the customer's row; the worker provisions what was bought. `key`
    makes it idempotent for the partner: the same call again returns the first order.

    Raises `OrderRefused` (each kind says why) or `SubmissionReused`, both recorded; `PermissionDenied` where the
    roles do not allow it, `Http404` where the person's partner cannot see the customer.
    """
    attempt = Attempt(staff, customer_id, tuple(lines), key, billing_cycle, reference)
    if not staff.may(Permission.MANAGE_SUBSCRIPTIONS):
        _record_refusal(attempt, ("role",))
        raise PermissionDenied
    try:
        with transaction.atomic():
            return _place(attempt)
    except Refused as refused:
        _record_refusal(attempt, refused.codes)
        raise


def _place(attempt: Attempt) -> Order:
    customer = _lock_customer(attempt.staff, attempt.customer_id)
    first = first_result(attempt.asked)
    if first is not None:
        order: Order = Order.objects.get(pk=first["order"])
        return order
    check_order(attempt.lines, attempt.billing_cycle, attempt.reference)
    relationship = ResellerRelationship.objects.filter(partner=attempt.partner, customer=customer)
    if not relationship.filter(has_ended=False).exists():
        raise RelationshipEnded
    sale = sale_to(partner_id=attempt.partner.pk, customer_id=customer.pk)
    objections = sale.judge(attempt.lines)
    if any(objections):
        raise LinesRefused(objections)
    return _carry_out(attempt, customer, sale)


def _lock_customer(staff: Caller, customer_id: uuid.UUID) -> Customer:
    """Hold the customer's row: what may be sold depends on all that the customer has."""
    locked = Customer.objects.select_for_update().visible_to(staff)
    customer: Customer | None = locked.filter(pk=customer_id).first()
    if customer is None:
        raise Http404
    return customer


def check_order(lines: Sequence[Line], billing_cycle: str, reference: str) -> None:
    """Raise `OrderContentRefused` where something is not as it must be, whoever the customer is."""
    if not 1 <= len(lines) <= MOST_LINES:
        raise OrderContentRefused("lines", _("An order has 1 to %(most)s lines.") % {"most": MOST_LINES})
    if billing_cycle not in BillingCycle.values:
        sentence = _("The billing cycle is one of: %(cycles)s.") % {"cycles": ", ".join(BillingCycle.values)}
        raise OrderContentRefused("billing_cycle", sentence)
    _check_text("reference", _("The reference"), reference, LONGEST_REFERENCE)
    for number, line in enumerate(lines):
        _check_text("nickname", _("The nickname"), line.nickname, LONGEST_NICKNAME, line=number)


def _check_text(field: str, name: str, text: str, longest: int, *, line: int | None = None) -> None:
    if len(text) > longest:
        sentence = _("%(name)s has %(longest)s characters at most.") % {"name": name, "longest": longest}
        raise OrderContentRefused(field, sentence, line=line)
    if any(map(is_illegible, text)):
        sentence = _("%(name)s contains control characters, which cannot be shown.") % {"name": name}
        raise OrderContentRefused(field, sentence, line=line)


def _carry_out(attempt: Attempt, customer: Customer, sale: Sale) -> Order:
    order: Order = Order.objects.create(
        customer=customer,
        partner=attempt.partner,
        staff=person_of(attempt.staff),
        reference=attempt.reference,
        billing_cycle=attempt.billing_cycle,
    )
    bought = _buy(attempt, order, sale)
    OrderLine.objects.bulk_create(
        OrderLine(
            order=order,
            number=number,
            offer_id=line.offer_id,
            quantity=line.quantity,
            nickname=line.nickname,
            subscription=bought[line.offer_id],
            next_attempt_at=order.created_at,
        )
        for number, line in enumerate(attempt.lines)
    )
    _record_order(attempt, order, [bought[line.offer_id] for line in attempt.lines])
    remember(attempt.asked, {"order": order.pk})
    provision_order.enqueue(str(order.pk))
    return order


def _buy(attempt: Attempt, order: Order, sale: Sale) -> dict[uuid.UUID, Subscription]:
    """The new subscriptions by their offers, each of which an order has once; add-ons hang on their parents."""
    bought = {
        line.offer_id: Subscription(
            customer=order.customer,
            offer=sale.offers[line.offer_id],
            reseller_of_record=attempt.partner,
            nickname=line.nickname,
            quantity=line.quantity,
            status=Status.PENDING,
            created_at=order.created_at,
        )
        for line in attempt.lines
    }
    for offer_id, subscription in bought.items():
        beside = (bought[parent] for parent in sale.parents.get(offer_id, ()) if parent in bought)
        subscription.parent = sale.parent_of(subscription.offer) or next(beside, None)
    for subscription in _parents_first(bought.values()):
        subscription.save(force_insert=True)
    return bought


def _parents_first(subscriptions: Any) -> list[Subscription]:
    waiting, placed = list(subscriptions), []
    while waiting:
        ready = [one for one in waiting if one.parent not in waiting] or waiting
        placed += ready
        waiting = [one for one in waiting if one not in ready]
    return placed


def _record_order(attempt: Attempt, order: Order, bought: Sequence[Subscription]) -> None:
    record(
        actor=attempt.staff.actor,
        operation=PLACE,
        resource=order,
        customer=order.customer,
        after={
            "reference": order.reference,
            "billing_cycle": order.billing_cycle,
            "lines": [_as_recorded(subscription) for subscription in bought],
            "version": order.version,
        },
    )
    for subscription in bought:
        record(
            actor=attempt.staff.actor,
            operation="create_subscription",
            resource=subscription,
            customer=order.customer,
            after={**_as_recorded(subscription), "order": str(order.pk), "version": subscription.version},
        )


def _as_recorded(subscription: Subscription) -> dict[str, Any]:
    return {
        "subscription": str(subscription.pk),
        "offer": subscription.offer.name,
        "offer_id": str(subscription.offer_id),
        "quantity": subscription.quantity,
        "nickname": subscription.nickname,
        "status": subscription.status,
        "parent": str(subscription.parent_id) if subscription.parent_id else None,
    }


def _record_refusal(attempt: Attempt, codes: Sequence[str]) -> None:
    refuse_order(staff=attempt.staff, customer_id=attempt.customer_id, lines=attempt.lines, codes=codes)


def refuse_order(
    *, staff: Caller, customer_id: uuid.UUID, lines: Sequence[Line], codes: Sequence[str] = OrderRefused.codes
) -> None:
    """Record an attempt to order that was refused; it leaves its reasons and changes nothing else."""
    customer = Customer.objects.visible_to(staff).filter(pk=customer_id).first()
    named = [{"offer_id": str(line.offer_id), "quantity": line.quantity} for line in lines[:MOST_LINES]]
    record(
        actor=staff.actor,
        operation=PLACE,
        resource_type="order",
        customer=customer,
        after={"lines": named},
        outcome=Outcome.REFUSED,
        reasons=codes,
    )


def retry_provisioning(*, staff: Caller, customer_id: uuid.UUID, order_id: uuid.UUID) -> Order:
    """Have the worker try again, at once, all of this order that is not provisioned yet; nothing where all is.

    Raises `PermissionDenied` by role (recorded), `Http404` where the person's partner did not place the order.
    """
    if not staff.may(Permission.MANAGE_SUBSCRIPTIONS):
        _record_refused_retry(staff, order_id)
        raise PermissionDenied
    with transaction.atomic():
        customer = _lock_customer(staff, customer_id)
        order: Order | None = Order.objects.visible_to(staff).filter(pk=order_id, customer=customer).first()
        if order is None:
            raise Http404
        waiting = order.lines.exclude(provisioning=Provisioning.SUCCEEDED).filter(subscription__status=Status.PENDING)
        again = {"provisioning": Provisioning.PENDING, "attempts": 0, "next_attempt_at": timezone.now()}
        # Pressed twice it is asked once: what was not tried since is due already. Another task does no harm.
        asked = waiting.filter(provisioning=Provisioning.PENDING, attempts=0, next_attempt_at__lte=timezone.now())
        if waiting.exclude(pk__in=asked).update(**again):
            record(actor=staff.actor, operation=RETRY, resource=order, customer=customer)
        if waiting.exists():
            provision_order.enqueue(str(order.pk))
    return order


def _record_refused_retry(staff: Caller, order_id: uuid.UUID) -> None:
    order = Order.objects.visible_to(staff).select_related("customer").filter(pk=order_id).first()
    record(
        actor=staff.actor,
        operation=RETRY,
        resource=order,
        resource_type="order",
        customer=order.customer if order else None,
        outcome=Outcome.REFUSED,
        reasons=("role",),
    )
