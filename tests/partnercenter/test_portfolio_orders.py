"""Orders in a portfolio file: they come out as they went in, and what is wrong with one is named."""

import json
from typing import Any

import pytest

from subscriptions.models import Order, OrderLine
from subscriptions.ordering import place_order
from subscriptions.provisioning import provision_due_lines
from subscriptions.sale import Line
from tests.factories import StaffFactory, customer_of, offer
from tests.partnercenter.portfolios import (
    ADATUM,
    BUSINESS,
    E3,
    LITWARE,
    NOBODY,
    OURS,
    Desk,
    a_customer,
    a_portfolio,
    a_subscription,
    number,
)
from tests.subscriptions.working import AlwaysFails

pytestmark = pytest.mark.django_db

ORDER = "eeeeeeee-eeee-4eee-8eee-eeeeeeeeeeee"
TIME = "2026-03-01T08:00:00Z"


def a_line(value: int = 1, **members: Any) -> dict[str, Any]:
    line = {"subscription": number(value), "offer": BUSINESS, "quantity": 5, "provisioning": "succeeded"}
    return line | {"attempts": 1, "provisioned": TIME} | members


def an_order(*lines: dict[str, Any], **members: Any) -> dict[str, Any]:
    order = {"id": ORDER, "partner": OURS, "reference": "PO 7", "billing_cycle": "annual", "created": TIME}
    return order | {"lines": list(lines or [a_line()])} | members


def of_adatum(*orders: dict[str, Any]) -> dict[str, Any]:
    held = [a_subscription(1), a_subscription(2, status="pending"), a_subscription(3, status="pending")]
    return a_portfolio(a_customer(ADATUM, *held, orders=list(orders)))


def waiting() -> dict[str, Any]:
    failed = {"failure_code": "refused", "failure": "no pool", "attempts": 6}
    return an_order(
        a_line(1),
        a_line(2, offer=E3, nickname="Sales", provisioning="failed", provisioned=None, **failed),
        a_line(3, provisioning="pending", provisioned=None, next_attempt="2026-03-01T08:05:00Z"),
    )


def without_null(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: without_null(one) for name, one in value.items() if one is not None}
    return [without_null(one) for one in value] if isinstance(value, list) else value


def test_orders_go_in_and_come_out_the_same(desk: Desk) -> None:
    order = without_null(waiting())
    desk.bring_in(of_adatum(order))
    taken = desk.take_out()
    [customer] = json.loads(taken)["customers"]
    assert customer["orders"] == [order]
    assert "Orders: 0 added, 0 updated, 1 unchanged" in desk.bring_in(taken).replace(" new", " added")
    assert desk.take_out() == taken


def test_what_was_ordered_here_comes_back_into_an_empty_portal(desk: Desk) -> None:
    staff = StaffFactory()
    customer = customer_of(staff.partner)
    for key, name in (("a", "Business"), ("b", "Exchange Online (Plan 1)")):
        order = place_order(staff=staff, customer_id=customer.pk, lines=[Line(offer(name).pk, 5)], key=key)
        provision_due_lines(order_id=order.pk, provisioner=AlwaysFails() if key == "b" else None)
    taken = desk.take_out()
    customer.delete()
    assert not Order.objects.exists()
    desk.bring_in(taken)
    assert desk.take_out() == taken


def test_a_changed_order_is_changed(desk: Desk) -> None:
    desk.bring_in(of_adatum(waiting_without_null := without_null(waiting())))
    desk.bring_in(of_adatum(waiting_without_null | {"reference": "PO 8"}))
    order = Order.objects.get()
    assert (order.reference, order.version, OrderLine.objects.count()) == ("PO 8", 2, 3)


def test_a_partner_takes_out_its_own_orders_alone(desk: Desk) -> None:
    desk.bring_in(of_adatum(an_order()))
    assert "orders" in json.loads(desk.take_out(partner=OURS))["customers"][0]
    Order.objects.update(partner=StaffFactory().partner)
    assert "orders" not in json.loads(desk.take_out(partner=OURS))["customers"][0]


@pytest.mark.parametrize(
    ("order", "place"),
    [
        (an_order(partner=NOBODY), "orders[0].partner"),
        (an_order(billing_cycle="weekly"), "orders[0].billing_cycle"),
        (an_order(reference="x" * 101), "orders[0].reference"),
        (an_order(lines=[]), "orders[0].lines"),
        (an_order(lines=[5]), "orders[0].lines[0]"),
        (an_order(colour="red"), "orders[0].colour"),
        (an_order(a_line(subscription=NOBODY)), "orders[0].lines[0].subscription"),
        (an_order(a_line(), a_line()), "orders[0].lines[1].subscription"),
        (an_order(a_line(offer=NOBODY)), "orders[0].lines[0].offer"),
        (an_order(a_line(quantity=0)), "orders[0].lines[0].quantity"),
        (an_order(a_line(quantity=10**20)), "orders[0].lines[0].quantity"),
        (an_order(a_line(attempts=-1)), "orders[0].lines[0].attempts"),
        (an_order(without_null(a_line(provisioned=None))), "orders[0].lines[0].provisioned"),
        (an_order(a_line(provisioning="pending")), "orders[0].lines[0].provisioned"),
        (an_order(a_line(next_attempt=TIME)), "orders[0].lines[0].next_attempt"),
        (an_order(without_null(a_line(provisioning="failed", provisioned=None))), "orders[0].lines[0].failure_code"),
        (an_order(a_line(failure="a\x00b")), "orders[0].lines[0].failure"),
    ],
)
def test_what_is_wrong_with_an_order_is_named_by_its_place(desk: Desk, order: dict[str, Any], place: str) -> None:
    faults = desk.faults(of_adatum(order))
    assert any(f"customers[0].{place}" in fault for fault in faults), faults
    assert not Order.objects.exists()


def test_an_order_and_its_lines_stay_with_their_customer(desk: Desk) -> None:
    desk.bring_in(of_adatum(an_order()))
    other = a_portfolio(a_customer(LITWARE, orders=[an_order()]), partners=[])
    assert len(desk.faults(other)) == 2
    moved = of_adatum(an_order(id=NOBODY))
    assert "came by another line" in "".join(desk.faults(moved))
