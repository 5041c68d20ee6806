"""The nightly look at privileges that expire: who is warned when, and that it can run at any time."""

import datetime
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from io import StringIO

import pytest
from django.core import mail
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from activity.models import ActivityRecord, ActorKind
from customers.models import Customer, DelegatedAdminPrivilege, Ending, PrivilegeWarning
from customers.privilege_expiry import Tended, tend_privileges
from partners.models import QueuedMail, Staff
from partners.roles import Role
from tests.factories import StaffFactory, customer_of
from tests.subscriptions.working import work

pytestmark = pytest.mark.django_db

DAY = datetime.timedelta(days=1)
SECOND = datetime.timedelta(seconds=1)
EXPIRY = datetime.datetime(2037, 3, 1, 12, 0, tzinfo=datetime.UTC)


def expiring(customer: Customer, *codes: str, at: datetime.datetime = EXPIRY) -> None:
    customer.privileges.filter(service__code__in=codes or ["exchange"]).update(expires_at=at)


def warned() -> list[int]:
    records = ActivityRecord.objects.filter(operation="warn_of_expiry").order_by("at", "id")
    return [(one.after or {})["days"] for one in records]


@pytest.mark.parametrize(
    ("left", "days"),
    [
        (30 * DAY + SECOND, []),
        (30 * DAY, [30]),
        (7 * DAY + SECOND, [30]),
        (7 * DAY, [7]),
        (DAY + SECOND, [7]),
        (DAY, [1]),
        (SECOND, [1]),
    ],
)
def test_one_is_warned_of_at_each_threshold(customer: Customer, left: datetime.timedelta, days: list[int]) -> None:
    expiring(customer)
    assert tend_privileges(now=EXPIRY - left) == Tended(warned=len(days))
    assert warned() == days


def test_night_after_night_each_warning_is_given_once_and_then_it_ends(customer: Customer, staff: Staff) -> None:
    expiring(customer)
    for days_left in range(40, -3, -1):
        tend_privileges(now=EXPIRY - days_left * DAY)
    assert warned() == [30, 7, 1]
    ended = customer.privileges.get(service__code="exchange")
    assert (ended.ending, ended.revoked_at) == (Ending.EXPIRED, EXPIRY)
    templates = QueuedMail.objects.order_by("at").values_list("template", flat=True)
    assert list(templates) == ["privileges_expiring"] * 3 + ["privileges_expired"]
    records = ActivityRecord.objects.all()
    assert {(one.partner_id, one.actor_kind, one.customer_id) for one in records} == {
        (staff.partner_id, ActorKind.SYSTEM, customer.pk)
    }


def test_a_late_run_gives_the_most_urgent_warning_alone(customer: Customer) -> None:
    expiring(customer)
    tend_privileges(now=EXPIRY - 2 * DAY)
    assert warned() == [7]


def test_a_clock_set_forward_ends_it_and_one_set_back_brings_nothing_back(customer: Customer) -> None:
    expiring(customer)
    assert tend_privileges(now=EXPIRY) == Tended(expired=1)
    assert tend_privileges(now=EXPIRY - 5 * DAY) == Tended()
    assert tend_privileges(now=EXPIRY + 5 * DAY) == Tended()
    assert warned() == []


def test_extended_it_is_warned_of_anew(customer: Customer) -> None:
    expiring(customer)
    tend_privileges(now=EXPIRY - 5 * DAY)
    expiring(customer, at=EXPIRY + 60 * DAY)
    assert tend_privileges(now=EXPIRY) == Tended()
    tend_privileges(now=EXPIRY + 55 * DAY)
    assert warned() == [7, 7]


def test_services_of_one_customer_share_a_mail(customer: Customer) -> None:
    expiring(customer, "exchange", "skype")
    assert tend_privileges(now=EXPIRY - DAY).warned == 2
    (queued,) = QueuedMail.objects.all()
    assert queued.context["services"] == ["Exchange Online", "Skype for Business Online"]


def test_those_who_may_ask_are_told_each_in_their_language(customer: Customer, staff: Staff) -> None:
    agent = StaffFactory(partner=staff.partner, roles=[Role.ADMIN_AGENT], language="es")
    for role in (Role.SALES_AGENT, Role.HELPDESK_AGENT, Role.BILLING_ADMIN):
        StaffFactory(partner=staff.partner, roles=[role])
    StaffFactory(partner=staff.partner, is_active=False)
    expiring(customer)
    tend_privileges(now=EXPIRY - DAY)
    assert {one.to[0] for one in QueuedMail.objects.all()} == {agent.email, staff.email}


@pytest.mark.django_db(transaction=True)
def test_the_mails_say_what_ends_when_and_where_to_ask(customer: Customer, staff: Staff) -> None:
    expiring(customer)
    tend_privileges(now=EXPIRY - DAY)
    tend_privileges(now=EXPIRY)
    work()
    soon, over = sorted(mail.outbox, key=lambda one: "expired" in one.body)
    for one in (soon, over):
        assert "Exchange Online" in one.body
        assert f"/customers/{customer.pk}/privileges/" in one.body
        assert "Woodgrove" in one.subject


def test_the_command_says_what_it_did(customer: Customer) -> None:
    expiring(customer, at=timezone.now() - DAY)
    expiring(customer, "skype", at=timezone.now() + DAY)
    said = StringIO()
    call_command("tend_privileges", stdout=said)
    assert said.getvalue().strip() == "1 expired, 1 warned of"


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_two_runs_at_once_warn_once(customer: Customer) -> None:
    expiring(customer, "exchange")
    expiring(customer, "skype", at=EXPIRY - 2 * DAY)

    def run(_number: int) -> Tended:
        try:
            return tend_privileges(now=EXPIRY - DAY)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        done: Iterable[Tended] = list(pool.map(run, range(4)))
    assert sum(one.warned for one in done) == sum(one.expired for one in done) == 1
    assert PrivilegeWarning.objects.count() == 1
    assert QueuedMail.objects.count() == 2


def test_it_looks_at_no_customer_without_need(customer: Customer, django_assert_num_queries: object) -> None:
    customer_of(StaffFactory().partner)
    assert DelegatedAdminPrivilege.objects.count() > 10
    with django_assert_num_queries(1):  # type: ignore[operator]
        tend_privileges(now=EXPIRY)
