"""What staff do with invitations: make, send, remind, renew the link, withdraw."""

import datetime
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404
from django.utils import timezone

from activity.errors import Refused
from activity.models import Outcome
from activity.operations import Actor, record
from activity.submissions import Asked, first_result, remember
from catalog.models import Service
from customers.domains import full_domain
from customers.errors import (
    AlreadyAsked,
    AlreadyReseller,
    InvitationChanged,
    NoCustomerWithDomain,
    NothingAsked,
    NotTheCustomersAddress,
    NotYourCustomer,
    RemindedLately,
    ServicesHeldAlready,
    WrongState,
)
from customers.invitation_mail import mail_invitation
from customers.models import Customer, DelegatedAdminPrivilege, Invitation, InvitationLink, ResellerRelationship
from customers.models.invitations import InvitationState, InvitedService
from customers.operations import record_refusal
from partners.mail import was_given_up
from partners.models import Language, Staff
from partners.roles import Permission
from partners.tokens import digest_of, new_token

INVITE, SEND, REMIND = "invite_customer", "send_invitation", "remind_of_invitation"
RENEW, WITHDRAW = "renew_invitation_link", "withdraw_invitation"
MOST_REMINDERS = 5
BETWEEN_REMINDERS = datetime.timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """An invitation that somebody asks for."""

    staff: Staff
    email: str
    key: str
    customer_id: uuid.UUID | None
    domain: str
    services: frozenset[int]
    with_relationship: bool
    contact_name: str
    language: str
    note: str

    @property
    def partner_id(self) -> uuid.UUID:
        """The partner of the person who asks; who may invite has one."""
        assert self.staff.partner_id is not None
        return self.staff.partner_id

    @property
    def words(self) -> dict[str, Any]:
        """What a record of a refusal says of it."""
        return {
            "email": self.email[:254],
            "domain": self.domain[:253],
            "relationship": self.with_relationship,
            "services": sorted(self.services)[:100],
        }

    @property
    def asked(self) -> Asked:
        """It, as something asked for under a key."""
        more = {
            "customer": str(self.customer_id or ""),
            "contact": self.contact_name,
            "language": self.language,
            "note": self.note,
        }
        return Asked(self.partner_id, self.key, INVITE, {**self.words, **more})


def invite(
    *,
    staff: Staff,
    email: str,
    key: str,
    customer_id: uuid.UUID | None = None,
    domain: str = "",
    services: Collection[int] = (),
    with_relationship: bool = True,
    contact_name: str = "",
    language: str = Language.CHINESE,
    note: str = "",
) -> Invitation:
    """Make a draft that asks a customer for a reseller relationship, for privileges for these services, or for both.

    `customer_id` names a customer that the partner sees, `domain` one that it need not see, by its primary domain;
    without either it is for a company that is none yet, which becomes a customer by accepting. The mail to a
    customer that exists goes to an address of its own: `can_write_to`. `key` makes it idempotent for the partner.

    Raises `ValidationError` by field; `Refused` of the kinds in `customers.errors` (recorded); `PermissionDenied`
    where the roles do not allow what is asked for (recorded); `Http404` for a customer out of sight.
    """
    wanted = Wanted(
        staff=staff,
        email=email.strip(),
        key=key,
        customer_id=customer_id,
        domain=full_domain(domain) if domain.strip() else "",
        services=frozenset(services),
        with_relationship=with_relationship,
        contact_name=contact_name.strip(),
        language=language,
        note=note.strip(),
    )
    if not may_ask(staff, with_relationship=with_relationship, services=bool(services)):
        record_refusal(staff, INVITE, ("role",), asked=wanted.words)
        raise PermissionDenied
    try:
        with transaction.atomic():
            return _invite(wanted)
    except Refused as refusal:
        record_refusal(staff, INVITE, refusal.codes, asked=wanted.words)
        raise


def may_ask(staff: Staff, *, with_relationship: bool, services: bool) -> bool:
    """Whether this person's roles allow to ask customers for that."""
    if with_relationship and not staff.may(Permission.REQUEST_RELATIONSHIP):
        return False
    return staff.may(Permission.REQUEST_PRIVILEGES) if services else staff.may(Permission.REQUEST_RELATIONSHIP)


def may_change(staff: Staff, invitation: Invitation) -> bool:
    """Whether this person's roles allow to send, remind of or withdraw this invitation."""
    return may_ask(staff, with_relationship=invitation.with_relationship, services=bool(invitation.asked_services))


def _invite(wanted: Wanted) -> Invitation:
    customer = _locked_customer(wanted)
    result = first_result(wanted.asked)
    if result is not None:
        return _visible(wanted.staff, uuid.UUID(result["invitation"]))
    invitation = Invitation(
        partner_id=wanted.partner_id,
        staff=wanted.staff,
        customer=customer,
        email=wanted.email,
        contact_name=wanted.contact_name,
        language=wanted.language,
        note=wanted.note,
        with_relationship=wanted.with_relationship,
    )
    invitation.clean_fields()
    services = list(Service.objects.filter(pk__in=wanted.services))
    _refuse(wanted, customer, services)
    invitation.save(force_insert=True)
    InvitedService.objects.bulk_create([InvitedService(invitation=invitation, service=one) for one in services])
    remember(wanted.asked, {"invitation": str(invitation.pk)})
    found = _visible(wanted.staff, invitation.pk)
    record_of(wanted.staff.actor, INVITE, found, after={"language": found.language, "version": 1})
    return found


def _locked_customer(wanted: Wanted) -> Customer | None:
    locked = Customer.objects.select_for_update()
    if wanted.customer_id is not None:
        seen: Customer | None = locked.visible_to(wanted.staff).filter(pk=wanted.customer_id).first()
        if seen is None:
            raise Http404
        return seen
    if not wanted.domain:
        return None
    named: Customer | None = locked.with_domain(wanted.domain).first()
    if named is None:
        raise NoCustomerWithDomain(wanted.domain)
    return named


def can_write_to(customer: Customer, email: str) -> bool:
    """Whether this address is the customer's own: in its domain, or the one of its contact or billing details.

    Whoever reads this mailbox answers in the customer's name, so it is not for the partner to choose freely.
    """
    host = email.rpartition("@")[2].lower()
    domain = customer.domain.lower()
    known = [
        getattr(customer, name).email for name in ("contact_details", "billing_profile") if hasattr(customer, name)
    ]
    in_domain = host == domain or host.endswith(f".{domain}")
    return in_domain or email.lower() in [address.lower() for address in known]


def _refuse(wanted: Wanted, customer: Customer | None, services: list[Service]) -> None:
    """Raise what stands in the way of this invitation, if anything does."""
    if not wanted.with_relationship and not services:
        raise NothingAsked
    if customer is None:
        _refuse_asked_twice(
            wanted, services, Invitation.objects.filter(customer__isnull=True, email__iexact=wanted.email)
        )
        return
    if not can_write_to(customer, wanted.email):
        raise NotTheCustomersAddress(customer.domain)
    in_force = ResellerRelationship.objects.filter(
        partner_id=wanted.partner_id, customer=customer, has_ended=False
    ).exists()
    if wanted.with_relationship and in_force:
        raise AlreadyReseller
    if not wanted.with_relationship and not in_force:
        raise NotYourCustomer
    held = DelegatedAdminPrivilege.objects.lasting().filter(
        partner_id=wanted.partner_id, customer=customer, service__in=services
    )
    if names := list(held.values_list("service__name", flat=True)):
        raise ServicesHeldAlready(names)
    _refuse_asked_twice(wanted, services, Invitation.objects.filter(customer=customer))


def _refuse_asked_twice(wanted: Wanted, services: list[Service], invitations: Any) -> None:
    """One open question at a time: the same is not asked again while a draft or an invitation asks it."""
    now = timezone.now()
    for one in invitations.visible_to(wanted.staff).unanswered(now).with_parts():
        same = {asked.service_id for asked in one.asked_services} & {service.pk for service in services}
        if same or (one.with_relationship and wanted.with_relationship):
            raise AlreadyAsked(one)


@dataclass(frozen=True)
class Sent:
    """An invitation, and the link to it where staff are to see it: once, since the portal does not keep it."""

    invitation: Invitation
    token: str = ""


def send_invitation(
    *, staff: Staff, invitation_id: uuid.UUID, key: str, by_hand: bool = False, version: int | None = None
) -> Sent:
    """Send a draft, or one whose time ran out, anew; it can be answered for `INVITATION_DAYS`.

    The portal mails it, or `by_hand` shows the link to whoever asked, who sends it. Otherwise as `withdraw`.
    """
    return _change(Change(staff, invitation_id, SEND, key, version), _send, by_hand=by_hand)


def remind(*, staff: Staff, invitation_id: uuid.UUID, key: str, version: int | None = None) -> Sent:
    """Mail a reminder of an invitation that waits for its answer. Otherwise as `withdraw`.

    Raises `RemindedLately` within a day of the last mail, and after `MOST_REMINDERS`.
    """
    return _change(Change(staff, invitation_id, REMIND, key, version), _remind)


def renew_link(*, staff: Staff, invitation_id: uuid.UUID, key: str, version: int | None = None) -> Sent:
    """Another link to an invitation that waits, for who asked to send by hand; all earlier ones end.

    Otherwise as `withdraw`.
    """
    return _change(Change(staff, invitation_id, RENEW, key, version), _renew)


def withdraw(*, staff: Staff, invitation_id: uuid.UUID, key: str, version: int | None = None) -> Sent:
    """Take back an invitation that nobody has answered; its links say so from now on.

    `key` makes it idempotent for the partner; where the invitation has moved on from `version`, nothing is done.
    Raises `WrongState`, `InvitationChanged` and `SubmissionReused` (recorded), `PermissionDenied` where the roles do
    not allow what the invitation asks for (recorded), `Http404` for one of another partner.
    """
    return _change(Change(staff, invitation_id, WITHDRAW, key, version), _withdraw)


@dataclass(frozen=True)
class Change:
    """Something that a person does with an invitation."""

    staff: Staff
    invitation_id: uuid.UUID
    operation: str
    key: str
    version: int | None


def _change(change: Change, carry_out: Any, **options: Any) -> Sent:
    seen = _visible(change.staff, change.invitation_id)
    if not may_change(change.staff, seen):
        _record_refusal(change, seen, ("role",))
        raise PermissionDenied
    try:
        with transaction.atomic():
            return _change_locked(change, carry_out, options)
    except Refused as refusal:
        _record_refusal(change, seen, refusal.codes)
        raise


def _change_locked(change: Change, carry_out: Any, options: dict[str, Any]) -> Sent:
    invitation = locked_invitation(change.invitation_id)
    assert change.staff.partner_id is not None
    content = {"invitation": str(change.invitation_id), **options}
    asked = Asked(change.staff.partner_id, change.key, change.operation, content)
    if first_result(asked) is not None:
        return Sent(invitation)
    if change.version not in {None, invitation.version}:
        raise InvitationChanged(invitation)
    before = {"state": invitation.present_state, "version": invitation.version}
    token = carry_out(invitation, change, **options)
    save_next_version(invitation)
    remember(asked, {"version": invitation.version})
    record_of(change.staff.actor, change.operation, invitation, before=before, after=_after(invitation))
    return Sent(invitation, token)


def locked_invitation(invitation_id: uuid.UUID) -> Invitation:
    """The invitation, held until the transaction ends, with what pages say of it."""
    Invitation.objects.select_for_update().get(pk=invitation_id)
    found: Invitation = Invitation.objects.with_parts().get(pk=invitation_id)
    return found


def save_next_version(invitation: Invitation) -> None:
    """Save it as its next version."""
    invitation.version += 1
    invitation.save(force_update=True)


def _visible(staff: Staff, invitation_id: uuid.UUID) -> Invitation:
    found: Invitation | None = Invitation.objects.visible_to(staff).with_parts().filter(pk=invitation_id).first()
    if found is None:
        raise Http404
    return found


def _after(invitation: Invitation) -> dict[str, Any]:
    return {"state": invitation.state, "version": invitation.version, "expires": invitation.expires_at}


def _send(invitation: Invitation, change: Change, *, by_hand: bool) -> str:
    if not invitation.can_be_sent:
        raise WrongState(invitation)
    now = timezone.now()
    invitation.links.all().delete()
    invitation.state, invitation.sent_at, invitation.opened_at = InvitationState.SENT, now, None
    invitation.expires_at = now + datetime.timedelta(days=settings.INVITATION_DAYS)
    invitation.reminders, invitation.reminded_at, invitation.mail_id = 0, None, None
    if by_hand:
        return add_link(invitation, is_by_mail=False)
    mail_invitation(invitation, add_link(invitation, is_by_mail=True))
    return ""


def _remind(invitation: Invitation, change: Change) -> str:
    _refuse_unless_waiting(invitation)
    now = timezone.now()
    last = invitation.reminded_at or invitation.sent_at
    lately = last is not None and last > now - BETWEEN_REMINDERS and not was_given_up(invitation.mail_id)
    if invitation.reminders >= MOST_REMINDERS or lately:
        raise RemindedLately
    remind_now(invitation, now)
    return ""


def remind_now(invitation: Invitation, now: datetime.datetime) -> None:
    """Mail a reminder with a link of its own; the caller saves and records."""
    mail_invitation(invitation, add_link(invitation, is_by_mail=True), is_reminder=True)
    invitation.reminders += 1
    invitation.reminded_at = now


def _renew(invitation: Invitation, change: Change) -> str:
    _refuse_unless_waiting(invitation)
    invitation.links.all().delete()
    return add_link(invitation, is_by_mail=False)


def _withdraw(invitation: Invitation, change: Change) -> str:
    if not invitation.can_be_withdrawn:
        raise WrongState(invitation)
    invitation.state, invitation.withdrawn_at = InvitationState.WITHDRAWN, timezone.now()
    return ""


def _refuse_unless_waiting(invitation: Invitation) -> None:
    if not invitation.is_waiting:
        raise WrongState(invitation)


def add_link(invitation: Invitation, *, is_by_mail: bool) -> str:
    """The token of a new link to this invitation; it is kept nowhere."""
    token = new_token()
    InvitationLink.objects.create(digest=digest_of(token), invitation=invitation, is_by_mail=is_by_mail)
    return token


def record_of(
    actor: Actor,
    operation: str,
    invitation: Invitation,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    **more: Any,
) -> None:
    """Record what happens to an invitation, for its partner; a customer out of sight is not named."""
    is_seen = invitation.customer is not None and getattr(invitation, "is_in_sight", False)
    record(
        actor=actor,
        operation=operation,
        resource=invitation,
        customer=invitation.customer if is_seen else None,
        partner=invitation.partner,
        before=before,
        after={"email": invitation.email, **invitation.asks, **(after or {})},
        **more,
    )


def _record_refusal(change: Change, invitation: Invitation, codes: tuple[str, ...]) -> None:
    record_of(change.staff.actor, change.operation, invitation, outcome=Outcome.REFUSED, reasons=codes)
