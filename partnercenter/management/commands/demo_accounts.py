"""`manage.py demo_accounts`: who can sign in to the demo."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _
from rich.console import Console
from rich.table import Table

from partnercenter.demo.accounts import ACCOUNTS, PASSWORD


class Command(BaseCommand):
    """Prints the demo's accounts: as a table on a terminal, otherwise in columns of plain text."""

    help = "Print the accounts of the demo."

    def handle(self, *args: Any, **options: Any) -> None:
        heads = [_("E-mail address"), _("Name"), _("Partner"), _("Role")]
        rows = [
            [
                account.email,
                account.name,
                account.partner_name or "–",
                str(account.role.label) if account.role else _("Platform administrator (/admin/)"),
            ]
            for account in ACCOUNTS
        ]
        title = _("Password of all: %s") % PASSWORD
        if self.stdout.isatty():
            table = Table(title=title, title_justify="left")
            for number, head in enumerate(heads):
                # What is typed in must not be cut off.
                table.add_column(head, no_wrap=number == 0)
            for row in rows:
                table.add_row(*row)
            Console().print(table)
        else:
            self.stdout.write(title)
            self._write_columns([heads, *rows])

    def _write_columns(self, rows: list[list[str]]) -> None:
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        for row in rows:
            self.stdout.write("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip())
