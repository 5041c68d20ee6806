"""The verbs that change one subscription, or several of one customer: licences, name, renewal, status."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404
from django.utils import timezone

from activity.errors import Refused
from activity.models import Outcome
from activity.operations import record
from activity.submissions import Asked, first_result, remember
from customers.models import Customer
from partners.models import Caller, Partner
from partners.roles import Permission
from subscriptions.errors import ChangedMeanwhile, ChangeRefused, NotTheReseller
from subscriptions.history import changes_since
from subscriptions.life import Cause, change, check, check_reason
from subscriptions.models import Status, Subscription

STATUS_OPERATIONS = {
    Status.SUSPENDED: "suspend_subscription",
    Status.ACTIVE: "reactivate_subscription",
    Status.DELETED: "cancel_subscription",
}
OPERATIONS = {"quantity": "change_licences", "nickname": "rename_subscription", "auto_renew": "change_renewal"}
# So many of them are named in the record of a refusal.
MOST_NAMED = 20


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """How a subscription shall be afterwards; what is `None` stays as it is."""

    quantity: int | None = None
    nickname: str | None = None
    auto_renew: bool | None = None
    status: Status | None = None

    @property
    def fields(self) -> dict[str, Any]:
        """What is asked for, by the name of the field."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    def differences(self, subscription: Subscription) -> dict[str, Any]:
        """What would be different afterwards."""
        return {name: value for name, value in self.fields.items() if getattr(subscription, name) != value}

    @property
    def operation(self) -> str:
        """What this is called: by the one thing that it changes, or plainly a change."""
        names = list(self.fields)
        if self.status is not None and names == ["status"]:
            return STATUS_OPERATIONS.get(self.status, "change_subscription")
        return OPERATIONS.get(names[0], "change_subscription") if len(names) == 1 else "change_subscription"


@dataclass(frozen=True, kw_only=True)
class Change:
    """A change of one subscription that somebody asks for; `version` is the one that they saw."""

    subscription_id: uuid.UUID
    wanted: Wanted
    version: int | None = None


def change_subscription(
    *,
    staff: Caller,
    subscription_id: uuid.UUID,
    wanted: Wanted,
    key: str,
    version: int | None = None,
    customer_id: uuid.UUID | None = None,
    reason: str = "",
) -> Subscription:
    """Change a subscription as wanted, all of it or nothing, and return it as it is then.

    Suspending and cancelling take its live add-ons along, reactivating brings back those that went with it.
    `key` makes it idempotent for the partner. `version` is the version that the person saw: where it has moved
    on, the change is refused. `reason` is kept in the record. What already is as wanted changes nothing and leaves
    no record.

    Raises `ChangeRefused` or `SubmissionReused` (the attempt is recorded), `PermissionDenied` where the roles do
    not allow it, `Http404` where the person's partner cannot see the subscription.
    Source: domain, "Subscription states".
    """
    asked = Change(subscription_id=subscription_id, wanted=wanted, version=version)
    return change_subscriptions(staff=staff, changes=[asked], key=key, customer_id=customer_id, reason=reason)[0]


def change_subscriptions(
    *,
    staff: Caller,
    changes: Sequence[Change],
    key: str,
    customer_id: uuid.UUID | None = None,
    reason: str = "",
) -> list[Subscription]:
    """Change several subscriptions of one customer in one transaction, all of them or none.

    Otherwise as `change_subscription`, which says what is raised; `subscription` of a `ChangeRefused` is the one
    that stands in the way. Raises `ValueError` where nothing is asked for, or twice of one subscription.
    """
    attempt = _Attempt(staff, tuple(changes), key, customer_id, reason)
    if not changes or len(set(attempt.ids)) < len(changes):
        message = "Each subscription to change stands once."
        raise ValueError(message)
    if not staff.may(Permission.MANAGE_SUBSCRIPTIONS):
        attempt.record_refusal(None, ("role",))
        raise PermissionDenied
    try:
        with transaction.atomic():
            customer = _lock_customer(attempt)
            if first_result(attempt.asked) is None:
                _carry_out(attempt, customer)
                remember(attempt.asked, {"subscriptions": attempt.ids})
    except Refused as refusal:
        attempt.record_refusal(getattr(refusal, "subscription", None), refusal.codes)
        raise
    found = Subscription.objects.select_related("offer", "customer").in_bulk(attempt.ids)
    return [found[pk] for pk in attempt.ids]


@dataclass(frozen=True)
class _Attempt:
    """What somebody asks for, with all that decides what it does."""

    staff: Caller
    changes: tuple[Change, ...]
    key: str
    customer_id: uuid.UUID | None
    reason: str

    @property
    def ids(self) -> list[uuid.UUID]:
        return [asked.subscription_id for asked in self.changes]

    @property
    def operation(self) -> str:
        return self.changes[0].wanted.operation

    @property
    def partner(self) -> Partner:
        assert self.staff.partner is not None
        return self.staff.partner

    @property
    def asked(self) -> Asked:
        content = {"changes": [asdict(asked) for asked in self.changes], "reason": self.reason}
        return Asked(self.partner.pk, self.key, self.operation, content)

    def record_refusal(self, subscription: Subscription | None, codes: tuple[str, ...]) -> None:
        """A refused attempt leaves its reasons and changes nothing else."""
        asked = {one.subscription_id: one.wanted.fields for one in self.changes[:MOST_NAMED]}
        about = subscription.pk if subscription else self.ids[0]
        _record_refusal(self.staff, self.operation, about, asked, codes)


def refuse_change(
    *, staff: Caller, subscription_id: uuid.UUID, asked: Mapping[str, Any], codes: tuple[str, ...]
) -> None:
    """Record an attempt to change what nobody may change of a subscription; nothing else changes.

    `asked` is what was asked for, by the name of the field; `codes` are the reasons.
    """
    _record_refusal(staff, "change_subscription", subscription_id, {subscription_id: asked}, codes)


def _record_refusal(
    staff: Caller,
    operation: str,
    subscription_id: uuid.UUID,
    asked: Mapping[uuid.UUID, Mapping[str, Any]],
    codes: tuple[str, ...],
) -> None:
    visible = Subscription.objects.visible_to(staff).select_related("customer", "offer")
    seen = visible.filter(pk=subscription_id).first()
    told = {str(pk): _sayable(fields) for pk, fields in asked.items()}
    record(
        actor=staff.actor,
        operation=operation,
        resource=seen,
        resource_type="subscription",
        customer=seen.customer if seen else None,
        after={"offer": seen.offer.name, "offer_id": str(seen.offer_id), "asked": told} if seen else None,
        outcome=Outcome.REFUSED,
        reasons=codes,
    )


def _sayable(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Values as a record can hold them: no endless number, no character that a database refuses."""
    return {name: value if isinstance(value, bool) else ascii(value)[:60].strip("'") for name, value in fields.items()}


def _lock_customer(attempt: _Attempt) -> Customer:
    """Hold the customer's row: what a parent does its add-ons do, and upgrades look across all of them."""
    owners = set(Subscription.objects.filter(pk__in=attempt.ids).values_list("customer_id", flat=True))
    if len(owners) != 1 or attempt.customer_id not in {None, *owners}:
        raise Http404
    customer: Customer | None = (
        Customer.objects.select_for_update().visible_to(attempt.staff).filter(pk__in=owners).first()
    )
    if customer is None:
        raise Http404
    return customer


def _carry_out(attempt: _Attempt, customer: Customer) -> None:
    check_reason(attempt.reason)
    visible = Subscription.objects.filter(customer=customer).sold_or_administered_by(attempt.partner.pk)
    for asked in attempt.changes:
        # Read one after the other: what is done to a parent changes its add-ons.
        found = visible.select_related("offer", "parent__offer", "reseller_of_record")
        subscription: Subscription | None = found.filter(pk=asked.subscription_id).first()
        if subscription is None:
            raise Http404
        try:
            _change(attempt, customer, subscription, asked)
        except ChangeRefused as refusal:
            refusal.subscription = subscription
            raise


def _change(attempt: _Attempt, customer: Customer, subscription: Subscription, asked: Change) -> None:
    if not subscription.is_sold_by(attempt.partner):
        raise NotTheReseller
    if asked.version not in {None, subscription.version}:
        assert asked.version is not None
        raise ChangedMeanwhile(changes_since(subscription, asked.version, partner_id=attempt.partner.pk))
    wanted = asked.wanted.differences(subscription)
    if not wanted:
        return
    now = timezone.now()
    check(subscription, wanted, now=now)
    # Called by what it really changes: a form sends all that it shows.
    cause = Cause(attempt.staff.actor, attempt.partner.pk, Wanted(**wanted).operation, attempt.reason)
    change(subscription, wanted, customer=customer, cause=cause, now=now)
