"""Adding a customer on the pages: account info, subscriptions, review; then what to hand over.

Each step has its address and is kept in a draft, so that people go back and forth, leave and come again.
"""

import uuid
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from activity.errors import Refused
from customers.drafts import discard_draft, save_draft, start_draft
from customers.duplicates import find_duplicates
from customers.errors import DomainTaken
from customers.models import Culture, CustomerDraft
from customers.models.accounts import LANGUAGES
from customers.new_customer import AccountForm, as_typed
from desk.views.subscriptions import visible_relationship
from partners.access import access
from partners.answers import answer
from partners.models import Staff
from partners.requests import StaffRequest
from partners.roles import Permission
from subscriptions.adding import DraftUnfinished, add_customer, basket_of, sale_to_new
from subscriptions.basket import BasketForm
from subscriptions.models import BillingCycle, Order

STAGES = (gettext_lazy("Account info"), gettext_lazy("Subscriptions"), gettext_lazy("Review"))
DRAFTS_SHOWN = 10
ORDERS_SHOWN = 10
IS_ANOTHER = "is_another"


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@access(may=Permission.MANAGE_SUBSCRIPTIONS)
def add_account(request: StaffRequest, draft_id: uuid.UUID | None = None) -> HttpResponseBase:
    """Step 1: who the customer is. Without a draft a new one begins, as soon as the step is right."""
    draft = _draft(request.user, draft_id) if draft_id else None
    if draft is not None and draft.customer_id is not None:
        return redirect("desk:customer_added", draft.customer_id)
    if request.method != "POST":
        return _account(request, draft, AccountForm(draft.account if draft else None))
    form = AccountForm(request.POST)
    if not form.is_valid():
        return _account(request, draft, form)
    return _save_account(request, draft, form)


def _save_account(request: StaffRequest, draft: CustomerDraft | None, form: AccountForm) -> HttpResponseBase:
    company = form.company.cleaned_data
    found = find_duplicates(staff=request.user, **company)
    if found.is_domain_taken:
        form.company.add_error("domain", DomainTaken(company["domain"], found.with_domain).message)
        return _account(request, draft, form, there=found.with_domain)
    name = company["company_name"]
    # Whoever comes back to this step is not asked again about the same name.
    is_told_apart = IS_ANOTHER in request.POST or (draft is not None and draft.account.get(IS_ANOTHER) == name)
    if found.similar and not is_told_apart:
        return _account(request, draft, form, similar=found.similar)
    typed = form.typed | {IS_ANOTHER: name}
    if draft is None:
        draft = start_draft(staff=request.user, account=typed)
    else:
        save_draft(staff=request.user, draft_id=draft.pk, account=typed)
    return redirect("desk:add_basket", draft.pk)


def _account(request: StaffRequest, draft: CustomerDraft | None, form: AccountForm, **found: Any) -> HttpResponse:
    others = CustomerDraft.objects.of(request.user).unfinished()
    context = {
        "draft": draft,
        "form": form,
        "drafts": others[:DRAFTS_SHOWN] if draft is None else (),
        "domain_suffix": settings.CUSTOMER_DOMAIN,
        "stages": STAGES,
        **found,
    }
    return answer(request, "desk/add_customer_account.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@access(may=Permission.MANAGE_SUBSCRIPTIONS)
def add_basket(request: StaffRequest, draft_id: uuid.UUID) -> HttpResponseBase:
    """Step 2: the first subscriptions, or none. POST with `step`: `choose` searches, `back` and `review` go on."""
    draft = _draft(request.user, draft_id)
    if draft.customer_id is not None:
        return redirect("desk:customer_added", draft.customer_id)
    sale, search = sale_to_new(request.user), request.POST.get("q", "")[:200]
    if request.method != "POST":
        form = basket_of(draft, sale=sale) if draft.basket else BasketForm(sale=sale, may_be_empty=True)
        return _basket(request, draft, form)
    form = BasketForm(request.POST, sale=sale, search=search, may_be_empty=True)
    step = request.POST.get("step", "")
    if step == "choose":
        typed = BasketForm(initial=request.POST.dict(), sale=sale, search=search, may_be_empty=True)
        return _basket(request, draft, typed)
    # Whether right or wrong, what was typed is kept for when the person comes back.
    save_draft(staff=request.user, draft_id=draft.pk, basket=as_typed(request.POST, list(form.fields)))
    if step == "back":
        return redirect("desk:add_account", draft.pk)
    return redirect("desk:add_review", draft.pk) if form.is_valid() else _basket(request, draft, form)


def _basket(request: StaffRequest, draft: CustomerDraft, form: BasketForm) -> HttpResponse:
    context = {"draft": draft, "form": form, "stages": STAGES}
    return answer(request, "desk/add_customer_basket.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@access(may=Permission.MANAGE_SUBSCRIPTIONS)
def add_review(request: StaffRequest, draft_id: uuid.UUID) -> HttpResponseBase:
    """Step 3: all of it once more. POST adds the customer with its first order, all or nothing."""
    draft = _draft(request.user, draft_id)
    if draft.customer_id is not None:
        return redirect("desk:customer_added", draft.customer_id)
    if request.method != "POST":
        return _review(request, draft)
    seen = request.POST.get("version", "")
    version = int(seen) if seen.isdecimal() and len(seen) < 9 else 0
    try:
        customer = add_customer(staff=request.user, draft_id=draft.pk, version=version)
    except DraftUnfinished as refusal:
        return _to_step(request, draft, refusal.step)
    except Refused as refusal:
        return _review(request, _draft(request.user, draft_id), refusal)
    messages.success(request, _("%(company)s is added.") % {"company": customer.company_name})
    return redirect("desk:customer_added", customer.pk)


def _review(request: StaffRequest, draft: CustomerDraft, refusal: Refused | None = None) -> HttpResponseBase:
    account, basket = AccountForm(draft.account), basket_of(draft, sale=sale_to_new(request.user))
    if not account.is_valid():
        return _to_step(request, draft, "account")
    if not basket.is_valid():
        return _to_step(request, draft, "basket")
    lines = basket.lines
    context = {
        "draft": draft,
        "company": account.company.cleaned_data,
        "contact": account.contact.instance,
        "billing": account.billing.instance if account.is_billed_elsewhere else None,
        "language": dict(LANGUAGES)[account.values["billing"]["language"]],
        "culture": Culture(account.values["billing"]["culture"]).label,
        "lines": [(line, basket.sale.offers[line.offer_id]) for line in lines],
        "cycle": BillingCycle(basket.cleaned_data["billing_cycle"]).label,
        "reference": basket.cleaned_data["reference"],
        "refusal": refusal,
        "there": getattr(refusal, "customer", None),
        "stages": STAGES,
    }
    return answer(request, "desk/add_customer_review.html", context, status=409 if refusal else 200)


def _to_step(request: StaffRequest, draft: CustomerDraft, step: str) -> HttpResponseBase:
    """To the step that has to be looked at again; it says itself what is wrong."""
    messages.warning(request, DraftUnfinished(step).message)
    return redirect("desk:add_basket" if step == "basket" else "desk:add_account", draft.pk)


@never_cache
@require_POST
@access(may=Permission.MANAGE_SUBSCRIPTIONS)
def discard(request: StaffRequest, draft_id: uuid.UUID) -> HttpResponseBase:
    """Throw a draft away."""
    _draft(request.user, draft_id)
    discard_draft(staff=request.user, draft_id=draft_id)
    messages.success(request, _("The draft is discarded."))
    return redirect("desk:add_customer")


@never_cache
@require_safe
@access(may=Permission.SEE_CUSTOMERS)
def customer_added(request: StaffRequest, customer_id: uuid.UUID) -> HttpResponse:
    """What to hand to a new customer, and what comes next."""
    relationship = visible_relationship(request.user, customer_id)
    orders = Order.objects.visible_to(request.user).filter(customer_id=customer_id)
    context = {
        "customer": relationship.customer,
        "orders": orders.prefetch_related("lines__offer", "lines__subscription")[:ORDERS_SHOWN],
        "admin_centre": settings.ADMIN_CENTRE_URL,
    }
    return answer(request, "desk/customer_added.html", context)


def _draft(staff: Staff, draft_id: uuid.UUID) -> CustomerDraft:
    found: CustomerDraft = get_object_or_404(CustomerDraft.objects.of(staff), pk=draft_id)
    return found
