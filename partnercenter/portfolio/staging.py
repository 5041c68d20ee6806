"""Temporary tables beside the portal's own: the rows of a file wait there, on disk, until all of it is checked.

What needs the whole file or the portal (an id used twice, a parent that is not there) is then one statement of
SQL, and so is the writing.
"""

import datetime
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections, transaction

from customers.models import BillingProfile, ContactDetails

BATCH = 20_000
Row = tuple[Any, ...]

UUID, TEXT, INTEGER, TIME, DAY, FLAG = "uuid", "text", "bigint", "timestamp with time zone", "date", "boolean"
# `record` counts the records of the file, `number` those of its kind, `item` a record's entries of one list.
PLACE = {"record": INTEGER, "number": INTEGER, "item": INTEGER}


@dataclass(frozen=True)
class Table:
    """A temporary table: its name, its columns and their types."""

    name: str
    columns: Mapping[str, str]

    @property
    def all_columns(self) -> dict[str, str]:
        """The place in the file first, then its own."""
        return {**PLACE, **self.columns}


PARTNERS = Table("staged_partner", {"id": UUID, "name": TEXT, "type": TEXT, "mpn_id": TEXT})
CUSTOMERS = Table("staged_customer", {"id": UUID, "company_name": TEXT, "name_key": TEXT, "domain": TEXT})
RELATIONSHIPS = Table(
    "staged_relationship",
    # `member` is the list of the file that names the partner; none where only a subscription does.
    {"member": TEXT, "customer_id": UUID, "partner_id": UUID, "in_force": FLAG, "since": TIME},
)
PRIVILEGES = Table(
    "staged_privilege",
    {"customer_id": UUID, "service_id": INTEGER, "partner_id": UUID, "since": TIME, "expires_at": TIME},
)
CONTACTS = Table("staged_contact", {"customer_id": UUID, **dict.fromkeys(ContactDetails.VALUES, TEXT)})
BILLINGS = Table("staged_billing", {"customer_id": UUID, **dict.fromkeys(BillingProfile.VALUES, TEXT)})
SUBSCRIPTIONS = Table(
    "staged_subscription",
    {
        "id": UUID,
        "offer_id": UUID,
        "nickname": TEXT,
        "quantity": INTEGER,
        "status": TEXT,
        "reseller_of_record_id": UUID,
        "parent_id": UUID,
        # Nothing where the file leaves it out: what the portal holds stays, a new one begins now.
        "created_at": TIME,
        "suspended_at": TIME,
        "commitment_end": DAY,
        "auto_renew": FLAG,
        "suspended_with_parent": FLAG,
        "customer_id": UUID,
        # Whether the record had no fault of its own; one that had is not compared with the portal.
        "is_sound": FLAG,
    },
)
ORDERS = Table(
    "staged_order",
    {
        "id": UUID,
        "partner_id": UUID,
        "reference": TEXT,
        "billing_cycle": TEXT,
        "created_at": TIME,
        "customer_id": UUID,
    },
)
# `line` is the column `number` of the portal: that is the place in the file here.
ORDER_LINES = Table(
    "staged_order_line",
    {
        "subscription_id": UUID,
        "offer_id": UUID,
        "quantity": INTEGER,
        "nickname": TEXT,
        "provisioning": TEXT,
        "attempts": INTEGER,
        "next_attempt_at": TIME,
        "failure_code": TEXT,
        "failure": TEXT,
        "provisioned_at": TIME,
        "order_id": UUID,
        "line": INTEGER,
        "customer_id": UUID,
    },
)
TABLES = (
    PARTNERS,
    CUSTOMERS,
    CONTACTS,
    BILLINGS,
    RELATIONSHIPS,
    PRIVILEGES,
    SUBSCRIPTIONS,
    ORDERS,
    ORDER_LINES,
)


class Staging:
    """The temporary tables, filled in batches."""

    def __init__(self) -> None:
        self.connection = connections[DEFAULT_DB_ALIAS]
        self.is_postgresql = self.connection.vendor == "postgresql"
        self._waiting: dict[str, list[Row]] = {table.name: [] for table in TABLES}
        self._adapters = {table.name: _adapters(table) for table in TABLES}
        self._size = 0

    def add(self, table: Table, row: Row) -> None:
        """Stage a row: its place and its columns, in their order."""
        self._waiting[table.name].append(row)
        self._size += 1
        if self._size >= BATCH:
            self.flush()

    def flush(self) -> None:
        """Write what waits."""
        with transaction.atomic() if self.is_postgresql else self._unlocked():
            for table in TABLES:
                if rows := self._waiting[table.name]:
                    self._write(table, rows)
                    rows.clear()
        self._size = 0

    @contextmanager
    def _unlocked(self) -> Iterator[None]:
        """One transaction of the temporary tables alone: it takes no lock of the SQLite file itself."""
        if self.connection.in_atomic_block:
            yield
            return
        with self.connection.cursor() as cursor:
            cursor.execute("BEGIN DEFERRED")
            try:
                yield
            finally:
                cursor.execute("COMMIT")

    def _write(self, table: Table, rows: list[Row]) -> None:
        columns = ", ".join(table.all_columns)
        adapters = self._adapters[table.name]
        with self.connection.cursor() as cursor:
            if self.is_postgresql:
                with cursor.copy(f"COPY {table.name} ({columns}) FROM STDIN") as copy:
                    for row in rows:
                        copy.write_row(row)
            else:
                marks = ", ".join(["%s"] * len(table.all_columns))
                cursor.executemany(
                    f"INSERT INTO {table.name} ({columns}) VALUES ({marks})",
                    [_adapt(row, adapters) for row in rows],
                )

    def finish(self) -> None:
        """Write the rest, and tell PostgreSQL's planner how much there is."""
        self.flush()
        if self.is_postgresql:
            with self.connection.cursor() as cursor:
                for table in TABLES:
                    cursor.execute(f"ANALYZE {table.name}")

    def create(self) -> None:
        """Create the tables, empty."""
        with self.connection.cursor() as cursor:
            for table in TABLES:
                cursor.execute(f"DROP TABLE IF EXISTS {table.name}")
                columns = ", ".join(f"{name} {self._type(kind)}" for name, kind in table.all_columns.items())
                cursor.execute(f"CREATE TEMPORARY TABLE {table.name} ({columns})")

    def _type(self, kind: str) -> str:
        # SQLite reads the numbers out of columns whose type it does not know: of some UUIDs too.
        return kind if self.is_postgresql or kind == INTEGER else "text" if kind != FLAG else "bool"

    def drop(self) -> None:
        """Drop the tables; after a broken transaction or connection they go by themselves."""
        if self.connection.needs_rollback or self.connection.connection is None:
            return
        with self.connection.cursor() as cursor:
            for table in TABLES:
                cursor.execute(f"DROP TABLE IF EXISTS {table.name}")


@contextmanager
def staging() -> Iterator[Staging]:
    """The temporary tables for the length of this block."""
    staged = Staging()
    staged.create()
    try:
        yield staged
    finally:
        staged.drop()


def _adapt(row: Row, adapters: Sequence[tuple[int, Callable[[Any], Any]]]) -> list[Any]:
    values = list(row)
    for index, adapter in adapters:
        if values[index] is not None:
            values[index] = adapter(values[index])
    return values


def _adapters(table: Table) -> list[tuple[int, Callable[[Any], Any]]]:
    """How the columns of SQLite hold UUIDs, times and days, so that they compare with Django's own."""
    kinds: dict[str, Callable[[Any], Any]] = {UUID: _without_hyphens, TIME: _without_zone, DAY: str}
    return [(index, kinds[kind]) for index, kind in enumerate(table.all_columns.values()) if kind in kinds]


def _without_hyphens(value: str) -> str:
    return value.replace("-", "")


def _without_zone(value: datetime.datetime) -> str:
    return str(value.replace(tzinfo=None))
