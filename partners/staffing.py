"""What managers of staff do with colleagues: give and take roles, deactivate, reactivate; and who may decide that.

Everything holds the partner's row, so that two people who decide at once follow one another. Decided is by the roles
that the person has at that moment, not by those of when their page was asked for.
"""

import datetime
import uuid
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404
from django.utils import timezone

from activity.errors import Refused
from activity.models import ActivityRecord, Outcome
from activity.operations import Actor, record
from activity.submissions import Asked, first_result, remember
from partners.errors import GlobalAdminsAlone, LastGlobalAdmin, NotAboutYourself, StaffChanged, UnknownRole
from partners.models import ApiClient, Partner, Staff, StaffInvitation
from partners.operations import NotAllowed, end_tokens
from partners.roles import Permission, Role

CHANGE_ROLES, DEACTIVATE, REACTIVATE = "change_roles", "deactivate_staff", "reactivate_staff"
WITHDRAW_INVITATION = "withdraw_staff_invitation"
# How far back it is looked who changed an account while a page was open, and how much is told.
PAGES_LIVE = datetime.timedelta(days=1)
MOST_TOLD = 3


@dataclass(frozen=True)
class Decision:
    """Something that somebody with the permission for it decides, under a key; `content` tells what it is about."""

    staff: Staff
    operation: str
    key: str
    content: dict[str, Any] = field(default_factory=dict)
    needs: Permission = Permission.MANAGE_STAFF

    @property
    def asked(self) -> Asked:
        """It, as something asked for under a key."""
        assert self.staff.partner_id is not None
        return Asked(self.staff.partner_id, self.key, self.operation, self.content)


def decide[Result](decision: Decision, carry_out: Callable[[Staff], Result], about: Any = None) -> Result:
    """Carry out with the partner's row held, by whoever decides as they stand now; all or nothing.

    A refusal is recorded, about the resource `about` where there is one. Raises `PermissionDenied` where the roles do
    not allow to decide it (recorded).
    """
    try:
        with transaction.atomic():
            return carry_out(_held(decision.staff, decision.needs))
    except Refused as refusal:
        record(
            actor=decision.staff.actor,
            operation=decision.operation,
            resource=about,
            after=decision.content,
            outcome=Outcome.REFUSED,
            reasons=refusal.codes,
        )
        if isinstance(refusal, NotAllowed):
            raise PermissionDenied from refusal
        raise


def _held(staff: Staff, needs: Permission) -> Staff:
    """Whoever decides, as they stand now, with the row of their partner held. Raises `NotAllowed`."""
    if staff.partner_id is None:
        raise NotAllowed
    hold_partner(staff.partner_id)
    now: Staff = Staff.objects.visible_to(staff).select_related("partner").get(pk=staff.pk)
    if not now.may(needs):
        raise NotAllowed
    return now


def hold_partner(partner_id: uuid.UUID) -> None:
    """Let nobody else decide about this partner's staff and API clients until the transaction ends.

    Nothing else waits for it.
    """
    Partner.objects.select_for_update(no_key=True).filter(pk=partner_id).first()


# Rules -------------------------------------------------------------------------------------------------------


def may_give(staff: Staff, roles: Collection[Role], *, partner_id: uuid.UUID | None) -> bool:
    """Whether this person may make somebody of this partner one with these roles."""
    if staff.partner_id != partner_id or not staff.may(Permission.MANAGE_STAFF):
        return False
    return Role.GLOBAL_ADMIN in staff.roles or Role.GLOBAL_ADMIN not in roles


def roles_to_give(staff: Staff) -> list[Role]:
    """The roles that this person may give and take."""
    return [role for role in Role if may_give(staff, [role], partner_id=staff.partner_id)]


def may_decide_about(staff: Staff, person: Staff) -> bool:
    """Whether this person may change the roles of that one, deactivate and reactivate them."""
    return _why_not_about(staff, person) is None


def _why_not_about(staff: Staff, person: Staff) -> Refused | None:
    if Role.GLOBAL_ADMIN in staff.roles:
        return None
    if Role.GLOBAL_ADMIN in person.roles:
        return GlobalAdminsAlone()
    return NotAboutYourself() if staff.pk == person.pk else None


def is_last_global_admin(person: Staff, *, besides: Collection[Staff] = ()) -> bool:
    """Whether nobody else of the partner who may sign in is a global admin; asked with the partner's row held.

    `besides` are people who do not count, because they are to go as well.
    """
    if person.partner_id is None or not person.is_active or Role.GLOBAL_ADMIN not in person.roles:
        return False
    gone = {person.pk, *(one.pk for one in besides)}
    return not Staff.objects.of_partner(person.partner_id).global_admins().exclude(pk__in=gone).exists()


def known_roles(codes: Collection[str]) -> tuple[Role, ...]:
    """These roles, in the order of the role table. Raises `UnknownRole`."""
    for code in codes:
        if code not in Role.values:
            raise UnknownRole(str(code))
    return tuple(role for role in Role if role in codes)


def recorded_roles(codes: Collection[str]) -> list[str]:
    """Roles that are asked for, whatever they are, as a record keeps them."""
    return sorted(str(code)[:40] for code in codes)[:20]


# What is decided ---------------------------------------------------------------------------------------------


def change_roles(
    *, staff: Staff, person_id: uuid.UUID, roles: Collection[str], key: str, version: int | None = None
) -> Staff:
    """Make these, and only these, the roles of a colleague; they are in force with the colleague's next request.

    `key` makes it idempotent for the partner; where the account has moved on from `version`, nothing is done.
    Invitations that the colleague made and could not make any more are withdrawn.
    Raises `Refused` of the kinds in `partners.errors` and `SubmissionReused` (recorded), `PermissionDenied` where the
    roles do not allow to manage staff (recorded), `Http404` for somebody of another partner.
    """
    decision = Decision(staff, CHANGE_ROLES, key, {"person": str(person_id), "roles": recorded_roles(roles)})

    def give(now: Staff, person: Staff) -> None:
        wanted = known_roles(roles)
        differing = set(wanted) ^ set(person.roles)
        if not may_give(now, list(differing), partner_id=person.partner_id):
            raise GlobalAdminsAlone
        if Role.GLOBAL_ADMIN in differing and is_last_global_admin(person):
            raise LastGlobalAdmin(person)
        person.give_roles(wanted)

    return _change(decision, person_id, version, give)


def deactivate(*, staff: Staff, person_id: uuid.UUID, key: str, version: int | None = None) -> Staff:
    """Let a colleague sign in no more, and end all their sessions at once. Otherwise as `change_roles`."""

    def end(now: Staff, person: Staff) -> None:
        if is_last_global_admin(person):
            raise LastGlobalAdmin(person)
        person.is_active = False

    return _change(Decision(staff, DEACTIVATE, key, {"person": str(person_id)}), person_id, version, end)


def reactivate(*, staff: Staff, person_id: uuid.UUID, key: str, version: int | None = None) -> Staff:
    """Let a colleague sign in again, with the roles and second factors of before. Otherwise as `change_roles`."""

    def begin(now: Staff, person: Staff) -> None:
        person.is_active = True

    return _change(Decision(staff, REACTIVATE, key, {"person": str(person_id)}), person_id, version, begin)


def _change(
    decision: Decision, person_id: uuid.UUID, version: int | None, carry_out: Callable[[Staff, Staff], None]
) -> Staff:
    seen = Staff.objects.visible_to(decision.staff).filter(pk=person_id).first()
    if seen is None:
        raise Http404

    def change(now: Staff) -> Staff:
        locked = Staff.objects.visible_to(now).select_for_update(of=("self",), no_key=True).select_related("partner")
        person: Staff = locked.get(pk=person_id)
        if first_result(decision.asked) is not None:
            return person
        if refusal := _why_not_about(now, person):
            raise refusal
        if version not in {None, person.version}:
            raise StaffChanged(changes_since(person, version or 0))
        before = standing(person)
        carry_out(now, person)
        if standing(person) != before:
            settle(person, before, actor=decision.staff.actor)
            _record(decision, person, before)
        remember(decision.asked, {"person": str(person.pk)})
        return person

    return decide(decision, change, seen)


def standing(person: Staff) -> dict[str, Any]:
    """What is decided about a person, as records keep it."""
    return {
        "name": person.name,
        "email": person.email,
        "is_active": person.is_active,
        "roles": [role.value for role in person.roles],
        "version": person.version,
    }


def _record(decision: Decision, person: Staff, before: dict[str, Any]) -> None:
    after = standing(person)
    record(actor=decision.staff.actor, operation=decision.operation, resource=person, before=before, after=after)


def settle(person: Staff, before: dict[str, Any], *, actor: Actor) -> None:
    """Save what a change of a person's standing entails: sessions end, invitations are withdrawn, the version grows.

    `before` tells whether the person was active; whoever acts is named in the records of the invitations.
    """
    person.version += 1
    if before["is_active"] != person.is_active:
        # Also when they may sign in again: of who was in the middle of signing in, one may have begun meanwhile.
        end_sessions(person)
    if before["is_active"] and not person.is_active:
        person.deactivated_at = timezone.now()
    person.save(update_fields=["is_active", "version", "deactivated_at"])
    _withdraw_what_they_may_not_give(person, actor)


def end_sessions(person: Staff) -> None:
    """Delete every session of a person that is known of, and every token by which a program acts in their name.

    No session of before is good any more in any case.
    """
    from allauth.usersessions.models import UserSession

    end_tokens(person)
    for session in UserSession.objects.filter(user=person):
        session.end()


def _withdraw_what_they_may_not_give(person: Staff, actor: Actor) -> None:
    made = StaffInvitation.objects.filter(invited_by=person).unanswered().select_for_update(of=("self",))
    for invitation in made.with_parts():
        if not may_give(person, invitation.roles, partner_id=invitation.partner_id):
            withdraw_now(invitation, actor)


def withdraw_now(invitation: StaffInvitation, actor: Actor) -> None:
    """Take an invitation back that nobody has answered, and record it; the caller holds the partner's row."""
    before = described(invitation)
    invitation.withdrawn_at = timezone.now()
    invitation.version += 1
    invitation.save(update_fields=["withdrawn_at", "version"])
    record(
        actor=actor,
        operation=WITHDRAW_INVITATION,
        resource=invitation,
        partner=invitation.partner,
        before=before,
        after=described(invitation),
    )


def described(invitation: StaffInvitation) -> dict[str, Any]:
    """What records keep of an invitation; of its link nothing."""
    return {
        "email": invitation.email,
        "name": invitation.name,
        "roles": [role.value for role in invitation.roles],
        "state": invitation.present_state.value,
        "expires": invitation.expires_at,
        "version": invitation.version,
    }


def changes_since(
    changed: Staff | ApiClient, version: int, operations: Sequence[str] = (CHANGE_ROLES, DEACTIVATE, REACTIVATE)
) -> list[ActivityRecord]:
    """What others decided about this person or program after this version, newest first, as far as a day back."""
    done = ActivityRecord.objects.filter(
        partner_id=changed.partner_id,
        at__gte=timezone.now() - PAGES_LIVE,
        resource_type=type(changed).__name__.lower(),
        resource_id=str(changed.pk),
        operation__in=operations,
        outcome=Outcome.DONE,
    )
    later = [one for one in done.order_by("-at", "-id")[:20] if (one.after or {}).get("version", 0) > version]
    return later[:MOST_TOLD]
