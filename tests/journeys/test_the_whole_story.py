"""The story that the portal is for: refused for a missing privilege, asked for, granted by mail, told, upgraded."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache
from playwright.sync_api import Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from customers.models import Customer, DelegatedAdminPrivilege
from partners.models import Staff
from subscriptions.models import Status, Subscription
from tests.browser import OpenPage
from tests.factories import (
    ContactDetailsFactory,
    InvitationFactory,
    StaffFactory,
    UpgradeWatchFactory,
    customer_of,
    offer,
    service,
    sold,
)
from tests.mailbox import Mailbox
from tests.subscriptions.working import work
from upgrades.models import Upgrade, UpgradeWatch, WatchEnding
from upgrades.watching import look_at_customer

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]

LOOKS = [
    (width, theme, language)
    for width in (360, 1440)
    for theme in ("light", "dark")
    for language in ("en", "es", "zh-hans")
]


@pytest.fixture(autouse=True)
def portal_url(live_server: LiveServer, settings: Settings) -> None:
    """Mails lead to this server."""
    settings.PORTAL_URL = live_server.url
    cache.clear()


@pytest.fixture
def staff() -> Staff:
    made: Staff = StaffFactory(
        name="Li Na", email="li.na@contoso.example", partner__name="Contoso Reseller", theme="auto"
    )
    return made


@pytest.fixture
def customer(staff: Staff) -> Customer:
    """Adatum, which lets its reseller administer all but Exchange Online."""
    made = customer_of(staff.partner, company_name="Adatum Trading", domain="adatum.partner.onmschina.cn")
    ContactDetailsFactory(customer=made, first_name="Wei", last_name="Wang", email="wang@adatum.partner.onmschina.cn")
    DelegatedAdminPrivilege.objects.filter(customer=made, service=service("exchange")).delete()
    return made


@pytest.fixture
def subscription(staff: Staff, customer: Customer) -> Subscription:
    return sold(staff.partner, customer, "Business Premium", nickname="Head office")


def link_in_mail(mailbox: Mailbox, to: str, path: str) -> str:
    """The link of this kind in the latest mail that the mail server took for this address, once the worker is done."""
    work()
    for mail in reversed(mailbox.mails):
        body = mail.get_body(("plain",))
        assert body is not None
        found = re.search(rf"https?://\S+{path}\S*", body.get_content())
        if mail["To"] == to and found:
            return found[0]
    raise AssertionError([(mail["To"], mail["Subject"]) for mail in mailbox.mails])


def card(page: Page) -> Any:
    """The card of Enterprise E3 on the page of the subscription."""
    return page.locator("section.card", has=page.get_by_role("heading", name="Office 365 Enterprise E3"))


def accept_as_customer(page: Page, link: str) -> None:
    """Open the link of the mail and grant what it asks for."""
    page.goto(link)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Contoso Reseller")
    page.locator("main input[type=checkbox][name=services]").first.check(force=True)
    page.locator("main form button[type=submit]").first.click()


@pytest.mark.parametrize("javascript", [True, False], ids=["with scripts", "without scripts"])
def test_refused_asked_for_granted_told_and_upgraded(
    open_page: OpenPage,
    mailbox: Mailbox,
    staff: Staff,
    customer: Customer,
    subscription: Subscription,
    javascript: bool,
) -> None:
    page = open_page(person=staff, javascript=javascript)
    address = f"/customers/{customer.pk}/subscriptions/{subscription.pk}/"

    page.goto(f"{address}upgrade/")
    expect(page.get_by_text("There is nothing to choose now.")).to_be_visible()
    page.get_by_role("link", name="What to do").click()
    expect(card(page)).to_contain_text("You lack delegated admin privileges")
    card(page).get_by_role("button", name="Request it").click()
    expect(card(page)).to_contain_text("not opened by the customer yet")
    expect(card(page)).to_contain_text("You get a mail as soon as it is possible")
    expect(card(page).get_by_role("button", name="Request it")).to_have_count(0)

    theirs = open_page(javascript=javascript, language="zh-hans")
    link = link_in_mail(mailbox, "wang@adatum.partner.onmschina.cn", "/invitation/")
    theirs.goto(link)
    page.reload()
    expect(card(page)).to_contain_text("opened by the customer on")
    accept_as_customer(theirs, link)
    assert DelegatedAdminPrivilege.objects.held_by(staff.partner_id).filter(service=service("exchange")).exists()

    page.goto(link_in_mail(mailbox, "li.na@contoso.example", "/upgrade/"))
    assert UpgradeWatch.objects.get().ending == WatchEnding.TOLD
    expect(page.get_by_role("radio", name="Office 365 Enterprise E3")).to_be_checked()
    desk = open_page(person=staff, javascript=javascript)
    desk.goto("/")
    expect(desk.get_by_text("Adatum Trading can be upgraded now to Office 365 Enterprise E3")).to_be_visible()

    page.get_by_label("Number of licences").fill("30")
    page.get_by_role("button", name="Review").click()
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Upgraded to Office 365 Enterprise E3")
    assert Upgrade.objects.get().subscription_id == subscription.pk
    desk.reload()
    expect(desk.get_by_text("can be upgraded now")).to_have_count(0)


def test_one_asks_to_be_told_and_changes_their_mind(
    open_page: OpenPage, staff: Staff, customer: Customer, subscription: Subscription
) -> None:
    page = open_page(person=staff)
    page.goto(f"/customers/{customer.pk}/subscriptions/{subscription.pk}/")
    page.get_by_role("button", name="Tell me when it is possible").click()
    expect(card(page)).to_contain_text("You get a mail as soon as it is possible")
    card(page).get_by_role("button", name="Do not tell me").click()
    expect(page.get_by_role("button", name="Tell me when it is possible")).to_be_visible()


@pytest.mark.parametrize(("width", "theme", "language"), LOOKS)
def test_accessible_in_every_look(
    open_page: OpenPage,
    axe: Callable[[Page], None],
    staff: Staff,
    customer: Customer,
    width: int,
    theme: Any,
    language: str,
) -> None:
    held_up = sold(staff.partner, customer, "Business")
    InvitationFactory(staff=staff, customer=customer, services=["exchange"])
    sold(staff.partner, customer, "ProPlus", status=Status.PENDING)
    UpgradeWatchFactory(staff=staff, subscription=held_up, target=offer("E3"))
    mended = UpgradeWatchFactory(staff=staff)
    look_at_customer(mended.customer_id)
    page = open_page(person=staff, width=width, theme=theme, language=language)
    for url in ("/", *(f"/customers/{customer.pk}/subscriptions/{held_up.pk}/{rest}" for rest in ("", "upgrade/"))):
        page.goto(url)
        assert page.locator("html").get_attribute("lang") == language
        axe(page)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), url
        assert page.locator("main .wait, #mended").count(), url
