"""Takes a portfolio file apart into its records, one at a time, however large the file is.

Python's own JSON scanner decodes the records, which a streaming parser in C cannot better by much, and unlike one
it tells the line and column of a fault and sees members that stand twice.
"""

import codecs
import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from django.utils.translation import gettext as _

from partnercenter.portfolio.faults import Fault, shown

CHUNK = 1 << 20
LONGEST_RECORD = 64 << 20
# A scanner that reaches the end of what was read so far complains within this distance of it.
LONGEST_TOKEN = 16
LISTS = {"partners": "partner", "customers": "customer"}

Progress = Callable[[int], None]


@dataclass(frozen=True)
class Record:
    """One partner or customer of the file, not yet checked. `line` is that of a file of JSON Lines."""

    kind: str
    sequence: int
    number: int
    value: Any
    line: int | None = None

    @property
    def place(self) -> str:
        """Where it stands: `customers[17]`."""
        return f"{self.kind}s[{self.number}]"


class Unreadable(Exception):
    """The file cannot be read beyond this fault."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault))
        self.fault = fault


class Repeating(dict[str, Any]):
    """An object of the file in which members stand more than once."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        counts = Counter(name for name, _value in pairs)
        self.repeated = sorted(name for name, count in counts.items() if count > 1)


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    return members if len(members) == len(pairs) else Repeating(pairs)


_decoder = json.JSONDecoder(object_pairs_hook=_members)


def read_records(path: Path, progress: Progress = lambda size: None) -> Iterator[Record | Fault]:
    """The records of this file in its order, and the faults of form between them.

    A name that ends in `.jsonl` says JSON Lines. `progress` is told how many bytes were read. Raises `OSError`
    where the file cannot be read, `Unreadable` where it is no JSON from some place on.
    """
    with path.open("rb") as stream:
        if path.suffix.lower() == ".jsonl":
            yield from _Lines(stream, progress)
        else:
            yield from _Document(stream, progress)


class _Lines:
    """A file of JSON Lines; a line that is wrong does not hide the next."""

    def __init__(self, stream: BinaryIO, progress: Progress) -> None:
        self.stream = stream
        self.progress = progress
        self.counts = dict.fromkeys(LISTS.values(), 0)

    def __iter__(self) -> Iterator[Record | Fault]:
        number = 0
        while raw := self.stream.readline(LONGEST_RECORD + 1):
            number += 1
            self.progress(len(raw))
            if len(raw) > LONGEST_RECORD:
                raise Unreadable(_too_long(number, f"line {number}"))
            if number == 1:
                raw = raw.removeprefix(codecs.BOM_UTF8)
            if raw.strip():
                yield self._record(number, raw)

    def _record(self, line: int, raw: bytes) -> Record | Fault:
        try:
            value = _decoder.decode(raw.decode())
        except UnicodeDecodeError as error:
            return Fault(line, 0, f"line {line}, byte {error.start + 1}", _not_utf8())
        except json.JSONDecodeError as error:
            return Fault(line, 0, f"line {line}, column {error.colno}", _not_json(error.msg))
        except (ValueError, RecursionError) as error:
            return Fault(line, 0, f"line {line}", _not_json(str(error)))
        kind = next(iter(value)) if isinstance(value, dict) and len(value) == 1 else None
        if kind not in self.counts or isinstance(value, Repeating):
            return Fault(line, 0, f"line {line}", _("expected one member, “partner” or “customer”"))
        self.counts[kind] += 1
        return Record(kind, line, self.counts[kind] - 1, value[kind], line)


class _Document:
    """One JSON object with the lists of partners and customers, read piece by piece."""

    def __init__(self, stream: BinaryIO, progress: Progress) -> None:
        self.stream = stream
        self.progress = progress
        self.decoder = codecs.getincrementaldecoder("utf-8")()
        self.bytes_read = 0
        self.text = ""
        self.position = 0
        self.is_complete = False
        # Where the text at hand begins in the file.
        self.line, self.column = 1, 1
        self.sequence = 0

    def __iter__(self) -> Iterator[Record | Fault]:
        self._read(CHUNK)
        self.text = self.text.removeprefix("\ufeff")
        if self._next() == "":
            raise Unreadable(Fault(0, 0, _("the file"), _("it is empty")))
        self._expect("{")
        seen: set[str] = set()
        while not self._has("}"):
            name = self._name(is_first=not seen)
            yield from self._list(name, is_repeated=name in seen)
            seen.add(name)
        if not seen & LISTS.keys():
            yield self._fault(_("expected the lists “partners” and “customers”"))
        if self._next():
            raise self._wrong(_("nothing may follow the end of the document"))

    def _name(self, *, is_first: bool) -> str:
        if not is_first:
            self._expect(",")
        if self._next() != '"':
            raise self._wrong(_("expected a member's name in double quotes"))
        name = str(self._value())
        self._expect(":")
        return name

    def _list(self, name: str, *, is_repeated: bool) -> Iterator[Record | Fault]:
        place = name if name in LISTS else shown(name)
        if is_repeated:
            yield Fault(self.sequence, 0, place, _("this member stands twice"))
        if name not in LISTS:
            self._value()
            yield Fault(self.sequence, 0, place, _("unknown member; expected “partners” and “customers”"))
        elif self._next() != "[":
            yield Fault(self.sequence, 0, place, _("expected a list, not %s") % shown(self._value()))
        else:
            yield from self._records(LISTS[name])

    def _records(self, kind: str) -> Iterator[Record]:
        self._expect("[")
        number = 0
        while not self._has("]"):
            if number:
                self._expect(",")
            yield Record(kind, self.sequence, number, self._value())
            number += 1
            self.sequence += 1

    def _value(self) -> Any:
        """The next whole value, after reading as much as it takes."""
        self._next()
        while True:
            try:
                value, end = _decoder.raw_decode(self.text, self.position)
            except json.JSONDecodeError as error:
                if not self._may_be_cut_off(error):
                    raise self._wrong(error.msg, error.pos) from None
            except (ValueError, RecursionError) as error:
                raise self._wrong(str(error)) from None
            else:
                # A number at the very end of the text may go on.
                if end < len(self.text) or self.is_complete:
                    self.position = end
                    return value
            self._read(max(CHUNK, len(self.text)))

    def _may_be_cut_off(self, error: json.JSONDecodeError) -> bool:
        if self.is_complete:
            return False
        if len(self.text) - self.position > LONGEST_RECORD:
            raise Unreadable(_too_long(self.sequence, self._place(self.position)))
        return error.msg.startswith("Unterminated string") or error.pos >= len(self.text) - LONGEST_TOKEN

    def _next(self) -> str:
        """The next character that is no white space, which stays; "" at the end."""
        while True:
            rest = self.text[self.position : self.position + 1]
            if rest and rest not in " \t\r\n":
                return rest
            if rest:
                self.position += 1
            elif self.is_complete:
                return ""
            else:
                self._read(CHUNK)

    def _has(self, mark: str) -> bool:
        found = self._next() == mark
        self.position += found
        return found

    def _expect(self, mark: str) -> None:
        if not self._has(mark):
            raise self._wrong(_("expected “%s”") % mark)

    def _read(self, size: int) -> None:
        """Let go of the text that is done with and read on."""
        done = self.text[: self.position]
        self.line, self.column = self._line_and_column(self.position)
        raw = self.stream.read(size)
        self.is_complete = not raw
        undecoded = len(self.decoder.getstate()[0])
        try:
            fresh = self.decoder.decode(raw, final=self.is_complete)
        except UnicodeDecodeError as error:
            place = f"byte {self.bytes_read - undecoded + error.start + 1}"
            raise Unreadable(Fault(self.sequence, 0, place, _not_utf8())) from None
        self.text = self.text[len(done) :] + fresh
        self.position = 0
        self.bytes_read += len(raw)
        self.progress(len(raw))

    def _line_and_column(self, position: int) -> tuple[int, int]:
        lines = self.text.count("\n", 0, position)
        if not lines:
            return self.line, self.column + position
        return self.line + lines, position - self.text.rindex("\n", 0, position)

    def _place(self, position: int) -> str:
        line, column = self._line_and_column(position)
        return f"line {line}, column {column}"

    def _wrong(self, words: str, position: int | None = None) -> Unreadable:
        return Unreadable(self._fault(_not_json(words), position))

    def _fault(self, words: str, position: int | None = None) -> Fault:
        place = self._place(self.position if position is None else position)
        return Fault(self.sequence, 0, place, words)


def _not_json(words: str) -> str:
    return _("this is no JSON of a portfolio: %s") % words


def _not_utf8() -> str:
    return _("this is not UTF-8")


def _too_long(sequence: int, place: str) -> Fault:
    return Fault(sequence, 0, place, _("a record is longer than %d MiB") % (LONGEST_RECORD >> 20))
