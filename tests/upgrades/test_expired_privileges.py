"""A privilege whose time is over counts for nothing anywhere, at once, before anybody has written it down."""

import datetime
import json
import uuid
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from customers.models import Customer, DelegatedAdminPrivilege
from desk.missing import lacking_privileges
from desk.portfolio import live_counts, steps_by_customer, tally
from partners.models import Staff
from subscriptions.models import Subscription
from tests.desk.conftest import signed_in
from tests.factories import PartnerFactory, StaffFactory, customer_of, offer, sold
from upgrades.conditions import DELEGATED
from upgrades.errors import ConditionsUnmet
from upgrades.operations import upgrade_subscription
from upgrades.verdicts import is_possible_by_target, judge

pytestmark = pytest.mark.django_db

MINUTE = datetime.timedelta(minutes=10)


@pytest.fixture
def staff() -> Staff:
    made: Staff = StaffFactory()
    return made


@pytest.fixture
def customer(staff: Staff) -> Customer:
    return customer_of(staff.partner)


@pytest.fixture
def ours(staff: Staff, customer: Customer) -> Subscription:
    return sold(staff.partner, customer, "Business")


@pytest.fixture
def theirs(customer: Customer) -> Subscription:
    """Of another partner: in sight only by what may be administered."""
    return sold(PartnerFactory(), customer, "Exchange Online (Plan 1)")


def commanded(name: str, **options: Any) -> str:
    said = StringIO()
    call_command(name, stdout=said, **options)
    return said.getvalue()


def asked_everywhere(staff: Staff, ours: Subscription, theirs: Subscription) -> dict[str, bool]:
    """For each place that asks for privileges, whether it holds them to be in force."""
    partner, customer_id = staff.partner, ours.customer_id
    assert partner is not None
    verdicts = judge([ours], partner=partner)
    exported = [json.loads(line) for line in commanded("export_eligibility", partner=str(partner.pk)).splitlines()]
    portfolio = json.loads(commanded("export_portfolio", partner=str(partner.pk)))
    browser = signed_in(staff)
    grid = browser.get(f"/customers/{customer_id}/privileges/").context["lines"]
    address = f"/customers/{customer_id}/subscriptions/{theirs.pk}/"
    return {
        "judge": all(DELEGATED not in verdict.unmet for verdict in verdicts),
        "possible": any(is_possible_by_target([ours.pk], partner_id=partner.pk)[ours.pk].values()),
        "whole partner": all(DELEGATED.code not in line["unmet"] for line in exported),
        "tally": 0 in tally(partner.pk),
        "steps": steps_by_customer([customer_id], partner_id=partner.pk)[customer_id] == 0,
        "lacking": customer_id not in lacking_privileges(partner.pk)([customer_id]),
        "visible": Subscription.objects.visible_to(staff).filter(pk=theirs.pk).exists(),
        "details": browser.get(address).status_code == 200,
        "counted": live_counts([customer_id], partner_id=partner.pk)[customer_id] == 2,
        "grid": all(line.privilege is not None for line in grid),
        "exported": bool(portfolio["customers"][0]["delegated_admin_privileges"]),
    }


def test_it_is_gone_everywhere_at_once(staff: Staff, ours: Subscription, theirs: Subscription) -> None:
    # What is kept of the questions must hold no moment: they are asked before and after.
    DelegatedAdminPrivilege.objects.update(expires_at=timezone.now() + MINUTE)
    assert [place for place, is_held in asked_everywhere(staff, ours, theirs).items() if not is_held] == []
    # SQLite's clock knows no less than a thousandth of a second.
    DelegatedAdminPrivilege.objects.update(expires_at=timezone.now() - datetime.timedelta(milliseconds=1))
    assert [place for place, is_held in asked_everywhere(staff, ours, theirs).items() if is_held] == []
    with pytest.raises(ConditionsUnmet):
        upgrade_subscription(
            staff=staff,
            subscription_id=ours.pk,
            target_id=offer("Business Premium").pk,
            quantity=25,
            key=str(uuid.uuid4()),
        )
