"""The time line of a subscription: what happened to it, and what will."""

import datetime
import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from activity.models import ActivityRecord, Outcome
from activity.querysets import ActivityQuerySet
from activity.words import sentence_with_link
from partners.models import Staff
from partners.roles import Permission
from subscriptions.history import records_of
from subscriptions.models import Status, Subscription


@dataclass(frozen=True)
class Event:
    """Something that happened or will, in words; `at` is a day where only the day is known."""

    words: str | SafeString
    at: datetime.date
    is_ahead: bool = False
    reason: str = ""

    @property
    def is_moment(self) -> bool:
        """Whether the time of day is known."""
        return isinstance(self.at, datetime.datetime)


def reads_refusals(staff: Staff) -> bool:
    """Whether this person reads in the time line what was refused: that is for who sees the activity log."""
    return staff.may(Permission.SEE_ACTIVITY)


def shown_records(subscription: Subscription, *, partner_id: uuid.UUID | None, refused: bool) -> ActivityQuerySet:
    """The records that a time line tells, with what was `refused` or without."""
    records = records_of(subscription, partner_id=partner_id)
    return records if refused else records.exclude(outcome=Outcome.REFUSED)


def told(records: Iterable[ActivityRecord]) -> list[Event]:
    """These records in words."""
    return [Event(sentence_with_link(record), record.at, reason=_reason(record)) for record in records]


def _reason(record: ActivityRecord) -> str:
    reason = record.after.get("reason") if isinstance(record.after, dict) else None
    return reason if isinstance(reason, str) else ""


def beginning(subscription: Subscription) -> Event:
    """When it was created."""
    return Event(_("Created"), subscription.created_at)


def ahead(subscription: Subscription) -> list[Event]:
    """What will happen unless somebody acts, the latest first."""
    events: list[Event] = []
    # A term that is over is not renewed here: the cloud does that, and tells by way of an import.
    if subscription.status == Status.ACTIVE and subscription.commitment_end >= timezone.localdate():
        words = _("Renews for another year") if subscription.auto_renew else _("Its term ends; it does not renew")
        events.append(Event(words, subscription.commitment_end, is_ahead=True))
    if subscription.deletion_time is not None:
        events.append(Event(_("Is deleted with its data"), subscription.deletion_time, is_ahead=True))
    return events
