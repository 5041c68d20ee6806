"""Adding subscriptions on the pages: choose, review, submit; the orders, and how far they are."""

import uuid
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import Settings
from pytest_django.asserts import assertContains

from activity.models import ActivityRecord
from customers.models import Customer, ResellerRelationship
from partners.models import Staff
from partners.roles import Role
from subscriptions.basket import BasketForm, filled_with
from subscriptions.models import Order, OrderLine, Status, Subscription
from subscriptions.provisioning import PAUSES, provision_due_lines
from subscriptions.sale import Line, sale_to
from tests.factories import OrderFactory, OrderLineFactory, StaffFactory, customer_of, offer, sold

pytestmark = pytest.mark.django_db

EXCHANGE = "Exchange Online (Plan 1)"


@pytest.fixture
def staff() -> Staff:
    return StaffFactory()


@pytest.fixture
def customer(staff: Staff) -> Customer:
    return customer_of(staff.partner, company_name="Adatum")


@pytest.fixture
def address(customer: Customer) -> str:
    return reverse("desk:add_subscriptions", args=[customer.pk])


@pytest.fixture
def browser(staff: Staff) -> Client:
    client = Client()
    client.force_login(staff)
    return client


def quantity(name: str) -> str:
    return f"quantity-{offer(name).pk}"


def nickname(name: str) -> str:
    return f"nickname-{offer(name).pk}"


def basket(step: str, **quantities: Any) -> dict[str, Any]:
    asked = {quantity(name): number for name, number in {"Business": 7, EXCHANGE: 3, **quantities}.items()}
    return {"step": step, "key": "a key", "reference": "PO 7", "billing_cycle": "annual", **asked}


def test_what_may_be_sold_stands_with_a_field_and_the_rest_with_its_reason(
    browser: Client, address: str, staff: Staff, customer: Customer
) -> None:
    held = sold(staff.partner, customer, "Business")
    page = browser.get(address).content.decode()
    assert f'name="{quantity(EXCHANGE)}"' in page
    assert f'name="{quantity("Business")}"' not in page
    assert "The customer already has Office 365 Business from you." in page
    assert reverse("desk:subscription_details", args=[customer.pk, held.pk]) in page


def test_the_review_says_what_becomes_impossible_and_creates_nothing(
    browser: Client, address: str, staff: Staff, customer: Customer
) -> None:
    sold(staff.partner, customer, "Business")
    answer = browser.post(address, {"step": "review", quantity(EXCHANGE): "3", nickname(EXCHANGE): "Sales"})
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "can then no longer be upgraded to Office 365 Business Premium, Office 365 Enterprise E3" in page
    assert "Sales" in page
    assert Subscription.objects.count() == 1


def test_submitting_twice_leads_to_one_order(browser: Client, address: str, customer: Customer) -> None:
    answers = [browser.post(address, basket("submit")) for _ in range(2)]
    order = Order.objects.get()
    assert {answer["Location"] for answer in answers} == {reverse("desk:order", args=[customer.pk, order.pk])}
    assert (order.reference, order.billing_cycle) == ("PO 7", "annual")
    assert [(line.offer.name, line.quantity) for line in order.lines.all()] == [
        (EXCHANGE, 3),
        ("Office 365 Business", 7),
    ]
    page = browser.get(answers[0]["Location"]).content.decode()
    assert "PO 7" in page
    assert "Being provisioned" in page


def test_a_sale_that_became_impossible_is_refused_with_what_was_typed(
    browser: Client, address: str, staff: Staff, customer: Customer
) -> None:
    browser.post(address, basket("review"))
    sold(None, customer, "Exchange Online (Plan 2)")
    answer = browser.post(address, basket("submit"))
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "bought from another reseller or channel, already contains Exchange Online" in page
    assert 'value="7"' in page
    assert not Order.objects.exists()
    record = ActivityRecord.objects.get()
    assert (record.operation, record.outcome) == ("place_order", "refused")


def test_the_key_of_another_order_is_refused_and_replaced(browser: Client, address: str) -> None:
    browser.post(address, {"step": "submit", "key": "a key", quantity("Business"): "5"})
    answer = browser.post(address, {"step": "submit", "key": "a key", quantity(EXCHANGE): "5"})
    assert answer.status_code == 409
    assert "already used" in answer.content.decode()
    assert answer.context["form"]["key"].value() != "a key"


def test_back_from_the_review_what_was_typed_stands_there(browser: Client, address: str) -> None:
    answer = browser.post(address, basket("choose"))
    assert answer.status_code == 200
    page = answer.content.decode()
    assert 'value="7"' in page
    assert 'value="PO 7"' in page
    assert "Please look at this again" not in page


def test_a_search_keeps_in_sight_what_is_filled_in(browser: Client, address: str) -> None:
    page = browser.post(address, {"step": "choose", "q": "ＳＫＹＰＥ", quantity("Business"): "7"}).content.decode()
    assert quantity("Skype for Business Online (Plan 1)") in page
    assert quantity("Business") in page
    assert quantity(EXCHANGE) not in page
    assert "No offer found" in browser.get(address, {"q": "nothing of this name"}).content.decode()


HUGE, CONTROL, TURNED = "x" * 10_000, "a\x00b\x07", "a\u202eb"


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("quantity", "0", "1 to 300 licences"),
        ("quantity", "-5", "1 to 300 licences"),
        ("quantity", "301", "1 to 300 licences"),
        ("quantity", "9" * 5000, "as a whole number"),
        ("quantity", "1.000", "as a whole number"),
        ("quantity", "<script>", "as a whole number"),
        ("quantity", CONTROL, "as a whole number"),
        ("nickname", HUGE, "at most 256 characters"),
        ("nickname", CONTROL, "control characters"),
        ("nickname", TURNED, "control characters"),
        ("reference", HUGE, "at most 100 characters"),
        ("reference", TURNED, "control characters"),
        ("billing_cycle", "weekly", "Select a valid choice"),
        ("key", HUGE, "at most 100 characters"),
    ],
)
@pytest.mark.parametrize("step", ["review", "submit"])
def test_what_cannot_be_is_refused_beside_the_field(
    browser: Client, address: str, step: str, field: str, value: str, told: str
) -> None:
    name = {"quantity": quantity("Business"), "nickname": nickname("Business")}.get(field, field)
    answer = browser.post(address, {**basket(step), name: value})
    assert answer.status_code in {400, 409}
    page = answer.content.decode()
    assert "Please look at this again" in page
    assert told in page
    assert "<script>" not in page.split("<main", 1)[1].split("</main>", 1)[0]
    assert not Order.objects.exists()


def test_nothing_chosen_and_a_name_without_a_number_are_told(browser: Client, address: str) -> None:
    assert "Nothing is chosen yet" in browser.post(address, {"step": "review"}).content.decode()
    page = browser.post(address, {"step": "review", nickname("Business"): "Sales"}).content.decode()
    assert "It has a nickname but no number of licences" in page


def test_offers_that_exclude_each_other_are_told_at_the_second(browser: Client, address: str) -> None:
    answer = browser.post(address, basket("review", ProPlus=2))
    assert "in the same order already contains OneDrive for Business" in answer.content.decode()


def test_a_former_reseller_is_told_so_and_sells_nothing(browser: Client, address: str, customer: Customer) -> None:
    ResellerRelationship.objects.update(has_ended=True, had_subscriptions=True)
    page = browser.get(address).content.decode()
    assert "has ended" in page
    assert "<fieldset" not in page
    assert browser.post(address, basket("submit")).status_code == 409
    listed = browser.get(reverse("desk:subscription_list", args=[customer.pk])).content.decode()
    assert address not in listed


def test_a_basket_for_a_customer_to_be_holds_lines_only_against_each_other(staff: Staff) -> None:
    lines = [Line(offer("Business").pk, 7, "Sales"), Line(offer(EXCHANGE).pk, 3)]
    sale = sale_to(partner_id=staff.partner_id, customer_id=None)
    again = BasketForm({name: str(value) for name, value in filled_with(lines).items()}, sale=sale)
    assert again.is_valid()
    assert set(again.lines) == set(lines)
    assert BasketForm({}, sale=sale, may_be_empty=True).is_valid()


class TestOrders:
    @pytest.fixture
    def line(self, staff: Staff, customer: Customer, settings: Settings) -> OrderLine:
        """A line whose provisioning failed once."""
        settings.PROVISIONER = "tests.subscriptions.working.AlwaysFails"
        made = OrderLineFactory(order__staff=staff, order__customer=customer, order__reference="PO 9")
        provision_due_lines(order_id=made.order_id)
        return OrderLine.objects.get(pk=made.pk)

    def pages(self, browser: Client, line: OrderLine) -> dict[str, str]:
        customer_id = line.order.customer_id
        addresses = {
            "order": reverse("desk:order", args=[customer_id, line.order_id]),
            "details": reverse("desk:subscription_details", args=[customer_id, line.subscription_id]),
            "list": reverse("desk:subscription_list", args=[customer_id]),
        }
        return {name: browser.get(address).content.decode() for name, address in addresses.items()}

    def test_a_failure_shows_on_the_order_the_details_and_the_list(self, browser: Client, line: OrderLine) -> None:
        shown = self.pages(browser, line)
        assert "No licence pool for line 0." in shown["order"]
        assert "No licence pool for line 0." in shown["details"]
        assert "It is tried again by itself on" in shown["details"]
        assert "Provisioning failed" in shown["list"]
        assert "PO 9" in shown["details"]

    def test_trying_again_ends_it(self, browser: Client, line: OrderLine, settings: Settings) -> None:
        for _ in PAUSES:
            OrderLine.objects.update(next_attempt_at=line.order.created_at)
            provision_due_lines(order_id=line.order_id)
        assert "not tried again by itself any more" in self.pages(browser, line)["order"]
        settings.PROVISIONER = "subscriptions.provisioning.ConfirmAtOnce"
        browser.post(reverse("desk:retry_order", args=[line.order.customer_id, line.order_id]))
        provision_due_lines(order_id=line.order_id)
        shown = self.pages(browser, line)
        assert "Completed" in shown["order"]
        assert "Try again" not in shown["order"]
        assert "Provisioning failed" not in shown["list"]

    def test_who_may_only_look_has_no_button(self, line: OrderLine, staff: Staff) -> None:
        looking = Client()
        looking.force_login(StaffFactory(partner=staff.partner, roles=[Role.HELPDESK_AGENT]))
        shown = self.pages(looking, line)
        assert "No licence pool" in shown["order"]
        for page in shown.values():
            assert "Try again" not in page
            assert "Add a subscription" not in page

    def test_a_cancelled_one_says_so(self, browser: Client, line: OrderLine) -> None:
        Subscription.objects.update(status=Status.DELETED)
        shown = self.pages(browser, line)
        assert "Cancelled" in shown["order"]
        assert "could not be provisioned" not in shown["order"]
        assert "could not be provisioned" not in shown["details"]

    def test_another_partners_order_is_not_told_on_the_details(self, browser: Client, line: OrderLine) -> None:
        Order.objects.update(partner=StaffFactory().partner)
        assert "PO 9" not in self.pages(browser, line)["details"]

    def test_the_list_names_offers_references_and_states(self, browser: Client, line: OrderLine) -> None:
        page = browser.get(reverse("desk:order_list", args=[line.order.customer_id])).content.decode()
        assert "PO 9" in page
        assert "Office 365 Business" in page
        assert "Pending" in page

    def test_pages_of_many_cost_no_more_queries(self, browser: Client, staff: Staff, customer: Customer) -> None:
        addresses = [
            reverse("desk:order_list", args=[customer.pk]),
            reverse("desk:subscription_list", args=[customer.pk]),
        ]
        counted = []
        for _ in range(2):
            for number in range(3):
                OrderLineFactory(order__staff=staff, order__customer=customer, number=number)
            with CaptureQueriesContext(connection) as queries:
                for address in addresses:
                    browser.get(address)
            counted.append(len(queries))
        assert counted[0] == counted[1]

    def test_the_list_goes_on_by_pages(self, browser: Client, staff: Staff, customer: Customer) -> None:
        for _ in range(51):
            OrderFactory(staff=staff, customer=customer)
        address = reverse("desk:order_list", args=[customer.pk])
        first = browser.get(address)
        assert len(first.context["orders"]) == 50
        assert len(browser.get(first.context["next_url"]).context["orders"]) == 1

    def test_its_reference_tells_the_way_back_apart_from_the_list(self, browser: Client, line: OrderLine) -> None:
        page = browser.get(reverse("desk:order", args=[line.order.customer_id, line.order_id]))
        assertContains(page, f'<li aria-current="page">{line.order.reference}</li>', html=True)

    def test_an_order_of_another_customer_is_not_found(self, browser: Client, line: OrderLine, staff: Staff) -> None:
        other = customer_of(staff.partner)
        for name in ("desk:order", "desk:retry_order"):
            method = browser.post if name.endswith("retry_order") else browser.get
            assert method(reverse(name, args=[other.pk, line.order_id])).status_code == 404
            assert method(reverse(name, args=[line.order.customer_id, uuid.uuid4()])).status_code == 404
