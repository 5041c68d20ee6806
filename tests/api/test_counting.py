"""How many requests there were in a minute is counted in one statement."""

import pytest

from api.models import RequestCount

pytestmark = pytest.mark.django_db


def test_a_minute_begins_anew() -> None:
    counts = [RequestCount.once_more(client="one", kind="read", minute=minute) for minute in (7, 7, 7, 8, 8)]
    assert counts == [1, 2, 3, 1, 2]
    assert RequestCount.objects.count() == 1


def test_who_comes_late_from_the_minute_before_lets_none_begin_anew() -> None:
    counts = [RequestCount.once_more(client="one", kind="read", minute=minute) for minute in (7, 8, 7, 8, 9)]
    assert counts == [1, 1, 2, 3, 1]


def test_a_clock_that_was_set_back_locks_nobody_out() -> None:
    counts = [RequestCount.once_more(client="one", kind="read", minute=minute) for minute in (700, 7, 7)]
    assert counts == [1, 1, 2]


def test_clients_and_kinds_are_counted_apart() -> None:
    for client, kind in (("one", "read"), ("one", "write"), ("two", "read")):
        assert RequestCount.once_more(client=client, kind=kind, minute=7) == 1
    assert RequestCount.once_more(client="one", kind="read", minute=7) == 2
