"""How the mailing of an invitation stands: on its way, sent, tried again, failed."""

import uuid
from collections.abc import Iterable

from django.db import models
from django.tasks import TaskResultStatus
from django.utils.translation import gettext_lazy as _
from django_tasks_db.models import DBTaskResult

from customers.models import Invitation


class Delivery(models.TextChoices):
    """How far a mail has come."""

    QUEUED = "queued", _("The mail is on its way")
    SENT = "sent", _("The mail was sent")
    FAILED = "failed", _("The mail could not be sent")


STATES = {
    TaskResultStatus.READY: Delivery.QUEUED,
    TaskResultStatus.RUNNING: Delivery.QUEUED,
    TaskResultStatus.SUCCESSFUL: Delivery.SENT,
    TaskResultStatus.FAILED: Delivery.FAILED,
}


def deliveries_of(invitations: Iterable[Invitation]) -> dict[uuid.UUID | None, Delivery]:
    """The delivery of the latest mail of each of these invitations, by the mail's id: one statement."""
    ids = [one.mail_id for one in invitations if one.mail_id]
    if not ids:
        return {}
    rows = DBTaskResult.objects.filter(pk__in=ids).values_list("pk", "status")
    return {pk: STATES[TaskResultStatus(status)] for pk, status in rows}


def delivery_of(invitation: Invitation) -> Delivery | None:
    """The delivery of the latest mail of this invitation; `None` where there was none, or it is long ago."""
    return deliveries_of([invitation]).get(invitation.mail_id)
