"""Who may open which address: every URL x every role x own, other, no partner and signed out.

The table is held against the URL configuration: an address without an entry fails.
"""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from partners.models import Staff
from partners.roles import MAY, Permission, Role
from tests.factories import (
    ApiClientFactory,
    CustomerDraftFactory,
    InvitationFactory,
    OrderFactory,
    PlatformAdministratorFactory,
    StaffFactory,
    StaffInvitationFactory,
    UpgradeFactory,
    access_to,
    customer_of,
    link_to,
    sold,
)

pytestmark = pytest.mark.django_db


class Open(Enum):
    """Who may, where it is no permission."""

    EVERYONE = "everyone"
    SIGNED_IN = "signed in"
    PARTNER_STAFF = "a partner's staff"


@dataclass(frozen=True)
class Entry:
    """Who may open an address, what it names, and how it is asked."""

    asks: Permission | Open
    names: tuple[str, ...] = ()
    method: str = "get"
    sent: tuple[tuple[str, str], ...] = ()
    fixed: tuple[tuple[str, Any], ...] = ()

    def ask(self, client: Client, things: dict[str, Any], name: str) -> Any:
        """The answer of this address, which has this name, to this client."""
        url = reverse(name, kwargs={part: things[part] for part in self.names} | dict(self.fixed))
        return getattr(client, self.method)(url, {member: value.format(**things) for member, value in self.sent})


CUSTOMER = ("customer_id",)
DRAFT = ("draft_id",)
SUBSCRIPTION = ("customer_id", "subscription_id")
UPGRADE = ("customer_id", "upgrade_id")
ORDER = ("customer_id", "order_id")
PERSON = ("person_id",)
PROGRAM = ("client_id",)

# Pages of the catalogue, which belongs to no partner.
OF_ALL = {"desk:offer_list", "desk:offer_compare", "desk:offer_details", "upgrades:matrix"}

TABLE: dict[str, Entry] = {
    "healthz": Entry(Open.EVERYONE),
    "readyz": Entry(Open.EVERYONE),
    "account_login": Entry(Open.EVERYONE),
    "account_logout": Entry(Open.EVERYONE),
    "partners:set_language": Entry(Open.EVERYONE, method="post", sent=(("language", "es"),)),
    "partners:set_theme": Entry(Open.EVERYONE, method="post", sent=(("theme", "dark"),)),
    "partners:profile": Entry(Open.SIGNED_IN),
    "partners:security": Entry(Open.SIGNED_IN),
    "partners:second_factor_for_all": Entry(Permission.SECURE_SIGN_IN),
    "mfa_authenticate": Entry(Open.EVERYONE),
    "mfa_login_webauthn": Entry(Open.EVERYONE),
    "account_reset_password": Entry(Open.EVERYONE),
    "account_reset_password_done": Entry(Open.EVERYONE),
    "account_reset_password_from_key": Entry(Open.EVERYONE, fixed=(("uidb36", "0"), ("key", "a-b"))),
    "account_reauthenticate": Entry(Open.SIGNED_IN),
    "mfa_reauthenticate": Entry(Open.SIGNED_IN),
    "mfa_reauthenticate_webauthn": Entry(Open.SIGNED_IN),
    "mfa_activate_totp": Entry(Open.SIGNED_IN),
    "mfa_deactivate_totp": Entry(Open.SIGNED_IN),
    "mfa_add_webauthn": Entry(Open.SIGNED_IN),
    "mfa_remove_webauthn": Entry(Open.SIGNED_IN, fixed=(("pk", 1),)),
    "mfa_view_recovery_codes": Entry(Open.SIGNED_IN),
    "mfa_generate_recovery_codes": Entry(Open.SIGNED_IN),
    "mfa_download_recovery_codes": Entry(Open.SIGNED_IN),
    "usersessions_list": Entry(Open.SIGNED_IN),
    "desk:offer_list": Entry(Permission.SEE_OFFERS),
    "desk:offer_compare": Entry(Permission.SEE_OFFERS),
    "desk:offer_details": Entry(Permission.SEE_OFFERS, ("offer_id",)),
    "upgrades:matrix": Entry(Permission.SEE_OFFERS),
    "subscriptions:many_licences": Entry(Permission.MANAGE_SUBSCRIPTIONS, CUSTOMER),
    "subscriptions:licences": Entry(Permission.MANAGE_SUBSCRIPTIONS, SUBSCRIPTION),
    "subscriptions:licences_review": Entry(Permission.MANAGE_SUBSCRIPTIONS, SUBSCRIPTION),
    "subscriptions:suspend": Entry(Permission.MANAGE_SUBSCRIPTIONS, SUBSCRIPTION),
    "subscriptions:reactivate": Entry(Permission.MANAGE_SUBSCRIPTIONS, SUBSCRIPTION),
    "subscriptions:cancel": Entry(Permission.MANAGE_SUBSCRIPTIONS, SUBSCRIPTION),
    "subscriptions:edit": Entry(Permission.MANAGE_SUBSCRIPTIONS, SUBSCRIPTION),
    "upgrades:upgrade_form": Entry(Permission.MANAGE_SUBSCRIPTIONS, SUBSCRIPTION),
    "upgrades:upgrade_review": Entry(Permission.MANAGE_SUBSCRIPTIONS, SUBSCRIPTION),
    "upgrades:watch": Entry(Permission.MANAGE_SUBSCRIPTIONS, SUBSCRIPTION, method="post", sent=(("act", "stop"),)),
    "upgrades:receipt": Entry(Permission.SEE_CUSTOMERS, UPGRADE),
    "upgrades:receipt_json": Entry(Permission.SEE_CUSTOMERS, UPGRADE),
    "upgrades:tick": Entry(Permission.MANAGE_SUBSCRIPTIONS, (*UPGRADE, "number"), method="post"),
    "desk:add_customer": Entry(Permission.MANAGE_SUBSCRIPTIONS),
    "desk:add_account": Entry(Permission.MANAGE_SUBSCRIPTIONS, DRAFT),
    "desk:add_basket": Entry(Permission.MANAGE_SUBSCRIPTIONS, DRAFT),
    "desk:add_review": Entry(Permission.MANAGE_SUBSCRIPTIONS, DRAFT),
    "desk:discard_draft": Entry(Permission.MANAGE_SUBSCRIPTIONS, DRAFT, method="post"),
    "desk:customer_added": Entry(Permission.SEE_CUSTOMERS, CUSTOMER),
    "customers:general_link": Entry(Open.EVERYONE, sent=(("partnerId", "{partner_id}"),)),
    "customers:invitation": Entry(Open.EVERYONE, ("invitation_token",)),
    "customers:access": Entry(Open.EVERYONE, ("access_token",)),
    "desk:relationships": Entry(Permission.REQUEST_RELATIONSHIP),
    "desk:invite_customer": Entry(Permission.REQUEST_RELATIONSHIP),
    "desk:invitation": Entry(Permission.REQUEST_RELATIONSHIP, ("invitation_id",)),
    "partners:join": Entry(Open.EVERYONE, ("join_token",)),
    "desk:staff": Entry(Permission.MANAGE_STAFF),
    "desk:invite_staff": Entry(Permission.MANAGE_STAFF),
    "desk:staff_invitations": Entry(Permission.MANAGE_STAFF),
    "desk:staff_invitation": Entry(Permission.MANAGE_STAFF, ("invited_id",)),
    "desk:staff_member": Entry(Permission.MANAGE_STAFF, PERSON),
    "desk:staff_roles": Entry(Permission.MANAGE_STAFF, PERSON),
    "desk:deactivate_staff": Entry(Permission.MANAGE_STAFF, PERSON),
    "desk:reactivate_staff": Entry(Permission.MANAGE_STAFF, PERSON),
    "desk:api_clients": Entry(Permission.MANAGE_API_CLIENTS),
    "desk:make_api_client": Entry(Permission.MANAGE_API_CLIENTS),
    "desk:api_client": Entry(Permission.MANAGE_API_CLIENTS, PROGRAM),
    "desk:api_client_roles": Entry(Permission.MANAGE_API_CLIENTS, PROGRAM),
    "desk:renew_api_secret": Entry(Permission.MANAGE_API_CLIENTS, PROGRAM),
    "desk:revoke_api_client": Entry(Permission.MANAGE_API_CLIENTS, PROGRAM),
    "customers:check_domain": Entry(Permission.MANAGE_SUBSCRIPTIONS),
    "customers:account": Entry(Permission.SEE_CUSTOMERS, CUSTOMER),
    "customers:edit_contact": Entry(Permission.EDIT_CONTACT, CUSTOMER),
    "customers:edit_billing": Entry(Permission.EDIT_BILLING, CUSTOMER),
    "desk:desk": Entry(Open.PARTNER_STAFF),
    "desk:customer_list": Entry(Permission.SEE_CUSTOMERS),
    "desk:all_subscriptions": Entry(Permission.SEE_CUSTOMERS),
    "desk:saved_views": Entry(Permission.SEE_CUSTOMERS),
    "desk:subscription_list": Entry(Permission.SEE_CUSTOMERS, CUSTOMER),
    "desk:subscription_details": Entry(Permission.SEE_CUSTOMERS, SUBSCRIPTION),
    "desk:subscription_history": Entry(Permission.SEE_CUSTOMERS, SUBSCRIPTION),
    "desk:add_subscriptions": Entry(Permission.MANAGE_SUBSCRIPTIONS, CUSTOMER),
    "desk:order_list": Entry(Permission.SEE_CUSTOMERS, CUSTOMER),
    "desk:order": Entry(Permission.SEE_CUSTOMERS, ORDER),
    "desk:retry_order": Entry(Permission.MANAGE_SUBSCRIPTIONS, ORDER, method="post"),
    "desk:customer_activity": Entry(Permission.SEE_ACTIVITY, CUSTOMER),
    "desk:activity": Entry(Permission.SEE_ACTIVITY),
    "desk:upgrade_list": Entry(Permission.SEE_CUSTOMERS),
    "desk:privilege_desk": Entry(Permission.REQUEST_PRIVILEGES),
    "desk:privileges": Entry(Permission.SEE_CUSTOMERS, CUSTOMER),
    "desk:give_up_privileges": Entry(Permission.REQUEST_PRIVILEGES, CUSTOMER),
    "desk:request_privileges": Entry(Permission.REQUEST_PRIVILEGES, CUSTOMER, method="post"),
}


# Django admin lets platform administrators in alone; the API and its authority have a table of their own.
WITHOUT_ROWS = {"admin", "wire", "oauth"}

# What a secret in the address opens, it opens for everybody.
WITH_NAMES = [name for name, entry in TABLE.items() if entry.names and entry.asks is not Open.EVERYONE]


def named_patterns(patterns: list[URLPattern | URLResolver], space: str = "") -> Iterator[str]:
    for pattern in patterns:
        if isinstance(pattern, URLPattern):
            yield f"{space}{pattern.name}"
        elif pattern.app_name not in WITHOUT_ROWS:
            yield from named_patterns(pattern.url_patterns, f"{pattern.namespace}:" if pattern.namespace else space)


def test_every_address_stands_in_the_table() -> None:
    assert set(named_patterns(get_resolver().url_patterns)) == set(TABLE)


@pytest.fixture
def things() -> dict[str, Any]:
    """One customer of one partner with all that an address can name."""
    staff = StaffFactory()
    customer = customer_of(staff.partner)
    step = {"code": "check", "values": {"offer": "E3"}, "done_at": None, "done_by_name": ""}
    upgrade = UpgradeFactory(staff=staff, customer=customer, hand_over=[step])
    invitation = InvitationFactory(staff=staff, customer=customer, services=["exchange"])
    return {
        "partner": staff.partner,
        "customer_id": customer.pk,
        "subscription_id": sold(staff.partner, customer).pk,
        "upgrade_id": upgrade.pk,
        "offer_id": upgrade.source_offer_id,
        "order_id": OrderFactory(staff=staff, customer=customer).pk,
        "number": 0,
        "draft_id": CustomerDraftFactory(staff=staff).pk,
        "partner_id": staff.partner_id,
        "invitation_id": invitation.pk,
        "invitation_token": link_to(invitation),
        "access_token": access_to(invitation),
        "person_id": staff.pk,
        "invited_id": StaffInvitationFactory(invited_by=staff, token="t").pk,
        "join_token": "t",
        "client_id": ApiClientFactory(made_by=staff, partner=staff.partner).pk,
    }


def ask(person: Staff | None, name: str, things: dict[str, Any]) -> int:
    entry = TABLE[name]
    client = Client()
    if person is not None:
        client.force_login(person)
    answer = entry.ask(client, things, name)
    if entry.asks is not Open.EVERYONE and answer.status_code == 302 and "/sign-in/" in answer["Location"]:
        return 401
    return int(answer.status_code)


def may(entry: Entry, roles: list[Role]) -> bool:
    if isinstance(entry.asks, Open):
        return True
    return any(entry.asks in MAY[role] for role in roles)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("name", TABLE)
def test_own_partners_staff_may_what_the_role_table_says(name: str, role: Role, things: dict[str, Any]) -> None:
    staff = StaffFactory(partner=things["partner"], roles=[role])
    # A draft is its author's alone.
    status = ask(staff, name, things | {"draft_id": CustomerDraftFactory(staff=staff).pk})
    assert (status < 400) if may(TABLE[name], [role]) else (status == 403), status


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("name", [name for name in WITH_NAMES if name not in OF_ALL])
def test_another_partners_staff_find_nothing(name: str, role: Role, things: dict[str, Any]) -> None:
    status = ask(StaffFactory(roles=[role]), name, things)
    assert status == (404 if may(TABLE[name], [role]) else 403)


@pytest.mark.parametrize("role", [Role.GLOBAL_ADMIN])
@pytest.mark.parametrize("name", WITH_NAMES)
def test_what_does_not_exist_answers_like_another_partners(name: str, role: Role, things: dict[str, Any]) -> None:
    unknown = things | {part: uuid.uuid4() for part in things if part.endswith("_id")}
    assert ask(StaffFactory(partner=things["partner"], roles=[role]), name, unknown) == 404


@pytest.mark.parametrize("name", TABLE)
def test_without_a_role_one_may_nothing_of_the_partners(name: str, things: dict[str, Any]) -> None:
    status = ask(StaffFactory(partner=things["partner"], roles=[]), name, things)
    assert (status < 400) if isinstance(TABLE[name].asks, Open) else (status == 403)


@pytest.mark.parametrize("name", TABLE)
def test_a_platform_administrator_has_no_partners_pages(name: str, things: dict[str, Any]) -> None:
    status = ask(PlatformAdministratorFactory(), name, things)
    if TABLE[name].asks in {Open.EVERYONE, Open.SIGNED_IN}:
        assert status < 400
    elif name == "desk:desk":
        assert status == 302
    else:
        assert (status < 400) if name in OF_ALL else (status == 403)


@pytest.mark.parametrize("name", TABLE)
def test_signed_out_one_is_asked_to_sign_in(name: str, things: dict[str, Any]) -> None:
    status = ask(None, name, things)
    assert (status < 400) if TABLE[name].asks is Open.EVERYONE else (status == 401)


@pytest.mark.parametrize("name", TABLE)
def test_the_deactivated_are_signed_out_at_once(name: str, things: dict[str, Any]) -> None:
    staff = StaffFactory(partner=things["partner"])
    client = Client()
    client.force_login(staff)
    Staff.objects.filter(pk=staff.pk).update(is_active=False)
    entry = TABLE[name]
    answer = entry.ask(client, things, name)
    assert entry.asks is Open.EVERYONE or "/sign-in/" in answer["Location"]


@pytest.mark.parametrize("person", ["partner", "nobody"])
def test_django_admin_is_for_platform_administrators(person: str) -> None:
    client = Client()
    if person == "partner":
        client.force_login(StaffFactory())
    assert client.get(reverse("admin:index")).status_code in {302, 403}


def test_a_platform_administrator_opens_django_admin() -> None:
    client = Client()
    client.force_login(PlatformAdministratorFactory())
    assert client.get(reverse("admin:index")).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/customers/not-a-uuid/subscriptions/",
        "/customers/1/subscriptions/2/",
        "/customers/%00/subscriptions/",
        "/customers/..%2f..%2fetc/subscriptions/",
        "/customers/'%20OR%201=1--/subscriptions/",
        "/nothing/here/",
        "/" + "x" * 3000,
    ],
)
def test_ids_that_are_none_are_not_found_on_a_page_of_our_own(path: str) -> None:
    client = Client()
    client.force_login(StaffFactory())
    answer = client.get(path)
    assert answer.status_code == 404
    assert "errors/404.html" in [template.name for template in answer.templates]
