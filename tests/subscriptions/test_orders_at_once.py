"""Orders that meet: with each other, with an upgrade, with a second worker, and with a worker that is killed."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from activity.errors import Refused
from activity.models import ActivityRecord
from customers.models import Customer
from partners.models import Staff
from subscriptions.models import Order, OrderLine, Provisioning, Status, Subscription
from subscriptions.ordering import place_order
from subscriptions.provisioning import provision_due_lines
from subscriptions.sale import Line
from tests.databases import url_for_another_process
from tests.factories import StaffFactory, customer_of, offer, sold
from tests.subscriptions.working import work
from tests.upgrades.submitting import Pause, and_close, paused, wait_until_blocked
from upgrades.models import Upgrade
from upgrades.operations import upgrade_subscription

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def staff() -> Staff:
    made: Staff = StaffFactory()
    assert made.permissions  # asked for here once: the threads share this person
    return made


@pytest.fixture
def customer(staff: Staff) -> Customer:
    return customer_of(staff.partner)


def order(staff: Staff, customer: Customer, *names: str, key: str = "key") -> Order | Refused:
    """The order, or the refusal as a value."""
    lines = [Line(offer(name).pk, 5) for name in names]
    try:
        return place_order(staff=staff, customer_id=customer.pk, lines=lines, key=key)
    except Refused as refused:
        return refused


def test_of_two_orders_that_conflict_one_wins(staff: Staff, customer: Customer) -> None:
    pause = Pause(before='INSERT INTO "subscriptions_orderline"')
    with ThreadPoolExecutor(max_workers=1) as pool:
        with paused(pause, lambda: order(staff, customer, "Exchange Online (Plan 1)", key="first")) as first:
            second = pool.submit(and_close(lambda: order(staff, customer, "E3", key="second")))
            wait_until_blocked(second, by=pause.process_id)
        refused = second.result()
    assert isinstance(first.result(), Order)
    assert isinstance(refused, Refused)
    assert refused.codes == ("conflicting_service_types",)
    assert Subscription.objects.get().offer == offer("Exchange Online (Plan 1)")


def test_an_order_waits_for_an_upgrade_and_is_judged_afterwards(staff: Staff, customer: Customer) -> None:
    held = sold(staff.partner, customer, "Business")
    asked = {"staff": staff, "subscription_id": held.pk, "target_id": offer("E3").pk, "quantity": 5, "key": "upgrade"}
    pause = Pause(before='INSERT INTO "upgrades_upgrade"')
    with ThreadPoolExecutor(max_workers=1) as pool:
        with paused(pause, lambda: upgrade_subscription(**asked)) as upgraded:
            ordered = pool.submit(and_close(lambda: order(staff, customer, "Exchange Online (Plan 1)")))
            wait_until_blocked(ordered, by=pause.process_id)
        assert isinstance(ordered.result(), Refused)
    assert isinstance(upgraded.result(), Upgrade)


def test_the_same_submit_many_times_at_once_is_one_order(staff: Staff, customer: Customer) -> None:
    run = and_close(lambda number: order(staff, customer, "Business", "Exchange Online (Plan 1)"))
    with ThreadPoolExecutor(max_workers=8) as pool:
        answers = list(pool.map(run, range(8)))
    assert set(answers) == {Order.objects.get()}
    assert Subscription.objects.count() == 2


def test_two_workers_with_the_same_line_provision_it_once(staff: Staff, customer: Customer) -> None:
    placed = order(staff, customer, "Business")
    assert isinstance(placed, Order)
    pause = Pause(before='UPDATE "subscriptions_orderline"')
    with ThreadPoolExecutor(max_workers=1) as pool:
        with paused(pause, lambda: provision_due_lines(order_id=placed.pk)):
            second = pool.submit(and_close(lambda: provision_due_lines(order_id=placed.pk)))
            wait_until_blocked(second, by=pause.process_id)
        second.result()
    assert Subscription.objects.get().version == 2
    assert OrderLine.objects.get().attempts == 1
    assert ActivityRecord.objects.filter(operation="provision_subscription").count() == 1


def test_a_line_that_an_import_changed_meanwhile_is_tried_again(staff: Staff, customer: Customer) -> None:
    placed = order(staff, customer, "Business", "Exchange Online (Plan 1)")
    assert isinstance(placed, Order)
    pause = Pause(before='UPDATE "subscriptions_subscription"')
    with paused(pause, lambda: provision_due_lines(order_id=placed.pk)):
        # An import does not wait for the customer's row.
        Subscription.objects.filter(offer=offer("Business")).update(nickname="Head office", version=2)
    provisioned = dict(OrderLine.objects.values_list("subscription__nickname", "provisioning"))
    assert provisioned == {"Head office": Provisioning.PENDING, "": Provisioning.SUCCEEDED}
    assert DBTaskResult.objects.filter(run_after__gt=timezone.now(), run_after__year__lt=9000).count() == 1
    provision_due_lines(order_id=placed.pk)
    assert {row.status for row in Subscription.objects.all()} == {Status.ACTIVE}


def test_a_worker_killed_while_it_provisions_leaves_nothing_half_done(staff: Staff, customer: Customer) -> None:
    order(staff, customer, "Business", "Exchange Online (Plan 1)")
    environment = {
        **os.environ,
        "DATABASE_URL": url_for_another_process(),
        "PROVISIONER": "tests.subscriptions.working.StandsStill",
    }
    command = [sys.executable, "manage.py", "run_worker", "--verbosity", "0"]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as worker:
        assert worker.stdout is not None
        try:
            assert worker.stdout.readline() == "asked\n"
        finally:
            worker.kill()
    assert {line.provisioning for line in OrderLine.objects.all()} == {Provisioning.PENDING}
    work()
    assert {row.status for row in Subscription.objects.all()} == {Status.ACTIVE}
