"""The table of goals and figures, and the same as JSON."""

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

RESULTS = Path(__file__).with_name("results.json")


@dataclass(frozen=True)
class Row:
    """One measurement: a ratio that is to be at most (or at least) its goal, and what it was made of."""

    what: str
    against: str
    goal: float
    figure: float
    is_floor: bool = False
    is_share: bool = False
    holds: bool = True
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def is_met(self) -> bool:
        """Whether the goal is reached, and what else must hold does."""
        reached = self.figure >= self.goal if self.is_floor else self.figure <= self.goal
        return reached and self.holds

    @property
    def goal_words(self) -> str:
        """The goal as people write it."""
        return f"{'≥' if self.is_floor else '≤'} {self.shown(self.goal)}"

    def shown(self, number: float) -> str:
        """A ratio as people write it."""
        return f"{number:.0%}" if self.is_share else f"{number:.3g}x"


def milliseconds(seconds: float) -> float:
    """For the details: seconds as milliseconds with two decimals."""
    return round(seconds * 1_000, 2)


def show(rows: Sequence[Row], console: Console) -> None:
    """Print the table."""
    table = Table(title="Speed of the portal: ratios taken side by side in this run")
    for heading in ("what", "against", "goal", "figure", "", "made of"):
        table.add_column(heading, justify="right" if heading in {"goal", "figure"} else "left")
    for row in rows:
        made_of = ", ".join(f"{name} {value}" for name, value in row.details.items() if not isinstance(value, dict))
        mark = "[green]met[/]" if row.is_met else "[red]missed[/]"
        table.add_row(row.what, row.against, row.goal_words, row.shown(row.figure), mark, made_of)
    console.print(table)


def write(rows: Sequence[Row], *, size: int, database: str) -> None:
    """Write `results.json` beside this module."""
    machine = {"cores": os.cpu_count(), "python": platform.python_version(), "database": database}
    measured = [{**asdict(row), "is_met": row.is_met} for row in rows]
    RESULTS.write_text(
        json.dumps({"customers": size, "machine": machine, "rows": measured}, indent=2, ensure_ascii=False) + "\n"
    )
