"""Databases to measure on: made, migrated and filled with the generated portfolio."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import batched
from typing import Any

import psycopg
from django.contrib.auth.hashers import make_password
from rich.progress import track

from benchmarks.portfolio import COLUMNS, LARGEST, THOUSAND, Catalogue, Portfolio, Rows, partner_ids

PASSWORD = "benchmark-only"  # noqa: S105 - the database is gone afterwards
PLATFORM = "platform@portal.example"
STAFF = {LARGEST: "agent@largest.example", THOUSAND: "agent@thousand.example"}
AT_ONCE = 5_000

Execute = Callable[..., Any]


def manage(url: str, *arguments: str) -> None:
    """Run a management command on this database in a process of its own."""
    command = [sys.executable, "manage.py", *arguments]
    done = subprocess.run(
        command, check=False, env={**os.environ, "DATABASE_URL": url}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(arguments)} failed:\n{done.stdout.decode()}")


def collect_static() -> None:
    """Gather the static files, whose hashed names every page asks for."""
    manage("sqlite://:memory:", "collectstatic", "--noinput", "--verbosity", "0")


def prepare(url: str) -> None:
    """Migrate an empty database."""
    manage(url, "migrate", "--verbosity", "0")


def fill_postgresql(address: str, size: int) -> None:
    """Load a portfolio of this size; secondary indexes are made afterwards, as whoever loads a million would."""
    with psycopg.connect(address, autocommit=True) as connection:
        # The rows are sound by construction: no trigger or foreign key has to look at each.
        connection.execute("SET session_replication_role = replica")
        connection.execute("SET maintenance_work_mem = '512MB'")
        _people(connection.execute, "%s")
        portfolio = Portfolio(size, catalogue(connection.execute))
        with without_indexes(connection, list(COLUMNS)):
            for rows in _loads(portfolio):
                for table, lines in rows.items():
                    copy_rows(connection, table, lines)
        connection.execute("VACUUM (ANALYZE, FREEZE)")
        connection.execute("CHECKPOINT")


def _loads(portfolio: Portfolio) -> Iterator[Rows]:
    """Several customers' rows together, with a progress bar."""
    total = -(-len(portfolio) // AT_ONCE)
    for some in track(batched(portfolio, AT_ONCE), f"Loading {len(portfolio):,} customers", total):
        yield {table: [row for customer in some for row in customer[table]] for table in COLUMNS}


def copy_rows(connection: psycopg.Connection[Any], table: str, rows: list[tuple[Any, ...]]) -> None:
    """COPY these rows into the table."""
    with connection.cursor().copy(f"COPY {table} ({', '.join(COLUMNS[table])}) FROM STDIN") as copy:
        copy.write("".join(map(_line, rows)))


def _line(row: tuple[Any, ...]) -> str:
    return "\t".join(["\\N" if value is None else str(value) for value in row]) + "\n"


@contextmanager
def without_indexes(connection: psycopg.Connection[Any], tables: list[str]) -> Iterator[None]:
    """Drop every index of these tables but the primary keys, and make them again at the end of the block."""
    constraints = connection.execute(
        "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint "
        "WHERE contype = 'u' AND conrelid::regclass::text = ANY(%s)",
        [tables],
    ).fetchall()
    for table, name, _definition in constraints:
        connection.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    indexes = connection.execute(
        "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = ANY(%s) AND indexname NOT LIKE '%%_pkey'",
        [tables],
    ).fetchall()
    for name, _definition in indexes:
        connection.execute(f'DROP INDEX "{name}"')
    yield
    for _name, definition in track(indexes, "Making the indexes"):
        connection.execute(definition)
    for table, name, definition in constraints:
        connection.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")


def fill_sqlite(path: str, size: int) -> None:
    """Load a portfolio of this size into the file."""
    connection = sqlite3.connect(path, autocommit=False)
    connection.execute("PRAGMA foreign_keys = OFF")
    _people(connection.execute, "?")
    for rows in _loads(Portfolio(size, catalogue(connection.execute))):
        for table, lines in rows.items():
            marks = ", ".join("?" * len(COLUMNS[table]))
            columns = ", ".join(COLUMNS[table])
            connection.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", map(_adapted, lines))
    connection.commit()
    connection.autocommit = True
    connection.execute("ANALYZE")
    connection.close()


def _adapted(row: tuple[Any, ...]) -> list[Any]:
    """Times as Django stores them in SQLite: in UTC, without saying so."""
    return [str(value).removesuffix("+00:00") if hasattr(value, "year") else value for value in row]


def catalogue(execute: Execute) -> Catalogue:
    """The keys of offers and services in this database."""
    offers = {name: str(pk) for name, pk in execute("SELECT name, id FROM catalog_offer")}
    return Catalogue(offers, [pk for (pk,) in execute("SELECT id FROM catalog_service ORDER BY id")])


def _people(execute: Execute, mark: str) -> None:
    """The partners, and the people who sign in: an admin agent of two partners, and a platform administrator."""
    now = "2024-01-01 00:00:00" + ("+00" if mark == "%s" else "")
    partners = partner_ids()
    for number, partner in enumerate(partners):
        row = (partner, f"Partner {number:03}", "direct_reseller", "", now)
        execute(f"INSERT INTO partners_partner ({PARTNER_COLUMNS}) VALUES ({_marks(row, mark)}, false)", row)
    password = make_password(PASSWORD)
    for number, (partner_number, email) in enumerate([*STAFF.items(), (None, PLATFORM)]):
        is_platform = partner_number is None
        partner_id = None if partner_number is None else partners[partner_number]
        staff = f"{number:032x}"
        person = (staff, email, f"Person {number}", partner_id, password, now, is_platform, is_platform)
        execute(
            f"INSERT INTO partners_staff ({STAFF_COLUMNS}) VALUES ({_marks(person, mark)}, 'en', 'UTC', 'auto', true)",
            person,
        )
        if not is_platform:
            execute(f"INSERT INTO partners_staffrole (staff_id, role) VALUES ({mark}, 'admin_agent')", (staff,))


PARTNER_COLUMNS = "id, name, type, mpn_id, created_at, requires_second_factor"
STAFF_COLUMNS = (
    "id, email, name, partner_id, password, date_joined, is_staff, is_superuser, language, time_zone, theme, is_active"
)


def _marks(row: tuple[Any, ...], mark: str) -> str:
    return ", ".join([mark] * len(row))
