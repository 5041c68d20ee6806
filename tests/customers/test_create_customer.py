"""Creating a customer: all that belongs to it is there afterwards, or nothing."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection

from activity.errors import Refused, SubmissionReused
from activity.models import ActivityRecord, Outcome
from catalog.models import Service
from customers.errors import DomainTaken
from customers.models import BillingProfile, Customer, DelegatedAdminPrivilege, ResellerRelationship
from partners.models import Staff
from partners.roles import MAY, Permission, Role
from tests.customers.accounts import BILLING, CONTACT, create
from tests.factories import CustomerFactory, StaffFactory, customer_of

pytestmark = pytest.mark.django_db


def test_it_has_name_domain_contact_and_billing(staff: Staff) -> None:
    customer = Customer.objects.get(pk=create(staff).pk)
    assert (customer.company_name, customer.domain) == ("Woodgrove Bank", "woodgrove.partner.onmschina.cn")
    contact, billing = customer.contact_details, customer.billing_profile
    assert (contact.person, contact.phone_number, contact.version) == ("Na Li", "+86 21 5555 0100", 1)
    assert (billing.company_name, billing.culture, billing.language) == ("Woodgrove Bank", "zh-CN", "zh")
    assert billing.address[-1] == "China"


def test_the_partner_may_sell_and_administer_every_service(staff: Staff) -> None:
    customer = create(staff)
    relationship = ResellerRelationship.objects.get(customer=customer)
    assert (relationship.partner_id, relationship.has_ended) == (staff.partner_id, False)
    assert relationship.since is not None
    held = DelegatedAdminPrivilege.objects.held_by(staff.partner_id).filter(customer=customer)
    assert {one.service_id for one in held} == set(Service.objects.values_list("pk", flat=True))
    assert Customer.objects.visible_to(staff).get() == customer


def test_it_leaves_one_record_with_what_was_entered(staff: Staff) -> None:
    customer = create(staff)
    record = ActivityRecord.objects.get()
    assert record.after is not None
    assert (record.operation, record.outcome, record.customer_id) == ("add_customer", Outcome.DONE, customer.pk)
    assert record.after["domain"] == "woodgrove.partner.onmschina.cn"
    assert record.after["billing"]["email"] == BILLING["email"]
    assert record.after["version"] == 1


def test_contact_details_may_be_left_out(staff: Staff) -> None:
    assert not hasattr(create(staff, contact=None), "contact_details")


def test_a_whole_host_name_is_taken_as_it_is(staff: Staff) -> None:
    assert create(staff, domain=" Portal.Woodgrove.Example ").domain == "portal.woodgrove.example"


@pytest.mark.parametrize("domain", ["woodgrove", "WOODGROVE", "Woodgrove.partner.onmschina.cn"])
def test_a_domain_that_somebody_has_is_refused(staff: Staff, domain: str) -> None:
    CustomerFactory(company_name="Secret Company", domain="WoodGrove.partner.onmschina.cn")
    with pytest.raises(DomainTaken) as refusal:
        create(staff, domain=domain)
    assert refusal.value.customer is None
    assert "Secret" not in refusal.value.message
    assert "request a reseller relationship" in refusal.value.message
    assert Customer.objects.count() == 1
    record = ActivityRecord.objects.get()
    assert (record.outcome, record.reasons, record.customer_id) == (Outcome.REFUSED, ["domain_taken"], None)


def test_of_a_customer_in_sight_it_says_which(staff: Staff) -> None:
    there = customer_of(staff.partner, company_name="Woodgrove", domain="woodgrove.partner.onmschina.cn")
    with pytest.raises(DomainTaken) as refusal:
        create(staff)
    assert refusal.value.customer == there
    assert refusal.value.message.startswith("This customer already exists: Woodgrove")


def test_the_same_key_again_gives_the_first_customer(staff: Staff) -> None:
    first = create(staff, key="k")
    assert create(staff, key="k") == first
    assert Customer.objects.count() == ActivityRecord.objects.count() == 1


def test_the_same_key_for_something_else_is_refused(staff: Staff) -> None:
    create(staff, key="k")
    with pytest.raises(SubmissionReused):
        create(staff, key="k", domain="other")
    assert Customer.objects.count() == 1


@pytest.mark.parametrize("role", [role for role in Role if Permission.MANAGE_SUBSCRIPTIONS not in MAY[role]])
def test_who_may_not_is_refused_with_a_record(staff: Staff, role: Role) -> None:
    with pytest.raises(PermissionDenied):
        create(StaffFactory(partner=staff.partner, roles=[role]))
    assert ActivityRecord.objects.get().reasons == ["role"]
    assert not Customer.objects.exists()


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"company_name": "  "}, "company_name"),
        ({"company_name": "n" * 10_000}, "company_name"),
        ({"company_name": "Wood\0grove"}, "company_name"),
        ({"company_name": "Wood\u202egrove"}, "company_name"),
        ({"billing": BILLING | {"email": "li.na"}}, "email"),
        ({"billing": BILLING | {"culture": "xx-YY"}}, "culture"),
        ({"billing": BILLING | {"language": "chinese"}}, "language"),
        ({"billing": BILLING | {"country": "XX"}}, "country"),
        ({"billing": BILLING | {"state": "ZZ"}}, "state"),
        ({"billing": BILLING | {"postal_code": "20012"}}, "postal_code"),
        ({"billing": BILLING | {"address_line1": ""}}, "address_line1"),
        ({"billing": BILLING | {"city": "\ud800"}}, "city"),
        ({"contact": CONTACT | {"phone_number": "12345"}}, "phone_number"),
        ({"contact": CONTACT | {"first_name": "x" * 51}}, "first_name"),
        ({"contact": CONTACT | {"last_name": "Li\x1b[31m"}}, "last_name"),
        ({"contact": {"first_name": "Na"}}, "email"),
    ],
)
def test_what_cannot_be_held_is_refused_by_field(staff: Staff, changed: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as error:
        create(staff, **changed)
    assert field in error.value.message_dict
    assert not Customer.objects.exists()


@pytest.mark.parametrize(
    "domain", ["", "-", "a b", "公司", "x" * 64, "x" * 10_000, "a..b", "a\0b", "wood_grove", "<b>"]
)
def test_what_is_no_domain_is_refused(staff: Staff, domain: str) -> None:
    with pytest.raises(ValidationError):
        create(staff, domain=domain)
    assert not Customer.objects.exists()


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    """Rows that wait for each other exist on PostgreSQL alone."""

    def at_once(self, asked: list[dict[str, Any]]) -> list[Customer | Refused]:
        start = Barrier(len(asked))

        def one(changed: dict[str, Any]) -> Customer | Refused:
            try:
                start.wait(timeout=20)
                return create(**changed)
            except Refused as refusal:
                return refusal
            finally:
                connection.close()

        with ThreadPoolExecutor(len(asked)) as threads:
            return list(threads.map(one, asked))

    def test_one_domain_becomes_one_customer(self) -> None:
        people = [StaffFactory() for _ in range(8)]
        assert all(person.permissions for person in people)
        answers = self.at_once([{"staff": person, "company_name": str(person)} for person in people])
        assert sum(isinstance(answer, Customer) for answer in answers) == 1
        assert sum(isinstance(answer, DomainTaken) and answer.customer is None for answer in answers) == 7
        assert Customer.objects.count() == BillingProfile.objects.count() == ResellerRelationship.objects.count() == 1
        assert ActivityRecord.objects.filter(outcome=Outcome.REFUSED).count() == 7

    def test_one_key_sent_many_times_becomes_one_customer(self, staff: Staff) -> None:
        key = str(uuid.uuid4())
        answers = self.at_once([{"staff": staff, "key": key}] * 8)
        assert len({answer.pk for answer in answers if isinstance(answer, Customer)}) == 1
        assert all(isinstance(answer, Customer) for answer in answers)
        assert ActivityRecord.objects.count() == 1

    def test_one_key_for_two_domains_becomes_one_customer(self, staff: Staff) -> None:
        answers = self.at_once([{"staff": staff, "key": "k", "domain": f"woodgrove{n}"} for n in range(2)])
        assert sorted(type(answer) is Customer for answer in answers) == [False, True]
        assert Customer.objects.count() == 1
