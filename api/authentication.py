"""Who asks: the token of a request, whose it is, and a new one."""

import datetime
import secrets
from dataclasses import dataclass

from allauth.idp.oidc.models import Token
from django.http import HttpRequest
from django.utils import timezone

from api.faults import BAD_TOKEN, NO_TOKEN, WireFault
from partners.api_clients import SCOPE, note_use
from partners.models import ApiClient, Caller, Staff, person_of

ASKED = {"WWW-Authenticate": 'Bearer realm="partnerportal"'}


@dataclass(frozen=True)
class Bearer:
    """Who acts (a person, or the client itself), through which client, and until when the token is good."""

    caller: Caller
    client: ApiClient
    expires_at: datetime.datetime

    @property
    def person_id(self) -> str:
        """The id of the person who acts; empty where the client acts in its own name."""
        person = person_of(self.caller)
        return str(person.pk) if person else ""


def authenticate(request: HttpRequest) -> Bearer:
    """Who asks. Raises `WireFault`: 401/800001 without a token, 401/400 with one that is good for nothing."""
    scheme, _space, value = request.headers.get("Authorization", "").strip().partition(" ")
    if scheme.lower() != "bearer" or not value.strip():
        raise WireFault(NO_TOKEN, headers=ASKED)
    bearer = _bearer_of(value.strip())
    if bearer is None:
        raise WireFault(BAD_TOKEN, headers=ASKED)
    note_use(bearer.client)
    return bearer


def _bearer_of(value: str) -> Bearer | None:
    token = _token(value)
    client = getattr(token.client, "api_client", None) if token else None
    if token is None or client is None or not client.is_in_force:
        return None
    person = token.user
    if person is not None and not (person.is_active and person.partner_id == client.partner_id):
        return None
    return Bearer(person or client, client, token.expires_at)


def _token(value: str) -> Token | None:
    if not value.isascii():
        return None
    found: Token | None = (
        Token.objects.valid()
        .by_value(value)
        .filter(type=Token.Type.ACCESS_TOKEN, expires_at__isnull=False)
        .select_related("client__api_client__partner", "user__partner")
        .first()
    )
    return found


def new_token(client: ApiClient, *, staff: Staff | None = None, seconds: int) -> str:
    """A new token by which this client asks, in its own name or this person's, for so many seconds."""
    value = secrets.token_urlsafe(64)
    token = Token(
        type=Token.Type.ACCESS_TOKEN,
        client=client.oauth,
        user=staff,
        expires_at=timezone.now() + datetime.timedelta(seconds=seconds),
    )
    token.set_scopes([SCOPE])
    token.set_value(value)
    token.save()
    return value
