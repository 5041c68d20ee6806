"""Who may ask for what: every operation of the description x role x own and other partner, and tokens that are none.

The table is held against the description: an operation without a row fails. Rows say by permission who may; what each
role may stands in the role table.
"""

import datetime
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import pytest
import time_machine
from allauth.idp.oidc.models import Token
from django.db import transaction
from django.utils import timezone

from activity.models import ActivityRecord, Outcome
from api.description import description
from customers.models import BillingProfile, Customer
from partners.api_clients import revoke_client
from partners.models import Partner, Staff
from partners.roles import MAY, Permission, Role
from partners.staffing import deactivate
from subscriptions.models import Order, Subscription
from tests.api.conftest import Answer, Api
from tests.api.worlds import ADATUM, BUSINESS, World
from tests.factories import BillingProfileFactory, OrderLineFactory, StaffFactory, sold

pytestmark = pytest.mark.django_db

MakeApi = Callable[..., Api]
SAFE = {"GET", "HEAD"}
EXCHANGE = "ff7a4f5b-4973-4241-8c43-80f2be39311d"
E3 = "be57ff4c-100c-4f1f-b82d-f1c5ab63a665"

SEE, SELL, OFFERS = Permission.SEE_CUSTOMERS, Permission.MANAGE_SUBSCRIPTIONS, Permission.SEE_OFFERS
ADDRESS = {
    "firstName": "Na",
    "lastName": "Li",
    "addressLine1": "1 Century Avenue",
    "city": "Shanghai",
    "state": "SH",
    "postalCode": "200120",
    "country": "CN",
}
BILLING = {
    "email": "li.na@woodgrove.example.cn",
    "culture": "zh-CN",
    "language": "zh",
    "companyName": "Woodgrove",
    "defaultAddress": ADDRESS,
}


@dataclass(frozen=True)
class Row:
    """Which permissions an operation takes (any role, where none), what is sent, and what it answers to who may."""

    may: tuple[Permission, ...] = ()
    body: Any = None
    status: int = 200
    query: str = ""


TABLE: dict[str, Row] = {
    "GET /customers": Row((SEE,)),
    "POST /customers": Row(
        (SELL,),
        {"companyProfile": {"domain": "woodgrove.partner.onmschina.cn"}, "billingProfile": BILLING},
        status=201,
    ),
    "GET /customers/{customer_id}": Row((SEE,)),
    "GET /customers/{customer_id}/profiles/company": Row((SEE,)),
    "GET /customers/{customer_id}/profiles/billing": Row((SEE,)),
    "PUT /customers/{customer_id}/profiles/billing": Row((Permission.EDIT_BILLING,), BILLING),
    "GET /customers/relationshiprequests": Row((Permission.REQUEST_RELATIONSHIP,)),
    "GET /customers/{customer_id}/managedservices": Row((SEE,)),
    "HEAD /domains/{domain}": Row((SELL,)),
    "GET /validations/checkdomainavailability/{prefix}": Row((SELL,)),
    "GET /customers/{customer_id}/subscriptions": Row((SEE,)),
    "GET /customers/{customer_id}/subscriptions/{subscription_id}": Row((SEE,)),
    "PATCH /customers/{customer_id}/subscriptions/{subscription_id}": Row((SELL,), {"quantity": 30}),
    "GET /customers/{customer_id}/subscriptions/{subscription_id}/addons": Row((SEE,)),
    "GET /customers/{customer_id}/subscriptions/{subscription_id}/provisioningstatus": Row((SEE,)),
    "GET /customers/{customer_id}/subscriptions/{subscription_id}/upgrades": Row((SEE,)),
    "POST /customers/{customer_id}/subscriptions/{subscription_id}/upgrades": Row((SELL,), {"targetOffer": {"id": E3}}),
    "GET /offers": Row((OFFERS,), query="?country=CN"),
    "GET /offers/{offer_id}": Row((OFFERS,), query="?country=CN"),
    "GET /offers/{offer_id}/addons": Row((OFFERS,), query="?country=CN"),
    "GET /offercategories": Row((OFFERS,), query="?country=CN"),
    "GET /customers/{customer_id}/offers": Row((SEE, OFFERS)),
    "GET /customers/{customer_id}/offers/{offer_id}": Row((SEE, OFFERS)),
    "GET /customers/{customer_id}/offers/{offer_id}/addons": Row((SEE, OFFERS)),
    "GET /customers/{customer_id}/offercategories": Row((SEE, OFFERS)),
    "POST /customers/{customer_id}/orders": Row(
        (SELL,), {"lineItems": [{"offerId": EXCHANGE, "quantity": 5}]}, status=201
    ),
    "GET /customers/{customer_id}/orders": Row((SEE,)),
    "GET /customers/{customer_id}/orders/{order_id}": Row((SEE,)),
    "GET /auditrecords": Row((Permission.SEE_ACTIVITY,)),
    "GET /profiles/organization": Row(),
    "GET /profiles/mpn": Row(),
    "GET /profiles/partnernetworkprofile": Row(),
    "GET /profiles/legalbusiness": Row(),
    "GET /profiles/billing": Row(),
    "GET /profiles/support": Row(),
}
OF_A_CUSTOMER = [name for name in TABLE if "{customer_id}" in name]
OF_NO_CUSTOMER = [name for name in TABLE if "{customer_id}" not in name]


@pytest.fixture
def things(world: World) -> dict[str, str]:
    """One customer of Contoso's with all that an address can name."""
    customer = Customer.objects.get(pk=ADATUM)
    BillingProfileFactory(customer=customer)
    line = OrderLineFactory(
        order__staff=StaffFactory(partner=world.contoso),
        order__customer=customer,
        subscription=sold(world.contoso, customer, "Exchange Online (Plan 1)"),
    )
    return {
        "customer_id": ADATUM,
        "subscription_id": BUSINESS,
        "order_id": str(line.order_id),
        "offer_id": E3,
        "domain": customer.domain,
        "prefix": "woodgrove",
    }


def ask(api: Api, name: str, things: dict[str, str]) -> Answer:
    """The answer of this operation to this client."""
    method, _blank, path = name.partition(" ")
    row = TABLE[name]
    return api.ask(method, path.format(**things) + row.query, row.body)


def asked_aside(api: Api, name: str, things: dict[str, str]) -> Answer:
    """The same, and everything as it was before."""
    with transaction.atomic():
        answer = ask(api, name, things)
        transaction.set_rollback(True)
    return answer


def may(name: str, roles: Iterable[Role]) -> bool:
    held = frozenset[Permission]().union(*(MAY[role] for role in roles))
    return held.issuperset(TABLE[name].may)


def assert_refused(answer: Answer, status: int, code: int) -> None:
    assert answer.status == status, answer.text
    assert answer.json is None or answer.json["code"] == code


def everything() -> list[Any]:
    """What programs can change."""
    return [list(model.objects.order_by("pk").values()) for model in (Customer, BillingProfile, Subscription, Order)]


def acting_as(make: MakeApi, partner: Partner, roles: Iterable[Role]) -> list[Api]:
    """A client with these roles in its own name; and one with none, in the name of a person who has them."""
    person = StaffFactory(partner=partner, roles=roles)
    return [make(roles, partner), make([], partner, staff=person)]


def described() -> dict[str, list[str]]:
    """Every operation of the description, and which permissions it says that the operation takes."""
    return {
        f"{method.upper()} {path.removeprefix('/v1')}": operation["x-permission"]
        for path, methods in description()["paths"].items()
        for method, operation in methods.items()
    }


def test_every_operation_stands_in_the_table() -> None:
    assert set(described()) == set(TABLE)


@pytest.mark.parametrize("name", TABLE)
def test_the_description_says_which_permissions_it_takes(name: str) -> None:
    assert described()[name] == [permission.value for permission in TABLE[name].may]


@pytest.mark.parametrize("name", TABLE)
def test_the_own_partners_programs_and_people_may_what_their_roles_allow(
    name: str, things: dict[str, str], world: World, api: MakeApi
) -> None:
    before = everything()
    for role in Role:
        for caller in acting_as(api, world.contoso, [role]):
            answer = asked_aside(caller, name, things)
            if may(name, [role]):
                assert answer.status == TABLE[name].status, f"{role}: {answer.text}"
            else:
                assert_refused(answer, 403, 900150)
    assert everything() == before


@pytest.mark.parametrize("name", [name for name in TABLE if name.split()[0] not in SAFE])
def test_a_change_that_the_roles_do_not_allow_is_recorded(
    name: str, things: dict[str, str], world: World, api: MakeApi
) -> None:
    for caller in acting_as(api, world.contoso, [Role.USER_ADMIN]):
        assert_refused(ask(caller, name, things), 403, 900150)
        record = ActivityRecord.objects.order_by("at", "number").last()
        assert record is not None
        assert (record.outcome, record.reasons) == (Outcome.REFUSED, ["role"])
        assert record.actor_id == (caller.staff or caller.client).pk
        assert record.application == str(caller.client.pk)


@pytest.mark.parametrize("name", OF_A_CUSTOMER)
def test_another_partners_customer_answers_as_one_that_does_not_exist(
    name: str, things: dict[str, str], world: World, api: MakeApi
) -> None:
    before = everything()
    for role in Role:
        for caller in acting_as(api, world.fabrikam, [role]):
            answer = ask(caller, name, things)
            assert_refused(answer, *((404, 60003) if may(name, [role]) else (403, 900150)))
            assert "Adatum" not in answer.text
    assert everything() == before


@pytest.mark.parametrize("name", OF_NO_CUSTOMER)
def test_of_another_partners_business_nothing_is_told(
    name: str, things: dict[str, str], world: World, api: MakeApi
) -> None:
    for role in Role:
        for caller in acting_as(api, world.fabrikam, [role]):
            answer = asked_aside(caller, name, things)
            assert answer.status == (TABLE[name].status if may(name, [role]) else 403), answer.text
            for hidden in ("Adatum", "adatum", "Contoso", ADATUM, BUSINESS, things["order_id"], str(world.contoso.pk)):
                assert hidden not in answer.text


@pytest.mark.parametrize("name", TABLE)
def test_without_a_role_one_may_nothing(name: str, things: dict[str, str], world: World, api: MakeApi) -> None:
    for caller in acting_as(api, world.contoso, []):
        assert_refused(ask(caller, name, things), 403, 900150)


@pytest.mark.parametrize("name", TABLE)
def test_without_a_token_that_is_good_one_may_nothing(
    name: str, things: dict[str, str], world: World, api: MakeApi
) -> None:
    """None, one that nobody gave out, a session's cookie, and a refresh token."""
    good = api([Role.GLOBAL_ADMIN], world.contoso)
    good.http.force_login(StaffFactory(partner=world.contoso))
    assert_refused(_with(good, "", name, things), 401, 800001)
    assert_refused(_with(good, "a-guess", name, things), 401, 400)
    Token.objects.by_value(good.token).update(type=Token.Type.REFRESH_TOKEN)
    assert_refused(ask(good, name, things), 401, 400)


def _with(api: Api, token: str, name: str, things: dict[str, str]) -> Answer:
    method, _blank, path = name.partition(" ")
    authorization = f"Bearer {token}" if token else ""
    return api.ask(method, path.format(**things), TABLE[name].body, Authorization=authorization)


@pytest.mark.parametrize("name", TABLE)
def test_a_token_ends_by_time_with_its_client_and_with_its_person(
    name: str, things: dict[str, str], world: World, api: MakeApi
) -> None:
    admin = StaffFactory(partner=world.contoso)
    before = everything()
    for end in (_expired, _token_revoked, _client_revoked):
        for caller in acting_as(api, world.contoso, [Role.GLOBAL_ADMIN]):
            with end(caller, admin):
                assert_refused(ask(caller, name, things), 401, 400)
    [_program, in_a_name] = acting_as(api, world.contoso, [Role.GLOBAL_ADMIN])
    person = in_a_name.staff
    assert person is not None
    deactivate(staff=admin, person_id=person.pk, key="d")
    assert_refused(ask(in_a_name, name, things), 401, 400)
    # Also where the token outlived it, however that came about.
    assert_refused(ask(api([], world.contoso, staff=Staff.objects.get(pk=person.pk)), name, things), 401, 400)
    assert everything() == before


def _expired(api: Api, admin: Staff) -> Any:
    return time_machine.travel(timezone.now() + datetime.timedelta(minutes=61))


def _token_revoked(api: Api, admin: Staff) -> Any:
    Token.objects.by_value(api.token).delete()
    return transaction.atomic()


def _client_revoked(api: Api, admin: Staff) -> Any:
    revoke_client(staff=admin, client_id=api.client.pk, key=str(api.client.pk))
    return transaction.atomic()
