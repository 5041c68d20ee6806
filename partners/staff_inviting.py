"""How people come to work for a partner: invited by mail, they make their account behind the link."""

import datetime
import uuid
from collections.abc import Callable, Collection

from django.contrib.auth.password_validation import validate_password
from django.db import IntegrityError, transaction
from django.http import Http404
from django.urls import reverse
from django.utils import formats, timezone, translation

from activity.errors import Refused
from activity.models import ActorKind, Outcome
from activity.operations import Actor, record
from activity.submissions import first_result, remember
from partners.errors import (
    AlreadyColleague,
    AlreadyInvited,
    GlobalAdminsAlone,
    HasAccount,
    InvitationMoved,
    LinkOver,
    NoRole,
    SentLately,
)
from partners.mail import absolute, send_later, was_given_up
from partners.models import InvitedRole, Language, Staff, StaffInvitation
from partners.preferences import zone_of
from partners.staffing import (
    WITHDRAW_INVITATION,
    Decision,
    decide,
    described,
    known_roles,
    may_give,
    recorded_roles,
    withdraw_now,
)
from partners.tokens import digest_of, link_of, new_token

INVITE, SEND_AGAIN, ACCEPT = "invite_staff", "send_staff_invitation", "accept_staff_invitation"
VALID_FOR = datetime.timedelta(days=7)
BETWEEN_MAILS = datetime.timedelta(minutes=5)


def invite(
    *, staff: Staff, email: str, roles: Collection[str], key: str, name: str = "", language: str = Language.CHINESE
) -> StaffInvitation:
    """Invite somebody, in their language, to work for the partner with these roles; the mail is queued with it.

    Whether the address has an account elsewhere is told to nobody but who opens the link. `key` makes it idempotent
    for the partner. Raises `ValidationError` by field; `Refused` of the kinds in `partners.errors` (recorded);
    `PermissionDenied` where the roles do not allow to manage staff (recorded).
    """
    address = email.strip().lower()
    content = {
        "email": address[:254],
        "name": name.strip()[:150],
        "language": language[:10],
        "roles": recorded_roles(roles),
    }
    decision = Decision(staff, INVITE, key, content)

    def make(now: Staff) -> StaffInvitation:
        first = first_result(decision.asked)
        if first is not None:
            return visible(now, uuid.UUID(first["invitation"]))
        wanted = known_roles(roles)
        if not wanted:
            raise NoRole
        if not may_give(now, wanted, partner_id=now.partner_id):
            raise GlobalAdminsAlone
        _refuse_known(now, address)
        made = StaffInvitation(
            partner_id=decision.asked.partner_id, invited_by=now, email=address, name=name.strip(), language=language
        )
        token = _renewed_link(made)
        made.clean_fields()
        made.save(force_insert=True)
        InvitedRole.objects.bulk_create([InvitedRole(invitation=made, role=role) for role in wanted])
        found = visible(now, made.pk)
        _mail(found, token)
        found.save(update_fields=["mail_id"])
        record(actor=now.actor, operation=INVITE, resource=found, after=described(found))
        remember(decision.asked, {"invitation": str(found.pk)})
        return found

    return decide(decision, make)


def _refuse_known(staff: Staff, email: str) -> None:
    """Raise where the partner knows this address: of other partners' people nothing is said."""
    colleague = Staff.objects.visible_to(staff).filter(email__iexact=email).first()
    if colleague is not None:
        raise AlreadyColleague(colleague)
    waiting = StaffInvitation.objects.visible_to(staff).unanswered().filter(email__iexact=email).first()
    if waiting is not None:
        raise AlreadyInvited(waiting)


def send_again(*, staff: Staff, invitation_id: uuid.UUID, key: str, version: int | None = None) -> StaffInvitation:
    """Mail an unanswered invitation again, with a new link; the earlier one ends. It is good for seven days more.

    Raises `SentLately` within five minutes of the last mail. Otherwise as `withdraw`.
    """

    def send(now: Staff, invitation: StaffInvitation) -> None:
        lately = invitation.sent_at > timezone.now() - BETWEEN_MAILS and not was_given_up(invitation.mail_id)
        if lately:
            raise SentLately(int(BETWEEN_MAILS.total_seconds() // 60))
        before = described(invitation)
        token = _renewed_link(invitation)
        _mail(invitation, token)
        invitation.version += 1
        invitation.save()
        record(actor=now.actor, operation=SEND_AGAIN, resource=invitation, before=before, after=described(invitation))

    return _change(Decision(staff, SEND_AGAIN, key, {"invitation": str(invitation_id)}), invitation_id, version, send)


def withdraw(*, staff: Staff, invitation_id: uuid.UUID, key: str, version: int | None = None) -> StaffInvitation:
    """Take back an invitation that nobody has accepted; its link says so from now on.

    `key` makes it idempotent for the partner; where the invitation has moved on from `version`, nothing is done.
    Raises `InvitationMoved`, `GlobalAdminsAlone` and `SubmissionReused` (recorded), `PermissionDenied` where the roles
    do not allow to manage staff (recorded), `Http404` for one of another partner.
    """
    decision = Decision(staff, WITHDRAW_INVITATION, key, {"invitation": str(invitation_id)})
    return _change(decision, invitation_id, version, lambda now, invitation: withdraw_now(invitation, now.actor))


def _change(
    decision: Decision,
    invitation_id: uuid.UUID,
    version: int | None,
    carry_out: Callable[[Staff, StaffInvitation], None],
) -> StaffInvitation:
    seen = visible(decision.staff, invitation_id)

    def change(now: Staff) -> StaffInvitation:
        invitation = _held(invitation_id)
        if first_result(decision.asked) is not None:
            return invitation
        if not may_give(now, invitation.roles, partner_id=invitation.partner_id):
            raise GlobalAdminsAlone
        if not invitation.is_unanswered or version not in {None, invitation.version}:
            raise InvitationMoved(invitation)
        carry_out(now, invitation)
        remember(decision.asked, {"version": invitation.version})
        return invitation

    return decide(decision, change, seen)


def visible(staff: Staff, invitation_id: uuid.UUID) -> StaffInvitation:
    """The invitation of the person's own partner. Raises `Http404`."""
    found: StaffInvitation | None = (
        StaffInvitation.objects.visible_to(staff).with_parts().filter(pk=invitation_id).first()
    )
    if found is None:
        raise Http404
    return found


def _held(invitation_id: uuid.UUID) -> StaffInvitation:
    """The invitation, held until the transaction ends, with what is said of it."""
    StaffInvitation.objects.select_for_update().get(pk=invitation_id)
    found: StaffInvitation = StaffInvitation.objects.with_parts().get(pk=invitation_id)
    return found


def _renewed_link(invitation: StaffInvitation) -> str:
    """The token of the invitation's one link, new and kept nowhere; the caller saves."""
    token, now = new_token(), timezone.now()
    invitation.digest = digest_of(token)
    invitation.sent_at, invitation.expires_at, invitation.opened_at = now, now + VALID_FOR, None
    return token


def _mail(invitation: StaffInvitation, token: str) -> None:
    """Have it mailed in the language of the invited person; the caller saves which mail it is."""
    with translation.override(invitation.language):
        words = {
            "name": invitation.name,
            "inviter": str(invitation.invited_by),
            "partner": invitation.partner.name,
            "roles": [str(role.label) for role in invitation.roles],
            "until": until(invitation),
            "link": absolute(reverse("partners:join", args=[token])),
        }
    invitation.mail_id = send_later(
        to=[invitation.email], language=invitation.language, template="staff_invitation", context=words
    )


def until(invitation: StaffInvitation) -> str:
    """The day until which it can be accepted, where whoever invited is, in the language of this moment."""
    return formats.date_format(timezone.localtime(invitation.expires_at, zone_of(invitation.invited_by)), "DATE_FORMAT")


# Behind the link ---------------------------------------------------------------------------------------------


def found_by_token(token: str) -> StaffInvitation | None:
    """The invitation whose link has this token, whatever has become of it."""
    found: StaffInvitation | None = link_of(StaffInvitation.objects.with_parts(), token)
    return found


def note_opened(invitation: StaffInvitation) -> None:
    """Keep when the link was first opened; no change in what a page that is open elsewhere could decide."""
    if invitation.opened_at is None:
        now = timezone.now()
        StaffInvitation.objects.unanswered().filter(pk=invitation.pk, opened_at__isnull=True).update(opened_at=now)


def has_account(email: str) -> bool:
    """Whether anybody has an account with this address; asked for who has shown that they read its mail."""
    return Staff.objects.filter(email__iexact=email).exists()


def accept(*, invitation: StaffInvitation, name: str, password: str, language: str) -> Staff:
    """Make the account of the invited person: it has the promised roles and may sign in.

    The link is good once, for whoever is first. Raises `LinkOver` and `HasAccount` (recorded; the latter in no
    partner's log), `ValidationError` for a password or a name that cannot be.
    """
    try:
        with transaction.atomic():
            return _accept(invitation.pk, invitation.digest, name=name, password=password, language=language)
    except Refused as refusal:
        _record_refusal(invitation, refusal)
        raise


def _accept(invitation_id: uuid.UUID, digest: str, *, name: str, password: str, language: str) -> Staff:
    invitation = _held(invitation_id)
    if not invitation.is_waiting or invitation.digest != digest:
        raise LinkOver(invitation)
    if has_account(invitation.email):
        raise HasAccount
    person = _account(invitation, name=name, password=password, language=language)
    before = described(invitation)
    invitation.accepted_at, invitation.person = timezone.now(), person
    invitation.version += 1
    invitation.save()
    record(
        actor=person.actor,
        operation=ACCEPT,
        resource=person,
        before={"invitation": str(invitation.pk), "state": before["state"]},
        after={
            "name": person.name,
            "email": person.email,
            "roles": [role.value for role in person.roles],
            "invited_by": str(invitation.invited_by),
            "version": person.version,
        },
    )
    return person


def _account(invitation: StaffInvitation, *, name: str, password: str, language: str) -> Staff:
    person = Staff(
        email=invitation.email,
        name=name.strip(),
        partner=invitation.partner,
        language=language,
        time_zone=invitation.invited_by.time_zone,
    )
    person.clean_fields(exclude=["password"])
    validate_password(password, person)
    person.set_password(password)
    try:
        with transaction.atomic():
            person.save(force_insert=True)
    except IntegrityError as error:
        # Another invitation to the same address was accepted at this moment.
        raise HasAccount from error
    person.give_roles(invitation.roles)
    return person


def _record_refusal(invitation: StaffInvitation, refusal: Refused) -> None:
    """Record who was not let in; where it tells of an account elsewhere, in the log of no partner."""
    tells = isinstance(refusal, HasAccount)
    record(
        actor=Actor(kind=ActorKind.STAFF, name="" if tells else invitation.email),
        operation=ACCEPT,
        resource=invitation,
        partner=None if tells else invitation.partner,
        outcome=Outcome.REFUSED,
        reasons=refusal.codes,
    )
