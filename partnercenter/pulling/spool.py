"""What was read so far, on disk, so that a pull that broke off goes on where it was.

A file of JSON Lines: the first says of whom and since when, each further one is an answer. A line is on the disk
before the next question is asked; one that was cut off by a break is cut off.
"""

import datetime
import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

FILE = "answers.jsonl"
LOCK = "lock"
# What was read longer ago says too little of today.
KEPT = datetime.timedelta(hours=24)
ORIGIN, CUSTOMER, END = "origin", "customer", "end"


class SpoolRefused(Exception):
    """The directory cannot be used for this pull, in words."""


class Spool:
    """The answers of one pull. Everything here raises `OSError` where the disk does."""

    def __init__(self, path: Path, stream: BinaryIO) -> None:
        self.path = path
        self._stream = stream
        self.customer_ids: set[str] = set()
        self.is_resumed = False
        # The last value of each kind of which one alone counts.
        self._last: dict[str, Any] = {}

    def add(self, kind: str, value: Any) -> None:
        """Keep this; it is on the disk when this returns."""
        self._stream.write(json.dumps({kind: value}).encode() + b"\n")
        self._stream.flush()
        os.fsync(self._stream.fileno())
        self._note(kind, value)

    def _note(self, kind: str, value: Any) -> None:
        if kind == CUSTOMER:
            self.customer_ids.add(value["id"])
        else:
            self._last[kind] = value

    def lines(self) -> Iterator[tuple[int, str, Any, int]]:
        """The number, kind, value and size in bytes of each line, from the first."""
        with self.path.open("rb") as stream:
            for number, raw in enumerate(stream, start=1):
                yield number, *_parsed(raw, number), len(raw)

    def last(self, kind: str) -> Any:
        """The last value of this kind, which is none of customers; `None` where there is none."""
        return self._last.get(kind)

    @property
    def is_complete(self) -> bool:
        """Whether the reading came to its end."""
        return END in self._last

    def forget(self) -> None:
        """Throw away what was read: it has been taken over."""
        self.path.unlink(missing_ok=True)

    def begin(self, origin: Mapping[str, str], now: datetime.datetime, *, is_fresh: bool) -> None:
        """Take up what is there of the same origin, else begin anew."""
        self._cut_torn_line()
        lines = self.lines()
        first = next(lines, None)
        if first is not None:
            _number, kind, value, _size = first
            begun = _begun(kind, value)
            _refuse_other(value, origin, self.path)
            if not is_fresh and now - begun < KEPT:
                for _number, kind, value, _size in lines:
                    self._note(kind, value)
                self.is_resumed = True
                return
        self._stream.truncate(0)
        self._stream.seek(0)
        self.add(ORIGIN, {**origin, "begun": now.isoformat()})

    def _cut_torn_line(self) -> None:
        size = self._stream.seek(0, os.SEEK_END)
        end, step = size, 1 << 16
        while end:
            start = max(0, end - step)
            self._stream.seek(start)
            found = self._stream.read(end - start).rfind(b"\n")
            if found >= 0:
                end = start + found + 1
                break
            end = start
        self._stream.truncate(end)
        self._stream.seek(end)


@contextmanager
def spool_in(
    folder: Path, origin: Mapping[str, str], *, now: datetime.datetime, is_fresh: bool = False
) -> Iterator[Spool]:
    """The spool of this directory, for one pull at a time.

    `origin` says of which server and partner it is; with `is_fresh`, or after a day, what is there is thrown away.
    Raises `SpoolRefused` where the directory is another's, in use, or illegible, and `OSError`.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / FILE
    with (folder / LOCK).open("ab") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise SpoolRefused(_("Another pull is at work in %s.") % folder) from error
        with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as stream:
            spool = Spool(path, stream)
            spool.begin(origin, now, is_fresh=is_fresh)
            yield spool


def _parsed(raw: bytes, number: int) -> tuple[str, Any]:
    try:
        line = json.loads(raw)
        ((kind, value),) = line.items()
    except (ValueError, AttributeError, RecursionError) as error:
        raise _illegible(number) from error
    return kind, value


def _begun(kind: str, value: Any) -> datetime.datetime:
    begun = parse_datetime(str(value.get("begun"))) if kind == ORIGIN and isinstance(value, dict) else None
    if begun is None or begun.tzinfo is None:
        raise _illegible(1)
    return begun


def _illegible(number: int) -> SpoolRefused:
    words = _("Line %(line)d of %(file)s is not one that a pull wrote. Delete the file, or name another --state.")
    return SpoolRefused(words % {"line": number, "file": FILE})


def _refuse_other(found: Mapping[str, Any], origin: Mapping[str, str], path: Path) -> None:
    if any(found.get(name) != value for name, value in origin.items()):
        words = _("%(folder)s holds what was read of %(tenant)s at %(url)s. Name another --state.")
        raise SpoolRefused(words % {"folder": path.parent, "tenant": found.get("tenant"), "url": found.get("base_url")})
