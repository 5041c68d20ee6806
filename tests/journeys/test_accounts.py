"""A customer's account, and adding a customer in three steps: accessible in every look, with and without scripts."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from customers.models import Customer
from partners.models import Staff
from subscriptions.models import Order
from tests.browser import OpenPage, Watch
from tests.factories import (
    BillingProfileFactory,
    ContactDetailsFactory,
    CustomerDraftFactory,
    StaffFactory,
    customer_of,
    offer,
)
from tests.journeys.test_own_pages import LOOKS

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]

TYPED = {
    "company_name": "Woodgrove Bank",
    "domain": "woodgrove",
    "contact-last_name": "Li",
    "contact-first_name": "Na",
    "contact-email": "li.na@woodgrove.example",
    "contact-phone_number": "021 5555 0100",
    "contact-state": "Shanghai",
    "contact-city": "Shanghai",
    "contact-address_line1": "1 Century Avenue",
    "contact-postal_code": "200120",
}


@pytest.fixture
def staff() -> Staff:
    made: Staff = StaffFactory(name="Li Na", theme="auto")
    return made


def fill(page: Page, typed: dict[str, str]) -> None:
    for name, value in typed.items():
        page.locator(f"[name='{name}']").fill(value)


@pytest.mark.parametrize(("width", "theme", "language"), LOOKS)
def test_accessible_in_every_look(
    open_page: OpenPage, axe: Callable[[Page], None], staff: Staff, width: int, theme: Any, language: str
) -> None:
    customer = customer_of(staff.partner, company_name="Woodgrove Bank Ltd.")
    ContactDetailsFactory(customer=customer, address_line2="Floor " + "12" * 40)
    BillingProfileFactory(customer=customer)
    draft = CustomerDraftFactory(staff=staff, basket={f"quantity-{offer('E3').pk}": "12", "reference": "PO-1"})
    account = f"/customers/{customer.pk}/account/"
    steps = ["/customers/add/", *(f"/customers/add/{draft.pk}/{name}" for name in ("", "subscriptions/", "review/"))]
    page = open_page(person=staff, width=width, theme=theme, language=language)
    for url in (account, f"{account}contact/", f"{account}billing/", f"/customers/{customer.pk}/added/", *steps):
        page.goto(url)
        axe(page)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), url
    page.goto("/customers/add/")
    page.locator("[value=elsewhere]").check()
    page.locator("main form .btn-primary").click()
    expect(page.locator(".problems")).to_be_visible()
    axe(page)


@pytest.mark.parametrize("javascript", [True, False], ids=["with scripts", "without scripts"])
def test_a_customer_is_added_with_its_first_subscription(open_page: OpenPage, staff: Staff, javascript: bool) -> None:
    there = customer_of(staff.partner, company_name="Woodgrove Bank Ltd.")
    page = open_page(person=staff, javascript=javascript)
    page.goto("/customers/")
    page.get_by_role("link", name="Add a customer").click()
    fill(page, TYPED)
    page.get_by_role("button", name="Next: subscriptions").click()
    expect(page.get_by_role("link", name=there.company_name)).to_be_visible()
    page.get_by_label("No, it is another company").check()
    page.get_by_role("button", name="Next: subscriptions").click()
    page.locator(f"[name='quantity-{offer('E3').pk}']").fill("12")
    page.get_by_role("button", name="Back").click()
    expect(page.locator("[name=company_name]")).to_have_value("Woodgrove Bank")
    page.get_by_role("button", name="Next: subscriptions").click()
    expect(page.locator(f"[name='quantity-{offer('E3').pk}']")).to_have_value("12")
    page.locator("main .btn-primary[value=review]").click()
    expect(page.locator("main")).to_contain_text("woodgrove.partner.onmschina.cn")
    page.get_by_role("button", name="Add the customer").dblclick()
    expect(page.locator("main")).to_contain_text("Woodgrove Bank is added.")
    customer = Customer.objects.get(company_name="Woodgrove Bank")
    expect(page.locator("main")).to_contain_text(str(customer.pk))
    assert Order.objects.get().customer == customer
    page.go_back()
    page.reload()
    expect(page).to_have_url(f"{page.url.split('/customers/')[0]}/customers/{customer.pk}/added/")


def test_a_domain_is_checked_as_one_types(open_page: OpenPage, staff: Staff) -> None:
    customer_of(StaffFactory().partner, company_name="Secret", domain="taken.partner.onmschina.cn")
    page = open_page(person=staff)
    page.goto("/customers/add/")
    page.locator("[name=domain]").press_sequentially("taken")
    expect(page.locator("#domain-answer")).to_contain_text("taken.partner.onmschina.cn is taken.")
    page.locator("[name=domain]").press_sequentially("not")
    expect(page.locator("#domain-answer")).to_contain_text("takennot.partner.onmschina.cn is free.")


@pytest.mark.parametrize("javascript", [True, False], ids=["with scripts", "without scripts"])
def test_two_people_edit_one_account(open_page: OpenPage, watch: Watch, staff: Staff, javascript: bool) -> None:
    watch.expected_statuses.add(409)
    customer = customer_of(staff.partner)
    ContactDetailsFactory(customer=customer)
    colleague = StaffFactory(partner=staff.partner, name="Wang Wei")
    mine, theirs = (open_page(person=person, javascript=javascript) for person in (staff, colleague))
    for page in (mine, theirs):
        page.goto(f"/customers/{customer.pk}/account/")
        page.get_by_role("link", name="Edit – Company and contact").click()
    theirs.locator("[name=city]").fill("Minhang")
    theirs.get_by_role("button", name="Save").click()
    expect(theirs.locator("main")).to_contain_text("The contact details are saved.")
    mine.locator("[name=city]").fill("Xuhui")
    mine.get_by_role("button", name="Save").click()
    expect(mine.locator("main")).to_contain_text("Wang Wei")
    expect(mine.locator("main")).to_contain_text("Minhang")
    expect(mine.locator("[name=city]")).to_have_value("Xuhui")
    mine.get_by_role("button", name="Save").click()
    expect(mine.locator("main")).to_contain_text("Xuhui")
