"""What an unmet condition waits for: who was asked when and how far that has come, what is ordered, what just ends.

For all cards of a page it asks at most one query, and none where no privilege is missing: what else it tells stands
in the rows that the verdicts have seen.
"""

import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from catalog.words import listed
from customers.models import InvitationState, InvitedService
from subscriptions.models import Status, Subscription
from upgrades.conditions import DELEGATED, PROVISIONED, Condition
from upgrades.prepared import Prepared
from upgrades.verdicts import Verdict
from upgrades.words import day


@dataclass(frozen=True)
class Wait:
    """Something that is on its way, in a sentence; `url` leads to it."""

    words: str
    url: str = ""


# The latest that a customer was asked for, by the customer and the service.
Requests = Mapping[tuple[uuid.UUID, int], InvitedService]


_ASKED = Prepared(
    lambda ids, partner_id: (
        InvitedService.objects.filter(invitation__partner=partner_id, invitation__customer__in=ids)
        .exclude(invitation__state=InvitationState.WITHDRAWN)
        .select_related("service", "invitation__staff")
        .order_by("invitation__created_at", "invitation")
    )
)


def requests_for(verdicts: Sequence[Verdict]) -> Requests:
    """What these customers were asked for by this partner and did not grant: one query, none if nothing is missing."""
    missing = {
        (verdict.subscription.customer_id, row.service_id) for verdict in verdicts for row in verdict.seen(DELEGATED)
    }
    if not missing:
        return {}
    customers = {customer_id for customer_id, _service in missing}
    found: dict[tuple[uuid.UUID, int], InvitedService] = {}
    for one in _ASKED.ask(customers, partner_id=verdicts[0].partner.pk):
        found[one.invitation.customer_id, one.service_id] = one
    # What was granted and is missing all the same was taken back since: nobody waits for that.
    return {key: one for key, one in found.items() if key in missing and not one.accepted}


def not_asked_for(verdict: Verdict, services: Collection[int], requests: Requests) -> tuple[int, ...]:
    """Those of these services that no request asks the customer for that can still be answered, or is to be sent."""
    asked = [requests.get((verdict.subscription.customer_id, pk)) for pk in services]
    return tuple(
        pk for pk, one in zip(services, asked, strict=True) if one is None or not one.invitation.can_be_withdrawn
    )


def waits(verdict: Verdict, condition: Condition, requests: Requests) -> tuple[Wait, ...]:
    """What is on its way to mend this condition, where it is unmet; `requests` as `requests_for` finds them."""
    if condition not in verdict.unmet:
        return ()
    if condition is DELEGATED:
        return _requested(verdict, requests)
    concerned = [verdict.subscription] if condition is PROVISIONED else verdict.seen(condition)
    own = [one for one in concerned if one.is_sold_by(verdict.partner)]
    return tuple(Wait(words) for one in own if (words := _by_itself(one)))


def _by_itself(subscription: Subscription) -> str:
    """What will happen to it without anybody doing anything."""
    values = {"offer": subscription.offer.name, "ordered": day(subscription.created_at)}
    if subscription.status == Status.PENDING:
        return _("%(offer)s was ordered on %(ordered)s and is being provisioned.") % values
    if subscription.deletion_time is not None:
        values["day"] = day(subscription.deletion_time)
        return _("%(offer)s is deleted on %(day)s unless somebody reactivates it.") % values
    if not subscription.auto_renew:
        values["day"] = date_format(subscription.commitment_end)
        return _("%(offer)s ends with its term on %(day)s; it does not renew.") % values
    return ""


def _requested(verdict: Verdict, requests: Requests) -> tuple[Wait, ...]:
    """A sentence for each invitation that asks for services that are missing."""
    missing = verdict.seen(DELEGATED)
    customer_id = verdict.subscription.customer_id
    asked = [requests[customer_id, row.service_id] for row in missing if (customer_id, row.service_id) in requests]
    by_invitation: dict[uuid.UUID, list[InvitedService]] = {}
    for one in asked:
        by_invitation.setdefault(one.invitation_id, []).append(one)
    return tuple(
        Wait(
            _story(services, is_all=len(services) == len(missing)),
            reverse("desk:invitation", args=[invitation_id]),
        )
        for invitation_id, services in by_invitation.items()
    )


def _story(asked: Sequence[InvitedService], *, is_all: bool) -> str:
    invitation = asked[0].invitation
    values = {
        "who": str(invitation.staff) if invitation.staff else _("the company itself"),
        "made": day(invitation.created_at),
        "sent": day(invitation.sent_at),
        "since": day(asked[0].answered_at or invitation.state_since),
    }
    state = invitation.present_state
    # Of one that was accepted these are the services that were not.
    told = _STORIES[InvitationState.DECLINED if state == InvitationState.ACCEPTED else state]() % values
    if is_all:
        return told
    return _("%(services)s: %(story)s") % {"services": listed([one.service.name for one in asked]), "story": told}


_STORIES: dict[InvitationState, Callable[[], str]] = {
    InvitationState.DRAFT: lambda: _("Request written on %(made)s by %(who)s, not sent yet."),
    InvitationState.SENT: lambda: _("Requested on %(sent)s by %(who)s, not opened by the customer yet."),
    InvitationState.OPENED: lambda: _("Requested on %(sent)s by %(who)s, opened by the customer on %(since)s."),
    InvitationState.DECLINED: lambda: _("Requested on %(sent)s by %(who)s, declined by the customer on %(since)s."),
    InvitationState.EXPIRED: lambda: _("Requested on %(sent)s by %(who)s, expired without an answer on %(since)s."),
}
