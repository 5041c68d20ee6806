"""A partner's API clients on the pages: which programs act for it, as what, and how one begins and ends."""

import uuid
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from activity.errors import Refused
from desk.paging import by_moment, take_page
from desk.views.staff import with_new_key
from partners.access import access
from partners.answers import answer
from partners.api_clients import (
    NewClient,
    change_client_roles,
    clients_of,
    make_client,
    renew_secret,
    revoke_client,
    visible_client,
)
from partners.client_forms import ChangeClientRolesForm, MakeClientForm
from partners.confirming import reauthenticate
from partners.mail import absolute
from partners.models import ApiClient
from partners.requests import StaffRequest
from partners.roles import Permission
from partners.staff_forms import DecisionForm, role_meaning

PAGE_SIZE = 50
STATES = {"in_force": gettext_lazy("In force"), "revoked": gettext_lazy("Revoked")}
NEWEST_FIRST = by_moment("created_at")
View = Callable[..., HttpResponseBase]


@require_safe
@access(may=Permission.MANAGE_API_CLIENTS)
def api_clients(request: StaffRequest) -> HttpResponse:
    """The programs that use the API for the partner, the newest first; filtered by `state`."""
    state = request.GET.get("state", "")
    state = state if state in STATES else ""
    clients = clients_of(request.user)
    shown = clients.filter(revoked_at__isnull=state == "in_force") if state else clients
    page = take_page(shown, NEWEST_FIRST, request.GET, size=PAGE_SIZE)
    context = {
        "clients": page.rows,
        "any": bool(page.rows) or clients.exists(),
        "state": state,
        "states": [("", pgettext("programs", "All")), *STATES.items()],
        **page.addresses(request.path, request.GET),
    }
    return render(request, "desk/api_clients.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@access(may=Permission.MANAGE_API_CLIENTS)
@reauthenticate
def make_api_client(request: StaffRequest) -> HttpResponseBase:
    """Say what the program is called and may do; its secret is on the answer, and nowhere afterwards."""
    if request.method != "POST":
        return _make_drawn(request, MakeClientForm(initial={"key": str(uuid.uuid4())}, staff=request.user))
    form = MakeClientForm(request.POST, staff=request.user)
    if not form.is_valid():
        return _make_drawn(request, form)
    try:
        made = make_client(staff=request.user, **form.asked)
    except ValidationError as error:
        form.refuse_fields(error)
        return _make_drawn(request, form)
    except Refused as refusal:
        again = MakeClientForm(with_new_key(request), staff=request.user)
        again.refuse(refusal.message)
        return _make_drawn(request, again, status=409)
    return _secret_drawn(request, made, is_new=True)


def _make_drawn(request: StaffRequest, form: MakeClientForm, status: int = 200) -> HttpResponse:
    return answer(request, "desk/api_client_make.html", {"form": form}, status=status)


def _secret_drawn(request: StaffRequest, made: NewClient, *, is_new: bool) -> HttpResponseBase:
    """The page with the secret; who sends the form once more is told that it was shown."""
    if not made.secret:
        words = _("The secret was shown when it was made, and cannot be shown again. Renew it if it was not kept.")
        messages.warning(request, words)
        return redirect("desk:api_client", made.client.pk)
    context = {
        "client": made.client,
        "secret": made.secret,
        "is_new": is_new,
        "token_url": _token_address(made.client),
    }
    return answer(request, "desk/api_client_secret.html", context)


def _token_address(client: ApiClient) -> str:
    """Where the program gets its tokens."""
    return absolute(reverse("oauth:token", args=[client.partner_id]))


# One client --------------------------------------------------------------------------------------------------


def of_a_client(view: View) -> View:
    """Give the view the API client that the address names; of every other it says that there is none."""

    @wraps(view)
    def found(request: StaffRequest, client_id: uuid.UUID) -> HttpResponseBase:
        return view(request, visible_client(request.user, client_id))

    return found


@never_cache
@require_safe
@access(may=Permission.MANAGE_API_CLIENTS)
@of_a_client
def api_client(request: StaffRequest, client: ApiClient) -> HttpResponseBase:
    """One API client: what it may, who made it, when it was last used, and what it needs to get a token."""
    context = {
        "client": client,
        "roles": [(role.label, role_meaning(role)) for role in client.roles],
        "redirect_uris": client.oauth.get_redirect_uris(),
        "token_url": _token_address(client),
    }
    return render(request, "desk/api_client.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@access(may=Permission.MANAGE_API_CLIENTS)
@of_a_client
@reauthenticate
def api_client_roles(request: StaffRequest, client: ApiClient) -> HttpResponseBase:
    """Give a program roles and take them."""
    if request.method != "POST":
        initial = {"key": str(uuid.uuid4()), "version": client.version, "roles": [role.value for role in client.roles]}
        return _roles_drawn(request, client, ChangeClientRolesForm(initial=initial, staff=request.user))
    form = ChangeClientRolesForm(request.POST, staff=request.user)
    if not form.is_valid():
        return _roles_drawn(request, client, form)
    given = {name: form.cleaned_data[name] for name in ("roles", "key", "version")}
    try:
        changed = change_client_roles(staff=request.user, client_id=client.pk, **given)
    except Refused as refusal:
        client = visible_client(request.user, client.pk)
        again = ChangeClientRolesForm(with_new_key(request, version=client.version), staff=request.user)
        again.refuse(refusal.message)
        return _roles_drawn(request, client, again, status=409)
    messages.success(request, _("The roles of %(name)s are saved; they are in force now.") % {"name": changed})
    return redirect("desk:api_client", changed.pk)


def _roles_drawn(
    request: StaffRequest, client: ApiClient, form: ChangeClientRolesForm, status: int = 200
) -> HttpResponse:
    return answer(request, "desk/api_client_roles.html", {"form": form, "client": client}, status=status)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@access(may=Permission.MANAGE_API_CLIENTS)
@of_a_client
@reauthenticate
def renew_api_secret(request: StaffRequest, client: ApiClient) -> HttpResponseBase:
    """Say that the earlier secret ends, and ask; the new one is on the answer, and nowhere afterwards."""

    def renew(**asked: Any) -> HttpResponseBase:
        return _secret_drawn(request, renew_secret(**asked), is_new=False)

    return _decide(request, client, "desk/api_client_renew.html", renew)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@access(may=Permission.MANAGE_API_CLIENTS)
@of_a_client
@reauthenticate
def revoke_api_client(request: StaffRequest, client: ApiClient) -> HttpResponseBase:
    """Say what revoking means, and ask; do it on POST."""

    def revoke(**asked: Any) -> HttpResponseBase:
        changed = revoke_client(**asked)
        messages.success(request, _("%(name)s is revoked; it may ask for nothing any more.") % {"name": changed})
        return redirect("desk:api_client", changed.pk)

    return _decide(request, client, "desk/api_client_revoke.html", revoke)


def _decide(
    request: StaffRequest, client: ApiClient, template: str, carry_out: Callable[..., HttpResponseBase]
) -> HttpResponseBase:
    form = DecisionForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return _decision_drawn(request, client, template, status=400 if form.is_bound else 200)
    once = {name: form.cleaned_data[name] for name in ("key", "version")}
    try:
        return carry_out(staff=request.user, client_id=client.pk, **once)
    except Refused as refusal:
        return _decision_drawn(request, visible_client(request.user, client.pk), template, refusal)


def _decision_drawn(
    request: StaffRequest, client: ApiClient, template: str, refusal: Refused | None = None, *, status: int = 409
) -> HttpResponse:
    context = {"client": client, "refusal": refusal, "key": str(uuid.uuid4())}
    return answer(request, template, context, status=status)
