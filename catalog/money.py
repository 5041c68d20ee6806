"""Amounts of money: which currencies there are, and how a person of each language writes an amount.

An amount is a `Decimal` everywhere; no floating-point number ever stands for money.
"""

from decimal import Decimal

from django.utils.formats import number_format
from django.utils.translation import pgettext

DECIMALS_SHOWN = 2

# ISO 4217: what is legal tender somewhere.
CURRENCIES = frozenset(
    """
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP
    CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF
    IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD
    MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB
    RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU
    UZS VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG
    """.split()
)


def money_words(amount: Decimal, currency: str) -> str:
    """An amount with its currency as the reader's language writes it: exact, with two decimals at least."""
    decimals = max(DECIMALS_SHOWN, _decimals(amount))
    number = number_format(amount, decimal_pos=decimals, force_grouping=True)
    # On one line, whatever the width.
    return (_pattern(currency) % {"currency": currency, "amount": number}).replace(" ", "\xa0")


def difference_words(difference: Decimal, currency: str) -> str:
    """By how much an amount rises or falls, with its sign; nothing is ±0."""
    sign = "+" if difference > 0 else "−" if difference < 0 else "±"
    return sign + money_words(abs(difference), currency)


def _pattern(currency: str) -> str:
    if currency == "CNY":
        return pgettext("an amount of Chinese yuan", "CNY %(amount)s")
    return pgettext("an amount of money", "%(currency)s %(amount)s")


def _decimals(amount: Decimal) -> int:
    exponent = amount.normalize().as_tuple().exponent
    assert isinstance(exponent, int)
    return max(0, -exponent)
