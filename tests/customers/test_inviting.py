import datetime
from typing import Any

import pytest
import time_machine
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.http import Http404
from django.utils import timezone

from activity.errors import Refused
from activity.models import ActivityRecord, Outcome
from customers import errors
from customers.inviting import invite, remind, renew_link, send_invitation, withdraw
from customers.models import Customer, Invitation, InvitationState
from customers.tending import tend_invitations
from partners.models import Staff
from partners.roles import Role
from tests.factories import CustomerFactory, InvitationFactory, StaffFactory, customer_of, link_to, service

pytestmark = pytest.mark.django_db


def ask(staff: Staff, **more: Any) -> Invitation:
    return invite(**{"staff": staff, "email": "wang.wei@newcompany.example", "key": "1", **more})


def last_record() -> ActivityRecord:
    return ActivityRecord.objects.latest("at")


def test_an_invitation_begins_as_a_draft_and_is_recorded(staff: Staff) -> None:
    made = ask(staff, services=[service("exchange").pk], contact_name=" Wang Wei ", note="Hello\nagain")
    assert (made.state, made.customer, made.contact_name) == (InvitationState.DRAFT, None, "Wang Wei")
    record = last_record()
    assert record.operation == "invite_customer"
    assert record.after is not None
    assert record.after["services"] == ["Exchange Online"]


def test_the_same_key_gives_the_first_invitation(staff: Staff) -> None:
    assert ask(staff) == ask(staff)
    with pytest.raises(Refused):
        ask(staff, email="another@newcompany.example")
    assert Invitation.objects.count() == 1


@pytest.mark.parametrize(
    ("role", "asked", "may"),
    [
        (Role.SALES_AGENT, {}, True),
        (Role.SALES_AGENT, {"services": [1]}, False),
        (Role.ADMIN_AGENT, {"services": [1]}, True),
        (Role.HELPDESK_AGENT, {}, False),
    ],
)
def test_roles_decide_what_may_be_asked_for(role: Role, asked: dict[str, Any], may: bool) -> None:
    person = StaffFactory(roles=[role])
    if may:
        assert ask(person, **asked)
        return
    with pytest.raises(PermissionDenied):
        ask(person, **asked)
    assert last_record().outcome == Outcome.REFUSED


def test_an_existing_customer_is_written_to_at_its_own_address(staff: Staff, customer: Customer) -> None:
    asked = {"customer_id": customer.pk, "with_relationship": False, "services": [service("exchange").pk]}
    customer.privileges.all().delete()
    with pytest.raises(errors.NotTheCustomersAddress) as refused:
        ask(staff, email="me@reseller.example", **asked)
    assert "@woodgrove.partner.onmschina.cn" in refused.value.message
    assert ask(staff, email="it@mail.Woodgrove.partner.onmschina.cn", **asked).customer == customer


@pytest.mark.parametrize("email", ["it@notwoodgrove.partner.onmschina.cn", "it@partner.onmschina.cn"])
def test_a_domain_that_only_looks_alike_is_another(staff: Staff, customer: Customer, email: str) -> None:
    customer.privileges.all().delete()
    with pytest.raises(errors.NotTheCustomersAddress):
        ask(staff, email=email, customer_id=customer.pk, with_relationship=False, services=[1])


def test_what_is_there_already_is_not_asked_for(staff: Staff, customer: Customer) -> None:
    email = f"it@{customer.domain}"
    with pytest.raises(errors.AlreadyReseller):
        ask(staff, email=email, customer_id=customer.pk)
    with pytest.raises(errors.ServicesHeldAlready) as refused:
        ask(staff, email=email, customer_id=customer.pk, with_relationship=False, services=[1])
    assert "Exchange Online" in refused.value.message
    with pytest.raises(errors.NothingAsked):
        ask(staff, email=email, customer_id=customer.pk, with_relationship=False)


def test_a_customer_out_of_sight_is_named_by_its_domain_alone(staff: Staff) -> None:
    other = CustomerFactory(company_name="Secret Ltd", domain="secret.partner.onmschina.cn")
    with pytest.raises(Http404):
        ask(staff, customer_id=other.pk, email="it@secret.partner.onmschina.cn")
    with pytest.raises(errors.NoCustomerWithDomain):
        ask(staff, domain="nobody")
    made = ask(staff, domain="SECRET", email="it@secret.partner.onmschina.cn")
    assert made.customer == other
    assert not ActivityRecord.objects.filter(customer_name__icontains="Secret").exists()
    with pytest.raises(errors.NotYourCustomer):
        ask(
            staff,
            key="2",
            domain="secret",
            email="it@secret.partner.onmschina.cn",
            with_relationship=False,
            services=[1],
        )


def test_the_same_is_not_asked_twice_while_it_is_open(staff: Staff, customer: Customer) -> None:
    customer.privileges.all().delete()
    asked = {"customer_id": customer.pk, "with_relationship": False, "email": f"it@{customer.domain}"}
    first = ask(staff, services=[1, 2], **asked)
    with pytest.raises(errors.AlreadyAsked):
        ask(staff, key="2", services=[2, 3], **asked)
    assert ask(staff, key="3", services=[3], **asked) != first


@pytest.mark.parametrize(
    "values", [{"email": "nobody"}, {"contact_name": "Wang\u202eWei"}, {"language": "tlh"}, {"note": "x" * 1001}]
)
def test_values_that_cannot_be_held_are_refused_by_field(staff: Staff, values: dict[str, str]) -> None:
    with pytest.raises(ValidationError) as refused:
        ask(staff, **values)
    assert set(refused.value.message_dict) == set(values)
    assert not Invitation.objects.exists()


def test_sent_it_can_be_answered_for_thirty_days(staff: Staff) -> None:
    made = ask(staff)
    sent = send_invitation(staff=staff, invitation_id=made.pk, key="s", by_hand=True)
    assert sent.token
    assert send_invitation(staff=staff, invitation_id=made.pk, key="s", by_hand=True).token == ""
    found = Invitation.objects.get(pk=made.pk)
    assert found.state == InvitationState.SENT
    assert found.expires_at is not None
    with time_machine.travel(found.expires_at - datetime.timedelta(seconds=1)):
        assert found.present_state == InvitationState.SENT
    with time_machine.travel(found.expires_at):
        assert Invitation.objects.get(pk=made.pk).present_state == InvitationState.EXPIRED
        assert list(Invitation.objects.in_state("expired", timezone.now())) == [found]
        assert not Invitation.objects.waiting(timezone.now()).exists()


def test_only_digests_of_links_are_kept(staff: Staff) -> None:
    token = send_invitation(staff=staff, invitation_id=ask(staff).pk, key="s", by_hand=True).token
    link = Invitation.objects.get().links.get()
    assert token not in link.digest
    assert len(link.digest) == 64


def test_a_new_link_ends_the_earlier_ones(staff: Staff) -> None:
    invitation = InvitationFactory(staff=staff)
    link_to(invitation)
    assert renew_link(staff=staff, invitation_id=invitation.pk, key="r").token
    assert invitation.links.count() == 1


def test_a_reminder_leaves_the_earlier_link(staff: Staff) -> None:
    yesterday = timezone.now() - datetime.timedelta(days=1, seconds=1)
    invitation = InvitationFactory(staff=staff, sent_at=yesterday)
    link_to(invitation)
    remind(staff=staff, invitation_id=invitation.pk, key="r")
    assert invitation.links.count() == 2
    with pytest.raises(errors.RemindedLately):
        remind(staff=staff, invitation_id=invitation.pk, key="r2")


@pytest.mark.parametrize("act", [withdraw, remind, renew_link, send_invitation])
def test_what_is_answered_stays_as_it_is(staff: Staff, act: Any) -> None:
    invitation = InvitationFactory(staff=staff, state="declined", answered_at=timezone.now())
    with pytest.raises(errors.WrongState):
        act(staff=staff, invitation_id=invitation.pk, key="1")
    assert last_record().reasons == ["invitation_state"]


def test_a_stale_page_changes_nothing(staff: Staff) -> None:
    invitation = InvitationFactory(staff=staff, version=3)
    with pytest.raises(errors.InvitationChanged):
        withdraw(staff=staff, invitation_id=invitation.pk, key="1", version=2)
    withdraw(staff=staff, invitation_id=invitation.pk, key="2", version=3)
    invitation.refresh_from_db()
    assert (invitation.state, invitation.version) == (InvitationState.WITHDRAWN, 4)


def test_another_partners_invitation_does_not_exist(staff: Staff) -> None:
    invitation = InvitationFactory()
    with pytest.raises(Http404):
        withdraw(staff=staff, invitation_id=invitation.pk, key="1")


def test_who_may_not_ask_for_privileges_may_not_withdraw_the_question(staff: Staff) -> None:
    invitation = InvitationFactory(staff=staff, services=["exchange"])
    sales = StaffFactory(partner=staff.partner, roles=[Role.SALES_AGENT])
    with pytest.raises(PermissionDenied):
        withdraw(staff=sales, invitation_id=invitation.pk, key="1")


def test_the_night_expires_what_is_over_and_reminds_of_what_waits(staff: Staff) -> None:
    made = ask(staff)
    send_invitation(staff=staff, invitation_id=made.pk, key="s")
    start = timezone.now()
    told = []
    for day in (6, 8, 9, 16, 24, 29, 31, 32):
        done = tend_invitations(now=start + datetime.timedelta(days=day))
        told.append((day, done.reminded, done.expired))
    assert [line for line in told if line[1:] != (0, 0)] == [(8, 1, 0), (16, 1, 0), (31, 0, 1)]
    assert Invitation.objects.get().state == InvitationState.EXPIRED
    assert last_record().actor_kind == "system"


def test_what_staff_sent_themselves_is_not_reminded_of(staff: Staff) -> None:
    send_invitation(staff=staff, invitation_id=ask(staff).pk, key="s", by_hand=True)
    assert tend_invitations(now=timezone.now() + datetime.timedelta(days=10)).reminded == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"state": "asked"},
        {"email": ""},
        {"version": 0},
        {"state": "accepted"},
        {"state": "accepted", "answered_at": timezone.now},
        {"state": "opened"},
        {"state": "withdrawn"},
        {"withdrawn_at": timezone.now},
        {"answered_at": timezone.now},
        {"expires_at": None},
        {"with_relationship": False},
    ],
)
def test_the_database_refuses_what_cannot_be(wrong: dict[str, Any]) -> None:
    invitation = InvitationFactory()
    values = {name: value() if callable(value) else value for name, value in wrong.items()}
    with pytest.raises(IntegrityError), transaction.atomic():
        Invitation.objects.filter(pk=invitation.pk).update(**values)


def test_a_customer_of_ours_is_named_in_the_records(staff: Staff) -> None:
    customer = customer_of(staff.partner, services=[], company_name="Fabrikam")
    ask(staff, customer_id=customer.pk, with_relationship=False, services=[1], email=f"it@{customer.domain}")
    assert last_record().customer_name == "Fabrikam"
