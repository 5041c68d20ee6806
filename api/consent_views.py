"""Where a person says whether a program may act in their name: the authorization endpoint of RFC 6749.

Only programs of the person's own partner are known here, and only addresses that were entered for the program are
led to. The page is the portal's own; the code that the program gets is allauth's.
"""

import uuid
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from allauth.idp.oidc.internal.clientkit import is_redirect_uri_allowed
from allauth.idp.oidc.internal.oauthlib.server import get_server
from django.conf import settings
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.utils.csp import CSP, build_policy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods
from oauthlib.oauth2.rfc6749.errors import OAuth2Error

from activity.operations import record
from api.token_views import LONGEST_VALUE, is_plain
from partners.access import access
from partners.answers import answer
from partners.api_clients import SCOPE, visible_client
from partners.models import ApiClient, Staff
from partners.requests import StaffRequest

LET_ACT = "let_client_act"
OF_ANY_PARTNER = "common"
QUERY, FORM_POST = "query", "form_post"


@dataclass(frozen=True)
class Asked:
    """A program that asks to act in a person's name: which, where the person goes back to, and with what."""

    client: ApiClient
    redirect_uri: str
    state: str
    mode: str

    @property
    def origin(self) -> str:
        """The server that the person goes back to."""
        parts = urlsplit(self.redirect_uri)
        return f"{parts.scheme}://{parts.netloc}"


class Unknown(Exception):
    """Nobody can be led back: the program, or the address that it names, is not known."""


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@access()
def authorize(request: StaffRequest, tenant: str) -> HttpResponseBase:
    """Ask the person whether this program may act in their name; on POST of `act`, lead them back with the answer."""
    try:
        asked = _asked(request, tenant)
    except Unknown:
        return answer(request, "api/consent_unknown.html", {}, status=400)
    if error := _what_is_wrong(request):
        return _back(request, asked, {"error": error})
    act = request.POST.get("act") if request.method == "POST" else None
    if act == "allow":
        return _allowed(request, asked)
    if act == "refuse":
        return _back(request, asked, {"error": "access_denied"})
    page = answer(request, "api/consent.html", {"client": asked.client, "host": urlsplit(asked.redirect_uri).netloc})
    return _that_may_lead_to(asked, page)


def _asked(request: StaffRequest, tenant: str) -> Asked:
    """What is asked for. Raises `Unknown`."""
    sent = request.GET
    client = _client(request.user, tenant, sent.get("client_id", ""))
    uri = sent.get("redirect_uri", "")
    if client is None or not _is_known(client, uri):
        raise Unknown
    mode = sent.get("response_mode", QUERY)
    return Asked(client, uri, sent.get("state", "")[:LONGEST_VALUE], mode if mode == FORM_POST else QUERY)


def _client(staff: Staff, tenant: str, client_id: str) -> ApiClient | None:
    if tenant not in {OF_ANY_PARTNER, str(staff.partner_id)}:
        return None
    try:
        client = visible_client(staff, uuid.UUID(client_id))
    except (ValueError, Http404):
        return None
    return client if client.is_in_force else None


def _is_known(client: ApiClient, uri: str) -> bool:
    if not uri or not is_plain(uri):
        return False
    try:
        sent = urlsplit(uri)
        # allauth overlooks what stands behind the path, which a program may take as a place to lead on to.
        known = [one for one in client.oauth.get_redirect_uris() if urlsplit(one).query == sent.query]
        return "#" not in uri and bool(is_redirect_uri_allowed(uri, known, allow_uri_wildcards=False))
    except ValueError:
        return False


def _what_is_wrong(request: HttpRequest) -> str:
    """The error of RFC 6749 in what the program sent, or nothing."""
    sent = request.GET
    if any(len(sent.getlist(name)) > 1 for name in ("client_id", "redirect_uri", "response_type", "state")):
        return "invalid_request"
    if sent.get("response_mode", QUERY) not in {QUERY, FORM_POST} or len(sent.get("state", "")) > LONGEST_VALUE:
        return "invalid_request"
    if "response_type" not in sent:
        return "invalid_request"
    return "" if sent["response_type"] == "code" else "unsupported_response_type"


def _allowed(request: StaffRequest, asked: Asked) -> HttpResponseBase:
    """Make the code by which the program gets its tokens, and record that the person wanted it."""
    sent = {name: request.GET[name] for name in ("code_challenge", "code_challenge_method") if request.GET.get(name)}
    query = {
        "client_id": str(asked.client.pk),
        "redirect_uri": asked.redirect_uri,
        "response_type": "code",
        "scope": SCOPE,
        **sent,
    }
    try:
        with transaction.atomic():
            after = {"name": asked.client.name}
            record(actor=request.user.actor, operation=LET_ACT, resource=asked.client, after=after)
            headers, _body, _status = get_server().create_authorization_response(
                f"/?{urlencode(query)}", scopes=[SCOPE], credentials={"user": request.user}
            )
    except OAuth2Error as error:
        return _back(request, asked, {"error": str(error.error)})
    answered = parse_qs(urlsplit(headers["Location"]).query)
    told = {name: answered[name][-1] for name in ("code", "error") if name in answered}
    return _back(request, asked, told)


def _back(request: StaffRequest, asked: Asked, told: dict[str, str]) -> HttpResponseBase:
    """Lead the person back to the program, in the way in which it wants to be told."""
    said = {**told, "state": asked.state} if asked.state else told
    if asked.mode == FORM_POST:
        context: dict[str, Any] = {"client": asked.client, "address": asked.redirect_uri, "said": said.items()}
        return _that_may_lead_to(asked, answer(request, "api/consent_given.html", context))
    joint = "&" if urlsplit(asked.redirect_uri).query else "?"
    return HttpResponse(status=302, headers={"Location": f"{asked.redirect_uri}{joint}{urlencode(said)}"})


def _that_may_lead_to(asked: Asked, page: HttpResponse) -> HttpResponse:
    """Let the forms of this page lead to the program's server, which browsers ask also of a redirect after them."""
    policy: dict[str, Any] = {**settings.SECURE_CSP, "form-action": [CSP.SELF, asked.origin]}
    page.headers[str(CSP.HEADER_ENFORCE)] = build_policy(policy)
    return page
