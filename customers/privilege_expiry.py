"""What time does to privileges: before one expires its holder is warned, then it is written down as over."""

import datetime
import uuid
from collections.abc import Collection
from dataclasses import dataclass

from django.db import transaction

from activity.operations import SYSTEM, record
from customers.invitation_mail import mail_expired, mail_expiring
from customers.models import Customer, DelegatedAdminPrivilege, Ending, PrivilegeWarning
from customers.privileges import end
from partners.models import Partner

WARNED_BEFORE = (30, 7, 1)


@dataclass
class Tended:
    """What a run did."""

    expired: int = 0
    warned: int = 0


def tend_privileges(*, now: datetime.datetime) -> Tended:
    """Write down what has expired and warn of what will within 30, 7 and 1 days.

    Safe to run twice, late, or twice at once: each customer is looked at afresh with its row locked, and each
    warning is given once for one end of a privilege; a late run gives only the most urgent one. That a privilege
    counts no more does not wait for this: `PrivilegeQuerySet.held` looks at the time itself.
    """
    done = Tended()
    for customer_id in _concerned(now):
        with transaction.atomic():
            of_customer = _tend_customer(customer_id, now)
        done.expired += of_customer.expired
        done.warned += of_customer.warned
    return done


def _latest(now: datetime.datetime) -> datetime.datetime:
    return now + datetime.timedelta(days=max(WARNED_BEFORE))


def _concerned(now: datetime.datetime) -> list[uuid.UUID]:
    """The customers with a privilege that expires within the earliest warning."""
    expiring = DelegatedAdminPrivilege.objects.not_revoked().filter(expires_at__lte=_latest(now))
    return list(expiring.order_by("customer_id").values_list("customer_id", flat=True).distinct())


def _tend_customer(customer_id: uuid.UUID, now: datetime.datetime) -> Tended:
    customer: Customer | None = Customer.objects.select_for_update().filter(pk=customer_id).first()
    if customer is None:
        return Tended()
    expiring = DelegatedAdminPrivilege.objects.not_revoked().filter(customer=customer, expires_at__lte=_latest(now))
    found = list(expiring.select_related("customer", "partner", "service").order_by("service"))
    expired = [one for one in found if one.has_expired(now)]
    end(expired, Ending.EXPIRED, actor=SYSTEM)
    for partner, privileges in _by_partner(expired).items():
        mail_expired(customer, partner, [one.service.name for one in privileges])
    return Tended(expired=len(expired), warned=_warn(customer, [one for one in found if one not in expired], now))


def _warn(customer: Customer, privileges: Collection[DelegatedAdminPrivilege], now: datetime.datetime) -> int:
    """Record each warning that is due and was not given, and have each partner mailed once a threshold."""
    due: dict[int, list[DelegatedAdminPrivilege]] = {}
    for one in privileges:
        assert one.expires_at is not None
        left = one.expires_at - now
        days = min(days for days in WARNED_BEFORE if left <= datetime.timedelta(days=days))
        _warning, is_new = PrivilegeWarning.objects.get_or_create(
            privilege=one, expires_at=one.expires_at, days=days, defaults={"at": now}
        )
        if is_new:
            due.setdefault(days, []).append(one)
            _record_warning(one, days)
    for days, warned in due.items():
        for partner, theirs in _by_partner(warned).items():
            mail_expiring(customer, partner, [one.service.name for one in theirs], days=days)
    return sum(map(len, due.values()))


def _record_warning(privilege: DelegatedAdminPrivilege, days: int) -> None:
    record(
        actor=SYSTEM,
        partner=privilege.partner,
        operation="warn_of_expiry",
        resource=privilege,
        customer=privilege.customer,
        after={"service": privilege.service.name, "days": days, "expires": privilege.expires_at},
    )


def _by_partner(privileges: Collection[DelegatedAdminPrivilege]) -> dict[Partner, list[DelegatedAdminPrivilege]]:
    found: dict[Partner, list[DelegatedAdminPrivilege]] = {}
    for one in privileges:
        found.setdefault(one.partner, []).append(one)
    return found
