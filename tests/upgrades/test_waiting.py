"""What unmet conditions wait for, in the words of the cards."""

import datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation
from pytest_django import DjangoAssertNumQueries

from customers.models import Customer, Invitation, InvitationState, InvitedService
from partners.models import Partner, Staff
from partners.roles import Role
from subscriptions.models import Status, Subscription
from tests.factories import InvitationFactory, PartnerFactory, StaffFactory, customer_of, offer, sold
from upgrades.explain import cards
from upgrades.verdicts import judge
from upgrades.waiting import requests_for

pytestmark = pytest.mark.django_db

MAY_3 = datetime.datetime(2026, 5, 3, 12, tzinfo=datetime.UTC)
DAY = datetime.timedelta(days=1)


@pytest.fixture
def staff() -> Staff:
    made: Staff = StaffFactory(name="Li Na", partner__name="Contoso Reseller")
    return made


@pytest.fixture
def customer(staff: Staff) -> Customer:
    """One that kept Exchange Online and Skype for Business Online for itself."""
    held = ["sharepoint", "onedrive", "office-desktop", "office-web", "yammer", "bookings", "teams"]
    return customer_of(staff.partner, services=held, company_name="Adatum")


@pytest.fixture
def subscription(staff: Staff, customer: Customer) -> Subscription:
    return sold(staff.partner, customer, "Business Premium")


def ask(staff: Staff, customer: Customer, services: list[str], **fields: Any) -> Invitation:
    """A request for these services, made and sent on 3 May, that can be answered for long."""
    fields = {"created_at": MAY_3, "sent_at": MAY_3, "expires_at": timezone.now() + 30 * DAY} | fields
    made: Invitation = InvitationFactory(staff=staff, customer=customer, services=services, **fields)
    return made


def waits_of(subscription: Subscription, partner: Partner, target: str = "E3") -> list[str]:
    found = cards(judge([subscription], partner=partner, target_id=offer(target).pk))
    return [wait.words for card in found for one in card.explained for wait in one.waits]


def missing(subscription: Subscription, partner: Partner) -> list[str]:
    """The codes of the services that are missing for E3."""
    [verdict] = judge([subscription], partner=partner, target_id=offer("E3").pk)
    return [row.service.code for condition in verdict.unmet for row in verdict.seen(condition)]


STORIES = {
    "draft": (
        {"state": "draft", "sent_at": None, "expires_at": None},
        "Request written on 3 May 2026 by Li Na, not sent yet.",
    ),
    "sent": ({}, "Requested on 3 May 2026 by Li Na, not opened by the customer yet."),
    "opened": (
        {"state": "opened", "opened_at": MAY_3 + DAY},
        "Requested on 3 May 2026 by Li Na, opened by the customer on 4 May 2026.",
    ),
    "declined": (
        {"state": "declined", "answered_at": MAY_3 + 2 * DAY},
        "Requested on 3 May 2026 by Li Na, declined by the customer on 5 May 2026.",
    ),
    "run out": (
        {"expires_at": MAY_3 + 4 * DAY},
        "Requested on 3 May 2026 by Li Na, expired without an answer on 7 May 2026.",
    ),
    "expired": (
        {"state": "expired", "expires_at": MAY_3 + 4 * DAY},
        "Requested on 3 May 2026 by Li Na, expired without an answer on 7 May 2026.",
    ),
}


@pytest.mark.parametrize("state", STORIES)
def test_a_request_tells_how_far_it_has_come(
    state: str, staff: Staff, customer: Customer, subscription: Subscription
) -> None:
    fields, words = STORIES[state]
    ask(staff, customer, missing(subscription, staff.partner), **fields)
    assert waits_of(subscription, staff.partner) == [words]


def test_what_is_asked_for_in_part_is_named(staff: Staff, customer: Customer, subscription: Subscription) -> None:
    first, *rest = missing(subscription, staff.partner)
    assert rest
    made = ask(staff, customer, [first])
    [words] = waits_of(subscription, staff.partner)
    assert words == f"{made.services.get().name}: Requested on 3 May 2026 by Li Na, not opened by the customer yet."


def test_the_latest_request_counts(staff: Staff, customer: Customer, subscription: Subscription) -> None:
    services = missing(subscription, staff.partner)
    ask(staff, customer, services, state="declined", answered_at=MAY_3 + DAY)
    ask(staff, customer, services, created_at=MAY_3 + 2 * DAY, sent_at=MAY_3 + 2 * DAY)
    assert waits_of(subscription, staff.partner) == [
        "Requested on 5 May 2026 by Li Na, not opened by the customer yet."
    ]


def test_a_service_declined_in_an_accepted_request_is_declined(
    staff: Staff, customer: Customer, subscription: Subscription
) -> None:
    made = ask(staff, customer, missing(subscription, staff.partner), state="accepted", answered_at=MAY_3 + DAY)
    InvitedService.objects.filter(invitation=made).update(accepted=False, answered_at=MAY_3 + DAY)
    assert waits_of(subscription, staff.partner) == [
        "Requested on 3 May 2026 by Li Na, declined by the customer on 4 May 2026."
    ]


def test_what_nobody_waits_for_is_not_told(staff: Staff, customer: Customer, subscription: Subscription) -> None:
    services = missing(subscription, staff.partner)
    # Withdrawn; granted, and taken back since; asked for by another partner; something else.
    ask(staff, customer, services, state=InvitationState.WITHDRAWN, withdrawn_at=MAY_3)
    granted = ask(staff, customer, services, state="accepted", answered_at=MAY_3)
    InvitedService.objects.filter(invitation=granted).update(accepted=True, answered_at=MAY_3)
    ask(StaffFactory(partner=PartnerFactory()), customer, services)
    ask(staff, customer, ["bookings"])
    assert waits_of(subscription, staff.partner) == []


def test_it_is_told_in_the_readers_language(staff: Staff, customer: Customer, subscription: Subscription) -> None:
    ask(staff, customer, missing(subscription, staff.partner), state="opened", opened_at=MAY_3 + DAY)
    told = set()
    for language in ("en", "es", "zh-hans"):
        with translation.override(language):
            told |= set(waits_of(subscription, staff.partner))
    assert len(told) == 3


def test_own_subscriptions_in_the_way_tell_what_becomes_of_them_by_themselves(staff: Staff) -> None:
    customer = customer_of(staff.partner)
    subscription = sold(staff.partner, customer, "Business Premium")
    pending = sold(staff.partner, customer, "E3", status=Status.PENDING, created_at=MAY_3)
    assert waits_of(subscription, staff.partner)[:1] == [
        "Office 365 Enterprise E3 was ordered on 3 May 2026 and is being provisioned."
    ]
    Subscription.objects.filter(pk=pending.pk).update(status=Status.SUSPENDED, suspended_at=MAY_3)
    assert waits_of(subscription, staff.partner)[:1] == [
        "Office 365 Enterprise E3 is deleted on 2 Jul 2026 unless somebody reactivates it."
    ]
    Subscription.objects.filter(pk=pending.pk).update(
        status=Status.ACTIVE, suspended_at=None, auto_renew=False, commitment_end=datetime.date(2027, 5, 3)
    )
    assert waits_of(subscription, staff.partner)[:1] == [
        "Office 365 Enterprise E3 ends with its term on 3 May 2027; it does not renew."
    ]
    Subscription.objects.filter(pk=pending.pk).update(auto_renew=True)
    assert waits_of(subscription, staff.partner) == []
    # Of one sold elsewhere a partner may not know such things.
    Subscription.objects.filter(pk=pending.pk).update(auto_renew=False, reseller_of_record=None)
    assert waits_of(subscription, staff.partner) == []


def test_a_pending_subscription_tells_when_it_was_ordered(staff: Staff) -> None:
    pending = sold(
        staff.partner, customer_of(staff.partner), "Business Premium", status=Status.PENDING, created_at=MAY_3
    )
    assert waits_of(pending, staff.partner) == [
        "Office 365 Business Premium was ordered on 3 May 2026 and is being provisioned."
    ]


def test_one_query_for_all_cards_and_none_where_no_privilege_is_missing(
    staff: Staff, customer: Customer, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    subscriptions = [sold(staff.partner, customer, "Business") for _ in range(3)]
    for _ in range(3):
        ask(staff, customer, ["exchange", "skype"])
    verdicts = judge(subscriptions, partner=staff.partner)
    assert len(verdicts) > 3
    with django_assert_num_queries(1):
        cards(verdicts)
    able = judge([sold(staff.partner, customer_of(staff.partner))], partner=staff.partner)
    with django_assert_num_queries(0):
        assert requests_for(able) == {}
        cards(able)


@pytest.mark.parametrize("name", ["desk:subscription_details", "upgrades:upgrade_form"])
def test_the_pages_tell_it_with_a_way_to_the_request(
    name: str, staff: Staff, customer: Customer, subscription: Subscription, client: Client
) -> None:
    made = ask(staff, customer, missing(subscription, staff.partner))
    client.force_login(staff)
    page = client.get(reverse(name, args=[customer.pk, subscription.pk])).content.decode()
    assert "Requested on 3 May 2026 by Li Na, not opened by the customer yet." in page
    assert reverse("desk:invitation", args=[made.pk]) in page


def test_who_may_not_open_requests_gets_no_link_to_one(
    staff: Staff, customer: Customer, subscription: Subscription, client: Client
) -> None:
    made = ask(staff, customer, missing(subscription, staff.partner))
    client.force_login(StaffFactory(partner=staff.partner, roles=[Role.HELPDESK_AGENT]))
    page = client.get(reverse("desk:subscription_details", args=[customer.pk, subscription.pk])).content.decode()
    assert "Requested on 3 May 2026 by Li Na" in page
    assert reverse("desk:invitation", args=[made.pk]) not in page
