"""The worker provisions what was ordered, tries again what fails, and takes up what a killed one left."""

import datetime
from typing import Any

import pytest
from django.core.checks import run_checks
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone, translation
from django_tasks_db.models import DBTaskResult
from pytest_django import Settings

from activity.models import ActivityRecord, Outcome
from activity.words import sentence
from customers.models import Customer
from partners.models import Staff
from partners.roles import Role
from subscriptions.models import Failure, Order, OrderLine, OrderStatus, Provisioning, Status, Subscription
from subscriptions.ordering import place_order, retry_provisioning
from subscriptions.provisioning import PAUSES, provision_due_lines
from subscriptions.sale import Line
from tests.factories import OrderFactory, OrderLineFactory, StaffFactory, customer_of, offer
from tests.subscriptions import working
from tests.subscriptions.working import work

WORKING = "tests.subscriptions.working"


@pytest.fixture
def staff() -> Staff:
    return StaffFactory()


@pytest.fixture
def customer(staff: Staff) -> Customer:
    return customer_of(staff.partner, company_name="Adatum")


def place(staff: Staff, customer: Customer, *names: str) -> Order:
    lines = [Line(offer(name).pk, 5) for name in names or ("Business",)]
    return place_order(staff=staff, customer_id=customer.pk, lines=lines, key="key")


def make_due() -> None:
    """Let all pauses be over."""
    now = timezone.now()
    OrderLine.objects.filter(next_attempt_at__gt=now).update(next_attempt_at=now)
    DBTaskResult.objects.filter(run_after__gt=now, run_after__year__lt=9000).update(run_after=now)


@pytest.mark.django_db(transaction=True)
class TestTheWorker:
    def test_provisions_what_was_ordered(self, staff: Staff, customer: Customer) -> None:
        place(staff, customer, "Business", "Exchange Online (Plan 1)")
        work()
        assert {row.status for row in Subscription.objects.all()} == {Status.ACTIVE}

    def test_tries_again_until_it_succeeds(self, staff: Staff, customer: Customer, settings: Settings) -> None:
        settings.PROVISIONER = f"{WORKING}.FailsTwice"
        working.FailsTwice.asked = []
        place(staff, customer)
        work()
        work()
        assert Subscription.objects.get().status == Status.PENDING
        assert len(working.FailsTwice.asked) == 1
        for _ in range(2):
            make_due()
            work()
        line = OrderLine.objects.get()
        assert (line.provisioning, line.attempts, line.failure_words) == (Provisioning.SUCCEEDED, 3, "")
        assert Subscription.objects.get().status == Status.ACTIVE

    def test_takes_up_what_a_killed_one_left_in_the_middle(self, staff: Staff, customer: Customer) -> None:
        place(staff, customer)
        DBTaskResult.objects.get().claim("a worker that was killed")
        work()
        assert Subscription.objects.get().status == Status.ACTIVE

    def test_does_nothing_twice(self, staff: Staff, customer: Customer) -> None:
        place(staff, customer)
        work()
        records = ActivityRecord.objects.count()
        work()
        assert ActivityRecord.objects.count() == records


@pytest.mark.django_db
class TestFailures:
    @pytest.fixture(autouse=True)
    def _fails(self, settings: Settings) -> None:
        settings.PROVISIONER = f"{WORKING}.AlwaysFails"

    def test_the_first_is_told_and_the_next_attempt_planned(self, staff: Staff, customer: Customer) -> None:
        order = place(staff, customer)
        before = timezone.now()
        provision_due_lines(order_id=order.pk)
        line = OrderLine.objects.get()
        assert (line.provisioning, line.attempts) == (Provisioning.PENDING, 1)
        assert line.failure_words == "No licence pool for line 0."
        assert line.next_attempt_at is not None
        assert line.next_attempt_at >= before + PAUSES[0]
        assert DBTaskResult.objects.filter(run_after=line.next_attempt_at).count() == 1
        record = ActivityRecord.objects.get(operation="provisioning_failed")
        assert record.outcome == Outcome.FAILED
        assert sentence(record) == (
            "The portal could not provision Office 365 Business of Adatum, and tries again by itself."
        )

    def test_pauses_grow(self) -> None:
        assert list(PAUSES) == sorted(set(PAUSES))
        assert PAUSES[0] >= datetime.timedelta(seconds=30)

    def test_of_the_attempts_after_the_first_those_are_told_that_fail_otherwise(
        self, staff: Staff, customer: Customer, settings: Settings
    ) -> None:
        order = place(staff, customer)
        for provisioner in ("AlwaysFails", "AlwaysFails", "BreaksOff", "BreaksOff"):
            settings.PROVISIONER = f"{WORKING}.{provisioner}"
            make_due()
            provision_due_lines(order_id=order.pk)
        told = ActivityRecord.objects.filter(operation="provisioning_failed").order_by("at")
        assert [record.after["attempts"] for record in told] == [1, 3]
        retry_provisioning(staff=staff, customer_id=customer.pk, order_id=order.pk)
        provision_due_lines(order_id=order.pk)
        assert told.all().count() == 3

    def test_after_the_last_pause_somebody_has_to_try_again(
        self, staff: Staff, customer: Customer, settings: Settings
    ) -> None:
        order = place(staff, customer)
        for _ in range(len(PAUSES) + 3):
            make_due()
            provision_due_lines(order_id=order.pk)
        line = OrderLine.objects.get()
        assert (line.provisioning, line.attempts, line.next_attempt_at) == (
            Provisioning.FAILED,
            len(PAUSES) + 1,
            None,
        )
        told = ActivityRecord.objects.filter(operation="provisioning_failed").order_by("at")
        assert [record.after["attempts"] for record in told] == [1, len(PAUSES) + 1]
        settings.PROVISIONER = "subscriptions.provisioning.ConfirmAtOnce"
        retry_provisioning(staff=staff, customer_id=customer.pk, order_id=order.pk)
        assert DBTaskResult.objects.filter(run_after__year__gt=9000).count() == 2
        provision_due_lines(order_id=order.pk)
        assert Order.objects.get().status == OrderStatus.COMPLETED

    def test_two_workers_that_meet_the_same_failure_count_it_once(self, staff: Staff, customer: Customer) -> None:
        order = place(staff, customer)
        provision_due_lines(order_id=order.pk)
        provision_due_lines(order_id=order.pk)
        assert OrderLine.objects.get().attempts == 1

    def test_a_provisioner_that_breaks_off_is_told_in_the_readers_language(
        self, staff: Staff, customer: Customer, settings: Settings
    ) -> None:
        settings.PROVISIONER = f"{WORKING}.BreaksOff"
        provision_due_lines(order_id=place(staff, customer).pk)
        line = OrderLine.objects.get()
        assert line.attempts == 1
        assert "could not be asked" in line.failure_words
        with translation.override("es"):
            assert "could not be asked" not in line.failure_words

    def test_nothing_is_left_to_try_again_once_all_is_provisioned(
        self, staff: Staff, customer: Customer, settings: Settings
    ) -> None:
        settings.PROVISIONER = "subscriptions.provisioning.ConfirmAtOnce"
        order = place(staff, customer)
        provision_due_lines(order_id=order.pk)
        tasks = DBTaskResult.objects.count()
        retry_provisioning(staff=staff, customer_id=customer.pk, order_id=order.pk)
        assert DBTaskResult.objects.count() == tasks
        assert not ActivityRecord.objects.filter(operation="retry_provisioning").exists()

    def test_pressed_twice_it_is_asked_once(self, staff: Staff, customer: Customer) -> None:
        order = place(staff, customer)
        provision_due_lines(order_id=order.pk)
        for _ in range(2):
            retry_provisioning(staff=staff, customer_id=customer.pk, order_id=order.pk)
        assert ActivityRecord.objects.filter(operation="retry_provisioning").count() == 1

    def test_who_may_not_sell_does_not_have_it_tried_again(self, staff: Staff, customer: Customer) -> None:
        order = place(staff, customer)
        colleague = StaffFactory(partner=staff.partner, roles=[Role.HELPDESK_AGENT])
        with pytest.raises(PermissionDenied):
            retry_provisioning(staff=colleague, customer_id=customer.pk, order_id=order.pk)
        record = ActivityRecord.objects.get(operation="retry_provisioning")
        assert (record.outcome, record.reasons) == (Outcome.REFUSED, ["role"])
        assert (record.customer_id, record.resource_id) == (customer.pk, str(order.pk))


@pytest.mark.parametrize("path", ["subscriptions.provisioning.Nothing", "nowhere.Provisioner", "uuid.UUID"])
def test_a_provisioner_that_is_none_is_named_by_the_checks(settings: Settings, path: str) -> None:
    settings.PROVISIONER = path
    assert "subscriptions.E001" in {message.id for message in run_checks()}


@pytest.mark.django_db
class TestAddOns:
    @pytest.fixture
    def line(self, staff: Staff, customer: Customer) -> OrderLine:
        """A line that stands before that of its parent in the order."""
        placed = OrderFactory(staff=staff, customer=customer)
        parent = OrderLineFactory(order=placed, number=1)
        return OrderLineFactory(order=placed, number=0, subscription__parent=parent.subscription)

    def test_a_parent_comes_before_its_add_on(self, line: OrderLine, settings: Settings) -> None:
        provision_due_lines(order_id=line.order_id)
        assert {row.status for row in Subscription.objects.all()} == {Status.ACTIVE}

    def test_an_add_on_waits_while_its_parent_is_not_provisioned(self, line: OrderLine, settings: Settings) -> None:
        settings.PROVISIONER = f"{WORKING}.AlwaysFails"
        provision_due_lines(order_id=line.order_id)
        assert dict(OrderLine.objects.values_list("number", "attempts")) == {0: 0, 1: 1}
        settings.PROVISIONER = "subscriptions.provisioning.ConfirmAtOnce"
        make_due()
        provision_due_lines(order_id=line.order_id)
        assert {row.status for row in Subscription.objects.all()} == {Status.ACTIVE}

    def test_an_add_on_is_not_active_under_a_parent_that_is_suspended(self, line: OrderLine) -> None:
        Subscription.objects.filter(add_ons__isnull=False).update(status=Status.SUSPENDED, suspended_at=timezone.now())
        provision_due_lines(order_id=line.order_id)
        line.refresh_from_db()
        assert (line.subscription.status, line.failure_code) == (Status.PENDING, Failure.PARENT_NOT_ACTIVE)
        assert line.failure_words == "The subscription that it is an add-on of is not active."


@pytest.mark.django_db
@pytest.mark.parametrize(
    "wrong",
    [
        {"quantity": 0},
        {"quantity": 10_000_001},
        {"provisioning": "unheard of"},
        {"provisioning": Provisioning.SUCCEEDED},
        {"provisioning": Provisioning.SUCCEEDED, "provisioned_at": timezone.now()},
        {"provisioned_at": timezone.now()},
        {"provisioning": Provisioning.FAILED, "next_attempt_at": None},
    ],
)
def test_the_database_refuses_a_line_that_cannot_be(wrong: dict[str, Any]) -> None:
    line = OrderLineFactory()
    with pytest.raises(IntegrityError), transaction.atomic():
        OrderLine.objects.filter(pk=line.pk).update(**wrong)


@pytest.mark.django_db
def test_the_database_refuses_a_number_and_a_subscription_twice_and_an_unheard_cycle() -> None:
    line = OrderLineFactory()
    for wrong in ({"order": line.order}, {"subscription": line.subscription, "number": 5}):
        with pytest.raises(IntegrityError), transaction.atomic():
            OrderLineFactory(**wrong)
    with pytest.raises(IntegrityError), transaction.atomic():
        Order.objects.update(billing_cycle="weekly")
