"""Rows as files for spreadsheets: CSV, sent while it is read, and Excel.

What a cell holds is what it says there and never a formula. Words are in the language and the zone of whoever
asked: the file is sent after the middleware has ended, and its language and zone with it.
"""

import csv
import datetime
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import partial
from io import StringIO
from typing import IO, Any, Protocol

from django.utils import timezone, translation
from django.utils.functional import Promise
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

Cell = str | int | datetime.date | datetime.datetime | None

# A spreadsheet takes a cell that begins so for a formula.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
CHUNK = 500
# A sheet of Excel has 1,048,576 rows; so many are made and sent in some twenty seconds.
MOST_IN_A_WORKBOOK = 100_000
LONGEST_CELL = 32_767
NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


class TooManyRows(Exception):
    """More rows than a workbook is made for."""


class Headed(Protocol):
    """A column as a file needs it."""

    @property
    def words(self) -> str | Promise:
        """What stands at its top."""
        ...

    @property
    def width(self) -> int:
        """How many characters wide it is."""
        ...

    def value(self, line: Any, /) -> Cell:
        """What it says of a line."""
        ...


def csv_file[Row](
    headings: Callable[[], Sequence[str]], chunks: Iterable[Iterable[Row]], cells: Callable[[Row], Sequence[Cell]]
) -> Iterator[str]:
    """The rows as a CSV file, one chunk at a time, in the language and time zone of this moment."""
    speak = partial(_speaking, translation.get_language() or "en", timezone.get_current_timezone())
    return _csv_file(headings, chunks, cells, speak)


@contextmanager
def _speaking(language: str, zone: datetime.tzinfo) -> Iterator[None]:
    with translation.override(language), timezone.override(zone):
        yield


def _csv_file[Row](
    headings: Callable[[], Sequence[str]],
    chunks: Iterable[Iterable[Row]],
    cells: Callable[[Row], Sequence[Cell]],
    speak: Callable[[], AbstractContextManager[None]],
) -> Iterator[str]:
    with speak():
        first = csv_line(headings())
    # The mark tells spreadsheets that the text is UTF-8.
    yield f"\ufeff{first}"
    for chunk in chunks:
        with speak():
            lines = "".join([csv_line(cells(row)) for row in chunk])
        yield lines


def csv_line(cells: Sequence[Cell]) -> str:
    """These cells as a line of a CSV file."""
    line = StringIO()
    csv.writer(line).writerow([harmless(_as_text(cell)) for cell in cells])
    return line.getvalue()


def harmless(cell: str) -> str:
    """The cell, such that no spreadsheet takes it for a formula."""
    return f"'{cell}" if cell.startswith(FORMULA_STARTS) else cell


def _as_text(cell: Cell) -> str:
    if isinstance(cell, datetime.datetime):
        return timezone.localtime(cell).isoformat(timespec="seconds")
    return cell.isoformat() if isinstance(cell, datetime.date) else "" if cell is None else str(cell)


def workbook[Row](title: str, columns: Sequence[Headed], rows: Iterable[Row], *, most: int) -> IO[bytes]:
    """The rows as an Excel file that is gone once it is closed. Raises `TooManyRows`.

    Rows go to a file of their own as they come, so that a hundred thousand of them need no more memory than one.
    """
    book = Workbook(write_only=True)
    sheet = book.create_sheet(title)
    sheet.freeze_panes = "A2"
    for number, column in enumerate(columns, start=1):
        sheet.column_dimensions[get_column_letter(number)].width = column.width
    try:
        sheet.append([_heading(sheet, str(column.words)) for column in columns])
        for row in _at_most(most, rows):
            sheet.append([_excel_cell(sheet, column.value(row)) for column in columns])
        file = tempfile.TemporaryFile()  # noqa: SIM115 - whoever sends it closes it
        book.save(file)
    except BaseException:
        _forget(sheet)
        raise
    file.seek(0)
    return file


def _at_most[Row](most: int, rows: Iterable[Row]) -> Iterator[Row]:
    for number, row in enumerate(rows, start=1):
        if number > most:
            raise TooManyRows
        yield row


def _heading(sheet: Any, words: str) -> Any:
    cell = _excel_cell(sheet, words)
    cell.font = Font(bold=True)
    return cell


def _excel_cell(sheet: Any, value: Cell) -> Any:
    if isinstance(value, datetime.datetime):
        # Excel knows no zones.
        return WriteOnlyCell(sheet, timezone.localtime(value).replace(tzinfo=None, microsecond=0))
    if not isinstance(value, str):
        return WriteOnlyCell(sheet, value)
    cell = WriteOnlyCell(sheet, NOT_IN_XML.sub(" ", value)[:LONGEST_CELL])
    # Left to itself, the package takes what begins with “=” for a formula.
    cell.data_type = "s"
    return cell


def _forget(sheet: Any) -> None:
    """End an unfinished sheet and delete the file of its rows, which would stay until the server ends."""
    with suppress(Exception):
        sheet.close()
    writer = sheet._writer  # noqa: SLF001 - the package offers no other way
    if writer is not None:
        with suppress(OSError, ValueError):
            writer.cleanup()
