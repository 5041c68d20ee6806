"""`manage.py import_portfolio FILE`: customers and what they hold, from a portfolio file into the portal."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from django.utils.translation import gettext as _

from partnercenter.portfolio.importing import Changes, PortalChanged, PortfolioRefused, import_file
from partnercenter.portfolio.progress import progress_bars
from partnercenter.portfolio.telling import is_anything_written, refusal, told_changes


class Command(BaseCommand):
    """Checks the whole file, then writes what is new and what differs in one transaction; removes nothing."""

    help = "Bring the partners, customers and subscriptions of a portfolio file (.json or .jsonl) into the portal."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE", help="the portfolio: .json, or .jsonl for JSON Lines")
        parser.add_argument("--dry-run", action="store_true", help="only say what would change")

    def handle(self, *args: Any, **options: Any) -> None:
        path = Path(options["file"])
        try:
            with progress_bars(path, is_quiet=options["verbosity"] == 0) as progress:
                changes = import_file(path, is_dry_run=options["dry_run"], progress=progress)
        except PortfolioRefused as refused:
            raise CommandError(refusal(path.name, refused.faults)) from refused
        except PortalChanged as changed:
            raise CommandError(
                _("Someone else changed the portal at the same moment; nothing was written. Try again. (%s)") % changed
            ) from changed
        except (OSError, ValueError) as error:
            raise CommandError(_("The file cannot be read: %s") % error) from error
        except DatabaseError as error:
            raise CommandError(_("The database refused; nothing was written. (%s)") % error) from error
        if options["verbosity"]:
            self._say(changes, is_dry_run=options["dry_run"])

    def _say(self, changes: Changes, *, is_dry_run: bool) -> None:
        for sentence in told_changes(changes):
            self.stdout.write(sentence)
        if not is_anything_written(changes):
            return
        if is_dry_run:
            self.stdout.write(_("A dry run: nothing was written."))
        else:
            self.stdout.write(self.style.SUCCESS(_("Imported.")))
