"""Many changes of one customer's subscriptions at once: each is done whole, one after the other, or refused."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import OperationalError, connection

from activity.errors import Refused
from activity.models import ActivityRecord, Outcome
from partners.models import Staff
from subscriptions.errors import ChangedMeanwhile
from subscriptions.models import Status, Subscription
from subscriptions.operations import Change, Wanted, change_subscription, change_subscriptions
from tests.factories import StaffFactory, customer_of, offer, sold
from tests.upgrades.submitting import Pause, and_close, paused
from upgrades.models import Upgrade
from upgrades.operations import upgrade_subscription

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def staff() -> Staff:
    made: Staff = StaffFactory()
    assert made.permissions  # asked for here once: the threads share this person
    return made


@pytest.fixture
def subscription(staff: Staff) -> Subscription:
    return sold(staff.partner, customer_of(staff.partner))


def at_once(acts: Iterable[Callable[[], Any]]) -> list[Any]:
    """What each act returned or how it was refused, all started together from threads of their own."""
    waiting = list(acts)
    start = Barrier(len(waiting))

    def run(act: Callable[[], Any]) -> Any:
        connection.ensure_connection()
        start.wait()
        try:
            return act()
        except Refused as refusal:
            return refusal

    with ThreadPoolExecutor(max_workers=len(waiting)) as pool:
        return list(pool.map(and_close(run), waiting))


def licences(staff: Staff, subscription: Subscription, quantity: int, **more: Any) -> Callable[[], Any]:
    asked = {"key": f"licences {quantity}", "wanted": Wanted(quantity=quantity)} | more
    return lambda: change_subscription(staff=staff, subscription_id=subscription.pk, **asked)


def upgrade(staff: Staff, subscription: Subscription, **more: Any) -> Callable[[], Any]:
    asked = {"target_id": offer("ProPlus").pk, "quantity": 7, "key": "upgrade"} | more
    return lambda: upgrade_subscription(staff=staff, subscription_id=subscription.pk, **asked)


def test_of_those_who_saw_the_same_version_one_wins(staff: Staff, subscription: Subscription) -> None:
    many = [licences(staff, subscription, 30 + number, version=1) for number in range(15)]
    answers = at_once([*many, upgrade(staff, subscription, version=1)])
    refused = [answer for answer in answers if isinstance(answer, Refused)]
    assert len(refused) == 15
    assert all(isinstance(answer, ChangedMeanwhile) for answer in refused)
    assert Subscription.objects.get().version == 2
    assert ActivityRecord.objects.filter(outcome=Outcome.DONE).count() == 1


def test_without_a_version_all_are_done_one_after_the_other(staff: Staff, subscription: Subscription) -> None:
    many = [licences(staff, subscription, 30 + number) for number in range(15)]
    answers = at_once([*many, upgrade(staff, subscription)])
    assert not [answer for answer in answers if isinstance(answer, Refused)]
    assert Subscription.objects.get().version == 17
    told = sorted(ActivityRecord.objects.all(), key=lambda one: one.after["version"])
    assert [one.after["version"] for one in told] == list(range(2, 18))
    before, quantity = 25, 25
    for one in told:
        assert one.before["quantity"] == before
        before = quantity = one.after["quantity"]
    assert Subscription.objects.get().quantity == quantity


def test_twenty_of_one_key_change_it_once(staff: Staff, subscription: Subscription) -> None:
    answers = at_once([licences(staff, subscription, 30, key="one", version=1) for _ in range(20)])
    assert {answer.version for answer in answers} == {2}
    assert ActivityRecord.objects.count() == 1


def test_suspended_and_upgraded_at_once_it_is_one_after_the_other(staff: Staff, subscription: Subscription) -> None:
    suspend = licences(staff, subscription, 0, wanted=Wanted(status=Status.SUSPENDED))
    _suspended, upgraded = at_once([suspend, upgrade(staff, subscription)])
    now = Subscription.objects.get()
    assert now.status == Status.SUSPENDED
    assert (now.offer == offer("ProPlus")) is isinstance(upgraded, Upgrade)
    assert Upgrade.objects.count() == isinstance(upgraded, Upgrade)


def test_a_parent_is_suspended_while_its_add_on_is_reactivated(staff: Staff, subscription: Subscription) -> None:
    add_on = sold(staff.partner, subscription.customer, "Exchange Online (Plan 1)", parent=subscription)
    change_subscription(staff=staff, subscription_id=add_on.pk, wanted=Wanted(status=Status.SUSPENDED), key="before")
    at_once(
        [
            licences(staff, subscription, 0, wanted=Wanted(status=Status.SUSPENDED), key="parent"),
            licences(staff, add_on, 0, wanted=Wanted(status=Status.ACTIVE), key="add-on"),
        ]
    )
    assert set(Subscription.objects.values_list("status", flat=True)) == {Status.SUSPENDED}


@pytest.mark.parametrize("table", ["subscriptions_subscription", "activity_activityrecord", "activity_submission"])
def test_cut_off_in_the_middle_nothing_is_done_and_the_same_can_be_sent_again(
    staff: Staff, subscription: Subscription, table: str
) -> None:
    other = sold(staff.partner, subscription.customer, "E3", quantity=5)
    changes = [Change(subscription_id=one.pk, wanted=Wanted(quantity=9), version=1) for one in (subscription, other)]
    pause = Pause(before=f'{"UPDATE" if table.startswith("sub") else "INSERT INTO"} "{table}"')

    def act() -> list[Subscription]:
        return change_subscriptions(staff=staff, changes=changes, key="one")

    with pytest.raises(OperationalError), paused(pause, act), connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 60000)", [pause.process_id])
    assert set(Subscription.objects.values_list("quantity", "version")) == {(25, 1), (5, 1)}
    assert not ActivityRecord.objects.exists()
    assert [one.quantity for one in act()] == [9, 9]
    assert ActivityRecord.objects.count() == 2
