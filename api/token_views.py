"""Where programs get their tokens: OAuth 2.0 as RFC 6749 and the clients of the protocol have it.

allauth makes and keeps the tokens, by their digests alone. What it does not know is said here: to which partner a
client belongs, that it may be revoked, and how the protocol wants the answer.
"""

import json
import time
import uuid
from typing import cast

from allauth.core.internal.httpkit import extract_basic_auth
from allauth.idp.oidc import views
from allauth.idp.oidc.internal.oauthlib import authorization_codes
from allauth.idp.oidc.models import Client, Token
from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import BadRequest, SuspiciousOperation
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed, JsonResponse, QueryDict
from django.http.multipartparser import MultiPartParserError
from django.utils import timezone, translation
from django.views.decorators.csrf import csrf_exempt

from activity.origin import current_origin
from api.authentication import ASKED, authenticate, new_token
from api.faults import BAD_TOKEN, WireFault
from api.headers import asked_language, is_id
from api.meaning import answer_of
from api.oauth_faults import TOO_OFTEN, OAuthFault
from api.rates import count, seconds_to_wait
from partners.access import access
from partners.api_clients import note_use
from partners.models import ApiClient, Staff, person_of
from partners.tokens import digest_of

LARGEST_BODY = 32 * 1024
# For longer than a code is good.
CODE_REMEMBERED = 10 * 60
LONGEST_VALUE, LONGEST_SECRET, LONGEST_CODE = 2000, 200, 100
GRANTS = (Client.GrantType.CLIENT_CREDENTIALS, Client.GrantType.AUTHORIZATION_CODE, Client.GrantType.REFRESH_TOKEN)
# The rest of what a request says is left out, above all `resource` and `scope`: a token of this portal is good here,
# and its scope is the same always.
READ = ("grant_type", "client_id", "client_secret", "code", "code_verifier", "redirect_uri", "refresh_token")
ALLOW = {"Allow": "POST"}
NOT_STORED = {"Cache-Control": "no-store", "Pragma": "no-cache"}


@csrf_exempt
@access(public=True)
def token(request: HttpRequest, tenant: str) -> HttpResponseBase:
    """Give a program of this partner a token, in its own name or that of a person who has agreed to it.

    POST only, a form; errors as in RFC 6749. An attempt that is refused is recorded.
    """
    if request.method != "POST":
        return OAuthFault("invalid_request", description="Only POST is answered.", status=405, headers=ALLOW).answer()
    try:
        response = _issued(request, tenant)
    except OAuthFault as fault:
        fault.leave_record()
        response = fault.answer()
        if response.status_code == 401 and "Authorization" in request.headers:
            response["WWW-Authenticate"] = 'Basic realm="partnerportal"'
    for name, value in {**NOT_STORED, **_ids_asked_back(request)}.items():
        response[name] = value
    return response


def _issued(request: HttpRequest, tenant: str) -> HttpResponse:
    # Before anything is looked up: whoever sends nonsense is not to keep the portal busy.
    wait = seconds_to_wait(current_origin().address, kind="token", most=settings.TOKEN_REQUESTS_PER_MINUTE)
    if wait:
        raise OAuthFault(TOO_OFTEN, headers={"Retry-After": str(wait)})
    sent = _form(request)
    resource = sent.get("resource", "")
    given = _values(request, sent)
    client = _client(given["client_id"], tenant)
    if client is None:
        raise OAuthFault("invalid_client")
    try:
        issued = _by_allauth(request, given, client)
    except OAuthFault as fault:
        fault.client = client
        raise
    return JsonResponse(_as_clients_expect(issued, resource))


# What was sent -----------------------------------------------------------------------------------------------


def _form(request: HttpRequest) -> QueryDict:
    """The form of a request. Raises `OAuthFault` where it is too large or cannot be read."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdecimal() or int(length) > LARGEST_BODY:
        raise OAuthFault("invalid_request", description="The request is too large.", status=413)
    try:
        return request.POST
    except (SuspiciousOperation, BadRequest, MultiPartParserError, OSError) as error:
        raise OAuthFault("invalid_request") from error


def _values(request: HttpRequest, sent: QueryDict) -> dict[str, str]:
    """What of the form counts, each parameter once. Raises `OAuthFault`."""
    given = {name: str(sent[name]) for name in READ if sent.get(name)}
    if any(len(sent.getlist(name)) > 1 or not is_plain(value) for name, value in given.items()):
        raise OAuthFault("invalid_request")
    basic_id, basic_secret = extract_basic_auth(dict(request.headers))
    if basic_id is not None and basic_secret is not None:
        if given.get("client_id", basic_id) != basic_id or "client_secret" in given:
            raise OAuthFault("invalid_request", description="The client shows itself in two ways.")
        given |= {"client_id": basic_id, "client_secret": basic_secret}
    if "grant_type" not in given:
        raise OAuthFault("invalid_request", description="The grant_type is missing.")
    if given["grant_type"] not in GRANTS:
        raise OAuthFault("unsupported_grant_type")
    if len(given.get("client_secret", "")) > LONGEST_SECRET or not given.get("client_secret"):
        raise OAuthFault("invalid_client")
    return {"client_id": "", **given}


def is_plain(value: str) -> bool:
    """Whether a parameter can be meant: short, and of printable ASCII alone, as RFC 6749 has it."""
    return len(value) <= LONGEST_VALUE and value.isascii() and value.isprintable()


def _client(client_id: str, tenant: str) -> ApiClient | None:
    """The API client in force of this id, of the partner that the address names."""
    try:
        asked, of_partner = uuid.UUID(client_id), uuid.UUID(tenant)
    except ValueError:
        return None
    clients = ApiClient.objects.filter(pk=asked, partner_id=of_partner, revoked_at=None)
    return clients.select_related("oauth", "partner").first()


def _ids_asked_back(request: HttpRequest) -> dict[str, str]:
    """The id that the client has given its request, where it wants to see it again."""
    sent = request.headers.get("client-request-id", "").strip()
    is_wanted = request.headers.get("return-client-request-id", "").strip().lower() == "true"
    return {"client-request-id": sent} if is_wanted and is_id(sent) else {}


# What is given -----------------------------------------------------------------------------------------------


def _by_allauth(request: HttpRequest, given: dict[str, str], client: ApiClient) -> dict[str, object]:
    """The tokens that allauth makes for this request. Raises `OAuthFault`."""
    _put_in_place(request, given, client)
    with transaction.atomic():
        response = cast("HttpResponse", views.token(request))
        said: dict[str, object] = json.loads(response.content)
        if response.status_code != 200:
            error = str(said.get("error", "invalid_request"))
            raise OAuthFault(error, description=_description(error, said))
        _hold_still(client, str(said["access_token"]))
        if "code" in given:
            _use_up(client, given["code"])
    return said


def _put_in_place(request: HttpRequest, given: dict[str, str], client: ApiClient) -> None:
    """Let the request say what allauth understands, and nothing else: neither a query nor a second identity."""
    form = QueryDict(mutable=True)
    form.update({**given, "client_id": str(client.pk)})
    if "code" in given:
        _complete_code(form)
    request.POST = form  # type: ignore[assignment]
    request.META["QUERY_STRING"] = ""
    request.META.pop("HTTP_AUTHORIZATION", None)


def _complete_code(form: QueryDict) -> None:
    """Add the address that the code was sent to, where it is left out: the protocol's own examples do not send it."""
    if len(form["code"]) > LONGEST_CODE or " " in form["code"]:
        raise OAuthFault("invalid_grant")
    known = authorization_codes.lookup(form["client_id"], form["code"])
    if "redirect_uri" not in form and known is not None:
        form["redirect_uri"] = known["redirect_uri"]


def _description(error: str, said: dict[str, object]) -> str:
    return "" if error in {"invalid_client", "invalid_grant"} else str(said.get("error_description", ""))


def _hold_still(client: ApiClient, value: str) -> None:
    """Take the new token back where client or person were ended while it was made; else note that it was used.

    Whoever revokes the client or renews its secret holds its row: they have been, or wait until this is through.
    """
    held = ApiClient.objects.select_for_update(of=("self",), no_key=True).select_related("oauth").get(pk=client.pk)
    if not held.is_in_force or held.oauth.secret != client.oauth.secret:
        raise OAuthFault("invalid_client")
    issued = Token.objects.by_value(value).get(type=Token.Type.ACCESS_TOKEN)
    person = Staff.objects.filter(pk=issued.user_id, partner_id=client.partner_id, is_active=True)
    if issued.user_id is not None and not person.select_for_update(of=("self",), no_key=True).exists():
        raise OAuthFault("invalid_grant")
    note_use(held)


def _use_up(client: ApiClient, code: str) -> None:
    """Let a code be good for the first of those who send it at once: allauth forgets it after it was looked up.

    The client's row is held, so that whoever comes second finds that it was used, and gets nothing.
    """
    if not cache.add(f"oauth.code.{digest_of(f'{client.pk} {code}')}", value=1, timeout=CODE_REMEMBERED):
        raise OAuthFault("invalid_grant")


def _as_clients_expect(issued: dict[str, object], resource: str) -> dict[str, str]:
    """The answer in the form that clients of the protocol know: numbers are text, times are there twice."""
    now, seconds = int(time.time()), int(str(issued["expires_in"]))
    said = {
        "token_type": "Bearer",
        "expires_in": str(seconds),
        "ext_expires_in": str(seconds),
        "expires_on": str(now + seconds),
        "not_before": str(now),
        "resource": resource if resource and is_plain(resource) else settings.PORTAL_URL,
        "access_token": str(issued["access_token"]),
    }
    if refresh := issued.get("refresh_token"):
        said |= {"refresh_token": str(refresh), "scope": str(issued["scope"])}
    return said


# One token for another ---------------------------------------------------------------------------------------


@csrf_exempt
@access(public=True)
def generate_token(request: HttpRequest) -> HttpResponseBase:
    """Give another token for the one shown, in the same name, that ends no later; whatever the body says.

    No page of the protocol describes it, but clients have it: some send a form, some a JSON string, some nothing.
    """
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    with translation.override(asked_language(request)):
        try:
            return JsonResponse(_exchanged(request))
        except Exception as error:  # noqa: BLE001 - whatever it is, the answer is one of the protocol
            return answer_of(request, error)


def _exchanged(request: HttpRequest) -> dict[str, str]:
    bearer = authenticate(request)
    count(bearer.client, is_write=True)
    seconds = int((bearer.expires_at - timezone.now()).total_seconds())
    if seconds <= 0:
        raise WireFault(BAD_TOKEN, headers=ASKED)
    value = new_token(bearer.client, staff=person_of(bearer.caller), seconds=seconds)
    return {"token_type": "Bearer", "expires_in": str(seconds), "access_token": value}
