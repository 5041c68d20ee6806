"""Paging through the list in any order and under any filter gives each row once, as plain Python sorts and filters."""

import datetime
import html
import re
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from customers.models import Customer
from customers.naming import name_key
from desk import listing, named, scan, subscription_listing
from desk.sorting import SORTS
from partners.models import Partner, Staff
from subscriptions.models import LIVE, Status, Subscription
from tests.desk.conftest import signed_in
from tests.factories import CustomerFactory, PartnerFactory, ResellerRelationshipFactory, StaffFactory, offer
from upgrades.verdicts import judge

pytestmark = pytest.mark.django_db

OFFERS = ("Business", "Business Premium", "E3", "Exchange Online (Plan 1)")
COMPANIES = ("Contoso", "contoso", "Ñandú", "北京华信", "Fabrikam")
NOW = timezone.now().replace(microsecond=0)


@dataclass(frozen=True)
class Row:
    company: int
    offer: str
    status: Status
    quantity: int
    age: int
    ends: int
    nickname: str
    is_ours: bool


rows = st.builds(
    Row,
    company=st.integers(0, len(COMPANIES) - 1),
    offer=st.sampled_from(OFFERS),
    status=st.sampled_from([Status.ACTIVE, Status.ACTIVE, *Status]),
    quantity=st.sampled_from([1, 2, 3]),
    age=st.integers(0, 3),
    ends=st.integers(-2, 40),
    nickname=st.sampled_from(["", "", "Head office", "总部", "Contoso's"]),
    is_ours=st.sampled_from([True, True, True, False]),
)


@dataclass(frozen=True)
class Asked:
    query: dict[str, Any]
    fits: Callable[[Subscription], bool]


def today() -> datetime.date:
    return timezone.localdate()


ASKED: list[Asked] = [
    Asked({}, lambda one: one.status in LIVE),
    Asked({"status": ["suspended", "deleted"]}, lambda one: one.status in {Status.SUSPENDED, Status.DELETED}),
    Asked({"status": "suspended"}, lambda one: one.status == Status.SUSPENDED),
    Asked(
        {"renewal": "30"},
        lambda one: one.is_live and today() <= one.commitment_end <= today() + datetime.timedelta(days=30),
    ),
    Asked(
        {"q": "contoso"},
        lambda one: one.is_live and "contoso" in f"{one.customer.company_name} {one.nickname}".lower(),
    ),
    Asked({"q": "head"}, lambda one: one.is_live and "Head" in one.nickname),
    Asked({"offer": "E3"}, lambda one: one.is_live and one.offer == offer("E3")),
    Asked({"upgrade": "possible"}, lambda one: one.is_live and is_possible(one)),
]


def is_possible(one: Subscription) -> bool:
    assert one.reseller_of_record is not None
    return any(verdict.is_eligible for verdict in judge([one], partner=one.reseller_of_record))


KEYS: dict[str, Callable[[Subscription], Any]] = {
    "company": lambda one: (name_key(one.customer.company_name), one.customer_id.hex, one.pk.hex),
    "offer": lambda one: (one.offer.name.casefold(), one.pk.hex),
    "licences": lambda one: (one.quantity, one.pk.hex),
    "created": lambda one: (one.created_at, one.pk.hex),
    "renewal": lambda one: (one.commitment_end, one.pk.hex),
    "deletion": lambda one: (one.suspended_at, one.pk.hex),
}


def expected(staff: Staff, sort: str, asked: Asked) -> list[uuid.UUID]:
    assert staff.partner_id is not None
    own = [one for one in Subscription.objects.select_related("customer", "offer") if asked.fits(one)]
    own = [one for one in own if one.reseller_of_record_id == staff.partner_id]
    if sort.endswith("deletion"):
        own = [one for one in own if one.status == Status.SUSPENDED]
    return [one.pk for one in sorted(own, key=KEYS[sort.removeprefix("-")], reverse=sort.startswith("-"))]


def make(partner: Partner, wanted: list[Row]) -> None:
    customers: list[Customer] = []
    for name in COMPANIES:
        customer: Customer = CustomerFactory(company_name=name)
        customers.append(customer)
        ResellerRelationshipFactory(partner=partner, customer=customer)
    elsewhere = PartnerFactory()
    Subscription.objects.bulk_create(
        Subscription(
            id=uuid.UUID(int=number * 7919 % 1009, version=4),
            customer=customers[row.company],
            offer=offer(row.offer),
            reseller_of_record=partner if row.is_ours else elsewhere,
            nickname=row.nickname,
            quantity=row.quantity,
            status=row.status,
            created_at=NOW - datetime.timedelta(days=row.age),
            suspended_at=NOW - datetime.timedelta(days=row.age) if row.status == Status.SUSPENDED else None,
            commitment_end=today() + datetime.timedelta(days=row.ends),
        )
        for number, row in enumerate(wanted)
    )


def pages(client: Client, query: dict[str, Any], rel: str) -> Iterator[list[uuid.UUID]]:
    """Each page from the first on, or from the last back."""
    address: str | None = None
    for _number in range(100):
        content = client.get(address or "/subscriptions/", None if address else query).content.decode()
        yield [uuid.UUID(one) for one in re.findall(r'<tr id="subscription-([^"]*)"', content)]
        found = re.search(rf'rel="{rel}" href="([^"]*)"', content)
        if not found:
            return
        address = html.unescape(found[1])


@pytest.mark.parametrize(("size", "few", "most"), [(3, 2_000, 500), (2, 0, 4)], ids=["sorted", "walked"])
def test_each_row_stands_once_and_in_its_place(monkeypatch: pytest.MonkeyPatch, size: int, few: int, most: int) -> None:
    monkeypatch.setattr(subscription_listing, "PAGE_SIZE", size)
    monkeypatch.setattr(subscription_listing, "FEW", few)
    monkeypatch.setattr(named, "NAMES_AT_ONCE", 2)
    monkeypatch.setattr(listing, "NEAREST", 3)
    for pace in ("PLAIN", "JUDGING"):
        monkeypatch.setattr(subscription_listing, pace, scan.Pace(first=2, most=most))

    @given(wanted=st.lists(rows, max_size=25), sort=st.sampled_from(list(SORTS)), asked=st.sampled_from(ASKED))
    @settings(
        max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
    )
    def check(wanted: list[Row], sort: str, asked: Asked) -> None:
        with transaction.atomic():
            staff: Staff = StaffFactory(time_zone="UTC")
            assert staff.partner is not None
            make(staff.partner, wanted)
            query = asked.query | {"sort": sort}
            if "offer" in query:
                query["offer"] = str(offer("E3").pk)
                if not any(row.is_ours and row.offer == "E3" for row in wanted):
                    query.pop("offer")
                    asked = ASKED[0]
            client = signed_in(staff)
            found = list(pages(client, query, "next"))
            assert [one for page in found for one in page] == expected(staff, sort, asked)
            assert all(len(page) == size for page in found[:-1])
            transaction.set_rollback(True)

    check()


def say_paged() -> None:
    """Put a piece into two of the names, and of the others' subscriptions into each second nickname."""
    for customer in Customer.objects.filter(company_name__in=["Ñandú", "北京华信"]):
        customer.company_name = f"{customer.company_name} paged"
        customer.save()
    others = Subscription.objects.exclude(customer__company_name__endswith="paged").order_by("pk")
    Subscription.objects.filter(pk__in=[one.pk for one in others[::2]]).update(nickname="Paged")


@pytest.mark.parametrize("piece", ["", "paged"])
def test_paging_back_shows_the_same_pages(monkeypatch: pytest.MonkeyPatch, piece: str) -> None:
    monkeypatch.setattr(subscription_listing, "PAGE_SIZE", 3)
    monkeypatch.setattr(named, "NAMES_AT_ONCE", 1)
    monkeypatch.setattr(listing, "NEAREST", 2)
    staff: Staff = StaffFactory(time_zone="UTC")
    assert staff.partner is not None
    make(
        staff.partner,
        [
            Row(number % 5, OFFERS[number % 4], Status.SUSPENDED, number % 3 + 1, number % 4, number % 9, "", True)
            for number in range(17)
        ],
    )
    say_paged()
    client = signed_in(staff)
    asked = Asked({"q": piece}, lambda one: piece in f"{one.customer.company_name} {one.nickname}".lower())
    for sort in SORTS:
        query: dict[str, Any] = {"sort": sort, "q": piece}
        forward = list(pages(client, query, "next"))
        assert [one for page in forward for one in page] == expected(staff, sort, asked)
        assert all(len(page) == 3 for page in forward[:-1])
        last = None
        address: str | None = f"/subscriptions/?{urlencode(query)}"
        while address:
            last = address
            found = re.search(r'rel="next" href="([^"]*)"', client.get(address).content.decode())
            address = html.unescape(found[1]) if found else None
        assert last
        back = []
        address = last
        while address:
            content = client.get(address).content.decode()
            back.append([uuid.UUID(one) for one in re.findall(r'<tr id="subscription-([^"]*)"', content)])
            found = re.search(r'rel="prev" href="([^"]*)"', content)
            address = html.unescape(found[1]) if found else None
        assert back == forward[::-1], sort
