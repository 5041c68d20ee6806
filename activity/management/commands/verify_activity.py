"""`manage.py verify_activity`: find activity records that were altered or removed."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from activity.sealing import Break, breaks

MOST_TOLD = 100


class Command(BaseCommand):
    """Go through all activity records and name each chain that does not hold; exit status 1 where there is one."""

    help = "Checks that no activity record was altered or removed."

    def handle(self, *args: Any, **options: Any) -> None:
        """Check, with progress on a terminal; raises `CommandError` where a chain is broken."""
        count, found = 0, 0
        for one in breaks():
            if isinstance(one, Break):
                found += 1
                if found <= MOST_TOLD:
                    self.stderr.write(str(one))
            else:
                count = one
                self._progress(count)
        if found:
            raise CommandError(f"{found} of the chains do not hold; {count} records were looked at.")
        self.stdout.write(f"{count} records, each as it was written")

    def _progress(self, count: int) -> None:
        if self.stderr.isatty():
            self.stderr.write(f"\r{count} records", ending="")
