"""What an upgrade does to what the licences cost a month, where the prices of both offers are known."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from catalog.models import DEFAULT_CURRENCY, Offer, Price
from catalog.money import difference_words, money_words


@dataclass(frozen=True)
class PriceChange:
    """What all licences of a subscription cost a month before and after its upgrade."""

    currency: str
    before: Decimal
    after: Decimal

    @property
    def difference(self) -> Decimal:
        """By how much it rises or, below zero, falls."""
        return self.after - self.before

    @property
    def before_words(self) -> str:
        """The amount before, as the reader's language writes it."""
        return money_words(self.before, self.currency)

    @property
    def after_words(self) -> str:
        """The amount after."""
        return money_words(self.after, self.currency)

    @property
    def difference_words(self) -> str:
        """The difference with its sign."""
        return difference_words(self.difference, self.currency)


def price_changes(
    *, source: Offer, target: Offer, quantity_before: int, quantity_after: int, on: datetime.date
) -> list[PriceChange]:
    """The change in each currency in which both offers have a price on this day, in one query."""
    prices = Price.objects.of([source.pk, target.pk], on=on)
    old, new = prices[source.pk], prices[target.pk]
    return [
        PriceChange(currency, old[currency].amount * quantity_before, new[currency].amount * quantity_after)
        for currency in _in_order(old.keys() & new.keys())
    ]


def _in_order(currencies: Iterable[str]) -> list[str]:
    """The portal's own currency first."""
    return sorted(currencies, key=lambda currency: (currency != DEFAULT_CURRENCY, currency))
