"""How much a client may ask for in a minute."""

import datetime
import threading
from collections.abc import Callable

import pytest
import time_machine
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from tests.api.conftest import Api, token_of
from tests.factories import ApiClientFactory, StaffFactory

pytestmark = pytest.mark.django_db
START = datetime.datetime(2026, 3, 1, 8, 0, 3, tzinfo=datetime.UTC)
FITTING = {"name": "fern"}


@pytest.fixture(autouse=True)
def _plants(settings: Settings) -> None:
    settings.ROOT_URLCONF = "tests.api.plants"
    settings.API_READS_PER_MINUTE = 3
    settings.API_WRITES_PER_MINUTE = 2


def test_d19_each_client_has_its_own_limits(api: Callable[..., Api]) -> None:
    with time_machine.travel(START, tick=False):
        first = api()
        second = ApiClientFactory(partner=first.partner)
        for asking in (first, Api(second, token_of(second))):
            assert [asking.get("/pots").status for _time in range(4)] == [200, 200, 200, 429]
            assert [asking.post("/plants", FITTING).status for _time in range(3)] == [201, 201, 429]


def test_all_who_ask_through_a_client_share_its_limit(api: Callable[..., Api]) -> None:
    with time_machine.travel(START, tick=False):
        asking = api()
        people = [StaffFactory(partner=asking.partner) for _number in range(2)]
        tokens = [asking.token, *(token_of(asking.client, person) for person in people), token_of(asking.client)]
        assert [Api(asking.client, token).get("/pots").status for token in tokens] == [200, 200, 200, 429]


def test_who_has_asked_too_much_is_told_when_to_come_back(api: Callable[..., Api]) -> None:
    with time_machine.travel(START, tick=False) as clock:
        asking = api()
        for _time in range(3):
            asking.get("/pots")
        answer = asking.get("/pots")
        words = "Rate limit is exceeded. Try again in 57 seconds."
        assert answer.json == {
            "statusCode": 429,
            "message": words,
            "code": 429,
            "description": words,
            "data": [],
            "source": "PartnerPortal",
        }
        assert answer.headers["Retry-After"] == "57"
        clock.shift(datetime.timedelta(seconds=56))
        assert asking.get("/pots").headers["Retry-After"] == "1"
        clock.shift(datetime.timedelta(seconds=1))
        assert asking.get("/pots").status == 200


def test_a_change_over_the_limit_is_not_kept_for_its_key(api: Callable[..., Api], settings: Settings) -> None:
    with time_machine.travel(START, tick=False) as clock:
        asking = api()
        settings.API_WRITES_PER_MINUTE = 0
        assert asking.post("/plants", FITTING, MS_RequestId="one").status == 429
        settings.API_WRITES_PER_MINUTE = 1
        clock.shift(datetime.timedelta(minutes=1))
        assert asking.post("/plants", FITTING, MS_RequestId="one").status == 201


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_no_request_is_lost_where_many_ask_at_once(api: Callable[..., Api], settings: Settings) -> None:
    settings.API_READS_PER_MINUTE = 7
    asking = api()
    starting = threading.Barrier(5, timeout=30)
    statuses: list[int] = []

    def ask() -> None:
        try:
            starting.wait()
            statuses.extend(Api(asking.client, asking.token).get("/pots").status for _time in range(2))
        finally:
            connection.close()

    with time_machine.travel(timezone.now(), tick=False):
        threads = [threading.Thread(target=ask) for _number in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    assert sorted(statuses) == [200] * 7 + [429] * 3
