"""Telephone numbers, countries, provinces and postal codes as people type them."""

import pytest
from django.core.exceptions import ValidationError
from django.utils import translation

from customers.addresses import PROVINCES, phone_number, postal_code_faults, state_faults, state_name, validate_country
from customers.forms import province_code
from tests.factories import ContactDetailsFactory


@pytest.mark.parametrize(
    ("typed", "country", "written"),
    [
        ("02155550100", "CN", "+86 21 5555 0100"),
        ("021-5555 0100", "CN", "+86 21 5555 0100"),
        ("13800138000", "CN", "+86 138 0013 8000"),
        ("+86 138 0013 8000", "ES", "+86 138 0013 8000"),
        ("912 345 678", "ES", "+34 912 34 56 78"),
        ("021 5555 0100 ext. 12", "CN", "+86 21 5555 0100 ext. 12"),
        ("+86 21 5555 0100", "", "+86 21 5555 0100"),
    ],
)
def test_a_number_is_written_in_one_way(typed: str, country: str, written: str) -> None:
    assert phone_number(typed, country=country) == written
    assert phone_number(written, country=country) == written


@pytest.mark.parametrize(
    "typed", ["12345", "abc", "", "\0", "\ud800", "1" * 10_000, "++86", "021 5555", "<script>", "+999 123 456", "٠١٢"]
)
@pytest.mark.parametrize("country", ["CN", "", "XX"])
def test_what_is_no_number_is_refused(typed: str, country: str) -> None:
    with pytest.raises(ValidationError):
        phone_number(typed, country=country)


@pytest.mark.parametrize("code", ["", "cn", "XX", "CHN", "\0", "C" * 10_000])
def test_a_country_is_a_code(code: str) -> None:
    with pytest.raises(ValidationError):
        validate_country(code)


@pytest.mark.parametrize("code", ["", "20012", "2001200", "20012a", "200120\n", "２００１２０", "\0", "2" * 10_000])
def test_a_chinese_postal_code_has_six_digits(code: str) -> None:
    assert postal_code_faults("CN", code)
    assert not postal_code_faults("ES", code)


def test_a_chinese_address_names_one_of_the_provinces() -> None:
    assert len(PROVINCES) == 31
    assert not any(state_faults("CN", code) for code in PROVINCES)
    assert all(state_faults("CN", state) for state in ("", "sh", "Shanghai", "TW"))
    assert not state_faults("ES", "Comunidad de Madrid")


@pytest.mark.parametrize("typed", ["SH", "sh", "Shanghai", " shanghai ", "上海", "上海市", "Shanghái"])
def test_a_province_may_be_typed_in_every_language(typed: str) -> None:
    assert province_code(typed) == "SH"


@pytest.mark.parametrize(
    ("typed", "code"), [("广西壮族自治区", "GX"), ("内蒙古自治区", "NM"), ("浙江省", "ZJ"), ("Mars", "Mars")]
)
def test_the_ending_of_a_provinces_name_may_be_there(typed: str, code: str) -> None:
    assert province_code(typed) == code


def test_a_province_is_named_in_the_readers_language() -> None:
    with translation.override("zh-hans"):
        assert state_name("CN", "SH") == "上海"
    assert state_name("ES", "Madrid") == "Madrid"


@pytest.mark.parametrize(("first", "last", "person"), [("娜", "李", "李娜"), ("Na", "Li", "Na Li")])
def test_a_name_is_written_in_the_order_of_its_language(first: str, last: str, person: str) -> None:
    assert ContactDetailsFactory.build(first_name=first, last_name=last).person == person
