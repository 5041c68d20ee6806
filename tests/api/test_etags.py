"""Which version a change asks for."""

import uuid

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from activity.errors import Refused
from api.etags import NEVER, Precondition, etag_of, precondition, set_etag
from api.faults import BUSY, STALE_BODY, STALE_HEADER

ROW = uuid.UUID("7d2f0c1e-4a3b-4d5c-8e6f-1a2b3c4d5e01")
OTHER = uuid.UUID("7d2f0c1e-4a3b-4d5c-8e6f-1a2b3c4d5e02")
FIRST = "eyJpZCI6IjdkMmYwYzFlLTRhM2ItNGQ1Yy04ZTZmLTFhMmIzYzRkNWUwMSIsInZlcnNpb24iOjF9"


def asked(rf: RequestFactory, if_match: str | None, body: str | None = None) -> Precondition:
    headers = {} if if_match is None else {"If-Match": if_match}
    return precondition(rf.patch("/v1/plants", headers=headers), body)


def test_an_etag_says_row_and_version() -> None:
    assert etag_of(ROW, 1) == FIRST
    response = HttpResponse()
    set_etag(response, FIRST)
    assert response["ETag"] == f'"{FIRST}"'


@pytest.mark.parametrize(
    "header", [f'"{FIRST}"', FIRST, f'W/"{FIRST}"', f'"another", "{FIRST}"', f"a,{FIRST}", "*", '"*"']
)
def test_headers_that_hold(rf: RequestFactory, header: str) -> None:
    assert asked(rf, header).version_for(ROW, 1) == 1


@pytest.mark.parametrize(
    "header",
    [f'"{etag_of(ROW, 2)}"', f'"{etag_of(OTHER, 1)}"', '""', '"x"', "W/", '"', ",", f'"{FIRST}x"', f'"{FIRST} x"'],
)
def test_headers_that_do_not(rf: RequestFactory, header: str) -> None:
    assert asked(rf, header).version_for(ROW, 1) == NEVER


@pytest.mark.parametrize("header", ["*", f'"{FIRST}"'])
def test_nothing_holds_of_what_is_not_there(rf: RequestFactory, header: str) -> None:
    assert asked(rf, header).version_for(ROW, None) == NEVER


@pytest.mark.parametrize("header", [None, "", "  "])
def test_without_a_header_the_body_asks_or_nobody(rf: RequestFactory, header: str | None) -> None:
    assert asked(rf, header).version_for(ROW, 1) is None
    assert asked(rf, header, FIRST).version_for(ROW, 1) == 1
    assert asked(rf, header, f'"{FIRST}"').version_for(ROW, 1) == 1
    assert asked(rf, header, FIRST).version_for(ROW, 2) == NEVER
    assert asked(rf, header, "*").version_for(ROW, 1) == NEVER


def test_the_header_counts_before_the_body(rf: RequestFactory) -> None:
    assert asked(rf, f'"{FIRST}"', "another").version_for(ROW, 1) == 1
    assert asked(rf, '"another"', FIRST).version_for(ROW, 1) == NEVER


def test_what_is_stale_is_told_by_who_asked(rf: RequestFactory) -> None:
    assert asked(rf, '"x"').stale().code == STALE_HEADER
    assert asked(rf, None, "x").stale().code == STALE_BODY
    fault = asked(rf, None).stale(Refused())
    assert (fault.code, fault.description) == (BUSY, str(Refused()))
