"""Buttons of privileges, watches and staff pressed twice at once: one thing is done, and nobody sees an error."""

import threading
import uuid
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client

from activity.models import ActivityRecord, Outcome
from customers.models import Customer, DelegatedAdminPrivilege, Invitation
from partners.models import Partner, QueuedMail, Staff, StaffInvitation
from partners.tokens import new_token
from tests.desk.conftest import signed_in
from tests.factories import ContactDetailsFactory, StaffInvitationFactory, customer_of, service, sold
from tests.partners.signing_in import sign_in
from upgrades.models import UpgradeWatch

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]

TIMES = 4
PASSWORD = "correct-horse-battery"


@pytest.fixture(autouse=True)
def _fresh_limits() -> None:
    cache.clear()


@pytest.fixture
def customer(partner: Partner) -> Customer:
    made = customer_of(partner, services=["sharepoint", "skype"])
    ContactDetailsFactory(customer=made)
    return made


def press(clients: Collection[Client], path: str, forms: Collection[dict[str, Any]]) -> list[int]:
    """Send each form by a client of its own at the same moment; the states that were answered."""
    ready = threading.Barrier(len(forms), timeout=30)

    def send(client: Client, form: dict[str, Any]) -> int:
        try:
            connection.ensure_connection()
            ready.wait()
            return int(client.post(path, form).status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(forms)) as pool:
        return list(pool.map(send, clients, forms))


def just_signed_in(staff: Staff) -> Client:
    client = Client()
    sign_in(client, staff)
    return client


def four(make: Callable[[], Client]) -> list[Client]:
    return [make() for _number in range(TIMES)]


def keys(*, same: bool) -> list[str]:
    one = str(uuid.uuid4())
    return [one if same else str(uuid.uuid4()) for _number in range(TIMES)]


def done(operation: str) -> int:
    return ActivityRecord.objects.filter(operation=operation, outcome=Outcome.DONE).count()


@pytest.mark.parametrize("same", [True, False])
def test_a_request_is_sent_once(staff: Staff, customer: Customer, same: bool) -> None:
    forms = [{"key": key, "services": [service("exchange").pk]} for key in keys(same=same)]
    states = press(four(lambda: signed_in(staff)), f"/customers/{customer.pk}/privileges/request/", forms)
    assert states == [302] * TIMES
    assert Invitation.objects.count() == 1
    assert QueuedMail.objects.count() == 1


@pytest.mark.parametrize("same", [True, False])
def test_a_privilege_is_given_up_once(staff: Staff, customer: Customer, same: bool) -> None:
    path = f"/customers/{customer.pk}/privileges/give-up/"
    page = signed_in(staff).get(path, {"services": service("skype").pk})
    seen = page.context["once"]["seen"]
    forms = [{"key": key, "services": [service("skype").pk], "seen": seen, "is_sure": "on"} for key in keys(same=same)]
    states = press(four(lambda: signed_in(staff)), path, forms)
    assert sorted(states) == ([302] * TIMES if same else [302, 409, 409, 409])
    assert done("give_up_privilege") == 1
    assert not DelegatedAdminPrivilege.objects.held().filter(service=service("skype")).exists()


def test_somebody_waits_once(staff: Staff, partner: Partner, customer: Customer) -> None:
    premium = sold(partner, customer, "Business Premium")
    path = f"/customers/{customer.pk}/subscriptions/{premium.pk}/upgrade/watch/"
    assert press(four(lambda: signed_in(staff)), path, [{"act": "watch"}] * TIMES) == [302] * TIMES
    assert UpgradeWatch.objects.open().count() == done("watch_upgrade") == 1
    assert press(four(lambda: signed_in(staff)), path, [{"act": "stop"}] * TIMES) == [302] * TIMES
    assert done("stop_watching_upgrade") == 1


@pytest.mark.parametrize("same", [True, False])
def test_a_colleague_is_invited_once(staff: Staff, same: bool) -> None:
    forms = [
        {"key": key, "email": "chen@contoso.example", "name": "", "language": "en", "roles": ["sales_agent"]}
        for key in keys(same=same)
    ]
    states = press(four(lambda: just_signed_in(staff)), "/settings/staff/invite/", forms)
    assert sorted(states) == ([302] * TIMES if same else [302, 409, 409, 409])
    assert StaffInvitation.objects.count() == QueuedMail.objects.count() == done("invite_staff") == 1


def test_an_account_is_made_once() -> None:
    token = new_token()
    StaffInvitationFactory(token=token, email="chen@contoso.example")
    form = {"name": "Chen", "password1": PASSWORD, "password2": PASSWORD, "language": "en"}
    states = press(four(Client), f"/join/{token}/", [form] * TIMES)
    assert sorted(states) == [302, 410, 410, 410]
    assert Staff.objects.filter(email="chen@contoso.example").count() == 1
