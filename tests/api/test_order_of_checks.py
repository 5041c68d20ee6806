"""The order in which a request is checked: of several things that are wrong, the earliest in the order is told.

Each fault of the table is put into a request together with all the later ones.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from pytest_django import Settings

from activity.models import ActivityRecord, Outcome
from partners.roles import Role
from tests.api.conftest import Answer, Api
from tests.factories import CustomerFactory, customer_of

pytestmark = pytest.mark.django_db
FITTING = {"name": "fern"}


@pytest.fixture(autouse=True)
def _plants(settings: Settings) -> None:
    settings.ROOT_URLCONF = "tests.api.plants"


@dataclass
class Wrong:
    """A request in which more and more is wrong."""

    api: Api
    customer: str
    settings: Settings
    method: str = "PUT"
    address: str = "plants"
    plant: str = field(default_factory=lambda: str(uuid.uuid4()))
    body: Any = field(default_factory=lambda: dict(FITTING))
    headers: dict[str, str] = field(default_factory=lambda: {"MS_RequestId": "one"})

    def ask(self) -> Answer:
        path = f"/customers/{self.customer}/{self.address}/{self.plant}"
        return self.api.ask(self.method, path, self.body, **self.headers)


def wrong_rule(asked: Wrong) -> None:
    asked.body["name"] = "winter"


def wrong_precondition(asked: Wrong) -> None:
    asked.headers["If_Match"] = '"stale"'


def wrong_resource(asked: Wrong) -> None:
    asked.plant = "no-id"


def wrong_members(asked: Wrong) -> None:
    asked.body["lineItems"] = [{"quantity": "3"}]


def wrong_key(asked: Wrong) -> None:
    asked.headers["MS_RequestId"] = "x" * 129


def wrong_body(asked: Wrong) -> None:
    asked.body = b"{"


def wrong_customer(asked: Wrong) -> None:
    asked.customer = str(CustomerFactory().pk)


def wrong_role(asked: Wrong) -> None:
    asked.api.client.role_rows.all().delete()


def wrong_rate(asked: Wrong) -> None:
    asked.settings.API_WRITES_PER_MINUTE = 0


def wrong_token(asked: Wrong) -> None:
    asked.api.token = "another"


def no_token(asked: Wrong) -> None:
    asked.headers["Authorization"] = ""


def wrong_accept(asked: Wrong) -> None:
    asked.headers["Accept"] = "text/html"


def wrong_method(asked: Wrong) -> None:
    asked.method = "POST"


def wrong_address(asked: Wrong) -> None:
    asked.address = "stones"


LAST_FIRST: list[tuple[Callable[[Wrong], None], int, int]] = [
    (wrong_rule, 400, 3000),
    (wrong_precondition, 412, 2055),
    (wrong_resource, 404, 1000),
    (wrong_members, 400, 3000),
    (wrong_key, 400, 3000),
    (wrong_body, 400, 800002),
    (wrong_customer, 404, 60003),
    (wrong_role, 403, 900150),
    (wrong_rate, 429, 429),
    (wrong_token, 401, 400),
    (no_token, 401, 800001),
    (wrong_accept, 406, 800002),
    (wrong_method, 405, 1000),
    (wrong_address, 404, 1000),
]


@pytest.fixture
def request_of(api: Callable[..., Api], settings: Settings) -> Wrong:
    """One in which nothing is wrong."""
    asking = api()
    return Wrong(asking, str(customer_of(asking.partner).pk), settings)


def test_a_request_in_which_nothing_is_wrong_is_answered(request_of: Wrong) -> None:
    assert request_of.ask().status == 200


@pytest.mark.parametrize("number", range(len(LAST_FIRST)), ids=[case[0].__name__ for case in LAST_FIRST])
def test_each_fault_hides_the_later_ones(request_of: Wrong, number: int) -> None:
    for make_wrong, _status, _code in LAST_FIRST[: number + 1]:
        make_wrong(request_of)
    answer = request_of.ask()
    assert (answer.status, answer.json["code"]) == LAST_FIRST[number][1:]


def test_a_key_that_was_used_comes_before_the_members(request_of: Wrong) -> None:
    assert request_of.ask().status == 200
    wrong_members(request_of)
    answer = request_of.ask()
    assert (answer.status, answer.json["code"]) == (409, 800002)


def test_a_change_that_the_role_refuses_is_recorded(api: Callable[..., Api]) -> None:
    asking = api(roles=[Role.BILLING_ADMIN])
    assert asking.post("/plants", FITTING, MS_CorrelationId="one of mine").status == 403
    left = ActivityRecord.objects.get(operation="water_the_plants")
    assert (left.outcome, left.reasons, left.actor_id) == (Outcome.REFUSED, ["role"], asking.client.pk)
    assert (left.application, left.correlation) == (str(asking.client.pk), "one of mine")


def test_a_look_that_the_role_refuses_leaves_no_record(api: Callable[..., Api]) -> None:
    assert api(roles=[Role.BILLING_ADMIN]).get("/plants").status == 403
    assert not ActivityRecord.objects.exists()


def test_what_a_role_may_not_do_is_not_kept_for_the_key(api: Callable[..., Api]) -> None:
    asking = api(roles=[Role.BILLING_ADMIN])
    assert asking.post("/plants", FITTING, MS_RequestId="one").status == 403
    asking.client.role_rows.create(role=Role.ADMIN_AGENT)
    assert asking.post("/plants", FITTING, MS_RequestId="one").status == 201
