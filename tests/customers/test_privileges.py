"""Privileges given, moved, extended, given up and revoked; two at once; what the database refuses."""

import datetime
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction
from django.http import Http404
from django.utils import timezone

from activity.models import ActivityRecord, Outcome
from customers import errors
from customers.answering import accept, found_access, found_invitation, revoke
from customers.models import Customer, DelegatedAdminPrivilege, Ending, Invitation, InvitationLink
from customers.privileges import give_up
from partners.models import QueuedMail, Staff
from partners.roles import Role
from tests.factories import (
    CustomerFactory,
    DelegatedAdminPrivilegeFactory,
    InvitationFactory,
    ResellerRelationshipFactory,
    StaffFactory,
    access_to,
    customer_of,
    link_to,
    service,
)

pytestmark = pytest.mark.django_db

DAY = datetime.timedelta(days=1)


def ids(*codes: str) -> list[int]:
    return [service(code).pk for code in codes]


def link(invitation: Invitation) -> InvitationLink:
    found = found_invitation(link_to(invitation))
    assert found is not None
    return found


def accepted(staff: Staff, customer: Customer, days: int | None = None) -> None:
    """The customer accepts what this person's partner asks for: Exchange."""
    invitation = InvitationFactory(staff=staff, customer=customer, services=["exchange"])
    accept(link=link(invitation), services=ids("exchange"), days=days)


def operations(partner: Any) -> list[str]:
    return list(ActivityRecord.objects.filter(partner_id=partner.pk).order_by("at").values_list("operation", flat=True))


def held(partner: Any, customer: Customer) -> set[str]:
    privileges = DelegatedAdminPrivilege.objects.held_by(partner.pk).filter(customer=customer)
    return set(privileges.values_list("service__code", flat=True))


def own(staff: Staff, customer: Customer, code: str = "exchange") -> DelegatedAdminPrivilege:
    return DelegatedAdminPrivilege.objects.filter(partner=staff.partner, customer=customer, service__code=code).latest(
        "pk"
    )


def test_accepted_for_a_time_it_ends_then(staff: Staff) -> None:
    customer = customer_of(staff.partner, services=[])
    before = timezone.now()
    accepted(staff, customer, days=30)
    expires = own(staff, customer).expires_at
    assert expires is not None
    assert before + 30 * DAY <= expires <= timezone.now() + 30 * DAY


def test_what_expires_soon_can_be_asked_for_and_is_extended_by_accepting(staff: Staff, customer: Customer) -> None:
    DelegatedAdminPrivilege.objects.filter(service__code="exchange").update(expires_at=timezone.now() + 5 * DAY)
    privilege = own(staff, customer)
    accepted(staff, customer)
    assert own(staff, customer) == privilege
    assert own(staff, customer).expires_at is None
    assert operations(staff.partner) == ["extend_privilege", "accept_invitation"]


def test_one_that_expired_in_the_day_is_given_anew(staff: Staff, customer: Customer) -> None:
    over = timezone.now() - datetime.timedelta(hours=1)
    DelegatedAdminPrivilege.objects.filter(service__code="exchange").update(expires_at=over)
    old = own(staff, customer)
    accepted(staff, customer)
    old.refresh_from_db()
    assert (old.ending, old.revoked_at) == (Ending.EXPIRED, over)
    assert "exchange" in held(staff.partner, customer)
    assert operations(staff.partner) == ["expire_privilege", "give_privilege", "accept_invitation"]


def test_who_loses_one_is_told_by_record_and_mail_and_not_to_whom(staff: Staff, customer: Customer) -> None:
    other = StaffFactory()
    ResellerRelationshipFactory(partner=other.partner, customer=customer)
    accepted(other, customer)
    assert "exchange" not in held(staff.partner, customer)
    assert own(staff, customer).ending == Ending.MOVED
    told = ActivityRecord.objects.get(partner_id=staff.partner_id)
    assert (told.operation, told.customer_id) == ("lose_privilege", customer.pk)
    assert other.partner.name not in str(vars(told))
    assert {tuple(one.to) for one in QueuedMail.objects.filter(template="privileges_lost")} == {(staff.email,)}


def test_the_customer_revokes_by_its_link(staff: Staff, customer: Customer) -> None:
    found = found_access(access_to(InvitationFactory(staff=staff, customer=customer)))
    assert found is not None
    assert revoke(link=found, services=ids("exchange")) == ["Exchange Online"]
    assert own(staff, customer).ending == Ending.REVOKED


def test_given_up_it_is_nobodys_and_recorded(staff: Staff, customer: Customer) -> None:
    asked = {"staff": staff, "customer_id": customer.pk, "services": ids("exchange", "skype"), "key": "1"}
    assert give_up(**asked) == ["Exchange Online", "Skype for Business Online"]
    assert held(staff.partner, customer).isdisjoint({"exchange", "skype"})
    assert operations(staff.partner) == ["give_up_privilege"] * 2
    # The same again is the same.
    assert give_up(**asked) == ["Exchange Online", "Skype for Business Online"]
    assert len(operations(staff.partner)) == 2
    assert own(staff, customer).ending == Ending.GIVEN_UP


def test_all_or_nothing_is_given_up(staff: Staff, customer: Customer) -> None:
    own(staff, customer, "skype").delete()
    with pytest.raises(errors.PrivilegesGone):
        give_up(staff=staff, customer_id=customer.pk, services=ids("exchange", "skype"), key="1")
    with pytest.raises(errors.NothingToGiveUp):
        give_up(staff=staff, customer_id=customer.pk, services=[], key="1")
    with pytest.raises(errors.ReviewOutdated):
        give_up(staff=staff, customer_id=customer.pk, services=ids("exchange"), key="1", is_as_reviewed=lambda: False)
    assert "exchange" in held(staff.partner, customer)
    assert set(ActivityRecord.objects.values_list("outcome", flat=True)) == {Outcome.REFUSED}


def test_another_partners_privilege_is_not_for_us_to_give_up(staff: Staff, customer: Customer) -> None:
    other = StaffFactory()
    own(staff, customer).delete()
    DelegatedAdminPrivilegeFactory(partner=other.partner, customer=customer)
    with pytest.raises(errors.PrivilegesGone):
        give_up(staff=staff, customer_id=customer.pk, services=ids("exchange"), key="1")
    with pytest.raises(Http404):
        give_up(staff=StaffFactory(), customer_id=customer.pk, services=ids("skype"), key="1")
    agent = StaffFactory(partner=staff.partner, roles=[Role.SALES_AGENT])
    with pytest.raises(PermissionDenied):
        give_up(staff=agent, customer_id=customer.pk, services=ids("skype"), key="1")
    assert "exchange" in held(other.partner, customer)
    assert "skype" in held(staff.partner, customer)


def test_the_database_refuses_what_cannot_be(staff: Staff) -> None:
    privilege = DelegatedAdminPrivilegeFactory(partner=staff.partner)
    for wrong in ({"ending": "revoked"}, {"ending": "nonsense", "revoked_at": timezone.now()}):
        with pytest.raises(IntegrityError), transaction.atomic():
            DelegatedAdminPrivilege.objects.filter(pk=privilege.pk).update(**wrong)


def test_an_expired_one_still_has_its_place_until_it_is_written_down(staff: Staff) -> None:
    customer = CustomerFactory()
    over = timezone.now() - DAY
    DelegatedAdminPrivilegeFactory(partner=staff.partner, customer=customer, expires_at=over)
    with pytest.raises(IntegrityError), transaction.atomic():
        DelegatedAdminPrivilegeFactory(customer=customer)


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """What each gave or raised, begun together."""
    results: list[Any] = [None] * len(acts)
    together = threading.Barrier(len(acts))

    def run(number: int, act: Callable[[], Any]) -> None:
        together.wait(timeout=10)
        try:
            results[number] = act()
        except Exception as error:  # noqa: BLE001 - the results are looked at
            results[number] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=item) for item in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return results


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_accepted_for_two_partners_at_once_one_holds_it_and_the_other_lost_it() -> None:
    people = [StaffFactory(), StaffFactory()]
    customer = customer_of(people[0].partner, services=[])
    ResellerRelationshipFactory(partner=people[1].partner, customer=customer)
    links = [link(InvitationFactory(staff=one, customer=customer, services=["exchange"])) for one in people]
    at_once(*[lambda one=one: accept(link=one, services=ids("exchange"), days=90) for one in links])
    winner = DelegatedAdminPrivilege.objects.held().get().partner_id
    loser = next(one.partner for one in people if one.partner_id != winner)
    assert operations(loser) == ["give_privilege", "accept_invitation", "lose_privilege"]
    assert QueuedMail.objects.filter(template="privileges_lost").count() == 1


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_given_up_and_revoked_at_once_it_ends_once() -> None:
    staff = StaffFactory()
    assert staff.permissions
    customer = customer_of(staff.partner)
    found = found_access(access_to(InvitationFactory(staff=staff, customer=customer)))
    assert found is not None
    at_once(
        lambda: revoke(link=found, services=ids("exchange")),
        lambda: give_up(staff=staff, customer_id=customer.pk, services=ids("exchange"), key="1"),
    )
    done = ActivityRecord.objects.filter(outcome=Outcome.DONE, resource_type="delegatedadminprivilege")
    assert done.count() == 1
    assert own(staff, customer).ending in {Ending.REVOKED, Ending.GIVEN_UP}
