"""A customer's account: seen by all who see the customer, its parts changed by who may change them."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from activity.errors import Refused
from customers.domains import full_domain, is_domain_available
from customers.errors import FormerReseller
from customers.forms import BillingChangeForm, ContactChangeForm
from customers.models import Customer, ResellerRelationship
from customers.operations import change_billing, change_contact
from partners.access import access
from partners.answers import answer
from partners.legible import validate_legible
from partners.models import Staff
from partners.requests import StaffRequest
from partners.roles import Permission

ACCOUNT = ("customer", "customer__contact_details", "customer__billing_profile")


def _relationship(staff: Staff, customer_id: uuid.UUID) -> ResellerRelationship:
    visible = ResellerRelationship.objects.visible_to(staff).select_related(*ACCOUNT)
    found: ResellerRelationship = get_object_or_404(visible, customer_id=customer_id)
    return found


@never_cache
@require_safe
@access(may=Permission.SEE_CUSTOMERS)
def account(request: StaffRequest, customer_id: uuid.UUID) -> HttpResponse:
    """Company, domain, contact details and billing profile of a customer."""
    relationship = _relationship(request.user, customer_id)
    customer = relationship.customer
    context = {
        "customer": customer,
        "relationship": relationship,
        "contact": getattr(customer, "contact_details", None),
        "billing": getattr(customer, "billing_profile", None),
        "may_edit_contact": request.user.may(Permission.EDIT_CONTACT) and not relationship.has_ended,
        "may_edit_billing": request.user.may(Permission.EDIT_BILLING) and not relationship.has_ended,
    }
    return render(request, "customers/account.html", context)


@dataclass(frozen=True)
class Part:
    """A part of the account that has a form of its own."""

    details: str
    form: type[ContactChangeForm] | type[BillingChangeForm]
    change: Callable[..., Any]
    template: str
    saved: Promise | str

    def opened(self, customer: Customer, data: Any = None) -> Any:
        """The form about this part as it stands now; with data, as it was sent."""
        return self.form(data, customer=customer, instance=getattr(customer, self.details, None))

    def version(self, customer: Customer) -> int:
        """The version of this part; 0 where nothing was ever entered."""
        details = getattr(customer, self.details, None)
        return details.version if details else 0


CONTACT = Part(
    "contact_details",
    ContactChangeForm,
    change_contact,
    "customers/edit_contact.html",
    gettext_lazy("The contact details are saved."),
)
BILLING = Part(
    "billing_profile",
    BillingChangeForm,
    change_billing,
    "customers/edit_billing.html",
    gettext_lazy("The billing profile is saved."),
)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@access(may=Permission.EDIT_CONTACT)
def edit_contact(request: StaffRequest, customer_id: uuid.UUID) -> HttpResponseBase:
    """Change the company's name and whom to speak to there."""
    return _edit(request, customer_id, CONTACT)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@access(may=Permission.EDIT_BILLING)
def edit_billing(request: StaffRequest, customer_id: uuid.UUID) -> HttpResponseBase:
    """Change who gets the bills, and how they are written."""
    return _edit(request, customer_id, BILLING)


def _edit(request: StaffRequest, customer_id: uuid.UUID, part: Part) -> HttpResponseBase:
    relationship = _relationship(request.user, customer_id)
    if request.method == "POST":
        return _save(request, relationship.customer, part)
    if relationship.has_ended:
        messages.info(request, FormerReseller().message)
        return redirect("customers:account", customer_id)
    return _drawn(request, relationship.customer, part, part.opened(relationship.customer))


def _save(request: StaffRequest, customer: Customer, part: Part) -> HttpResponseBase:
    form = part.opened(customer, request.POST)
    if not form.is_valid():
        return _drawn(request, customer, part, form)
    try:
        part.change(staff=request.user, customer_id=customer.pk, **form.asked)
    except Refused as refusal:
        return _refused(request, customer.pk, part, refusal)
    messages.success(request, str(part.saved))
    return redirect("customers:account", customer.pk)


def _refused(request: StaffRequest, customer_id: uuid.UUID, part: Part, refusal: Refused) -> HttpResponse:
    """The form again as things stand now, with what was typed, and why nothing was done."""
    customer = _relationship(request.user, customer_id).customer
    fresh = {"key": str(uuid.uuid4()), "version": str(part.version(customer))}
    form = part.opened(customer, request.POST.dict() | fresh)
    form.refuse(refusal.message)
    return _drawn(request, customer, part, form, refusal=refusal)


def _drawn(
    request: StaffRequest, customer: Customer, part: Part, form: Any, *, refusal: Refused | None = None
) -> HttpResponse:
    context = {"customer": customer, "form": form, "refusal": refusal}
    return answer(request, part.template, context, status=409 if refusal else 200)


@never_cache
@require_safe
@access(may=Permission.MANAGE_SUBSCRIPTIONS)
def check_domain(request: StaffRequest) -> HttpResponse:
    """Whether the typed domain is free, in words, for the form that it is typed into; nothing while it is empty."""
    typed = request.GET.get("domain", "")[:300]
    context: dict[str, Any] = {"typed": typed.strip()}
    if context["typed"]:
        try:
            validate_legible(typed)
            context["domain"] = full_domain(typed)
            context["is_free"] = is_domain_available(context["domain"])
        except ValidationError as error:
            context["fault"] = error.messages[0]
    return render(request, "customers/_domain.html", context)
