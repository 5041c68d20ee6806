"""The prices of one offer in one currency as periods that follow one another, and what a new one does to them."""

import datetime
from collections.abc import Iterable, Iterator
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


def overlaid(periods: Iterable[Period], new: Period) -> list[Period]:
    """These periods with another laid over them: on its days it alone counts, before and after they stay.

    Periods of the same amount that touch become one, so that laying the same one over again changes nothing.
    """
    pieces = [piece for period in periods for piece in _outside(period, new)]
    return _joined(sorted([*pieces, new], key=lambda period: period.valid_from))


def _outside(period: Period, new: Period) -> Iterator[Period]:
    """What of a period lies before or after the new one."""
    if not period.overlaps(new):
        yield period
        return
    if period.valid_from < new.valid_from:
        yield replace(period, valid_until=new.valid_from - DAY)
    if new.valid_until is not None and period.last_day > new.valid_until:
        yield replace(period, valid_from=new.valid_until + DAY)


def _joined(periods: Iterable[Period]) -> list[Period]:
    joined: list[Period] = []
    for period in periods:
        last = joined[-1] if joined else None
        if last and last.valid_until and last.valid_until + DAY == period.valid_from and last.amount == period.amount:
            joined[-1] = replace(last, valid_until=period.valid_until)
        else:
            joined.append(period)
    return joined
