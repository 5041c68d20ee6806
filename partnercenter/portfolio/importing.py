"""Brings a portfolio into the portal: all of it is checked before any of it is written."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from django.db import IntegrityError, transaction
from django.utils import timezone

from activity.operations import SYSTEM, record
from activity.querysets import IMPORT
from customers.counts import forget_count
from partnercenter.portfolio.checking import Catalogue, Checker
from partnercenter.portfolio.faults import Fault, Faults
from partnercenter.portfolio.reading import Record, Unreadable, read_records
from partnercenter.portfolio.references import find_faults
from partnercenter.portfolio.staging import Staging, staging
from partnercenter.portfolio.writing import Counts, Writer
from partners.models import Partner

# Any number does, as long as nothing else in the portal takes it: two imports follow one another.
IMPORT_LOCK = 7_305_519_221

Changes = Mapping[str, Counts]


class PortfolioRefused(Exception):
    """The portfolio is wrong, and nothing was written."""

    def __init__(self, faults: Faults) -> None:
        super().__init__(f"{faults.count} faults")
        self.faults = faults


class PortalChanged(Exception):
    """Somebody else changed the portal at the same moment, and nothing was written."""


def _nothing(size: int) -> None:
    pass


@dataclass(frozen=True)
class Progress:
    """Whom to tell how many bytes were read, how many rows there are to write, and how many were written."""

    read: Callable[[int], None] = _nothing
    to_write: Callable[[int], None] = _nothing
    written: Callable[[int], None] = _nothing


def import_file(path: Path, *, is_dry_run: bool = False, progress: Progress | None = None) -> Changes:
    """Bring this file into the portal and return what is new, what changed and what is the same, by kind.

    With `is_dry_run` it only says what would change. Raises `PortfolioRefused` with every fault of the file,
    `PortalChanged`, and `OSError` where the file cannot be read.
    """
    progress = progress or Progress()
    records = read_records(path, progress.read)
    return import_records(records, source=path.name, is_dry_run=is_dry_run, progress=progress)


def import_records(
    records: Iterable[Record | Fault], *, source: str, is_dry_run: bool = False, progress: Progress | None = None
) -> Changes:
    """Bring these records into the portal; `source` names where they come from. Otherwise as `import_file`."""
    faults = Faults()
    with staging() as staged:
        _stage(records, staged, faults)
        try:
            with transaction.atomic():
                return _apply(staged, faults, source, progress or Progress(), is_dry_run=is_dry_run)
        except IntegrityError as error:
            raise PortalChanged(str(error)) from error


def _stage(records: Iterable[Record | Fault], staged: Staging, faults: Faults) -> None:
    """Check each record and stage its rows."""
    checker = Checker(catalogue=Catalogue.load(), stage=staged.add, faults=faults)
    try:
        for found in records:
            if isinstance(found, Fault):
                faults.add(found)
            else:
                checker.check(found)
                faults.has_lines = found.line is not None
    except Unreadable as unreadable:
        # What comes after is unknown, so that what is missing from the rest cannot be told.
        faults.add(unreadable.fault)
        raise PortfolioRefused(faults) from unreadable
    staged.finish()


def _apply(staged: Staging, faults: Faults, source: str, progress: Progress, *, is_dry_run: bool) -> Changes:
    if not is_dry_run:
        _lock(staged)
    find_faults(staged, faults)
    if faults:
        raise PortfolioRefused(faults)
    writer = Writer(staged, now=timezone.now().replace(microsecond=0), progress=progress.written)
    changes = writer.compare()
    written = sum(counts.written for counts in changes.values())
    if written and not is_dry_run:
        progress.to_write(written)
        writer.write(changes)
        _record(changes, source)
        # All is written by then; a count that is not forgotten is forgotten by itself after a while.
        transaction.on_commit(_count_customers_anew, robust=True)
    return changes


def _count_customers_anew() -> None:
    """Any partner may have more or fewer customers now than its list remembers."""
    forget_count(Partner.objects.values_list("pk", flat=True))


def _lock(staged: Staging) -> None:
    """Hold the customers of the file, in the order of their ids, as upgrades hold theirs.

    SQLite's transaction is alone from its beginning.
    """
    if not staged.is_postgresql:
        return
    with staged.connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [IMPORT_LOCK])
        cursor.execute(
            "SELECT count(*) FROM (SELECT t.id FROM customers_customer AS t JOIN staged_customer AS s ON s.id = t.id "
            "ORDER BY t.id FOR NO KEY UPDATE OF t) AS held"
        )


def _record(changes: Changes, source: str) -> None:
    record(
        actor=SYSTEM,
        operation=IMPORT,
        resource_type="portfolio",
        after={
            "source": source,
            **{code: {"added": counts.added, "updated": counts.updated} for code, counts in changes.items()},
        },
    )
