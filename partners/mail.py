"""Mail: written with what made it necessary, in the same transaction, and sent by the worker."""

import uuid
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.tasks import task
from django.template.loader import render_to_string
from django.utils import translation


def send_later(*, to: Sequence[str], language: str, template: str, context: dict[str, Any]) -> uuid.UUID:
    """Queue a mail in the transaction of the caller; the id of the queued mail.

    Subject (its first line), text and markup come from `mail/<template>.txt` and `.html`, in this language.
    """
    result = send_mail.enqueue(list(to), language, template, context)
    return uuid.UUID(str(result.id))


@task()
def send_mail(to: list[str], language: str, template: str, context: dict[str, Any]) -> None:
    """Send one mail."""
    with translation.override(language):
        subject, _line, text = render_to_string(f"mail/{template}.txt", context).lstrip().partition("\n")
        markup = render_to_string(f"mail/{template}.html", context)
    message = EmailMultiAlternatives(subject.strip(), text.strip() + "\n", settings.DEFAULT_FROM_EMAIL, to)
    message.attach_alternative(markup, "text/html")
    message.send()
