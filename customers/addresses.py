"""What an address and a telephone number must be like, by country."""

import re

import phonenumbers
from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django_countries import countries

CHINA = "CN"
CHINESE_POSTAL_CODE = re.compile(r"[0-9]{6}\Z")
LONGEST_PHONE_NUMBER = 40

# The provinces, municipalities and regions that a Chinese address can name, by the part of their ISO 3166-2:CN
# code after the hyphen. Hong Kong, Macao and Taiwan have country codes of their own, and addresses of their own form.
PROVINCES: dict[str, Promise | str] = {
    "AH": _("Anhui"),
    "BJ": _("Beijing"),
    "CQ": _("Chongqing"),
    "FJ": _("Fujian"),
    "GD": _("Guangdong"),
    "GS": _("Gansu"),
    "GX": _("Guangxi"),
    "GZ": _("Guizhou"),
    "HA": _("Henan"),
    "HB": _("Hubei"),
    "HE": _("Hebei"),
    "HI": _("Hainan"),
    "HL": _("Heilongjiang"),
    "HN": _("Hunan"),
    "JL": _("Jilin"),
    "JS": _("Jiangsu"),
    "JX": _("Jiangxi"),
    "LN": _("Liaoning"),
    "NM": _("Inner Mongolia"),
    "NX": _("Ningxia"),
    "QH": _("Qinghai"),
    "SC": _("Sichuan"),
    "SD": _("Shandong"),
    "SH": _("Shanghai"),
    "SN": _("Shaanxi"),
    "SX": _("Shanxi"),
    "TJ": _("Tianjin"),
    "XJ": _("Xinjiang"),
    "XZ": pgettext_lazy("province of China", "Tibet"),
    "YN": _("Yunnan"),
    "ZJ": _("Zhejiang"),
}


def validate_country(code: str) -> None:
    """Raise `ValidationError` where this is no two-letter code of ISO 3166-1."""
    if code not in countries.countries:
        raise ValidationError(_("“%(value)s” is no country. An example: CN."), params={"value": code[:20]})


def country_name(code: str) -> str:
    """The country's name in the reader's language; a code that is none as it is."""
    return str(countries.name(code) or code)


def state_name(country: str, state: str) -> str:
    """The province's name in the reader's language; of other countries the state as it was entered."""
    return str(PROVINCES.get(state, state)) if country == CHINA else state


def state_faults(country: str, state: str) -> Promise | str:
    """What is wrong with this state in this country, in words; empty where nothing is."""
    if country != CHINA or state in PROVINCES:
        return ""
    return _("Choose one of the provinces of China.")


def postal_code_faults(country: str, postal_code: str) -> Promise | str:
    """What is wrong with this postal code in this country, in words; empty where nothing is."""
    if country != CHINA or CHINESE_POSTAL_CODE.match(postal_code):
        return ""
    return _("A postal code of China has six digits, such as 200120.")


def phone_number(typed: str, *, country: str) -> str:
    """The number as it is written for callers from abroad; without a country code it is one of this country.

    Raises `ValidationError` where no such number exists.
    """
    try:
        number = phonenumbers.parse(typed, country if country in phonenumbers.SUPPORTED_REGIONS else None)
    except phonenumbers.NumberParseException:
        number = None
    written = number and phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    if number is None or not written or not phonenumbers.is_valid_number(number) or len(written) > LONGEST_PHONE_NUMBER:
        raise ValidationError(
            _("“%(value)s” is no telephone number. Examples: 021 5555 0100, +86 21 5555 0100."),
            params={"value": typed[:LONGEST_PHONE_NUMBER]},
            code="invalid",
        )
    return written
