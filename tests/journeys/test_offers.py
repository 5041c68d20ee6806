"""The offers in a browser: found, ticked, compared, with and without scripts; prices imported by an administrator."""

import datetime
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from catalog.models import Offer, Price
from partners.roles import Role
from tests.browser import OpenPage, Watch
from tests.factories import PlatformAdministratorFactory, PriceFactory, StaffFactory, customer_of, offer, sold
from tests.journeys.test_own_pages import LOOKS

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def archive() -> Offer:
    """An add-on of two offers with prices of yesterday, today and a later day; one offer is withdrawn."""
    added: Offer = Offer.objects.create(
        name="Exchange Online Archiving",
        sku_part_number="EXCHANGEARCHIVE_ADDON",
        category="Standalone",
        description="An archive mailbox for each user.",
    )
    added.prerequisite_offers.set([offer("E1"), offer("Business Premium")])
    Offer.objects.filter(name="Office 365 ProPlus").update(is_available=False)
    for name in ("Business", "Business Premium", "E3"):
        this_year = datetime.date(2025, 1, 1)
        PriceFactory(
            offer=offer(name), amount=Decimal("57.5"), valid_from=this_year, valid_until=datetime.date(2098, 12, 31)
        )
        PriceFactory(offer=offer(name), amount=Decimal(60), valid_from=datetime.date(2099, 1, 1))
    return added


@pytest.mark.parametrize(("width", "theme", "language"), LOOKS)
def test_accessible_in_every_look(
    open_page: OpenPage, axe: Callable[[Page], None], archive: Offer, width: int, theme: Any, language: str
) -> None:
    page = open_page(person=StaffFactory(theme="auto"), width=width, theme=theme, language=language)
    compared = [offer(name).pk for name in ("Business", "Business Premium", "E3", "ProPlus")]
    compare = "/offers/compare/?" + "&".join(f"offer={pk}" for pk in compared)
    for url in (
        "/offers/",
        f"/offers/?q=premium&offer={compared[2]}",
        "/offers/?q=nothing",
        "/offers/compare/",
        compare,
        f"/offers/{compared[0]}/",
        f"/offers/{archive.pk}/",
    ):
        page.goto(url)
        axe(page)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), url


@pytest.mark.parametrize("javascript", [True, False], ids=["with scripts", "without scripts"])
@pytest.mark.parametrize("width", [360, 1440])
@pytest.mark.usefixtures("archive")
def test_a_person_finds_ticks_and_compares(open_page: OpenPage, javascript: bool, width: int) -> None:
    page = open_page(person=StaffFactory(roles=[Role.BILLING_ADMIN]), javascript=javascript, width=width)
    page.goto("/offers/")
    page.get_by_label("Compare Office 365 Enterprise E3").check()
    page.get_by_role("button", name="Compare", exact=True).click()
    expect(page.get_by_role("alert")).to_have_text("Tick at least two offers to compare them.")
    page.get_by_role("searchbox", name="Name, SKU part number, service or plan").fill("premium")
    page.get_by_role("button", name="Search").last.click()
    page.get_by_label("Compare Office 365 Business Premium").check()
    expect(page.get_by_label("Enterprise E3")).to_be_checked()
    page.get_by_role("button", name="Compare", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Compare offers")
    bookings = page.get_by_role("row", name="Microsoft Bookings").last
    expect(bookings).to_contain_text("Contained")
    page.get_by_role("link", name="Choose other offers").click()
    expect(page.get_by_label("Compare Office 365 Enterprise E3")).to_be_checked()
    page.get_by_role("link", name="Office 365 Business Premium", exact=True).first.click()
    expect(page.get_by_text("CNY\xa057.50")).to_be_visible()
    expect(page.get_by_text("CNY\xa060.00")).to_be_visible()


@pytest.mark.usefixtures("archive")
def test_the_review_of_an_upgrade_says_what_it_costs(open_page: OpenPage, axe: Callable[[Page], None]) -> None:
    staff = StaffFactory(roles=[Role.ADMIN_AGENT])
    subscription = sold(staff.partner, customer_of(staff.partner), quantity=10)
    page = open_page(person=staff, width=360)
    url = reverse("upgrades:upgrade_review", args=[subscription.customer_id, subscription.pk])
    page.goto(f"{url}?target={offer('Business Premium').pk}&quantity=12&key=a-key&version=1")
    expect(page.get_by_text("CNY\xa0575.00")).to_be_visible()
    expect(page.get_by_text("+CNY\xa0115.00")).to_be_visible()
    axe(page)


@pytest.mark.parametrize("javascript", [True, False], ids=["with scripts", "without scripts"])
def test_an_administrator_imports_a_price_list(
    open_page: OpenPage, axe: Callable[[Page], None], watch: Watch, javascript: bool
) -> None:
    watch.expected_statuses.add(400)
    page = open_page(person=PlatformAdministratorFactory(), javascript=javascript)
    page.goto("/admin/catalog/price/")
    page.get_by_role("link", name="Import a price list").click()
    head = "offer;currency;amount;valid_from;valid_until\n"
    for amount in ("57,50", "57.50"):
        content = f"{head}O365_BUSINESS;CNY;{amount};2026-01-01;\n".encode()
        page.get_by_label("Price list").set_input_files(
            {"name": "prices.csv", "mimeType": "text/csv", "buffer": content}
        )
        if javascript:
            axe(page)
        page.get_by_role("button", name="See what changes").click()
        if amount == "57,50":
            expect(page.get_by_role("alert")).to_contain_text("Line 2, amount: '57,50' is no amount.")
    expect(page.locator("ins")).to_have_text("CNY\xa057.50 from 1 Jan 2026")
    if javascript:
        axe(page)
    page.get_by_role("button", name="Save the prices").click()
    expect(page.get_by_text("The prices of 1 offer changed.")).to_be_visible()
    assert Price.objects.get().amount == Decimal("57.5")
    if javascript:
        axe(page)
