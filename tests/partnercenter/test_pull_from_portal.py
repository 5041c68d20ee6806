"""`pull_portfolio` from this portal itself, over HTTP, into an emptied one and into itself."""

import json
from collections.abc import Collection
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from api.models import RequestCount
from customers.models import Customer
from partnercenter.demo.loading import load_demo
from partnercenter.management.commands.pull_portfolio import Command
from partnercenter.pulling.source import Patience
from partners.models import ApiClient, Partner
from partners.roles import Role
from tests.api.worlds import CONTOSO, EXAMPLE, World
from tests.factories import SECRET, ApiClientFactory
from tests.partnercenter.portfolios import Desk

pytestmark = pytest.mark.django_db(transaction=True)

# What the protocol does not carry.
OF_CUSTOMERS = ("contact", "orders", "resellers_since")
OF_PRIVILEGES = ("since", "expires")


@pytest.fixture(autouse=True)
def _shell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULL_CLIENT_SECRET", SECRET)
    # Whatever proxy the shell names, nothing leaves this machine.
    monkeypatch.setenv("NO_PROXY", "*")


def _program(partner: Partner) -> ApiClient:
    client: ApiClient = ApiClientFactory(partner=partner, roles=[Role.ADMIN_AGENT])
    return client


def _pull(server: LiveServer, program: ApiClient, state: Path, *flags: str, patience: Patience | None = None) -> str:
    command = Command()
    command.patience = patience or Patience(sleep=_never)
    options = {"base-url": server.url, "tenant": program.partner_id, "client-id": program.pk, "state": state}
    options["page-size"] = 7
    said = StringIO()
    call_command(
        command, *[word for name, value in options.items() for word in (f"--{name}", str(value))], *flags, stdout=said
    )
    return said.getvalue()


def _never(seconds: float) -> None:
    raise AssertionError(f"waited {seconds} seconds")


def _empty() -> None:
    """Leave what a new portal has: the catalogue and the matrix."""
    call_command("flush", interactive=False, verbosity=0, inhibit_post_migrate=True)
    connection.creation.deserialize_db_from_string(connection._test_serialized_contents)  # type: ignore[attr-defined]


def _carried(customer: dict[str, Any]) -> dict[str, Any]:
    """What of this customer the protocol carries."""
    sold = any(one["partner"] for one in customer["subscriptions"])
    # That it was a reseller shows in what it sold.
    left_out = {*OF_CUSTOMERS, "former_resellers"} if sold else OF_CUSTOMERS
    return {
        **_without(left_out, customer),
        "delegated_admin_privileges": [_without(OF_PRIVILEGES, one) for one in customer["delegated_admin_privileges"]],
        "subscriptions": [_carried_subscription(one) for one in customer["subscriptions"]],
    }


def _carried_subscription(subscription: dict[str, Any]) -> dict[str, Any]:
    bought_elsewhere = {"nickname": "", "auto_renew": True} if subscription["partner"] is None else {}
    carried = {**subscription, **bought_elsewhere}
    if subscription["status"] == "deleted":
        return _without(("suspended_with_parent",), {**carried, "suspended": None})
    return carried


def _without(members: Collection[str], record: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name not in members}


def test_what_is_pulled_into_an_empty_portal_is_what_the_partner_sees_at_the_source(
    live_server: LiveServer, tmp_path: Path
) -> None:
    load_demo()
    contoso = Partner.objects.get(name="Contoso Reseller")
    program = _program(contoso)
    desk = Desk(tmp_path)
    state = tmp_path / "state"
    there = json.loads(desk.take_out(partner=str(contoso.pk)))
    # The portal pulled into itself changes nothing.
    said = _pull(live_server, program, state, "--dry-run")
    assert "Nothing changes: the portal holds all of it already." in said
    assert "Offers" not in said
    _empty()
    assert not Customer.objects.exists()
    said = _pull(live_server, program, state)
    assert f"Taking {len(there['customers'])} customers as an earlier run read them" in said
    here = json.loads(desk.take_out())
    assert here["partners"] == there["partners"]
    assert here["customers"] == [_carried(customer) for customer in there["customers"]]
    subscriptions = [one for customer in here["customers"] for one in customer["subscriptions"]]
    assert {one["status"] for one in subscriptions} == {"pending", "active", "suspended", "deleted"}
    assert {one["partner"] for one in subscriptions} == {str(contoso.pk), None}
    assert any(one["parent"] for one in subscriptions)
    assert any("billing" in customer for customer in here["customers"])


def test_the_limits_of_the_portal_are_obeyed(live_server: LiveServer, tmp_path: Path, settings: Settings) -> None:
    World.load(EXAMPLE, tmp_path)
    program = _program(Partner.objects.get(pk=CONTOSO))
    settings.API_READS_PER_MINUTE = 5
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        """A minute goes by."""
        waits.append(seconds)
        RequestCount.objects.all().delete()

    said = _pull(live_server, program, tmp_path / "state", "--dry-run", patience=Patience(sleep=sleep))
    assert "Nothing changes" in said
    assert waits
    assert all(1 <= wait <= 60 and wait == int(wait) for wait in waits)
