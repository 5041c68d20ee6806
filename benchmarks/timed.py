"""Runs one management command and says how long it took, without the start of Python, and its memory at most.

`python -m benchmarks.timed COMMAND …` prints JSON: `seconds`, and `mebibytes` of the whole process.
"""

import json
import os
import resource
import subprocess
import sys
import time
from dataclasses import dataclass


@dataclass(frozen=True)
class Timed:
    """How long a command took and how much memory it had at most."""

    seconds: float
    mebibytes: float


def timed(url: str, *command: str) -> Timed:
    """Run this command on this database in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.timed", *command],
        check=False,
        env={**os.environ, "DATABASE_URL": url},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return Timed(**json.loads(done.stdout.splitlines()[-1]))


def main(command: list[str]) -> None:
    """Run it in this process."""
    import django
    from django.core.management import call_command
    from django.db import connection

    django.setup()
    connection.ensure_connection()
    begin = time.perf_counter()
    call_command(*command)
    seconds = time.perf_counter() - begin
    # Linux counts kibibytes, macOS bytes.
    unit = 1024 if sys.platform != "darwin" else 1024 * 1024
    mebibytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
    print(json.dumps({"seconds": seconds, "mebibytes": mebibytes}))


if __name__ == "__main__":
    main(sys.argv[1:])
