"""Makes what was ordered real: pending -> active, by a worker, through one interface.

The cloud is asked outside of any transaction, and nothing says that its answer was written down: the worker may be
killed in between, and two workers may have the same line at once. So a provisioner may be asked again for a line.
"""

import datetime
import logging
import uuid
from dataclasses import dataclass
from typing import Protocol

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from activity.models import Outcome
from activity.operations import SYSTEM, record
from customers.models import Customer
from partners.legible import is_illegible
from subscriptions.errors import ChangedMeanwhile
from subscriptions.life import Cause, change
from subscriptions.models import Failure, Order, OrderLine, Provisioning, Status, Subscription

DONE = "provision_subscription"
FAILED = "provisioning_failed"

# How long to wait after the first failure, the second, …; one more and somebody has to try again.
PAUSES = tuple(datetime.timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 720))

RELATED = (
    "order__customer",
    "order__partner",
    "offer",
    "subscription__offer",
    "subscription__parent",
    "subscription__reseller_of_record",
)

logger = logging.getLogger(__name__)


class ProvisioningFailed(Exception):
    """The cloud did not provision the line; the words, at best in the partner's language, say why."""


class Provisioner(Protocol):
    """Has the cloud provision what was ordered. Made without arguments, as the setting PROVISIONER names it."""

    def provision(self, line: OrderLine) -> None:
        """Return when the cloud has provisioned the line's subscription; raise `ProvisioningFailed` otherwise.

        Asked again for a subscription (`line.subscription_id`) that is provisioned already, it returns as well,
        also where it is asked twice at once.
        """


class ConfirmAtOnce:
    """Stands in where no cloud is connected: whatever was ordered is there."""

    def provision(self, line: OrderLine) -> None:
        """Nothing to wait for."""


def configured_provisioner() -> Provisioner:
    """The provisioner that the setting PROVISIONER names."""
    provisioner: Provisioner = import_string(settings.PROVISIONER)()
    return provisioner


def provision_due_lines(*, order_id: uuid.UUID, provisioner: Provisioner | None = None) -> None:
    """Try once each line of this order whose attempt is due, parents before their add-ons.

    Whatever fails is tried again later by itself, a few times. Safe to call at any time, from several places at
    once, and after a call that was killed. The configured provisioner is asked unless another is given.
    """
    provisioner = provisioner or configured_provisioner()
    tried: set[int] = set()
    while (line := _next_line(order_id, tried)) is not None:
        tried.add(line.pk)
        failure = _failure_of(provisioner, line)
        try:
            with transaction.atomic():
                _write_down(line, failure)
        except ChangedMeanwhile:
            # An import was faster, which does not wait for the customer's row. The line is still due.
            _try_again_at(timezone.now() + PAUSES[0], order_id)


def resume_provisioning() -> int:
    """Queue anew each order with lines that are due, for what a killed worker took and did not end; how many."""
    from subscriptions.tasks import provision_order

    due = OrderLine.objects.due(timezone.now()).order_by().values("order_id")
    orders = list(Order.objects.filter(pk__in=due).values_list("pk", flat=True))
    for order_id in orders:
        provision_order.enqueue(str(order_id))
    return len(orders)


@dataclass(frozen=True)
class _Reason:
    code: Failure
    words: str = ""


def _next_line(order_id: uuid.UUID, tried: set[int]) -> OrderLine | None:
    """The next line that is due; one whose parent is not provisioned yet waits for it."""
    due = OrderLine.objects.due(timezone.now()).filter(order_id=order_id).exclude(pk__in=tried)
    ready = due.exclude(subscription__parent__status=Status.PENDING)
    line: OrderLine | None = ready.select_related(*RELATED).first()
    return line


def _failure_of(provisioner: Provisioner, line: OrderLine) -> _Reason | None:
    """Have the line provisioned; why that failed, or `None`."""
    if not _parent_allows(line.subscription):
        return _Reason(Failure.PARENT_NOT_ACTIVE)
    try:
        provisioner.provision(line)
    except ProvisioningFailed as failed:
        return _Reason(Failure.REFUSED, _legible(str(failed)))
    except Exception:
        logger.exception("Provisioning subscription %s broke off", line.subscription_id)
        return _Reason(Failure.BROKE_OFF)
    return None


def _legible(words: str) -> str:
    longest = OrderLine._meta.get_field("failure").max_length
    return "".join(" " if is_illegible(character) else character for character in words).strip()[:longest]


def _parent_allows(subscription: Subscription) -> bool:
    """An add-on is not active under a parent that is not."""
    return subscription.parent is None or subscription.parent.status == Status.ACTIVE


def _write_down(tried: OrderLine, failure: _Reason | None) -> None:
    """What came of the attempt; one failure that two workers met at once counts once."""
    Customer.objects.select_for_update().get(pk=tried.order.customer_id)
    waiting = OrderLine.objects.waiting().filter(pk=tried.pk)
    line = waiting.select_related(*RELATED).first()
    if line is None:
        return
    if failure is None and not _parent_allows(line.subscription):
        failure = _Reason(Failure.PARENT_NOT_ACTIVE)
    if failure is None:
        _succeed(line)
    elif line.attempts == tried.attempts:
        _fail(line, failure)


def _succeed(line: OrderLine) -> None:
    now = timezone.now()
    line.attempts += 1
    line.provisioning, line.provisioned_at, line.next_attempt_at = Provisioning.SUCCEEDED, now, None
    line.failure_code = line.failure = ""
    line.save()
    cause = Cause(SYSTEM, line.order.partner_id, DONE)
    change(line.subscription, {"status": Status.ACTIVE}, customer=line.order.customer, cause=cause, now=now)


def _fail(line: OrderLine, failure: _Reason) -> None:
    """Plan the next attempt; an automatic one that fails as the one before it leaves no record, unless it is the last.

    So the log has one entry of what lasts for hours, not one an attempt.
    """
    is_known = line.attempts > 0 and (line.failure_code, line.failure) == (failure.code, failure.words)
    line.attempts += 1
    line.failure_code, line.failure = failure.code, failure.words
    if line.attempts > len(PAUSES):
        line.provisioning, line.next_attempt_at = Provisioning.FAILED, None
    else:
        line.next_attempt_at = timezone.now() + PAUSES[line.attempts - 1]
        _try_again_at(line.next_attempt_at, line.order_id)
    line.save()
    if not is_known or line.provisioning == Provisioning.FAILED:
        _record_failure(line, failure)


def _record_failure(line: OrderLine, failure: _Reason) -> None:
    record(
        actor=SYSTEM,
        operation=FAILED,
        outcome=Outcome.FAILED,
        resource=line.subscription,
        customer=line.order.customer,
        partner=line.order.partner,
        after={
            "offer": line.offer.name,
            "nickname": line.nickname,
            "code": failure.code,
            "reason": failure.words,
            "attempts": line.attempts,
            "next_attempt": line.next_attempt_at,
        },
    )


def _try_again_at(moment: datetime.datetime, order_id: uuid.UUID) -> None:
    from subscriptions.tasks import provision_order

    provision_order.using(run_after=moment).enqueue(str(order_id))
