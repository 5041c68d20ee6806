"""The nightly end of suspensions: what is deleted, of what somebody is warned, and that it can run at any time."""

import datetime
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from activity.models import ActivityRecord, ActorKind
from partners.models import Partner
from subscriptions.deletion import Nightly, end_suspensions
from subscriptions.models import Status, Subscription
from tests.factories import PartnerFactory, customer_of, sold
from tests.upgrades.submitting import Pause, and_close, paused

pytestmark = pytest.mark.django_db

SECOND = datetime.timedelta(seconds=1)


def at(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text)


@pytest.fixture
def partner() -> Partner:
    made: Partner = PartnerFactory()
    return made


def suspended(partner: Partner | None, since: str | datetime.datetime | None, **fields: Any) -> Subscription:
    """A subscription that was suspended at this moment."""
    when = at(since) if isinstance(since, str) else since
    customer = fields.pop("customer", None) or customer_of(partner or PartnerFactory())
    return sold(partner, customer, status=Status.SUSPENDED, suspended_at=when, **fields)


def status_of(subscription: Subscription) -> str:
    status: str = Subscription.objects.values_list("status", flat=True).get(pk=subscription.pk)
    return status


@pytest.mark.parametrize(
    ("since", "until"),
    [
        ("2026-01-10T15:00:00+00:00", "2026-03-11T15:00:00+00:00"),
        ("2023-12-31T23:59:59+00:00", "2024-02-29T23:59:59+00:00"),
        ("2024-02-29T12:00:00+00:00", "2024-04-29T12:00:00+00:00"),
        ("2024-12-31T23:30:00+08:00", "2025-03-01T23:30:00+08:00"),
        # 60 days of 24 hours, whatever the clocks did in between where the person is.
        ("2026-03-01T01:30:00+01:00", "2026-04-30T02:30:00+02:00"),
    ],
)
def test_sixty_days_to_the_second(partner: Partner, since: str, until: str) -> None:
    held = suspended(partner, since)
    assert end_suspensions(now=at(until) - SECOND).deleted == 0
    assert status_of(held) == Status.SUSPENDED
    assert end_suspensions(now=at(until)).deleted == 1
    assert status_of(held) == Status.DELETED


def test_it_is_the_portals_own_act_in_the_sellers_log(partner: Partner) -> None:
    held = suspended(partner, "2026-01-01T00:00:00+00:00")
    end_suspensions(now=at("2026-06-01T00:00:00+00:00"))
    kept = ActivityRecord.objects.get(operation="delete_subscription")
    assert (kept.actor_kind, kept.partner_id, kept.resource_id) == (ActorKind.SYSTEM, partner.pk, str(held.pk))
    assert kept.before is not None
    assert kept.before["status"] == Status.SUSPENDED


@pytest.mark.parametrize("status", [Status.PENDING, Status.ACTIVE, Status.DELETED])
def test_only_what_is_suspended_ends(partner: Partner, status: Status) -> None:
    when = timezone.now() - datetime.timedelta(days=90) if status == Status.DELETED else None
    held = sold(partner, customer_of(partner), status=status, suspended_at=when)
    assert end_suspensions(now=timezone.now() + datetime.timedelta(days=90)) == Nightly()
    assert status_of(held) == status


def test_where_the_day_is_not_known_nothing_is_deleted(partner: Partner) -> None:
    held = suspended(partner, None)
    assert end_suspensions(now=at("2099-01-01T00:00:00+00:00")) == Nightly()
    assert status_of(held) == Status.SUSPENDED


def test_what_was_bought_elsewhere_ends_too(partner: Partner) -> None:
    held = suspended(None, "2026-01-01T00:00:00+00:00")
    end_suspensions(now=at("2026-06-01T00:00:00+00:00"))
    assert status_of(held) == Status.DELETED


def test_a_parent_takes_its_add_ons_along_once(partner: Partner) -> None:
    since, customer = at("2026-01-01T00:00:00+00:00"), customer_of(partner)
    parent = suspended(partner, since, customer=customer)
    gone_along = suspended(partner, since, customer=customer, parent=parent, suspended_with_parent=True)
    later = suspended(partner, since + datetime.timedelta(days=50), customer=customer, parent=parent)
    assert end_suspensions(now=at("2026-03-02T00:00:00+00:00")).deleted == 1
    assert [status_of(one) for one in (parent, gone_along, later)] == [Status.DELETED] * 3
    assert ActivityRecord.objects.filter(operation="delete_subscription").count() == 3


def test_run_again_it_changes_nothing(partner: Partner) -> None:
    suspended(partner, "2026-01-01T00:00:00+00:00")
    suspended(partner, "2026-02-20T00:00:00+00:00")
    now = at("2026-04-01T00:00:00+00:00")
    assert end_suspensions(now=now) == Nightly(deleted=1, warned=1)
    records = ActivityRecord.objects.count()
    assert end_suspensions(now=now) == Nightly()
    assert ActivityRecord.objects.count() == records


def days_warned(now: Callable[[int], datetime.datetime], days: list[int]) -> list[int]:
    for day in days:
        end_suspensions(now=now(day))
    warnings = ActivityRecord.objects.filter(operation="warn_of_deletion").order_by("at")
    return [warning.after["days"] for warning in warnings]


@pytest.mark.parametrize(
    ("nights", "warned"),
    [
        (list(range(60)), [30, 14, 7, 1]),
        ([29, 30, 31], [30]),
        # Late: of what has passed, only the most urgent.
        ([55], [7]),
        ([50, 59], [14, 1]),
        ([20], []),
    ],
)
def test_warned_once_at_each_step(partner: Partner, nights: list[int], warned: list[int]) -> None:
    since = at("2026-01-01T09:00:00+00:00")
    suspended(partner, since)
    assert days_warned(lambda day: since + datetime.timedelta(days=day), nights) == warned


def test_suspended_again_it_is_warned_of_again(partner: Partner) -> None:
    first, second = at("2026-01-01T09:00:00+00:00"), at("2026-03-01T09:00:00+00:00")
    held = suspended(partner, first)
    end_suspensions(now=first + datetime.timedelta(days=31))
    Subscription.objects.filter(pk=held.pk).update(suspended_at=second)
    assert end_suspensions(now=second + datetime.timedelta(days=31)).warned == 1


def test_the_command_says_how_many(partner: Partner) -> None:
    suspended(partner, timezone.now() - datetime.timedelta(days=61))
    suspended(partner, timezone.now() - datetime.timedelta(days=31))
    told = StringIO()
    call_command("end_suspensions", stdout=told)
    assert told.getvalue() == "1 deleted, 1 warned of\n"


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_an_import_that_was_faster_stops_nobody_else(partner: Partner) -> None:
    held = [suspended(partner, "2026-01-01T00:00:00+00:00") for _ in range(3)]
    now = at("2026-06-01T00:00:00+00:00")
    first = min(held, key=lambda one: one.customer_id)
    with paused(Pause(before='UPDATE "subscriptions_subscription"'), lambda: end_suspensions(now=now)) as run:
        # Written without waiting for the customer's row, as an import does.
        Subscription.objects.filter(pk=first.pk).update(version=7)
    assert run.result().deleted == 2
    assert status_of(first) == Status.SUSPENDED
    assert end_suspensions(now=now).deleted == 1


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_two_runs_at_once_do_everything_once(partner: Partner) -> None:
    for _ in range(20):
        suspended(partner, "2026-01-01T00:00:00+00:00")
        suspended(partner, "2026-02-20T00:00:00+00:00")
    now = at("2026-04-01T00:00:00+00:00")
    with ThreadPoolExecutor(max_workers=2) as pool:
        runs = list(pool.map(and_close(lambda _: end_suspensions(now=now)), range(2)))
    assert sum(run.deleted for run in runs) == 20
    assert sum(run.warned for run in runs) == 20
    assert ActivityRecord.objects.count() == 40
