import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.utils import timezone

from activity.errors import Refused
from activity.models import ActivityRecord
from customers import errors
from customers.answering import Company, accept, decline, found_access, found_invitation, open_invitation, revoke
from customers.inviting import withdraw
from customers.models import Customer, DelegatedAdminPrivilege, Invitation, InvitationLink, ResellerRelationship
from partners.models import Staff
from tests.factories import (
    CustomerFactory,
    DelegatedAdminPrivilegeFactory,
    InvitationFactory,
    ResellerRelationshipFactory,
    StaffFactory,
    customer_of,
    link_to,
    service,
)
from tests.subscriptions.working import work

pytestmark = pytest.mark.django_db

COMPANY = Company("New Company", "newcompany")


def link(invitation: Invitation, **more: Any) -> InvitationLink:
    found = found_invitation(link_to(invitation, **more))
    assert found is not None
    return found


def holders(customer: Customer) -> dict[str, Any]:
    held = DelegatedAdminPrivilege.objects.held().filter(customer=customer)
    return dict(held.values_list("service__code", "partner"))


def operations(partner: Any) -> list[str]:
    return list(ActivityRecord.objects.filter(partner_id=partner.pk).order_by("at").values_list("operation", flat=True))


def test_the_first_look_opens_it_once(staff: Staff) -> None:
    invitation = InvitationFactory(staff=staff)
    opened = open_invitation(link(invitation))
    assert (opened.state, opened.version) == ("opened", 2)
    assert open_invitation(link(invitation)).opened_at == opened.opened_at
    assert operations(staff.partner) == ["open_invitation"]


def test_a_company_becomes_a_customer_by_accepting(staff: Staff) -> None:
    answer = accept(link=link(InvitationFactory(staff=staff, services=["exchange"])), company=COMPANY)
    customer = Customer.objects.get(domain="newcompany.partner.onmschina.cn")
    assert answer.invitation.customer == customer
    assert Customer.objects.visible_to(staff).get() == customer
    # A customer who only accepts a reseller relationship gives no privileges.
    assert holders(customer) == {}
    assert operations(staff.partner) == ["begin_relationship", "accept_invitation"]
    assert {record.actor_kind for record in ActivityRecord.objects.all()} == {"customer"}


def test_only_what_is_ticked_and_asked_for_is_given(staff: Staff) -> None:
    invitation = InvitationFactory(staff=staff, services=["exchange", "skype"])
    chosen = [service("exchange").pk, service("bookings").pk]
    answer = accept(link=link(invitation), services=chosen, company=COMPANY)
    assert answer.invitation.customer is not None
    assert holders(answer.invitation.customer) == {"exchange": staff.partner_id}
    assert (answer.accepted, answer.declined) == (["Exchange Online"], ["Skype for Business Online"])
    assert dict(invitation.asked.values_list("service__code", "accepted")) == {"exchange": True, "skype": False}


def test_a_domain_that_exists_is_not_claimed_by_typing_it(staff: Staff) -> None:
    CustomerFactory(company_name="Secret Ltd", domain="newcompany.partner.onmschina.cn")
    invitation = InvitationFactory(staff=staff)
    with pytest.raises(errors.DomainUnavailable) as refused:
        accept(link=link(invitation), company=Company("Whoever", "NewCompany"))
    assert "Secret" not in refused.value.message
    invitation.refresh_from_db()
    assert invitation.state == "sent"
    assert Customer.objects.count() == 1


def test_accepting_moves_a_privilege_and_tells_who_lost_it_not_to_whom(staff: Staff, customer: Customer) -> None:
    customer.privileges.all().delete()
    loser = StaffFactory(name="Loser", partner__name="Northwind Reseller")
    ResellerRelationshipFactory(partner=loser.partner, customer=customer)
    DelegatedAdminPrivilegeFactory(partner=loser.partner, customer=customer, service=service("exchange"))
    invitation = InvitationFactory(staff=staff, customer=customer, services=["exchange", "skype"])
    accept(link=link(invitation), services=[service("exchange").pk, service("skype").pk])
    assert holders(customer) == {"exchange": staff.partner_id, "skype": staff.partner_id}
    told = ActivityRecord.objects.get(partner_id=loser.partner_id)
    assert (told.operation, told.actor_name) == ("lose_privilege", "Woodgrove")
    assert staff.partner is not None
    assert staff.partner.name not in str([told.before, told.after, told.actor_name, told.partner_name])


@pytest.mark.parametrize("act", [accept, decline])
def test_it_is_answered_once(staff: Staff, act: Callable[..., Any]) -> None:
    invitation = InvitationFactory(staff=staff)
    first = link(invitation)
    accept(link=first, company=COMPANY)
    with pytest.raises(errors.WrongState):
        act(link=first)
    assert ResellerRelationship.objects.count() == 1


@pytest.mark.parametrize(
    "state", [{"state": "withdrawn", "withdrawn_at": timezone.now()}, {"expires_at": timezone.now()}]
)
def test_what_is_over_cannot_be_answered(staff: Staff, state: dict[str, Any]) -> None:
    with pytest.raises(errors.WrongState):
        accept(link=link(InvitationFactory(staff=staff, **state)), company=COMPANY)
    assert not Customer.objects.exists()


def test_for_a_customer_that_exists_only_its_own_mailbox_accepts(staff: Staff, customer: Customer) -> None:
    customer.privileges.all().delete()
    invitation = InvitationFactory(staff=staff, customer=customer, services=["exchange"])
    with pytest.raises(errors.MustComeByMail):
        accept(link=link(invitation, is_by_mail=False), services=[service("exchange").pk])
    assert holders(customer) == {}


def test_a_partner_that_is_no_reseller_any_more_gets_no_privilege(staff: Staff, customer: Customer) -> None:
    customer.relationships.update(has_ended=True, had_subscriptions=True)
    invitation = InvitationFactory(staff=staff, customer=customer, services=["exchange"])
    with pytest.raises(errors.NotYourReseller):
        accept(link=link(invitation), services=[service("exchange").pk])


def test_a_relationship_that_had_ended_begins_again(staff: Staff, customer: Customer) -> None:
    customer.relationships.update(has_ended=True, had_subscriptions=True)
    accept(link=link(InvitationFactory(staff=staff, customer=customer, with_relationship=True)))
    assert customer.relationships.filter(has_ended=False).count() == 1


def test_the_customer_takes_back_what_it_gave(staff: Staff) -> None:
    invitation = InvitationFactory(staff=staff, services=["exchange", "skype"])
    services = [service("exchange").pk, service("skype").pk]
    answer = accept(link=link(invitation), services=services, company=COMPANY)
    access = found_access(answer.access_token)
    assert access is not None
    assert revoke(link=access, services=services[:1]) == ["Exchange Online"]
    assert revoke(link=access, services=services[:1]) == []
    assert holders(access.customer) == {"skype": staff.partner_id}
    assert operations(staff.partner).count("revoke_privilege") == 1


def test_a_customer_cannot_take_back_what_another_partner_holds(staff: Staff, customer: Customer) -> None:
    other = StaffFactory()
    DelegatedAdminPrivilege.objects.filter(customer=customer).update(partner=other.partner)
    invitation = InvitationFactory(staff=staff, customer=customer, with_relationship=True)
    answer = accept(link=link(invitation))
    access = found_access(answer.access_token)
    assert access is not None
    assert revoke(link=access, services=[service("exchange").pk]) == []
    assert holders(customer)["exchange"] == other.partner_id


@pytest.mark.django_db(transaction=True)
def test_both_are_told_by_mail_in_their_own_language() -> None:
    staff = StaffFactory(language="es", email="li.na@contoso.example")
    invitation = InvitationFactory(staff=staff, language="en", services=["exchange"])
    accept(link=link(invitation), services=[service("exchange").pk], company=COMPANY)
    work()
    by_address = {message.to[0]: message for message in mail.outbox}
    assert set(by_address) == {"wang.wei@newcompany.example", "li.na@contoso.example"}
    assert "/access/" in str(by_address["wang.wei@newcompany.example"].body)
    assert "/access/" not in str(by_address["li.na@contoso.example"].body)


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """What came of these, all at once: a result, or the refusal that was raised."""
    results: list[Any] = [None] * len(acts)
    ready = threading.Barrier(len(acts))

    def run(number: int, act: Callable[[], Any]) -> None:
        ready.wait(timeout=30)
        try:
            results[number] = act()
        except Refused as refusal:
            results[number] = refusal
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
@pytest.mark.parametrize("is_new", [True, False])
def test_accepted_twice_at_once_it_is_accepted_once(is_new: bool) -> None:
    staff = StaffFactory()
    customer = None if is_new else customer_of(staff.partner, services=[])
    invitation = InvitationFactory(staff=staff, customer=customer, services=["exchange"])
    company = COMPANY if is_new else None
    links = [link(invitation), link(invitation)]
    acts = [lambda one=one: accept(link=one, services=[service("exchange").pk], company=company) for one in links]
    results = at_once(*acts)
    assert sum(isinstance(one, errors.WrongState) for one in results) == 1
    assert DelegatedAdminPrivilege.objects.held().count() == 1
    assert ActivityRecord.objects.filter(operation="accept_invitation").count() == 1


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_withdrawn_while_it_is_accepted_one_of_the_two_happens() -> None:
    staff = StaffFactory()
    assert staff.permissions
    invitation = InvitationFactory(staff=staff, services=["exchange"])
    found = link(invitation)
    at_once(
        lambda: accept(link=found, services=[service("exchange").pk], company=COMPANY),
        lambda: withdraw(staff=staff, invitation_id=invitation.pk, key="w"),
    )
    state = Invitation.objects.get().state
    assert state in {"accepted", "withdrawn"}
    assert Customer.objects.exists() == (state == "accepted")


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_two_partners_accepted_at_once_leave_one_holder() -> None:
    first, second = StaffFactory(), StaffFactory()
    customer = customer_of(first.partner, services=[])
    ResellerRelationshipFactory(partner=second.partner, customer=customer)
    asked = [InvitationFactory(staff=one, customer=customer, services=["exchange"]) for one in (first, second)]
    links = [link(one) for one in asked]
    at_once(*[lambda one=one: accept(link=one, services=[service("exchange").pk]) for one in links])
    assert DelegatedAdminPrivilege.objects.held().count() == 1
    assert DelegatedAdminPrivilege.objects.count() == 2
    assert set(Invitation.objects.values_list("state", flat=True)) == {"accepted"}
