"""Reading a body: JSON in UTF-8, neither too large nor too deep, without a member that is named twice."""

import json
import re
from collections.abc import Iterator
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest
from django.http.request import UnreadablePostError

from api.faults import TOO_LARGE, UNREADABLE, WireFault
from api.headers import refuse_other_content

LARGEST = 256 * 1024
DEEPEST = 32
# A string that does not end reaches to the end of the text, or finding that out once for each quote would take hours.
_STRING = re.compile(r'"(?:[^"\\]|\\.)*+"?', re.DOTALL)
_BRACKETS = re.compile(r"[\[\]{}]")


def read_body(request: HttpRequest) -> Any:
    """The body of this request; `None` where there is none.

    Raises `WireFault`: 413 for the size, 415 for another form than JSON, 400/800002 for what cannot be read.
    """
    if _announced_size(request) > LARGEST:
        raise WireFault(TOO_LARGE)
    raw = _raw(request)
    if not raw:
        return None
    refuse_other_content(request)
    try:
        return _parsed(raw.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise WireFault(UNREADABLE) from error


def canonical(body: Any) -> bytes:
    """The same bytes for bodies that say the same, whatever the order of their members.

    Raises `ValueError` where there are half characters in it.
    """
    return json.dumps(body, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def _announced_size(request: HttpRequest) -> int:
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0


def _raw(request: HttpRequest) -> bytes:
    try:
        raw = request.body
    except RequestDataTooBig as error:
        raise WireFault(TOO_LARGE) from error
    except UnreadablePostError as error:
        raise WireFault(UNREADABLE) from error
    if len(raw) > LARGEST:
        raise WireFault(TOO_LARGE)
    return raw


def _parsed(text: str) -> Any:
    if _depth(text) > DEEPEST:
        raise ValueError
    value = json.loads(text, object_pairs_hook=_once_each, parse_constant=_refuse)
    # Half characters and NUL can be written in JSON; no database takes them.
    canonical(value)
    if any("\0" in found for found in _texts(value)):
        raise ValueError
    return value


def _depth(text: str) -> int:
    """How deep brackets stand in one another; those within strings are text."""
    deepest = depth = 0
    for bracket in _BRACKETS.findall(_STRING.sub("", text)):
        depth += 1 if bracket in "[{" else -1
        deepest = max(deepest, depth)
    return deepest


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name.casefold() for name, _value in pairs}) < len(pairs):
        raise ValueError
    return dict(pairs)


def _refuse(constant: str) -> None:
    raise ValueError(constant)


def _texts(value: Any) -> Iterator[str]:
    waiting = [value]
    while waiting:
        found = waiting.pop()
        if isinstance(found, str):
            yield found
        elif isinstance(found, dict):
            waiting += [*found, *found.values()]
        elif isinstance(found, list):
            waiting += found
