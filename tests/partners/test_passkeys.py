"""Signing in by passkey: alone, where the device asked for its PIN, or after the password; and by nobody else's."""

import pytest
from django.test import Client
from pytest_django.asserts import assertRedirects

from partners.models import Staff
from tests.factories import StaffFactory
from tests.partners.passkeys import Passkey
from tests.partners.signing_in import is_signed_in, later, sign_in

pytestmark = pytest.mark.django_db

ALONE, SECOND = "/sign-in/passkey/", "/sign-in/second-factor/"
AS_SCRIPTS = {"accept": "application/json", "x-requested-with": "XMLHttpRequest"}


@pytest.fixture
def passkey() -> Passkey:
    return Passkey(StaffFactory())


def ask_alone(client: Client) -> None:
    assert "request_options" in client.get(ALONE, headers=AS_SCRIPTS).json()


def give(client: Client, url: str, passkey: Passkey, *, verified: bool = True, **more: str) -> str:
    """The answer of the passkey, posted there; where that leads."""
    answer = client.post(url, {"credential": passkey.answer(client, verified=verified), **more})
    return str(answer.headers.get("Location", ""))


def test_alone_where_the_device_asked_for_its_pin(client: Client, passkey: Passkey) -> None:
    ask_alone(client)
    assert give(client, ALONE, passkey, next="/settings/profile/") == "/settings/profile/"
    assert client.session["_auth_user_id"] == str(passkey.staff.pk)
    assert client.get("/settings/profile/").status_code == 200


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
def test_alone_one_never_goes_on_to_another_site(client: Client, passkey: Passkey, elsewhere: str) -> None:
    ask_alone(client)
    assert give(client, ALONE, passkey, next=elsewhere) == "/"


def test_not_alone_without_its_pin(client: Client, passkey: Passkey) -> None:
    ask_alone(client)
    assert give(client, ALONE, passkey, verified=False) == "/sign-in/"
    assert not is_signed_in(client)


def test_what_was_asked_as_a_second_factor_is_no_answer_alone(client: Client, passkey: Passkey) -> None:
    finder = Passkey(StaffFactory())
    sign_in(client, finder.staff)
    client.get(SECOND)
    # By then the sign-in that was begun is given up, and what was asked is still there.
    with later(20):
        assert give(client, ALONE, passkey, verified=False) == "/sign-in/"
    assert not is_signed_in(client)


def test_after_the_password_also_without_its_pin(client: Client, passkey: Passkey) -> None:
    assertRedirects(sign_in(client, passkey.staff, next="/settings/profile/"), SECOND)
    assert give(client, SECOND, passkey, verified=False) == "/settings/profile/"
    assert client.session["_auth_user_id"] == str(passkey.staff.pk)


def test_not_after_the_password_of_somebody_else(client: Client, passkey: Passkey) -> None:
    sign_in(client, Passkey(StaffFactory()).staff)
    client.get(SECOND)
    assert give(client, SECOND, passkey) == ""
    assert not is_signed_in(client)


def test_an_answer_is_taken_once(client: Client, passkey: Passkey) -> None:
    ask_alone(client)
    answer = passkey.answer(client, verified=True)
    client.post(ALONE, {"credential": answer})
    assert is_signed_in(client)
    client.logout()
    ask_alone(client)
    client.post(ALONE, {"credential": answer})
    assert not is_signed_in(client)


def test_the_deactivated_do_not_get_in(client: Client, passkey: Passkey) -> None:
    Staff.objects.update(is_active=False)
    ask_alone(client)
    give(client, ALONE, passkey)
    assert not is_signed_in(client)


def test_it_shows_once_more_who_one_is(client: Client, passkey: Passkey) -> None:
    ask_alone(client)
    give(client, ALONE, passkey)
    url = f"/settings/security/passkeys/{passkey.row.pk}/remove/"
    with later():
        assert client.get(url)["Location"].startswith("/confirm/")
        client.get("/confirm/passkey/")
        assert give(client, "/confirm/passkey/", passkey, next=url) == url
        assert client.get(url).status_code == 200
