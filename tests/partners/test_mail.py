"""Mail: written with what made it necessary, sent over SMTP by the worker, tried again until it is taken."""

import datetime
import socket
import uuid

import pytest
import time_machine
from django.db import transaction
from django.utils import timezone
from pytest_django import Settings

from partners.mail import PAUSES, deliver, resume_mails, send_later, was_given_up
from partners.models import QueuedMail
from tests.mailbox import Mailbox, through
from tests.subscriptions.working import work

pytestmark = pytest.mark.django_db(transaction=True)


def write(language: str = "en") -> uuid.UUID:
    """A letter that exists in every language."""
    context = {"partner": "Contoso", "customer": "Adatum", "link": "https://portal.example/access/secret/"}
    return send_later(to=["it@adatum.example"], language=language, template="access_revoked", context=context)


def nobody_listens(settings: Settings) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        through(settings, free.getsockname()[1])


def test_the_worker_sends_it_over_smtp(mailbox: Mailbox) -> None:
    pk = write()
    assert mailbox.mails == []
    work()
    [mail] = mailbox.mails
    assert mail["To"] == "it@adatum.example"
    assert mail["Message-ID"] == f"<{pk}@localhost>"
    assert mail["Subject"]
    assert {part.get_content_type() for part in mail.walk() if not part.is_multipart()} == {"text/plain", "text/html"}


def test_sent_it_is_forgotten_what_it_said(mailbox: Mailbox) -> None:
    pk = write()
    work()
    kept = QueuedMail.objects.get(pk=pk)
    assert kept.context == {}
    assert kept.sent_at is not None
    assert not was_given_up(pk)


def test_it_is_written_in_the_readers_language(mailbox: Mailbox) -> None:
    subjects = []
    for language in ("en", "es", "zh-hans"):
        write(language)
        work()
        subjects.append(mailbox.mails[-1]["Subject"])
    assert len(set(subjects)) == 3


def test_what_is_taken_back_sends_no_mail(mailbox: Mailbox) -> None:
    with transaction.atomic():
        write()
        transaction.set_rollback(True)
    work()
    assert mailbox.mails == []


def test_while_nobody_listens_it_waits_and_is_sent_once_somebody_does(mailbox: Mailbox, settings: Settings) -> None:
    mailers = settings.MAILERS
    nobody_listens(settings)
    pk = write()
    work()
    waiting = QueuedMail.objects.get(pk=pk)
    assert (waiting.attempts, waiting.sent_at, waiting.failure) == (1, None, "ConnectionRefusedError")
    work()
    assert QueuedMail.objects.get(pk=pk).attempts == 1
    settings.MAILERS = mailers
    with time_machine.travel(timezone.now() + PAUSES[0], tick=False):
        work()
    assert len(mailbox.mails) == 1
    assert QueuedMail.objects.get(pk=pk).failure == ""


def test_one_that_is_refused_for_good_is_given_up(mailbox: Mailbox) -> None:
    mailbox.answer = "550 no such mailbox"
    pk, now = write(), timezone.now()
    for pause in (datetime.timedelta(0), *PAUSES):
        now += pause
        with time_machine.travel(now, tick=False):
            work()
    assert QueuedMail.objects.get(pk=pk).attempts == len(PAUSES) + 1
    assert was_given_up(pk)
    assert mailbox.mails == []


def test_two_workers_send_it_once(mailbox: Mailbox) -> None:
    pk = write()
    deliver.call(str(pk))
    deliver.call(str(pk))
    work()
    assert len(mailbox.mails) == 1


def test_what_a_killed_worker_took_is_taken_up(mailbox: Mailbox) -> None:
    pk = write()
    # As a worker leaves it that is killed after it took the mail, and whose queue is lost.
    QueuedMail.objects.filter(pk=pk).update(attempts=1, next_attempt_at=timezone.now())
    assert resume_mails() == 1
    work()
    assert len(mailbox.mails) == 1
    assert resume_mails() == 0


def test_a_mail_that_is_gone_is_nothing_to_send(mailbox: Mailbox) -> None:
    deliver.call(str(uuid.uuid4()))
    assert mailbox.mails == []
