"""Delegated admin privileges of one customer on the pages: who holds which, requesting and giving up."""

import hashlib
import json
import uuid
from collections.abc import Collection
from contextlib import suppress
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from activity.errors import Refused
from customers.models import Customer, DelegatedAdminPrivilege
from customers.privileges import give_up
from customers.requesting import Requested, request_privileges
from desk.forms import GiveUpForm, RequestPrivilegesForm
from desk.missing import HeldUpUpgrade, blocked_without
from desk.privilege_grid import privilege_grid
from desk.views.subscriptions import visible_relationship
from partners.access import access
from partners.answers import answer
from partners.models import Staff
from partners.requests import StaffRequest
from partners.roles import Permission
from subscriptions.models import Subscription
from upgrades.watching import watch_upgrade


@never_cache
@require_safe
@access(may=Permission.SEE_CUSTOMERS)
def privileges(request: StaffRequest, customer_id: uuid.UUID) -> HttpResponse:
    """Every service with who may administer it, since when and until when; what is missing can be requested."""
    staff = request.user
    relationship = visible_relationship(staff, customer_id)
    assert staff.partner_id is not None
    lines = privilege_grid(customer_id, partner_id=staff.partner_id)
    context = {
        "customer": relationship.customer,
        "relationship": relationship,
        "lines": lines,
        "may_request": staff.may(Permission.REQUEST_PRIVILEGES) and not relationship.has_ended,
        "may_give_up": staff.may(Permission.REQUEST_PRIVILEGES),
        "may_see_requests": staff.may(Permission.REQUEST_RELATIONSHIP),
        "needed": [line.service.pk for line in lines if line.upgrades and line.can_be_requested],
        "key": str(uuid.uuid4()),
    }
    return render(request, "desk/privileges.html", context)


@require_POST
@access(may=Permission.REQUEST_PRIVILEGES)
def request_missing(request: StaffRequest, customer_id: uuid.UUID) -> HttpResponseBase:
    """Ask the customer for these services, and go back to where the button was: `subscription` or `back` say where.

    Where they are asked for the sake of a subscription's upgrade to `target`, the person is told when that is possible.
    """
    get_object_or_404(Customer.objects.visible_to(request.user), pk=customer_id)
    form = RequestPrivilegesForm(request.POST)
    back = _way_back(request, customer_id)
    if not form.is_valid():
        messages.error(request, " ".join(str(words) for errors in form.errors.values() for words in errors))
        return back
    try:
        done = request_privileges(
            staff=request.user,
            customer_id=customer_id,
            services=[service.pk for service in form.cleaned_data["services"]],
            key=form.cleaned_data["key"],
        )
    except (Refused, ValidationError) as refusal:
        messages.error(request, refusal.message if isinstance(refusal, Refused) else " ".join(refusal.messages))
        return back
    messages.success(request, requested_words(done))
    _wait_for_upgrade(request, customer_id)
    return back


def _wait_for_upgrade(request: StaffRequest, customer_id: uuid.UUID) -> None:
    """Have the person told when the upgrade that the form names becomes possible; nothing where it names none."""
    subscription_id, target_id = (_named(request, member) for member in ("subscription", "target"))
    if subscription_id is None or target_id is None or not request.user.may(Permission.MANAGE_SUBSCRIPTIONS):
        return
    # The request is on its way; that there is nothing to wait for takes nothing from it.
    with suppress(Refused, Http404):
        watch_upgrade(staff=request.user, customer_id=customer_id, subscription_id=subscription_id, target_id=target_id)


def _named(request: StaffRequest, member: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(request.POST.get(member, ""))
    except ValueError:
        return None


def _way_back(request: StaffRequest, customer_id: uuid.UUID) -> HttpResponseBase:
    """The subscription's page where the form names one that the person sees, the desk of privileges, or the grid."""
    if request.POST.get("back") == "desk":
        return redirect("desk:privilege_desk")
    named = _named(request, "subscription")
    if (
        named is not None
        and Subscription.objects.visible_to(request.user).filter(pk=named, customer_id=customer_id).exists()
    ):
        return redirect("desk:subscription_details", customer_id, named)
    return redirect("desk:privileges", customer_id)


def requested_words(done: Requested) -> str:
    """What became of a request, in a sentence."""
    names = [asked.service.name for asked in done.invitation.asked_services]
    values = {"email": done.invitation.email, "services": _(", ").join(names)}
    if done.is_new:
        return _("%(email)s is being asked for: %(services)s. The answer comes to you by mail.") % values
    return _("Nothing new was sent: %(email)s has been asked already for %(services)s.") % values


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@access(may=Permission.REQUEST_PRIVILEGES)
def give_up_privileges(request: StaffRequest, customer_id: uuid.UUID) -> HttpResponseBase:
    """What giving these privileges up blocks; POST does it, where that is still what the person was shown."""
    staff = request.user
    relationship = visible_relationship(staff, customer_id)
    page = GiveUpPage(staff, relationship.customer)
    if request.method != "POST":
        return page.drawn(request, request.GET.getlist("services"))
    form = GiveUpForm(request.POST)
    if not form.is_valid():
        return page.drawn(request, request.POST.getlist("services"), form=form, status=400)
    services = [service.pk for service in form.cleaned_data["services"]]
    seen = form.cleaned_data["seen"]
    try:
        names = give_up(
            staff=staff,
            customer_id=customer_id,
            services=services,
            key=form.cleaned_data["key"],
            is_as_reviewed=lambda: fingerprint(page.blocked(services)) == seen,
        )
    except Refused as refusal:
        return page.drawn(request, request.POST.getlist("services"), refusal=refusal.message)
    messages.success(request, _("Given up: %(services)s.") % {"services": _(", ").join(names)})
    return redirect("desk:privileges", customer_id)


def fingerprint(blocked: Collection[HeldUpUpgrade]) -> str:
    """Tells whether what was shown is what is."""
    shown = json.dumps([[one.source, one.target, one.count, one.is_possible] for one in blocked])
    return hashlib.sha256(shown.encode()).hexdigest()


class GiveUpPage:
    """The page that says what giving up blocks, and asks."""

    def __init__(self, staff: Staff, customer: Customer) -> None:
        assert staff.partner_id is not None
        self.partner_id, self.customer = staff.partner_id, customer

    def blocked(self, services: Collection[int]) -> list[HeldUpUpgrade]:
        """The upgrades that need one of these services."""
        return blocked_without(services, customer_id=self.customer.pk, partner_id=self.partner_id)

    def _held(self, asked: Collection[str]) -> list[DelegatedAdminPrivilege]:
        """Those of the services asked for that the partner holds."""
        held = DelegatedAdminPrivilege.objects.held_by(self.partner_id).filter(customer=self.customer)
        return [one for one in held.select_related("service").order_by("service") if str(one.service_id) in asked]

    def drawn(
        self,
        request: StaffRequest,
        asked: Collection[str],
        *,
        form: GiveUpForm | None = None,
        refusal: str = "",
        status: int = 200,
    ) -> HttpResponse:
        """The page as things stand now."""
        held = self._held(asked)
        services = [one.service_id for one in held]
        blocked = self.blocked(services)
        once: dict[str, Any] = {"key": str(uuid.uuid4()), "seen": fingerprint(blocked)}
        again = form or GiveUpForm(initial=once)
        context = {
            "customer": self.customer,
            "privileges": held,
            "blocked": blocked,
            "possible": sum(one.is_possible for one in blocked),
            "form": again,
            "once": once,
            "refusal": refusal,
        }
        return answer(request, "desk/give_up_privileges.html", context, status=409 if refusal else status)
