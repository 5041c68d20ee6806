"""Whatever is sent to the pages of people and rights, they answer in words, change nothing and tell nothing."""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from activity.models import ActivityRecord, Outcome
from customers.models import Customer, DelegatedAdminPrivilege, Invitation
from partners.models import Partner, Staff, StaffInvitation
from partners.tokens import new_token
from subscriptions.models import Subscription
from tests.factories import (
    ContactDetailsFactory,
    PartnerFactory,
    StaffFactory,
    StaffInvitationFactory,
    customer_of,
    service,
    sold,
)
from tests.partners.signing_in import sign_in
from upgrades.models import UpgradeWatch

pytestmark = pytest.mark.django_db

HOSTILE = [
    "",
    "\0",
    "a\0b",
    "x" * 10_000,
    "<script>alert(1)</script>{{ 7 }}",
    "\u202egnp.exe\u2066",
    "1e999",
    "-1",
    "9" * 400,
    "١٢",
    "None",
    "[]",
    "' OR 1=1 --",
    "😀\ud83d".encode("utf-8", "replace").decode(),
    "00000000-0000-0000-0000-000000000000",
]
FIELDS = (
    "key version services seen is_sure subscription target back act email name language roles password1 password2"
).split()
QUERY = "q state after before person operation outcome since until customer part format show services sort".split()


@pytest.fixture
def client(staff: Staff) -> Client:
    cache.clear()
    client = Client()
    sign_in(client, staff)
    return client


@pytest.fixture
def customer(partner: Partner) -> Customer:
    made = customer_of(partner, services=["sharepoint", "skype"])
    ContactDetailsFactory(customer=made)
    return made


@pytest.fixture
def premium(partner: Partner, customer: Customer) -> Subscription:
    return sold(partner, customer, "Business Premium")


def pages_of(customer: Customer, subscription: Subscription, person: Staff, invited: StaffInvitation) -> Iterator[str]:
    of_customer, of_person = f"/customers/{customer.pk}", f"/settings/staff/{person.pk}"
    yield from (f"{of_customer}/privileges/{act}" for act in ("", "request/", "give-up/"))
    yield f"{of_customer}/subscriptions/{subscription.pk}/upgrade/watch/"
    yield from (f"{of_person}/{act}" for act in ("", "roles/", "deactivate/", "reactivate/"))
    yield f"/settings/staff/invitations/{invited.pk}/"


def body_of(answer: Any) -> bytes:
    return b"".join(answer.streaming_content) if answer.streaming else bytes(answer.content)


def standing() -> list[Any]:
    """All that these pages could change."""
    return [
        sorted(DelegatedAdminPrivilege.objects.values_list("pk", "revoked_at", "expires_at")),
        Invitation.objects.count(),
        StaffInvitation.objects.count(),
        UpgradeWatch.objects.count(),
        sorted(Staff.objects.values_list("pk", "is_active", "version", "role_rows__role")),
    ]


@pytest.mark.parametrize("value", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_forms_and_addresses(
    client: Client, partner: Partner, customer: Customer, premium: Subscription, value: str
) -> None:
    person = StaffFactory(partner=partner)
    invited = StaffInvitationFactory(invited_by__partner=partner)
    paths = [*pages_of(customer, premium, person, invited), "/settings/staff/", "/settings/staff/invite/"]
    paths += ["/privileges/", "/activity/", "/settings/staff/invitations/", f"/customers/{customer.pk}/activity/"]
    before = standing()
    for path in paths:
        answers = [client.post(path, dict.fromkeys(FIELDS, value))]
        answers += [client.get(path, dict.fromkeys(QUERY, value))]
        for answer in answers:
            assert answer.status_code in {200, 302, 400, 403, 404, 405, 409}, (path, value, answer.status_code)
            body = body_of(answer)
            assert b"<script>alert(1)" not in body
    assert standing() == before


@pytest.mark.parametrize("value", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_people_behind_a_link(value: str) -> None:
    cache.clear()
    token = new_token()
    StaffInvitationFactory(token=token)
    before = Staff.objects.count()
    answer = Client().post(f"/join/{token}/", dict.fromkeys(FIELDS, value))
    assert answer.status_code == 400
    assert b"<script>alert(1)" not in answer.content
    assert Staff.objects.count() == before


def test_nothing_of_another_partner_is_there_for_any_page(client: Client, staff: Staff, customer: Customer) -> None:
    other = PartnerFactory(name="Zuper Reseller")
    theirs = customer_of(other, company_name="Zecret Company")
    ContactDetailsFactory(customer=theirs)
    premium = sold(other, theirs, "Business Premium")
    person = StaffFactory(partner=other, name="Zarah")
    invited = StaffInvitationFactory(invited_by=person)
    before = standing()
    form = {
        "key": "1",
        "services": [service("exchange").pk],
        "is_sure": "on",
        "act": "watch",
        "roles": ["global_admin"],
        "version": "1",
    }
    for path in pages_of(theirs, premium, person, invited):
        for act in ("watch", "stop") if path.endswith("watch/") else ("send", "withdraw"):
            answer = client.post(path, {**form, "act": act})
            assert answer.status_code in {404, 405}, path
        assert client.get(path).status_code in {404, 405}, path
    mixed = f"/customers/{customer.pk}/subscriptions/{premium.pk}/upgrade/watch/"
    assert client.post(mixed, {"act": "watch", "target": str(uuid.uuid4())}).status_code == 404
    assert standing() == before
    for query in (
        {"person": str(person.pk)},
        {"customer": str(theirs.pk)},
        {"customer": "Zecret"},
        {"operation": "watch_upgrade"},
    ):
        for more in ({}, {"format": "csv"}):
            answer = client.get("/activity/", {**query, **more})
            body = body_of(answer)
            assert b"Zecret Company" not in body
            assert b"Zarah" not in body
            assert b"Zuper" not in body
    ours = ActivityRecord.objects.filter(partner_id=staff.partner_id, outcome=Outcome.DONE)
    assert not ours.filter(customer_id=theirs.pk).exists()
