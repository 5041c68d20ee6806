"""The customer list: found by name, opened in place, paged through."""

import uuid
from typing import Any

from django.core.exceptions import BadRequest
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from customers.counts import count_customers
from customers.models import ResellerRelationship
from desk.listing import FURTHER_FILTERS, MOST_COUNTED, CustomerSearch, list_customers
from desk.paging import address
from desk.portfolio import CustomerLine, SubscriptionLine, customer_lines, opened
from partners.access import access
from partners.models import Staff
from partners.requests import StaffRequest
from partners.roles import Permission
from partners.templatetags.look import icon


@require_safe
@access(may=Permission.SEE_CUSTOMERS)
def customer_list(request: StaffRequest) -> HttpResponse:
    """The partner's customers by name; a script may ask for the results or for one opened line alone."""
    staff = request.user
    wanted = _wanted(request)
    open_id = _open_id(request)
    context = _shared(request, staff, open_id)
    if wanted.startswith("customer-"):
        context["line"] = _line(staff, wanted.removeprefix("customer-"))
        response = render(request, "desk/customers.html#line", context)
    else:
        context |= _listed(request, staff)
        if wanted != "customers":
            assert staff.partner_id is not None
            context["total"] = count_customers(staff.partner_id)
        part = "#results" if wanted == "customers" else ""
        response = render(request, f"desk/customers.html{part}", context)
    patch_vary_headers(response, ["HX-Request", "HX-Target"])
    return response


def _wanted(request: StaffRequest) -> str:
    """The id of the element that a script wants to fill; empty where the whole page is asked for."""
    htmx = request.htmx
    return (htmx.target or "") if htmx and not htmx.history_restore_request else ""


def _open_id(request: StaffRequest) -> uuid.UUID | None:
    asked = request.GET.get("open", "")
    return _uuid(asked) if asked else None


def _uuid(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError as error:
        raise BadRequest("A customer's id is a UUID.") from error


def _shared(request: StaffRequest, staff: Staff, open_id: uuid.UUID | None) -> dict[str, Any]:
    """What a line needs, alone or in the list."""
    path = reverse("desk:customer_list")
    kept = {name: request.GET.get(name) for name in ("before", "after")}
    here = address(path, request.GET, **kept)
    return {
        "open_id": str(open_id) if open_id else "",
        "here": here,
        "open_url": f"{here}{'&' if '?' in here else '?'}open=",
        "opened": _opened(staff, open_id),
        "chevron": icon("chevron-down", 18),
        "may_upgrade": staff.may(Permission.MANAGE_SUBSCRIPTIONS),
    }


def _opened(staff: Staff, customer_id: uuid.UUID | None) -> list[SubscriptionLine]:
    visible = ResellerRelationship.objects.visible_to(staff)
    if customer_id is None or staff.partner_id is None or not visible.filter(customer_id=customer_id).exists():
        return []
    return opened(customer_id, partner_id=staff.partner_id)


def _line(staff: Staff, asked: str) -> CustomerLine:
    visible = ResellerRelationship.objects.visible_to(staff).select_related("customer")
    found = visible.filter(customer_id=_uuid(asked)).first()
    if found is None:
        raise Http404
    assert staff.partner_id is not None
    return customer_lines([found], partner_id=staff.partner_id)[0]


def _listed(request: StaffRequest, staff: Staff) -> dict[str, Any]:
    path = reverse("desk:customer_list")
    search = CustomerSearch.of(request.GET)
    listing = list_customers(staff, search, request.GET)
    return {
        "search": search,
        "listing": listing,
        "first_url": address(path, request.GET),
        "further": search.show in FURTHER_FILTERS,
        "most_counted": MOST_COUNTED,
        **listing.page.addresses(path, request.GET),
    }
