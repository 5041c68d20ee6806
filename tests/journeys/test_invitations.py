"""A partner invites, the customer answers without an account: in every look, with and without scripts."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail
from django.core.cache import cache
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from customers.models import Customer, DelegatedAdminPrivilege
from partners.models import Staff
from tests.browser import OpenPage, Watch
from tests.factories import InvitationFactory, StaffFactory, access_to, customer_of, link_to
from tests.subscriptions.working import work

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


def person(**more: Any) -> Staff:
    made: Staff = StaffFactory(name="Li Na", email="li.na@contoso.example", partner__name="Contoso Reseller", **more)
    return made


def link_in_mail(to: str, path: str) -> str:
    """The link of this kind in the latest mail to this address, once the worker has sent what is queued."""
    work()
    body = str([message for message in mail.outbox if message.to == [to]][-1].body)
    found = re.search(rf"https?://\S+{path}\S+", body)
    assert found, body
    return found[0]


def invite_wang(page: Page) -> None:
    """Invite a company that is no customer yet, with the administration of two services."""
    page.goto("/relationships/")
    page.get_by_role("link", name="Invite a customer").click()
    page.get_by_label("E-mail address").fill("wang@new.example")
    page.get_by_label("Contact person").fill("Wang Wei")
    page.get_by_label("Language of the mail").select_option("en")
    page.get_by_label("Exchange Online").check()
    page.get_by_label("Skype for Business Online").check()
    page.get_by_role("button", name="Next: look at the mail").click()
    expect(page.locator(".letter")).to_contain_text("Hello Wang Wei,")
    page.get_by_role("button", name="Send the mail").click()
    expect(page.get_by_text("The invitation is on its way.")).to_be_visible()


@pytest.mark.parametrize("javascript", [True, False], ids=["with scripts", "without scripts"])
def test_a_company_is_invited_accepts_and_takes_back(open_page: OpenPage, javascript: bool) -> None:
    page = open_page(person=person(), javascript=javascript)
    invite_wang(page)

    theirs = open_page(javascript=javascript)
    theirs.goto(link_in_mail("wang@new.example", "/invitation/"))
    expect(theirs.get_by_role("heading", level=1)).to_have_text("Contoso Reseller asks for your consent")
    theirs.locator("label.choice", has_text="Exchange Online").click()
    theirs.get_by_label("Company name").fill("New Company")
    theirs.get_by_label("Your primary domain in the cloud").fill("newcompany")
    theirs.get_by_role("button", name="Accept the reseller and what is ticked").click()
    expect(theirs.get_by_text("may now administer: Exchange Online.")).to_be_visible()

    page.reload()
    expect(page.locator("main .pill", has_text="Accepted").first).to_be_visible()
    page.get_by_role("link", name="To the customer").click()
    expect(page.locator("main")).to_contain_text("New Company")

    later = open_page(javascript=javascript)
    later.goto(link_in_mail("wang@new.example", "/access/"))
    later.locator("label.choice", has_text="Exchange Online").click()
    later.get_by_role("button", name="Take back what is ticked").click()
    expect(later.get_by_text("It may administer none of your services.")).to_be_visible()
    work()
    assert any(
        "took rights back" in message.subject for message in mail.outbox if message.to == ["li.na@contoso.example"]
    )
    assert not DelegatedAdminPrivilege.objects.held().exists()


def test_it_speaks_the_language_of_the_mail_until_another_is_chosen(open_page: OpenPage) -> None:
    invitation = InvitationFactory(language="zh-hans")
    page = open_page()
    page.goto(f"/invitation/{link_to(invitation)}/")
    expect(page.locator("html")).to_have_attribute("lang", "zh-hans")
    page.locator("details.menu summary").first.click()
    page.get_by_role("button", name="Español").click()
    expect(page.locator("html")).to_have_attribute("lang", "es")
    expect(page.get_by_role("heading", level=1)).to_contain_text(invitation.partner.name)


def test_a_copied_link_leads_to_the_customers_own_mailbox(open_page: OpenPage) -> None:
    staff = person()
    customer = customer_of(staff.partner, services=[], domain="fab.partner.onmschina.cn")
    invitation = InvitationFactory(staff=staff, customer=customer, services=["exchange"], state="draft")
    page = open_page(person=staff)
    page.goto(f"/relationships/{invitation.pk}/")
    page.get_by_role("button", name="Make a link to send myself").click()
    link = page.locator(".once code").inner_text()
    theirs = open_page()
    theirs.goto(link)
    theirs.get_by_role("button", name="Mail me the link").click()
    expect(theirs.get_by_role("heading", level=1)).to_have_text("Look into your mail")
    theirs.goto(link_in_mail("it@fab.partner.onmschina.cn", "/invitation/"))
    theirs.locator("label.choice", has_text="Exchange Online").click()
    theirs.get_by_role("button", name="Accept what is ticked").click()
    expect(theirs.get_by_text("may now administer: Exchange Online.")).to_be_visible()


@pytest.mark.parametrize(("width", "theme", "language"), LOOKS)
def test_accessible_in_every_look(
    open_page: OpenPage, axe: Callable[[Page], None], watch: Watch, width: int, theme: Any, language: str
) -> None:
    watch.expected_statuses.update({404, 410, 409, 400})
    look: dict[str, Any] = {"width": width, "theme": theme, "language": language}
    staff = person(theme="auto")
    known = customer_of(staff.partner, services=["exchange", "skype"], company_name="Fabrikam")
    asked = InvitationFactory(staff=staff, services=["exchange", "office-desktop"], note="你好", language=language)
    bound = InvitationFactory(staff=staff, customer=known, services=["bookings"], language=language)
    over = InvitationFactory(staff=staff, state="withdrawn", withdrawn_at=timezone.now(), language=language)
    draft = InvitationFactory(staff=staff, state="draft", email="a-rather-long-address@a-rather-long-host.example")
    for page, urls in (
        (
            open_page(**look),
            [
                f"/invitation/{link_to(asked)}/",
                f"/invitation/{link_to(bound, is_by_mail=False)}/",
                f"/invitation/{link_to(over)}/",
                "/invitation/nothing/",
                f"/access/{access_to(bound)}/",
                f"/invitation/?partnerId={staff.partner_id}",
            ],
        ),
        (
            open_page(person=staff, **look),
            ["/relationships/", "/relationships/invite/", f"/relationships/{draft.pk}/", f"/relationships/{asked.pk}/"],
        ),
    ):
        for url in urls:
            page.goto(url)
            assert page.locator("html").get_attribute("lang") == language, url
            axe(page)
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), url
    page.goto(f"/relationships/{draft.pk}/")
    page.locator("button[name=act][value=link]").click()
    expect(page.locator("#text")).to_be_visible()
    axe(page)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.goto("/relationships/invite/")
    page.locator("main form button[type=submit]").click()
    expect(page.locator(".problems")).to_be_visible()
    axe(page)
    assert Customer.objects.count() == 1
