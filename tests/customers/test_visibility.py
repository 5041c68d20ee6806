"""A partner sees the customers with whom it has, or had subscriptions under, a reseller relationship."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from customers.counts import count_customers, forget_count
from customers.models import Customer, DelegatedAdminPrivilege, ResellerRelationship
from partners.models import Staff
from tests.factories import (
    CustomerFactory,
    PartnerFactory,
    PlatformAdministratorFactory,
    ResellerRelationshipFactory,
    StaffFactory,
    customer_of,
    sold,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff() -> Staff:
    made: Staff = StaffFactory()
    return made


def seen(staff: Staff) -> set[Customer]:
    found = set(Customer.objects.visible_to(staff))
    through = ResellerRelationship.objects.visible_to(staff)
    assert {relationship.customer for relationship in through} == found
    return found


def test_in_force(staff: Staff) -> None:
    customer = customer_of(staff.partner)
    customer_of(PartnerFactory())
    CustomerFactory()
    assert seen(staff) == {customer}


def test_ended_after_something_was_sold(staff: Staff) -> None:
    customer = CustomerFactory()
    ResellerRelationshipFactory(partner=staff.partner, customer=customer, has_ended=True, had_subscriptions=True)
    assert seen(staff) == {customer}


def test_ended_without_anything_sold(staff: Staff) -> None:
    ResellerRelationshipFactory(partner=staff.partner, has_ended=True, had_subscriptions=False)
    assert seen(staff) == set()


def test_of_several_partners_each_sees_the_customer(staff: Staff) -> None:
    other = StaffFactory()
    customer = customer_of(staff.partner)
    ResellerRelationshipFactory(partner=other.partner, customer=customer)
    assert seen(staff) == seen(other) == {customer}


def test_one_partners_end_is_not_the_others(staff: Staff) -> None:
    other = StaffFactory()
    customer = customer_of(staff.partner)
    ResellerRelationshipFactory(partner=other.partner, customer=customer, has_ended=True)
    assert seen(staff) == {customer}
    assert seen(other) == set()


def test_a_privilege_or_a_sale_without_a_relationship_shows_nothing(staff: Staff) -> None:
    customer = customer_of(PartnerFactory(), services=[])
    assert staff.partner is not None
    sold(staff.partner, customer)
    service_id = sold(None, customer).offer.service_plans.values_list("service_id", flat=True)[0]
    DelegatedAdminPrivilege.objects.create(partner=staff.partner, customer=customer, service_id=service_id)
    assert seen(staff) == set()


def test_a_platform_administrator_sees_no_customer() -> None:
    customer_of(PartnerFactory())
    assert seen(PlatformAdministratorFactory()) == set()


def test_each_customer_is_there_once_and_in_one_query(staff: Staff) -> None:
    for _ in range(5):
        customer = customer_of(staff.partner)
        sold(staff.partner, customer)
        sold(staff.partner, customer)
        ResellerRelationshipFactory(customer=customer)
    with CaptureQueriesContext(connection) as queries:
        assert len(list(Customer.objects.visible_to(staff))) == 5
    assert len(queries) == 1


def test_the_list_is_in_the_order_of_names(staff: Staff) -> None:
    for name in ("beta", "Álpha", "ALPHA 2", "gamma", "北京"):
        customer_of(staff.partner, company_name=name)
    names = list(ResellerRelationship.objects.visible_to(staff).in_order().values_list("name_key", flat=True))
    assert names == ["alpha", "alpha 2", "beta", "gamma", "北京"]


def test_a_place_in_the_list_parts_it_in_before_and_after(staff: Staff) -> None:
    for number in range(12):
        customer_of(staff.partner, company_name=f"Name {number // 3}")
    rows = list(ResellerRelationship.objects.visible_to(staff).in_order())
    for place, row in enumerate(rows):
        visible = ResellerRelationship.objects.visible_to(staff)
        assert list(visible.after(row.name_key, row.customer_id)) == rows[place + 1 :]
        assert list(visible.before(row.name_key, row.customer_id)) == rows[:place][::-1]


def test_customers_are_counted(staff: Staff) -> None:
    for _ in range(3):
        customer_of(staff.partner)
    customer_of(PartnerFactory())
    assert staff.partner_id is not None
    assert count_customers(staff.partner_id) == 3
    customer_of(staff.partner)
    forget_count([staff.partner_id])
    assert count_customers(staff.partner_id) == 4
