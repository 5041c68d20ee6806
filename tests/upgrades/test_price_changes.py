"""What an upgrade costs more or less a month: said before it is made, to those who may see prices."""

import datetime
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from partners.roles import Role
from subscriptions.models import Subscription
from tests.factories import PriceFactory, StaffFactory, customer_of, offer, sold
from upgrades.price_changes import price_changes

pytestmark = pytest.mark.django_db

DAY = datetime.date(2026, 11, 24)


def review(client: Client, role: Role, quantity: int = 30, language: str = "en") -> tuple[Any, Subscription]:
    staff = StaffFactory(roles=[role], language=language)
    subscription = sold(staff.partner, customer_of(staff.partner), quantity=25)
    client.force_login(staff)
    url = reverse("upgrades:upgrade_review", args=[subscription.customer_id, subscription.pk])
    sent = {"target": offer("Business Premium").pk, "quantity": quantity, "key": "a-key", "version": 1}
    return client.get(url, sent), subscription


def words(answer: Any) -> str:
    return unescape(answer.content.decode()).replace("\xa0", " ")


@pytest.fixture
def _prices() -> None:
    PriceFactory(amount=Decimal("57.50"), valid_from=datetime.date(2020, 1, 1))
    PriceFactory(amount=Decimal("83.50"), valid_from=datetime.date(2020, 1, 1), offer=offer("Business Premium"))


@pytest.mark.usefixtures("_prices")
@pytest.mark.parametrize(
    ("quantity", "language", "expected"),
    [
        (30, "en", ["CNY 1,437.50", "CNY 2,505.00", "+CNY 1,067.50"]),
        (1, "en", ["CNY 1,437.50", "CNY 83.50", "−CNY 1,354.00"]),
        (30, "es", ["1 437,50 CNY", "2 505,00 CNY", "+1 067,50 CNY"]),
        (30, "zh-hans", ["¥1,437.50", "¥2,505.00", "+¥1,067.50"]),
    ],
)
def test_the_review_says_what_changes_a_month(
    client: Client, quantity: int, language: str, expected: list[str]
) -> None:
    answer, _subscription = review(client, Role.ADMIN_AGENT, quantity, language)
    assert all(amount in words(answer) for amount in expected), words(answer)


@pytest.mark.usefixtures("_prices")
def test_those_who_may_not_see_prices_see_none_and_cost_no_query(client: Client) -> None:
    review(client, Role.SALES_AGENT)
    with CaptureQueriesContext(connection) as asked:
        answer, _subscription = review(client, Role.SALES_AGENT)
    assert answer.status_code == 200
    assert "CNY" not in words(answer)
    assert "a month" not in words(answer)
    assert not [query for query in asked.captured_queries if "catalog_price" in query["sql"]]


@pytest.mark.parametrize("known", ["Business", "Business Premium"])
def test_without_both_prices_nothing_is_said(client: Client, known: str) -> None:
    PriceFactory(offer=offer(known), valid_from=datetime.date(2020, 1, 1))
    PriceFactory(offer=offer("Business"), currency="EUR", valid_from=datetime.date(2020, 1, 1))
    answer, _subscription = review(client, Role.ADMIN_AGENT)
    assert "a month" not in words(answer)


@pytest.mark.usefixtures("_prices")
def test_the_same_price_is_said_to_be_as_today(client: Client) -> None:
    business = offer("Business")
    business.prices.update(amount=Decimal("83.50"))
    answer, _subscription = review(client, Role.ADMIN_AGENT, quantity=25)
    assert answer.context["price_changes"][0].difference == 0
    assert words(answer).count("as today") == 2


@pytest.mark.usefixtures("_prices")
def test_each_currency_has_its_change_in_one_query(django_assert_num_queries: Any) -> None:
    business, premium = offer("Business"), offer("Business Premium")
    for one, amount in ((business, "7.1"), (premium, "9.3")):
        PriceFactory(offer=one, currency="AED", amount=Decimal(amount))
    PriceFactory(offer=premium, currency="USD")
    with django_assert_num_queries(1):
        changes = price_changes(source=business, target=premium, quantity_before=10, quantity_after=3, on=DAY)
    assert [(one.currency, one.before, one.after, one.difference) for one in changes] == [
        ("CNY", Decimal(575), Decimal("250.5"), Decimal("-324.5")),
        ("AED", Decimal(71), Decimal("27.9"), Decimal("-43.1")),
    ]
    assert (
        price_changes(
            source=business, target=premium, quantity_before=10, quantity_after=3, on=datetime.date(2019, 12, 31)
        )
        == []
    )


@pytest.mark.usefixtures("_prices")
def test_the_largest_amounts_stay_exact() -> None:
    business, premium = offer("Business"), offer("Business Premium")
    business.prices.update(amount=Decimal("999999.9999"))
    (change,) = price_changes(
        source=business, target=premium, quantity_before=10_000_000, quantity_after=10_000_000, on=DAY
    )
    assert change.before == Decimal(9999999999000)
    assert change.before_words == "CNY\xa09,999,999,999,000.00"
