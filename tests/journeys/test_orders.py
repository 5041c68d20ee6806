"""Adding subscriptions in a real browser: from the customer's page to the order, and every page in every look."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from pytest_django import Settings

from customers.models import Customer
from partners.models import Staff
from subscriptions.models import Order, OrderLine, Subscription
from subscriptions.provisioning import provision_due_lines
from tests.browser import OpenPage, Watch
from tests.factories import OrderLineFactory, StaffFactory, customer_of, offer, sold
from tests.journeys.test_own_pages import LOOKS

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def staff() -> Staff:
    made: Staff = StaffFactory(name="Li Na", theme="auto")
    return made


@pytest.fixture
def customer(staff: Staff) -> Customer:
    return customer_of(staff.partner, company_name="Adatum Trading")


@pytest.mark.parametrize("javascript", [True, False], ids=["with scripts", "without scripts"])
def test_two_offers_are_ordered_together(
    open_page: OpenPage, staff: Staff, customer: Customer, watch: Watch, javascript: bool
) -> None:
    watch.expected_statuses.add(400)
    page = open_page(person=staff, javascript=javascript)
    page.goto(f"/customers/{customer.pk}/subscriptions/")
    page.locator("main").get_by_role("link", name="Add a subscription").click()
    page.get_by_label("Licences – Office 365 Business", exact=True).fill("301")
    page.get_by_label("Licences – Exchange Online (Plan 1)").fill("3")
    page.get_by_role("button", name="Review").click()
    expect(page.get_by_role("alert")).to_contain_text("takes 1 to 300 licences; 301 is not accepted")
    expect(page.get_by_label("Licences – Exchange Online (Plan 1)")).to_have_value("3")
    page.get_by_label("Licences – Office 365 Business", exact=True).fill("25")
    page.get_by_label("Your reference").fill("PO 7")
    page.get_by_role("button", name="Review").click()
    expect(page.get_by_role("heading", name="2 new subscriptions")).to_be_visible()
    page.get_by_role("button", name="Back").click()
    page.get_by_label("Nickname – Exchange Online (Plan 1)").fill("Sales")
    page.get_by_role("button", name="Review").click()
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Order PO 7")
    expect(page.locator("td").get_by_text("Being provisioned")).to_have_count(2)
    provision_due_lines(order_id=Order.objects.get().pk)
    if not javascript:
        page.reload()
    # With scripts the page asks by itself how far it is.
    expect(page.locator("#order-status")).to_have_text("Completed", timeout=15_000)
    page.get_by_role("link", name="Exchange Online (Plan 1)").click()
    expect(page.get_by_role("link", name="PO 7")).to_be_visible()
    assert Subscription.objects.count() == 2


def test_a_search_as_one_types_keeps_what_was_typed(open_page: OpenPage, staff: Staff, customer: Customer) -> None:
    page = open_page(person=staff)
    page.goto(f"/customers/{customer.pk}/subscriptions/add/")
    page.get_by_label("Licences – Office 365 ProPlus").fill("12")
    page.get_by_label("Name of an offer").press_sequentially("skype")
    expect(page.get_by_label("Licences – Exchange Online (Plan 1)")).to_have_count(0)
    expect(page.get_by_label("Licences – Skype for Business Online (Plan 1)")).to_be_visible()
    expect(page.get_by_label("Licences – Office 365 ProPlus")).to_have_value("12")


@pytest.fixture
def line(staff: Staff, customer: Customer, settings: Settings) -> OrderLine:
    settings.PROVISIONER = "tests.subscriptions.working.AlwaysFails"
    made: OrderLine = OrderLineFactory(
        order__staff=staff, order__customer=customer, order__reference="PO 9", subscription__nickname="Head office"
    )
    provision_due_lines(order_id=made.order_id)
    return made


@pytest.mark.parametrize(("width", "theme", "language"), LOOKS)
def test_accessible_in_every_look(
    open_page: OpenPage,
    axe: Callable[[Page], None],
    watch: Watch,
    staff: Staff,
    customer: Customer,
    line: OrderLine,
    width: int,
    theme: Any,
    language: str,
) -> None:
    watch.expected_statuses.add(400)
    page = open_page(person=staff, width=width, theme=theme, language=language)

    def check() -> None:
        axe(page)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), page.url

    sold(None, customer, "SharePoint Online (Plan 2)")
    for address in (
        f"orders/{line.order_id}/",
        "orders/",
        "subscriptions/",
        f"subscriptions/{line.subscription_id}/",
        "subscriptions/add/?q=office",
        "subscriptions/add/",
    ):
        page.goto(f"/customers/{customer.pk}/{address}")
        check()
    page.locator("details.fold summary").click()
    check()
    quantity = page.locator(f'[name="quantity-{offer("Exchange Online (Plan 1)").pk}"]')
    for number in ("0", "7"):
        quantity.fill(number)
        page.locator("button[value=review]").click()
        page.wait_for_load_state()
        check()
