"""All that the partner sold, over all customers: sorted, filtered, with chosen columns, on a page or in a file."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from desk.columns import Column, SoldLine, columns_of
from desk.forms import SaveViewForm
from desk.listing import MOST_COUNTED
from desk.models import List, SavedView
from desk.operations import record_export
from desk.paging import address
from desk.sheets import MOST_IN_A_WORKBOOK, TooManyRows
from desk.sorting import COMPANY
from desk.subscription_filter import SubscriptionFilter
from desk.subscription_listing import SubscriptionList, offers_sold, offers_to_move_to
from desk.views.files import asked_format, file_of, too_many_for
from partners.access import access
from partners.models import Staff
from partners.requests import StaffRequest
from partners.roles import Permission

# What the list is asked for where it is not to open with the view that shows first.
EVERYTHING = "all"


@require_safe
@access(may=Permission.SEE_CUSTOMERS)
def all_subscriptions(request: StaffRequest) -> HttpResponseBase:
    """The subscriptions that the partner sold; `?format=csv` or `xlsx` sends what is filtered as a file."""
    views = list(SavedView.objects.filter(staff=request.user, list=List.SUBSCRIPTIONS))
    if not request.GET and (first := next((view for view in views if view.is_default and view.query), None)):
        return HttpResponseRedirect(f"{request.path}?{first.query}")
    listed = _asked(request)
    form = asked_format(request)
    if form and not listed.asked.errors:
        return _file(request, listed, form, views)
    return _page(request, listed, views)


def _asked(request: StaffRequest) -> SubscriptionList:
    assert request.user.partner_id is not None
    offers = offers_sold(request.user.partner_id)
    asked = SubscriptionFilter(request.GET, offers=offers, targets=offers_to_move_to())
    asked.full_clean()
    return SubscriptionList(request.user, asked, offers)


def filter_of(staff: Staff, query: Any) -> SubscriptionFilter:
    """What a query asks of this person's list, without what makes no sense in it."""
    assert staff.partner_id is not None
    asked = SubscriptionFilter(query, offers=offers_sold(staff.partner_id), targets=offers_to_move_to())
    asked.full_clean()
    return asked


def _file(request: StaffRequest, listed: SubscriptionList, form: str, views: list[SavedView]) -> HttpResponseBase:
    asked, rows = listed.asked, listed.count()
    columns = columns_of(asked.chosen_columns)
    if too_many_for(form, rows) and not asked.is_judging:
        return _page(request, listed, views, refused=True)
    try:
        answer = file_of("subscriptions", form, columns, listed.chunks(), title=_("Subscriptions"))
    except TooManyRows:
        return _page(request, listed, views, refused=True)
    if request.method == "GET":
        codes = [column.code for column in columns]
        record_export(
            staff=request.user, exported="subscriptions", form=form, asked=asked.as_record(), columns=codes, rows=rows
        )
    return answer


def _page(
    request: StaffRequest, listed: SubscriptionList, views: list[SavedView], *, refused: bool = False
) -> HttpResponse:
    asked, path, query = listed.asked, reverse("desk:all_subscriptions"), request.GET
    listing = listed.page(query)
    columns = columns_of(asked.chosen_columns)
    here = asked.as_query()
    context: dict[str, Any] = {
        "form": asked,
        "listing": listing,
        "headings": [_heading(column, asked.sorted_by, path, query) for column in columns],
        "rows": [Row(line, columns) for line in listing.lines],
        "views": [
            (view, f"{path}?{view.query or EVERYTHING + '=1'}", view.query == here.urlencode()) for view in views
        ],
        "is_everything": not here,
        "save_form": SaveViewForm(initial={"query": here.urlencode()}, prefix="view"),
        "all_url": f"{path}?{urlencode({EVERYTHING: 1})}",
        "first_url": address(path, query),
        "csv_url": address(path, query, format="csv"),
        "excel_url": address(path, query, format="xlsx"),
        "refused": refused,
        "most_in_a_workbook": MOST_IN_A_WORKBOOK,
        "most_counted": MOST_COUNTED,
        **listing.page.addresses(path, query),
    }
    return render(request, "desk/all_subscriptions.html", context, status=422 if refused else 200)


@dataclass(frozen=True)
class Heading:
    """The heading of a column; `url` sorts by it, the other way round where the list is sorted by it already."""

    column: Column[SoldLine]
    url: str = ""
    direction: str = ""


def _heading(column: Column[SoldLine], sort: str, path: str, query: Any) -> Heading:
    if not column.sort:
        return Heading(column)
    is_ascending = sort == column.sort
    wanted = f"-{column.sort}" if is_ascending else column.sort
    is_sorted = sort.removeprefix("-") == column.sort
    url = address(path, query, sort=None if wanted == COMPANY else wanted)
    if url == path:
        # Without anything asked for, the list would open with the view that shows first.
        url = f"{path}?{EVERYTHING}=1"
    return Heading(column, url, ("ascending" if is_ascending else "descending") if is_sorted else "")


@dataclass(frozen=True)
class Row:
    """A line and its cells: the first names it."""

    line: SoldLine
    columns: Sequence[Column[SoldLine]]

    @property
    def cells(self) -> list[tuple[str, str]]:
        """What stands in each column, and the classes of the cell."""
        return [(column.cell(self.line), column.classes) for column in self.columns]
