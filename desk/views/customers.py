"""The customer list: found by name, opened in place, paged through."""

import uuid
from collections.abc import Iterator
from itertools import batched
from typing import Any

from django.core.exceptions import BadRequest
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from customers.counts import count_customers
from customers.models import ResellerRelationship
from desk.columns import CUSTOMER_COLUMNS
from desk.listing import (
    FURTHER_FILTERS,
    LAST_FIRST,
    MOST_COUNTED,
    SOON_DELETED,
    CustomerSearch,
    all_matches,
    list_customers,
    picked_by,
)
from desk.operations import record_export
from desk.paging import address
from desk.portfolio import CustomerLine, SubscriptionLine, customer_lines, opened
from desk.sheets import CHUNK, MOST_IN_A_WORKBOOK, TooManyRows
from desk.views.files import asked_format, file_of, too_many_for
from partners.access import access
from partners.models import Staff
from partners.requests import StaffRequest
from partners.roles import Permission
from partners.templatetags.look import icon


@require_safe
@access(may=Permission.SEE_CUSTOMERS)
def customer_list(request: StaffRequest) -> HttpResponseBase:
    """The partner's customers by name; a script may ask for the results or for one opened line alone.

    `?format=csv` or `xlsx` sends what is filtered as a file.
    """
    staff = request.user
    form = asked_format(request)
    return _file(request, form) if form else _page(request, staff)


def _page(request: StaffRequest, staff: Staff, *, refused: bool = False) -> HttpResponse:
    wanted = _wanted(request)
    open_id = _open_id(request)
    context = _shared(request, staff, open_id)
    if wanted.startswith("customer-"):
        context["line"] = _line(staff, wanted.removeprefix("customer-"))
        response = render(request, "desk/customers.html#line", context)
    else:
        context |= _listed(request, staff) | {"is_part": wanted == "customers"}
        if wanted != "customers":
            assert staff.partner_id is not None
            context["total"] = count_customers(staff.partner_id)
            context |= {"refused": refused, "most_in_a_workbook": MOST_IN_A_WORKBOOK}
        part = "#results" if wanted == "customers" else ""
        response = render(request, f"desk/customers.html{part}", context, status=422 if refused else 200)
    patch_vary_headers(response, ["HX-Request", "HX-Target"])
    return response


def _file(request: StaffRequest, form: str) -> HttpResponseBase:
    staff, search = request.user, CustomerSearch.of(request.GET)
    if search.is_unknown_filter:
        # Nobody is to take a whole portfolio for a part of it.
        return _page(request, staff)
    rows = all_matches(staff, search).count()
    if too_many_for(form, rows) and search.show in {"", SOON_DELETED}:
        return _page(request, staff, refused=True)
    try:
        answer = file_of("customers", form, CUSTOMER_COLUMNS, _chunks(staff, search), title=_("Customers"))
    except TooManyRows:
        return _page(request, staff, refused=True)
    if request.method == "GET":
        asked = {name: value for name, value in (("q", search.text), ("show", search.show)) if value}
        codes = [column.code for column in CUSTOMER_COLUMNS]
        record_export(staff=staff, exported="customers", form=form, asked=asked, columns=codes, rows=rows)
    return answer


def _chunks(staff: Staff, search: CustomerSearch) -> Iterator[list[CustomerLine]]:
    assert staff.partner_id is not None
    pick = picked_by(search, staff.partner_id)
    for chunk in batched(all_matches(staff, search).iterator(chunk_size=CHUNK), CHUNK):
        rows = list(chunk) if pick is None else pick(list(chunk))
        yield customer_lines(rows, partner_id=staff.partner_id)


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
        "sort_url": address(path, request.GET, sort=None if search.sort else LAST_FIRST),
        "csv_url": "" if search.is_unknown_filter else address(path, request.GET, format="csv"),
        "excel_url": address(path, request.GET, format="xlsx"),
        "further": search.show in FURTHER_FILTERS,
        "most_counted": MOST_COUNTED,
        **listing.page.addresses(path, request.GET),
    }
