"""What is wrong with a portfolio file, and where."""

import heapq
from dataclasses import dataclass, field
from typing import Any, Self

SHOWN = 100
LONGEST_VALUE = 60


@dataclass(frozen=True, order=True)
class Fault:
    """One thing that is wrong; faults sort as they stand in the file.

    `record` numbers the records of the file, `item` those within a record. `place` is the path of members
    (`customers[17].subscriptions[2].offer`), `line` the line of a file of JSON Lines.
    """

    record: int
    item: int
    place: str
    words: str
    line: int | None = None

    def __str__(self) -> str:
        suffix = "" if self.line is None else f" (line {self.line})"
        return f"{self.place}: {self.words}{suffix}"


@dataclass
class Faults:
    """The first faults of a file and the number of all, in little memory however many there are."""

    count: int = 0
    # Whether each record stands on a line of its own, so that its number is its line.
    has_lines: bool = False
    _first: list["_LastFirst"] = field(default_factory=list)

    def add(self, fault: Fault) -> None:
        """Count this fault, and keep it where it is among the first of the file."""
        self.count += 1
        if len(self._first) < SHOWN:
            heapq.heappush(self._first, _LastFirst(fault))
        else:
            heapq.heappushpop(self._first, _LastFirst(fault))

    def leave_out(self, number: int) -> None:
        """Count faults that need not be kept, as enough others stand before them."""
        self.count += number

    def __bool__(self) -> bool:
        return self.count > 0

    @property
    def first(self) -> list[Fault]:
        """Up to 100, in the order of the file."""
        return sorted(kept.fault for kept in self._first)


@dataclass(frozen=True)
class _LastFirst:
    """Turns the order round: the heap gives up the last of the kept faults."""

    fault: Fault

    def __lt__(self, other: Self) -> bool:
        return other.fault < self.fault


def shown(value: Any) -> str:
    """A value of the file as messages quote it: on one line, and not at any length."""
    words = repr(value if not isinstance(value, dict | list) else type(value)())
    if isinstance(value, dict | list) and value:
        words = f"{words[0]}…{words[-1]}"
    return words if len(words) <= LONGEST_VALUE else f"{words[: LONGEST_VALUE - 1]}…"
