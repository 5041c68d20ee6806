"""Tags that draw prices."""

from django import template

from catalog.models import Price
from catalog.money import money_words

register = template.Library()


@register.filter
def money(price: Price) -> str:
    """What a licence costs a month, as the reader's language writes it: `{{ price|money }}`."""
    return money_words(price.amount, price.currency)
