"""Asking on the pages to be told when an upgrade becomes possible, and asking for the contrary."""

import uuid

from django import forms
from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from activity.errors import Refused
from partners.access import access
from partners.requests import StaffRequest
from partners.roles import Permission
from upgrades.watching import stop_watching, watch_upgrade


class WatchForm(forms.Form):
    """To be told or not, and of which target; of any where none is named."""

    act = forms.ChoiceField(choices=[("watch", ""), ("stop", "")])
    target = forms.UUIDField(required=False)


@require_POST
@access(may=Permission.MANAGE_SUBSCRIPTIONS)
def watch(request: StaffRequest, customer_id: uuid.UUID, subscription_id: uuid.UUID) -> HttpResponseBase:
    """Tell this person when the upgrade becomes possible, or tell them no more; back to the subscription's page."""
    form = WatchForm(request.POST)
    back = reverse("desk:subscription_details", args=[customer_id, subscription_id])
    if not form.is_valid():
        messages.error(request, _("This was not understood, and nothing was changed. Open the page afresh."))
        return redirect(back)
    target_id = form.cleaned_data["target"]
    carry_out = watch_upgrade if form.cleaned_data["act"] == "watch" else stop_watching
    try:
        carry_out(staff=request.user, customer_id=customer_id, subscription_id=subscription_id, target_id=target_id)
    except Refused as refusal:
        messages.error(request, refusal.message)
        return redirect(back)
    if carry_out is watch_upgrade:
        messages.success(request, _("You get a mail as soon as the upgrade is possible."))
    else:
        messages.success(request, _("You are told nothing more of this upgrade."))
    return redirect(f"{back}#target-{target_id}" if target_id else back)
