"""Price lists: what is accepted, and that every fault is named with its line, its column and what would be."""

import datetime
from decimal import Decimal

import pytest

from catalog.models import Offer
from catalog.periods import Period
from catalog.price_lists import LARGEST_FILE, PriceListRefused, read_price_list
from tests.factories import offer

pytestmark = pytest.mark.django_db

HEAD = "offer,currency,amount,valid_from,valid_until"
GOOD = "O365_BUSINESS,CNY,57.50,2026-01-01,"


def read(*lines: str, encoding: str = "utf-8") -> list[tuple[str, str, Period]]:
    content = "\n".join(lines).encode(encoding)
    return [(line.offer.name, line.currency, line.period) for line in read_price_list(content)]


def faults(content: bytes) -> list[str]:
    with pytest.raises(PriceListRefused) as refused:
        read_price_list(content)
    assert refused.value.message.startswith("The price list has ")
    return refused.value.lines


def day(text: str) -> datetime.date:
    return datetime.date.fromisoformat(text)


EXPECTED = [("Office 365 Business", "CNY", Period(day("2026-01-01"), None, Decimal("57.50")))]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=repr)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize(
    "lines",
    [
        [HEAD, GOOD],
        [HEAD, "", GOOD, ",,,,", ""],
        [HEAD.replace(",", ";"), GOOD.replace(",", ";")],
        ["Offer, CURRENCY ,amount,Valid_From,valid_until", " O365_BUSINESS , CNY , 57.50 , 2026-01-01 , "],
        ["valid_from,amount,currency,offer", '2026-01-01,57.5,CNY,"Office 365 Business"'],
        [HEAD, "5c9fd4cc-edce-44a8-8e91-07df09744609,CNY,57.5000,2026-01-01,"],
    ],
    ids=["plain", "blank lines", "semicolons", "spaces and capitals", "other order, by name", "by id"],
)
def test_accepted(lines: list[str], encoding: str, end: str) -> None:
    found = read_price_list(end.join(lines).encode(encoding))
    assert [(line.offer.name, line.currency, line.period) for line in found] == EXPECTED


def test_a_name_with_a_comma_is_quoted() -> None:
    Offer.objects.create(name='Boards, "large"', sku_part_number="BOARDS", category="Standalone")
    assert read(HEAD, '"Boards, ""large""",EUR,0,2026-01-01,2026-01-31') == [
        ('Boards, "large"', "EUR", Period(day("2026-01-01"), day("2026-01-31"), Decimal(0)))
    ]


def test_a_price_without_an_end_holds_until_the_next_of_the_list() -> None:
    lines = [HEAD, "O365_BUSINESS,CNY,60,2026-07-01,", "O365_BUSINESS,EUR,7,2026-03-01,", GOOD]
    assert read(*lines) == [
        ("Office 365 Business", "CNY", Period(day("2026-01-01"), day("2026-06-30"), Decimal("57.50"))),
        ("Office 365 Business", "CNY", Period(day("2026-07-01"), None, Decimal(60))),
        ("Office 365 Business", "EUR", Period(day("2026-03-01"), None, Decimal(7))),
    ]


AMOUNTS = ["", "-1", "+1", "1e5", "NaN", "Infinity", "1,000", "1.000.000", "1 000", "12,50", "0.00001", ".5", "5."]
AMOUNTS += [
    "1000000.0001",
    "9999999",
    "99999999999999999999",
    "¥5",
    "5 CNY",
    "٥",
    "５",
    "0x10",
    "1_000",
    "ten",
    "'; --",
]


@pytest.mark.parametrize("amount", AMOUNTS)
def test_no_amount(amount: str) -> None:
    (fault,) = faults(f'{HEAD}\nO365_BUSINESS,CNY,"{amount}",2026-01-01,'.encode())
    assert fault.startswith("Line 2, amount: ")
    assert fault.endswith(
        "is no amount. Write a number from 0 to 1000000 for one licence and month, with a point before up to four "
        "decimals and nothing between thousands: 1234.50."
    )


DATES = ["2026-1-1", "01/02/2026", "2026-02-29", "2026-13-01", "20260101", "1999-12-31", "2200-01-01", "９999-01-01"]
DATES += ["2026-01-01T00:00", "tomorrow", "0000-00-00", "2026-W01-1"]


@pytest.mark.parametrize("text", DATES)
def test_no_date(text: str) -> None:
    first, last = faults(f"{HEAD}\nO365_BUSINESS,CNY,1,{text},{text}".encode())
    for fault, column in ((first, "valid_from"), (last, "valid_until")):
        assert fault.startswith(f"Line 2, {column}: '{text}' is no date.")
        assert "from 2000-01-01 to 2199-12-31" in fault


@pytest.mark.parametrize("currency", ["", "cny", "RMB", "¥", "CN", "CNYY", "XXX", "12A"])
def test_no_currency(currency: str) -> None:
    (fault,) = faults(f"{HEAD}\nO365_BUSINESS,{currency},1,2026-01-01,".encode())
    assert fault == (
        f"Line 2, currency: {currency!r} is no currency. Write three capital letters of ISO 4217, such as CNY."
    )


@pytest.mark.parametrize("name", ["", "Office 364", "00000000-0000-0000-0000-000000000000", "<script>", "x" * 10_000])
def test_no_offer(name: str) -> None:
    (fault,) = faults(f"{HEAD}\n{name},CNY,1,2026-01-01,".encode())
    assert fault.startswith("Line 2, offer: '")
    assert fault.endswith(" is no offer of the catalogue. Write an offer’s id, SKU part number or name.")
    assert len(fault) < 200


def test_an_offer_must_be_named_without_doubt() -> None:
    Offer.objects.create(name="O365_BUSINESS", sku_part_number="OTHER", category="Standalone")
    (fault,) = faults(f"{HEAD}\n{GOOD}".encode())
    assert "is the name of one offer and the SKU part number of another" in fault
    assert read(HEAD, GOOD.replace("O365_BUSINESS", str(offer("Office 365 Business").pk))) == EXPECTED


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", "Line 1: The list has no prices."),
        (b"\xef\xbb\xbf\n \n", "Line 1: The list has no prices."),
        (HEAD.encode(), "Line 1: The list has no prices."),
        (f"{HEAD}\n".encode("utf-16"), "Line 1: This is not UTF-8 text. Save the list as CSV UTF-8."),
        (f"{HEAD}\n{GOOD}\n".encode() + "微软".encode("gbk"), "Line 3: This is not UTF-8 text."),
        (b"x" * (LARGEST_FILE + 1), "Line 1: The file is larger than 1 MB. Import it in parts."),
        (f"{HEAD}\n{GOOD}\x00".encode(), "Line 2, valid_until: it contains control characters"),
        (f"{HEAD}\n\u202e{GOOD}".encode(), "Line 2, offer: it contains control characters"),
        (f'{HEAD}\n{GOOD}\n"a"b,'.encode(), "Line 3: This is no line of a CSV file"),
        (f'{HEAD}\n{GOOD}\n"never closed'.encode(), "Line 3: This is no line of a CSV file"),
        (f"{HEAD}\n{'x' * 200_000}".encode(), "Line 2: This is no line of a CSV file"),
        (f"{HEAD}\nO365_BUSINESS,CNY,1".encode(), "Line 2: there are 3 values for 5 columns."),
        (f"{HEAD}\n{GOOD},more".encode(), "Line 2: there are 6 values for 5 columns."),
        (f"{HEAD}\nO365_BUSINESS,CNY,12,50,2026-01-01,".encode(), "Line 2: there are 6 values for 5 columns."),
        (
            f"{HEAD}\nE,CNY,1,2026-01-01,".replace("E,", "STANDARDPACK,").encode() + b"2025-01-01",
            "Line 2, valid_until: ",
        ),
        (f"{HEAD},offer\n{GOOD},".encode(), "Line 1: the column offer is there twice."),
        (f"{HEAD},colour\n{GOOD},".encode(), "Line 1: 'colour' is no column. The columns are offer, currency, amount"),
        (f"offer,amount\n{GOOD}".encode(), "Line 1: there is no column currency. The columns are offer, currency"),
        (GOOD.encode() + b"\n" + GOOD.encode(), "Line 1: there is no column offer."),
    ],
)
def test_refused(content: bytes, fault: str) -> None:
    assert faults(content)[0].startswith(fault), faults(content)[0]


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        ([GOOD, GOOD], [3]),
        (["O365_BUSINESS,CNY,1,2026-01-01,2026-12-31", "O365_BUSINESS,CNY,1,2026-12-31,"], [3]),
        (["O365_BUSINESS,CNY,1,2026-06-01,", "Office 365 Business,CNY,1,2026-01-01,2026-06-01"], [3]),
        (
            [
                "O365_BUSINESS,CNY,1,2026-01-01,2026-12-31",
                "O365_BUSINESS,CNY,1,2026-02-01,2026-02-28",
                "O365_BUSINESS,CNY,1,2026-04-01,2026-04-30",
            ],
            [3, 4],
        ),
    ],
    ids=["twice", "one day too long", "by another name", "each within a long one"],
)
def test_two_prices_for_one_day_are_a_fault(lines: list[str], found: list[int]) -> None:
    said = faults("\n".join([HEAD, *lines]).encode())
    assert [int(fault.split()[1].rstrip(",")) for fault in said] == found
    assert all(
        "Office 365 Business has a price in CNY for 2026-" in fault and "already, in line 2." in fault for fault in said
    )


def test_all_faults_are_named_up_to_a_hundred_and_then_counted() -> None:
    said = faults("\n".join([HEAD, *["nothing,XXX,-1,never,ever"] * 30]).encode())
    assert len(said) == 101
    assert said[0].startswith("Line 2, offer: ")
    assert [fault.split()[2].rstrip(":") for fault in said[:5]] == HEAD.split(",")
    assert said[-1] == "… and 50 faults more."


def test_a_fault_in_a_line_after_a_value_with_line_ends_has_the_line_of_the_file() -> None:
    said = faults(f'{HEAD}\n"one\ntwo",CNY,1,2026-01-01,\n{GOOD}\nx,CNY,1,2026-01-01,'.encode())
    assert said[0].startswith("Line 2, offer: it contains control characters")
    assert said[1].startswith("Line 5, offer: ")
