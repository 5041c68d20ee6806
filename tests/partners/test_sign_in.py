"""Signing in and out."""

from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import NoReverseMatch, reverse
from pytest_django import Settings
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from partners.models import Staff
from tests.factories import PASSWORD, PlatformAdministratorFactory, StaffFactory

pytestmark = pytest.mark.django_db

SIGN_IN = "/sign-in/"
NOT_CORRECT = "are not correct"


@pytest.fixture
def staff() -> Staff:
    staff: Staff = StaffFactory.create(email="lina@partner.example", name="Li Na")
    return staff


def signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def attempt(client: Client, email: str = "lina@partner.example", password: str = PASSWORD, **more: str) -> Any:
    return client.post(SIGN_IN, {"login": email, "password": password, **more})


@pytest.mark.parametrize("email", ["lina@partner.example", "LiNa@Partner.Example"])
def test_the_email_address_is_the_login_whatever_its_case(client: Client, staff: Staff, email: str) -> None:
    assertRedirects(attempt(client, email), "/", fetch_redirect_response=False)
    assert signed_in(client)


def test_a_platform_administrator_is_led_to_the_administration(client: Client) -> None:
    PlatformAdministratorFactory.create(email="platform@portal.example")
    assert attempt(client, "platform@portal.example")["Location"] == "/"
    assertRedirects(client.get("/"), "/admin/", fetch_redirect_response=False)


def test_a_session_ends_with_the_browser_and_after_twelve_hours_at_most(client: Client, staff: Staff) -> None:
    attempt(client)
    assert client.session.get_expire_at_browser_close()
    assert client.session.get_session_cookie_age() <= 12 * 60 * 60


def test_one_goes_on_to_where_one_wanted_to_go(client: Client, staff: Staff) -> None:
    asked = client.get("/settings/security/")
    assertRedirects(asked, "/sign-in/?next=/settings/security/")
    assertContains(client.get(asked["Location"]), '<input type="hidden" name="next" value="/settings/security/">')
    assertRedirects(attempt(client, next="/settings/security/"), "/settings/security/")


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "javascript:alert(1)",
        "http:///evil.example",
        "\0",
    ],
)
def test_one_never_goes_on_to_another_site(client: Client, staff: Staff, elsewhere: str) -> None:
    assert attempt(client, next=elsewhere)["Location"] == "/"


def test_who_is_signed_in_is_not_asked_again(client: Client, staff: Staff) -> None:
    attempt(client)
    assertRedirects(client.get("/sign-in/?next=/settings/profile/"), "/settings/profile/")


def test_a_wrong_password_and_an_unknown_address_read_the_same(client: Client, staff: Staff) -> None:
    wrong, unknown = attempt(client, password="wrong"), attempt(client, "nobody@partner.example")
    for response in (wrong, unknown):
        assertContains(response, NOT_CORRECT)
    assertContains(wrong, 'value="lina@partner.example"')
    assertNotContains(wrong, 'value="wrong"')
    assert not signed_in(client)


def test_a_refused_form_has_a_summary_that_takes_the_focus(client: Client, staff: Staff) -> None:
    assertContains(attempt(client, password=""), 'role="alert" tabindex="-1" autofocus')


def test_who_may_not_sign_in_any_more_learns_it_only_with_the_right_password(client: Client, staff: Staff) -> None:
    Staff.objects.update(is_active=False)
    assertContains(attempt(client, password="wrong"), NOT_CORRECT)
    assertContains(attempt(client), "You may not sign in any more.")
    assert not signed_in(client)


def test_after_five_wrong_passwords_even_the_right_one_has_to_wait(client: Client, staff: Staff) -> None:
    for _ in range(5):
        assert attempt(client, password="wrong").status_code == 200
    response = attempt(client)
    assertContains(response, "Too many failed login attempts", status_code=429)
    assert response["Retry-After"] == "300"
    assert not signed_in(client)


def test_attempts_in_the_names_of_many_do_not_wipe_out_the_count_of_one(client: Client, staff: Staff) -> None:
    for _ in range(5):
        attempt(client, password="wrong")
    for number in range(1_000):
        cache.set(f"zzz:{number}", [])
    assert attempt(client).status_code == 429


def test_one_address_that_tries_many_people_gets_the_page_for_too_many(client: Client, settings: Settings) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"login": "3/m/ip"}
    answers = [attempt(client, f"somebody{number}@partner.example") for number in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assertContains(answers[-1], "Too many attempts", status_code=429)


@pytest.mark.parametrize(
    "typed",
    ["", " ", "\0", "a" * 10_000, "<script>alert(1)</script>", "' OR 1=1 --", "\u202egnp.exe", "a@b@c", "\x07\x1b[31m"],
)
def test_odd_input_is_refused_and_never_breaks_the_page(client: Client, staff: Staff, typed: str) -> None:
    for response in (attempt(client, typed), attempt(client, password=typed)):
        assert response.status_code == 200
        assertNotContains(response, "<script>alert")
    assert not signed_in(client)


def test_the_page_says_whom_to_ask_for_a_forgotten_password(client: Client) -> None:
    assertContains(client.get(SIGN_IN), "Ask your company's global admin", html=False)


@pytest.mark.parametrize(
    "name",
    [
        "account_signup",
        "account_email",
        "account_change_password",
        "mfa_index",
        "mfa_trust",
        "mfa_list_webauthn",
        "socialaccount_connections",
        "socialaccount_signup",
        "openid_connect_login",
        "openid_connect_callback",
    ],
)
def test_no_other_page_of_the_sign_in_package_has_an_address(name: str) -> None:
    with pytest.raises(NoReverseMatch):
        reverse(name)


def test_signing_out_is_asked_and_then_done(client: Client, staff: Staff) -> None:
    client.force_login(staff)
    assertContains(client.get("/sign-out/"), "You are signed in as Li Na.")
    assert signed_in(client)
    assertContains(client.post("/sign-out/", follow=True), "You are signed out.")
    assert not signed_in(client)
