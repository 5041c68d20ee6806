"""The list of all subscriptions in a browser: filtered, sorted, with one's own columns, kept as a view, exported."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import pytest
from openpyxl import load_workbook
from playwright.sync_api import Page, expect

from desk.models import SavedView
from desk.subscription_listing import PAGE_SIZE
from partners.models import Staff
from subscriptions.models import Status
from tests.browser import OpenPage
from tests.factories import StaffFactory, customer_of, sold

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def staff(transactional_db: None) -> Staff:
    """Who sold something of everything, and more than a page of it."""
    person: Staff = StaffFactory(name="Li Na")
    partner = person.partner
    assert partner is not None
    contoso = customer_of(partner, company_name="Contoso Energy", domain="cenergy.partner.onmschina.cn")
    sold(partner, contoso, "Business Premium", nickname="Head office", quantity=120)
    sold(partner, contoso, "Business", status=Status.SUSPENDED)
    sold(partner, customer_of(partner, company_name="上海天宇软件有限公司", services=[]), "Business Essentials")
    adatum = customer_of(partner, services=[], company_name="Adatum")
    for number in range(PAGE_SIZE + 5):
        sold(partner, adatum, "E1", nickname=f"Branch {number:02}")
    return person


@pytest.mark.parametrize("javascript", [True, False], ids=["with scripts", "without scripts"])
def test_a_filter_is_made_and_kept(open_page: OpenPage, staff: Staff, javascript: bool) -> None:
    page = open_page(person=staff, javascript=javascript)
    page.goto("/")
    page.get_by_role("link", name="Subscriptions", exact=True).click()
    expect(page.get_by_role("heading", name="Subscriptions", level=1)).to_be_visible()
    page.get_by_role("link", name="Next").click()
    page.get_by_role("link", name="Previous").click()

    page.get_by_role("checkbox", name="Suspended").check()
    page.get_by_text("More filters, order and columns").click()
    page.get_by_label("What stands in the way", exact=True).first.select_option("subscription_status_not_active")
    page.get_by_label("Sort by").select_option("deletion")
    page.get_by_role("checkbox", name="Primary domain").check()
    page.get_by_role("checkbox", name="Nickname").uncheck()
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_role("link", name="Contoso Energy")).to_have_count(1)
    expect(page.get_by_role("cell", name="cenergy.partner.onmschina.cn")).to_be_visible()

    page.get_by_text("Save view").click()
    page.get_by_label("Name", exact=True).fill("Going soon")
    page.get_by_role("checkbox", name="Open the list with it").check()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("The view “Going soon” is saved.")).to_be_visible()
    expect(page.get_by_role("link", name="Going soon")).to_have_attribute("aria-current", "page")
    assert SavedView.objects.get().is_default


@pytest.mark.parametrize("javascript", [True, False], ids=["with scripts", "without scripts"])
def test_a_view_shows_first_is_renamed_and_deleted(open_page: OpenPage, staff: Staff, javascript: bool) -> None:
    SavedView.objects.create(staff=staff, name="Going soon", query="status=suspended", is_default=True)
    page = open_page(person=staff, javascript=javascript)
    page.goto("/subscriptions/")
    expect(page.get_by_role("link", name="Contoso Energy")).to_have_count(1)
    page.get_by_role("link", name="All live").click()
    expect(page.get_by_role("link", name="上海天宇软件有限公司")).to_have_count(0)
    page.get_by_role("link", name="Next").click()
    expect(page.get_by_role("link", name="上海天宇软件有限公司")).to_be_visible()

    page.get_by_role("link", name="Edit views").click()
    page.get_by_text("Rename").click()
    page.get_by_label("Name", exact=True).fill("Leaving")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("link", name="Leaving")).to_be_visible()
    page.get_by_role("button", name="Open with all instead").click()
    page.locator("summary", has_text="Delete").click()
    page.get_by_role("button", name="Delete the view").click()
    expect(page.get_by_text("No saved views yet")).to_be_visible()
    assert not SavedView.objects.exists()


def test_a_heading_sorts_and_turns_round(open_page: OpenPage, staff: Staff) -> None:
    page = open_page(person=staff)
    page.goto("/subscriptions/")
    heading = page.get_by_role("columnheader", name="Licences")
    heading.get_by_role("link").click()
    expect(heading).to_have_attribute("aria-sort", "ascending")
    heading.get_by_role("link").press("Enter")
    expect(heading).to_have_attribute("aria-sort", "descending")
    expect(page.locator("tbody tr").first).to_contain_text("Head office")


@pytest.mark.parametrize("javascript", [True, False], ids=["with scripts", "without scripts"])
def test_what_is_filtered_becomes_a_file(open_page: OpenPage, staff: Staff, tmp_path: Path, javascript: bool) -> None:
    page = open_page(person=staff, javascript=javascript)
    page.goto("/subscriptions/?q=contoso")
    page.locator("summary", has_text="Export").click()
    with page.expect_download() as started:
        page.get_by_role("link", name="As CSV").click()
    started.value.save_as(tmp_path / "file.csv")
    assert (tmp_path / "file.csv").read_text("utf-8-sig").count("Contoso Energy") == 2
    page.goto("/customers/")
    page.get_by_role("searchbox", name="Company name or domain").fill("天宇")
    if javascript:
        expect(page.get_by_text("1 customer matches")).to_be_visible()
    else:
        page.get_by_role("button", name="Search", exact=True).click()
    page.locator("summary", has_text="Export").click()
    with page.expect_download() as started:
        page.get_by_role("link", name="As an Excel file").click()
    started.value.save_as(tmp_path / "file.xlsx")
    rows = list(load_workbook(tmp_path / "file.xlsx").active.values)
    assert [row[0] for row in rows] == ["Company", "上海天宇软件有限公司"]


def test_a_search_keeps_the_order_of_customers(open_page: OpenPage, staff: Staff) -> None:
    page = open_page(person=staff)
    page.goto("/customers/")
    page.get_by_role("columnheader", name="Company").get_by_role("link").click()
    expect(page.locator("tbody").first).to_contain_text("上海天宇软件有限公司")
    page.get_by_role("searchbox", name="Company name or domain").fill("a")
    expect(page).to_have_url(re.compile("sort=-company.*q=a|q=a.*sort=-company"))
    expect(page.locator("tbody").first).to_contain_text("上海天宇软件有限公司")
    expect(page.locator("tbody").last).to_contain_text("Adatum")


@pytest.mark.parametrize("language", ["en", "es", "zh-hans"])
@pytest.mark.parametrize(("width", "theme"), [(1440, "light"), (360, "dark"), (360, "light"), (1440, "dark")])
def test_the_pages_are_accessible(
    open_page: OpenPage,
    axe: Callable[[Page], None],
    staff: Staff,
    width: int,
    theme: Literal["light", "dark"],
    language: str,
) -> None:
    SavedView.objects.create(
        staff=staff, name="A name as long as they come, sixty characters, not one more!", query="q=x"
    )
    SavedView.objects.create(staff=staff, name="Going soon", query="status=suspended", is_default=True)
    page = open_page(person=staff, width=width, theme=theme, language=language)
    wide: dict[str, Any] = {}
    for address in (
        "/subscriptions/?all=1",
        "/subscriptions/",
        "/subscriptions/?q=nobody",
        "/subscriptions/?sort=deletion",
        "/subscriptions/?since=yesterday&status=asleep&offer=x",
        "/subscriptions/?q=contoso&"
        + "&".join(f"columns={one}" for one in ("id", "customer_id", "obstacles", "domain")),
        "/subscriptions/views/",
        "/customers/?sort=-company",
    ):
        page.goto(address)
        for fold in page.locator("main details").all():
            fold.evaluate("one => { one.open = true }")
        axe(page)
        wide[address] = page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert all(wide.values()), wide
