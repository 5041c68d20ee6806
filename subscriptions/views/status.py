"""Suspending, reactivating and cancelling on the pages: each says first what will happen, and asks."""

import datetime
import uuid
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from activity.errors import Refused
from partners.access import access
from partners.answers import answer
from partners.requests import StaffRequest
from partners.roles import Permission
from subscriptions.errors import ChangeRefused
from subscriptions.forms import StatusForm
from subscriptions.life import check, that_go_along
from subscriptions.models import DAYS_UNTIL_DELETION, Status, Subscription
from subscriptions.operations import Wanted, change_subscription
from subscriptions.views.licences import with_fresh
from subscriptions.views.shared import once, own_subscription, refused

TEMPLATE = "subscriptions/status.html"


@dataclass(frozen=True)
class Act:
    """One of the three: where it leads, and how its page speaks."""

    code: str
    status: Status
    question: Promise
    button: Promise
    done: Promise
    needs_reason: bool = True
    asks_twice: bool = False


SUSPEND = Act(
    code="suspend",
    status=Status.SUSPENDED,
    question=gettext_lazy("Suspend this subscription?"),
    button=gettext_lazy("Suspend"),
    done=gettext_lazy("The subscription is suspended."),
)
REACTIVATE = Act(
    code="reactivate",
    status=Status.ACTIVE,
    question=gettext_lazy("Reactivate this subscription?"),
    button=gettext_lazy("Reactivate"),
    done=gettext_lazy("The subscription is active again."),
    needs_reason=False,
)
CANCEL = Act(
    code="cancel",
    status=Status.DELETED,
    question=gettext_lazy("Cancel this subscription?"),
    button=gettext_lazy("Cancel the subscription"),
    done=gettext_lazy("The subscription is cancelled."),
    asks_twice=True,
)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@access(may=Permission.MANAGE_SUBSCRIPTIONS)
def suspend(request: StaffRequest, customer_id: uuid.UUID, subscription_id: uuid.UUID) -> HttpResponseBase:
    """What a suspension does and until when it can be undone; POST does it."""
    return _act(request, SUSPEND, own_subscription(request.user, customer_id, subscription_id))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@access(may=Permission.MANAGE_SUBSCRIPTIONS)
def reactivate(request: StaffRequest, customer_id: uuid.UUID, subscription_id: uuid.UUID) -> HttpResponseBase:
    """What comes back; POST brings it back."""
    return _act(request, REACTIVATE, own_subscription(request.user, customer_id, subscription_id))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@access(may=Permission.MANAGE_SUBSCRIPTIONS)
def cancel(request: StaffRequest, customer_id: uuid.UUID, subscription_id: uuid.UUID) -> HttpResponseBase:
    """What is lost for ever; POST ends it."""
    return _act(request, CANCEL, own_subscription(request.user, customer_id, subscription_id))


def _act(request: StaffRequest, act: Act, subscription: Subscription) -> HttpResponseBase:
    if request.method == "POST":
        return _submit(request, act, subscription)
    form = _form(act, initial=once(subscription))
    return answer(request, TEMPLATE, _context(act, subscription) | {"form": form})


def _form(act: Act, data: Any = None, **kwargs: Any) -> StatusForm:
    return StatusForm(data, needs_reason=act.needs_reason, asks_twice=act.asks_twice, **kwargs)


def _context(act: Act, subscription: Subscription) -> dict[str, Any]:
    """What the page says will happen: as the operation would judge it at this moment."""
    now = timezone.now()
    impossible = _why_not(subscription, act.status, now)
    return {
        "act": act,
        "subscription": subscription,
        "customer": subscription.customer,
        "impossible": impossible,
        "add_ons": [] if impossible else that_go_along(subscription, act.status),
        "deletion": now + datetime.timedelta(days=DAYS_UNTIL_DELETION),
        "days": DAYS_UNTIL_DELETION,
        "way_back": subscription.deletion_time and not _why_not(subscription, Status.ACTIVE, now),
    }


def _why_not(subscription: Subscription, status: Status, now: datetime.datetime) -> str:
    try:
        check(subscription, {"status": status}, now=now)
    except ChangeRefused as refusal:
        return refusal.message
    return ""


def _submit(request: StaffRequest, act: Act, subscription: Subscription) -> HttpResponse:
    form = _form(act, request.POST)
    if not form.is_valid():
        return answer(request, TEMPLATE, _context(act, subscription) | {"form": form}, status=400)
    try:
        change_subscription(
            staff=request.user,
            subscription_id=subscription.pk,
            customer_id=subscription.customer_id,
            wanted=Wanted(status=act.status),
            key=form.cleaned_data["key"],
            version=form.cleaned_data["version"],
            reason=form.cleaned_data["reason"],
        )
    except Refused as refusal:
        fresh = own_subscription(request.user, subscription.customer_id, subscription.pk)
        again = _form(act, with_fresh(request.POST, once(fresh)))
        return refused(request, TEMPLATE, again, refusal, _context(act, fresh))
    messages.success(request, str(act.done))
    return redirect("desk:subscription_details", subscription.customer_id, subscription.pk)
