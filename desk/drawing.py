"""Draws the lines of a long table quickly.

Most lines differ from one another in names and numbers alone. One of each kind is drawn from its template, with
marks where those stand; the others are that one with the marks replaced.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from typing import Any

from django.utils.formats import localize
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from desk.portfolio import CustomerLine

# Characters for private use: what people type passes `escape`, but is put in after the marks are found.
_MARK = re.compile("\ue000([a-z]+)\ue001")


def _mark(name: str) -> str:
    return f"\ue000{name}\ue001"


@dataclass(frozen=True)
class MarkedLine:
    """A line of the customer list as `CustomerLine`, with marks for what differs."""

    relationship_words: str
    steps: int | None
    id: str = _mark("id")
    name: str = _mark("name")
    domain: str = _mark("domain")
    address: str = _mark("address")
    subscriptions: str = _mark("subscriptions")


def draw_lines(lines: Iterable[CustomerLine], draw: Callable[[Any], str], *, open_id: str) -> SafeString:
    """These lines as `draw` draws each; the opened one by itself."""
    patterns: dict[tuple[bool, int | None], list[str]] = {}
    drawn: list[str] = []
    language = get_language() or ""
    for line in lines:
        if line.id == open_id:
            drawn.append(draw(line))
            continue
        kind = (line.has_ended, line.steps)
        if kind not in patterns:
            patterns[kind] = _MARK.split(draw(MarkedLine(line.relationship_words, line.steps)))
        drawn += _filled(patterns[kind], line, language)
    return SafeString("".join(drawn))


@lru_cache(maxsize=1024)
def _number(number: int, language: str) -> str:
    return str(localize(number))


def _filled(pattern: list[str], line: CustomerLine, language: str) -> list[str]:
    """Every second part of a pattern names a mark."""
    values = {
        "id": line.id,
        "name": escape(line.name),
        "domain": escape(line.domain),
        "address": escape(line.address),
        "subscriptions": _number(line.subscriptions, language),
    }
    return [values[part] if place % 2 else part for place, part in enumerate(pattern)]
