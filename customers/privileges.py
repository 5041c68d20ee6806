"""Delegated admin privileges: given and ended with a record of each, and given up by the partner that holds them."""

import datetime
import uuid
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404
from django.utils import timezone

from activity.errors import Refused
from activity.operations import SYSTEM, Actor, record
from activity.submissions import Asked, first_result, remember
from catalog.models import Service
from customers.actors import customer_actor
from customers.errors import NothingToGiveUp, PrivilegesGone, ReviewOutdated
from customers.invitation_mail import mail_lost_privileges
from customers.models import Customer, DelegatedAdminPrivilege, Ending
from customers.operations import record_refusal
from partners.models import Partner, Staff
from partners.roles import Permission

GIVE_UP = "give_up_privilege"
# What the end of a privilege is called in the records of the partner that held it.
OPERATIONS = {
    Ending.REVOKED: "revoke_privilege",
    Ending.MOVED: "lose_privilege",
    Ending.GIVEN_UP: GIVE_UP,
    Ending.EXPIRED: "expire_privilege",
}


def give(
    customer: Customer,
    partner: Partner,
    services: Collection[Service],
    *,
    actor: Actor,
    expires_at: datetime.datetime | None = None,
) -> None:
    """Give this partner the privileges for these services; whoever held one loses it. The customer's row is held.

    One that the partner holds already is in force until the new `expires_at` from now on.
    """
    now = timezone.now()
    standing = _standing(customer, services, now)
    lost = [one for one in standing.values() if one.partner_id != partner.pk]
    _tell_losers(customer, lost)
    for service in services:
        there = standing.get(service.pk)
        if there is not None and there.partner_id == partner.pk:
            _extend(there, expires_at, actor)
            continue
        given = DelegatedAdminPrivilege.objects.create(
            customer=customer, service=service, partner=partner, since=now, expires_at=expires_at
        )
        record(
            actor=actor,
            operation="give_privilege",
            resource=given,
            customer=customer,
            partner=partner,
            before={"held": False},
            after={"held": True, "service": service.name, "expires": expires_at},
        )


def _standing(
    customer: Customer, services: Collection[Service], now: datetime.datetime
) -> dict[int, DelegatedAdminPrivilege]:
    """By service, who holds it; what has expired is written down as over."""
    there = DelegatedAdminPrivilege.objects.not_revoked().filter(customer=customer, service__in=services)
    found = list(there.select_related("customer", "partner", "service"))
    expired = [one for one in found if one.has_expired(now)]
    end(expired, Ending.EXPIRED, actor=SYSTEM)
    return {one.service_id: one for one in found if one not in expired}


def _extend(privilege: DelegatedAdminPrivilege, expires_at: datetime.datetime | None, actor: Actor) -> None:
    """From now on it ends then."""
    if privilege.expires_at == expires_at:
        return
    before, privilege.expires_at = privilege.expires_at, expires_at
    privilege.save(update_fields=["expires_at"])
    record(
        actor=actor,
        operation="extend_privilege",
        resource=privilege,
        customer=privilege.customer,
        partner=privilege.partner,
        before={"expires": before},
        after={"expires": expires_at, "service": privilege.service.name},
    )


def end(privileges: Collection[DelegatedAdminPrivilege], ending: Ending, *, actor: Actor) -> None:
    """End these privileges, each with a record for the partner that held it. The customer's row is held."""
    now = timezone.now()
    for one in privileges:
        one.ending, one.revoked_at = ending, one.expires_at if ending == Ending.EXPIRED else now
        one.save(update_fields=["ending", "revoked_at"])
        record(
            actor=actor,
            operation=OPERATIONS[ending],
            resource=one,
            customer=one.customer,
            partner=one.partner,
            before={"held": True},
            after={"held": False, "service": one.service.name},
        )


def _tell_losers(customer: Customer, lost: Collection[DelegatedAdminPrivilege]) -> None:
    """Leave each partner that loses privileges a record and a mail; neither says who has them now."""
    by_partner: dict[Partner, list[DelegatedAdminPrivilege]] = {}
    for privilege in lost:
        by_partner.setdefault(privilege.partner, []).append(privilege)
    for partner, privileges in by_partner.items():
        end(privileges, Ending.MOVED, actor=customer_actor(customer.company_name, partner))
        mail_lost_privileges(customer, partner, sorted(one.service.name for one in privileges))


def give_up(
    *,
    staff: Staff,
    customer_id: uuid.UUID,
    services: Collection[int],
    key: str,
    is_as_reviewed: Callable[[], bool] = lambda: True,
) -> list[str]:
    """Give the customer these privileges of the person's partner back; the names of their services.

    `key` makes it idempotent for the partner. `is_as_reviewed` is asked with the customer's row held whether what
    this blocks is still what the person confirmed. All of them or none: raises `PrivilegesGone` where the partner
    holds one of them no more, `ReviewOutdated`, `NothingToGiveUp` without any, `SubmissionReused` (all recorded);
    `PermissionDenied` where the roles do not allow it (recorded); `Http404` for a customer out of sight.
    """
    wanted = sorted(set(services))
    with about_privileges(staff, GIVE_UP, customer_id=customer_id, services=wanted, key=key) as asked:
        return _give_up(staff, customer_id, wanted, asked, is_as_reviewed)


@contextmanager
def about_privileges(
    staff: Staff, operation: str, *, customer_id: uuid.UUID, services: Sequence[int], key: str
) -> Iterator[Asked]:
    """The transaction in which a person asks something about privileges of a customer; a refusal in it is recorded.

    Raises `PermissionDenied` where the roles do not allow it (recorded), `Http404` for a customer out of sight.
    """
    seen = Customer.objects.visible_to(staff).filter(pk=customer_id).first()
    named = {"services": list(services[:100])}
    if not staff.may(Permission.REQUEST_PRIVILEGES):
        record_refusal(staff, operation, ("role",), customer=seen, asked=named)
        raise PermissionDenied
    if seen is None:
        raise Http404
    assert staff.partner_id is not None
    try:
        with transaction.atomic():
            yield Asked(staff.partner_id, key, operation, {"customer": str(customer_id), "services": list(services)})
    except Refused as refusal:
        record_refusal(staff, operation, refusal.codes, customer=seen, asked=named)
        raise


def _give_up(
    staff: Staff, customer_id: uuid.UUID, wanted: list[int], asked: Asked, is_as_reviewed: Callable[[], bool]
) -> list[str]:
    Customer.objects.select_for_update().get(pk=customer_id)
    first = first_result(asked)
    if first is not None:
        return [str(name) for name in first["services"]]
    if not wanted:
        raise NothingToGiveUp
    held = DelegatedAdminPrivilege.objects.held_by(staff.partner_id).filter(customer=customer_id, service__in=wanted)
    privileges = list(held.select_related("customer", "partner", "service").order_by("service"))
    if len(privileges) < len(wanted):
        raise PrivilegesGone
    if not is_as_reviewed():
        raise ReviewOutdated
    end(privileges, Ending.GIVEN_UP, actor=staff.actor)
    names = [one.service.name for one in privileges]
    remember(asked, {"services": names})
    return names
