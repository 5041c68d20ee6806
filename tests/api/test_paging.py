"""Pages by a token that stands for a place, and pages by number."""

import datetime
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlencode

import pytest
import time_machine
from django.core import signing
from pytest_django import Settings

from api.paging import SALT
from tests.api.conftest import Answer, Api, token_of
from tests.factories import CustomerFactory, customer_of

pytestmark = pytest.mark.django_db
START = datetime.datetime(2026, 3, 1, 8, tzinfo=datetime.UTC)
NAMES = ["Adatum", "Blue Yonder", "Contoso", "Datum", "Fabrikam"]


@pytest.fixture(autouse=True)
def _plants(settings: Settings) -> None:
    settings.ROOT_URLCONF = "tests.api.plants"


@pytest.fixture
def asking(api: Callable[..., Api]) -> Api:
    """The client of a partner with five customers."""
    asking = api()
    for name in NAMES:
        customer_of(asking.partner, company_name=name)
    return asking


def token_in(answer: Answer) -> str:
    """The token that leads on, which stands in two places."""
    (pair,) = answer.json["links"]["next"]["headers"]
    assert pair == {"key": "MS-ContinuationToken", "value": answer.json["continuationToken"]}
    return str(pair["value"])


def names(answer: Answer) -> list[str]:
    return [item["name"] for item in answer.json["items"]]


def test_the_pages_together_are_all_there_is(asking: Api) -> None:
    first = asking.get("/plants?size=2")
    assert (names(first), first.json["totalCount"]) == (NAMES[:2], 2)
    assert first.json["links"]["next"]["uri"] == "/plants?size=2&seekOperation=Next"
    second = asking.get("/plants?size=2&seekOperation=Next", MS_ContinuationToken=token_in(first))
    assert (names(second), second.json["links"]["self"]["uri"]) == (NAMES[2:4], "/plants?size=2&seekOperation=Next")
    assert second.json["links"]["next"]["uri"] == "/plants?size=2&seekOperation=Next"
    last = asking.get("/plants?size=2&SEEKOPERATION=next", MS_ContinuationToken=token_in(second))
    assert (names(last), last.json["totalCount"]) == (NAMES[4:], 1)
    assert "next" not in last.json["links"]
    assert "continuationToken" not in last.json


def test_the_token_may_stand_in_the_address(asking: Api) -> None:
    token = token_in(asking.get("/plants?size=2"))
    answer = asking.get(f"/plants?size=2&seek={quote(token)}")
    assert names(answer) == NAMES[2:4]
    assert answer.json["links"]["next"]["uri"] == "/plants?size=2&seekOperation=Next"


def test_what_comes_and_goes_shifts_nothing(asking: Api) -> None:
    first = asking.get("/plants?size=2")
    customer_of(asking.partner, company_name="Alpine")
    asking.partner.relationships.get(customer__company_name="Blue Yonder").delete()
    assert names(asking.get("/plants?seekOperation=Next", MS_ContinuationToken=token_in(first))) == NAMES[2:]


@pytest.mark.parametrize("operation", ["", "&seekOperation=First", "&seekOperation=first"])
def test_first_begins_at_the_beginning(asking: Api, operation: str) -> None:
    token = token_in(asking.get("/plants?size=2"))
    assert names(asking.get(f"/plants?size=2{operation}", MS_ContinuationToken=token)) == NAMES[:2]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("size=-1", 3000),
        ("size=many", 3000),
        ("size=", 3000),
        ("size=2.5", 3000),
        (f"size={'9' * 5000}", 3000),
        ("seekOperation=Previous", 3000),
        ("seekOperation=LAST", 3000),
        ("seekOperation=PageIndex", 3000),
        ("seekOperation=1", 900126),
        ("seekOperation=Sideways", 900126),
        ("seekOperation=Next", 800002),
        ("seekOperation=Next&seek=", 800002),
        ("seek=nonsense", 800002),
    ],
)
def test_ways_of_paging_that_there_are_not(asking: Api, query: str, code: int) -> None:
    answer = asking.get(f"/plants?{query}")
    assert (answer.status, answer.json["code"]) == (400, code)


@pytest.mark.parametrize("size", ["", "?size=0", "?size=501", "?SIZE=999999999"])
def test_no_size_is_as_many_as_may_be(asking: Api, size: str) -> None:
    assert names(asking.get(f"/plants{size}")) == NAMES


def forged(asking: Api, parts: Any) -> str:
    return signing.dumps(parts, salt=SALT)


BROKEN: dict[str, Callable[[Api, str], str]] = {
    "cut": lambda asking, token: token[:-1],
    "changed": lambda asking, token: "x" + token,
    "signed for something else": lambda asking, token: signing.dumps(["", "", "", ""], salt="another"),
    "of another form": lambda asking, token: forged(asking, {"a": 1}),
    "empty": lambda asking, token: forged(asking, []),
    "without place": lambda asking, token: forged(asking, ["!", str(asking.partner.pk), "/v1/plants", ""]),
    "with a number for a place": lambda asking, token: forged(asking, [7, str(asking.partner.pk), "/v1/plants", ""]),
    "of another address": lambda asking, token: forged(asking, ["e30", str(asking.partner.pk), "/v1/pots", ""]),
}


@pytest.mark.parametrize("spoil", BROKEN.values(), ids=BROKEN)
def test_a_token_that_is_none_of_ours(asking: Api, spoil: Callable[[Api, str], str]) -> None:
    token = spoil(asking, token_in(asking.get("/plants?size=2")))
    answer = asking.get("/plants?seekOperation=Next", MS_ContinuationToken=token)
    assert (answer.status, answer.json["code"]) == (400, 800002)


def test_a_token_is_good_for_one_partner_and_one_filter(asking: Api, api: Callable[..., Api]) -> None:
    token = token_in(asking.get("/plants?size=2"))
    other = api()
    assert other.get("/plants?seekOperation=Next", MS_ContinuationToken=token).status == 400
    by_name = urlencode({"filter": json.dumps({"Field": "CompanyName", "Value": "", "Operator": "starts_with"})})
    assert asking.get(f"/plants?seekOperation=Next&{by_name}", MS_ContinuationToken=token).status == 400
    in_capitals = by_name.replace("filter", "FILTER")
    assert asking.get(f"/plants?seekOperation=Next&{in_capitals}", MS_ContinuationToken=token).status == 400
    kept = token_in(asking.get(f"/plants?size=2&{by_name}"))
    assert asking.get(f"/plants?seekOperation=Next&{in_capitals}", MS_ContinuationToken=kept).status == 200
    assert asking.get(f"/plants?seekOperation=Next&{by_name}", MS_ContinuationToken=kept).status == 200


def test_a_token_is_good_for_a_day(asking: Api) -> None:
    with time_machine.travel(START, tick=False) as clock:
        asking.token = token_of(asking.client, seconds=200_000)
        token = token_in(asking.get("/plants?size=2"))
        clock.shift(datetime.timedelta(hours=24))
        assert asking.get("/plants?seekOperation=Next", MS_ContinuationToken=token).status == 200
        clock.shift(datetime.timedelta(seconds=2))
        assert asking.get("/plants?seekOperation=Next", MS_ContinuationToken=token).status == 400


def test_pages_by_number(asking: Api) -> None:
    first = asking.get("/pots?size=2")
    assert ([item["id"] for item in first.json["items"]], first.json["totalCount"]) == (["0", "1"], 5)
    assert first.json["links"]["next"]["uri"] == "/pots?size=2&offset=2"
    second = asking.get("/pots?offset=2&Size=2")
    assert second.json["links"]["next"]["uri"] == "/pots?Size=2&offset=4"
    last = asking.get("/pots?offset=4&size=2")
    assert ([item["id"] for item in last.json["items"]], "next" in last.json["links"]) == (["4"], False)
    assert asking.get("/pots?offset=99").json["items"] == []


@pytest.mark.parametrize("query", ["offset=-1", "offset=x", "size=-1"])
def test_numbers_of_pages_that_there_are_not(asking: Api, query: str) -> None:
    answer = asking.get(f"/pots?{query}")
    assert (answer.status, answer.json["code"]) == (400, 3000)


def test_a_collection_without_items_is_one(asking: Api, api: Callable[..., Api]) -> None:
    CustomerFactory()
    assert api().get("/plants?size=40").json == {
        "totalCount": 0,
        "items": [],
        "links": {"self": {"uri": "/plants?size=40", "method": "GET", "headers": []}},
        "attributes": {"objectType": "Collection"},
    }
