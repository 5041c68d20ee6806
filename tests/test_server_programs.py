"""The programs of PostgreSQL that tests and benchmarks start, where their own folder cannot be reached."""

import subprocess
from pathlib import Path

from scripts.postgresql import copied_programs, packaged_programs


def test_copied_programs_run_without_the_folder_that_they_came_from(tmp_path: Path) -> None:
    copied = copied_programs(packaged_programs(), tmp_path / "programs")
    assert copied.is_relative_to(tmp_path)
    for program in ("initdb", "pg_ctl", "postgres"):
        told = subprocess.run([copied / program, "--version"], check=False, capture_output=True, text=True)
        assert (told.returncode, told.stderr) == (0, "")
        assert "PostgreSQL" in told.stdout
