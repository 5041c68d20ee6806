"""A customer's subscriptions: those the partner sold, those of other channels apart, the deleted ones folded."""

import uuid
from typing import Any

from django.core.exceptions import BadRequest
from django.db.models import Count, Q
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from catalog.models import Offer
from customers.models import DelegatedAdminPrivilege, ResellerRelationship
from desk.paging import Page, by_moment, take_page
from desk.portfolio import SubscriptionLine, subscription_lines
from partners.access import access
from partners.models import Staff
from partners.requests import StaffRequest
from partners.roles import Permission
from subscriptions.models import Status, Subscription
from subscriptions.querysets import SubscriptionQuerySet

PAGE_SIZE = 100
PARTS = ("own", "others", "deleted")
OLDEST_FIRST = by_moment("created_at", newest_first=False)


@require_safe
@access(may=Permission.SEE_CUSTOMERS)
def subscription_list(request: StaffRequest, customer_id: uuid.UUID) -> HttpResponse:
    """All that the partner may know of what this customer has; `?part=` pages through one part of many rows."""
    staff = request.user
    relationship = visible_relationship(staff, customer_id)
    chosen = request.GET.get("part", "")
    if chosen and chosen not in PARTS:
        raise BadRequest(f"“part” is one of {', '.join(PARTS)}.")
    visible = Subscription.objects.filter(customer_id=customer_id).sold_or_administered_by(staff.partner_id)
    context = {
        "customer": relationship.customer,
        "relationship": relationship,
        "counts": _counts(visible, staff),
        "chosen": chosen,
        "parts": [_part(request, staff, visible, part) for part in PARTS if not chosen or part == chosen],
        "may_upgrade": staff.may(Permission.MANAGE_SUBSCRIPTIONS),
    }
    return render(request, "desk/subscriptions.html", context)


def visible_relationship(staff: Staff, customer_id: uuid.UUID) -> ResellerRelationship:
    """The relationship through which the person sees this customer. Raises `Http404` where there is none."""
    visible = ResellerRelationship.objects.visible_to(staff).select_related("customer")
    found: ResellerRelationship | None = visible.filter(customer_id=customer_id).first()
    if found is None:
        raise Http404
    return found


def _rows_of(part: str, visible: SubscriptionQuerySet, staff: Staff) -> SubscriptionQuerySet:
    own = Q(reseller_of_record_id=staff.partner_id)
    if part == "deleted":
        return visible.filter(own, status=Status.DELETED)
    return visible.live().filter(own if part == "own" else ~own | Q(reseller_of_record__isnull=True))


def _counts(visible: SubscriptionQuerySet, staff: Staff) -> dict[str, int]:
    own, deleted = Q(reseller_of_record_id=staff.partner_id), Q(status=Status.DELETED)
    return visible.order_by().aggregate(
        own=Count("pk", filter=own & ~deleted),
        others=Count("pk", filter=(~own | Q(reseller_of_record__isnull=True)) & ~deleted),
        deleted=Count("pk", filter=own & deleted),
    )


def _part(request: StaffRequest, staff: Staff, visible: SubscriptionQuerySet, part: str) -> dict[str, Any]:
    assert staff.partner_id is not None
    rows = _rows_of(part, visible, staff).select_related("offer", "parent__offer", "order_line")
    is_chosen = request.GET.get("part", "") == part
    page = take_page(rows, OLDEST_FIRST, request.GET if is_chosen else QueryDict(), size=PAGE_SIZE)
    lines = subscription_lines(page.rows, partner_id=staff.partner_id)
    services = _administered(page, staff) if part == "others" else {}
    placed = under_their_parents(lines) if part == "own" else [(line, 0) for line in lines]
    query = request.GET.copy()
    query["part"] = part
    assert request.resolver_match is not None
    here = reverse("desk:subscription_list", kwargs=request.resolver_match.kwargs)
    return {
        "code": part,
        "rows": [(line, depth, services.get(line.subscription.offer_id, [])) for line, depth in placed],
        **page.addresses(here, query),
    }


def under_their_parents(lines: list[SubscriptionLine]) -> list[tuple[SubscriptionLine, int]]:
    """These lines with each add-on right under its parent, and how deep it hangs.

    One whose parent stands on another page stays where it is.
    """
    present = {line.subscription.pk for line in lines}
    hanging: dict[uuid.UUID | None, list[SubscriptionLine]] = {}
    for line in lines:
        parent_id = line.subscription.parent_id
        hanging.setdefault(parent_id if parent_id in present else None, []).append(line)
    placed: list[tuple[SubscriptionLine, int]] = []
    waiting = [(line, 0) for line in reversed(hanging.pop(None, []))]
    while waiting:
        line, depth = waiting.pop()
        placed.append((line, depth))
        waiting += [(child, depth + 1) for child in reversed(hanging.pop(line.subscription.pk, []))]
    # Add-ons of each other hang from nothing; they are shown all the same.
    return placed + [(line, 0) for left in hanging.values() for line in left]


def _administered(page: Page, staff: Staff) -> dict[uuid.UUID, list[str]]:
    """For each offer on the page, the services in it that the partner may administer for this customer."""
    if not page.rows:
        return {}
    held = set(
        DelegatedAdminPrivilege.objects.held_by(staff.partner_id)
        .filter(customer_id=page.rows[0].customer_id)
        .values_list("service_id", flat=True)
    )
    offers = Offer.objects.with_plans().filter(pk__in={row.offer_id for row in page.rows})
    return {
        offer.pk: list(
            dict.fromkeys(plan.service.name for plan in offer.service_plans.all() if plan.service_id in held)
        )
        for offer in offers
    }
