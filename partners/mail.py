"""Mail: written with what made it necessary, in the same transaction, and sent by the worker until it is accepted.

A mail waits in a table of its own. It is tried again with growing pauses while the mail server does not take it, and
what a killed worker left is taken up when the next one starts. What it says is forgotten once it is sent: a link in a
mail stands nowhere else.
"""

import datetime
import logging
import smtplib
import uuid
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.tasks import task
from django.template.loader import render_to_string
from django.utils import timezone, translation

from partners.models import QueuedMail

logger = logging.getLogger(__name__)
# How long after each failed attempt the next one comes; after the last there is none.
PAUSES = (
    datetime.timedelta(minutes=1),
    datetime.timedelta(minutes=5),
    datetime.timedelta(minutes=30),
    datetime.timedelta(hours=2),
    datetime.timedelta(hours=12),
    datetime.timedelta(hours=24),
)


def absolute(path: str) -> str:
    """The address of a page of the portal as a mail has it."""
    return f"{str(settings.PORTAL_URL).rstrip('/')}{path}"


def send_later(*, to: Sequence[str], language: str, template: str, context: dict[str, Any]) -> uuid.UUID:
    """Queue a mail in the transaction of the caller; the id of the queued mail.

    Subject (its first line), text and markup come from `mail/<template>.txt` and `.html`, in this language.
    """
    mail = QueuedMail.objects.create(to=list(to), language=language, template=template, context=context)
    deliver.enqueue(str(mail.pk))
    return mail.pk


def resume_mails() -> int:
    """Queue anew each mail that is due, for what a killed worker took and did not end; how many."""
    due = list(QueuedMail.objects.due(timezone.now()).values_list("pk", flat=True))
    for pk in due:
        deliver.enqueue(str(pk))
    return len(due)


def was_given_up(mail_id: uuid.UUID | None) -> bool:
    """Whether this mail could not be sent and is not tried again."""
    return mail_id is not None and QueuedMail.objects.filter(pk=mail_id, sent_at=None, next_attempt_at=None).exists()


@task()
def deliver(mail_id: str) -> None:
    """Try to send this mail where an attempt is due; safe to call at any time, and from several places at once."""
    mail = _taken(uuid.UUID(mail_id))
    if mail is None:
        return
    try:
        _message(mail).send()
    except (OSError, smtplib.SMTPException) as error:
        # Refused or not reached; the words of a mail server may name the address and nothing else of the mail.
        logger.warning("Mail %s was not sent: %s", mail.pk, error)
        QueuedMail.objects.filter(pk=mail.pk).update(failure=type(error).__name__)
        return
    QueuedMail.objects.filter(pk=mail.pk).update(sent_at=timezone.now(), next_attempt_at=None, failure="", context={})


def _taken(mail_id: uuid.UUID) -> QueuedMail | None:
    """The mail, where its attempt is due and nobody else makes it; the next attempt is arranged beforehand."""
    now = timezone.now()
    with transaction.atomic():
        mail: QueuedMail | None = QueuedMail.objects.due(now).filter(pk=mail_id).first()
        if mail is None:
            return None
        later = now + PAUSES[mail.attempts] if mail.attempts < len(PAUSES) else None
        as_seen = QueuedMail.objects.filter(pk=mail.pk, attempts=mail.attempts, sent_at=None)
        if not as_seen.update(attempts=mail.attempts + 1, next_attempt_at=later):
            return None
        if later is not None:
            deliver.using(run_after=later).enqueue(str(mail.pk))
    return mail


def _message(mail: QueuedMail) -> EmailMultiAlternatives:
    with translation.override(mail.language):
        text = render_to_string(f"mail/{mail.template}.txt", mail.context).lstrip()
        markup = render_to_string(f"mail/{mail.template}.html", mail.context)
    subject, _line, body = text.partition("\n")
    # The same whenever it is tried again, so that one that arrives twice is known for the same.
    headers = {"Message-ID": f"<{mail.pk}@{settings.DEFAULT_FROM_EMAIL.rpartition('@')[2].rstrip('>')}>"}
    message = EmailMultiAlternatives(
        subject.strip(), body.strip() + "\n", settings.DEFAULT_FROM_EMAIL, mail.to, headers=headers
    )
    message.attach_alternative(markup, "text/html")
    return message
