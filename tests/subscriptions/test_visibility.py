"""A partner sees the subscriptions it sold and, read-only, those whose services it administers."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from customers.models import Customer, DelegatedAdminPrivilege, ResellerRelationship
from partners.models import Partner, Staff
from subscriptions.models import Status, Subscription
from tests.factories import (
    DelegatedAdminPrivilegeFactory,
    PartnerFactory,
    PlatformAdministratorFactory,
    ResellerRelationshipFactory,
    StaffFactory,
    customer_of,
    service,
    sold,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff() -> Staff:
    made: Staff = StaffFactory()
    return made


@pytest.fixture
def partner(staff: Staff) -> Partner:
    assert staff.partner is not None
    return staff.partner


@pytest.fixture
def customer(partner: Partner) -> Customer:
    return customer_of(partner, services=[])


def seen(staff: Staff) -> list[Subscription]:
    return list(Subscription.objects.visible_to(staff).order_by("pk"))


@pytest.mark.parametrize("status", Status)
def test_what_it_sold_in_whatever_state(staff: Staff, partner: Partner, customer: Customer, status: Status) -> None:
    held = sold(partner, customer, "Business", status=status)
    assert seen(staff) == [held]


def test_not_what_others_sold(staff: Staff, customer: Customer) -> None:
    sold(PartnerFactory(), customer, "Business")
    sold(None, customer, "Business")
    assert seen(staff) == []


@pytest.mark.parametrize("seller", ["another", "nobody"])
def test_what_contains_a_service_it_administers(
    staff: Staff, partner: Partner, customer: Customer, seller: str
) -> None:
    by = PartnerFactory() if seller == "another" else None
    with_exchange = [sold(by, customer, name) for name in ("Business Premium", "Exchange Online (Plan 2)", "E1")]
    sold(by, customer, "Business")
    sold(by, customer, "SharePoint Online (Plan 1)")
    DelegatedAdminPrivilegeFactory(partner=partner, customer=customer, service=service("exchange"))
    assert seen(staff) == sorted(with_exchange, key=lambda one: one.pk)


def test_a_revoked_privilege_shows_nothing(staff: Staff, partner: Partner, customer: Customer) -> None:
    sold(None, customer, "Business Premium")
    DelegatedAdminPrivilegeFactory(partner=partner, customer=customer, revoked_at=timezone.now())
    assert seen(staff) == []


def test_a_privilege_of_another_partner_shows_nothing(staff: Staff, customer: Customer) -> None:
    sold(None, customer, "Business Premium")
    DelegatedAdminPrivilegeFactory(customer=customer)
    assert seen(staff) == []


def test_a_privilege_for_another_customer_shows_nothing(staff: Staff, partner: Partner, customer: Customer) -> None:
    sold(None, customer, "Business Premium")
    other = customer_of(partner, services=["exchange"])
    held = sold(None, other, "Business Premium")
    assert seen(staff) == [held]


def test_nothing_of_another_partners_customer(staff: Staff, partner: Partner) -> None:
    stranger = customer_of(PartnerFactory(), services=[])
    sold(partner, stranger, "Business")
    DelegatedAdminPrivilegeFactory(partner=partner, customer=stranger)
    sold(None, stranger, "Business Premium")
    assert seen(staff) == []


@pytest.mark.parametrize(("had_subscriptions", "count"), [(True, 1), (False, 0)])
def test_after_the_relationship_ended(
    staff: Staff, partner: Partner, customer: Customer, had_subscriptions: bool, count: int
) -> None:
    sold(partner, customer, "Business")
    ResellerRelationship.objects.update(has_ended=True, had_subscriptions=had_subscriptions)
    assert len(seen(staff)) == count


def test_each_is_there_once_and_in_one_query(staff: Staff, partner: Partner) -> None:
    for _ in range(4):
        customer = customer_of(partner)
        ResellerRelationshipFactory(customer=customer)
        sold(partner, customer, "E3")
        sold(None, customer, "E3")
    with CaptureQueriesContext(connection) as queries:
        assert len(seen(staff)) == 8
    assert len(queries) == 1


def test_each_partner_of_a_customer_sees_its_own(staff: Staff, partner: Partner, customer: Customer) -> None:
    rival = StaffFactory()
    ResellerRelationshipFactory(partner=rival.partner, customer=customer)
    ours, theirs = sold(partner, customer, "Business"), sold(rival.partner, customer, "Business")
    assert seen(staff) == [ours]
    assert seen(rival) == [theirs]


def test_a_platform_administrator_sees_none_not_even_those_bought_directly(customer: Customer) -> None:
    sold(None, customer, "Business")
    assert seen(PlatformAdministratorFactory()) == []


@pytest.mark.parametrize(
    ("query", "statuses"),
    [
        (Subscription.objects.live, {Status.PENDING, Status.ACTIVE, Status.SUSPENDED}),
        (Subscription.objects.all, set(Status)),
    ],
)
def test_live_is_not_deleted(customer: Customer, query: Any, statuses: set[Status]) -> None:
    for status in Status:
        sold(None, customer, "Business", status=status)
    assert {one.status for one in query()} == statuses
    assert {one.status for one in query() if one.is_live} == statuses - {Status.DELETED}


def test_sold_by_nobody_is_not_sold_by_anybody(partner: Partner, customer: Customer) -> None:
    direct, ours = sold(None, customer, "Business"), sold(partner, customer, "Business")
    assert list(Subscription.objects.sold_by(partner.pk)) == [ours]
    assert ours.is_sold_by(partner)
    assert not direct.is_sold_by(partner)
    assert not DelegatedAdminPrivilege.objects.held_by(partner.pk).exists()
