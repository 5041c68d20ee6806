"""Adding subscriptions on the pages: choose, review, submit; the orders, and how their provisioning goes."""

import uuid
from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from activity.errors import Refused
from customers.models import ResellerRelationship
from desk.paging import by_moment, take_page
from desk.views.subscriptions import visible_relationship
from partners.access import access
from partners.answers import answer
from partners.requests import StaffRequest
from partners.roles import Permission
from subscriptions.basket import BasketForm, SubmittedBasket
from subscriptions.models import BillingCycle, Order
from subscriptions.ordering import LinesRefused, place_order, retry_provisioning
from subscriptions.sale import sale_to
from subscriptions.views.shared import refused
from upgrades.consequences import consequences_of_sale

PAGE_SIZE = 50
NEWEST_FIRST = by_moment("created_at")
STAGES = (gettext_lazy("Choose"), gettext_lazy("Review"), gettext_lazy("Order"))
FORM = "desk/add_subscriptions.html"


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@access(may=Permission.MANAGE_SUBSCRIPTIONS)
def add_subscriptions(request: StaffRequest, customer_id: uuid.UUID) -> HttpResponseBase:
    """GET: choose offers. POST with `step`: `choose` draws the form again, `review` reviews, `submit` orders."""
    relationship = visible_relationship(request.user, customer_id)
    step = request.POST.get("step", "")
    if request.method != "POST":
        return _choose(request, relationship, _form(request, relationship, initial={"key": str(uuid.uuid4())}))
    if step == "choose":
        # What was typed is kept; it is held against the rules when it is reviewed.
        return _choose(request, relationship, _form(request, relationship, initial=request.POST.dict()))
    if step == "submit":
        return _submit(request, relationship)
    form = _form(request, relationship, data=request.POST)
    if not form.is_valid():
        return _choose(request, relationship, form, status=400)
    return _review(request, relationship, form)


def _form(
    request: StaffRequest, relationship: ResellerRelationship, kind: type[BasketForm] = BasketForm, **given: Any
) -> BasketForm:
    sale = sale_to(partner_id=relationship.partner_id, customer_id=relationship.customer_id)
    search = request.POST.get("q", "") or request.GET.get("q", "")
    return kind(sale=sale, search=search[:200], **given)


def _context(relationship: ResellerRelationship) -> dict[str, Any]:
    return {"customer": relationship.customer, "relationship": relationship, "stages": STAGES}


def _choose(
    request: StaffRequest, relationship: ResellerRelationship, form: BasketForm, status: int = 200
) -> HttpResponse:
    return answer(request, FORM, _context(relationship) | {"form": form}, status=status)


def _review(request: StaffRequest, relationship: ResellerRelationship, form: BasketForm) -> HttpResponse:
    assert request.user.partner is not None
    offers = form.sale.offers
    lines = form.lines
    context = _context(relationship) | {
        "lines": [(line, offers[line.offer_id]) for line in lines],
        "licences": sum(line.quantity for line in lines),
        "form": form,
        "cycle": BillingCycle(form.cleaned_data["billing_cycle"]).label,
        "consequences": consequences_of_sale(
            [offers[line.offer_id] for line in lines],
            customer_id=relationship.customer_id,
            partner=request.user.partner,
        ),
    }
    return answer(request, "desk/review_subscriptions.html", context)


def _submit(request: StaffRequest, relationship: ResellerRelationship) -> HttpResponseBase:
    form = _form(request, relationship, SubmittedBasket, data=request.POST)
    if not form.is_valid():
        return _choose(request, relationship, _form(request, relationship, data=request.POST), status=400)
    try:
        order = place_order(
            staff=request.user,
            customer_id=relationship.customer_id,
            lines=form.lines,
            key=form.cleaned_data["key"],
            billing_cycle=form.cleaned_data["billing_cycle"],
            reference=form.cleaned_data["reference"],
        )
    except Refused as refusal:
        again = _form(request, relationship, data=request.POST.dict() | {"key": str(uuid.uuid4())})
        if isinstance(refusal, LinesRefused) and not again.is_valid():
            # The form says it beside the lines that it is about.
            return _choose(request, relationship, again, status=409)
        return refused(request, FORM, again, refusal, _context(relationship))
    return redirect("desk:order", order.customer_id, order.pk)


@require_safe
@access(may=Permission.SEE_CUSTOMERS)
def order_list(request: StaffRequest, customer_id: uuid.UUID) -> HttpResponse:
    """What the partner ordered for this customer, newest first."""
    relationship = visible_relationship(request.user, customer_id)
    orders = Order.objects.visible_to(request.user).filter(customer_id=customer_id)
    page = take_page(orders.with_lines(), NEWEST_FIRST, request.GET, size=PAGE_SIZE)
    context = _context(relationship) | {"orders": page.rows, **page.addresses(request.path, request.GET)}
    return render(request, "desk/orders.html", context)


@never_cache
@require_safe
@access(may=Permission.SEE_CUSTOMERS)
def order(request: StaffRequest, customer_id: uuid.UUID, order_id: uuid.UUID) -> HttpResponse:
    """One order: each line with how its provisioning goes."""
    visible = Order.objects.visible_to(request.user).select_related("customer", "staff").with_lines()
    found: Order = get_object_or_404(visible, pk=order_id, customer_id=customer_id)
    lines = list(found.lines.all())
    in_trouble = [line for line in lines if line.is_in_trouble]
    context = {
        "order": found,
        "customer": found.customer,
        "lines": lines,
        "in_trouble": in_trouble,
        "is_moving": found.status == "pending" and not in_trouble,
        "may_retry": bool(in_trouble) and request.user.may(Permission.MANAGE_SUBSCRIPTIONS),
        "stages": STAGES,
    }
    return render(request, "desk/order.html", context)


@never_cache
@require_POST
@access(may=Permission.MANAGE_SUBSCRIPTIONS)
def retry_order(request: StaffRequest, customer_id: uuid.UUID, order_id: uuid.UUID) -> HttpResponseBase:
    """Have what could not be provisioned tried again at once."""
    retry_provisioning(staff=request.user, customer_id=customer_id, order_id=order_id)
    return redirect("desk:order", customer_id, order_id)
