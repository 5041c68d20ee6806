"""How a body is read: sizes, depth, members, numbers, texts."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from pytest_django import Settings

from api.reading import DEEPEST, LARGEST
from tests.api.conftest import Answer, Api

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _plants(settings: Settings) -> None:
    settings.ROOT_URLCONF = "tests.api.plants"


@pytest.fixture
def post(api: Callable[..., Api]) -> Callable[..., Answer]:
    """Sends this body to where plants are watered."""
    asking = api()

    def send(body: Any, **headers: str) -> Answer:
        return asking.post("/plants", body, **headers)

    return send


def nested(depth: int) -> bytes:
    """A fitting body with a member that nobody knows, as deep as this in all."""
    return b'{"name": "fern", "more": ' + b"[" * (depth - 1) + b"]" * (depth - 1) + b"}"


def sized(size: int) -> bytes:
    body = b'{"name": "fern", "more": ""}'
    return body.replace(b'""', b'"' + b"x" * (size - len(body)) + b'"')


READABLE = {
    "in order": b'{"name": "fern"}',
    "with a mark in front": b'\xef\xbb\xbf{"name": "fern"}',
    "in PascalCase, with nulls": b'{"Name": "fern", "IsThirsty": null, "LineItems": null, "Links": null}',
    "in capitals": b'{"NAME": "fern", "LINEITEMS": [{"QUANTITY": 25.0}]}',
    "Chinese": '{"name": "蕨"}'.encode(),
    "escaped": b'{"name": "\\ud83c\\udf3f"}',
    "brackets in a text": b'{"name": "' + b"[{" * 40 + b'\\"[["}',
    "as deep as may be": nested(DEEPEST),
    "as large as may be": sized(LARGEST),
    "with what nobody knows": b'{"name": "fern", "attributes": {"objectType": "Plant"}, "links": {"self": {}}}',
}
UNREADABLE = {
    "cut off": b'{"name": "fern"',
    "cut off in a text full of quotes": b'{"name": "' + b'\\"' * 100_000,
    "no JSON": b"name=fern",
    "blank": b"   ",
    "a mark alone": b"\xef\xbb\xbf",
    "latin": '{"name": "bär"}'.encode("latin-1"),
    "UTF-16": '{"name": "fern"}'.encode("utf-16"),
    "NaN": b'{"name": "fern", "more": NaN}',
    "infinite": b'{"name": "fern", "more": -Infinity}',
    "named twice": b'{"name": "fern", "name": "fern"}',
    "named twice in other case": b'{"name": "fern", "Name": "fern"}',
    "named twice further down": b'{"name": "fern", "more": [{"a": 1, "A": 1}]}',
    "half a character": b'{"name": "\\ud83c"}',
    "half a character in a name": b'{"name": "fern", "\\ud83c": 1}',
    "NUL": b'{"name": "fe\\u0000rn"}',
    "NUL further down": b'{"name": "fern", "more": [["\\u0000"]]}',
    "a number of too many digits": b'{"name": "fern", "more": ' + b"9" * 5000 + b"}",
    "too deep": nested(DEEPEST + 1),
    "much too deep": b"[" * 100_000 + b"]" * 100_000,
    "two bodies": b'{"name": "fern"} {"name": "fern"}',
}


@pytest.mark.parametrize("body", READABLE.values(), ids=READABLE)
def test_what_can_be_read(post: Callable[..., Answer], body: bytes) -> None:
    assert post(body).status == 201


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE)
def test_what_cannot_be_read(post: Callable[..., Answer], body: bytes) -> None:
    answer = post(body)
    assert (answer.status, answer.json["code"]) == (400, 800002)


def test_a_body_that_is_too_large(post: Callable[..., Answer]) -> None:
    answer = post(sized(LARGEST + 1))
    assert (answer.status, answer.json["code"]) == (413, 800002)


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("application/json", 201),
        ("Application/JSON; Charset=UTF-8", 201),
        ('application/json; charset="utf-8"', 201),
        ("application/json; odata=verbose", 201),
        ("application/json; charset=latin-1", 415),
        ("application/json; charset=utf-7", 415),
        ("application/json; charset=none-such", 415),
        ("text/json", 415),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("multipart/form-data; boundary=x", 415),
    ],
)
def test_the_kind_of_a_body(post: Callable[..., Answer], kind: str, status: int) -> None:
    answer = post(b'{"name": "fern"}', Content_Type=kind)
    assert answer.status == status
    assert status == 201 or answer.json["code"] == 800002


def test_no_body_is_a_member_that_is_missing(post: Callable[..., Answer]) -> None:
    answer = post(b"", Content_Type="text/plain")
    assert (answer.status, answer.json["code"], answer.json["data"]) == (400, 3000, ["body: is required"])


@pytest.mark.parametrize("content_type", ["", "application/json; charset=utf-8", "text/plain", "nonsense"])
def test_a_look_needs_no_kind_of_body(api: Callable[..., Api], content_type: str) -> None:
    assert api().get("/plants", Content_Type=content_type).status == 200


@pytest.mark.parametrize(
    ("body", "data"),
    [
        ([], ["body: must be an object"]),
        ("fern", ["body: must be an object"]),
        (7, ["body: must be an object"]),
        ({}, ["name: is required"]),
        ({"name": None}, ["name: is required"]),
        ({"name": 7}, ["name: must be text"]),
        ({"name": "fern", "isThirsty": "true"}, ["isThirsty: must be true or false"]),
        ({"name": "fern", "isThirsty": 1}, ["isThirsty: must be true or false"]),
        ({"name": "fern", "lineItems": {}}, ["lineItems: must be a list"]),
        ({"name": "fern", "lineItems": [7]}, ["lineItems[0]: must be an object"]),
        ({"name": "fern", "lineItems": [None]}, ["lineItems[0]: must be an object"]),
        ({"name": "fern", "LINEITEMS": [{}]}, ["lineItems[0].quantity: is required"]),
        (
            {"name": "fern", "lineItems": [{"quantity": 1}, {"quantity": "25"}]},
            ["lineItems[1].quantity: must be a whole number"],
        ),
        ({"name": "fern", "lineItems": [{"quantity": 2.5}]}, ["lineItems[0].quantity: must be a whole number"]),
        ({"name": "fern", "lineItems": [{"quantity": True}]}, ["lineItems[0].quantity: must be a whole number"]),
        ({"name": "fern", "at": "yesterday"}, ["at: must be a date and time"]),
        ({"name": "fern", "at": 1772352000}, ["at: must be a date and time"]),
        ({"name": "fern", "at": ""}, ["at: must be a date and time"]),
        ({"name": "fern", "at": "2026-02-30T08:00:00Z"}, ["at: must be a date and time"]),
        ({"name": 7, "at": ""}, ["name: must be text", "at: must be a date and time"]),
    ],
)
def test_members_of_the_wrong_type_are_named(post: Callable[..., Answer], body: Any, data: list[str]) -> None:
    answer = post(body)
    assert (answer.status, answer.json["code"], answer.json["data"]) == (400, 3000, data)
    assert answer.json["description"] == f"The request is not valid: {data[0]}"


def test_a_number_beyond_all_numbers_is_no_whole_one(post: Callable[..., Answer]) -> None:
    answer = post(b'{"name": "fern", "lineItems": [{"quantity": 1e999}]}')
    assert answer.json["data"] == ["lineItems[0].quantity: must be a whole number"]


CYCLES = {
    "monthly": ["monthly", "Monthly", "MONTHLY", 1],
    "one_time": ["one_time", "OneTime", "onetime", "ONE_TIME", 4],
    "unknown": ["unknown", 0],
}


@pytest.mark.parametrize(("member", "spelling"), [(member, one) for member, ones in CYCLES.items() for one in ones])
def test_d08_every_spelling_of_an_enumeration(post: Callable[..., Answer], member: str, spelling: Any) -> None:
    assert post({"name": "fern", "cycle": spelling}).json["cycle"] == member


@pytest.mark.parametrize("spelling", ["", "daily", "1", 5, -1, 1.0, True, [], {}])
def test_d08_what_is_no_member_of_an_enumeration(post: Callable[..., Answer], spelling: Any) -> None:
    answer = post({"name": "fern", "cycle": spelling})
    assert (answer.status, answer.json["code"]) == (400, 900126)
    assert answer.json["data"] == ["cycle: must be one of: unknown, monthly, annual, none, one_time"]


@pytest.mark.parametrize(
    ("sent", "back"),
    [
        ("2026-03-01T08:00:00Z", "2026-03-01T08:00:00Z"),
        ("2026-03-01T08:00:00.000Z", "2026-03-01T08:00:00Z"),
        ("2026-03-01T08:00:00.1234567Z", "2026-03-01T08:00:00.123456Z"),
        ("2026-03-01T08:00:00", "2026-03-01T08:00:00Z"),
        ("2026-03-01T08:00:00+08:00", "2026-03-01T00:00:00Z"),
        ("9999-12-10T00:00:00Z", "9999-12-10T00:00:00Z"),
    ],
)
def test_moments_come_back_in_utc(post: Callable[..., Answer], sent: str, back: str) -> None:
    assert post({"name": "fern", "at": sent}).json["at"] == back


def test_texts_come_back_as_they_were_written(post: Callable[..., Answer]) -> None:
    answer = post({"name": "蕨 </script> 🌿"})
    assert json.loads(answer.text)["name"] == "蕨 </script> 🌿"
    assert "蕨" in answer.text
