"""Each operation as its description says it, asked for whatever hypothesis thinks of, with each role.

Programs are written by the description: an answer with another status or other members than it names is wrong on
one side or the other. Whatever is sent, nothing breaks, and nothing of another partner is told.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from api.description import description
from partnercenter.wsgi import application
from partners.roles import Role
from subscriptions.models import Order, Subscription
from tests.api.conftest import Api
from tests.api.test_offers import E3
from tests.api.test_upgrades import PROPLUS
from tests.api.worlds import ADATUM, BUSINESS, EXCHANGE_ELSEWHERE, World
from tests.factories import OrderLineFactory, StaffFactory, customer_of, sold

# Whether bodies that it calls wrong are refused is not looked at: what is unknown is ignored, and texts of the right
# type may be none of a portal's (a domain, a telephone number).
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
EXAMPLES = 4
SCHEMA = schemathesis.openapi.from_dict(description())
SCHEMA.app = application
OPERATIONS = {
    f"{found.ok().method.upper()} {found.ok().path}": found.ok()
    for found in SCHEMA.get_all_operations()
    if isinstance(found, Ok)
}


@pytest.fixture(autouse=True)
def one_connection() -> Iterator[None]:
    """The handler would end the connection, and with it what the test has made, at every request."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def own(world: World) -> dict[str, str]:
    """The parameters of addresses that lead to something of ours."""
    line = OrderLineFactory(order__staff=StaffFactory(partner=world.contoso), order__customer_id=ADATUM)
    return {
        "customer_id": ADATUM,
        "subscription_id": BUSINESS,
        "offer_id": E3,
        "order_id": str(line.order_id),
        "domain": "adatum.partner.onmschina.cn",
        "prefix": "woodgrove",
    }


@pytest.fixture
def others(world: World) -> list[str]:
    """What must not be told: ids and names of what is another partner's."""
    customer = customer_of(world.fabrikam, company_name="Northwind 秘密", domain="northwind.partner.onmschina.cn")
    subscription = sold(world.fabrikam, customer, nickname="Nobody's business")
    Subscription.objects.filter(pk=EXCHANGE_ELSEWHERE).update(
        nickname="Elsewhere's own", reseller_of_record=world.fabrikam
    )
    order = OrderLineFactory(order__staff=StaffFactory(partner=world.fabrikam), order__customer_id=ADATUM).order
    assert Order.objects.count() > 0
    return [
        str(customer.pk),
        customer.company_name,
        customer.domain,
        str(subscription.pk),
        subscription.nickname,
        "Elsewhere's own",
        str(order.pk),
        world.fabrikam.name,
        str(world.fabrikam.pk),
    ]


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("operation", OPERATIONS)
def test_it_answers_as_its_description_says(
    own: dict[str, str], others: list[str], world: World, api: Callable[..., Api], operation: str, role: Role
) -> None:
    client = api(roles=[role], partner=world.contoso)
    described = OPERATIONS[operation]
    cases = [described.as_strategy(generation_mode=mode) for mode in GenerationMode]

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
    @given(case=st.one_of(*cases), leads_somewhere=st.sampled_from([True, True, False]))
    def ask(case: schemathesis.Case, leads_somewhere: bool) -> None:
        case.headers["Authorization"] = f"Bearer {client.token}"
        if leads_somewhere:
            case.path_parameters = {name: own[name] for name in case.path_parameters or {}}
            case.body = with_offers(case.body)
        with transaction.atomic():
            response = case.call()
            transaction.set_rollback(True)
        case.validate_response(response, checks=CHECKS)
        told_nothing_of(response, case, others)

    ask()


def with_offers(body: Any) -> Any:
    """The same body, whose offers exist."""
    if isinstance(body, list):
        return [with_offers(one) for one in body]
    if not isinstance(body, dict):
        return body
    is_offer = {"id", "offerid"}
    return {
        name: PROPLUS if name.casefold() in is_offer and isinstance(value, str) else with_offers(value)
        for name, value in body.items()
    }


def told_nothing_of(response: Any, case: schemathesis.Case, others: list[str]) -> None:
    """What the answer says of others is at most what the request itself has said."""
    text, asked = response.text, f"{case.path_parameters!r} {case.query!r} {case.body!r}"
    assert [one for one in others if one in text and one not in asked] == []
