"""Finding a customer in a browser: typing, opening, paging, going back; every list page is accessible."""

import csv
import datetime
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from activity.models import ActorKind
from customers.models import Customer
from desk.listing import PAGE_SIZE
from partners.models import Staff
from subscriptions.models import Status
from tests.browser import OpenPage
from tests.factories import (
    ActivityRecordFactory,
    PartnerFactory,
    StaffFactory,
    UpgradeFactory,
    customer_of,
    sold,
)

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]

MAY = datetime.datetime(2026, 5, 4, 4, tzinfo=datetime.UTC)


@pytest.fixture
def staff(transactional_db: None) -> Staff:
    return StaffFactory(name="Li Na")


@pytest.fixture
def contoso(staff: Staff) -> Customer:
    """A customer with something of everything, among more than a page of others."""
    partner = staff.partner
    assert partner is not None
    customer = customer_of(partner, company_name="Contoso Energy", domain="cenergy.partner.onmschina.cn")
    parent = sold(partner, customer, "Business Premium", nickname="Head office")
    sold(partner, customer, "Skype for Business Online (Plan 1)", parent=parent)
    sold(partner, customer, "Business", status=Status.SUSPENDED)
    sold(partner, customer, "E1", status=Status.DELETED)
    sold(PartnerFactory(), customer, "Exchange Online (Plan 2)")
    for number in range(PAGE_SIZE + 5):
        customer_of(partner, services=[], company_name=f"Adatum {number:02}")
    return customer


def test_a_customer_is_found_by_typing_and_opened_in_place(
    open_page: OpenPage, staff: Staff, contoso: Customer
) -> None:
    page = open_page(person=staff)
    page.goto("/customers/")
    page.get_by_role("searchbox", name="Company name or domain").press_sequentially("contoso")
    # The address follows the answer: what was typed first may have been answered by itself.
    expect(page).to_have_url(re.compile("q=contoso&"))
    expect(page.get_by_text("1 customer matches")).to_be_visible()

    opener = page.get_by_role("link", name="Its subscriptions: Contoso Energy")
    opener.press("Enter")
    expect(page.get_by_role("link", name="Office 365 Business Premium")).to_be_visible()
    expect(opener).to_have_attribute("aria-expanded", "true")
    expect(opener).to_be_focused()
    expect(page).to_have_url(re.compile(f"open={contoso.pk}"))

    page.go_back()
    expect(opener).to_have_attribute("aria-expanded", "false")
    expect(page.get_by_role("searchbox", name="Company name or domain")).to_have_value("contoso")
    page.go_forward()
    expect(page.get_by_role("link", name="Office 365 Business Premium")).to_be_visible()


def test_the_back_button_leads_to_the_page_before(open_page: OpenPage, staff: Staff, contoso: Customer) -> None:
    page = open_page(person=staff)
    page.goto("/customers/")
    page.get_by_role("link", name="Next").click()
    expect(page.get_by_role("link", name="Contoso Energy", exact=True)).to_be_visible()
    expect(page).to_have_url(re.compile("after="))
    page.reload()
    expect(page.get_by_role("link", name="Contoso Energy", exact=True)).to_be_visible()
    page.go_back()
    expect(page.get_by_role("link", name="Adatum 00", exact=True)).to_be_visible()


def test_a_filter_is_an_address_of_its_own(open_page: OpenPage, staff: Staff, contoso: Customer) -> None:
    page = open_page(person=staff)
    page.goto("/customers/")
    page.get_by_role("radio", name="1 step away").check()
    expect(page.get_by_text("customers looked at")).to_be_visible()
    expect(page).to_have_url(re.compile("show=one_step"))
    page.go_back()
    expect(page.get_by_role("radio", name="All customers")).to_be_checked()


def test_without_scripts_all_of_it_works(open_page: OpenPage, staff: Staff, contoso: Customer) -> None:
    page = open_page(person=staff, javascript=False)
    page.goto("/customers/")
    page.get_by_role("link", name="Next").click()
    page.get_by_role("link", name="Previous").click()
    page.get_by_role("searchbox", name="Company name or domain").fill("contoso")
    page.get_by_role("button", name="Search", exact=True).click()
    page.get_by_role("link", name="Its subscriptions: Contoso Energy").click()
    expect(page.get_by_role("link", name="Office 365 Business Premium")).to_be_visible()
    page.get_by_role("link", name="Its subscriptions: Contoso Energy").click()
    expect(page.get_by_role("link", name="Office 365 Business Premium")).to_be_hidden()
    page.get_by_role("link", name="Contoso Energy", exact=True).click()
    expect(page.get_by_role("heading", name="Contoso Energy", level=1)).to_be_visible()


@pytest.mark.parametrize("language", ["en", "es", "zh-hans"])
@pytest.mark.parametrize(("width", "theme"), [(1440, "light"), (360, "dark")])
def test_the_list_pages_are_accessible(
    open_page: OpenPage,
    axe: Callable[[Page], None],
    staff: Staff,
    contoso: Customer,
    width: int,
    theme: Literal["light", "dark"],
    language: str,
) -> None:
    partner = staff.partner
    assert partner is not None
    UpgradeFactory(staff=staff, customer=contoso, hand_over=[{"code": "check", "values": {}, "done_at": None}])
    UpgradeFactory(staff=staff, customer=contoso, finished_at=timezone.now())
    ActivityRecordFactory(
        partner_id=partner.pk, customer_id=contoso.pk, customer_name="Contoso Energy", after={"quantity": 5}
    )
    page = open_page(person=staff, width=width, theme=theme, language=language)
    for address in (
        "/",
        "/customers/",
        f"/customers/?q=contoso&open={contoso.pk}",
        "/customers/?q=nobody",
        "/customers/?show=one_step",
        f"/customers/{contoso.pk}/subscriptions/",
        f"/customers/{contoso.pk}/activity/",
        "/activity/",
        "/activity/?since=yesterday",
        "/upgrades/",
        "/upgrades/?show=unfinished",
    ):
        page.goto(address)
        for fold in page.locator("main details.fold").all():
            fold.evaluate("one => { one.open = true }")
        axe(page)
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), address


@pytest.mark.parametrize(
    "look",
    [
        {"javascript": False},
        {"width": 360, "language": "es"},
        {"width": 360, "language": "zh-hans", "theme": "dark"},
    ],
    ids=["without scripts", "Spanish", "Chinese"],
)
def test_the_activity_log_is_filtered_read_and_taken_away(
    open_page: OpenPage,
    axe: Callable[[Page], None],
    staff: Staff,
    contoso: Customer,
    look: dict[str, Any],
) -> None:
    assert staff.partner is not None
    fields: dict[str, Any] = {
        "partner_id": staff.partner.pk,
        "customer_id": contoso.pk,
        "customer_name": "Contoso Energy",
    }
    moved: dict[str, Any] = {
        "before": {"offer": "Business", "quantity": 5},
        "after": {"offer": "Enterprise E3", "quantity": 25},
    }
    done: dict[str, Any] = {"actor_kind": ActorKind.STAFF, "actor_name": "Li Na", "actor_id": staff.pk, "at": MAY}
    ActivityRecordFactory(**fields, **done, **moved, operation="upgrade_subscription")
    ActivityRecordFactory(**fields, **done, operation="change_contact")
    ActivityRecordFactory(**fields, operation="change_billing", at=MAY)
    page = open_page(person=staff, **look)
    page.goto("/activity/")
    for name, value in {"person": str(staff.pk), "operation": "upgrade_subscription", "outcome": "done"}.items():
        page.locator(f"[name={name}]").select_option(value)
    for name, value in {"since": "2026-05-04", "until": "2026-05-04", "customer": "contoso"}.items():
        page.locator(f"[name={name}]").fill(value)
    page.locator("main form.filters button").click()
    rows = page.locator("main .scroller > table > tbody > tr")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("Enterprise E3")
    expect(page.locator("[name=operation]")).to_have_value("upgrade_subscription")
    rows.locator("summary").click()
    expect(rows.locator(".changes tbody tr")).to_have_count(2)
    expect(rows.locator(".changes tbody tr").last.locator("td")).to_have_text(["5", "25"])
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    if look.get("javascript", True):
        axe(page)
    with page.expect_download() as download:
        page.locator("main a[download]").click()
    with Path(download.value.path()).open(encoding="utf-8-sig", newline="") as file:
        assert [line[1] for line in csv.reader(file)][1:] == ["Li Na"]
    page.locator("main form.filters a").click()
    expect(rows).to_have_count(3)
