"""Reading a price list: a CSV file with one price a line, and everything that is wrong with one.

The first line names the columns: offer (its id, its SKU part number or its name), currency, amount, valid_from and,
where a price ends, valid_until. Commas or semicolons part them.
"""

import csv
import datetime
import io
import re
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise
from typing import TypeVar

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from activity.errors import Refused
from catalog.models import LARGEST_AMOUNT, Offer
from catalog.money import CURRENCIES
from catalog.periods import DAY, FIRST_DAY, LAST_DAY, Period
from partners.legible import is_illegible

REQUIRED = ("offer", "currency", "amount", "valid_from")
COLUMNS = (*REQUIRED, "valid_until")
# A form sends it back after the preview, within what Django accepts of one.
LARGEST_FILE = 1024 * 1024
SHOWN = 100
LONGEST_VALUE = 60
AMOUNT = re.compile(r"[0-9]{1,7}(\.[0-9]{1,4})?", re.ASCII)
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)

Value = TypeVar("Value")


@dataclass(frozen=True)
class PriceLine:
    """One line of a price list, with the number that it has in the file."""

    number: int
    offer: Offer
    currency: str
    period: Period

    @property
    def track(self) -> tuple[uuid.UUID, str]:
        """What it must not have two prices a day for."""
        return self.offer.pk, self.currency


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong: in which line, in which column where it is one's, and what is accepted."""

    line: int
    words: str
    column: str = ""

    def __str__(self) -> str:
        if self.column:
            return _("Line %(line)d, %(column)s: %(words)s") % vars(self)
        return _("Line %(line)d: %(words)s") % vars(self)


class PriceListRefused(Refused):
    """A price list with faults; nothing of it was written."""

    codes = ("price_list_faulty",)

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__()
        self.faults = sorted(faults, key=lambda fault: fault.line)

    @property
    def message(self) -> str:
        """How many faults there are."""
        return ngettext(
            "The price list has %(count)d fault; nothing was written.",
            "The price list has %(count)d faults; nothing was written.",
            len(self.faults),
        ) % {"count": len(self.faults)}

    @property
    def lines(self) -> list[str]:
        """The first hundred faults, one a line, then how many more there are."""
        lines = [str(fault) for fault in self.faults[:SHOWN]]
        if rest := max(0, len(self.faults) - SHOWN):
            lines.append(ngettext("… and %d fault more.", "… and %d faults more.", rest) % rest)
        return lines


class PricesChanged(Refused):
    """Prices were changed after a person saw what would change."""

    codes = ("prices_changed",)

    @property
    def message(self) -> str:
        """The reason as a sentence."""
        return _("Someone else changed prices meanwhile, so nothing was saved. Look at what would change now.")


class _Wrong(Exception):
    """A value that is not accepted, in words."""


def read_price_list(content: bytes) -> list[PriceLine]:
    """The lines of a price list by offer, currency and day; raises `PriceListRefused` with everything wrong with it.

    A price without an end holds until the next of the same offer and currency in the list begins, or for good.
    """
    rows = list(_rows(_text(content)))
    columns = _columns(rows[0][1]) if rows else None
    if columns is None or len(rows) == 1:
        words = _("The list has no prices. Its first line names the columns, each line after it is one price: %s.")
        raise PriceListRefused([Fault(1, words % ", ".join(COLUMNS))])
    reader = _Reader(columns, _Offers())
    for number, cells in rows[1:]:
        reader.read(number, cells)
    lines = reader.in_time()
    if reader.faults:
        raise PriceListRefused(reader.faults)
    return lines


def _text(content: bytes) -> str:
    if len(content) > LARGEST_FILE:
        words = _("The file is larger than %(size)s MB. Import it in parts.")
        raise PriceListRefused([Fault(1, words % {"size": number_format(LARGEST_FILE // 1024 // 1024)})])
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise PriceListRefused([Fault(line, _("This is not UTF-8 text. Save the list as CSV UTF-8."))]) from error


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """Each line that holds anything, with its number; a cell in quotes may hold line ends."""
    head = re.split(r"[\r\n]", text, maxsplit=1)[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=";" if ";" in head else ",", strict=True)
    number = 1
    try:
        for cells in reader:
            if any(map(str.strip, cells)):
                yield number, cells
            number = reader.line_num + 1
    except csv.Error as error:
        words = _("This is no line of a CSV file (%s). A quotation mark within quotes is written twice.")
        raise PriceListRefused([Fault(number, words % error)]) from error


def _columns(head: Sequence[str]) -> list[str]:
    """The names of the columns; raises `PriceListRefused` where one is missing, unknown or there twice."""
    names = [name.strip().lower() for name in head]
    faults = [
        Fault(1, _("there is no column %(name)s. The columns are %(accepted)s.") % _accepted(name))
        for name in REQUIRED
        if name not in names
    ]
    for place, name in enumerate(names):
        if name not in COLUMNS:
            faults.append(Fault(1, _("%(name)s is no column. The columns are %(accepted)s.") % _accepted(shown(name))))
        elif name in names[:place]:
            faults.append(Fault(1, _("the column %(name)s is there twice.") % {"name": name}))
    if faults:
        raise PriceListRefused(faults)
    return names


def _accepted(name: str) -> dict[str, str]:
    return {"name": name, "accepted": ", ".join(COLUMNS)}


class _Reader:
    """Reads line after line, keeping the prices and the faults."""

    def __init__(self, columns: Sequence[str], offers: "_Offers") -> None:
        self.columns, self.offers = columns, offers
        self.faults: list[Fault] = []
        self.lines: list[PriceLine] = []

    def read(self, number: int, cells: Sequence[str]) -> None:
        """Read one line."""
        if len(cells) != len(self.columns):
            words = _("there are %(found)d values for %(wanted)d columns. A value with a separator in it is quoted.")
            self.faults.append(Fault(number, words % {"found": len(cells), "wanted": len(self.columns)}))
            return
        texts = dict(zip(self.columns, map(str.strip, cells), strict=True))
        offer = self._value(number, "offer", texts, self.offers.find)
        currency = self._value(number, "currency", texts, _currency)
        amount = self._value(number, "amount", texts, _amount)
        begin = self._value(number, "valid_from", texts, _date)
        end = self._value(number, "valid_until", texts, _date) if texts.get("valid_until") else None
        if begin and end and end < begin:
            words = _("the price ends before it begins, on %(day)s.") % {"day": begin.isoformat()}
            self.faults.append(Fault(number, words, "valid_until"))
        elif offer and currency and amount is not None and begin:
            self.lines.append(PriceLine(number, offer, currency, Period(begin, end, amount)))

    def _value(self, number: int, column: str, texts: dict[str, str], read: Callable[[str], Value]) -> Value | None:
        try:
            return read(_legible(texts[column]))
        except _Wrong as wrong:
            self.faults.append(Fault(number, str(wrong), column))
            return None

    def in_time(self) -> list[PriceLine]:
        """The prices in the order of time, each at its end; two for one day are a fault."""
        ordered = sorted(self.lines, key=lambda line: (str(line.offer.pk), line.currency, line.period.valid_from))
        ended = [_ended(line, following) for line, following in pairwise([*ordered, None]) if line]
        longest: PriceLine | None = None
        for line in ended:
            if longest is None or longest.track != line.track:
                longest = line
                continue
            if longest.period.overlaps(line.period):
                self._clash(longest, line)
            longest = max(longest, line, key=lambda one: one.period.last_day)
        return ended

    def _clash(self, one: PriceLine, other: PriceLine) -> None:
        first, second = sorted((one, other), key=lambda line: line.number)
        words = _("%(offer)s has a price in %(currency)s for %(day)s already, in line %(line)d.")
        day = max(one.period.valid_from, other.period.valid_from)
        values = {"offer": one.offer, "currency": one.currency, "day": day.isoformat(), "line": first.number}
        self.faults.append(Fault(second.number, words % values, "valid_from"))


class _Offers:
    """Finds offers by id, SKU part number or name."""

    def __init__(self) -> None:
        self.by_id = Offer.objects.in_bulk()
        self.by_number = {offer.sku_part_number: offer for offer in self.by_id.values()}
        self.by_name = {offer.name: offer for offer in self.by_id.values()}

    def find(self, text: str) -> Offer:
        """The offer that this text names."""
        try:
            found = {self.by_id.get(uuid.UUID(text))}
        except ValueError:
            found = {self.by_number.get(text), self.by_name.get(text)}
        known = [offer for offer in found if offer is not None]
        if len(known) > 1:
            words = _("%(value)s is the name of one offer and the SKU part number of another. Write the offer’s id.")
            raise _Wrong(words % {"value": shown(text)})
        if not known:
            words = _("%(value)s is no offer of the catalogue. Write an offer’s id, SKU part number or name.")
            raise _Wrong(words % {"value": shown(text)})
        return known[0]


def _ended(line: PriceLine, following: PriceLine | None) -> PriceLine:
    """A price without an end of its own, ended by the next one in the list."""
    if following is None or following.track != line.track or line.period.valid_until is not None:
        return line
    if following.period.valid_from == line.period.valid_from:
        return line
    return replace(line, period=replace(line.period, valid_until=following.period.valid_from - DAY))


def _legible(text: str) -> str:
    if any(map(is_illegible, text)):
        raise _Wrong(_("it contains control characters, which cannot be read."))
    return text


def _currency(text: str) -> str:
    if text not in CURRENCIES:
        words = _("%(value)s is no currency. Write three capital letters of ISO 4217, such as CNY.")
        raise _Wrong(words % {"value": shown(text)})
    return text


def _amount(text: str) -> Decimal:
    if AMOUNT.fullmatch(text) is None or Decimal(text) > LARGEST_AMOUNT:
        words = _(
            "%(value)s is no amount. Write a number from 0 to %(most)s for one licence and month, with a point before "
            "up to four decimals and nothing between thousands: 1234.50."
        )
        raise _Wrong(words % {"value": shown(text), "most": LARGEST_AMOUNT})
    return Decimal(text)


def _date(text: str) -> datetime.date:
    try:
        day = datetime.date.fromisoformat(text) if DATE.fullmatch(text) else None
    except ValueError:
        day = None
    if day is None or not FIRST_DAY <= day <= LAST_DAY:
        words = _("%(value)s is no date. Write year, month and day, from %(first)s to %(last)s: 2026-07-01.")
        raise _Wrong(words % {"value": shown(text), "first": FIRST_DAY.isoformat(), "last": LAST_DAY.isoformat()})
    return day


def shown(text: str) -> str:
    """A value of the list as messages quote it: on one line, and not at any length."""
    words = repr(text)
    return words if len(words) <= LONGEST_VALUE else f"{words[: LONGEST_VALUE - 1]}…"
