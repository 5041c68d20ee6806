"""Signing in for real: second factors of a phone and of a browser, a mailed link; accessible in every look."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from playwright.sync_api import CDPSession, Page, expect

from partners.models import Partner, Staff
from tests.browser import OpenPage, Watch
from tests.factories import PASSWORD, StaffFactory
from tests.journeys.test_own_pages import LOOKS
from tests.mailbox import Mailbox
from tests.partners.signing_in import SECURITY, code_of, codes_on, link_in, secret_on
from tests.subscriptions.working import work

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]

NEW = "quite-another-passphrase"


@pytest.fixture(autouse=True)
def _fresh_limits(transactional_db: None) -> Iterator[None]:
    # No rollback takes back what was counted in the cache, and its table is not emptied with the others.
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def staff() -> Staff:
    staff: Staff = StaffFactory.create(email="lina@partner.example", name="Li Na")
    return staff


def sign_in(page: Page, password: str = PASSWORD, wanted: str = "/settings/profile/") -> None:
    page.goto(f"/sign-in/?next={wanted}")
    page.locator("[name=login]").fill("lina@partner.example")
    page.locator("[name=password]").fill(password)
    page.locator("main form[action='/sign-in/'] button[type=submit]").click()


def sign_out(page: Page) -> None:
    page.goto("/sign-out/")
    page.locator("main button[type=submit]").click()


def virtual_authenticator(page: Page) -> tuple[CDPSession, str]:
    """A passkey device without a body, in this page's browser."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    return session, session.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]


@pytest.fixture
def on_localhost(open_page: OpenPage, watch: Watch) -> Callable[[], Page]:
    """A page at localhost: browsers give passkeys to names, not to addresses."""

    def opened() -> Page:
        watch.host = watch.host.replace("127.0.0.1", "localhost")
        return open_page(base_url=f"http://{watch.host}")

    return opened


@pytest.mark.parametrize("javascript", [True, False], ids=["with scripts", "without scripts"])
def test_an_app_is_set_up_and_signs_in(open_page: OpenPage, staff: Staff, javascript: bool) -> None:
    page = open_page(javascript=javascript)
    sign_in(page, wanted=SECURITY)
    page.get_by_role("link", name="Set up Authenticator app").click()
    secret = secret_on(page.content())
    expect(page.get_by_role("img", name="The secret as a picture")).to_be_visible()
    page.locator("[name=code]").fill(code_of(secret))
    page.get_by_role("button", name="Set up").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Recovery codes")
    codes = codes_on(page.content())
    sign_out(page)
    sign_in(page)
    page.locator("[name=code]").fill(code_of(secret, 1))
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your profile")
    sign_out(page)
    sign_in(page)
    page.locator("[name=code]").fill(codes[0])
    page.locator("[name=code]").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Your profile")


def test_a_passkey_is_added_and_signs_in_after_the_password_and_alone(
    on_localhost: Callable[[], Page], staff: Staff
) -> None:
    page = on_localhost()
    virtual_authenticator(page)
    sign_in(page, wanted=SECURITY)
    page.get_by_role("link", name="Add Passkey").click()
    page.locator("[name=name]").fill("Laptop")
    page.get_by_label("Sign in with this passkey alone").check()
    page.get_by_role("button", name="Add the passkey").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Recovery codes")
    page.goto(SECURITY)
    expect(page.get_by_text("Laptop", exact=True).first).to_be_visible()
    sign_out(page)
    sign_in(page)
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your profile")
    sign_out(page)
    page.goto("/sign-in/?next=/settings/profile/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your profile")
    page.goto("/confirm/passkey/?next=/settings/security/recovery-codes/")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Recovery codes")


def test_a_browser_without_the_passkey_says_so(
    on_localhost: Callable[[], Page], open_page: OpenPage, staff: Staff
) -> None:
    page = on_localhost()
    session, device = virtual_authenticator(page)
    sign_in(page, wanted=f"{SECURITY}passkeys/add/")
    page.get_by_role("button", name="Add the passkey").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Recovery codes")
    sign_out(page)
    session.send("WebAuthn.clearCredentials", {"authenticatorId": device})
    sign_in(page)
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_text("No passkey answered")).to_be_visible()
    expect(page.locator("[name=code]")).to_be_visible()


def test_who_must_have_one_is_led_there_and_lands_at_work(open_page: OpenPage, staff: Staff) -> None:
    Partner.objects.update(requires_second_factor=True)
    page = open_page()
    sign_in(page)
    expect(page.get_by_text("You need a second factor before you go on")).to_be_visible()
    page.goto("/customers/")
    expect(page.get_by_text("You need a second factor before you go on")).to_be_visible()
    page.get_by_role("link", name="Set up Authenticator app").click()
    page.locator("[name=code]").fill(code_of(secret_on(page.content())))
    page.get_by_role("button", name="Set up").click()
    page.get_by_role("link", name="I have kept them").click()
    page.goto("/customers/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Customers")


@pytest.mark.parametrize("javascript", [True, False], ids=["with scripts", "without scripts"])
def test_a_forgotten_password_by_the_mailed_link(
    open_page: OpenPage, mailbox: Mailbox, staff: Staff, javascript: bool
) -> None:
    page = open_page(javascript=javascript)
    page.goto("/sign-in/")
    page.get_by_role("link", name="Forgotten your password?").click()
    page.locator("[name=email]").fill("lina@partner.example")
    page.get_by_role("button", name="Mail me a link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Look for our mail")
    work()
    page.goto(link_in(mailbox.mails[0]))
    assert page.url.endswith("/set-password/")
    page.locator("[name=password1]").fill(NEW)
    page.locator("[name=password2]").fill(NEW)
    page.get_by_role("button", name="Change password").click()
    expect(page.get_by_text("Your password is changed. Sign in with it.")).to_be_visible()
    sign_in(page, NEW)
    expect(page.get_by_role("heading", level=1)).to_have_text("Your profile")


def test_signed_out_everywhere_else(open_page: OpenPage, staff: Staff) -> None:
    here, there = open_page(), open_page()
    sign_in(there)
    sign_in(here, wanted=f"{SECURITY}sessions/")
    expect(here.get_by_role("row")).to_have_count(3)
    here.get_by_role("button", name="Sign out everywhere else").click()
    expect(here.get_by_text("You are signed out everywhere else.")).to_be_visible()
    expect(here.get_by_role("row")).to_have_count(2)
    there.goto("/settings/profile/")
    expect(there.locator("[name=password]")).to_be_visible()


SIGNED_OUT = ["/sign-in/forgotten/", "/sign-in/forgotten/sent/", "/sign-in/new-password/0/0/"]
PAGES = ["app/", "passkeys/add/", "sessions/", "second-factor-for-all/"]
WITH_FACTORS = ["", "app/remove/", "recovery-codes/", "recovery-codes/new/"]


@pytest.mark.parametrize(("width", "theme", "language"), LOOKS)
def test_accessible_in_every_look(
    open_page: OpenPage, axe: Callable[[Page], None], staff: Staff, width: int, theme: Any, language: str
) -> None:
    page = open_page(width=width, theme=theme, language=language)

    def look(*urls: str) -> None:
        for url in urls:
            page.goto(url)
            assert page.url.endswith(url), page.url
            assert page.locator("html").get_attribute("lang") == language
            axe(page)
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), url

    look("/sign-in/", *SIGNED_OUT)
    sign_in(page)
    look("/confirm/", *(SECURITY + url for url in PAGES))
    page.goto(f"{SECURITY}app/")
    secret = secret_on(page.content())
    page.locator("[name=code]").fill(code_of(secret))
    page.locator("main form:has([name=code]) button[type=submit]").click()
    passkey = Authenticator.objects.create(user=staff, type="webauthn", data={"name": "Laptop " * 9, "credential": {}})
    look(*(SECURITY + url for url in WITH_FACTORS), f"{SECURITY}passkeys/{passkey.pk}/remove/", "/confirm/code/")
    passkey.delete()
    sign_out(page)
    sign_in(page)
    axe(page)
