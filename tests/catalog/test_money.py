"""Money: exact, never a floating-point number, and as each language writes it."""

from decimal import Decimal

import pytest
from babel.core import get_global
from django.utils import translation

from catalog.money import CURRENCIES, difference_words, money_words


def test_the_currencies_are_what_is_legal_tender_somewhere() -> None:
    territories = get_global("territory_currencies").values()
    tender = {code for rows in territories for code, _begin, end, is_tender in rows if is_tender and end is None}
    assert tender <= CURRENCIES


@pytest.mark.parametrize(
    ("language", "amount", "currency", "words"),
    [
        ("en", "1234.5", "CNY", "CNY 1,234.50"),
        ("en", "0.0001", "EUR", "EUR 0.0001"),
        ("en", "10000000000000", "USD", "USD 10,000,000,000,000.00"),
        ("es", "1234567.5", "CNY", "1\xa0234\xa0567,50 CNY"),
        ("es", "7", "EUR", "7,00 EUR"),
        ("zh-hans", "1234.5", "CNY", "¥1,234.50"),
        ("zh-hans", "1234.5", "EUR", "EUR 1,234.50"),
    ],
)
def test_each_language_has_its_way(language: str, amount: str, currency: str, words: str) -> None:
    with translation.override(language):
        assert money_words(Decimal(amount), currency).replace("\xa0", " ") == words.replace("\xa0", " ")


@pytest.mark.parametrize(
    ("amount", "words"), [("5", "+CNY 5.00"), ("-5", "−CNY 5.00"), ("0", "±CNY 0.00"), ("0.1", "+CNY 0.10")]
)
def test_a_difference_has_a_sign(amount: str, words: str) -> None:
    assert difference_words(Decimal(amount), "CNY").replace("\xa0", " ") == words
