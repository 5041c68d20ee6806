"""`manage.py import_prices FILE`: prices of offers, from a CSV file into the catalogue."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from catalog.price_lists import LARGEST_FILE, PriceListRefused
from catalog.pricing import PriceChange, import_prices, preview_prices


class Command(BaseCommand):
    """Checks the whole list, then sets all its prices in one transaction; other prices stay."""

    help = "Set the prices of a CSV file with the columns offer, currency, amount, valid_from and valid_until."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE", help="the price list, as CSV in UTF-8")
        parser.add_argument("--dry-run", action="store_true", help="only say what would change")

    def handle(self, *args: Any, **options: Any) -> None:
        path = Path(options["file"])
        try:
            with path.open("rb") as file:
                # One byte more than is accepted, so that a larger file is refused as such.
                content = file.read(LARGEST_FILE + 1)
            if options["dry_run"]:
                changes = preview_prices(content)
            else:
                changes = import_prices(staff=None, content=content, source=path.name)
        except OSError as error:
            raise CommandError(_("The file cannot be read: %s") % error) from error
        except PriceListRefused as refused:
            raise CommandError("\n".join([refused.message, *refused.lines])) from refused
        if options["verbosity"]:
            self._say(changes, is_dry_run=options["dry_run"])

    def _say(self, changes: list[PriceChange], *, is_dry_run: bool) -> None:
        for change in changes:
            self.stdout.write(f"{change.offer}, {change.currency}:")
            for sign, periods in (("-", change.gone), ("+", change.come)):
                for period in periods:
                    end = period.valid_until.isoformat() if period.valid_until else ""
                    self.stdout.write(f"  {sign} {period.amount} {period.valid_from.isoformat()}..{end}")
        if not changes:
            self.stdout.write(_("Nothing changes: the portal holds all of it already."))
        elif is_dry_run:
            self.stdout.write(_("A dry run: nothing was written."))
        else:
            text = ngettext("Imported; %(count)d change.", "Imported; %(count)d changes.", len(changes))
            self.stdout.write(self.style.SUCCESS(text % {"count": len(changes)}))
