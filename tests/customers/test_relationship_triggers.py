"""The database keeps the name and the domain that a relationship carries equal to its customer's."""

from collections.abc import Callable

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from customers.models import Customer, DelegatedAdminPrivilege, ResellerRelationship
from tests.factories import (
    CustomerFactory,
    DelegatedAdminPrivilegeFactory,
    PartnerFactory,
    ResellerRelationshipFactory,
    service,
)

pytestmark = pytest.mark.django_db


def by_saving(customer: Customer) -> None:
    customer.company_name, customer.domain = "Ñandú", "Nandu.Example.CN"
    customer.save()


def by_bulk_update(customer: Customer) -> None:
    customer.company_name, customer.domain, customer.name_key = "Ñandú", "Nandu.Example.CN", "nandu"
    Customer.objects.bulk_update([customer], ["company_name", "domain", "name_key"])


def by_update(customer: Customer) -> None:
    Customer.objects.filter(pk=customer.pk).update(company_name="Ñandú", name_key="nandu", domain="Nandu.Example.CN")


def by_sql(customer: Customer) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE customers_customer SET company_name = %s, name_key = %s, domain = %s WHERE id = %s",
            ["Ñandú", "nandu", "Nandu.Example.CN", customer.pk.hex],
        )


def by_upsert(customer: Customer) -> None:
    again = Customer(pk=customer.pk, company_name="Ñandú", domain="Nandu.Example.CN")
    Customer.objects.bulk_create(
        [again], update_conflicts=True, unique_fields=["id"], update_fields=["company_name", "name_key", "domain"]
    )


@pytest.mark.parametrize("rename", [by_saving, by_bulk_update, by_update, by_sql, by_upsert])
def test_a_renamed_customer_is_renamed_in_all_its_relationships(rename: Callable[[Customer], None]) -> None:
    customer = CustomerFactory(company_name="Before", domain="before.example.cn")
    other = ResellerRelationshipFactory(customer__company_name="Other", customer__domain="other.example.cn")
    for _ in range(3):
        ResellerRelationshipFactory(customer=customer)
    rename(customer)
    rows = set(ResellerRelationship.objects.filter(customer=customer).values_list("name_key", "domain"))
    assert rows == {("nandu", "nandu.example.cn")}
    other.refresh_from_db()
    assert (other.name_key, other.domain) == ("other", "other.example.cn")


def carried(relationship: ResellerRelationship) -> tuple[str, str]:
    row: tuple[str, str] = ResellerRelationship.objects.values_list("name_key", "domain").get(pk=relationship.pk)
    return row


def test_a_new_relationship_carries_them() -> None:
    assert carried(
        ResellerRelationshipFactory(customer__company_name="Ñandú", customer__domain="Nandu.Example.CN")
    ) == ("nandu", "nandu.example.cn")


def test_whatever_it_says_itself() -> None:
    relationship = ResellerRelationshipFactory(
        customer__company_name="Name", customer__domain="name.example.cn", name_key="false", domain="false"
    )
    assert carried(relationship) == ("name", "name.example.cn")
    relationship.name_key = relationship.domain = "false"
    relationship.save()
    assert carried(relationship) == ("name", "name.example.cn")
    ResellerRelationship.objects.update(name_key="false", domain="false")
    assert carried(relationship) == ("name", "name.example.cn")


def test_many_made_at_once_carry_them() -> None:
    customers = [CustomerFactory(company_name=f"Name {number}") for number in range(3)]
    partner = PartnerFactory()
    ResellerRelationship.objects.bulk_create(
        [ResellerRelationship(partner=partner, customer=customer) for customer in customers]
    )
    assert set(partner.relationships.values_list("name_key", flat=True)) == {"name 0", "name 1", "name 2"}


def test_one_that_passes_to_another_customer_carries_that_ones() -> None:
    relationship = ResellerRelationshipFactory()
    other = CustomerFactory(company_name="Other", domain="other.example.cn")
    ResellerRelationship.objects.filter(pk=relationship.pk).update(customer=other)
    assert carried(relationship) == ("other", "other.example.cn")


def test_an_end_leaves_them_as_they_are() -> None:
    relationship = ResellerRelationshipFactory(customer__company_name="Name", customer__domain="name.example.cn")
    ResellerRelationship.objects.update(has_ended=True, had_subscriptions=True)
    assert carried(relationship) == ("name", "name.example.cn")


# What the constraints of this room refuse.


def refused(work: Callable[[], object]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        work()


def test_a_partner_has_one_relationship_with_a_customer() -> None:
    first = ResellerRelationshipFactory()
    refused(lambda: ResellerRelationshipFactory(partner=first.partner, customer=first.customer))


def test_one_partner_holds_the_privilege_for_a_service() -> None:
    held = DelegatedAdminPrivilegeFactory()
    refused(lambda: DelegatedAdminPrivilegeFactory(customer=held.customer))
    refused(lambda: DelegatedAdminPrivilegeFactory(customer=held.customer, partner=held.partner))
    DelegatedAdminPrivilegeFactory(customer=held.customer, service=service("skype"))
    DelegatedAdminPrivilegeFactory()


def test_a_revoked_privilege_makes_room_and_cannot_come_back_beside_another() -> None:
    held = DelegatedAdminPrivilegeFactory()
    DelegatedAdminPrivilege.objects.update(revoked_at=timezone.now())
    DelegatedAdminPrivilegeFactory(customer=held.customer)
    DelegatedAdminPrivilegeFactory(customer=held.customer, revoked_at=timezone.now())
    refused(lambda: DelegatedAdminPrivilege.objects.filter(pk=held.pk).update(revoked_at=None))


def test_a_domain_is_one_customers_whatever_its_case() -> None:
    CustomerFactory(domain="Contoso.example.cn")
    refused(lambda: CustomerFactory(domain="contoso.EXAMPLE.cn"))


@pytest.mark.parametrize("field", ["company_name", "domain"])
def test_a_customer_has_a_name_and_a_domain(field: str) -> None:
    customer = CustomerFactory()
    refused(lambda: Customer.objects.filter(pk=customer.pk).update(**{field: ""}))
    refused(lambda: CustomerFactory(**{field: ""}))
