"""Pages of a collection: by a token that stands for a place (customers, audit records), or by number (offers)."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from django.core import signing
from django.core.exceptions import BadRequest
from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext as _
from pydantic import BaseModel, ConfigDict, Field

from api.faults import ENUMERATION, UNREADABLE, WireFault, members_fault
from api.shapes import Collection, Links, WireOut, collection, link
from desk.paging import Place, decode_cursor

DEFAULT_SIZE = MOST = 500
TOKEN_AGE = 24 * 60 * 60
TOKEN_HEADER = "MS-ContinuationToken"  # noqa: S105 - the name of a header
SALT = "api.page"
VERSION = "/v1"
# What moves from page to page and is not carried along by a link to the next one.
MOVING = ("seek", "seekOperation")


class SeekQuery(BaseModel):
    """What the address of a collection may ask for that is paged by tokens."""

    model_config = ConfigDict(frozen=True)

    size: int = Field(0, ge=0)
    filter: str | None = None
    seek_operation: str | None = Field(None, alias="seekOperation")
    seek: str | None = None


class OffsetQuery(BaseModel):
    """What the address of a collection may ask for that is paged by numbers."""

    model_config = ConfigDict(frozen=True)

    offset: int = Field(0, ge=0)
    size: int = Field(0, ge=0)


@dataclass(frozen=True)
class Seek:
    """How many are asked for, and after which place (`None`: from the beginning)."""

    size: int
    place: Place | None


def page_size(asked: int) -> int:
    """How many of a collection are sent where so many are asked for; 0 is "as many as may be"."""
    return min(asked or DEFAULT_SIZE, MOST)


def asked_seek(request: HttpRequest, query: SeekQuery) -> Seek:
    """The page that is asked for.

    Raises `WireFault`: 400/3000 for a way of paging that there is not, 400/800002 for a token that is none of this
    partner, address and filter, or is older than a day.
    """
    size = page_size(query.size)
    if not _asks_for_next(query):
        return Seek(size, None)
    token = request.headers.get(TOKEN_HEADER) or query.seek
    if not token:
        raise WireFault(UNREADABLE, _("The next page needs a continuation token."))
    return Seek(size, _place_of(request, token))


def _asks_for_next(query: SeekQuery) -> bool:
    asked = (query.seek_operation or ("next" if query.seek else "first")).strip().casefold()
    if asked in ("previous", "last", "pageindex"):
        raise members_fault([f"seekOperation: {_('only First and Next are served')}"])
    if asked not in ("first", "next"):
        raise members_fault([f"seekOperation: {_('must be First or Next')}"], code=ENUMERATION)
    return asked == "next"


def _bound_to(request: HttpRequest) -> list[str]:
    """What a token is good for: this partner, address and filter."""
    partner_id = request.call.partner.pk  # type: ignore[attr-defined]
    asked = {name.casefold(): request.GET[name] for name in request.GET}
    return [str(partner_id), request.path_info, asked.get("filter", "")]


def _place_of(request: HttpRequest, token: str) -> Place:
    try:
        cursor, *bound = signing.loads(token, salt=SALT, max_age=TOKEN_AGE)
        if bound == _bound_to(request):
            return decode_cursor(cursor)
    except (signing.BadSignature, BadRequest, ValueError, TypeError):
        pass
    raise WireFault(UNREADABLE, _("The continuation token is not valid, or no longer."))


def self_uri(request: HttpRequest) -> str:
    """This address as links say it: without host and version, with the query as it was received."""
    return _uri(request, request.GET)


def _uri(request: HttpRequest, query: QueryDict) -> str:
    path = quote(request.path_info.removeprefix(VERSION), safe="/:@!$&'()*+,;=~-._")
    return f"{path}?{query.urlencode()}" if query else path


def _with(request: HttpRequest, name: str, value: str) -> str:
    """This address with another value of a parameter, behind those that stay."""
    query = request.GET.copy()
    for key in list(query):
        if key.casefold() in {moving.casefold() for moving in (*MOVING, name)}:
            del query[key]
    query[name] = value
    return _uri(request, query)


def self_links(request: HttpRequest) -> Links:
    """The links of what was asked for at this address."""
    return Links(self_=link(self_uri(request)))


def whole_collection[Item](request: HttpRequest, items: Sequence[Item]) -> Collection[Item]:
    """A collection that is sent at once."""
    return collection(items, links=self_links(request), total=len(items))


def seek_collection[Item](request: HttpRequest, items: Sequence[Item], *, cursor: str | None) -> Collection[Item]:
    """A page of a collection; with the cursor of its last row, where more follow, it leads to the next one."""
    if cursor is None:
        return whole_collection(request, items)
    token = signing.dumps([cursor, *_bound_to(request)], salt=SALT)
    following = link(_with(request, "seekOperation", "Next"), headers={TOKEN_HEADER: token})
    pages = Links(self_=link(self_uri(request)), next_=following)
    return collection(items, links=pages, total=len(items), token=token)


def offset_collection[Item: WireOut](
    request: HttpRequest, rows: Sequence[Item], *, offset: int, size: int
) -> Collection[Item]:
    """So many of all these from the one of this number, from 0; `totalCount` is how many there are in all."""
    taken = page_size(size)
    more = offset + taken < len(rows)
    pages = Links(
        self_=link(self_uri(request)),
        next_=link(_with(request, "offset", str(offset + taken))) if more else None,
    )
    return collection(rows[offset : offset + taken], links=pages, total=len(rows))
