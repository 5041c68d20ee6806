"""Set-up after one that did not come to its end."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.places import ROOT


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout whose set-up was interrupted and where no Python is found, so that the next goes no further."""
    (tmp_path / "scripts").mkdir()
    shutil.copy(ROOT / "scripts" / "setup.sh", tmp_path / "scripts")
    (tmp_path / "scripts" / "find-python.sh").write_text("exit 1\n")
    (tmp_path / ".venv").mkdir()
    return tmp_path


def set_up(checkout: Path, *, begun_by: str) -> subprocess.CompletedProcess[str]:
    """Run it where another, of this process number, left its mark."""
    (checkout / ".venv" / "unfinished").write_text(f"{begun_by}\n")
    return subprocess.run(["/bin/sh", "scripts/setup.sh"], cwd=checkout, check=False, capture_output=True, text=True)


@pytest.fixture
def at_work() -> Iterator[str]:
    """The number of a process that is a set-up by its command line."""
    with subprocess.Popen(["/bin/sh", "-c", "read line", "scripts/setup.sh"], stdin=subprocess.PIPE) as process:
        yield str(process.pid)


@pytest.mark.parametrize("begun_by", ["", "99999999", str(os.getpid())], ids=["nobody", "gone", "another program now"])
def test_what_was_left_half_done_is_made_afresh(checkout: Path, begun_by: str) -> None:
    assert "starting afresh" in set_up(checkout, begun_by=begun_by).stdout
    assert not (checkout / ".venv").exists()


def test_another_set_up_is_not_disturbed(checkout: Path, at_work: str) -> None:
    result = set_up(checkout, begun_by=at_work)
    assert result.returncode == 1
    assert f"Another set-up (process {at_work}) is at work" in result.stderr
    assert (checkout / ".venv").exists()
