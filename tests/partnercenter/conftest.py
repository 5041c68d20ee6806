from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.partnercenter.misbehaving import SECRET, Wire, serving
from tests.partnercenter.portfolios import Desk
from tests.partnercenter.pulls import Puller


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Iterator[Wire]:
    # Whatever proxy the shell names, nothing leaves this machine.
    monkeypatch.setenv("NO_PROXY", "*")
    with serving(Wire()) as wire:
        yield wire


@pytest.fixture
def puller(wire: Wire, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Puller:
    monkeypatch.setenv("PULL_CLIENT_SECRET", SECRET)
    return Puller(wire, tmp_path)
