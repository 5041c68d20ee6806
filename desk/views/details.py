"""One subscription: what it is, whether it can be upgraded, and if not, exactly what stands in the way."""

import uuid
from collections.abc import Sequence

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from catalog.models import ServicePlan
from desk.history import Event, ahead, beginning, shown_records, told
from desk.paging import by_moment
from partners.access import access
from partners.models import Staff
from partners.requests import StaffRequest
from partners.roles import Permission
from subscriptions.models import Order, OrderLine, Subscription
from upgrades.blocking import blocked_by
from upgrades.explain import cards
from upgrades.verdicts import Verdict, judge
from upgrades.watching import open_watches

EVENTS_SHOWN = 6
NEWEST_FIRST = by_moment("at")


@require_safe
@access(may=Permission.SEE_CUSTOMERS)
def subscription_details(request: StaffRequest, customer_id: uuid.UUID, subscription_id: uuid.UUID) -> HttpResponse:
    """All that the partner may know of one subscription, with every verdict explained."""
    partner = request.user.partner
    assert partner is not None
    visible = Subscription.objects.visible_to(request.user)
    subscription: Subscription = get_object_or_404(
        visible.select_related("offer", "customer", "parent__offer", "order_line__order"),
        pk=subscription_id,
        customer_id=customer_id,
    )
    # The customer is visible, as the subscription was; what else it has need not be asked that again.
    beside = Subscription.objects.filter(customer_id=customer_id).sold_or_administered_by(partner.pk)
    verdicts = judge([subscription], partner=partner) if subscription.is_live else []
    is_ours, may_upgrade = subscription.is_sold_by(partner), request.user.may(Permission.MANAGE_SUBSCRIPTIONS)
    may_watch = is_ours and may_upgrade and not all(verdict.is_eligible for verdict in verdicts)
    watches = open_watches(request.user, subscription) if may_watch else {}
    context = {
        "customer": subscription.customer,
        "subscription": subscription,
        "is_ours": is_ours,
        "partner": partner,
        # An add-on can hang on a subscription that another partner sold and that stays out of sight.
        "sees_parent": subscription.parent_id is not None and beside.filter(pk=subscription.parent_id).exists(),
        "cards": cards(verdicts, watches),
        "may_watch": may_watch,
        "watch_of_any": watches.get(None),
        "eligible": sum(verdict.is_eligible for verdict in verdicts),
        "steps": _steps_to_nearest(verdicts),
        "may_upgrade": may_upgrade,
        "may_request": request.user.may(Permission.REQUEST_PRIVILEGES),
        "may_see_requests": request.user.may(Permission.REQUEST_RELATIONSHIP),
        "request_key": str(uuid.uuid4()),
        "plans": ServicePlan.objects.filter(offers=subscription.offer_id).order_by("service_id", "id"),
        "add_ons": beside.filter(parent=subscription).select_related("offer").order_by("created_at", "id")[:100],
        "upgrades": subscription.upgrades.visible_to(request.user).defer("evidence", "hand_over")[:10],
        "order": _own_order(subscription, request.user),
        "blocked": blocked_by(subscription, partner=partner),
        "events": _lately(subscription, request.user) if is_ours else [],
    }
    return render(request, "desk/subscription_details.html", context)


def _own_order(subscription: Subscription, staff: Staff) -> Order | None:
    """The order that it came by, where the person's own partner placed that."""
    line: OrderLine | None = getattr(subscription, "order_line", None)
    return line.order if line is not None and line.order.partner_id == staff.partner_id else None


def _lately(subscription: Subscription, staff: Staff) -> list[Event]:
    """What will happen to it, and the last things that did."""
    records = NEWEST_FIRST.first(shown_records(subscription, staff=staff))[: EVENTS_SHOWN + 1]
    events = told(records)
    # The beginning stands at the end, where all there is to tell is told.
    rest = [beginning(subscription)] if len(events) <= EVENTS_SHOWN else []
    return [*ahead(subscription), *events[:EVENTS_SHOWN], *rest]


def _steps_to_nearest(verdicts: Sequence[Verdict]) -> int:
    """How many conditions the nearest target lacks; 0 where one is eligible or there are no paths."""
    return min((len(verdict.unmet) for verdict in verdicts), default=0)
