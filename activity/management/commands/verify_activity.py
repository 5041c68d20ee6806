"""`manage.py verify_activity`: find activity records that were altered or removed."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from activity.guards import missing_triggers
from activity.sealing import Break, Copy, breaks

MOST_TOLD = 100


class Command(BaseCommand):
    """Go through all activity records and name each chain that does not hold; exit status 1 where there is one."""

    help = "Checks that no activity record was altered or removed. May run while people work."

    def add_arguments(self, parser: CommandParser) -> None:
        """The copies of seals."""
        parser.add_argument(
            "--seals",
            metavar="FILE",
            type=Path,
            help="what seal_activity printed, a line each, to hold the seals in the database against",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Check, with progress on a terminal. Raises `CommandError` where the log does not hold or could be changed."""
        count, found = 0, 0
        for one in breaks(_copies(options["seals"])):
            if isinstance(one, Break):
                found += 1
                if found <= MOST_TOLD:
                    self._tell(str(one))
            else:
                count = one
                self._progress(count)
        missing = missing_triggers()
        for name in missing:
            self._tell(f"trigger {name}: it is missing or disabled")
        if found:
            raise CommandError(f"{found} of the chains and seals do not hold; {count} records were looked at.")
        if missing:
            raise CommandError(
                f"{count} records, each as it was written, but {len(missing)} triggers do not guard them."
            )
        self.stdout.write(f"{count} records, each as it was written")

    def _tell(self, line: str) -> None:
        self.stderr.write(f"\r{line}" if self.stderr.isatty() else line)

    def _progress(self, count: int) -> None:
        if self.stderr.isatty():
            self.stderr.write(f"\r{count} records", ending="")


def _copies(path: Path | None) -> list[Copy]:
    copies = []
    try:
        lines = path.read_text(encoding="utf-8").splitlines() if path else []
    except (OSError, ValueError) as error:
        raise CommandError(f"The seals cannot be read: {error}") from error
    for number, line in enumerate(lines, start=1):
        try:
            copies += [Copy.read(line)] if line.strip() else []
        except ValueError as error:
            raise CommandError(f"Line {number} of the seals is none that seal_activity printed.") from error
    return copies
