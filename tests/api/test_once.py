"""A change happens once for each key, with the same answer each time."""

import datetime
import threading
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.db import connection, transaction
from pytest_django import Settings

from activity.models import ActivityRecord
from api import once
from api.models import KeptAnswer
from partners.roles import Role
from tests.api.conftest import Api, token_of
from tests.factories import ApiClientFactory, StaffFactory

FITTING = {"name": "fern"}
START = datetime.datetime(2026, 3, 1, 8, tzinfo=datetime.UTC)


@pytest.fixture(autouse=True)
def _plants(settings: Settings) -> None:
    settings.ROOT_URLCONF = "tests.api.plants"


@pytest.fixture
def asking(api: Callable[..., Api]) -> Api:
    return api()


def waterings() -> int:
    return ActivityRecord.objects.filter(operation="water_the_plants", outcome="done").count()


def test_the_same_again_gets_the_same_answer_and_changes_nothing(asking: Api) -> None:
    first = asking.post("/plants", FITTING, MS_RequestId="one", MS_CorrelationId="first")
    again = asking.post("/plants", FITTING, MS_RequestId="one", MS_CorrelationId="again")
    assert (first.status, again.status, first.text) == (201, 201, again.text)
    assert (first.headers["Location"], first.headers["ETag"]) == (again.headers["Location"], again.headers["ETag"])
    assert (again.headers["MS-RequestId"], again.headers["MS-CorrelationId"]) == ("one", "again")
    assert waterings() == 1


def test_the_order_of_members_is_no_other_content(asking: Api) -> None:
    asking.post("/plants", b'{"name": "fern", "cycle": "annual"}', MS_RequestId="one")
    again = asking.post("/plants", b'{ "cycle":"annual","name":"fern"}', MS_RequestId="one")
    assert (again.status, waterings()) == (201, 1)


@pytest.mark.parametrize(
    ("body", "headers"), [({"name": "rose"}, {}), (None, {}), (FITTING, {"If_Match": '"another"'})]
)
def test_the_same_key_for_something_else_is_refused(asking: Api, body: Any, headers: dict[str, str]) -> None:
    asking.post("/plants", FITTING, MS_RequestId="one")
    answer = asking.post("/plants", body, MS_RequestId="one", **headers)
    assert (answer.status, answer.json["code"]) == (409, 800002)
    assert answer.json["description"] == "The request id was already used with other content."
    assert waterings() == 1


def test_d14_the_clients_own_id_is_the_second_key(asking: Api) -> None:
    for own in ("a", "a", "b"):
        assert asking.post("/plants", FITTING, x_ms_client_request_id=own).status == 201
    assert waterings() == 2
    for own in ("a", "b"):
        assert asking.post("/plants", FITTING, MS_RequestId="one", x_ms_client_request_id=own).status == 201
    assert waterings() == 3


def test_d14_without_a_key_each_request_is_one_of_its_own(asking: Api) -> None:
    for _time in range(2):
        assert asking.post("/plants", FITTING).status == 201
    assert waterings() == 2
    assert not KeptAnswer.objects.exists()
    assert len({row.after["key"] for row in ActivityRecord.objects.filter(operation="water_the_plants")}) == 2


def test_d14_a_key_is_good_for_a_day(asking: Api) -> None:
    with time_machine.travel(START, tick=False) as clock:
        asking.token = token_of(asking.client, seconds=200_000)
        asking.post("/plants", FITTING, MS_RequestId="one")
        clock.shift(datetime.timedelta(hours=24))
        assert asking.post("/plants", {"name": "rose"}, MS_RequestId="one").status == 409
        clock.shift(datetime.timedelta(seconds=1))
        assert asking.post("/plants", {"name": "rose"}, MS_RequestId="one").status == 201
        keys = {row.after["key"] for row in ActivityRecord.objects.filter(operation="water_the_plants")}
        assert len(keys) == 2


@pytest.mark.parametrize("name", ["MS_RequestId", "x_ms_client_request_id"])
@pytest.mark.parametrize("key", ["x" * 129, "é", "a\tb"])
def test_a_key_that_is_none_is_refused(asking: Api, name: str, key: str) -> None:
    answer = asking.post("/plants", FITTING, **{name: key})
    assert (answer.status, answer.json["code"], waterings()) == (400, 3000, 0)


def test_a_key_belongs_to_who_asks_how_and_where(api: Callable[..., Api], asking: Api) -> None:
    sibling = ApiClientFactory(partner=asking.partner, roles=[Role.ADMIN_AGENT])
    people = [StaffFactory(partner=asking.partner, roles=[Role.ADMIN_AGENT]) for _number in range(2)]
    others = [
        asking,
        Api(sibling, token_of(sibling)),
        *(Api(asking.client, token_of(asking.client, person), person) for person in people),
        api(),
    ]
    for other in others:
        assert other.post("/plants", FITTING, MS_RequestId="one").status == 201
    assert waterings() == len(others)
    fresh = Api(asking.client, token_of(asking.client))
    assert fresh.post("/plants", FITTING, MS_RequestId="one").status == 201
    assert waterings() == len(others)


@pytest.mark.parametrize(
    ("name", "status", "runs"),
    [("winter", 400, 1), ("withered", 404, 1), ("forbidden", 403, 2), ("locked", 409, 2), ("broken", 500, 2)],
)
def test_only_business_answers_are_kept(asking: Api, name: str, status: int, runs: int, monkeypatch: Any) -> None:
    from tests.api import plants

    counted: list[str] = []

    def count_runs(failure: Exception) -> Exception:
        counted.append(name)
        return failure

    class Counting(dict[str, Exception]):
        def __getitem__(self, key: str) -> Exception:
            return count_runs(super().__getitem__(key))

    monkeypatch.setattr(plants, "FAILURES", Counting(plants.FAILURES))
    answers = [asking.post("/plants", {"name": name}, MS_RequestId="one") for _time in range(2)]
    assert [answer.status for answer in answers] == [status, status]
    assert (len(counted), KeptAnswer.objects.count()) == (runs, 2 - runs)


def test_members_that_were_refused_are_kept_too(asking: Api) -> None:
    for body, status in (({"name": 7}, 400), ({"name": 7}, 400), (FITTING, 409)):
        assert asking.post("/plants", body, MS_RequestId="one").status == status


@pytest.mark.parametrize("name", ["broken", "statement", "locked", "away"])
def test_what_broke_has_changed_nothing(asking: Api, name: str) -> None:
    assert asking.post("/plants", {"name": name}, MS_RequestId="one").status in (409, 500, 503)
    assert not ActivityRecord.objects.exists()
    assert not KeptAnswer.objects.exists()


def test_a_refusal_keeps_its_record(asking: Api) -> None:
    assert asking.post("/plants", {"name": "winter"}, MS_RequestId="one").status == 400
    assert waterings() == 1


@pytest.mark.django_db(transaction=True)
def test_a_change_without_its_kept_answer_does_not_exist(asking: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def lose(*_given: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(once, "store", lose)
    assert asking.post("/plants", FITTING, MS_RequestId="one").status == 500
    assert (waterings(), KeptAnswer.objects.count()) == (0, 0)
    monkeypatch.undo()
    assert asking.post("/plants", FITTING, MS_RequestId="one").status == 201
    assert (waterings(), KeptAnswer.objects.count()) == (1, 1)


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_two_at_once_under_one_key_make_one_change(asking: Api) -> None:
    starting = threading.Barrier(2, timeout=30)
    answers: list[Any] = []

    def ask() -> None:
        try:
            starting.wait()
            answers.append(Api(asking.client, asking.token).post("/plants", FITTING, MS_RequestId="one"))
        finally:
            connection.close()

    threads = [threading.Thread(target=ask) for _number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [answer.status for answer in answers] == [201, 201]
    assert answers[0].text == answers[1].text
    assert waterings() == 1


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_who_waits_too_long_for_the_first_is_told_so(asking: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    asking.post("/plants", FITTING, MS_RequestId="one")
    scope = KeptAnswer.objects.get().scope
    KeptAnswer.objects.all().delete()
    monkeypatch.setattr(once, "SECONDS_TO_WAIT", 1)
    answers: list[Any] = []

    def ask() -> None:
        try:
            answers.append(Api(asking.client, asking.token).post("/plants", FITTING, MS_RequestId="one"))
        finally:
            connection.close()

    with transaction.atomic():
        KeptAnswer.objects.create(scope=scope, digest="")
        waiting = threading.Thread(target=ask)
        waiting.start()
        waiting.join(60)
    assert [(answer.status, answer.json["code"]) for answer in answers] == [(409, 800060)]
    assert waterings() == 1
