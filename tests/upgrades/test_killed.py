"""A process that is killed in the middle of its submits leaves all of an upgrade or nothing of it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.db import transaction

from activity.models import ActivityRecord
from customers.models import Customer
from partners.models import Staff
from subscriptions.models import Subscription
from tests.databases import url_for_another_process
from tests.factories import StaffFactory, customer_of, offer, sold
from upgrades.models import Upgrade
from upgrades.operations import upgrade_subscription

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def submitting(how: str, staff: Staff, held: list[Subscription]) -> Iterator[Iterator[str]]:
    """The lines of a process that submits an upgrade of each of these to E3; it is killed at the block's end."""
    asked = [
        {
            "staff": str(staff.pk),
            "subscription": str(one.pk),
            "target": str(offer("E3").pk),
            "quantity": 30,
            "key": f"key {number}",
        }
        for number, one in enumerate(held)
    ]
    command = [sys.executable, "-m", "tests.upgrades.submit_until_killed", how]
    environment = {**os.environ, "DATABASE_URL": url_for_another_process()}
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write("\n".join(map(json.dumps, asked)))
            process.stdin.close()
            yield (line.strip() for line in process.stdout)
        finally:
            process.kill()
            process.wait()


def settle() -> None:
    """Wait until the killed process's transactions are undone: then their customers can be locked again."""
    with transaction.atomic():
        list(Customer.objects.select_for_update())


def upgraded(held: list[Subscription]) -> list[bool]:
    """Which of these are upgraded, each either wholly or not at all."""
    return [is_upgraded(one) for one in held]


def is_upgraded(before: Subscription) -> bool:
    now = Subscription.objects.get(pk=before.pk)
    state = (now.offer, now.quantity, now.version)
    proofs = Upgrade.objects.filter(subscription=now).count()
    records = ActivityRecord.objects.filter(resource_id=str(now.pk)).count()
    if proofs:
        assert (state, proofs, records) == ((offer("E3"), 30, 2), 1, 1)
    else:
        assert (state, records) == ((before.offer, 25, 1), 0)
    return bool(proofs)


@pytest.fixture
def staff() -> Staff:
    made: Staff = StaffFactory()
    return made


def premium(staff: Staff, count: int) -> list[Subscription]:
    return [sold(staff.partner, customer_of(staff.partner), "Business Premium") for _ in range(count)]


def test_killed_after_any_statement_it_leaves_all_or_nothing(staff: Staff) -> None:
    held = premium(staff, 40)
    with submitting("each-statement", staff, held) as lines:
        ended = []
        for line in lines:
            if line == "all":
                break
            ended.append(int(line.removeprefix("ended ")))
    settle()
    assert ended, "an upgrade takes fewer statements than there are subscriptions here"
    assert 5 < min(ended) < 35
    assert upgraded(held) == [number in ended for number in range(len(held))]
    assert set(ended) == set(range(min(ended), len(held)))


@pytest.mark.parametrize("lines_read", [3, 8, 13])
def test_killed_at_any_moment_it_leaves_all_or_nothing(staff: Staff, lines_read: int) -> None:
    held = premium(staff, 40)
    with submitting("all", staff, held) as lines:
        begun = [int(next(lines)) for _ in range(lines_read)]
    settle()
    found = upgraded(held)
    # One after the other: those before the last that was begun are done, and none is left out.
    assert all(found[: begun[-1]])
    assert found == sorted(found, reverse=True)


def test_what_was_not_done_can_be_submitted_again_with_the_same_keys(staff: Staff) -> None:
    held = premium(staff, 12)
    with submitting("all", staff, held) as lines:
        for _ in range(5):
            next(lines)
    settle()
    for number, one in enumerate(held):
        upgrade_subscription(
            staff=staff, subscription_id=one.pk, target_id=offer("E3").pk, quantity=30, key=f"key {number}"
        )
    assert all(upgraded(held))
    assert Upgrade.objects.count() == ActivityRecord.objects.count() == len(held)
