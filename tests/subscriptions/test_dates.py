"""The days in a subscription's life: the end of its commitment, and its deletion after a suspension."""

import datetime
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.utils import timezone

from subscriptions.models import Status, Subscription, a_year_later
from tests.factories import SubscriptionFactory

pytestmark = pytest.mark.django_db


def at(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text).replace(tzinfo=datetime.UTC)


def suspended(since: str | None) -> Subscription:
    made: Subscription = SubscriptionFactory(status=Status.SUSPENDED, suspended_at=at(since) if since else None)
    return made


def test_it_is_deleted_sixty_days_after_its_suspension() -> None:
    assert suspended("2026-01-10T15:00").deletion_time == at("2026-03-11T15:00")


@pytest.mark.parametrize("status", [Status.ACTIVE, Status.PENDING, Status.DELETED])
def test_only_a_suspended_one_is_going_to_be_deleted(status: Status) -> None:
    when = at("2026-01-10T15:00") if status == Status.DELETED else None
    held = SubscriptionFactory(status=status, suspended_at=when)
    assert held.deletion_time is None
    assert held.days_until_deletion is None


def test_of_one_suspended_since_an_unknown_day_no_day_is_told() -> None:
    held = suspended(None)
    assert held.deletion_time is None
    assert held.days_until_deletion is None


@pytest.mark.parametrize(
    ("now", "days"),
    [
        ("2026-01-10T15:00", 60),
        ("2026-01-10T23:59", 60),
        ("2026-01-11T00:01", 59),
        ("2026-03-10T23:59", 1),
        ("2026-03-11T00:01", 0),
        ("2026-03-11T23:59", 0),
        ("2026-03-12T00:01", -1),
    ],
)
def test_the_days_left_are_whole_days(now: str, days: int) -> None:
    held = suspended("2026-01-10T15:00")
    with time_machine.travel(at(now), tick=False):
        assert held.days_until_deletion == days


def test_the_days_left_are_those_of_the_reader() -> None:
    held = suspended("2026-01-10T15:00")
    with time_machine.travel(at("2026-03-10T17:00"), tick=False):
        assert held.days_until_deletion == 1
        with timezone.override(ZoneInfo("Asia/Shanghai")):  # the 11th, one o'clock in the morning, both days
            assert held.days_until_deletion == 0


@pytest.mark.parametrize(
    ("day", "later"),
    [
        (datetime.date(2026, 11, 23), datetime.date(2027, 11, 23)),
        (datetime.date(2028, 2, 29), datetime.date(2029, 2, 28)),
        (datetime.date(2027, 2, 28), datetime.date(2028, 2, 28)),
        (datetime.date(2026, 12, 31), datetime.date(2027, 12, 31)),
    ],
)
def test_a_year_later_is_the_same_day(day: datetime.date, later: datetime.date) -> None:
    assert a_year_later(day) == later


def test_a_new_one_is_committed_for_a_year() -> None:
    held = SubscriptionFactory(created_at=at("2028-02-29T12:00"))
    held.refresh_from_db()
    assert held.commitment_end == datetime.date(2029, 2, 28)


def test_a_commitment_that_is_said_is_kept() -> None:
    held = SubscriptionFactory(commitment_end=datetime.date(2030, 1, 1))
    held.refresh_from_db()
    assert held.commitment_end == datetime.date(2030, 1, 1)


def test_it_is_called_by_offer_and_nickname() -> None:
    assert str(SubscriptionFactory()) == "Office 365 Business"
    assert str(SubscriptionFactory(nickname="Branch")) == "Office 365 Business – Branch"
