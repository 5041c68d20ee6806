"""Asking to be told when an upgrade becomes possible, and telling.

Whatever may mend a condition leaves a task in its own transaction, and only where somebody waits for that customer
(`upgrades.receivers`). The task looks with the customer's row held, so that everybody is told once, by however many
workers; a nightly sweep looks after what left no task.
"""

import uuid
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import batched
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404
from django.urls import reverse
from django.utils import timezone

from activity.errors import Refused
from activity.models import Outcome
from activity.operations import SYSTEM, Actor, record
from catalog.models import Offer
from customers.errors import FormerReseller
from customers.models import Customer, ResellerRelationship
from partners.mail import absolute, send_later
from partners.models import Partner, Staff
from partners.roles import Permission
from subscriptions.errors import NotTheReseller
from subscriptions.models import Subscription
from upgrades.errors import NoUpgradePath, PossibleAlready
from upgrades.models import UpgradeWatch, WatchEnding
from upgrades.prepared import Prepared
from upgrades.verdicts import is_possible_by_target

WATCH, STOP = "watch_upgrade", "stop_watching_upgrade"
TELL, END = "tell_of_upgrade", "end_upgrade_watch"
AT_ONCE = 500


def watch_upgrade(
    *, staff: Staff, customer_id: uuid.UUID, subscription_id: uuid.UUID, target_id: uuid.UUID | None = None
) -> UpgradeWatch:
    """Remember that this person wants to be told when this can be upgraded: to the target, or to any offer.

    Asked again while the first is open, that one is the result and nothing changes. Raises `PossibleAlready`,
    `NoUpgradePath`, `NotTheReseller` and `FormerReseller` (recorded), `PermissionDenied` where the roles do not allow
    the upgrade (recorded), `Http404` for what the partner cannot see.
    """
    return _carry_out(_watch, Asking(WATCH, staff, customer_id, subscription_id, target_id))


def stop_watching(
    *, staff: Staff, customer_id: uuid.UUID, subscription_id: uuid.UUID, target_id: uuid.UUID | None = None
) -> None:
    """Tell this person nothing more of that; where they do not wait, nothing changes. Otherwise as `watch_upgrade`."""
    _carry_out(_stop, Asking(STOP, staff, customer_id, subscription_id, target_id))


_OPEN = Prepared(
    lambda ids, partner_id: (
        UpgradeWatch.objects.open().of_person(ids[0], partner_id=partner_id).filter(subscription_id=ids[1])
    ),
    group=2,
)


def open_watches(staff: Staff, subscription: Subscription) -> dict[uuid.UUID | None, UpgradeWatch]:
    """What this person waits for of this subscription, by the target: one query."""
    assert staff.partner_id is not None
    found: list[UpgradeWatch] = _OPEN.ask([staff.pk, subscription.pk], partner_id=staff.partner_id)
    return {one.target_id: one for one in found}


@dataclass(frozen=True)
class Asking:
    """Somebody asks to be told, or to be told no more."""

    operation: str
    staff: Staff
    customer_id: uuid.UUID
    subscription_id: uuid.UUID
    target_id: uuid.UUID | None

    def subscription(self) -> Subscription | None:
        """The subscription as it is now, where the person sees it."""
        visible = Subscription.objects.visible_to(self.staff).select_related("offer", "customer")
        found: Subscription | None = visible.filter(pk=self.subscription_id, customer_id=self.customer_id).first()
        return found


def _carry_out[Result](act: Callable[[Asking, Subscription], Result], asking: Asking) -> Result:
    seen = asking.subscription()
    if not asking.staff.may(Permission.MANAGE_SUBSCRIPTIONS):
        _record_refusal(asking, seen, ("role",))
        raise PermissionDenied
    if seen is None:
        raise Http404
    try:
        with transaction.atomic():
            Customer.objects.select_for_update().get(pk=asking.customer_id)
            # Asked again with the lock: it may have been changed while this one waited for it.
            return act(asking, asking.subscription() or seen)
    except Refused as refusal:
        _record_refusal(asking, seen, refusal.codes)
        raise


def _record_refusal(asking: Asking, seen: Subscription | None, codes: Sequence[str]) -> None:
    record(
        actor=asking.staff.actor,
        operation=asking.operation,
        resource_type="upgradewatch",
        customer=seen.customer if seen else None,
        after={"target": str(asking.target_id or "")},
        outcome=Outcome.REFUSED,
        reasons=codes,
    )


def _watch(asking: Asking, subscription: Subscription) -> UpgradeWatch:
    staff, partner = asking.staff, asking.staff.partner
    assert partner is not None
    first = open_watches(staff, subscription).get(asking.target_id)
    if first is not None:
        return first
    _refuse(partner, subscription, asking.target_id)
    made = UpgradeWatch.objects.create(
        staff=staff,
        partner=partner,
        customer=subscription.customer,
        subscription=subscription,
        target_id=asking.target_id,
    )
    _record(WATCH, made, staff.actor)
    return made


def _refuse(partner: Partner, subscription: Subscription, target_id: uuid.UUID | None) -> None:
    """Raise what makes waiting pointless: it will never be, or is already."""
    if not subscription.is_sold_by(partner):
        raise NotTheReseller
    in_force = ResellerRelationship.objects.filter(
        partner=partner, customer_id=subscription.customer_id, has_ended=False
    )
    if not in_force.exists():
        raise FormerReseller
    targets = _judged([subscription.pk], partner.pk).get(subscription.pk, {})
    if not targets or target_id not in {None, *targets}:
        raise NoUpgradePath
    if _possible(targets, target_id):
        raise PossibleAlready


def _stop(asking: Asking, subscription: Subscription) -> None:
    watch = open_watches(asking.staff, subscription).get(asking.target_id)
    if watch is not None:
        _end([watch], WatchEnding.STOPPED)
        _record(STOP, watch, asking.staff.actor)


def _end(watches: Iterable[UpgradeWatch], ending: WatchEnding) -> None:
    """Written down; the caller holds the customer's row and records."""
    ids = [one.pk for one in watches]
    UpgradeWatch.objects.open().filter(pk__in=ids).update(ended_at=timezone.now(), ending=ending)


def _record(operation: str, watch: UpgradeWatch, actor: Actor, **more: Any) -> None:
    subscription = watch.subscription
    record(
        actor=actor,
        operation=operation,
        resource=watch,
        customer=watch.customer,
        partner=watch.partner,
        after={
            "subscription": str(subscription.pk),
            "offer": subscription.offer.name,
            "nickname": subscription.nickname,
            "target": watch.target.name if watch.target else "",
            "staff": str(watch.staff),
            **more,
        },
    )


# Whether each target is possible now, by subscription and target.
Judged = Mapping[uuid.UUID, Mapping[uuid.UUID, bool]]


def _judged(subscription_ids: Collection[uuid.UUID], partner_id: uuid.UUID) -> Judged:
    live = Subscription.objects.live().filter(pk__in=subscription_ids).values_list("pk", flat=True)
    return is_possible_by_target(live, partner_id=partner_id)


def _possible(targets: Mapping[uuid.UUID, bool], target_id: uuid.UUID | None) -> set[uuid.UUID]:
    """Those of the targets that are waited for and possible."""
    return {pk for pk, is_possible in targets.items() if is_possible and target_id in {None, pk}}


@dataclass
class Looked:
    """What came of looking: how many people were told of a subscription, and how many waits ended without."""

    told: int = 0
    ended: int = 0


def look_at_customer(customer_id: uuid.UUID) -> Looked:
    """Tell who waits for an upgrade of this customer that is possible now, and end the waits that are in vain.

    Everybody is told once of a subscription, by a mail and on the desk; safe to call at any time, and from several
    places at once.
    """
    looked = Looked()
    with transaction.atomic():
        if not Customer.objects.select_for_update().filter(pk=customer_id).exists():
            return looked
        watches = _open_watches_of(customer_id)
        able = set(UpgradeWatch.objects.open().filter(customer=customer_id).that_may_upgrade().values_list("pk"))
        for (partner, staff, subscription), theirs in _grouped(watches).items():
            able_ones = [one for one in theirs if (one.pk,) in able]
            looked.ended += _give_up([one for one in theirs if one not in able_ones], WatchEnding.NOT_ALLOWED)
            if able_ones:
                targets = _judged([subscription.pk], partner.pk).get(subscription.pk, {})
                looked.told += _tell(staff, subscription, able_ones, targets)
                looked.ended += _give_up([one for one in able_ones if _is_in_vain(one, targets)], WatchEnding.OVERTAKEN)
    return looked


def _open_watches_of(customer_id: uuid.UUID) -> list[UpgradeWatch]:
    watches = UpgradeWatch.objects.open().filter(customer=customer_id)
    return list(watches.select_related("staff__partner", "partner", "customer", "subscription__offer", "target"))


def _grouped(watches: Iterable[UpgradeWatch]) -> dict[tuple[Partner, Staff, Subscription], list[UpgradeWatch]]:
    grouped: dict[tuple[Partner, Staff, Subscription], list[UpgradeWatch]] = defaultdict(list)
    for one in watches:
        grouped[one.partner, one.staff, one.subscription].append(one)
    return grouped


def _is_in_vain(watch: UpgradeWatch, targets: Mapping[uuid.UUID, bool]) -> bool:
    """Whether the matrix has no such way any more, for a target or at all."""
    return not targets if watch.target_id is None else watch.target_id not in targets


def _give_up(watches: Sequence[UpgradeWatch], ending: WatchEnding) -> int:
    _end(watches, ending)
    for one in watches:
        _record(END, one, SYSTEM, ending=ending)
    return len(watches)


def _tell(
    staff: Staff, subscription: Subscription, watches: Sequence[UpgradeWatch], targets: Mapping[uuid.UUID, bool]
) -> int:
    """Have this person told of all that is possible of what they wait for, in one mail; whether there was anything."""
    mended = [one for one in watches if _possible(targets, one.target_id)]
    if not mended:
        return 0
    possible = set().union(*(_possible(targets, one.target_id) for one in mended))
    _end(mended, WatchEnding.TOLD)
    names = list(Offer.objects.filter(pk__in=possible).order_by("name").values_list("name", flat=True))
    for one in mended:
        _record(TELL, one, SYSTEM, targets=names)
    address = reverse("upgrades:upgrade_form", args=[subscription.customer_id, subscription.pk])
    only = f"?target={next(iter(possible))}" if len(possible) == 1 else ""
    send_later(
        to=[staff.email],
        language=staff.language or settings.LANGUAGE_CODE,
        template="upgrade_possible",
        context={
            "name": staff.name,
            "company": mended[0].customer.company_name,
            "offer": str(subscription),
            "targets": names,
            "link": absolute(f"{address}{only}"),
        },
    )
    return 1


def sweep() -> Looked:
    """Look at every customer for whom somebody may have to be told, or waits in vain; safe to run twice or late.

    Who waits for what is read and judged set-based, `AT_ONCE` at a time; only a customer with something to do is held.
    """
    done = Looked()
    for customer_id in sorted(_with_something_to_do()):
        looked = look_at_customer(customer_id)
        done.told += looked.told
        done.ended += looked.ended
    return done


def resume_watches() -> int:
    """Queue a sweep where anybody waits, for what a killed worker took and did not end; whether it did."""
    from upgrades.tasks import look_at_all_watches

    if not UpgradeWatch.objects.open().exists():
        return 0
    look_at_all_watches.enqueue()
    return 1


def _with_something_to_do() -> set[uuid.UUID]:
    able = UpgradeWatch.objects.open().that_may_upgrade()
    disabled = UpgradeWatch.objects.open().exclude(pk__in=able.values("pk"))
    found = set(disabled.values_list("customer_id", flat=True))
    rows = able.order_by("pk").values_list("partner_id", "customer_id", "subscription_id", "target_id")
    for some in batched(rows.iterator(chunk_size=AT_ONCE), AT_ONCE):
        found |= _concerned(some)
    return found


def _concerned(rows: Sequence[tuple[uuid.UUID, uuid.UUID, uuid.UUID, uuid.UUID | None]]) -> set[uuid.UUID]:
    judged: dict[uuid.UUID, Judged] = {}
    for partner_id in {row[0] for row in rows}:
        judged[partner_id] = _judged([row[2] for row in rows if row[0] == partner_id], partner_id)
    concerned = set()
    for partner_id, customer_id, subscription_id, target_id in rows:
        targets = judged[partner_id].get(subscription_id, {})
        if _possible(targets, target_id) or not targets or target_id not in {None, *targets}:
            concerned.add(customer_id)
    return concerned
