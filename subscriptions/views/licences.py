"""Licences on the pages: of one subscription, and of all of a customer's at once."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from activity.errors import Refused
from customers.models import Customer
from partners.access import access
from partners.answers import answer
from partners.models import Staff
from partners.requests import StaffRequest
from partners.roles import Permission
from subscriptions.errors import QuantityOutOfRange
from subscriptions.forms import LicencesForm, ManyLicencesForm, ManySubmittedLicences, SubmittedLicences
from subscriptions.models import Status, Subscription
from subscriptions.operations import Change, Wanted, change_subscription, change_subscriptions
from subscriptions.views.shared import once, own_subscription, refused

FORM = "subscriptions/licences.html"
MANY_FORM = "subscriptions/many_licences.html"
MOST_AT_ONCE = 100
QUANTITY = "quantity-"


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@access(may=Permission.MANAGE_SUBSCRIPTIONS)
def licences(request: StaffRequest, customer_id: uuid.UUID, subscription_id: uuid.UUID) -> HttpResponseBase:
    """GET: choose a number of licences. POST: submit the reviewed one."""
    subscription = own_subscription(request.user, customer_id, subscription_id)
    if request.method == "POST":
        return _submit(request, subscription)
    asked = request.GET.get("quantity", "")
    shown = asked if asked.isdecimal() and len(asked) < 9 else subscription.quantity
    form = LicencesForm(subscription=subscription, initial=once(subscription) | {"quantity": shown})
    return answer(request, FORM, _context(subscription) | {"form": form})


def _context(subscription: Subscription) -> dict[str, Any]:
    return {
        "subscription": subscription,
        "customer": subscription.customer,
        "is_open": subscription.status == Status.ACTIVE,
    }


@never_cache
@require_safe
@access(may=Permission.MANAGE_SUBSCRIPTIONS)
def licences_review(request: StaffRequest, customer_id: uuid.UUID, subscription_id: uuid.UUID) -> HttpResponseBase:
    """What the new number changes, before it does; its own address, safe to come back to."""
    subscription = own_subscription(request.user, customer_id, subscription_id)
    form = LicencesForm(request.GET, subscription=subscription)
    if subscription.status != Status.ACTIVE or not form.is_valid():
        return answer(request, FORM, _context(subscription) | {"form": form})
    quantity = form.cleaned_data["quantity"]
    if quantity == subscription.quantity:
        form.refuse(_("It has that many licences already. Enter another number."))
        return answer(request, FORM, _context(subscription) | {"form": form})
    context = _context(subscription) | {
        "quantity": quantity,
        "difference": quantity - subscription.quantity,
        "fewer": subscription.quantity - quantity,
        "key": form.cleaned_data["key"],
        "version": form.cleaned_data["version"] or subscription.version,
    }
    return answer(request, "subscriptions/licences_review.html", context)


def _submit(request: StaffRequest, subscription: Subscription) -> HttpResponseBase:
    form = SubmittedLicences(request.POST, subscription=subscription)
    if not form.is_valid():
        return answer(request, FORM, _context(subscription) | {"form": form}, status=400)
    try:
        changed = change_subscription(
            staff=request.user,
            subscription_id=subscription.pk,
            customer_id=subscription.customer_id,
            wanted=Wanted(quantity=form.cleaned_data["quantity"]),
            key=form.cleaned_data["key"],
            version=form.cleaned_data["version"],
        )
    except QuantityOutOfRange as refusal:
        form.add_error("quantity", refusal.message)
        return answer(request, FORM, _context(subscription) | {"form": form}, status=400)
    except Refused as refusal:
        fresh = own_subscription(request.user, subscription.customer_id, subscription.pk)
        again = LicencesForm(with_fresh(request.POST, once(fresh)), subscription=fresh)
        return refused(request, FORM, again, refusal, _context(fresh))
    words = ngettext("It has %(count)s licence now.", "It has %(count)s licences now.", changed.quantity)
    messages.success(request, words % {"count": number_format(changed.quantity)})
    return redirect("desk:subscription_details", changed.customer_id, changed.pk)


def with_fresh(sent: QueryDict, fresh: dict[str, Any]) -> dict[str, Any]:
    """What was sent, with another key and the version of now."""
    return sent.dict() | {name: str(value) for name, value in fresh.items()}


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@access(may=Permission.MANAGE_SUBSCRIPTIONS)
def many_licences(request: StaffRequest, customer_id: uuid.UUID) -> HttpResponseBase:
    """The licences of all active subscriptions that the partner sold to this customer.

    POST reviews; POST with `back` opens the form again with the numbers of the review, POST with `submit` carries
    out what was reviewed, all of it or nothing.
    """
    customer: Customer = get_object_or_404(Customer.objects.visible_to(request.user), pk=customer_id)
    subscriptions = _active(request.user, customer) | _named(request, customer)
    context = {"customer": customer, "subscriptions": subscriptions, "most": MOST_AT_ONCE}
    if request.method != "POST":
        form = ManyLicencesForm(subscriptions=subscriptions, initial={"key": str(uuid.uuid4())})
        return _many(request, form, context)
    form = ManyLicencesForm(request.POST, subscriptions=subscriptions)
    if _names_others(request, subscriptions):
        form.refuse(
            _("One of the subscriptions that you changed is not among those that you sold to this customer any more.")
        )
        return _many(request, form, context, status=409)
    if "submit" in request.POST:
        return _submit_many(request, form, context)
    if "back" in request.POST:
        return _reopen_many(request, form, context)
    form.full_clean()
    form.say_what_is_fixed()
    if form.errors:
        return _many(request, form, context, status=400)
    return _review_many(request, form, context)


def _active(staff: Staff, customer: Customer) -> dict[uuid.UUID, Subscription]:
    """The subscriptions whose licences can be changed, so many at most as a page holds."""
    own = Subscription.objects.filter(customer=customer, status=Status.ACTIVE).sold_by(staff.partner_id)
    rows = own.select_related("offer").order_by("created_at", "pk")[:MOST_AT_ONCE]
    return {row.pk: row for row in rows}


def _named(request: StaffRequest, customer: Customer) -> dict[uuid.UUID, Subscription]:
    """Those that a sent form names, whatever has become of them: none of them is left out without a word."""
    ids = [name for name in _sent_names(request)[: MOST_AT_ONCE * 2] if is_uuid(name)]
    own = Subscription.objects.filter(customer=customer, pk__in=ids).sold_by(request.user.partner_id)
    return {row.pk: row for row in own.select_related("offer").order_by("created_at", "pk")} if ids else {}


def _sent_names(request: StaffRequest) -> list[str]:
    """What the numbers of a sent form are for."""
    return [name.removeprefix(QUANTITY) for name in request.POST if name.startswith(QUANTITY)]


def _names_others(request: StaffRequest, subscriptions: dict[uuid.UUID, Subscription]) -> bool:
    """Whether a sent form has a number for anything but these."""
    known = {str(pk) for pk in subscriptions}
    return any(name not in known and request.POST[QUANTITY + name].strip() for name in _sent_names(request))


def is_uuid(text: str) -> bool:
    """Whether this is an id in its usual form."""
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False


def _many(request: StaffRequest, form: ManyLicencesForm, context: dict[str, Any], status: int = 200) -> HttpResponse:
    lines = [(one, form.line_of(pk), form[f"version-{pk}"]) for pk, one in form.subscriptions.items()]
    return answer(request, MANY_FORM, {**context, "form": form, "lines": lines}, status=status)


def _review_many(request: StaffRequest, form: ManyLicencesForm, context: dict[str, Any]) -> HttpResponse:
    lines = [
        {
            "subscription": form.subscriptions[pk],
            "quantity": quantity,
            "difference": quantity - form.subscriptions[pk].quantity,
            "fewer": form.subscriptions[pk].quantity - quantity,
            "version": form.seen_version(pk) or form.subscriptions[pk].version,
        }
        for pk, quantity in form.changed.items()
    ]
    more = {"lines": lines, "key": form.cleaned_data["key"]}
    return answer(request, "subscriptions/many_licences_review.html", context | more)


def _reopen_many(request: StaffRequest, form: ManyLicencesForm, context: dict[str, Any]) -> HttpResponse:
    """The form as it opens, with the numbers that were sent: those that are right, of all that stands now."""
    form.full_clean()
    typed = {f"{QUANTITY}{pk}": quantity for pk, quantity in form.changed.items()}
    fresh = {"key": str(uuid.uuid4())}
    return _many(request, ManyLicencesForm(subscriptions=form.subscriptions, initial=typed | fresh), context)


def _submit_many(request: StaffRequest, judged: ManyLicencesForm, context: dict[str, Any]) -> HttpResponseBase:
    """Carry out what was reviewed: what it names is asked for, also where it meanwhile is so."""
    form = ManySubmittedLicences(request.POST, subscriptions=judged.subscriptions)
    form.full_clean()
    # In a lasting order: sent again, it is the same, whatever has become of them.
    asked = {pk: form.cleaned_data.get(f"{QUANTITY}{pk}") for pk in sorted(form.subscriptions)}
    changes = [
        Change(subscription_id=pk, wanted=Wanted(quantity=quantity), version=form.seen_version(pk))
        for pk, quantity in asked.items()
        if quantity is not None
    ]
    if not changes or form.errors:
        return _many(request, judged, context, status=400)
    try:
        changed = change_subscriptions(
            staff=request.user, changes=changes, key=form.cleaned_data["key"], customer_id=context["customer"].pk
        )
    except QuantityOutOfRange as refusal:
        subject = refusal.subscription
        form.add_error(f"{QUANTITY}{subject.pk}" if subject else None, refusal.message)
        return _many(request, form, context, status=400)
    except Refused as refusal:
        return _refused_many(request, refusal, context)
    words = ngettext(
        "The licences of %(count)s subscription are as you wanted them.",
        "The licences of %(count)s subscriptions are as you wanted them.",
        len(changed),
    )
    messages.success(request, words % {"count": number_format(len(changed))})
    return redirect("desk:subscription_list", context["customer"].pk)


def _refused_many(request: StaffRequest, refusal: Refused, context: dict[str, Any]) -> HttpResponse:
    fresh = _active(request.user, context["customer"]) | _named(request, context["customer"])
    versions = {f"version-{pk}": one.version for pk, one in fresh.items()}
    today = {f"{QUANTITY}{pk}": str(one.quantity) for pk, one in fresh.items()}
    sent = today | with_fresh(request.POST, {"key": uuid.uuid4()} | versions)
    form = ManyLicencesForm(sent, subscriptions=fresh)
    subject = getattr(refusal, "subscription", None)
    lines = [(one, form.line_of(pk), form[f"version-{pk}"]) for pk, one in fresh.items()]
    context = context | {"subscriptions": fresh, "lines": lines}
    named = f"{subject}: {refusal}" if subject else str(refusal)
    return refused(request, MANY_FORM, form, refusal, context, message=named)
