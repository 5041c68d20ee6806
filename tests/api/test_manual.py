"""The page that people read the API on, and what it is laid out from."""

from typing import Any

import pytest
from django.test import Client

from api.description import description
from api.manual import Member, members, sections


def operations() -> list[tuple[str, str]]:
    """Method and path of everything that the description names."""
    return [(method.upper(), path) for path, item in description()["paths"].items() for method in item]


def test_every_operation_stands_in_one_section() -> None:
    laid_out = [(one.method, one.path) for section in sections(description()) for one in section.operations]
    assert sorted(laid_out) == sorted(operations())


@pytest.mark.django_db
def test_the_page_needs_neither_sign_in_nor_scripts(client: Client) -> None:
    answer = client.get("/v1/docs")
    text = answer.content.decode()
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/html")
    for _method, path in operations():
        assert f"<code>{path}</code>" in text


@pytest.mark.django_db
def test_the_document_names_the_token_and_no_other_host(client: Client) -> None:
    document = client.get("/v1/openapi.json").json()
    assert document["components"]["securitySchemes"] == {"bearer": {"type": "http", "scheme": "bearer"}}
    assert "servers" not in document or not document["servers"]


SCHEMAS: dict[str, Any] = {
    "Order": {
        "properties": {
            "id": {"type": "string", "format": "uuid", "description": "Whose it is."},
            "lineItems": {"type": "array", "items": {"$ref": "#/components/schemas/Line"}},
        },
        "required": ["lineItems"],
    },
    "Line": {
        "properties": {
            "quantity": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
            "cycle": {"type": "string", "enum": ["monthly", "annual"]},
        }
    },
    "Endless": {"properties": {"more": {"$ref": "#/components/schemas/Endless"}}},
}


def test_members_stand_below_the_one_that_holds_them() -> None:
    assert list(members({"$ref": "#/components/schemas/Order"}, SCHEMAS)) == [
        Member("id", "uuid", is_required=False, words="Whose it is."),
        Member("lineItems", "array of object", is_required=True),
        Member("lineItems[].quantity", "integer", is_required=False),
        Member("lineItems[].cycle", "string", is_required=False, choices=("monthly", "annual")),
    ]


def test_what_holds_itself_is_not_followed_for_ever() -> None:
    places = [member.place for member in members(SCHEMAS["Endless"], SCHEMAS)]
    assert places[:2] == ["more", "more.more"]
    assert len(places) < 20
