"""The upgrades that the partner made."""

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from desk.listing import MOST_COUNTED, count_up_to
from desk.paging import address, by_moment, take_page
from partners.access import access
from partners.requests import StaffRequest
from partners.roles import Permission
from upgrades.models import Upgrade

PAGE_SIZE = 50
UNFINISHED = "unfinished"
NEWEST_FIRST = by_moment("created_at")


@require_safe
@access(may=Permission.SEE_CUSTOMERS)
def upgrade_list(request: StaffRequest) -> HttpResponse:
    """The partner's upgrades, newest first; `?show=unfinished` leaves those whose hand-over has steps left."""
    show = request.GET.get("show", "")
    made = Upgrade.objects.visible_to(request.user)
    shown = made.unfinished() if show == UNFINISHED else made
    # The evidence is long and stands on the receipt.
    page = take_page(shown.defer("evidence"), NEWEST_FIRST, request.GET, size=PAGE_SIZE)
    path = reverse("desk:upgrade_list")
    context = {
        "upgrades": page.rows,
        "is_unfinished": show == UNFINISHED,
        "is_unknown_filter": show not in {"", UNFINISHED},
        "count": count_up_to(shown),
        "most_counted": MOST_COUNTED,
        "all_url": address(path, request.GET, show=None),
        "unfinished_url": address(path, request.GET, show=UNFINISHED),
        **page.addresses(path, request.GET),
    }
    return render(request, "desk/upgrades.html", context)
