"""How a subscription may change, and what changes with it: the rules that every change of one goes through."""

import datetime
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator

from activity.operations import SYSTEM, Actor, record
from customers.models import Customer
from partners.legible import validate_legible, validate_legible_lines
from subscriptions.errors import (
    ChangedMeanwhile,
    IsDeleted,
    LicencesFixed,
    NicknameRefused,
    ParentNotActive,
    QuantityOutOfRange,
    ReasonRefused,
    StatusUnreachable,
    TooLateToReactivate,
)
from subscriptions.models import LONGEST_REASON, Status, Subscription

# From which status a person may lead a subscription to which (domain: "Subscription states"). What is pending
# becomes active when it is provisioned, and by nothing else.
WAYS: Mapping[str, frozenset[Status]] = {
    Status.PENDING: frozenset({Status.DELETED}),
    Status.ACTIVE: frozenset({Status.SUSPENDED, Status.DELETED}),
    Status.SUSPENDED: frozenset({Status.ACTIVE, Status.DELETED}),
    Status.DELETED: frozenset(),
}


def check(subscription: Subscription, wanted: Mapping[str, Any], *, now: datetime.datetime) -> None:
    """Whether these fields may become so. Raises the `ChangeRefused` that says why not."""
    if subscription.status == Status.DELETED:
        raise IsDeleted
    status = Status(wanted.get("status", subscription.status))
    if "status" in wanted:
        _check_status(subscription, status, now)
    if "quantity" in wanted:
        _check_quantity(subscription, wanted["quantity"], status)
    if "nickname" in wanted:
        _check_nickname(subscription, wanted["nickname"])


def _check_status(subscription: Subscription, status: Status, now: datetime.datetime) -> None:
    if status not in WAYS[subscription.status]:
        raise StatusUnreachable(Status(subscription.status), status)
    if status == Status.ACTIVE:
        if subscription.is_past_deletion(now):
            raise TooLateToReactivate(subscription)
        if subscription.parent is not None and subscription.parent.status != Status.ACTIVE:
            raise ParentNotActive(subscription.parent)


def _check_quantity(subscription: Subscription, quantity: int, status: Status) -> None:
    if status != Status.ACTIVE:
        raise LicencesFixed(status)
    if not subscription.offer.allows(quantity):
        raise QuantityOutOfRange(subscription.offer, quantity)


def _check_nickname(subscription: Subscription, nickname: str) -> None:
    field = Subscription._meta.get_field("nickname")
    try:
        validate_legible(nickname)
        field.clean(nickname, subscription)
    except ValidationError as error:
        raise NicknameRefused(error.messages[0]) from error


def check_reason(reason: str) -> None:
    """Whether this can be kept as the reason of a change. Raises `ReasonRefused`."""
    try:
        MaxLengthValidator(LONGEST_REASON)(reason)
        validate_legible_lines(reason)
    except ValidationError as error:
        raise ReasonRefused(error.messages[0]) from error


@dataclass(frozen=True)
class Cause:
    """Who changes a subscription, why, and what is said of it in the record."""

    actor: Actor
    partner_id: uuid.UUID | None
    operation: str
    reason: str = ""


def change(
    subscription: Subscription, wanted: Mapping[str, Any], *, customer: Customer, cause: Cause, now: datetime.datetime
) -> None:
    """Write these checked fields, what follows from them for its add-ons, and a record for each that changes.

    The caller holds the customer's row. Raises `ChangedMeanwhile` where somebody who does not hold it was faster.
    """
    status = wanted.get("status")
    _write(subscription, _with_times(wanted, now), customer, cause)
    if status is not None:
        for add_on in that_go_along(subscription, status):
            along = {"status": status, "suspended_with_parent": status == Status.SUSPENDED}
            _write(add_on, _with_times(along, now), customer, cause, parent=subscription)


def _with_times(wanted: Mapping[str, Any], now: datetime.datetime) -> dict[str, Any]:
    """These fields with those that depend on the status."""
    if "status" not in wanted:
        return dict(wanted)
    if wanted["status"] == Status.SUSPENDED:
        return {"suspended_with_parent": False, **wanted, "suspended_at": now}
    if wanted["status"] == Status.ACTIVE:
        return {**wanted, "suspended_at": None, "suspended_with_parent": False}
    return {**wanted, "suspended_with_parent": False}


def that_go_along(subscription: Subscription, status: Status) -> list[Subscription]:
    """Its add-ons, and theirs, that the status of their parent takes along.

    A suspension takes the active ones, a reactivation those that a suspension took, a cancellation all that live.
    """
    going: list[Subscription] = []
    parents = [subscription.pk]
    while parents:
        add_ons = Subscription.objects.live().filter(parent_id__in=parents).exclude(pk__in=parents)
        if status == Status.SUSPENDED:
            add_ons = add_ons.filter(status=Status.ACTIVE)
        elif status == Status.ACTIVE:
            add_ons = add_ons.filter(status=Status.SUSPENDED, suspended_with_parent=True)
        found = [add_on for add_on in add_ons.select_related("offer", "reseller_of_record") if add_on not in going]
        going += found
        parents = [add_on.pk for add_on in found]
    return [add_on for add_on in going if add_on.pk != subscription.pk]


def _write(
    subscription: Subscription,
    fields: Mapping[str, Any],
    customer: Customer,
    cause: Cause,
    parent: Subscription | None = None,
) -> None:
    version = subscription.version + 1
    as_seen = Subscription.objects.filter(pk=subscription.pk, version=subscription.version, status=subscription.status)
    if not as_seen.update(**fields, version=version):
        raise ChangedMeanwhile
    before = {name: getattr(subscription, name) for name in fields}
    for name, value in fields.items():
        setattr(subscription, name, value)
    subscription.version = version
    _record(subscription, before, customer, cause, parent)


def _record(
    subscription: Subscription,
    before: Mapping[str, Any],
    customer: Customer,
    cause: Cause,
    parent: Subscription | None,
) -> None:
    """One record in the log of the partner that sold it; of another's add-on it does not say who was at work."""
    named = {
        "offer": subscription.offer.name,
        "offer_id": str(subscription.offer_id),
        "nickname": subscription.nickname,
    }
    is_own = subscription.reseller_of_record_id == cause.partner_id
    after = {name: getattr(subscription, name) for name in before}
    if subscription.deletion_time is not None:
        after["deletion"] = subscription.deletion_time
    if cause.reason and is_own:
        after["reason"] = cause.reason
    if parent is not None:
        after["with"] = parent.offer.name
    record(
        actor=cause.actor if is_own else SYSTEM,
        partner=None if is_own and cause.actor.partner_id else subscription.reseller_of_record,
        operation=cause.operation,
        resource=subscription,
        customer=customer,
        before=named | dict(before) | {"version": subscription.version - 1},
        after=named | after | {"version": subscription.version},
    )
