"""Invitations on the pages: the list, making one, and one with its story, its mail and what to do with it."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from activity.errors import Refused
from customers.errors import AlreadyAsked
from customers.invitation_forms import InvitationForm
from customers.invitation_mail import general_path, invitation_address, preview, text_to_copy
from customers.inviting import Sent, invite, may_change, remind, renew_link, send_invitation, withdraw
from customers.models import Customer, Invitation, InvitationState
from desk.delivery import deliveries_of, delivery_of
from desk.paging import by_moment, take_page
from partners.access import access
from partners.answers import answer
from partners.mail import absolute
from partners.models import Staff
from partners.requests import StaffRequest
from partners.roles import Permission

PAGE_SIZE = 50
NEWEST_FIRST = by_moment("created_at")


@require_safe
@access(may=Permission.REQUEST_RELATIONSHIP)
def relationships(request: StaffRequest) -> HttpResponse:
    """The partner's invitations, newest first, all or those in one state; and the partner's general link."""
    state = request.GET.get("state", "")
    state = state if state in InvitationState.values else ""
    visible = Invitation.objects.visible_to(request.user)
    shown = visible.in_state(state, timezone.now()) if state else visible
    page = take_page(shown.with_parts(), NEWEST_FIRST, request.GET, size=PAGE_SIZE)
    context = {
        "lines": [(one, deliveries.get(one.mail_id)) for deliveries in [deliveries_of(page.rows)] for one in page.rows],
        "state": state,
        "states": [("", _("All")), *InvitationState.choices],
        "general_link": absolute(general_path(request.user.partner_id)),
        **page.addresses(request.path, request.GET),
    }
    return render(request, "desk/relationships.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@access(may=Permission.REQUEST_RELATIONSHIP)
def invite_customer(request: StaffRequest) -> HttpResponseBase:
    """Say whom to invite, to what: a draft, which one looks at and sends."""
    if request.method != "POST":
        form = InvitationForm(initial=_initial(request), staff=request.user)
        return _form_drawn(request, form)
    form = InvitationForm(request.POST, staff=request.user)
    if not form.is_valid():
        return _form_drawn(request, form)
    try:
        made = invite(staff=request.user, **form.asked)
    except ValidationError as error:
        form.add_error(None, error)
        return _form_drawn(request, form)
    except Refused as refusal:
        again = InvitationForm(request.POST.dict() | _listed(request) | {"key": str(uuid.uuid4())}, staff=request.user)
        again.refuse(refusal.message)
        there = refusal.invitation if isinstance(refusal, AlreadyAsked) else None
        return _form_drawn(request, again, there=there, status=409)
    return redirect("desk:invitation", made.pk)


def _listed(request: StaffRequest) -> dict[str, Any]:
    """What `dict` would take only the last of."""
    return {"services": request.POST.getlist("services")}


def _initial(request: StaffRequest) -> dict[str, Any]:
    """A fresh form; for a customer that the address names, with what is known of it."""
    initial: dict[str, Any] = {"key": str(uuid.uuid4())}
    try:
        wanted = uuid.UUID(request.GET.get("customer", ""))
    except ValueError:
        return initial
    customer = get_object_or_404(Customer.objects.visible_to(request.user).select_related("contact_details"), pk=wanted)
    contact = getattr(customer, "contact_details", None)
    known = {"email": contact.email, "contact_name": contact.person} if contact else {}
    return {**initial, "customer": customer.domain, **known}


def _form_drawn(
    request: StaffRequest, form: InvitationForm, *, there: Invitation | None = None, status: int = 200
) -> HttpResponse:
    return answer(request, "desk/invite.html", {"form": form, "there": there}, status=status)


@dataclass(frozen=True)
class Act:
    """Something that is done with an invitation by a button."""

    carry_out: Callable[..., Sent]
    words: Promise | str
    options: tuple[tuple[str, Any], ...] = ()


ACTS = {
    "send": Act(send_invitation, _("The invitation is on its way.")),
    "link": Act(send_invitation, _("The link is made; send it yourself."), (("by_hand", True),)),
    "remind": Act(remind, _("A reminder is on its way.")),
    "renew": Act(renew_link, _("The new link is made; all earlier ones have ended.")),
    "withdraw": Act(withdraw, _("The invitation is withdrawn.")),
}


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@access(may=Permission.REQUEST_RELATIONSHIP)
def invitation(request: StaffRequest, invitation_id: uuid.UUID) -> HttpResponseBase:
    """One invitation. POST `act`, `key` and `version`: send, make a link, remind, renew the link, withdraw."""
    found = _visible(request.user, invitation_id)
    act = ACTS.get(request.POST.get("act", "")) if request.method == "POST" else None
    if act is None:
        return _drawn(request, found)
    key, version = request.POST.get("key", "")[:100] or str(uuid.uuid4()), request.POST.get("version", "")
    try:
        sent = act.carry_out(
            staff=request.user,
            invitation_id=invitation_id,
            key=key,
            version=int(version) if version.isascii() and version.isdigit() and len(version) < 10 else None,
            **dict(act.options),
        )
    except Refused as refusal:
        return _drawn(request, _visible(request.user, invitation_id), refusal=refusal)
    if sent.token:
        # The portal does not keep the link, so this answer is the only one that shows it.
        return _drawn(request, _visible(request.user, invitation_id), token=sent.token)
    messages.success(request, str(act.words))
    return redirect("desk:invitation", invitation_id)


def _visible(staff: Staff, invitation_id: uuid.UUID) -> Invitation:
    found: Invitation = get_object_or_404(Invitation.objects.visible_to(staff).with_parts(), pk=invitation_id)
    return found


def _drawn(
    request: StaffRequest, found: Invitation, *, refusal: Refused | None = None, token: str = ""
) -> HttpResponse:
    context = {
        "invitation": found,
        "preview": preview(found),
        "link": invitation_address(token) if token else "",
        "text": text_to_copy(found, token) if token else "",
        "delivery": delivery_of(found),
        "may_change": may_change(request.user, found),
        "refusal": refusal,
        "key": str(uuid.uuid4()),
    }
    return answer(request, "desk/invitation.html", context, status=409 if refusal else 200)
