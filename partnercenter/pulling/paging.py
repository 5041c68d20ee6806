"""The lists of the protocol, a page after the other, each item once however often the server shows it."""

import json
from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _

from partnercenter.pulling.source import Malformed, Refused, Source

# So many pages in a row may show nothing new before the server is taken to go round in a circle.
MOST_REPEATS = 3


def all_at_once(source: Source, path: str) -> list[Any]:
    """The items of a list that has no pages."""
    return _items(source.get(path), path)


def by_continuation(source: Source, path: str, *, size: int) -> Iterator[Any]:
    """The items of a list whose pages each carry the token of the next.

    A token that is not valid any more makes it begin anew, once.
    """
    fresh = _Fresh(path)
    token, has_begun_anew = "", False
    while True:
        query = {"size": str(size), **({"seekOperation": "Next"} if token else {})}
        try:
            page = source.get(path, query, continuation=token)
        except Refused as refused:
            if not token or refused.status != 400 or has_begun_anew:
                raise
            token, has_begun_anew = "", True
            continue
        token = _continuation(page)
        yield from fresh.of(page, is_last=not token)
        if not token:
            return


def by_offset(source: Source, path: str, *, query: dict[str, str], size: int) -> Iterator[Any]:
    """The items of a list whose pages are asked for by the number of items before them."""
    fresh = _Fresh(path)
    offset = 0
    while True:
        page = source.get(path, {**query, "offset": str(offset), "size": str(size)})
        is_last = not _next_link(page)
        yield from fresh.of(page, is_last=is_last)
        offset += len(_items(page, path))
        if is_last:
            return


class _Fresh:
    """Which items of a page were on none before."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.seen: set[str] = set()
        self.repeats = 0

    def of(self, page: dict[str, Any], *, is_last: bool) -> list[Any]:
        found = {_key(item): item for item in _items(page, self.path)}
        items = [item for key, item in found.items() if key not in self.seen]
        self.seen.update(found)
        self.repeats = 0 if items else self.repeats + 1
        if self.repeats >= MOST_REPEATS and not is_last:
            raise Malformed(_("The server repeats the pages of %s without end.") % self.path)
        return items


def _items(page: dict[str, Any], path: str) -> list[Any]:
    items = page.get("items", [])
    if not isinstance(items, list):
        raise Malformed(_("%s answers with no list.") % path)
    return items


def _key(item: Any) -> str:
    """What an item is known by: its id, or all of it where it has none."""
    found = item.get("id") if isinstance(item, dict) else None
    return found.lower() if isinstance(found, str) else json.dumps(item, sort_keys=True)


def _next_link(page: dict[str, Any]) -> dict[str, Any]:
    links = page.get("links")
    found = links.get("next") if isinstance(links, dict) else None
    return found if isinstance(found, dict) else {}


def _continuation(page: dict[str, Any]) -> str:
    """The token of the page after this one; it stands in the body and in the link, and either may be missing."""
    headers = _next_link(page).get("headers")
    pairs = [pair for pair in headers if isinstance(pair, dict)] if isinstance(headers, list) else []
    named = [pair.get("value") for pair in pairs if str(pair.get("key")).lower() == "ms-continuationtoken"]
    for token in (page.get("continuationToken"), *named):
        if isinstance(token, str) and token.isascii() and token.isprintable() and token:
            return token
    return ""
