"""The search for a Python, with programs that pretend to be one."""

import subprocess
import sys
from pathlib import Path

import pytest

from scripts.places import ROOT

SHIM_THAT_FAILS = "#!/bin/sh\necho 'no such version is set' >&2\nexit 127\n"
OLD = "#!/bin/sh\necho old 3.9.2\n"
WITHOUT_VENV = "#!/bin/sh\necho incomplete 3.13 ensurepip\n"
GOOD = f"#!/bin/sh\nexec '{sys.executable}' \"$@\"\n"


def found(*, path: Path, home: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/sh", ROOT / "scripts" / "find-python.sh"],
        env={"PATH": str(path), "HOME": str(home), **environment},
        check=False,
        capture_output=True,
        text=True,
    )


def program(path: Path, content: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    path.chmod(0o755)
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A PATH with a space in it, and with the one command that the search uses."""
    folder = tmp_path / "some programs"
    folder.mkdir()
    (folder / "cat").symlink_to("/bin/cat")
    return folder


def test_a_shim_that_fails_is_passed_over(path: Path, tmp_path: Path) -> None:
    program(path / "python3.14", SHIM_THAT_FAILS)
    program(path / "python3.13", GOOD)
    result = found(path=path, home=tmp_path)
    assert Path(result.stdout.strip()).samefile(sys.executable)


def test_one_under_a_version_manager_is_found(path: Path, tmp_path: Path) -> None:
    program(path / "python3", OLD)
    program(tmp_path / ".pyenv" / "versions" / "3.14.2" / "bin" / "python3", GOOD)
    result = found(path=path, home=tmp_path)
    assert Path(result.stdout.strip()).samefile(sys.executable)


def test_the_one_asked_for_is_the_only_candidate(path: Path, tmp_path: Path) -> None:
    program(path / "python3.13", GOOD)
    result = found(path=path, home=tmp_path, PYTHON=str(program(tmp_path / "mine", OLD)))
    assert result.returncode == 1
    assert "mine is not a Python 3.12 or newer" in result.stderr


@pytest.mark.parametrize(
    ("content", "said"),
    [(OLD, "Python 3.9.2"), (WITHOUT_VENV, "Python 3.13 ensurepip is missing")],
    ids=["too old", "without venv"],
)
def test_what_does_not_fit_is_named_with_what_to_install(path: Path, tmp_path: Path, content: str, said: str) -> None:
    result = found(path=path, home=tmp_path, PYTHON=str(program(path / "python3", content)))
    assert result.returncode == 1
    assert result.stdout == ""
    assert said in result.stderr
    assert "python3-venv" in result.stderr
