"""What stands around every view: no page of a person in a cache, no error page but the portal's own."""

import pytest
from django.conf import LazySettings
from django.test import Client

from tests.factories import StaffFactory, UpgradeFactory

pytestmark = pytest.mark.django_db

FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize("path", ["/", "/customers/", "/activity/", "/upgrades/", "/settings/profile/", "/nothing/"])
def test_no_cache_keeps_what_a_person_sees(client: Client, path: str) -> None:
    client.force_login(StaffFactory.create())
    assert {"no-store", "private"} <= set(client.get(path)["Cache-Control"].split(", "))


def test_a_receipt_is_kept_by_no_cache_either(client: Client) -> None:
    upgrade = UpgradeFactory.create()
    client.force_login(upgrade.staff)
    answer = client.get(f"/customers/{upgrade.customer_id}/upgrades/{upgrade.pk}/receipt.json")
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize("debug", [True, False])
@pytest.mark.parametrize("signed_in", [True, False])
@pytest.mark.parametrize("host", ["elsewhere.example", "testserver:port", "[::1", ""])
def test_a_foreign_host_name_gets_the_portals_own_page(
    client: Client, settings: LazySettings, debug: bool, signed_in: bool, host: str
) -> None:
    settings.DEBUG = debug
    if signed_in:
        client.force_login(StaffFactory.create())
    answer = client.get("/sign-in/", headers={"host": host})
    assert answer.status_code == 400
    assert "That request makes no sense to the portal" in answer.content.decode()
    assert "Content-Security-Policy" in answer
    assert answer["X-Frame-Options"] == "DENY"


@pytest.mark.parametrize("debug", [True, False])
@pytest.mark.parametrize("checked", [True, False])
def test_a_form_in_another_encoding_is_refused(settings: LazySettings, debug: bool, checked: bool) -> None:
    settings.DEBUG = debug
    client = Client(enforce_csrf_checks=checked)
    client.get("/sign-in/")
    answer = client.post("/theme/", b"theme=dark", content_type=f"{FORM}; charset=utf-16")
    assert answer.status_code == 400
    assert "That request makes no sense to the portal" in answer.content.decode()
