"""Sign-in through an identity provider, over real HTTP: for people whom the portal knows, where it is switched on."""

import html
import re
from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.socialaccount.models import SocialAccount
from django.test import Client
from pytest_django import Settings
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from activity.models import ActivityRecord, Outcome
from partners.checks import identity_provider_is_asked_by_https
from partners.models import Staff
from tests.factories import PASSWORD, StaffFactory
from tests.partners.identity import CLIENT, IdentityProvider, serving
from tests.partners.signing_in import is_signed_in, set_up_app, sign_in

pytestmark = pytest.mark.django_db

START = "/sign-in/provider/"
CALLBACK = "/sign-in/provider/oidc/"


@pytest.fixture
def staff() -> Staff:
    staff: Staff = StaffFactory.create(email="lina@partner.example", name="Li Na")
    return staff


@pytest.fixture
def provider(settings: Settings) -> Iterator[IdentityProvider]:
    """The portal with an identity provider that says it is Li Na."""
    with serving(IdentityProvider()) as provider:
        provider.claims |= {"email": "LiNa@partner.example"}
        app = {"provider_id": "oidc", "name": "Contoso ID", "client_id": CLIENT, "secret": "s"}
        app["settings"] = {"server_url": provider.url}  # type: ignore[assignment]
        settings.OIDC_SERVER_URL, settings.OIDC_NAME = provider.url, "Contoso ID"
        settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": [app]}}
        settings.ROOT_URLCONF = "tests.partners.identity"
        yield provider


def leave(client: Client, **sent: str) -> str:
    """Set out for the provider; where that leads."""
    page = client.post(START, sent).content.decode()
    found = re.search(r'href="(http://127\.0\.0\.1:\d+/authorize[^"]+)"', page)
    assert found
    return html.unescape(found[1])


def come_back(client: Client, address: str) -> Any:
    """What the provider sends the browser back to, opened."""
    parts = urlsplit(address)
    assert parts.hostname
    connection = HTTPConnection(parts.hostname, parts.port or 80, timeout=10)
    connection.request("GET", f"{parts.path}?{parts.query}")
    back = connection.getresponse().headers["Location"]
    connection.close()
    return client.get(back.removeprefix("http://testserver"))


def test_switched_off_there_is_no_address_and_no_button(client: Client) -> None:
    for url in (START, CALLBACK, f"{CALLBACK}login/", "/oidc/oidc/login/"):
        assert client.get(url).status_code == 404
        assert client.post(url).status_code == 404
    assertNotContains(client.get("/sign-in/"), START)


def test_who_is_known_is_signed_in_by_the_verified_address(
    client: Client, provider: IdentityProvider, staff: Staff
) -> None:
    assertContains(client.get("/sign-in/"), "Sign in with Contoso ID")
    address = leave(client, next="/settings/profile/")
    asked = parse_qs(urlsplit(address).query)
    assert asked["code_challenge_method"] == ["S256"]
    assertRedirects(come_back(client, address), "/settings/profile/")
    assert client.session["_auth_user_id"] == str(staff.pk)
    assert provider.code_verifier


def test_nothing_of_it_is_stored_and_the_password_stays(
    client: Client, provider: IdentityProvider, staff: Staff
) -> None:
    come_back(client, leave(client))
    assert not SocialAccount.objects.exists()
    assert Staff.objects.get().check_password(PASSWORD)


@pytest.mark.parametrize(
    "claims",
    [
        {"email": "nobody@elsewhere.example"},
        {"email": "gone@partner.example"},
        {"email_verified": False},
        {"email_verified": "true"},
        {"email_verified": None},
        {"email": None},
        {"email": ["lina@partner.example"]},
        {"email": "l\u0131na@partner.example"},
        {"email": ""},
        {"email": "lina@partner.example\0"},
        {"email": "x" * 10_000},
    ],
)
def test_nobody_else_is_signed_in_or_up(
    client: Client, provider: IdentityProvider, staff: Staff, claims: dict[str, Any]
) -> None:
    StaffFactory(email="gone@partner.example", is_active=False)
    provider.claims |= claims
    assert come_back(client, leave(client)).status_code in {401, 403}
    assert not is_signed_in(client)
    assert Staff.objects.count() == 2
    record = ActivityRecord.objects.get(operation="sign_in")
    assert (record.outcome, record.reasons) == (Outcome.REFUSED, ["identity_provider"])


def test_a_token_of_another_person_than_the_one_asked_about_is_refused(
    client: Client, provider: IdentityProvider, staff: Staff
) -> None:
    provider.token_claims = {"sub": "2"}
    assert come_back(client, leave(client)).status_code == 403


@pytest.mark.parametrize("claims", [{"aud": "another"}, {"iss": "http://elsewhere.example"}, {"exp": 1}])
def test_a_token_for_somebody_else_is_refused(
    client: Client, provider: IdentityProvider, staff: Staff, claims: dict[str, Any]
) -> None:
    provider.token_claims = claims
    assert come_back(client, leave(client)).status_code == 401
    assert not is_signed_in(client)


def test_a_provider_that_fails_leaves_one_signed_out(client: Client, provider: IdentityProvider, staff: Staff) -> None:
    address = leave(client)
    provider.fails = True
    assertContains(come_back(client, address), "You were not signed in", status_code=401)


@pytest.mark.parametrize(
    "query", ["", "?code=abc", "?code=abc&state=guessed", "?error=access_denied&state=guessed", "?state=%00&code=%00"]
)
def test_one_does_not_come_back_without_having_left(
    client: Client, provider: IdentityProvider, staff: Staff, query: str
) -> None:
    assert client.get(CALLBACK + query).status_code == 401
    assert not is_signed_in(client)


def test_another_browser_cannot_use_the_way_back(client: Client, provider: IdentityProvider, staff: Staff) -> None:
    address = leave(client)
    other = Client()
    assert come_back(other, address).status_code == 401
    assert not is_signed_in(other)


@pytest.mark.parametrize("process", ["connect", "redirect"])
def test_an_account_there_is_never_tied_to_one_here(
    client: Client, provider: IdentityProvider, staff: Staff, process: str
) -> None:
    sign_in(client, staff)
    come_back(client, leave(client, process=process))
    assert not SocialAccount.objects.exists()


def test_the_second_factor_is_asked_for_all_the_same(client: Client, provider: IdentityProvider, staff: Staff) -> None:
    sign_in(client, staff)
    set_up_app(client)
    client.logout()
    assertRedirects(come_back(client, leave(client)), "/sign-in/second-factor/")
    assert not is_signed_in(client)


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
def test_one_never_goes_on_to_another_site(
    client: Client, provider: IdentityProvider, staff: Staff, elsewhere: str
) -> None:
    assertRedirects(come_back(client, leave(client, next=elsewhere)), "/", fetch_redirect_response=False)


def test_a_provider_that_others_can_speak_for_is_found_by_a_check(settings: Settings) -> None:
    for address, found in (("", 0), ("https://id.example", 0), ("http://id.example", 1)):
        settings.OIDC_SERVER_URL = address
        assert len(identity_provider_is_asked_by_https(None)) == found


def test_another_name_for_the_provider_is_none(client: Client, provider: IdentityProvider) -> None:
    assert client.get("/sign-in/provider/another/").status_code == 404
    assert client.get(START).status_code == 405
