import base64
import json
import uuid

import pytest
from django.core.exceptions import BadRequest
from django.http import QueryDict
from django.test import Client

from desk.paging import address, decode_cursor, encode_cursor

ID = uuid.UUID("12345678-1234-4234-8234-123456789abc")


def packed(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


@pytest.mark.parametrize("key", ["", "contoso", "上海天宇", "a\u202eb", '"quoted" \\', "x" * 400, "👩‍💻"])
def test_a_place_comes_back_from_its_cursor(key: str) -> None:
    assert decode_cursor(encode_cursor(key, ID)) == (key, ID)


MALFORMED = {
    "not base64": "%%%",
    "not ascii": "京",
    "no JSON": base64.urlsafe_b64encode(b"{").decode(),
    "no UTF-8": base64.urlsafe_b64encode(b'["\xff", "x"]').decode(),
    "one value": packed(["a"]),
    "three values": packed(["a", ID.hex, 1]),
    "no UUID": packed(["a", "b"]),
    "an object": packed({"a": 1, "b": 2}),
    "a number": packed(5),
    "null": packed(None),
    "NUL": packed(["a\0b", ID.hex]),
    "a lone surrogate": packed(["\ud800", ID.hex]),
    "an id that is a number": packed(["a", 5]),
    "an id that is null": packed(["a", None]),
    "deeply nested": base64.urlsafe_b64encode(b"[" * 2000).decode(),
    "too long": "A" * 100_000,
}


@pytest.mark.parametrize("cursor", MALFORMED.values(), ids=MALFORMED.keys())
def test_a_malformed_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(BadRequest):
        decode_cursor(cursor)


@pytest.mark.parametrize("cursor", MALFORMED.values(), ids=MALFORMED.keys())
@pytest.mark.parametrize("path", ["/customers/", "/customers/?show=upgradable", "/activity/", "/upgrades/"])
@pytest.mark.parametrize("way", ["after", "before"])
def test_a_malformed_cursor_answers_400(client: Client, path: str, way: str, cursor: str) -> None:
    query = QueryDict(path.partition("?")[2], mutable=True)
    query[way] = cursor
    assert client.get(path.partition("?")[0], query).status_code == 400


@pytest.mark.parametrize(
    "moment", ["", "yesterday", "2026-01-01T00:00:00", "9999-12-31T23:59:59-23:59", "0001-01-01T00:00+14"]
)
@pytest.mark.parametrize("path", ["/activity/", "/upgrades/"])
def test_a_cursor_without_a_moment_answers_400(client: Client, path: str, moment: str) -> None:
    assert client.get(path, {"after": encode_cursor(moment, ID)}).status_code == 400


def test_both_ways_at_once_answer_400(client: Client) -> None:
    cursor = encode_cursor("a", ID)
    assert client.get("/customers/", {"after": cursor, "before": cursor}).status_code == 400


def test_an_address_keeps_the_filters_and_drops_the_page() -> None:
    query = QueryDict("q=contoso&show=&after=abc&open=def")
    assert address("/customers/", query, before="xyz") == "/customers/?q=contoso&before=xyz"
    assert address("/customers/", query, q=None) == "/customers/"
