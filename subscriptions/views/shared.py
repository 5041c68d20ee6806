"""What the pages that change a subscription have in common."""

import uuid
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404

from activity.errors import Refused
from partners.answers import answer
from partners.forms import OnceForm
from partners.models import Staff
from partners.requests import StaffRequest
from subscriptions.history import told_changes
from subscriptions.models import Subscription


def own_subscription(staff: Staff, customer_id: uuid.UUID, subscription_id: uuid.UUID) -> Subscription:
    """The subscription of this customer that the person's partner sold. Raises `Http404` for any other."""
    visible = Subscription.objects.visible_to(staff).select_related("offer", "customer", "parent__offer")
    found: Subscription = get_object_or_404(visible, pk=subscription_id, customer_id=customer_id)
    if found.reseller_of_record_id != staff.partner_id:
        raise Http404
    return found


def refused(
    request: StaffRequest,
    template: str,
    form: OnceForm,
    refusal: Refused,
    context: dict[str, Any],
    *,
    message: str = "",
) -> HttpResponse:
    """The form again as things stand now, with what was typed, and why nothing was done."""
    form.refuse(message or refusal.message)
    return answer(request, template, {**context, "form": form, "changes": told_changes(refusal)}, status=409)


def once(subscription: Subscription) -> dict[str, Any]:
    """What a fresh form of this subscription carries along unseen."""
    return {"key": str(uuid.uuid4()), "version": subscription.version}
