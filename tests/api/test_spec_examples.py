"""Every example of the protocol's documents, asked in the world of the examples and compared with what comes back."""

import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from pytest_django import Settings

from api.description import description
from api.examples import Example, examples
from customers.models import Customer, DelegatedAdminPrivilege
from partners.models import Partner, Staff
from partners.roles import Role
from subscriptions.ordering import place_order
from subscriptions.provisioning import provision_due_lines
from subscriptions.sale import Line
from tests.api.conftest import Api
from tests.api.worlds import ADATUM, BUSINESS, CONTOSO, FABRIKAM
from tests.factories import CustomerFactory, ResellerRelationshipFactory, StaffFactory
from upgrades.operations import upgrade_subscription

NEW = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
WILDCARDS = {
    "<new>": NEW,
    "<now>": r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{6})?Z",
    "<etag>": r"[A-Za-z0-9+/]+=*",
    "<token>": r"\S{20,}",
}
# Of what the documents cut short, only what they show is compared.
CUT = {"targetOffer"}


def pattern_of(text: str) -> str:
    """The text as a regular expression, with what a wildcard may be in its place."""
    parts = re.split("(" + "|".join(WILDCARDS) + ")", text)
    return "".join(WILDCARDS.get(part) or re.escape(part) for part in parts)


def assert_like(said: Any, shown: Any, place: str = "answer", *, is_cut: bool = False) -> None:
    """What was said is what is shown: the same members, the same values, wildcards aside."""
    if isinstance(shown, dict):
        assert isinstance(said, dict), place
        assert is_cut or set(said) == set(shown), f"{place}: {sorted(set(said) ^ set(shown))}"
        for name, value in shown.items():
            assert_like(said[name], value, f"{place}.{name}", is_cut=name in CUT)
    elif isinstance(shown, list):
        assert isinstance(said, list), place
        assert len(said) == len(shown), place
        for number, value in enumerate(shown):
            assert_like(said[number], value, f"{place}[{number}]")
    elif isinstance(shown, str):
        assert isinstance(said, str), place
        assert re.fullmatch(pattern_of(shown), said), f"{place}: {said!r} is not like {shown!r}"
    else:
        assert (type(said), said) == (type(shown), shown), place


def one_more_customer() -> None:
    later = CustomerFactory(company_name="Woodgrove")
    ResellerRelationshipFactory(partner_id=CONTOSO, partner=None, customer=later)


def exchange_alone() -> None:
    DelegatedAdminPrivilege.objects.exclude(service__code="exchange").delete()


def nobody() -> None:
    Customer.objects.get().relationships.update(partner=FABRIKAM)


def a_provisioned_order() -> None:
    line = Line(uuid.UUID("ff7a4f5b-4973-4241-8c43-80f2be39311d"), 5, "Archive team")
    order = place_order(staff=mei(), customer_id=uuid.UUID(ADATUM), lines=[line], key="order")
    provision_due_lines(order_id=order.pk)


def an_upgrade() -> None:
    target_id = uuid.UUID("be57ff4c-100c-4f1f-b82d-f1c5ab63a665")
    upgrade_subscription(
        staff=mei(), subscription_id=uuid.UUID(BUSINESS), target_id=target_id, quantity=30, key="upgrade"
    )


def mei() -> Staff:
    """An admin agent of Contoso, who uses the pages."""
    contoso = Partner.objects.get(pk=CONTOSO)
    person: Staff = StaffFactory(partner=contoso, email="mei@contoso.example.cn", roles=[Role.ADMIN_AGENT])
    return person


# What is otherwise than in the world of the examples, where an example says so.
BEFORE: dict[str, Callable[[], None]] = {
    "A page that others follow": one_more_customer,
    "With the privilege for Exchange alone": exchange_alone,
    "Of a partner without customers": nobody,
    "An order that was provisioned": a_provisioned_order,
    "What an upgrade leaves": an_upgrade,
}


@pytest.fixture(autouse=True)
def _told_addresses(settings: Settings) -> None:
    settings.PORTAL_URL = "https://portal.example.cn"
    settings.ADMIN_CENTRE_URL = ""


@pytest.mark.parametrize("example", examples(), ids=lambda example: f"{example.operation}: {example.title}")
def test_answers_are_as_the_documents_show_them(contoso: Api, example: Example) -> None:
    BEFORE.get(example.title, lambda: None)()
    answer = contoso.ask(example.method, example.path, example.sent)
    assert answer.status == example.status, answer.text
    assert_like(answer.json, example.answered)


def test_a_refusal_for_asking_too_often_is_as_the_documents_show_it(contoso: Api, settings: Settings) -> None:
    settings.API_READS_PER_MINUTE = 0
    answer = contoso.get("/customers")
    words = f"Rate limit is exceeded. Try again in {answer.headers['Retry-After']} seconds."
    shown = {"code": 429, "description": words, "data": [], "source": "PartnerPortal"}
    assert (answer.status, answer.json) == (429, {"statusCode": 429, "message": words} | shown)


def test_examples_stand_in_the_description() -> None:
    said = description()
    operations = {one["operationId"]: one for item in said["paths"].values() for one in item.values()}
    for example in examples():
        operation = operations[example.operation]
        assert "example" in operation["responses"][str(example.status)]["content"]["application/json"]
        if example.sent is not None:
            assert "example" in operation["requestBody"]["content"]["application/json"]


def test_the_comparison_sees_what_differs() -> None:
    shown = {"id": "<new>", "uri": "/customers/<new>", "list": [1], "at": "<now>"}
    new = "3f1c2a70-8b1e-4c55-9a0d-5d7b6a1e0c01"
    said = {"id": new, "uri": f"/customers/{new}", "list": [1], "at": "2026-01-01T00:00:00Z"}
    assert_like(said, shown)
    for wrong in (
        said | {"id": new.upper()},
        said | {"uri": f"/v1/customers/{new}"},
        said | {"list": [True]},
        said | {"list": [1, 2]},
        said | {"at": "2026-01-01"},
        said | {"more": 1},
        {"id": new},
    ):
        with pytest.raises(AssertionError):
            assert_like(wrong, shown)
