"""What happened: the partner's activity log, whole or of one customer, on a page or as a CSV file."""

import uuid
from typing import Any

from django.http import HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from activity.models import ActivityRecord
from customers.models import Customer
from desk.activity_filter import ActivityFilter
from desk.listing import MOST_COUNTED
from desk.log import ActivityListing, Asked, csv_lines, log_lines
from desk.paging import address
from desk.views.files import CSV, FORMATS, as_attachment
from desk.views.subscriptions import visible_relationship
from partners.access import access
from partners.models import Staff
from partners.requests import StaffRequest
from partners.roles import Permission


@require_safe
@access(may=Permission.SEE_ACTIVITY)
def partner_activity(request: StaffRequest) -> HttpResponseBase:
    """What the partner's people did and what was done to the partner; `?format=csv` sends it as a file."""
    return _answer(request, request.user, customer=None)


@require_safe
@access(may=Permission.SEE_ACTIVITY)
def customer_activity(request: StaffRequest, customer_id: uuid.UUID) -> HttpResponseBase:
    """The same for one customer that the person may see."""
    customer = visible_relationship(request.user, customer_id).customer
    return _answer(request, request.user, customer=customer)


def _answer(request: StaffRequest, staff: Staff, *, customer: Customer | None) -> HttpResponseBase:
    assert staff.partner is not None
    records = ActivityRecord.objects.of_partner(staff.partner.pk)
    if customer is not None:
        records = records.of_customer(customer.pk)
    form = ActivityFilter(request.GET, partner=staff.partner, with_customer=customer is None)
    is_valid = form.is_valid()
    asked = Asked.of(records, form, is_narrow=customer is not None)
    if request.GET.get("format") == CSV and is_valid:
        return _file(asked)
    listing = ActivityListing.of(asked, request.GET)
    context: dict[str, Any] = {
        "form": form,
        "customer": customer,
        "listing": listing,
        "lines": log_lines(listing.page.rows, staff=staff, with_changes=True),
        "most_counted": MOST_COUNTED,
        "all_url": request.path,
        "first_url": address(request.path, request.GET),
        "csv_url": address(request.path, request.GET, format=CSV) if not form.errors else "",
        **listing.page.addresses(request.path, request.GET),
    }
    return render(request, "desk/activity.html", context)


def _file(asked: Asked) -> HttpResponseBase:
    response = StreamingHttpResponse(csv_lines(asked), content_type=FORMATS[CSV])
    return as_attachment(response, f"activity-{timezone.localdate():%Y-%m-%d}.csv")
