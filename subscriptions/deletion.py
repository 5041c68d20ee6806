"""The end of a suspension: 60 days after it, a subscription is deleted with its data; before, somebody is warned."""

import datetime
import uuid
from dataclasses import dataclass

from django.db import transaction

from activity.operations import SYSTEM, record
from customers.models import Customer
from subscriptions.errors import ChangedMeanwhile
from subscriptions.life import Cause, change
from subscriptions.models import DAYS_UNTIL_DELETION, DeletionWarning, Status, Subscription

WARNED_BEFORE = (30, 14, 7, 1)


@dataclass
class Nightly:
    """What a run did."""

    deleted: int = 0
    warned: int = 0


def end_suspensions(*, now: datetime.datetime) -> Nightly:
    """Delete what is past its 60 days and warn of what will be within 30, 14, 7 and 1 days.

    Safe to run twice, late, or twice at once: each customer is looked at afresh with its row locked, what is
    deleted stays so, and each warning is given once a suspension; a late run gives only the most urgent one.
    Source: domain, "Subscription states".
    """
    done = Nightly()
    for customer_id in _concerned(now):
        try:
            with transaction.atomic():
                of_customer = _end_of_customer(customer_id, now)
        except ChangedMeanwhile:
            # An import was faster, which does not wait for the customer's row; the next run sees what it left.
            continue
        done.deleted += of_customer.deleted
        done.warned += of_customer.warned
    return done


def _end_of_customer(customer_id: uuid.UUID, now: datetime.datetime) -> Nightly:
    customer: Customer | None = Customer.objects.select_for_update().filter(pk=customer_id).first()
    if customer is None:
        return Nightly()
    return Nightly(deleted=_delete_due(customer, now), warned=_warn(customer, now))


def _suspended_for(days: int, now: datetime.datetime) -> datetime.datetime:
    return now - datetime.timedelta(days=days)


def _concerned(now: datetime.datetime) -> list[uuid.UUID]:
    """The customers with a subscription that is deleted within the earliest warning."""
    since = _suspended_for(DAYS_UNTIL_DELETION - max(WARNED_BEFORE), now)
    suspended = Subscription.objects.filter(status=Status.SUSPENDED, suspended_at__lte=since)
    return list(suspended.order_by("customer_id").values_list("customer_id", flat=True).distinct())


def _delete_due(customer: Customer, now: datetime.datetime) -> int:
    count = 0
    # One after the other: a parent takes its add-ons along.
    while subscription := _next_due(customer, now):
        cause = Cause(SYSTEM, subscription.reseller_of_record_id, "delete_subscription")
        change(subscription, {"status": Status.DELETED}, customer=customer, cause=cause, now=now)
        count += 1
    return count


def _next_due(customer: Customer, now: datetime.datetime) -> Subscription | None:
    due = Subscription.objects.filter(
        customer=customer, status=Status.SUSPENDED, suspended_at__lte=_suspended_for(DAYS_UNTIL_DELETION, now)
    )
    found: Subscription | None = (
        due.select_related("offer", "reseller_of_record").order_by("suspended_with_parent", "suspended_at").first()
    )
    return found


def _warn(customer: Customer, now: datetime.datetime) -> int:
    earliest = _suspended_for(DAYS_UNTIL_DELETION - max(WARNED_BEFORE), now)
    suspended = Subscription.objects.filter(customer=customer, status=Status.SUSPENDED, suspended_at__lte=earliest)
    count = 0
    for subscription in suspended.select_related("offer", "reseller_of_record").order_by("suspended_at", "pk"):
        assert subscription.deletion_time is not None
        left = subscription.deletion_time - now
        days = min(days for days in WARNED_BEFORE if left <= datetime.timedelta(days=days))
        _warning, is_new = DeletionWarning.objects.get_or_create(
            subscription=subscription, suspended_at=subscription.suspended_at, days=days, defaults={"at": now}
        )
        if is_new:
            _record_warning(subscription, customer, days)
            count += 1
    return count


def _record_warning(subscription: Subscription, customer: Customer, days: int) -> None:
    record(
        actor=SYSTEM,
        partner=subscription.reseller_of_record,
        operation="warn_of_deletion",
        resource=subscription,
        customer=customer,
        after={"offer": subscription.offer.name, "days": days, "deletion": subscription.deletion_time},
    )
