"""Runs the tests on SQLite and then on PostgreSQL; arguments go to pytest.

The journeys in the browser run once, on PostgreSQL. The last line counts what both
runs did.
"""

import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

from scripts.places import CACHE, ROOT

# pytest's exit codes: all passed, some failed, none selected; anything else is a run that broke off.
PASSED, FAILED, NOTHING_SELECTED = 0, 1, 5


def main(arguments: list[str]) -> int:
    """Run both; return pytest's exit code, the first that is not a success."""
    folder = CACHE / "test-results"
    codes = [
        _run("sqlite", folder, ["-m", "not journey", *arguments]),
        _run("postgresql", folder, arguments),
    ]
    print(_tally(folder, codes), flush=True)
    if all(code == NOTHING_SELECTED for code in codes):
        return NOTHING_SELECTED
    return next((code for code in codes if code not in {PASSED, NOTHING_SELECTED}), PASSED)


def _run(database: str, folder: Path, arguments: list[str]) -> int:
    print(f"==> Tests on {database}", flush=True)
    report = folder / f"{database}.xml"
    report.unlink(missing_ok=True)
    command = [sys.executable, "-m", "pytest", "--database", database, f"--junitxml={report}", *_workers(), *arguments]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


def _workers() -> list[str]:
    return ["-n", str(min(os.cpu_count() or 1, 4))]


def _tally(folder: Path, codes: list[int]) -> str:
    counts = {"tests": 0, "failures": 0, "errors": 0, "skipped": 0}
    for report in folder.glob("*.xml"):
        for suite in ET.parse(report).getroot().iter("testsuite"):  # noqa: S314 -- pytest's own file
            for name in counts:
                counts[name] += int(suite.get(name, 0))
    failed = counts["failures"] + counts["errors"]
    passed = max(counts["tests"] - failed - counts["skipped"], 0)
    failed += sum(code not in {PASSED, FAILED, NOTHING_SELECTED} for code in codes)
    skipped = f", {counts['skipped']} skipped" if counts["skipped"] else ""
    return f"{passed} passed, {failed} failed{skipped}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
