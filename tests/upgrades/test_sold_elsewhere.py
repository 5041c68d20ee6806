"""What a partner may not learn of subscriptions that it did not sell, on the pages and in the evidence."""

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains

from customers.models import Customer
from partners.models import Partner
from subscriptions.models import Status, Subscription
from tests.factories import PartnerFactory, StaffFactory, customer_of, sold
from tests.pages import numbers
from upgrades.verdicts import judge

pytestmark = pytest.mark.django_db


@pytest.fixture
def partner(client: Client) -> Partner:
    staff = StaffFactory.create(name="Li Na", email="li.na@contoso.example", partner__name="Contoso Reseller")
    client.force_login(staff)
    found: Partner = staff.partner
    return found


@pytest.fixture
def customer(partner: Partner) -> Customer:
    return customer_of(partner, services=["exchange"], company_name="Adatum", domain="adatum.partner.onmschina.cn")


def address(name: str, subscription: Subscription) -> str:
    return reverse(name, args=[subscription.customer_id, subscription.pk])


@pytest.mark.parametrize("name", ["desk:subscription_details", "upgrades:upgrade_form", "upgrades:upgrade_review"])
def test_quantity_and_nickname_of_one_that_it_administers(client: Client, customer: Customer, name: str) -> None:
    other = sold(PartnerFactory.create(), customer, "Business Premium", quantity=217, nickname="Warehouse")
    page = client.get(address(name, other))
    assertContains(page, "Office 365 Business Premium")
    assertNotContains(page, "Warehouse")
    assert 217 not in numbers(page.content.decode())


def test_neither_when_it_tries_to_upgrade_it(client: Client, customer: Customer) -> None:
    other = sold(PartnerFactory.create(), customer, "Business Premium", quantity=217, nickname="Warehouse")
    target = other.offer.upgrade_paths.get().target_id
    refused = client.post(address("upgrades:upgrade_form", other), {"target": target, "quantity": 5})
    assertNotContains(refused, "Warehouse", status_code=409)
    assert 217 not in numbers(refused.content.decode())


def test_the_id_of_the_parent_of_an_own_add_on(client: Client, customer: Customer) -> None:
    hidden = sold(PartnerFactory.create(), customer, "SharePoint Online (Plan 1)")
    add_on = sold(customer.relationships.get().partner, customer, "Exchange Online (Plan 1)", parent=hidden)
    page = client.get(address("desk:subscription_details", add_on))
    assertContains(page, "SharePoint Online (Plan 1)")
    assertNotContains(page, str(hidden.pk))


def test_a_parent_that_it_may_see_is_one_click_away(client: Client, customer: Customer) -> None:
    partner = customer.relationships.get().partner
    add_on = sold(partner, customer, "Exchange Online (Plan 1)", parent=sold(partner, customer, "Business Premium"))
    assert add_on.parent is not None
    page = client.get(address("desk:subscription_details", add_on))
    assertContains(page, address("desk:subscription_details", add_on.parent))


def test_the_state_of_an_add_on(partner: Partner) -> None:
    customer = customer_of(partner)
    own = sold(partner, customer, "Business Premium")
    sold(PartnerFactory.create(), customer, "Exchange Online (Plan 1)", parent=own, status=Status.SUSPENDED)
    verdict, *_ = judge(Subscription.objects.filter(pk=own.pk), partner=partner)
    lacking = next(one for one in verdict.unmet if one.code == "subscription_add_ons_present")
    assert [(fact.code, dict(fact.values)) for fact in verdict.facts(lacking)] == [
        ("other_channel", {"offer": "Exchange Online (Plan 1)"})
    ]
