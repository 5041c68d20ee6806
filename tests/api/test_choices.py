"""Each choice that was made where the protocol's documents are silent has a test that is named after it."""

import re
from pathlib import Path

CHOICES = {f"{number:02d}" for number in range(1, 41)}


def found_tests() -> set[str]:
    files = Path(__file__).parent.glob("test_*.py")
    return {number for file in files for number in re.findall(r"^def test_d(\d\d)_", file.read_text(), re.MULTILINE)}


def test_every_choice_is_tested() -> None:
    assert found_tests() >= CHOICES


def test_no_test_is_named_after_a_choice_that_there_is_not() -> None:
    assert found_tests() <= CHOICES
