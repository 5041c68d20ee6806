import threading
import uuid
from collections.abc import Collection
from typing import Any

import pytest
from django.core import mail
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.http import Http404

from activity.errors import Refused
from activity.models import ActivityRecord, Outcome
from customers import errors
from customers.models import Customer, Invitation
from customers.requesting import Requested, request_privileges
from partners.models import Staff
from partners.roles import Role
from tests.factories import (
    BillingProfileFactory,
    ContactDetailsFactory,
    CustomerFactory,
    InvitationFactory,
    ResellerRelationshipFactory,
    StaffFactory,
    customer_of,
    service,
)
from tests.subscriptions.working import work

pytestmark = pytest.mark.django_db


@pytest.fixture
def customer(staff: Staff) -> Customer:
    """Adatum, which lets Li Na's partner administer SharePoint alone and can be reached."""
    made = customer_of(staff.partner, services=["sharepoint"], company_name="Adatum")
    ContactDetailsFactory(customer=made)
    return made


def ids(*codes: str) -> list[int]:
    return [service(code).pk for code in codes]


def ask(staff: Staff, customer: Customer, services: Collection[int], key: str = "key") -> Requested:
    return request_privileges(staff=staff, customer_id=customer.pk, services=services, key=key)


def asked_for(invitation: Invitation) -> set[str]:
    return {one.service.code for one in invitation.asked_services}


def test_one_click_asks_the_contact_and_is_recorded(staff: Staff, customer: Customer) -> None:
    made = ask(staff, customer, ids("exchange", "sharepoint"))
    assert made.is_new
    assert (made.invitation.state, made.invitation.with_relationship) == ("sent", False)
    assert asked_for(made.invitation) == {"exchange"}
    operations = ActivityRecord.objects.order_by("at").values_list("operation", "customer_name")
    assert list(operations) == [("invite_customer", "Adatum"), ("send_invitation", "Adatum")]


@pytest.mark.parametrize("bills_in", ["zh", "en", "es", None])
@pytest.mark.django_db(transaction=True)
def test_the_mail_is_in_the_language_of_the_bills(staff: Staff, customer: Customer, bills_in: str | None) -> None:
    if bills_in:
        BillingProfileFactory(customer=customer, language=bills_in)
    made = ask(staff, customer, ids("exchange"))
    work()
    assert [one.to for one in mail.outbox] == [["li.na@adatum.example"]]
    assert made.invitation.language == {"zh": "zh-hans", None: "zh-hans"}.get(bills_in, bills_in)


def test_who_gets_the_bills_is_asked_where_there_is_no_contact(staff: Staff) -> None:
    customer = customer_of(staff.partner, services=[])
    with pytest.raises(errors.NoAddressKnown):
        ask(staff, customer, ids("exchange"))
    assert ActivityRecord.objects.get().reasons == ["no_address_known"]
    BillingProfileFactory(customer=customer, email="bills@adatum.example")
    assert ask(staff, customer, ids("exchange")).invitation.email == "bills@adatum.example"


def test_the_same_key_asks_once(staff: Staff, customer: Customer) -> None:
    first = ask(staff, customer, ids("exchange"))
    again = ask(staff, customer, ids("exchange"))
    assert (again.invitation, again.is_new) == (first.invitation, True)
    with pytest.raises(Refused):
        ask(staff, customer, ids("exchange", "skype"))
    assert Invitation.objects.count() == 1


def test_what_is_asked_already_is_not_asked_again(staff: Staff, customer: Customer) -> None:
    waiting = InvitationFactory(staff=staff, customer=customer, services=["exchange"])
    shown = ask(staff, customer, ids("exchange"))
    assert (shown.invitation, shown.is_new) == (waiting, False)
    more = ask(staff, customer, ids("exchange", "skype"), key="2")
    assert more.is_new
    assert asked_for(more.invitation) == {"skype"}


def test_what_another_partner_asks_is_no_matter(staff: Staff, customer: Customer) -> None:
    InvitationFactory(customer=customer, services=["exchange"])
    assert ask(staff, customer, ids("exchange")).is_new


def test_what_is_held_is_not_asked_for(staff: Staff, customer: Customer) -> None:
    with pytest.raises(errors.ServicesHeldAlready):
        ask(staff, customer, ids("sharepoint"))
    with pytest.raises(errors.NothingAsked):
        ask(staff, customer, [])
    with pytest.raises(errors.NothingAsked):
        ask(staff, customer, [32_000])
    assert set(ActivityRecord.objects.values_list("outcome", flat=True)) == {Outcome.REFUSED}


def test_it_takes_a_relationship_in_force(staff: Staff) -> None:
    former = CustomerFactory()
    ResellerRelationshipFactory(partner=staff.partner, customer=former, has_ended=True, had_subscriptions=True)
    ContactDetailsFactory(customer=former)
    with pytest.raises(errors.NotYourCustomer):
        ask(staff, former, ids("exchange"))


def test_another_partners_customer_does_not_exist(staff: Staff) -> None:
    with pytest.raises(Http404):
        ask(staff, customer_of(StaffFactory().partner, services=[]), ids("exchange"))
    with pytest.raises(Http404):
        request_privileges(staff=staff, customer_id=uuid.uuid4(), services=ids("exchange"), key="1")


@pytest.mark.parametrize("role", [Role.SALES_AGENT, Role.HELPDESK_AGENT])
def test_the_others_may_not(staff: Staff, customer: Customer, role: Role) -> None:
    with pytest.raises(PermissionDenied):
        ask(StaffFactory(partner=staff.partner, roles=[role]), customer, ids("exchange"))
    assert ActivityRecord.objects.get().outcome == Outcome.REFUSED
    assert not Invitation.objects.exists()


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("keys", [("same", "same"), ("one", "two")])
def test_clicked_twice_at_once_it_is_asked_once(staff: Staff, customer: Customer, keys: tuple[str, str]) -> None:
    done: list[Any] = []
    together = threading.Barrier(2)

    def click(key: str) -> None:
        together.wait(timeout=10)
        try:
            done.append(ask(staff, customer, ids("exchange"), key).invitation.pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=click, args=(key,)) for key in keys]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert len(done) == 2
    assert Invitation.objects.get().pk == done[0] == done[1]
