"""Questions whose SQL is built once and then asked again and again.

Judging is one definition made of many small expressions. Putting them together into SQL takes Python several
times as long as the database takes to answer for a page of customers, and planning that SQL takes PostgreSQL half
as long; both depend on nothing but how many ids it names.
"""

import copy
import uuid
import weakref
from collections.abc import Callable, Collection
from dataclasses import dataclass
from itertools import count
from typing import Any

from django.db import DatabaseError, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import QuerySet
from django.db.models.query import ValuesListIterable
from django.db.models.sql.compiler import SQLCompiler

Build = Callable[[list[uuid.UUID], uuid.UUID], QuerySet[Any]]

# Every number of ids is a statement of its own to build and keep, so they are filled up to one of these.
SIZES = (1, 3, 5, 10, 25, 50, 100, 250, 500)
PARTNER = uuid.UUID(int=1)

_numbers = count(1)
# The names of the statements that each connection has planned; they go with it.
_planned: weakref.WeakKeyDictionary[Any, dict[tuple["Prepared", int], str]] = weakref.WeakKeyDictionary()
# "Invalid SQL statement name", where a pooler has reset the connection; "feature not supported", where a migration
# has changed the type of a column that the plan yields.
OUTDATED = {"26000", "0A000"}


@dataclass(frozen=True)
class _Place:
    """Where an id goes in a statement."""

    marker: uuid.UUID
    is_text: bool = False

    def filled(self, value: uuid.UUID, *, is_native: bool) -> Any:
        """The id as this place takes it."""
        if self.is_text:
            return str(value)
        return value if is_native else value.hex


@dataclass(frozen=True)
class _Statement:
    """A built query with its SQL; the parameters hold places where ids and partner go."""

    query: QuerySet[Any]
    compiler: SQLCompiler
    sql: str
    parameters: list[Any]
    converters: dict[int, Any]
    is_tuples: bool

    def rows(self, connection: BaseDatabaseWrapper, sql: str, parameters: tuple[Any, ...]) -> list[Any]:
        """What the query yields, models or tuples, when the database is asked this SQL in the place of its own."""
        if self.is_tuples:
            return self._tuples(connection, sql, parameters)
        compiler = copy.copy(self.compiler)
        compiler.connection = connection
        compiler.as_sql = lambda *args, **kwargs: (sql, parameters)  # type: ignore[method-assign]
        compiler.get_converters = lambda expressions: self.converters  # type: ignore[method-assign]
        asked = self.query.all()
        asked.query.get_compiler = lambda *args, **kwargs: compiler  # type: ignore[method-assign]
        return list(asked)

    def _tuples(self, connection: BaseDatabaseWrapper, sql: str, parameters: tuple[Any, ...]) -> list[Any]:
        """Tuples come as the database gives them, but for what has to be converted; a queryset does no more."""
        with connection.cursor() as cursor:
            cursor.execute(sql, parameters)
            found: list[Any] = cursor.fetchall()
        if not self.converters:
            return found
        compiler = copy.copy(self.compiler)
        compiler.connection = connection
        return [tuple(row) for row in compiler.apply_converters(found, self.converters)]


class Prepared:
    """A question about some ids, as a partner sees them. `build` makes the query, of models or of tuples.

    `build` must put its two arguments into the query as they are, and nothing that is another value tomorrow.
    Where the ids come in groups, as those of an option do, `group` is how many make one.
    """

    def __init__(self, build: Build, *, group: int = 1) -> None:
        self._build = build
        self._group = group
        self._built: dict[tuple[str, int], _Statement] = {}

    def ask(self, ids: Collection[uuid.UUID], *, partner_id: uuid.UUID) -> list[Any]:
        """What there is for these ids: one statement for every 500, each in the order of the query.

        Rows of the last ids of all can come more than once where the query does not choose by `pk__in`.
        """
        wanted = list(ids)
        most = SIZES[-1] * self._group
        rows: list[Any] = []
        for start in range(0, len(wanted), most):
            rows += self._ask(wanted[start : start + most], partner_id)
        return rows

    def _ask(self, ids: list[uuid.UUID], partner_id: uuid.UUID) -> list[Any]:
        connection = connections["default"]
        size = next(size for size in SIZES if size * self._group >= len(ids)) * self._group
        filled = [*ids, *ids[-self._group :] * ((size - len(ids)) // self._group)]
        statement = self._statement(connection, size)
        if connection.vendor == "postgresql" and not connection.settings_dict.get("DISABLE_SERVER_SIDE_CURSORS"):
            return self._ask_planned(connection, statement, size, (partner_id, filled))
        given = dict(zip(_markers(size), filled, strict=True)) | {PARTNER: partner_id}
        is_native = connection.features.has_native_uuid_field
        values = tuple(
            one.filled(given[one.marker], is_native=is_native) if isinstance(one, _Place) else one
            for one in statement.parameters
        )
        return statement.rows(connection, statement.sql, values)

    def _ask_planned(
        self, connection: BaseDatabaseWrapper, statement: _Statement, size: int, parameters: tuple[Any, ...]
    ) -> list[Any]:
        """What PostgreSQL answers by its plan; once more with a new one where that is outdated and it can be."""
        try:
            return statement.rows(connection, self._execute(connection, statement, size), parameters)
        except DatabaseError as error:
            if getattr(error.__cause__, "sqlstate", "") not in OUTDATED:
                raise
            # The others of this connection are as old.
            _planned.pop(connection.connection, None)
            if connection.in_atomic_block:
                raise
        return statement.rows(connection, self._execute(connection, statement, size), parameters)

    def _execute(self, connection: BaseDatabaseWrapper, statement: _Statement, size: int) -> str:
        """The SQL that has this connection of PostgreSQL answer by its plan, which is made where there is none."""
        # Not later than with the next statement: by then it would be another connection, without the plan.
        connection.close_if_health_check_failed()
        connection.ensure_connection()
        names = _planned.setdefault(connection.connection, {})
        if (self, size) not in names:
            name = f"portal_{next(_numbers)}"
            self._plan(connection, statement, size, name)
            names[self, size] = name
        return f"EXECUTE {names[self, size]} (%s, %s)"

    def _plan(self, connection: BaseDatabaseWrapper, statement: _Statement, size: int, name: str) -> None:
        # One array is taken much more quickly than fifty ids.
        ids = {marker: f"($2)[{number}]" for number, marker in enumerate(_markers(size), start=1)}
        ids[PARTNER] = "$1"
        written = [
            (ids[one.marker] + "::text" * one.is_text) if isinstance(one, _Place) else _literal(connection, one)
            for one in statement.parameters
        ]
        connection.validate_no_broken_transaction()
        with connection.wrap_database_errors:
            connection.connection.execute(f"PREPARE {name} (uuid, uuid[]) AS {statement.sql % tuple(written)}")

    def _statement(self, connection: BaseDatabaseWrapper, size: int) -> _Statement:
        """The statement for this many ids."""
        key = (connection.vendor, size)
        if key not in self._built:
            markers = _markers(size)
            query = self._build(markers, PARTNER)
            compiler = query.query.get_compiler(connection=connection)
            sql, parameters = compiler.as_sql()
            places: dict[Any, _Place] = {}
            for marker in (*markers, PARTNER):
                places |= dict.fromkeys((marker, marker.hex), _Place(marker))
                places[str(marker)] = _Place(marker, is_text=True)
            marked = [places.get(one, one) if isinstance(one, uuid.UUID | str) else one for one in parameters]
            converters = compiler.get_converters([column[0] for column in compiler.select[: compiler.col_count]])
            is_tuples = query._iterable_class is ValuesListIterable  # noqa: SLF001 - nothing public tells
            self._built[key] = _Statement(query, compiler, sql, marked, converters, is_tuples)
        return self._built[key]


def _literal(connection: BaseDatabaseWrapper, value: Any) -> str:
    from psycopg import sql

    return sql.Literal(value).as_string(connection.connection)


def _markers(size: int) -> list[uuid.UUID]:
    return [uuid.UUID(int=number + 2) for number in range(size)]
