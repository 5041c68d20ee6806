"""The verdicts of the largest partner, against the best SQL known for them."""

import hashlib
import os
import subprocess
import time
import uuid
from pathlib import Path

from benchmarks.environment import Server
from benchmarks.portfolio import LARGEST, THOUSAND, partner_ids
from benchmarks.report import Row
from benchmarks.timed import Timed, timed

SQL = Path(__file__).with_name("eligibility.sql")
# What a process may have more after a thousand times the verdicts: noise, not growth.
SAME_MEMORY = 1.25


def measure(server: Server, folder: Path) -> list[Row]:
    """The row of this table: each is run twice in turn, and the quicker run counts."""
    large, small = (str(uuid.UUID(partner_ids()[number])) for number in (LARGEST, THOUSAND))
    ours, best = folder / "ours.jsonl", folder / "best.jsonl"
    little = _export(server, small, ours)
    runs = [(_export(server, large, ours), _best(server, large, best)) for _number in range(2)]
    taken, quickest = (min(one.seconds for one, _sql in runs), min(seconds for _one, seconds in runs))
    memory = max(one.mebibytes for one, _sql in runs)
    same = _digest(ours) == _digest(best)
    with ours.open("rb") as lines:
        count = sum(1 for _line in lines)
    row = Row(
        f"export_eligibility, {count:,} verdicts",
        "the best SQL known for them",
        1.5,
        taken / quickest,
        holds=same and memory <= little.mebibytes * SAME_MEMORY,
        details={
            "s": round(taken, 2),
            "SQL s": round(quickest, 2),
            "answers": "the same" if same else "NOT the same",
            "MiB": round(memory),
            "MiB for 1,000 customers": round(little.mebibytes),
        },
    )
    return [row]


def _export(server: Server, partner: str, output: Path) -> Timed:
    return timed(server.url, "export_eligibility", "--partner", partner, "--output", str(output))


def _best(server: Server, partner: str, output: Path) -> float:
    begin = time.perf_counter()
    with output.open("wb") as stdout:
        command = [
            str(server.programs / "psql"),
            "-q",
            "-X",
            "-v",
            f"partner={partner}",
            "-f",
            str(SQL),
            server.address(),
        ]
        subprocess.run(command, check=True, stdout=stdout)
        # As the command: what it has written is on the disk.
        os.fsync(stdout.fileno())
    return time.perf_counter() - begin


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
