"""`manage.py export_portfolio`: the portal's customers and what they hold, as a portfolio file."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from activity.snapshot import one_moment
from partnercenter.portfolio.arguments import asked_partner, output
from partnercenter.portfolio.exporting import Portfolio, write_document, write_lines


class Command(BaseCommand):
    """Writes what `import_portfolio` reads; imported into an empty portal it gives back the same portal."""

    help = "Write the portal's partners, customers and subscriptions as a portfolio file."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--partner", metavar="UUID", help="only what this partner's people see")
        parser.add_argument("--output", metavar="FILE", help="the file to write; JSON Lines if it ends in .jsonl")

    def handle(self, *args: Any, **options: Any) -> None:
        path = options["output"]
        as_lines = path is not None and path.lower().endswith(".jsonl")
        with one_moment():
            portfolio = (
                Portfolio.seen_by(asked_partner(options["partner"]))
                if options["partner"] is not None
                else Portfolio.whole()
            )
            with output(path, self.stdout) as write:
                (write_lines if as_lines else write_document)(portfolio, write)
