"""What a customer does, without an account, by the links of its mails: open, answer, see and revoke."""

import datetime
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import partial

from django.db import IntegrityError, transaction
from django.utils import timezone

from activity.operations import Actor, record
from customers.actors import customer_actor
from customers.counts import forget_count
from customers.errors import DomainUnavailable, MustComeByMail, NotYourReseller, WrongState
from customers.invitation_mail import mail_answer, mail_invitation, mail_revoked
from customers.inviting import add_link, locked_invitation, record_of, save_next_version
from customers.models import (
    AccessLink,
    Customer,
    DelegatedAdminPrivilege,
    Ending,
    Invitation,
    InvitationLink,
    ResellerRelationship,
)
from customers.models.invitations import InvitationState
from customers.operations import checked_company
from customers.privileges import end, give
from partners.tokens import link_of


def found_invitation(token: str) -> InvitationLink | None:
    """The link that this token belongs to, with its invitation, or `None`."""
    return link_of(InvitationLink.objects.select_related("invitation"), token)


def _actor_of(invitation: Invitation) -> Actor:
    return customer_actor(invitation.contact_name or invitation.email, invitation.partner)


def open_invitation(link: InvitationLink) -> Invitation:
    """The invitation, from now on opened where it was only sent; the first look alone is recorded."""
    with transaction.atomic():
        invitation = locked_invitation(link.invitation_id)
        if invitation.present_state == InvitationState.SENT:
            invitation.state, invitation.opened_at = InvitationState.OPENED, timezone.now()
            save_next_version(invitation)
            after = {"state": invitation.state, "version": invitation.version}
            record_of(_actor_of(invitation), "open_invitation", invitation, after=after)
    return invitation


@dataclass(frozen=True)
class Company:
    """What a company that is no customer yet says of itself."""

    company_name: str
    domain: str


@dataclass
class Answer:
    """What came of an answer; `access_token` leads to what the customer can see and revoke."""

    invitation: Invitation
    accepted: list[str] = field(default_factory=list)
    declined: list[str] = field(default_factory=list)
    access_token: str = ""


def accept(
    *, link: InvitationLink, services: Collection[int] = (), company: Company | None = None, days: int | None = None
) -> Answer:
    """Accept an invitation in the customer's name: the relationship where it is asked for, and these services.

    The privileges expire after so many `days`, where that is said.

    All in one transaction that holds the customer's row: a privilege that another partner held moves, and that
    partner is told that, not to whom. A company that is no customer yet becomes one, with what `company` says.

    Raises `WrongState` where it does not wait for an answer any more, `MustComeByMail` where an existing customer's
    link did not come by mail, `NotYourReseller`, `DomainUnavailable`, and `ValidationError` by field.
    """
    try:
        with transaction.atomic():
            return _accept(link, frozenset(services), company, days)
    except IntegrityError as error:
        # Somebody took the domain at the same moment.
        if company is None:
            raise
        raise DomainUnavailable from error


def decline(*, link: InvitationLink) -> Answer:
    """Decline all that an invitation asks for. Raises `WrongState` where it does not wait for an answer any more."""
    with transaction.atomic():
        invitation = _waiting(link)
        return _close(invitation, InvitationState.DECLINED, frozenset())


def mail_link(*, link: InvitationLink) -> Invitation:
    """Mail the link to the customer's own address, for who has it from elsewhere. Raises `WrongState`."""
    with transaction.atomic():
        invitation = _waiting(link)
        mail_invitation(invitation, add_link(invitation, is_by_mail=True))
        save_next_version(invitation)
        after = {"state": invitation.state, "version": invitation.version}
        record_of(_actor_of(invitation), "mail_invitation_link", invitation, after=after)
    return invitation


def _waiting(link: InvitationLink) -> Invitation:
    """The invitation with its customer's row and its own held, as long as it waits for its answer."""
    customer_id = Invitation.objects.values_list("customer_id", flat=True).get(pk=link.invitation_id)
    if customer_id is not None:
        Customer.objects.select_for_update().get(pk=customer_id)
    invitation = locked_invitation(link.invitation_id)
    # A statement after the lock: the link may have been replaced while this one waited.
    if not invitation.is_waiting or not invitation.links.filter(pk=link.pk).exists():
        raise WrongState(invitation)
    return invitation


def _accept(link: InvitationLink, services: frozenset[int], company: Company | None, days: int | None) -> Answer:
    invitation = _waiting(link)
    chosen = [one for one in invitation.asked_services if one.service_id in services]
    if not invitation.with_relationship and not chosen:
        return _close(invitation, InvitationState.DECLINED, frozenset())
    if invitation.customer is None:
        invitation.customer = _new_customer(company)
        invitation.created_customer = True
    elif not link.is_by_mail:
        raise MustComeByMail
    _relate(invitation)
    actor = _actor_of(invitation)
    until = None if days is None else timezone.now() + datetime.timedelta(days=days)
    given = [one.service for one in chosen]
    give(invitation.customer, invitation.partner, given, actor=actor, expires_at=until)
    answer = _close(invitation, InvitationState.ACCEPTED, services)
    transaction.on_commit(partial(forget_count, [invitation.partner_id]))
    return answer


def _new_customer(company: Company | None) -> Customer:
    """The company as a customer; a domain that exists is refused in words that tell nothing of whose it is."""
    customer = checked_company(
        company_name=company.company_name if company else "", domain=company.domain if company else ""
    )
    if Customer.objects.with_domain(customer.domain).exists():
        raise DomainUnavailable
    customer.save(force_insert=True)
    return customer


def _relate(invitation: Invitation) -> None:
    """Put the relationship in force where it is asked for; without one, nothing can be given."""
    customer, partner = invitation.customer, invitation.partner
    relationship = ResellerRelationship.objects.filter(partner=partner, customer=customer).first()
    if relationship is not None and not relationship.has_ended:
        return
    if not invitation.with_relationship:
        raise NotYourReseller
    relationship = relationship or ResellerRelationship(partner=partner, customer=customer)
    relationship.since, relationship.has_ended, relationship.had_subscriptions = timezone.now(), False, False
    relationship.save()
    invitation.is_in_sight = True  # type: ignore[attr-defined]
    record(
        actor=_actor_of(invitation),
        operation="begin_relationship",
        resource=relationship,
        customer=customer,
        partner=partner,
        before={"in_force": False},
        after={"in_force": True, "company": str(customer), "invitation": str(invitation.pk)},
    )


def _close(invitation: Invitation, state: InvitationState, services: frozenset[int]) -> Answer:
    """Write the answer down, once and for all, and have both told."""
    now = timezone.now()
    before = {"state": invitation.state, "version": invitation.version}
    answer = Answer(invitation)
    for one in invitation.asked_services:
        one.accepted, one.answered_at = state == InvitationState.ACCEPTED and one.service_id in services, now
        one.save(update_fields=["accepted", "answered_at"])
        (answer.accepted if one.accepted else answer.declined).append(one.service.name)
    invitation.state, invitation.answered_at = state, now
    save_next_version(invitation)
    operation = "accept_invitation" if state == InvitationState.ACCEPTED else "decline_invitation"
    after = {"state": state, "version": invitation.version, "accepted": answer.accepted, "declined": answer.declined}
    record_of(_actor_of(invitation), operation, invitation, before=before, after=after)
    answer.access_token = mail_answer(invitation, accepted=answer.accepted, declined=answer.declined)
    return answer


def found_access(token: str) -> AccessLink | None:
    """The access link that this token belongs to, or `None`; one whose time is over is none."""
    links = AccessLink.objects.filter(expires_at__gt=timezone.now()).select_related("customer", "partner")
    return link_of(links, token)


def held_by_partner(link: AccessLink) -> list[DelegatedAdminPrivilege]:
    """The privileges that the customer of this link lets its partner have."""
    held = DelegatedAdminPrivilege.objects.held_by(link.partner_id).filter(customer_id=link.customer_id)
    return list(held.select_related("customer", "partner", "service").order_by("service__name"))


def revoke(*, link: AccessLink, services: Collection[int]) -> list[str]:
    """Take the privileges for these services back in the customer's name; the names of those that were in force.

    Both get a mail, and each privilege leaves a record. Pressed twice it does nothing more.
    """
    with transaction.atomic():
        Customer.objects.select_for_update().get(pk=link.customer_id)
        privileges = [one for one in held_by_partner(link) if one.service_id in services]
        actor = customer_actor(link.contact_name or link.email, link.partner)
        end(privileges, Ending.REVOKED, actor=actor)
        names = [one.service.name for one in privileges]
        if names:
            mail_revoked(link, names)
    return names
