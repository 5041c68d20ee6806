"""Runs `pull_portfolio` against a server of the tests, without waiting."""

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from partnercenter.management.commands.pull_portfolio import Command
from partnercenter.pulling.source import Patience
from tests.partnercenter.misbehaving import CLIENT, Wire
from tests.partnercenter.portfolios import OURS


class Puller:
    """Pulls into the portal; `waits` has the seconds that the command would have waited."""

    def __init__(self, wire: Wire, folder: Path) -> None:
        self.wire = wire
        self.folder = folder
        self.state: Path | None = folder / "state"
        self.waits: list[float] = []
        # Longer than any answer of a server that means to answer takes.
        self.patience = Patience(sleep=self.waits.append, timeout=10)

    def pull(self, **options: Any) -> str:
        """What the command says."""
        command = Command()
        command.patience = self.patience
        said = StringIO()
        flags = {name: options.pop(name) for name in ("dry_run", "fresh", "verbosity") if name in options}
        values = {**self.options, **options}
        words = [word for name, value in values.items() for word in (f"--{name.replace('_', '-')}", str(value))]
        call_command(command, *words, stdout=said, **flags)
        return said.getvalue()

    @property
    def options(self) -> dict[str, Any]:
        """What the command line says where a test says nothing else."""
        state = {"state": self.state} if self.state else {}
        return {"base_url": self.wire.url, "tenant": OURS, "client_id": CLIENT, **state}

    def failure(self, *, returncode: int = 1, **options: Any) -> str:
        """What the command fails with."""
        with pytest.raises(CommandError) as error:
            self.pull(**options)
        assert error.value.returncode == returncode
        return str(error.value)

    def left_out(self) -> list[str]:
        """What the command tells to have left out, a line each."""
        return self.failure(returncode=3).splitlines()[1:]
