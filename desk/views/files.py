"""Answers that are files, with the record that each leaves."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any

from django.core.exceptions import BadRequest
from django.http import FileResponse, HttpResponseBase, StreamingHttpResponse
from django.utils import timezone

from desk.columns import Column
from desk.sheets import MOST_IN_A_WORKBOOK, csv_file, workbook
from partners.requests import StaffRequest

CSV, EXCEL = "csv", "xlsx"
FORMATS = {
    CSV: "text/csv; charset=utf-8",
    EXCEL: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def asked_format(request: StaffRequest) -> str:
    """The kind of file that the address asks for; empty where it asks for the page. Raises `BadRequest`."""
    asked: str = request.GET.get("format", "")
    if asked and asked not in FORMATS:
        raise BadRequest(f"“format” is one of {', '.join(FORMATS)}.")
    return asked


def too_many_for(form: str, rows: int) -> bool:
    """Whether so many rows are more than this kind of file is made for."""
    return form == EXCEL and rows > MOST_IN_A_WORKBOOK


def file_of[Line](
    name: str, form: str, columns: Sequence[Column[Line]], chunks: Iterator[list[Line]], *, title: str
) -> HttpResponseBase:
    """These lines as a file: CSV is sent while it is read, Excel once it is made. Raises `TooManyRows`."""
    response: HttpResponseBase
    if form == CSV:
        lines = csv_file(
            lambda: [str(column.words) for column in columns],
            chunks,
            lambda line: [column.value(line) for column in columns],
        )
        response = StreamingHttpResponse(lines, content_type=FORMATS[form])
    else:
        rows: Iterable[Line] = chain.from_iterable(chunks)
        made = workbook(title, columns, rows, most=MOST_IN_A_WORKBOOK)
        response = FileResponse(made, content_type=FORMATS[form])
    return as_attachment(response, f"{name}-{timezone.localdate():%Y-%m-%d}.{form}")


def as_attachment(response: Any, name: str) -> HttpResponseBase:
    """The answer as a file of this name that no cache keeps."""
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "no-store"
    answer: HttpResponseBase = response
    return answer
