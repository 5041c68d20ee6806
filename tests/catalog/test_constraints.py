"""What the database itself refuses, whatever code writes: prices that overlap or make no sense, odd add-ons."""

import datetime
import threading
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from catalog.models import LARGEST_AMOUNT, Offer, OfferPrerequisite, Price
from tests.factories import PriceFactory, offer

pytestmark = pytest.mark.django_db


def day(text: str | None) -> datetime.date | None:
    return datetime.date.fromisoformat(text) if text else None


OVERLAPPING = [
    ("2026-02-01", None),
    ("2026-02-01", "2026-03-31"),
    ("2026-01-01", "2026-02-01"),
    ("2026-03-31", None),
    ("2026-02-10", "2026-02-10"),
    ("2025-01-01", None),
    ("2025-01-01", "2027-01-01"),
]
APART = [("2026-01-01", "2026-01-31"), ("2026-04-01", None), ("2020-02-29", "2020-02-29")]


@pytest.fixture
def spring() -> Price:
    """A price from 1 February through 31 March."""
    price: Price = PriceFactory(valid_from=datetime.date(2026, 2, 1), valid_until=datetime.date(2026, 3, 31))
    return price


@pytest.mark.parametrize(("begin", "end"), OVERLAPPING)
def test_two_prices_for_one_day_cannot_be_stored(spring: Price, begin: str, end: str | None) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        PriceFactory(valid_from=day(begin), valid_until=day(end))


@pytest.mark.parametrize(("begin", "end"), OVERLAPPING)
def test_nor_can_a_price_be_moved_there(spring: Price, begin: str, end: str | None) -> None:
    other = PriceFactory(valid_from=datetime.date(2030, 1, 1))
    with pytest.raises(IntegrityError), transaction.atomic():
        Price.objects.filter(pk=other.pk).update(valid_from=day(begin), valid_until=day(end))


@pytest.mark.parametrize(("begin", "end"), APART)
def test_prices_before_and_after_can_be(spring: Price, begin: str, end: str | None) -> None:
    PriceFactory(valid_from=day(begin), valid_until=day(end))


def test_another_currency_and_another_offer_have_prices_of_their_own(spring: Price) -> None:
    PriceFactory(valid_from=spring.valid_from, currency="EUR")
    other = PriceFactory(valid_from=spring.valid_from, offer=offer("E3"))
    with pytest.raises(IntegrityError), transaction.atomic():
        Price.objects.filter(pk=other.pk).update(offer=spring.offer)
    euros = Price.objects.filter(currency="EUR")
    with pytest.raises(IntegrityError), transaction.atomic():
        euros.update(currency="CNY")


def test_many_at_once_are_held_against_each_other() -> None:
    rows = [PriceFactory.build(offer=offer("Business"), valid_from=datetime.date(2026, month, 1)) for month in (1, 2)]
    with pytest.raises(IntegrityError), transaction.atomic():
        Price.objects.bulk_create(rows)


@pytest.mark.parametrize(
    "values",
    [
        {"amount": Decimal("-0.0001")},
        {"amount": LARGEST_AMOUNT + Decimal("0.0001")},
        {"currency": "cny"},
        {"currency": "CN"},
        {"currency": ""},
        {"valid_until": datetime.date(2025, 12, 31)},
    ],
    ids=str,
)
def test_a_price_that_makes_no_sense_cannot_be_stored(values: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        PriceFactory(**values)


@pytest.mark.parametrize("amount", ["0", "0.0001", "999999.9999", "1000000", "0.1", "123456.7891"])
def test_an_amount_is_kept_to_the_last_decimal(amount: str) -> None:
    stored = Price.objects.get(pk=PriceFactory(amount=Decimal(amount)).pk)
    assert type(stored.amount) is Decimal
    assert stored.amount == Decimal(amount)


def test_an_offer_is_no_add_on_of_itself_and_of_another_only_once() -> None:
    business, e3 = offer("Business"), offer("E3")
    with pytest.raises(IntegrityError), transaction.atomic():
        OfferPrerequisite.objects.create(offer=business, prerequisite=business)
    OfferPrerequisite.objects.create(offer=business, prerequisite=e3)
    with pytest.raises(IntegrityError), transaction.atomic():
        OfferPrerequisite.objects.create(offer=business, prerequisite=e3)
    assert list(Offer.objects.add_ons()) == [business]
    assert list(e3.add_on_offers.all()) == [business]
    assert list(business.prerequisite_offers.all()) == [e3]


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_of_two_who_store_prices_for_one_day_at_once_one_is_refused() -> None:
    of, outcomes = offer("Business"), []
    both = threading.Barrier(2, timeout=20)

    def store(begin: datetime.date) -> None:
        try:
            with transaction.atomic():
                both.wait()
                PriceFactory(offer=of, valid_from=begin)
            outcomes.append("stored")
        except IntegrityError:
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=store, args=(datetime.date(2026, month, 1),)) for month in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(outcomes) == ["refused", "stored"]
