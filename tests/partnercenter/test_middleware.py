"""What stands around every view: no page of a person in a cache, no error page but the portal's own."""

from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client, RequestFactory

from partnercenter.wsgi import PortalHandler
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


@pytest.mark.parametrize("debug", [True, False])
@pytest.mark.parametrize("encoding", ["rot13", "hex", "utf-7", "idna", "utf-16", "unicode_escape", "latin-1"])
def test_a_form_of_parts_in_another_encoding_is_refused(settings: LazySettings, debug: bool, encoding: str) -> None:
    settings.DEBUG = debug
    client = Client(raise_request_exception=False)
    person = StaffFactory.create(name="Ana", language="es")
    client.force_login(person)
    body = b'--b\r\nContent-Disposition: form-data; name="name"\r\n\r\n+2AA-\r\n--b--\r\n'
    answer = client.generic("POST", "/settings/profile/", body, f"multipart/form-data; boundary=b; charset={encoding}")
    assert answer.status_code == 400
    assert "That request makes no sense to the portal" in answer.content.decode()
    person.refresh_from_db()
    assert person.name == "Ana"


@pytest.mark.parametrize("encoding", ["utf-7", "unicode_escape", "utf-16"])
def test_an_address_in_another_encoding_is_refused(client: Client, encoding: str) -> None:
    client.force_login(StaffFactory.create())
    for path in ("/customers/?q=%2B2AA-", "/activity/?customer=%5Cud800"):
        assert client.get(path, CONTENT_TYPE=f"{FORM}; charset={encoding}").status_code == 400


@pytest.mark.parametrize("debug", [True, False])
@pytest.mark.parametrize("path", ["/customers/", "/sign-in/", "/offers/"])
def test_an_address_of_too_many_fields_is_refused(
    client: Client, settings: LazySettings, debug: bool, path: str
) -> None:
    settings.DEBUG = debug
    client.force_login(StaffFactory.create())
    answer = client.get(f"{path}?" + "a&" * 1_001)
    assert answer.status_code == 400
    assert "That request makes no sense to the portal" in answer.content.decode()


@pytest.mark.parametrize("encoding", ["utf-8", "UTF-8", '"utf-8"', "nonsense", ""])
def test_utf8_under_any_of_its_names_is_read(client: Client, encoding: str) -> None:
    answer = client.generic("POST", "/theme/", b"theme=dark", f"{FORM}; charset={encoding}")
    assert answer.status_code == 302


@pytest.mark.parametrize("name", ["sessionid", "csrftoken", "messages", "theme"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_cookie_that_no_database_takes_is_refused(client: Client, name: str, method: str) -> None:
    client.raise_request_exception = False
    answer = getattr(client, method)("/sign-in/", headers={"cookie": f'{name}="a-long-enough-key\\000"'})
    assert answer.status_code == 400
    assert "That request makes no sense to the portal" in answer.content.decode()


def handled(rf: RequestFactory, address: str, content_type: str) -> str:
    """The status with which a server would answer, requests and all that is before them included."""
    statuses: list[str] = []

    def start_response(status: str, headers: list[tuple[str, str]], error: Any = None) -> Any:
        statuses.append(status)

    PortalHandler()(rf.get(address).environ | {"CONTENT_TYPE": content_type}, start_response)
    (status,) = statuses
    return status


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain; a*=nonsense''x",
        "text/plain; a*=idna''%ff",
        "text/plain; charset*=utf-8''a%00b",
        "text/plain; charset=rot13",
        "text/plain; charset=idna",
    ],
)
def test_a_kind_of_content_that_makes_no_sense_is_none(rf: RequestFactory, content_type: str) -> None:
    assert handled(rf, "/healthz?q=%ff", content_type) == "200 OK"


def test_too_many_fields_in_an_address_of_a_named_encoding_are_refused(rf: RequestFactory) -> None:
    assert handled(rf, "/sign-in/?" + "a&" * 1_001, "text/plain; charset=utf-8") == "400 Bad Request"
