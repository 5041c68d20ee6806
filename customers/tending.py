"""What time does to invitations: those whose time is over expire, those that wait are brought to mind."""

import datetime
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Coalesce

from activity.operations import SYSTEM
from customers.inviting import locked_invitation, record_of, remind_now, save_next_version
from customers.models import Invitation
from customers.models.invitations import WAITING, InvitationState
from customers.querysets import InvitationQuerySet

REMINDERS_BY_ITSELF = 2
DAYS_BETWEEN = 7


@dataclass
class Tended:
    """What a run did."""

    expired: int = 0
    reminded: int = 0


def tend_invitations(*, now: datetime.datetime) -> Tended:
    """Let expire what is past its time, and remind of what waits: after a week without a mail, twice at most.

    Reminds only of what the portal mailed itself. Safe to run twice, late, or twice at once: each invitation is
    looked at afresh with its row locked.
    """
    over = Invitation.objects.filter(state__in=WAITING, expires_at__lte=now)
    return Tended(
        expired=sum(_tend(pk, now, _expire) for pk in over.values_list("pk", flat=True)),
        reminded=sum(_tend(pk, now, _remind) for pk in _unheard(now).values_list("pk", flat=True)),
    )


def _unheard(now: datetime.datetime) -> InvitationQuerySet:
    """Those mailed, and not written to for a week, that wait for at least a day more."""
    last_mail = Coalesce(F("reminded_at"), F("sent_at"))
    found: InvitationQuerySet = (
        Invitation.objects.waiting(now + datetime.timedelta(days=1))
        .filter(mail_id__isnull=False, reminders__lt=REMINDERS_BY_ITSELF)
        .alias(last_mail=last_mail)
        .filter(last_mail__lte=now - datetime.timedelta(days=DAYS_BETWEEN))
    )
    return found


def _tend(invitation_id: uuid.UUID, now: datetime.datetime, act: Callable[[Invitation, datetime.datetime], str]) -> int:
    with transaction.atomic():
        invitation = locked_invitation(invitation_id)
        before = {"state": invitation.state, "version": invitation.version}
        operation = act(invitation, now)
        if not operation:
            return 0
        save_next_version(invitation)
        after = {"state": invitation.state, "version": invitation.version}
        record_of(SYSTEM, operation, invitation, before=before, after=after)
    return 1


def _expire(invitation: Invitation, now: datetime.datetime) -> str:
    if invitation.state not in WAITING or invitation.state_at(now) != InvitationState.EXPIRED:
        return ""
    invitation.state = InvitationState.EXPIRED
    return "expire_invitation"


def _remind(invitation: Invitation, now: datetime.datetime) -> str:
    if not _unheard(now).filter(pk=invitation.pk).exists():
        return ""
    remind_now(invitation, now)
    return "remind_of_invitation"
