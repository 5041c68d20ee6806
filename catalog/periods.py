"""The prices of one offer in one currency as periods that follow one another, and what a new one does to them."""

import datetime
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

FIRST_DAY = datetime.date(2000, 1, 1)
LAST_DAY = datetime.date(2199, 12, 31)
DAY = datetime.timedelta(days=1)


@dataclass(frozen=True)
class Period:
    """An amount from one day through another, or for good where `valid_until` is `None`."""

    valid_from: datetime.date
    valid_until: datetime.date | None
    amount: Decimal

    @property
    def last_day(self) -> datetime.date:
        """The day it ends with; later than any other for one without an end."""
        return self.valid_until or datetime.date.max

    def overlaps(self, other: "Period") -> bool:
        """Whether there is a day that belongs to both."""
        return self.valid_from <= other.last_day and other.valid_from <= self.last_day


def overlaid(periods: Iterable[Period], *laid: Period) -> list[Period]:
    """These periods with others laid over them: on their days they alone count, before and after the former stay.

    Neither these nor those have two for one day. Periods of the same amount that touch become one, so that laying the
    same ones over again changes nothing. Takes a moment for thousands.
    """
    over = sorted(laid, key=_first_day)
    last_days = [period.last_day for period in over]
    pieces = list(over)
    for period in periods:
        pieces += _outside(period, over, bisect_left(last_days, period.valid_from))
    return _joined(sorted(pieces, key=_first_day))


def _first_day(period: Period) -> datetime.date:
    return period.valid_from


def _outside(period: Period, over: Sequence[Period], start: int) -> Iterator[Period]:
    """What of a period none of the others covers; from `start` on none of them ends before it begins."""
    rest = period
    for place in range(start, len(over)):
        other = over[place]
        if not rest.overlaps(other):
            break
        if rest.valid_from < other.valid_from:
            yield replace(rest, valid_until=other.valid_from - DAY)
        if rest.last_day <= other.last_day:
            return
        rest = replace(rest, valid_from=other.last_day + DAY)
    yield rest


def _joined(periods: Iterable[Period]) -> list[Period]:
    joined: list[Period] = []
    for period in periods:
        last = joined[-1] if joined else None
        if last and last.valid_until and last.valid_until + DAY == period.valid_from and last.amount == period.amount:
            joined[-1] = replace(last, valid_until=period.valid_until)
        else:
            joined.append(period)
    return joined
