"""Missing privileges: requested beside the reason, given for a time, given up; in every look."""

import datetime
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

from customers.models import Customer, DelegatedAdminPrivilege, Ending
from partners.models import Staff
from tests.browser import OpenPage, Watch
from tests.factories import (
    BillingProfileFactory,
    ContactDetailsFactory,
    InvitationFactory,
    StaffFactory,
    customer_of,
    link_to,
    sold,
)
from tests.subscriptions.working import work

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]

LOOKS = [
    (width, theme, language)
    for width in (360, 1440)
    for theme in ("light", "dark")
    for language in ("en", "es", "zh-hans")
]
WITHOUT_EXCHANGE = ["sharepoint", "onedrive", "skype", "information-protection", "bookings", "office-web"]


@pytest.fixture(autouse=True)
def portal_url(live_server: LiveServer, settings: Settings) -> None:
    """Mails lead to this server."""
    settings.PORTAL_URL = live_server.url
    cache.clear()


@pytest.fixture
def li_na() -> Staff:
    made: Staff = StaffFactory(name="Li Na", partner__name="Contoso Reseller")
    return made


@pytest.fixture
def adatum(li_na: Staff) -> Customer:
    services = [*WITHOUT_EXCHANGE, "office-mobile", "office-desktop"]
    made = customer_of(li_na.partner, services=services, company_name="Adatum")
    ContactDetailsFactory(customer=made)
    BillingProfileFactory(customer=made, language="en")
    return made


def link_in_mail() -> str:
    work()
    found = re.search(r"https?://\S+/invitation/\S+", str(mail.outbox[-1].body))
    assert found
    return found[0]


@pytest.mark.parametrize("javascript", [True, False], ids=["with scripts", "without scripts"])
def test_what_an_upgrade_lacks_is_requested_given_and_given_up(
    open_page: OpenPage, watch: Watch, li_na: Staff, adatum: Customer, javascript: bool
) -> None:
    watch.expected_statuses.add(400)
    subscription = sold(li_na.partner, adatum, "Business Premium")
    page = open_page(person=li_na, javascript=javascript)
    page.goto(f"/customers/{adatum.pk}/subscriptions/{subscription.pk}/")
    page.get_by_role("button", name="Request it").click()
    expect(page.get_by_text("li.na@adatum.example is being asked for: Exchange Online.")).to_be_visible()
    expect(page.get_by_role("button", name="Request it")).to_have_count(0)

    theirs = open_page(javascript=javascript)
    theirs.goto(link_in_mail())
    theirs.locator("label.choice", has_text="Exchange Online").click()
    theirs.get_by_label("For how long").select_option("30")
    theirs.get_by_role("button", name="Accept what is ticked").click()
    expect(theirs.get_by_text("may now administer: Exchange Online.")).to_be_visible()

    page.goto("/privileges/?show=expiring")
    page.get_by_role("link", name="Adatum").click()
    exchange = page.get_by_role("row", name="Exchange Online")
    expect(exchange).to_contain_text("expires in 30 days")
    exchange.get_by_role("link", name="Give up").click()
    expect(page.get_by_text("1 upgrade that is possible now")).to_be_visible()
    page.get_by_role("button", name="Give it up").click()
    expect(page.get_by_role("alert")).to_contain_text("Tick this if you want to give it up.")
    page.get_by_label("Give this up").check()
    page.get_by_role("button", name="Give it up").click()
    expect(page.get_by_text("Given up: Exchange Online.")).to_be_visible()
    expect(page.get_by_role("row", name="Exchange Online")).to_contain_text("Given up by you")


@pytest.mark.parametrize(("width", "theme", "language"), LOOKS)
def test_accessible_in_every_look(
    open_page: OpenPage,
    axe: Callable[[Page], None],
    li_na: Staff,
    adatum: Customer,
    width: int,
    theme: Any,
    language: str,
) -> None:
    subscription = sold(li_na.partner, adatum, "Business Premium")
    now = timezone.now()
    ours = DelegatedAdminPrivilege.objects.filter(customer=adatum)
    ours.filter(service__code="skype").update(expires_at=now + datetime.timedelta(days=3))
    ours.filter(service__code="bookings").update(revoked_at=now, ending=Ending.MOVED)
    other = customer_of(li_na.partner, services=[], company_name="大连北方船舶工程有限公司")
    sold(li_na.partner, other, "Business")
    asked = InvitationFactory(staff=li_na, customer=other, services=["exchange"])
    page = open_page(person=li_na, width=width, theme=theme, language=language)
    for address in (
        "/",
        "/privileges/",
        *(f"/privileges/?show={show}" for show in ("waiting", "expiring", "ended")),
        "/privileges/?service=office-web",
        f"/customers/{adatum.pk}/privileges/",
        f"/customers/{other.pk}/privileges/",
        f"/customers/{adatum.pk}/privileges/give-up/?services={ours.get(service__code='onedrive').service_id}",
        f"/customers/{adatum.pk}/subscriptions/{subscription.pk}/",
        f"/invitation/{link_to(asked)}/",
    ):
        page.goto(address)
        assert page.locator("html").get_attribute("lang") == language
        axe(page)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), address
