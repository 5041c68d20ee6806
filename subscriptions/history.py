"""What happened to a subscription, from the activity records of its customer."""

import uuid
from typing import Any

from django.utils.safestring import SafeString

from activity.errors import Refused
from activity.models import ActivityRecord, Outcome
from activity.querysets import ActivityQuerySet
from activity.words import sentence_with_link
from subscriptions.errors import ChangedMeanwhile
from subscriptions.models import Subscription

MOST_TOLD = 10


def records_of(subscription: Subscription, *, partner_id: uuid.UUID | None) -> ActivityQuerySet:
    """What this partner may know of what was done to this subscription or refused, in no order."""
    assert partner_id is not None
    # By customer: the index of a customer's records finds them, and none has to be kept for subscriptions.
    records: ActivityQuerySet = (
        ActivityRecord.objects.of_partner(partner_id)
        .of_customer(subscription.customer_id)
        .filter(resource_type="subscription", resource_id=str(subscription.pk))
    )
    return records


def changes_since(subscription: Subscription, version: int, *, partner_id: uuid.UUID | None) -> list[ActivityRecord]:
    """What was done to it after this version, newest first: the last ten at most.

    An import leaves one record and none of a subscription; it is told where versions are left that no other record
    accounts for.
    """
    done = records_of(subscription, partner_id=partner_id).filter(outcome=Outcome.DONE)
    newest = list(done.order_by("-at", "-id")[: MOST_TOLD * 2])
    later = [record for record in newest if _version_after(record.after) > version][:MOST_TOLD]
    unaccounted = subscription.version - version - len({_version_after(record.after) for record in later})
    if unaccounted > 0 and len(later) < MOST_TOLD:
        known = [record.at for record in newest if 0 < _version_after(record.after) <= version]
        since = known[0] if known else subscription.created_at
        later += ActivityRecord.objects.imports_of("subscriptions", since=since)[: min(unaccounted, MOST_TOLD)]
    return sorted(later, key=lambda record: record.at, reverse=True)[:MOST_TOLD]


def told_changes(refusal: Refused) -> list[tuple[ActivityRecord, SafeString]]:
    """What somebody changed while a page was open, newest first, each with its words; nothing of other refusals."""
    changes = refusal.changes if isinstance(refusal, ChangedMeanwhile) else []
    return [(record, sentence_with_link(record)) for record in changes]


def _version_after(after: Any) -> int:
    version = after.get("version") if isinstance(after, dict) else None
    return version if isinstance(version, int) else 0
