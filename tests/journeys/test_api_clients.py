"""A program is made, gets a token with the secret of the page, acts for a person who agrees, and is revoked."""

import json
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.core.cache import cache
from playwright.sync_api import Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from partners.api_clients import revoke_client
from partners.models import ApiClient, Staff
from partners.roles import Role
from tests.browser import OpenPage, Watch
from tests.factories import PASSWORD, ApiClientFactory, StaffFactory
from tests.journeys.test_own_pages import LOOKS

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]

URL = "/settings/api-clients/"


@pytest.fixture(autouse=True)
def _fresh(live_server: LiveServer, settings: Settings, transactional_db: None) -> Iterator[None]:
    """The token address leads to this server; nothing is left of what was counted before."""
    settings.PORTAL_URL = live_server.url
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def staff() -> Staff:
    made: Staff = StaffFactory(name="Li Na", email="li.na@contoso.example", partner__name="Contoso Reseller")
    return made


def confirm(page: Page) -> None:
    """Show by password who one is."""
    page.locator("main [name=password]").fill(PASSWORD)
    page.locator("main form:has([name=password]) button[type=submit]").click()


def shown(page: Page, what: str) -> str:
    """One of the lines that a program needs."""
    return page.locator(".facts-copied > div", has_text=what).locator("code").inner_text()


def asked(address: str, form: dict[str, str] | None = None, token: str = "") -> tuple[int, Any]:
    """What comes back from an address of the live server, as a program sees it."""
    data = urlencode(form).encode() if form is not None else None
    request = urllib.request.Request(address, data=data)
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


@pytest.mark.parametrize("javascript", [True, False], ids=["with scripts", "without scripts"])
def test_from_making_it_to_revoking_it(
    open_page: OpenPage, live_server: LiveServer, staff: Staff, javascript: bool
) -> None:
    page = open_page(person=staff, javascript=javascript)
    page.goto("/settings/profile/")
    page.get_by_role("navigation", name="Settings").get_by_role("link", name="API clients").click()
    expect(page.get_by_text("No program works for your company yet")).to_be_visible()
    page.get_by_role("link", name="Make an API client").click()
    confirm(page)
    page.get_by_label("Name", exact=True).fill("Nightly report")
    page.get_by_text("Admin agent", exact=True).click()
    page.get_by_role("button", name="Make it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Nightly report is made")

    form = {"grant_type": "client_credentials", "client_id": shown(page, "Client id")}
    form["client_secret"] = copied(page) if javascript else shown(page, "Client secret")
    status, said = asked(shown(page, "Token address"), form)
    assert (status, said["token_type"]) == (200, "Bearer")
    profile = f"{live_server.url}/v1/profiles/mpn"
    assert asked(profile, token=said["access_token"])[0] == 200

    page.get_by_role("link", name="I have kept it").click()
    assert form["client_secret"] not in page.content()
    page.get_by_role("link", name="Revoke").click()
    page.get_by_role("button", name="Revoke").click()
    expect(page.get_by_text("it may ask for nothing any more.")).to_be_visible()
    assert asked(profile, token=said["access_token"])[0] == 401
    address = f"{live_server.url}/{staff.partner_id}/oauth2/token"
    assert asked(address, form) == (
        401,
        {"error": "invalid_client", "error_description": "The client id or secret is not valid."},
    )


def copied(page: Page) -> str:
    """What the button beside the secret puts into the clipboard."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    line = page.locator(".facts-copied > div", has_text="Client secret")
    line.get_by_role("button").click()
    expect(line.locator(".copied")).to_be_visible()
    return str(page.evaluate("navigator.clipboard.readText()"))


@pytest.fixture
def program(live_server: LiveServer, staff: Staff) -> ApiClient:
    """A program whose people come back to this server."""
    made: ApiClient = ApiClientFactory(
        name="Order desk",
        partner=staff.partner,
        made_by=staff,
        oauth__redirect_uris=f"{live_server.url}/customers/\n{live_server.url}/nothing/here/",
    )
    return made


def consent_to(program: ApiClient, back: str, **more: str) -> str:
    query = {"client_id": str(program.pk), "response_type": "code", "redirect_uri": back, "state": "s", **more}
    return f"/common/oauth2/authorize?{urlencode(query)}"


@pytest.mark.parametrize("javascript", [True, False], ids=["with scripts", "without scripts"])
def test_a_person_lets_a_program_act(
    open_page: OpenPage, live_server: LiveServer, watch: Watch, program: ApiClient, javascript: bool
) -> None:
    """By a redirect, and by a form that the browser sends on to the program."""
    watch.expected_statuses.update({403, 404})
    person = StaffFactory(partner=program.partner, roles=[Role.SALES_AGENT])
    page = open_page(person=person, javascript=javascript)
    page.goto(consent_to(program, f"{live_server.url}/customers/"))
    page.get_by_role("button", name="Allow", exact=True).click()
    page.wait_for_url("**/customers/?*")
    told = parse_qs(urlsplit(page.url).query)
    assert (told["state"], len(told["code"])) == (["s"], 1)
    page.goto(consent_to(program, f"{live_server.url}/nothing/here/", response_mode="form_post"))
    with page.expect_request("**/nothing/here/") as sent:
        page.get_by_role("button", name="Allow", exact=True).click()
        if not javascript:
            page.get_by_role("button", name="Go on").click()
    form = parse_qs(sent.value.post_data or "")
    assert (sent.value.method, form["state"], len(form["code"])) == ("POST", ["s"], 1)
    page.wait_for_url("**/nothing/here/")


def test_by_keyboard_alone_a_refused_form_takes_the_focus(open_page: OpenPage, staff: Staff) -> None:
    page = open_page(person=staff)
    page.goto(f"{URL}make/")
    confirm(page)
    page.get_by_label("Name", exact=True).press("Enter")
    expect(page.locator(".problems")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Name", exact=True)).to_be_focused()


@pytest.mark.parametrize(("width", "theme", "language"), LOOKS)
def test_accessible_in_every_look(
    open_page: OpenPage,
    axe: Callable[[Page], None],
    watch: Watch,
    staff: Staff,
    program: ApiClient,
    width: int,
    theme: Any,
    language: str,
) -> None:
    watch.expected_statuses.update({400})
    look: dict[str, Any] = {"width": width, "theme": theme, "language": language}

    def check(page: Page, *urls: str) -> None:
        for url in urls:
            page.goto(url)
            assert page.url.endswith(url), page.url
            looked_at(page)

    def looked_at(page: Page) -> None:
        assert page.locator("html").get_attribute("lang") == language, page.url
        axe(page)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), page.url

    page = open_page(person=staff, **look)
    ApiClient.objects.filter(pk=program.pk).update(name="Nächtlicher" * 6)
    gone = ApiClientFactory(name="Old", partner=staff.partner, made_by=staff)
    revoke_client(staff=staff, client_id=gone.pk, key="r")
    check(page, URL, f"{URL}{program.pk}/", f"{URL}{gone.pk}/")
    page.goto(f"{URL}make/")
    confirm(page)
    page.locator("main form:has([name=name]) button[type=submit]").click()
    expect(page.locator(".problems")).to_be_visible()
    looked_at(page)
    page.locator("[name=name]").fill("Nightly report")
    page.locator("label.choice").first.click()
    page.locator("main form:has([name=name]) button[type=submit]").click()
    expect(page.locator(".facts-copied")).to_be_visible()
    looked_at(page)
    check(page, *(f"{URL}{program.pk}/{act}/" for act in ("roles", "renew", "revoke")), f"{URL}{gone.pk}/revoke/")
    check(page, consent_to(program, program.oauth.get_redirect_uris()[0]), "/common/oauth2/authorize")
    StaffFactory()
    fresh = open_page(person=StaffFactory(name="Sofía"), **look)
    check(fresh, URL)
