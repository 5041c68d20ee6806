"""How a whole partner stands: counted at once for most, from a stored snapshot for the largest."""

import datetime
import uuid
from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.functional import Promise

from desk.models import DeskSnapshot
from desk.portfolio import Nearness, own_live, tally
from upgrades.conditions import CONDITIONS

COUNTED_AT_ONCE = 20_000


@dataclass(frozen=True)
class HeldUp:
    """How many subscriptions a condition keeps from their nearest upgrade."""

    code: str
    words: Promise | str
    count: int


@dataclass(frozen=True)
class Summary:
    """Upgrades possible now, those one step away, and what holds the others up; `taken_at` where it is stored."""

    possible: int
    one_step: int
    held_up: list[HeldUp]
    taken_at: datetime.datetime | None = None

    @property
    def most(self) -> int:
        """The largest number that something holds up, which the bars are drawn against."""
        return max((one.count for one in self.held_up), default=0)


def summarise(partner_id: uuid.UUID) -> Summary | None:
    """How the partner stands now; for a very large one how it stood when last counted, `None` where it never was."""
    if own_live(partner_id).order_by()[: COUNTED_AT_ONCE + 1].count() <= COUNTED_AT_ONCE:
        return _summary(count(partner_id))
    snapshot = DeskSnapshot.objects.filter(pk=partner_id).first()
    return None if snapshot is None else _summary(snapshot.counts, snapshot.taken_at)


def count(partner_id: uuid.UUID) -> dict[str, Any]:
    """Judge all that the partner sold and count: `possible`, `one_step`, `held_up` by the code of the condition."""
    distances = tally(partner_id)
    steps: Counter[int] = Counter()
    held_up: Counter[str] = Counter()
    for distance, number in distances.items():
        nearness = Nearness(distance)
        steps[nearness.steps] += number
        held_up.update(dict.fromkeys(nearness.codes, number))
    return {"possible": steps[0], "one_step": steps[1], "held_up": dict(held_up)}


def refresh(partner_id: uuid.UUID) -> DeskSnapshot:
    """Count anew, however long that takes, and store it."""
    taken_at = timezone.now()
    values = {"taken_at": taken_at, "counts": count(partner_id)}
    return DeskSnapshot.objects.update_or_create(partner_id=partner_id, defaults=values)[0]


def _summary(counts: dict[str, Any], taken_at: datetime.datetime | None = None) -> Summary:
    known = [
        HeldUp(condition.code, condition.unmet_words, counts["held_up"][condition.code])
        for condition in CONDITIONS
        if counts["held_up"].get(condition.code)
    ]
    known.sort(key=lambda one: -one.count)
    return Summary(possible=counts["possible"], one_step=counts["one_step"], held_up=known, taken_at=taken_at)
