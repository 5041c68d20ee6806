"""Which version of a resource is meant: the ETag, and what a change asks of it."""

import base64
import json
import re
import uuid
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse

from activity.errors import Refused
from api.faults import BUSY, STALE_BODY, STALE_HEADER, WireFault

# What no resource has as its version.
NEVER = -1
_TAG = re.compile(r'(?:W/)?"([^"]*)"|([^\s,"]+)')


def etag_of(row_id: uuid.UUID | str, version: int) -> str:
    """The ETag of this version of the row, without quotes."""
    packed = json.dumps({"id": str(row_id), "version": version}, separators=(",", ":"))
    return base64.b64encode(packed.encode()).decode()


def set_etag(response: HttpResponse, etag: str) -> None:
    """Say in the header, too, which version is sent."""
    response["ETag"] = f'"{etag}"'


@dataclass(frozen=True)
class Precondition:
    """The ETags of which one has to hold; without any, nothing is asked."""

    tags: tuple[str, ...] = ()
    is_header: bool = False

    def version_for(self, row_id: uuid.UUID | str, present: int | None) -> int | None:
        """The version that an operation has to find: `None` where none is asked, `NEVER` where it does not hold.

        `present` is the version as it was read, `None` where there is no such row.
        """
        if not self.tags:
            return None
        if present is None:
            return NEVER
        holds = etag_of(row_id, present) in self.tags or (self.is_header and "*" in self.tags)
        return present if holds else NEVER

    def stale(self, refusal: Refused | None = None) -> WireFault:
        """The fault where the version is another: 412 if the header asked, 400 if the body did, else 409/800060."""
        if not self.tags:
            return WireFault(BUSY, str(refusal) if refusal else "")
        return WireFault(STALE_HEADER if self.is_header else STALE_BODY)


def precondition(request: HttpRequest, body_etag: str | None = None) -> Precondition:
    """What this request asks of the version: by `If-Match`, else by the ETag in its body."""
    if tags := header_tags(request):
        return Precondition(tags, is_header=True)
    return Precondition((body_etag.strip().strip('"'),)) if body_etag else Precondition()


def header_tags(request: HttpRequest) -> tuple[str, ...]:
    """The ETags of `If-Match`, in or without quotes; what cannot be read asks too, for what nothing has."""
    sent = request.headers.get("If-Match", "").strip()
    found = tuple(quoted or bare for quoted, bare in _TAG.findall(sent))
    return found or ((sent,) if sent else ())
