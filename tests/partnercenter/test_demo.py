"""The demo: everyone can sign in, every worked case is there, and loading it again changes nothing."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from activity.models import ActivityRecord, Outcome
from customers.models import Customer
from partnercenter.demo.accounts import ACCOUNTS, PASSWORD
from partnercenter.demo.cases import CASES
from partnercenter.demo.companies import COMPANIES
from partnercenter.demo.portfolio import CONTOSO, FABRIKAM
from partners.models import Partner, Staff, StaffInvitation
from partners.roles import Role
from subscriptions.models import Order, OrderLine, Provisioning, Subscription
from upgrades.models import Upgrade
from upgrades.verdicts import judge

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _debug(settings: Settings) -> None:
    settings.DEBUG = True


def _load() -> str:
    said = StringIO()
    call_command("load_demo", stdout=said)
    return said.getvalue()


def _portfolio() -> str:
    said = StringIO()
    call_command("export_portfolio", stdout=said)
    return said.getvalue()


def test_every_role_and_both_partners_have_someone_who_can_sign_in() -> None:
    _load()
    people = {staff.email: staff for staff in Staff.objects.filter(is_active=True)}
    assert people.keys() == {account.email for account in ACCOUNTS}
    assert all(staff.check_password(PASSWORD) and staff.is_active for staff in people.values())
    contoso = [staff for staff in people.values() if str(staff.partner_id) == CONTOSO]
    assert sorted(role for staff in contoso for role in staff.roles) == sorted(Role)
    platform = people["platform@portal.example"]
    assert platform.is_staff
    assert platform.is_superuser
    assert platform.partner is None


def test_there_is_a_colleague_who_left_and_some_who_are_invited() -> None:
    _load()
    manager = Staff.objects.get(email="global@contoso-reseller.example")
    assert Staff.objects.visible_to(manager).filter(is_active=False).count() == 1
    states = {one.present_state.value for one in StaffInvitation.objects.visible_to(manager)}
    assert states == {"sent", "expired"}


def test_every_worked_case_stands_under_its_name_with_its_verdicts() -> None:
    _load()
    contoso = Partner.objects.get(pk=CONTOSO)
    for case in CASES:
        assert Customer.objects.get(pk=case.id).company_name == case.name
        verdicts = judge(Subscription.objects.filter(pk=case.subscription_id(0)), partner=contoso)
        assert {verdict.path.target.name: verdict.codes for verdict in verdicts} == case.expected


def test_the_demo_shows_what_there_is_to_show() -> None:
    _load()
    assert 75 <= Customer.objects.count() <= 85
    assert Customer.objects.visible_to_partner(Partner.objects.get(pk=FABRIKAM).pk).count() >= 20
    left = {subscription.days_until_deletion for subscription in Subscription.objects.filter(status="suspended")}
    assert min(day for day in left if day is not None) in {1, 2, 3}
    assert {upgrade.is_finished for upgrade in Upgrade.objects.all()} == {True, False}
    assert ActivityRecord.objects.filter(outcome=Outcome.REFUSED).exists()


def test_ids_and_domains_of_the_demo_stand_once() -> None:
    companies = (*CASES, *COMPANIES)
    ids = [company.subscription_id(number) for company in companies for number in range(len(company.holds))]
    assert len(set(ids)) == len(ids)
    assert (
        len({company.id for company in companies}) == len({company.domain for company in companies}) == len(companies)
    )


def test_loading_the_demo_again_changes_nothing() -> None:
    _load()
    before = _portfolio(), ActivityRecord.objects.count(), Upgrade.objects.count()
    assert "already" in _load()
    assert (_portfolio(), ActivityRecord.objects.count(), Upgrade.objects.count()) == before


def test_what_was_done_in_the_demo_stays_and_what_is_missing_comes_back() -> None:
    _load()
    Customer.objects.filter(pk=CASES[0].id).update(company_name="Renamed")
    Staff.objects.get(email="users@contoso-reseller.example").delete()
    assert "Added 0 customers, 1 accounts and 0 upgrades" in _load()
    assert Customer.objects.get(pk=CASES[0].id).company_name == "Renamed"


def test_the_demo_is_refused_where_debug_is_off(settings: Settings) -> None:
    settings.DEBUG = False
    with pytest.raises(CommandError, match="DEBUG"):
        _load()
    assert not Staff.objects.exists()


def test_the_accounts_are_printed_with_their_password() -> None:
    said = StringIO()
    call_command("demo_accounts", stdout=said)
    text = said.getvalue()
    assert PASSWORD in text
    assert all(account.email in text and account.name in text for account in ACCOUNTS)


def test_there_are_orders_and_one_waits_for_a_second_try() -> None:
    _load()
    states = {order.reference: order.status for order in Order.objects.with_lines()}
    assert states == {"PO 2026-0117": "completed", "PO 2026-0204": "completed", "PO 2026-0231": "pending"}
    failed = OrderLine.objects.exclude(failure="")
    assert {line.provisioning for line in failed} == {Provisioning.FAILED}
