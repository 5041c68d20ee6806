"""Importing a portfolio, against COPY of the same rows into the same tables."""

import json
import subprocess
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg

from benchmarks.database import catalogue, prepare
from benchmarks.environment import Server
from benchmarks.portfolio import COLUMNS, CUSTOMER, PRIVILEGE, RELATIONSHIP, SUBSCRIPTION, Portfolio, Rows
from benchmarks.report import Row
from benchmarks.timed import timed

IMPORTED = 100_000
PARTNER_COLUMNS = ("id", "name", "type", "mpn_id", "created_at", "requires_second_factor")
TABLES = {"partners_partner": PARTNER_COLUMNS, **COLUMNS}


def measure(server: Server, folder: Path, size: int) -> list[Row]:
    """The row of this table. The import fills one empty database, COPY another with the rows of the first."""
    size = min(IMPORTED, max(size // 3, 5_000))
    for database in ("imported", "copied"):
        server.create(database)
        prepare(server.url_of(database))
    file = folder / "portfolio.jsonl"
    with psycopg.connect(server.address("imported")) as connection:
        known = catalogue(connection.execute)
        codes: dict[int, str] = dict(connection.execute("SELECT id, code FROM catalog_service").fetchall())
    _write(file, Portfolio(size, known), codes)
    taken = timed(server.url_of("imported"), "import_portfolio", str(file))
    file.unlink()
    copied = sum(_copy(server, table, columns, folder) for table, columns in TABLES.items())
    details = {"s": round(taken.seconds, 1), "COPY s": round(copied, 1), "MiB": round(taken.mebibytes)}
    what = f"import_portfolio of {size:,} customers"
    return [Row(what, "COPY of the same rows", 8, taken.seconds / copied, details=details)]


def _copy(server: Server, table: str, columns: tuple[str, ...], folder: Path) -> float:
    """How long COPY takes to put the imported rows of this table into the empty one."""
    rows = folder / "rows"
    listed = ", ".join(columns)
    _psql(server, "imported", f"\\copy {table} ({listed}) TO '{rows}'")
    begin = time.perf_counter()
    _psql(server, "copied", f"\\copy {table} ({listed}) FROM '{rows}'")
    seconds = time.perf_counter() - begin
    rows.unlink()
    return seconds


def _psql(server: Server, database: str, command: str) -> None:
    arguments = [
        str(server.programs / "psql"),
        "-q",
        "-X",
        "-v",
        "ON_ERROR_STOP=1",
        "-c",
        command,
        server.address(database),
    ]
    subprocess.run(arguments, check=True, stdout=subprocess.DEVNULL)


def _write(file: Path, portfolio: Portfolio, codes: dict[int, str]) -> None:
    """The portfolio as JSON Lines, as docs say."""
    with file.open("w") as output:
        for number, partner in enumerate(portfolio.partners):
            record = {"id": _uuid(partner), "name": f"Partner {number:03}", "type": "direct_reseller"}
            output.write(json.dumps({"partner": record}) + "\n")
        for rows in portfolio:
            output.write(json.dumps({"customer": _customer(rows, codes)}, ensure_ascii=False) + "\n")


def _uuid(value: str | None) -> str | None:
    return str(uuid.UUID(value)) if value else None


def _customer(rows: Rows, codes: dict[int, str]) -> dict[str, Any]:
    customer_id, company_name, domain, *_rest = rows[CUSTOMER][0]
    return {
        "id": _uuid(customer_id),
        "company_name": company_name,
        "domain": domain,
        "resellers": [_uuid(partner) for partner, *_rest in rows[RELATIONSHIP]],
        "delegated_admin_privileges": [
            {"service": codes[service], "partner": _uuid(partner)}
            for _customer, service, partner, *_rest in rows[PRIVILEGE]
        ],
        "subscriptions": list(_subscriptions(rows)),
    }


def _subscriptions(rows: Rows) -> Iterator[dict[str, Any]]:
    for row in rows[SUBSCRIPTION]:
        values = dict(zip(COLUMNS[SUBSCRIPTION], row, strict=True))
        yield {
            "id": _uuid(values["id"]),
            "offer": _uuid(values["offer_id"].replace("-", "")),
            "nickname": values["nickname"],
            "quantity": values["quantity"],
            "status": values["status"],
            "partner": _uuid(values["reseller_of_record_id"]),
            "parent": _uuid(values["parent_id"]),
            "created": values["created_at"].isoformat(),
            "suspended": values["suspended_at"].isoformat() if values["suspended_at"] else None,
            "commitment_end": values["commitment_end"].isoformat(),
            "auto_renew": values["auto_renew"],
        }
