"""Questions whose SQL is built once and then asked again and again.

Judging is one definition made of many small expressions. Putting them together into SQL takes Python several
times as long as the database takes to answer for a page of customers, and planning that SQL takes PostgreSQL half
as long; both depend on nothing but how many ids it names.
"""

import uuid
import weakref
from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import count
from typing import Any

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import QuerySet

Build = Callable[[list[uuid.UUID], uuid.UUID], QuerySet[Any]]

# Every number of ids is a statement of its own to build and keep, so they are filled up to one of these.
SIZES = (1, 5, 10, 25, 50, 100, 250, 500)
PARTNER = uuid.UUID(int=1)

_numbers = count(1)
# The statements that each connection has planned; they go with it.
_planned: weakref.WeakKeyDictionary[Any, set[str]] = weakref.WeakKeyDictionary()


class Prepared:
    """A question about some ids, as a partner sees them. `build` makes the query; its first columns are ids.

    `build` must put its two arguments into the query as they are, and nothing that is another value tomorrow.
    """

    def __init__(self, build: Build, *, id_columns: int = 1) -> None:
        self._build = build
        self._id_columns = id_columns
        self._name = f"portal_{next(_numbers)}"
        self._built: dict[tuple[str, int], tuple[str, list[Any]]] = {}

    def ask(self, ids: Collection[uuid.UUID], *, partner_id: uuid.UUID) -> list[tuple[Any, ...]]:
        """The rows for these ids, in no particular order: one statement for every 500 ids."""
        wanted = list(ids)
        rows: list[tuple[Any, ...]] = []
        for start in range(0, len(wanted), SIZES[-1]):
            rows += self._ask(wanted[start : start + SIZES[-1]], partner_id)
        return rows

    def _ask(self, ids: list[uuid.UUID], partner_id: uuid.UUID) -> Iterator[tuple[Any, ...]]:
        connection = connections["default"]
        size = next(size for size in SIZES if size >= len(ids))
        filled = [*ids, *[ids[-1]] * (size - len(ids))]
        if connection.vendor == "postgresql" and not connection.settings_dict.get("DISABLE_SERVER_SIDE_CURSORS"):
            return iter(self._ask_planned(connection, filled, partner_id))
        sql, parameters = self._statement(connection.vendor, size)
        given = dict(zip(_markers(size), filled, strict=True)) | {PARTNER: partner_id}
        values = [given.get(one, one) if isinstance(one, uuid.UUID) else one for one in parameters]
        is_native = connection.features.has_native_uuid_field
        rows = _rows(connection, sql, [value if is_native else _as_text(value) for value in values])
        if is_native:
            return iter(rows)
        return ((*map(uuid.UUID, row[: self._id_columns]), *row[self._id_columns :]) for row in rows)

    def _ask_planned(
        self, connection: BaseDatabaseWrapper, ids: list[uuid.UUID], partner_id: uuid.UUID
    ) -> list[tuple[Any, ...]]:
        name = f"{self._name}_{len(ids)}"
        connection.ensure_connection()
        planned = _planned.setdefault(connection.connection, set())
        if name not in planned:
            sql, parameters = self._statement(connection.vendor, len(ids))
            places = {marker: f"${place}" for place, marker in enumerate([PARTNER, *_markers(len(ids))], start=1)}
            types = ", ".join(["uuid"] * len(places))
            query = sql % tuple(places[one] if one in places else _literal(connection, one) for one in parameters)
            connection.connection.execute(f"PREPARE {name} ({types}) AS {query}")
            planned.add(name)
        marks = ", ".join(["%s"] * (len(ids) + 1))
        return _rows(connection, f"EXECUTE {name} ({marks})", [partner_id, *ids])

    def _statement(self, vendor: str, size: int) -> tuple[str, list[Any]]:
        """The SQL for this many ids; its parameters hold markers where ids and partner go."""
        if (vendor, size) not in self._built:
            markers = _markers(size)
            sql, parameters = self._build(markers, PARTNER).query.sql_with_params()
            by_text = {marker.hex: marker for marker in (*markers, PARTNER)}
            marked = [by_text.get(one, one) if isinstance(one, str) else one for one in parameters]
            self._built[vendor, size] = (sql, marked)
        return self._built[vendor, size]


def _rows(connection: BaseDatabaseWrapper, sql: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())


def _literal(connection: BaseDatabaseWrapper, value: Any) -> str:
    from psycopg import sql

    return sql.Literal(value).as_string(connection.connection)


def _as_text(value: Any) -> Any:
    return value.hex if isinstance(value, uuid.UUID) else value


def _markers(size: int) -> list[uuid.UUID]:
    return [uuid.UUID(int=number + 2) for number in range(size)]
