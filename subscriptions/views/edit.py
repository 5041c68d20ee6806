"""The nickname and the renewal of a subscription on the pages."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from activity.errors import Refused
from partners.access import access
from partners.answers import answer
from partners.requests import StaffRequest
from partners.roles import Permission
from subscriptions.forms import EditForm
from subscriptions.models import Subscription
from subscriptions.operations import Wanted, change_subscription
from subscriptions.views.licences import with_fresh
from subscriptions.views.shared import once, own_subscription, refused

TEMPLATE = "subscriptions/edit.html"


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@access(may=Permission.MANAGE_SUBSCRIPTIONS)
def edit(request: StaffRequest, customer_id: uuid.UUID, subscription_id: uuid.UUID) -> HttpResponseBase:
    """What it is called, and whether it renews by itself."""
    subscription = own_subscription(request.user, customer_id, subscription_id)
    if request.method == "POST":
        return _submit(request, subscription)
    stored = {"nickname": subscription.nickname, "auto_renew": subscription.auto_renew}
    form = EditForm(initial=once(subscription) | stored)
    return answer(request, TEMPLATE, _context(subscription) | {"form": form})


def _context(subscription: Subscription) -> dict[str, Any]:
    return {"subscription": subscription, "customer": subscription.customer}


def _submit(request: StaffRequest, subscription: Subscription) -> HttpResponse:
    form = EditForm(request.POST)
    if not form.is_valid():
        return answer(request, TEMPLATE, _context(subscription) | {"form": form}, status=400)
    try:
        change_subscription(
            staff=request.user,
            subscription_id=subscription.pk,
            customer_id=subscription.customer_id,
            wanted=Wanted(nickname=form.cleaned_data["nickname"], auto_renew=form.cleaned_data["auto_renew"]),
            key=form.cleaned_data["key"],
            version=form.cleaned_data["version"],
        )
    except Refused as refusal:
        fresh = own_subscription(request.user, subscription.customer_id, subscription.pk)
        again = EditForm(with_fresh(request.POST, once(fresh)))
        return refused(request, TEMPLATE, again, refusal, _context(fresh))
    messages.success(request, _("Saved."))
    return redirect("desk:subscription_details", subscription.customer_id, subscription.pk)
