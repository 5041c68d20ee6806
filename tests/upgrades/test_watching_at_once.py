"""Who waits for an upgrade is told once: by the real worker over SMTP, by two workers, after one that was killed."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import time_machine
from django.db import connection, transaction
from django.utils import timezone
from django_tasks_db.models import DBTaskResult
from pytest_django import Settings

from activity.models import ActivityRecord
from activity.operations import SYSTEM, record
from partners.mail import PAUSES
from partners.models import QueuedMail
from tests.factories import UpgradeWatchFactory, offer
from tests.mailbox import Mailbox
from tests.partners.test_mail import nobody_listens
from tests.subscriptions.working import work
from tests.upgrades.submitting import and_close
from upgrades.models import UpgradeWatch, WatchEnding
from upgrades.watching import look_at_customer

pytestmark = pytest.mark.django_db(transaction=True)


class Killed(Exception):
    """Stands for the end of a process."""


def waiting(**fields: Any) -> UpgradeWatch:
    """Somebody waits for what is possible, and nobody has looked yet."""
    made: UpgradeWatch = UpgradeWatchFactory(
        staff__name="Li Na", staff__email="li.na@contoso.example", target=offer("E3"), **fields
    )
    return made


def knock(watch: UpgradeWatch) -> None:
    """As the operation does that mends the last condition."""
    with transaction.atomic():
        record(actor=SYSTEM, operation="give_privilege", customer=watch.customer)


def test_the_worker_tells_over_smtp_in_the_readers_language(mailbox: Mailbox) -> None:
    told = {}
    for language in ("en", "es", "zh-hans"):
        watch = UpgradeWatchFactory(staff__language=language)
        knock(watch)
        work()
        told[mailbox.mails[-1]["To"]] = str(mailbox.mails[-1]["Subject"])
        body = mailbox.mails[-1].get_body(("plain",))
        assert body is not None
        assert f"/customers/{watch.customer_id}/subscriptions/{watch.subscription_id}/upgrade/" in body.get_content()
        assert watch.staff.name in body.get_content()
    assert len(mailbox.mails) == len(set(told.values())) == 3


def test_two_workers_tell_once() -> None:
    watch = waiting()
    start = threading.Barrier(4)

    def look() -> int:
        connection.ensure_connection()
        start.wait()
        return look_at_customer(watch.customer_id).told

    with ThreadPoolExecutor(max_workers=4) as pool:
        told = [future.result() for future in [pool.submit(and_close(look)) for _ in range(4)]]
    assert sorted(told) == [0, 0, 0, 1]
    assert QueuedMail.objects.count() == 1
    assert ActivityRecord.objects.filter(operation="tell_of_upgrade").count() == 1


def stop_before(number: int) -> Callable[..., Any]:
    """Ends the work before its statement of this number."""
    left = number

    def run(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal left
        if left == 0:
            raise Killed
        left -= 1
        return execute(sql, params, many, context)

    return run


def test_killed_at_any_statement_it_has_told_nothing_and_tells_it_later(mailbox: Mailbox) -> None:
    watch = waiting()
    number = 0
    while True:
        try:
            with connection.execute_wrapper(stop_before(number)):
                look_at_customer(watch.customer_id)
            break
        except Killed:
            assert not QueuedMail.objects.exists()
            assert not ActivityRecord.objects.filter(operation="tell_of_upgrade").exists()
            assert UpgradeWatch.objects.open().exists()
            number += 1
    assert number > 5
    work()
    assert len(mailbox.mails) == 1


def test_what_a_killed_worker_took_is_told_when_the_next_one_starts(mailbox: Mailbox) -> None:
    watch = waiting()
    knock(watch)
    # As a worker leaves it that is killed with the task in hand.
    DBTaskResult.objects.update(status="RUNNING", started_at=timezone.now())
    work()
    work()
    assert len(mailbox.mails) == 1


def test_while_the_mail_server_is_down_the_desk_knows_and_the_mail_waits(mailbox: Mailbox, settings: Settings) -> None:
    mailers = settings.MAILERS
    nobody_listens(settings)
    watch = waiting()
    knock(watch)
    work()
    assert mailbox.mails == []
    assert UpgradeWatch.objects.get(pk=watch.pk).ending == WatchEnding.TOLD
    settings.MAILERS = mailers
    with time_machine.travel(timezone.now() + PAUSES[0], tick=False):
        work()
    with time_machine.travel(timezone.now() + PAUSES[1], tick=False):
        work()
    assert len(mailbox.mails) == 1
