"""The time line of one subscription, page by page."""

import uuid

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from desk.history import ahead, beginning, reads_refusals, shown_records, told
from desk.paging import by_moment, take_page
from partners.access import access
from partners.requests import StaffRequest
from partners.roles import Permission
from subscriptions.models import Subscription

PAGE_SIZE = 50
NEWEST_FIRST = by_moment("at")


@require_safe
@access(may=Permission.SEE_CUSTOMERS)
def subscription_history(request: StaffRequest, customer_id: uuid.UUID, subscription_id: uuid.UUID) -> HttpResponse:
    """What happened to a subscription that the partner sold, newest first, and what will."""
    own = Subscription.objects.visible_to(request.user).sold_by(request.user.partner_id)
    subscription: Subscription = get_object_or_404(
        own.select_related("offer", "customer"), pk=subscription_id, customer_id=customer_id
    )
    records = shown_records(subscription, partner_id=request.user.partner_id, refused=reads_refusals(request.user))
    page = take_page(records, NEWEST_FIRST, request.GET, size=PAGE_SIZE)
    addresses = page.addresses(request.path, request.GET)
    before = [] if addresses["previous_url"] else ahead(subscription)
    after = [] if addresses["next_url"] else [beginning(subscription)]
    context = {
        "subscription": subscription,
        "customer": subscription.customer,
        "events": [*before, *told(page.rows), *after],
        **addresses,
    }
    return render(request, "desk/subscription_history.html", context)
