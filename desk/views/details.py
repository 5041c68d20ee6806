"""One subscription: what it is, whether it can be upgraded, and if not, exactly what stands in the way."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from catalog.models import Offer, ServicePlan
from desk.history import Event, ahead, beginning, reads_refusals, shown_records, told
from desk.paging import by_moment
from partners.access import access
from partners.models import Partner, Staff
from partners.requests import StaffRequest
from partners.roles import Permission
from subscriptions.models import Order, OrderLine, Subscription
from upgrades.blocking import blocked_by
from upgrades.explain import Card, cards
from upgrades.models import Upgrade, UpgradeWatch
from upgrades.prepared import Prepared
from upgrades.verdicts import Verdict, judge
from upgrades.watching import open_watches

EVENTS_SHOWN = 6
NEWEST_FIRST = by_moment("at")


def _newest(ids: list[uuid.UUID], partner_id: uuid.UUID, *, refused: bool) -> QuerySet[Any]:
    customer_id, subscription_id = ids
    subscription = Subscription(pk=subscription_id, customer_id=customer_id)
    records = shown_records(subscription, partner_id=partner_id, refused=refused)
    return NEWEST_FIRST.first(records)[: EVENTS_SHOWN + 1]


# This page is opened more often than any other, and its questions are the same each time.
def _subscription(ids: list[uuid.UUID], partner_id: uuid.UUID) -> QuerySet[Any]:
    """With what there is to ask of it: most have neither add-ons nor upgrades, and nobody waits for theirs."""
    rows = Subscription.objects.visible_to_partner(partner_id).filter(pk__in=ids)
    known: QuerySet[Any] = rows.annotate(
        has_add_ons=Exists(Subscription.objects.filter(parent_id=OuterRef("pk"))),
        has_upgrades=Exists(Upgrade.objects.filter(subscription_id=OuterRef("pk"))),
        is_waited_for=Exists(UpgradeWatch.objects.open().filter(subscription_id=OuterRef("pk"))),
    )
    return known.select_related("offer", "customer", "parent__offer", "order_line__order")


_SUBSCRIPTION = Prepared(_subscription)
# The customer is visible, as the subscription was; what else it has need not be asked that again.
_ADD_ONS = Prepared(
    lambda ids, partner_id: (
        Subscription.objects.sold_or_administered_by(partner_id)
        .filter(parent_id__in=ids)
        .select_related("offer")
        .order_by("created_at", "id")[:100]
    )
)
_UPGRADES = Prepared(
    lambda ids, partner_id: (
        Upgrade.objects.of_partner(partner_id)
        .filter(subscription_id__in=ids)
        .defer("evidence", "hand_over")
        .order_by("-created_at", "-id")[:10]
    )
)
_NEWEST = {refused: Prepared(partial(_newest, refused=refused), group=2) for refused in (False, True)}


@require_safe
@access(may=Permission.SEE_CUSTOMERS)
def subscription_details(request: StaffRequest, customer_id: uuid.UUID, subscription_id: uuid.UUID) -> HttpResponse:
    """All that the partner may know of one subscription, with every verdict explained."""
    partner = request.user.partner
    assert partner is not None
    subscription = _visible(subscription_id, customer_id, partner)
    verdicts = judge([subscription], partner=partner) if subscription.is_live else []
    is_ours, may_upgrade = subscription.is_sold_by(partner), request.user.may(Permission.MANAGE_SUBSCRIPTIONS)
    may_watch = is_ours and may_upgrade and not all(verdict.is_eligible for verdict in verdicts)
    watches = open_watches(request.user, subscription) if may_watch and subscription.is_waited_for else {}
    targets = cards(verdicts, watches)
    context = {
        "customer": subscription.customer,
        "subscription": subscription,
        "is_ours": is_ours,
        "partner": partner,
        # An add-on can hang on a subscription that another partner sold and that stays out of sight.
        "sees_parent": subscription.parent_id is not None and _sees_parent(subscription, partner),
        "cards": targets,
        "to_watch": _to_watch(targets, watches) if may_watch else [],
        "watch_of_any": watches.get(None),
        "eligible": sum(verdict.is_eligible for verdict in verdicts),
        "steps": _steps_to_nearest(verdicts),
        "may_upgrade": may_upgrade,
        "may_request": request.user.may(Permission.REQUEST_PRIVILEGES),
        "may_see_requests": request.user.may(Permission.REQUEST_RELATIONSHIP),
        "request_key": str(uuid.uuid4()),
        "plans": _plans(subscription, verdicts),
        "add_ons": _ADD_ONS.ask([subscription.pk], partner_id=partner.pk) if subscription.has_add_ons else [],
        "upgrades": _UPGRADES.ask([subscription.pk], partner_id=partner.pk) if subscription.has_upgrades else [],
        "order": _own_order(subscription, request.user),
        "blocked": blocked_by(subscription, partner=partner),
        "events": _lately(subscription, request.user) if is_ours else [],
    }
    return render(request, "desk/subscription_details.html", context)


def _visible(subscription_id: uuid.UUID, customer_id: uuid.UUID, partner: Partner) -> Any:
    for subscription in _SUBSCRIPTION.ask([subscription_id], partner_id=partner.pk):
        if subscription.customer_id == customer_id:
            return subscription
    raise Http404


def _sees_parent(subscription: Subscription, partner: Partner) -> bool:
    beside = Subscription.objects.filter(customer_id=subscription.customer_id).sold_or_administered_by(partner.pk)
    return beside.filter(pk=subscription.parent_id).exists()


def _plans(subscription: Subscription, verdicts: Sequence[Verdict]) -> Iterable[ServicePlan]:
    """What the offer contains, in the catalogue's order; whoever judged it has read that already."""
    offer: Offer = verdicts[0].path.source if verdicts else subscription.offer
    return offer.service_plans.all() if verdicts else offer.service_plans.order_by("service_id", "id")


def _own_order(subscription: Subscription, staff: Staff) -> Order | None:
    """The order that it came by, where the person's own partner placed that."""
    line: OrderLine | None = getattr(subscription, "order_line", None)
    return line.order if line is not None and line.order.partner_id == staff.partner_id else None


def _lately(subscription: Subscription, staff: Staff) -> list[Event]:
    """What will happen to it, and the last things that did."""
    assert staff.partner_id is not None
    newest = _NEWEST[reads_refusals(staff)]
    events = told(newest.ask([subscription.customer_id, subscription.pk], partner_id=staff.partner_id))
    # The beginning stands at the end, where all there is to tell is told.
    rest = [beginning(subscription)] if len(events) <= EVENTS_SHOWN else []
    return [*ahead(subscription), *events[:EVENTS_SHOWN], *rest]


def _to_watch(targets: Sequence[Card], watches: Mapping[uuid.UUID | None, UpgradeWatch]) -> list[Offer | None]:
    """What the reader can ask to be told of, None for any offer: where there are several and none is possible."""
    waiting = [card.verdict.path.target for card in targets if not card.verdict.is_eligible]
    of_any = len(targets) > 1 and len(waiting) == len(targets) and None not in watches
    return [*([None] if of_any else []), *(target for target in waiting if target.pk not in watches)]


def _steps_to_nearest(verdicts: Sequence[Verdict]) -> int:
    """How many conditions the nearest target lacks; 0 where one is eligible or there are no paths."""
    return min((len(verdict.unmet) for verdict in verdicts), default=0)
