"""Reading what the pages of the matrix send.

Without scripts a browser sends a field for every footnote, empty or not: with a hundred offers that is ten
thousand, more than Django accepts of a form. The limit is there against strangers; this form is read after its
sender is known to be a platform administrator, up to what a grid of this catalogue can hold.
"""

import json
import uuid
from urllib.parse import parse_qsl

from django.core.exceptions import BadRequest, ValidationError
from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext as _

from upgrades.matrix import Cells, Pair, tidy_footnote

FORM_TYPE = "application/x-www-form-urlencoded"
FIELDS_BESIDE_THE_CELLS = 20
LARGEST_VERSION = 2**31 - 1


def read_large_form(request: HttpRequest, *, offers: int) -> None:
    """Make `request.POST` what the grid of this many offers sent; raises `BadRequest` where that is too much.

    A form of another kind than the grid sends is left to Django and its limits.
    """
    if request.content_type != FORM_TYPE:
        return
    fields = 2 * offers * offers + FIELDS_BESIDE_THE_CELLS
    try:
        text = request.body.decode()
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=fields, errors="strict")
    except ValueError as error:
        raise BadRequest("The form could not be read.") from error
    form = QueryDict(mutable=True)
    for name, value in pairs:
        form.appendlist(name, value)
    request.POST = form  # type: ignore[assignment]


def ticked_cells(form: QueryDict) -> Cells:
    """The ticks of the grid with their footnotes; raises `ValidationError` for one that names no two offers."""
    ticked = form.getlist("cell")
    return {_pair(name): tidy_footnote(form.get(f"footnote:{name}", "")) for name in ticked}


def carried_cells(form: QueryDict, field: str) -> Cells:
    """Cells that a page carries along; raises `ValidationError` for what `written` did not write."""
    try:
        stored = json.loads(form.get(field, ""))
        return {_pair(name): tidy_footnote(_text(footnote)) for name, footnote in stored.items()}
    except (ValueError, AttributeError, RecursionError):
        raise _incomplete() from None


def carried_version(form: QueryDict) -> int:
    """The version that the edit started from; raises `ValidationError` for what is none."""
    text = form.get("version", "")
    if not (text.isascii() and text.isdigit() and len(text) < 11 and int(text) <= LARGEST_VERSION):
        raise _incomplete()
    return int(text)


def written(cells: Cells) -> str:
    """Cells as a page carries them along."""
    return json.dumps({cell_name(pair): footnote for pair, footnote in cells.items()}, ensure_ascii=False)


def cell_name(pair: Pair) -> str:
    """What a cell is called in a form."""
    return f"{pair[0]}:{pair[1]}"


def _pair(name: str) -> Pair:
    source, _colon, target = name.partition(":")
    try:
        return uuid.UUID(source), uuid.UUID(target)
    except ValueError:
        raise ValidationError(_("A ticked cell belongs to an offer that is not in the catalogue (any more).")) from None


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise _incomplete()
    # Half a character, which JSON can name, has no place in a page or a database; it raises `ValueError`.
    value.encode()
    return value


def _incomplete() -> ValidationError:
    return ValidationError(_("The form was not complete, so nothing was saved. Open the matrix afresh."))
