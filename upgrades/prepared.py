"""Questions whose SQL is built once and then asked again and again.

Judging is one definition made of many small expressions. Putting them together into SQL takes Python several
times as long as the database takes to answer for a page of customers; the SQL depends on nothing but how many
ids it names.
"""

import uuid
from collections.abc import Callable, Collection, Iterator
from typing import Any

from django.db import connections
from django.db.models import QuerySet

Build = Callable[[list[uuid.UUID], uuid.UUID], QuerySet[Any]]

# Every number of ids is a statement of its own to build and keep, so they are filled up to one of these.
SIZES = (1, 5, 10, 25, 50, 100, 250, 500)
PARTNER = uuid.UUID(int=1)


class Prepared:
    """A question about some ids, as a partner sees them. `build` makes the query; its first columns are ids.

    `build` must put its two arguments into the query as they are, and nothing that is another value tomorrow.
    """

    def __init__(self, build: Build, *, id_columns: int = 1) -> None:
        self._build = build
        self._id_columns = id_columns
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
        is_native = connection.features.has_native_uuid_field
        size = next(size for size in SIZES if size >= len(ids))
        given = dict(zip(_markers(size), [*ids, *[ids[-1]] * (size - len(ids))], strict=True)) | {PARTNER: partner_id}
        sql, parameters = self._statement(connection.vendor, size)
        values = [given.get(one, one) if isinstance(one, uuid.UUID) else one for one in parameters]
        with connection.cursor() as cursor:
            cursor.execute(sql, [one if is_native or not isinstance(one, uuid.UUID) else one.hex for one in values])
            rows = cursor.fetchall()
        if is_native:
            return iter(rows)
        return ((*map(uuid.UUID, row[: self._id_columns]), *row[self._id_columns :]) for row in rows)

    def _statement(self, vendor: str, size: int) -> tuple[str, list[Any]]:
        """The SQL for this many ids; its parameters hold markers where ids and partner go."""
        if (vendor, size) not in self._built:
            markers = _markers(size)
            sql, parameters = self._build(markers, PARTNER).query.sql_with_params()
            by_text = {marker.hex: marker for marker in (*markers, PARTNER)}
            marked = [by_text.get(one, one) if isinstance(one, str) else one for one in parameters]
            self._built[vendor, size] = (sql, marked)
        return self._built[vendor, size]


def _markers(size: int) -> list[uuid.UUID]:
    return [uuid.UUID(int=number + 2) for number in range(size)]
