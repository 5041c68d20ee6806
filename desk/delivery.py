"""How the mailing of an invitation stands: on its way, sent, tried again, given up."""

import uuid
from collections.abc import Iterable
from typing import Protocol

from django.db import models
from django.utils.translation import gettext_lazy as _

from partners.models import QueuedMail


class Mailed(Protocol):
    """Anything that was mailed and knows its latest mail: an invitation of a customer, or of a colleague."""

    mail_id: uuid.UUID | None


class Delivery(models.TextChoices):
    """How far a mail has come."""

    QUEUED = "queued", _("The mail is on its way")
    TRYING_AGAIN = "trying_again", _("The mail server did not take the mail; it is tried again")
    SENT = "sent", _("The mail was sent")
    FAILED = "failed", _("The mail could not be sent")


def deliveries_of(invitations: Iterable[Mailed]) -> dict[uuid.UUID | None, Delivery]:
    """The delivery of the latest mail of each of these invitations, by the mail's id: one statement."""
    ids = [one.mail_id for one in invitations if one.mail_id]
    if not ids:
        return {}
    return {mail.pk: _state(mail) for mail in QueuedMail.objects.filter(pk__in=ids).defer("context")}


def _state(mail: QueuedMail) -> Delivery:
    if mail.sent_at is not None:
        return Delivery.SENT
    if mail.has_failed:
        return Delivery.FAILED
    return Delivery.TRYING_AGAIN if mail.failure else Delivery.QUEUED


def delivery_of(invitation: Mailed) -> Delivery | None:
    """The delivery of the latest mail of this invitation; `None` where there was none."""
    return deliveries_of([invitation]).get(invitation.mail_id)
