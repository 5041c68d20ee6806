"""What global admins do with the programs that use the API for their partner: make, give roles, renew, revoke.

As with staff, everything holds the partner's row and is decided by the roles of that moment.
"""

import datetime
import uuid
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlsplit

from allauth.idp.oidc.models import Client, Token
from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet, Value
from django.db.models.functions import Lower
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _

from activity.operations import record
from activity.submissions import first_result, remember
from partners.errors import (
    ClientChanged,
    ClientNameTaken,
    ClientNeedsRole,
    ClientRevoked,
    GlobalAdminsAlone,
    TooManyClients,
)
from partners.hashers import DrawnSecretHasher
from partners.legible import is_illegible
from partners.models import ApiClient, ApiClientRole, Staff
from partners.roles import Permission, Role
from partners.staffing import Decision, changes_since, decide, known_roles, may_give, recorded_roles
from partners.tokens import new_token

MAKE, REVOKE = "make_api_client", "revoke_api_client"
RENEW, CHANGE_ROLES = "renew_api_secret", "change_api_roles"
# What a token of this portal allows, whoever it stands for; the roles decide the rest.
SCOPE = "user_impersonation"
MOST_CLIENTS = 100
MOST_REDIRECT_URIS, LONGEST_REDIRECT_URI = 10, 500
# Where a browser may be sent without encryption: back to a program on the person's own machine.
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
BETWEEN_USES = datetime.timedelta(minutes=1)


@dataclass(frozen=True)
class NewClient:
    """An API client and its secret, which nobody can read again; the secret is empty where the key was used before."""

    client: ApiClient
    secret: str


def clients_of(staff: Staff) -> QuerySet[ApiClient]:
    """The API clients that this person may see: those of their partner, revoked ones too."""
    clients = ApiClient.objects.filter(partner_id=staff.partner_id) if staff.partner_id else ApiClient.objects.none()
    return clients.select_related("made_by", "oauth", "partner").prefetch_related("role_rows")


def visible_client(staff: Staff, client_id: uuid.UUID) -> ApiClient:
    """This API client of the person's partner. Raises `Http404` for every other."""
    found = clients_of(staff).filter(pk=client_id).first()
    if found is None:
        raise Http404
    return found


def note_use(client: ApiClient) -> None:
    """Remember that this client was used just now; once a minute at most, to spare the database a write each time."""
    now = timezone.now()
    if client.last_used_at is None or client.last_used_at <= now - BETWEEN_USES:
        known = Q(last_used_at=None) | Q(last_used_at__lte=now - BETWEEN_USES)
        ApiClient.objects.filter(known, pk=client.pk).update(last_used_at=now)
        client.last_used_at = now


# Addresses to which a person comes back ----------------------------------------------------------------------


def checked_redirect_uris(uris: Sequence[str]) -> list[str]:
    """These addresses, each once. Raises `ValidationError` where a browser must not be sent to one of them."""
    given = list(dict.fromkeys(uri.strip() for uri in uris if uri.strip()))
    if len(given) > MOST_REDIRECT_URIS:
        raise ValidationError(_("Enter at most %(most)d addresses."), params={"most": MOST_REDIRECT_URIS})
    for uri in given:
        _check_redirect_uri(uri)
    return given


def _check_redirect_uri(uri: str) -> None:
    shown = {"uri": "".join(" " if is_illegible(one) else one for one in uri[:80])}
    if len(uri) > LONGEST_REDIRECT_URI:
        text = _("The address %(uri)s… is too long: it has at most %(most)d characters.")
        raise ValidationError(text, params={**shown, "most": LONGEST_REDIRECT_URI})
    parts = _split(uri)
    is_safe = parts is not None and (parts.scheme == "https" or _is_loopback(parts))
    if parts is None or not is_safe or parts.fragment or not parts.hostname or parts.username is not None:
        text = _("“%(uri)s” is no address to come back to. An example: https://program.example.cn/signed-in")
        raise ValidationError(text, params=shown)


def _is_loopback(parts: SplitResult) -> bool:
    return parts.scheme == "http" and parts.hostname in LOOPBACK


def _split(uri: str) -> SplitResult | None:
    """The parts of an address, or `None` where it holds what no address does."""
    if any(one.isspace() or is_illegible(one) or one in "*<>\"'\\^`{|}#;," for one in uri) or not uri.isascii():
        return None
    try:
        parts = urlsplit(uri)
        parts.port  # noqa: B018 - raises where it is no number
    except ValueError:
        return None
    return parts


# What is decided ---------------------------------------------------------------------------------------------


def make_client(
    *, staff: Staff, name: str, roles: Collection[str], redirect_uris: Sequence[str] = (), key: str
) -> NewClient:
    """Make an API client of the person's partner with these roles, and a secret for it.

    With `redirect_uris` it may also act in the name of people who agree to that, who come back to one of them.
    `key` makes it idempotent for the partner. Raises `ValidationError`, by field, for a name or an address that cannot
    be; `Refused` of the kinds in `partners.errors` and `SubmissionReused` (recorded); `PermissionDenied` where the
    roles do not allow to manage API clients (recorded).
    """
    uris = _by_field("redirect_uris", lambda: checked_redirect_uris(redirect_uris))
    name = " ".join(name.split())
    content = {"name": name[:100], "roles": recorded_roles(roles), "redirect_uris": uris}
    decision = _decision(staff, MAKE, key, content)
    secret = new_token()
    hashed = make_password(secret, hasher=DrawnSecretHasher.algorithm)

    def make(now: Staff) -> NewClient:
        if (first := first_result(decision.asked)) is not None:
            return NewClient(visible_client(now, uuid.UUID(first["client"])), "")
        wanted = _roles_given_by(now, roles)
        client = ApiClient(partner_id=decision.asked.partner_id, made_by=now, name=name)
        client.clean_fields(exclude=["oauth"])
        _refuse_another(client)
        client.oauth = _oauth_client(client, hashed, uris)
        client.save(force_insert=True)
        _give(client, wanted)
        made = visible_client(now, client.pk)
        record(actor=now.actor, operation=MAKE, resource=made, after=described(made))
        remember(decision.asked, {"client": str(made.pk)})
        return NewClient(made, secret)

    return decide(decision, make)


def revoke_client(*, staff: Staff, client_id: uuid.UUID, key: str, version: int | None = None) -> ApiClient:
    """Let an API client ask for nothing any more, from this moment on and for good: its tokens and secret end.

    `key` makes it idempotent for the partner; where the client has moved on from `version`, nothing is done.
    Raises `ClientRevoked`, `ClientChanged` and `SubmissionReused` (recorded), `PermissionDenied` where the roles do
    not allow to manage API clients (recorded), `Http404` for a client of another partner.
    """

    def revoke(now: Staff, client: ApiClient) -> None:
        client.revoked_at = timezone.now()
        client.oauth.secret = make_password(None)
        _end_tokens(client)

    return _change(_decision(staff, REVOKE, key, {"client": str(client_id)}), client_id, version, revoke).client


def renew_secret(*, staff: Staff, client_id: uuid.UUID, key: str, version: int | None = None) -> NewClient:
    """Give an API client another secret; the earlier one and its tokens end at once. Otherwise as `revoke_client`."""
    secret = new_token()
    hashed = make_password(secret, hasher=DrawnSecretHasher.algorithm)

    def renew(now: Staff, client: ApiClient) -> None:
        client.oauth.secret = hashed
        _end_tokens(client)

    changed = _change(_decision(staff, RENEW, key, {"client": str(client_id)}), client_id, version, renew)
    return NewClient(changed.client, secret if changed.is_first else "")


def change_client_roles(
    *, staff: Staff, client_id: uuid.UUID, roles: Collection[str], key: str, version: int | None = None
) -> ApiClient:
    """Make these, and only these, the roles of an API client, in force with its next request.

    The same roles again change nothing. Raises `UnknownRole` and `ClientNeedsRole` as well; otherwise as
    `revoke_client`.
    """
    content = {"client": str(client_id), "roles": recorded_roles(roles)}

    def give(now: Staff, client: ApiClient) -> None:
        _give(client, _roles_given_by(now, roles))

    return _change(_decision(staff, CHANGE_ROLES, key, content), client_id, version, give).client


def described(client: ApiClient) -> dict[str, Any]:
    """What records keep of an API client; of its secret nothing."""
    return {
        "name": client.name,
        "roles": [role.value for role in client.roles],
        "redirect_uris": client.oauth.get_redirect_uris(),
        "in_force": client.is_in_force,
        "version": client.version,
    }


@dataclass(frozen=True)
class _Changed:
    client: ApiClient
    is_first: bool


def _decision(staff: Staff, operation: str, key: str, content: dict[str, Any]) -> Decision:
    return Decision(staff, operation, key, content, Permission.MANAGE_API_CLIENTS)


def _change(
    decision: Decision, client_id: uuid.UUID, version: int | None, carry_out: Callable[[Staff, ApiClient], None]
) -> _Changed:
    seen = visible_client(decision.staff, client_id)

    def change(now: Staff) -> _Changed:
        client = _locked(now, client_id)
        if first_result(decision.asked) is not None:
            return _Changed(client, is_first=False)
        _refuse_stale(client, version)
        before = described(client)
        carry_out(now, client)
        if decision.operation == RENEW or described(client) != before:
            _settle(decision, client, before)
        remember(decision.asked, {"client": str(client.pk)})
        return _Changed(client, is_first=True)

    return decide(decision, change, seen)


def _locked(staff: Staff, client_id: uuid.UUID) -> ApiClient:
    """The client, held until the transaction ends: whoever gives out tokens for it waits, or was before."""
    return clients_of(staff).select_for_update(of=("self",), no_key=True).get(pk=client_id)


def _refuse_stale(client: ApiClient, version: int | None) -> None:
    if not client.is_in_force:
        raise ClientRevoked
    if version not in {None, client.version}:
        raise ClientChanged(changes_since(client, version or 0, (REVOKE, RENEW, CHANGE_ROLES)))


def _settle(decision: Decision, client: ApiClient, before: dict[str, Any]) -> None:
    client.version += 1
    client.save(update_fields=["revoked_at", "version"])
    client.oauth.save(update_fields=["secret"])
    after = described(client)
    record(actor=decision.staff.actor, operation=decision.operation, resource=client, before=before, after=after)


def _roles_given_by(staff: Staff, codes: Collection[str]) -> tuple[Role, ...]:
    """These roles, which the person may give to a program. Raises `Refused`."""
    wanted = known_roles(codes)
    if not wanted:
        raise ClientNeedsRole
    if not may_give(staff, wanted, partner_id=staff.partner_id):
        raise GlobalAdminsAlone
    return wanted


def _give(client: ApiClient, roles: Collection[Role]) -> None:
    client.role_rows.exclude(role__in=roles).delete()
    ApiClientRole.objects.bulk_create(
        [ApiClientRole(client=client, role=role) for role in roles], ignore_conflicts=True
    )
    for name in ("roles", "permissions", "_prefetched_objects_cache"):
        client.__dict__.pop(name, None)


def _refuse_another(client: ApiClient) -> None:
    """Raise where the partner has one of this name, or as many as it can have; the partner's row is held."""
    others = ApiClient.objects.filter(partner_id=client.partner_id, revoked_at=None)
    same = others.alias(key=Lower("name")).filter(key=Lower(Value(client.name))).first()
    if same is not None:
        raise ClientNameTaken(same)
    if others.count() >= MOST_CLIENTS:
        raise TooManyClients(MOST_CLIENTS)


def _oauth_client(client: ApiClient, hashed: str, redirect_uris: Sequence[str]) -> Client:
    """What OAuth has to know: without an address to come back to, the program acts in its own name alone."""
    grants = [Client.GrantType.CLIENT_CREDENTIALS]
    if redirect_uris:
        grants += [Client.GrantType.AUTHORIZATION_CODE, Client.GrantType.REFRESH_TOKEN]
    return Client.objects.create(
        id=str(client.pk),
        name=client.name,
        secret=hashed,
        scopes=SCOPE,
        default_scopes=SCOPE,
        grant_types="\n".join(grants),
        redirect_uris="\n".join(redirect_uris),
    )


def _end_tokens(client: ApiClient) -> None:
    Token.objects.filter(client_id=client.oauth_id).delete()


def _by_field[Result](field: str, check: Callable[[], Result]) -> Result:
    """What `check` returns; what it refuses is said of this field."""
    try:
        return check()
    except ValidationError as error:
        raise ValidationError({field: error}) from error
