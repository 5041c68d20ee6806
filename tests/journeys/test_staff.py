"""A colleague is invited, makes an account by the mailed link, gets other roles, and is deactivated; in every look."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from partners.models import Staff
from partners.roles import Role
from tests.browser import OpenPage, Watch
from tests.factories import PASSWORD, StaffFactory, StaffInvitationFactory
from tests.journeys.test_own_pages import LOOKS
from tests.mailbox import Mailbox
from tests.partners.signing_in import text_of
from tests.subscriptions.working import work

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]

NEW = "quite-another-passphrase"
URL = "/settings/staff/"


@pytest.fixture(autouse=True)
def _fresh(live_server: LiveServer, settings: Settings, transactional_db: None) -> Iterator[None]:
    """Mails lead to this server; nothing is left of what was counted before."""
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


def link_in(mailbox: Mailbox) -> str:
    """The link of the latest mail, once the worker has sent what is queued."""
    work()
    return next(line for line in text_of(mailbox.mails[-1]).splitlines() if "/join/" in line)


def invite_chen(page: Page) -> None:
    """Invite Chen Jing as a helpdesk agent, from one's own profile on."""
    page.goto("/settings/profile/")
    page.get_by_role("navigation", name="Settings").get_by_role("link", name="Staff").click()
    page.get_by_role("link", name="Invite a colleague").click()
    confirm(page)
    page.get_by_label("E-mail address").fill("chen@contoso.example")
    page.get_by_label("Language of the mail").select_option("en")
    page.get_by_text("Helpdesk agent", exact=True).click()
    page.get_by_role("button", name="Send the invitation").click()
    expect(page.get_by_text("The invitation is on its way to chen@contoso.example.")).to_be_visible()


def join(page: Page, link: str) -> None:
    """Make the account behind the link."""
    page.goto(link)
    expect(page.get_by_role("heading", level=1)).to_have_text("Welcome to Contoso Reseller")
    page.get_by_label("Your name").fill("Chen Jing")
    page.get_by_label("Password", exact=True).fill(NEW)
    page.get_by_label("Password once more").fill(NEW)
    page.get_by_role("button", name="Make the account and sign in").click()
    expect(page.get_by_text("Welcome, Chen Jing. Your account is ready.")).to_be_visible()


def make_a_billing_admin(page: Page) -> None:
    """Take one role from Chen Jing and give another."""
    page.goto(URL)
    page.get_by_role("link", name="Chen Jing").click()
    page.get_by_role("link", name="Change roles").click()
    for role in ("Helpdesk agent", "Billing admin"):
        page.locator("label.choice", has_text=role).click()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("they are in force now.")).to_be_visible()


def deactivate(page: Page) -> None:
    """Deactivate the colleague whose page this is."""
    page.get_by_role("link", name="Deactivate").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Deactivate Chen Jing?")
    page.get_by_role("button", name="Deactivate").click()
    expect(page.get_by_text("Chen Jing may sign in no more.")).to_be_visible()


def shows(page: Page, url: str, heading: str) -> None:
    page.goto(url)
    expect(page.get_by_role("heading", level=1)).to_have_text(heading)


@pytest.mark.parametrize("javascript", [True, False], ids=["with scripts", "without scripts"])
def test_from_the_invitation_to_the_deactivation(
    open_page: OpenPage, mailbox: Mailbox, staff: Staff, watch: Watch, javascript: bool
) -> None:
    watch.expected_statuses.update({403, 410})
    page = open_page(person=staff, javascript=javascript)
    invite_chen(page)
    link = link_in(mailbox)
    theirs = open_page(javascript=javascript)
    join(theirs, link)
    shows(theirs, "/customers/", "Customers")
    shows(open_page(javascript=javascript), link, "This invitation is over")
    make_a_billing_admin(page)
    shows(theirs, "/offers/", "Offers")
    shows(theirs, "/customers/", "Your roles do not allow this")
    deactivate(page)
    theirs.goto("/offers/")
    expect(theirs.locator("[name=login]")).to_be_visible()


def test_by_keyboard_alone_a_refused_form_takes_the_focus(open_page: OpenPage, staff: Staff) -> None:
    page = open_page(person=staff)
    page.goto(f"{URL}invite/")
    confirm(page)
    page.get_by_label("E-mail address").press("Enter")
    expect(page.locator(".problems")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_label("E-mail address")).to_be_focused()


@pytest.mark.parametrize(("width", "theme", "language"), LOOKS)
def test_accessible_in_every_look(
    open_page: OpenPage,
    axe: Callable[[Page], None],
    watch: Watch,
    staff: Staff,
    width: int,
    theme: Any,
    language: str,
) -> None:
    watch.expected_statuses.update({404, 409, 410})
    long = {"name": "Maximiliana-Bartholomäa von und zu Hohenzollern", "email": f"{'long' * 12}@contoso.example"}
    other = StaffFactory(partner=staff.partner, roles=[Role.SALES_AGENT, Role.USER_ADMIN, Role.BILLING_ADMIN], **long)
    gone = StaffFactory(partner=staff.partner, is_active=False, deactivated_at=timezone.now(), roles=[])
    long["email"] = f"new{long['email']}"
    made = StaffInvitationFactory(invited_by=staff, language=language, token="open", **long)
    StaffInvitationFactory(invited_by=other, language=language, token="over", expires_at=timezone.now())
    StaffInvitationFactory(email=other.email, language=language, token="known")
    look: dict[str, Any] = {"width": width, "theme": theme, "language": language}

    def check(page: Page, *urls: str) -> None:
        for url in urls:
            page.goto(url)
            assert page.url.endswith(url), page.url
            assert page.locator("html").get_attribute("lang") == language, url
            axe(page)
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), url

    page = open_page(person=staff, **look)
    check(page, URL, f"{URL}?q=nobody", f"{URL}invitations/", f"{URL}invitations/{made.pk}/", f"{URL}{other.pk}/")
    check(page, f"{URL}{staff.pk}/", f"{URL}{gone.pk}/")
    page.goto(f"{URL}invite/")
    confirm(page)
    page.locator("main form:has([name=email]) button[type=submit]").click()
    expect(page.locator(".problems")).to_be_visible()
    axe(page)
    check(page, f"{URL}{other.pk}/roles/", f"{URL}{other.pk}/deactivate/", f"{URL}{gone.pk}/reactivate/")
    check(page, "/join/open/")
    theirs = open_page(**look)
    check(theirs, "/join/open/", "/join/over/", "/join/known/", "/join/none/")
