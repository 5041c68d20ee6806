"""Placing an order: all lines or none, once a key, recorded, and refused in whole sentences."""

import uuid
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404

from activity.errors import SubmissionReused
from activity.models import ActivityRecord, Outcome
from activity.words import sentence
from customers.models import Customer, ResellerRelationship
from partners.models import Staff
from partners.roles import Role
from subscriptions.models import BillingCycle, Order, OrderStatus, Provisioning, Status, Subscription, a_year_later
from subscriptions.ordering import LinesRefused, OrderContentRefused, OrderRefused, RelationshipEnded, place_order
from subscriptions.provisioning import provision_due_lines
from subscriptions.sale import Line
from tests.factories import StaffFactory, customer_of, offer, sold

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff() -> Staff:
    return StaffFactory(roles=[Role.SALES_AGENT])


@pytest.fixture
def customer(staff: Staff) -> Customer:
    return customer_of(staff.partner, company_name="Adatum")


def line(name: str, quantity: int = 5, nickname: str = "") -> Line:
    return Line(offer(name).pk, quantity, nickname)


def place(staff: Staff, customer: Customer, *lines: Line, key: str = "key", **more: Any) -> Order:
    return place_order(staff=staff, customer_id=customer.pk, lines=lines, key=key, **more)


def refused(staff: Staff, customer: Customer, *lines: Line, **more: Any) -> OrderRefused:
    with pytest.raises(OrderRefused) as caught:
        place(staff, customer, *lines, **more)
    assert not Order.objects.exists()
    return caught.value


def test_each_line_becomes_a_pending_subscription_committed_for_a_year(staff: Staff, customer: Customer) -> None:
    order = place(staff, customer, line("Business", 7, "Sales"), line("Exchange Online (Plan 1)", 3), reference="PO 7")
    first, second = Subscription.objects.order_by("offer__name")[::-1]
    assert (first.offer.name, first.quantity, first.nickname) == ("Office 365 Business", 7, "Sales")
    assert (second.offer.name, second.quantity, second.nickname) == ("Exchange Online (Plan 1)", 3, "")
    for subscription in (first, second):
        assert subscription.status == Status.PENDING
        assert subscription.reseller_of_record == staff.partner
        assert subscription.auto_renew
        assert subscription.commitment_end == a_year_later(subscription.created_at.date())
        assert subscription.order_line.order == order
    assert (order.status, order.reference, order.billing_cycle) == (OrderStatus.PENDING, "PO 7", BillingCycle.MONTHLY)
    assert [row.number for row in order.lines.all()] == [0, 1]


def test_provisioning_makes_them_active(staff: Staff, customer: Customer) -> None:
    order = place(staff, customer, line("Business"), line("Exchange Online (Plan 1)"))
    provision_due_lines(order_id=order.pk)
    assert set(Subscription.objects.values_list("status", "version")) == {(Status.ACTIVE, 2)}
    assert Order.objects.get().status == OrderStatus.COMPLETED
    assert {row.provisioning for row in order.lines.all()} == {Provisioning.SUCCEEDED}


def test_an_order_leaves_a_record_of_its_own_and_one_a_subscription(staff: Staff, customer: Customer) -> None:
    order = place(staff, customer, line("Business", 7), line("Exchange Online (Plan 1)", 1))
    provision_due_lines(order_id=order.pk)
    records = ActivityRecord.objects.order_by("at")
    assert [record.operation for record in records] == [
        "place_order",
        "create_subscription",
        "create_subscription",
        "provision_subscription",
        "provision_subscription",
    ]
    assert [sentence(record) for record in records[:3]] == [
        f"{staff} placed an order of 2 subscriptions for Adatum.",
        f"{staff} ordered Office 365 Business with 7 licences for Adatum.",
        f"{staff} ordered Exchange Online (Plan 1) with 1 licence for Adatum.",
    ]
    assert sentence(records[3]) == "The portal provisioned Office 365 Business of Adatum."
    assert {record.partner_id for record in records} == {staff.partner_id}
    assert records[0].resource_id == str(order.pk)


def test_the_same_key_returns_the_first_order_and_changes_nothing(staff: Staff, customer: Customer) -> None:
    first = place(staff, customer, line("Business"))
    assert place(staff, customer, line("Business")) == first
    assert Subscription.objects.count() == 1
    assert ActivityRecord.objects.count() == 2


def test_the_same_key_with_other_content_is_refused(staff: Staff, customer: Customer) -> None:
    place(staff, customer, line("Business"))
    with pytest.raises(SubmissionReused):
        place(staff, customer, line("Business", 6))
    assert Subscription.objects.count() == 1


def test_one_line_that_cannot_be_sold_keeps_all_from_being_sold(staff: Staff, customer: Customer) -> None:
    sold(None, customer, "E3")
    refusal = refused(staff, customer, line("Business"), line("Exchange Online (Plan 1)"))
    assert isinstance(refusal, LinesRefused)
    assert refusal.codes == ("conflicting_service_types",)
    assert Subscription.objects.count() == 1
    record = ActivityRecord.objects.get()
    assert (record.operation, record.outcome, record.reasons) == (
        "place_order",
        Outcome.REFUSED,
        ["conflicting_service_types"],
    )


@pytest.mark.parametrize("quantity", [0, -1, 301, 2**31, 10**30])
def test_a_number_of_licences_outside_the_limits_is_refused(staff: Staff, customer: Customer, quantity: int) -> None:
    refusal = refused(staff, customer, line("Business", quantity))
    assert refusal.codes == ("quantity_out_of_range",)
    assert "1 to 300" in refusal.message


@pytest.mark.parametrize(
    ("lines", "more", "code"),
    [
        ([], {}, "lines_refused"),
        ([Line(uuid.uuid4(), 1)] * 101, {}, "lines_refused"),
        (None, {"billing_cycle": "weekly"}, "billing_cycle_refused"),
        (None, {"reference": "x" * 101}, "reference_refused"),
        (None, {"reference": "a\x00b"}, "reference_refused"),
        (None, {"reference": "a\u202eb"}, "reference_refused"),
    ],
)
def test_what_is_not_as_it_must_be_is_refused(
    staff: Staff, customer: Customer, lines: list[Line] | None, more: dict[str, Any], code: str
) -> None:
    refusal = refused(staff, customer, *([line("Business")] if lines is None else lines), **more)
    assert isinstance(refusal, OrderContentRefused)
    assert refusal.codes == (code,)


@pytest.mark.parametrize("nickname", ["x" * 257, "a\x00b", "a\u2067b", "a\nb"])
def test_a_nickname_that_cannot_be_shown_is_refused(staff: Staff, customer: Customer, nickname: str) -> None:
    assert refused(staff, customer, line("Business", 1, nickname)).codes == ("nickname_refused",)


def test_an_unknown_offer_is_refused(staff: Staff, customer: Customer) -> None:
    assert refused(staff, customer, Line(uuid.uuid4(), 1)).codes == ("unknown_offer",)


def test_a_former_reseller_may_look_and_not_sell(staff: Staff, customer: Customer) -> None:
    ResellerRelationship.objects.update(has_ended=True, had_subscriptions=True)
    assert isinstance(refused(staff, customer, line("Business")), RelationshipEnded)


def test_another_partners_customer_does_not_exist(staff: Staff) -> None:
    with pytest.raises(Http404):
        place(staff, customer_of(StaffFactory().partner), line("Business"))


@pytest.mark.parametrize("role", [Role.HELPDESK_AGENT, Role.BILLING_ADMIN, Role.USER_ADMIN])
def test_who_may_not_sell_is_refused_and_recorded(staff: Staff, customer: Customer, role: Role) -> None:
    with pytest.raises(PermissionDenied):
        place(StaffFactory(partner=staff.partner, roles=[role]), customer, line("Business"))
    assert ActivityRecord.objects.get().reasons == ["role"]
    assert not Subscription.objects.exists()


def test_an_order_whose_subscriptions_were_all_deleted_unprovisioned_is_cancelled(
    staff: Staff, customer: Customer
) -> None:
    order = place(staff, customer, line("Business"))
    Subscription.objects.update(status=Status.DELETED)
    provision_due_lines(order_id=order.pk)
    assert Order.objects.get().status == OrderStatus.CANCELLED
    assert Subscription.objects.get().status == Status.DELETED


def test_orders_are_seen_by_who_placed_them_alone(staff: Staff, customer: Customer) -> None:
    order = place(staff, customer, line("Business"))
    other = StaffFactory()
    ResellerRelationship.objects.create(partner=other.partner, customer=customer)
    assert list(Order.objects.visible_to(staff)) == [order]
    assert not Order.objects.visible_to(other).exists()
