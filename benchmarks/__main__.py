"""Measures everything and prints the table: `make bench`, or `python -m benchmarks [MODULE …]` for some of it.

The environment variable N is the number of customers.
"""

import argparse
import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import django
from rich.console import Console

from benchmarks import environment
from benchmarks.report import Row, show, write

DEFAULT_SIZE = 30_000
TABLES = ("customer_list", "subscription_list", "pages", "submitting", "api", "eligibility", "importing", "embedded")
# Takes a quarter of an hour alone.
ONLY_WHEN_ASKED = ("activity",)
_HELP = f"some of {', '.join(TABLES)}, all of these if left out; or {', '.join(ONLY_WHEN_ASKED)}"


def main() -> int:
    """Measure; 0 where it was measured, met or not, 130 where it was interrupted."""
    console = Console()
    asked = _arguments()
    try:
        with environment.environment() as folder, environment.Server() as server:
            os.environ["DATABASE_URL"] = server.url
            django.setup()
            rows = Run(console, folder, server).measure(asked.size, asked.tables)
    except KeyboardInterrupt:
        console.print("Interrupted; servers and folders of the run are gone.")
        return 130
    show(rows, console)
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("tables", nargs="*", metavar="MODULE", help=_HELP)
    parser.add_argument("--size", type=int, default=int(os.environ.get("N") or DEFAULT_SIZE), help="customers (N)")
    asked = parser.parse_args()
    if unknown := set(asked.tables) - {*TABLES, *ONLY_WHEN_ASKED}:
        parser.error(f"no such module: {', '.join(sorted(unknown))}")
    if asked.size < 5_000:
        parser.error("N is at least 5000: one partner has 1,000 of the customers.")
    asked.tables = asked.tables or list(TABLES)
    return asked


class Run:
    """The measurements of one run, one table after the other, on databases of their own."""

    def __init__(self, console: Console, folder: Path, server: environment.Server) -> None:
        self.console = console
        self.folder = folder
        self.server = server

    def measure(self, size: int, tables: list[str]) -> list[Row]:
        """Load the portfolio and measure these tables; the results are written after each."""
        from benchmarks import database

        self.console.print(f"Preparing PostgreSQL for {size:,} customers in {self.server.folder}")
        database.collect_static()
        database.prepare(self.server.url)
        database.fill_postgresql(self.server.address(), size)
        rows: list[Row] = []
        for name in tables:
            self.console.print(f"Measuring {name}")
            rows += getattr(self, f"_{name}")(size)
            write(rows, size=size, database=self.server.version)
        return rows

    def _on_pages(self, measure: Callable[[str], Any]) -> list[Row]:
        with environment.portal(self.server.url, self.folder) as address:
            found: list[Row] = asyncio.run(measure(address))
        return found

    def _customer_list(self, size: int) -> list[Row]:
        from benchmarks import customer_list

        return self._on_pages(customer_list.measure)

    def _subscription_list(self, size: int) -> list[Row]:
        from benchmarks import subscription_list

        return self._on_pages(subscription_list.measure)

    def _pages(self, size: int) -> list[Row]:
        from benchmarks import pages

        return self._on_pages(pages.measure)

    def _submitting(self, size: int) -> list[Row]:
        from benchmarks import submitting

        return self._on_pages(
            lambda address: submitting.measure(address, pgbench=self.server.pgbench, folder=self.folder)
        )

    def _api(self, size: int) -> list[Row]:
        from benchmarks import api

        return self._on_pages(api.measure)

    def _eligibility(self, size: int) -> list[Row]:
        from benchmarks import eligibility

        return eligibility.measure(self.server, self.folder)

    def _importing(self, size: int) -> list[Row]:
        from benchmarks import importing

        return importing.measure(self.server, self.folder, size)

    def _embedded(self, size: int) -> list[Row]:
        from benchmarks.embedded import measure

        return measure(self.server, self.folder)

    def _activity(self, size: int) -> list[Row]:
        from benchmarks import activity

        return activity.measure(self.server, self.folder)


if __name__ == "__main__":
    raise SystemExit(main())
