"""The desk of privileges: who of all customers keeps back what, which requests wait, what ends soon or has ended."""

import datetime
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import prefetch_related_objects
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from catalog.models import Service
from customers.models import Customer, DelegatedAdminPrivilege, Invitation, ResellerRelationship
from customers.requesting import unanswered_requests_of
from desk.missing import HeldUpUpgrade, Missing, lacking_privileges, missing_privileges
from desk.paging import BY_NAME, Page, by_moment, take_page
from desk.scan import of_customers, search_through
from partners.access import access
from partners.requests import StaffRequest
from partners.roles import Permission

PAGE_SIZE = 50
# For so long one can look up how a privilege ended.
DAYS_OF_ENDED = 90
OLDEST_FIRST = by_moment("created_at", newest_first=False)
NEXT_TO_EXPIRE = by_moment("expires_at", newest_first=False, is_numbered=True)
LAST_ENDED = by_moment("revoked_at", is_numbered=True)
MISSING = "missing"
PARTS: dict[str, Promise] = {
    MISSING: _("Missing"),
    "waiting": _("Requests waiting"),
    "expiring": _("Expiring soon"),
    "ended": _("Ended lately"),
}


@never_cache
@require_safe
@access(may=Permission.REQUEST_PRIVILEGES)
def privilege_desk(request: StaffRequest) -> HttpResponse:
    """One part of it, as `show` says, a page at a time; `service` leaves only customers who lack that one."""
    show = request.GET.get("show", "")
    show = show if show in PARTS else MISSING
    context = {
        "show": show,
        "parts": PARTS.items(),
        "key": str(uuid.uuid4()),
        "now": timezone.now(),
        **PAGES[show](request),
    }
    return render(request, "desk/privilege_desk.html", context)


@dataclass(frozen=True)
class MissingLine:
    """A customer, the services that its upgrades lack, the upgrades that wait, and what is being asked already."""

    customer: Customer
    has_ended: bool
    services: list[Service]
    upgrades: list[HeldUpUpgrade]
    requests: list[Invitation]
    to_request: list[int]

    @property
    def service_names(self) -> str:
        """The services by name."""
        return gettext(", ").join(service.name for service in self.services)


def _missing(request: StaffRequest) -> dict[str, Any]:
    partner_id = request.user.partner_id
    assert partner_id is not None
    services = {service.pk: service for service in Service.objects.order_by("pk")}
    chosen = next((one for one in services.values() if one.code == request.GET.get("service")), None)
    pick = of_customers(lacking_privileges(partner_id, chosen.pk if chosen else None))
    rows = ResellerRelationship.objects.visible_to(request.user)
    found = search_through(rows, BY_NAME, request.GET, pick, size=PAGE_SIZE)
    prefetch_related_objects(found.page.rows, "customer")
    return {
        "lines": _missing_lines(found.page.rows, services, partner_id),
        "services": services.values(),
        "service": chosen,
        "looked_at": found.looked_at,
        "is_cut_short": found.is_cut_short,
        **found.page.addresses(request.path, request.GET),
    }


def _missing_lines(
    rows: Iterable[ResellerRelationship], services: dict[int, Service], partner_id: uuid.UUID
) -> list[MissingLine]:
    shown = list(rows)
    ids = [row.customer_id for row in shown]
    missing = missing_privileges(ids, partner_id=partner_id)
    asked = unanswered_requests_of(ids, partner_id)
    return [_missing_line(row, missing.get(row.customer_id, Missing({})), asked, services) for row in shown]


def _missing_line(
    row: ResellerRelationship,
    missing: Missing,
    asked: dict[uuid.UUID, dict[int, Invitation]],
    services: dict[int, Service],
) -> MissingLine:
    lacked = missing.service_ids
    requests = asked.get(row.customer_id, {})
    return MissingLine(
        customer=row.customer,
        has_ended=row.has_ended,
        services=[services[pk] for pk in lacked],
        upgrades=missing.upgrades_for(lacked),
        requests=list({requests[pk].pk: requests[pk] for pk in lacked if pk in requests}.values()),
        to_request=[pk for pk in lacked if pk not in requests],
    )


def _waiting(request: StaffRequest) -> dict[str, Any]:
    """Each unanswered request, those that wait longest first, with the upgrades that wait for its answer."""
    partner_id = request.user.partner_id
    assert partner_id is not None
    unanswered = Invitation.objects.visible_to(request.user).unanswered(timezone.now()).for_privileges()
    page = take_page(unanswered.with_parts(), OLDEST_FIRST, request.GET, size=PAGE_SIZE)
    seen = [one.customer_id for one in page.rows if one.is_in_sight]
    missing = missing_privileges(seen, partner_id=partner_id)
    lines = [(one, _waits_for(one, missing)) for one in page.rows]
    return {"lines": lines, **page.addresses(request.path, request.GET)}


def _waits_for(invitation: Invitation, missing: dict[uuid.UUID, Missing]) -> list[HeldUpUpgrade]:
    found = missing.get(invitation.customer_id) if invitation.customer_id else None
    return found.upgrades_for([asked.service_id for asked in invitation.asked_services]) if found else []


def _expiring(request: StaffRequest) -> dict[str, Any]:
    """The privileges that end within the time of the warnings, or have ended since the last night, the next first."""
    partner_id = request.user.partner_id
    assert partner_id is not None
    expiring = DelegatedAdminPrivilege.objects.visible_to(request.user).expiring()
    page = take_page(expiring, NEXT_TO_EXPIRE, request.GET, size=PAGE_SIZE)
    asked = unanswered_requests_of({one.customer_id for one in page.rows}, partner_id)
    _with_names(page)
    lines = [(one, asked.get(one.customer_id, {}).get(one.service_id)) for one in page.rows]
    return {"lines": lines, **page.addresses(request.path, request.GET)}


def _ended(request: StaffRequest) -> dict[str, Any]:
    """The privileges that ended within `DAYS_OF_ENDED`, the latest first, and how."""
    since = timezone.now() - datetime.timedelta(days=DAYS_OF_ENDED)
    ended = DelegatedAdminPrivilege.objects.visible_to(request.user).ended_since(since)
    page = take_page(ended, LAST_ENDED, request.GET, size=PAGE_SIZE)
    _with_names(page)
    return {"lines": page.rows, "days": DAYS_OF_ENDED, **page.addresses(request.path, request.GET)}


def _with_names(page: Page) -> None:
    # Joined, all of a large partner would be fetched before the first fifty are chosen.
    prefetch_related_objects(page.rows, "customer", "service")


PAGES = {MISSING: _missing, "waiting": _waiting, "expiring": _expiring, "ended": _ended}
