"""`manage.py import_portfolio FILE`: customers and what they hold, from a portfolio file into the portal."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from partnercenter.portfolio.faults import Faults
from partnercenter.portfolio.importing import Changes, PortalChanged, PortfolioRefused, import_file
from partnercenter.portfolio.progress import progress_bars
from partnercenter.portfolio.writing import KINDS


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
        for kind in KINDS:
            counts = changes[kind.code]
            self.stdout.write(
                _("%(kind)s: %(added)d added, %(updated)d updated, %(unchanged)d unchanged.")
                % {"kind": kind.words, **vars(counts)}
            )
        if not any(counts.written for counts in changes.values()):
            self.stdout.write(_("Nothing changes: the portal holds all of it already."))
        elif is_dry_run:
            self.stdout.write(_("A dry run: nothing was written."))
        else:
            self.stdout.write(self.style.SUCCESS(_("Imported.")))


def refusal(name: str, faults: Faults) -> str:
    """All that the command says of a file that it refuses: the first faults, then how many more there are."""
    head = ngettext(
        "%(file)s has %(count)d fault; nothing was written.", "%(file)s has %(count)d faults; nothing was written.",
        faults.count,
    )  # fmt: skip
    lines = [head % {"file": name, "count": faults.count}, *map(str, faults.first)]
    if rest := faults.count - len(faults.first):
        lines.append(ngettext("… and %d fault more.", "… and %d faults more.", rest) % rest)
    return "\n".join(lines)
