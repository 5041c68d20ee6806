"""A new price laid over others, held against a plain list of days."""

import datetime
from decimal import Decimal
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from catalog.periods import DAY, Period, overlaid

START = datetime.date(2028, 2, 20)
DAYS = [START + number * DAY for number in range(30)]


@st.composite
def periods(draw: st.DrawFn) -> Period:
    first = draw(st.sampled_from(DAYS))
    length = draw(st.none() | st.integers(0, 40))
    amount = Decimal(draw(st.sampled_from(["1", "1.0", "2", "3.5"])))
    return Period(first, None if length is None else first + length * DAY, amount)


def amount_on(day: datetime.date, laid: list[Period]) -> Decimal | None:
    """The amount of the last period that has this day, as if each were painted over those before."""
    found = [period.amount for period in laid if period.valid_from <= day <= period.last_day]
    return found[-1] if found else None


@given(st.lists(periods(), max_size=8))
def test_the_last_one_laid_counts_on_its_days(laid: list[Period]) -> None:
    stored: list[Period] = []
    for period in laid:
        stored = overlaid(stored, period)
    for day in [START - DAY, *DAYS, START + 100 * DAY]:
        assert amount_on(day, stored) == amount_on(day, laid)
    for one, following in pairwise(stored):
        assert one.last_day < following.valid_from
        assert not one.overlaps(following)
    for period in laid[-1:]:
        assert overlaid(stored, period) == stored


@given(st.lists(periods(), max_size=8), st.lists(periods(), max_size=8))
def test_several_laid_at_once_are_as_one_after_the_other(before: list[Period], laid: list[Period]) -> None:
    stored: list[Period] = []
    for period in before:
        stored = overlaid(stored, period)
    apart: list[Period] = []
    for period in laid:
        apart = overlaid(apart, period)
    one_by_one = stored
    for period in apart:
        one_by_one = overlaid(one_by_one, period)
    assert overlaid(stored, *apart) == one_by_one


def test_a_price_within_another_splits_it() -> None:
    year = Period(datetime.date(2026, 1, 1), None, Decimal(10))
    june = Period(datetime.date(2026, 6, 1), datetime.date(2026, 6, 30), Decimal(8))
    assert overlaid([year], june) == [
        Period(datetime.date(2026, 1, 1), datetime.date(2026, 5, 31), Decimal(10)),
        june,
        Period(datetime.date(2026, 7, 1), None, Decimal(10)),
    ]


def test_the_same_amount_from_a_later_day_on_changes_nothing() -> None:
    year = Period(datetime.date(2026, 1, 1), None, Decimal("10.00"))
    assert overlaid([year], Period(datetime.date(2026, 6, 1), None, Decimal(10))) == [year]
