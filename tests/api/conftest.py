"""The API as a program meets it: requests with a token, and answers that are looked at as a whole each time."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from django.db import DEFAULT_DB_ALIAS, connections
from django.test import Client
from pytest_django.live_server_helper import LiveServer

from api.authentication import new_token
from partners.api_clients import make_client
from partners.models import ApiClient, Partner, Staff
from partners.roles import Role
from tests.api.worlds import CONTOSO, EXAMPLE, World
from tests.factories import ApiClientFactory, PartnerFactory, StaffFactory


@dataclass(frozen=True)
class Answer:
    """What came back: the status, the headers (by name in any case), and the body read as JSON."""

    status: int
    headers: Any
    json: Any
    text: str


@dataclass
class Api:
    """A client of the API with a token of its own. Each request is sent as JSON, each answer held against the wire."""

    client: ApiClient
    token: str
    staff: Staff | None = None
    http: Client = field(default_factory=Client)

    @property
    def partner(self) -> Partner:
        """The partner whose client this is."""
        return self.client.partner

    def get(self, path: str, **headers: str) -> Answer:
        return self.ask("GET", path, **headers)

    def head(self, path: str, **headers: str) -> Answer:
        return self.ask("HEAD", path, **headers)

    def delete(self, path: str, **headers: str) -> Answer:
        return self.ask("DELETE", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Answer:
        return self.ask("POST", path, body, **headers)

    def patch(self, path: str, body: Any = None, **headers: str) -> Answer:
        return self.ask("PATCH", path, body, **headers)

    def put(self, path: str, body: Any = None, **headers: str) -> Answer:
        return self.ask("PUT", path, body, **headers)

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """Ask at this path, which begins after `/v1`. A body of bytes is sent as it is, anything else as JSON.

        Headers by keyword, `_` for `-`; an empty one is not sent. `If_Match="…"`, `MS_RequestId="…"`.
        """
        sent = {"Authorization": f"Bearer {self.token}", "Accept": "application/json"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        kind = sent.pop("Content-Type", "application/json; charset=utf-8")
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        response = self.http.generic(
            method,
            path if path.startswith("/v1") else f"/v1{path}",
            content,
            content_type=kind,
            headers={name: value for name, value in sent.items() if value},
        )
        return looked_at(method, response)


def looked_at(method: str, response: Any) -> Answer:
    """This answer, after a look at what holds for all of them."""
    text = response.content.decode()
    assert response.headers["MS-RequestId"]
    assert response.headers["MS-CorrelationId"]
    assert "Set-Cookie" not in response.headers
    assert not response.cookies
    if method == "HEAD":
        assert text == ""
        return Answer(response.status_code, response.headers, None, "")
    assert response.headers["Content-Type"] == "application/json; charset=utf-8"
    said = json.loads(text)
    assert_members(said)
    if response.status_code >= 400:
        assert_fault(said, response.status_code)
    return Answer(response.status_code, response.headers, said, text)


def assert_members(said: Any, name: str = "answer") -> None:
    """Members are in camelCase, and none is null; but for the values that audit records are free to say."""
    if isinstance(said, dict):
        for member, value in said.items():
            assert member[:1].islower(), f"{name}.{member}"
            assert "_" not in member, f"{name}.{member}"
            is_free = member == "value" and set(said) == {"key", "value"}
            assert value is not None or is_free, f"{name}.{member} is null"
            assert_members(value, f"{name}.{member}")
    elif isinstance(said, list):
        for number, value in enumerate(said):
            assert_members(value, f"{name}[{number}]")


def assert_fault(said: Any, status: int) -> None:
    """An answer that is no success has the members of one, and no others."""
    more = {"statusCode", "message"} if status == 429 else set()
    assert set(said) == {"code", "description", "data", "source"} | more
    assert type(said["code"]) is int
    assert 1 <= len(said["description"]) <= 1024
    assert all(isinstance(text, str) for text in said["data"])
    assert said["source"] == "PartnerPortal"


def token_of(client: ApiClient, staff: Staff | None = None, seconds: int = 3600) -> str:
    """A token by which this client asks: in its own name, or a person's."""
    return new_token(client, staff=staff, seconds=seconds)


@pytest.fixture
def api(db: None) -> Callable[..., Api]:
    """Makes a client with a token: of a new partner with the role admin agent, unless it is said otherwise.

    With `staff` the token stands for that person, whose roles then count and whose partner it is.
    """

    def make(
        roles: Iterable[Role] = (Role.ADMIN_AGENT,),
        partner: Partner | None = None,
        *,
        staff: Staff | None = None,
        seconds: int = 3600,
    ) -> Api:
        owner = partner or (staff.partner if staff else None) or PartnerFactory()
        client = ApiClientFactory(partner=owner, roles=list(roles))
        return Api(client, token_of(client, staff, seconds), staff)

    return make


@pytest.fixture
def world(db: None, tmp_path: Path) -> World:
    """The world of the protocol's examples: Contoso and Fabrikam, Adatum and its two subscriptions."""
    return World.load(EXAMPLE, tmp_path)


@pytest.fixture
def contoso(world: World, api: Callable[..., Api]) -> Api:
    """An admin agent's client of Contoso, in the world of the examples."""
    return api(partner=Partner.objects.get(pk=CONTOSO))


@pytest.fixture
def served(live_server: LiveServer, world: World, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of a server in the world of the examples.

    It lets go of the database after each answer, not only when a client closes the connection that it keeps open.
    """
    monkeypatch.setitem(connections.settings[DEFAULT_DB_ALIAS], "CONN_MAX_AGE", 0)
    url: str = live_server.url
    return url


@pytest.fixture
def credentials(served: str, world: World) -> dict[str, str]:
    """What the page for API clients shows of an admin agent's client of Contoso."""
    maker = StaffFactory(partner=world.contoso, roles=[Role.GLOBAL_ADMIN])
    new = make_client(staff=maker, name="Nightly run", roles=["admin_agent"], key="made")
    return {"client_id": str(new.client.pk), "client_secret": new.secret}
