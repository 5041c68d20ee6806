"""What holds for every request and answer of the protocol, whatever becomes of it in between."""

import logging
import re
import time
from collections.abc import Callable

from django.core.exceptions import TooManyFieldsSent
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseBase
from django.utils import translation

from api.calls import Call
from api.faults import (
    JSON,
    METHOD,
    NOT_ALLOWED,
    NOTHING,
    OUT,
    TOO_LARGE,
    UNREADABLE,
    UNSERVED,
    Code,
    WireFault,
    fault_answer,
)
from api.headers import REQUEST_ID, asked_language, sent_request_id
from api.meaning import broken, in_one_line
from api.paging import VERSION
from api.unserved import is_unserved

logger = logging.getLogger("api.request")
_VERSION = re.compile(r"/v1(?:\.0)?(?=/|$)", re.IGNORECASE)
_OAUTH = re.compile(r"/[^/]+/oauth2/[^/]+/?", re.IGNORECASE)
_EXCHANGE = "/generatetoken"
# The one page under the version that people look at.
_DOCS = f"{VERSION}/docs"
_CODES = {400: UNREADABLE, 403: NOT_ALLOWED, 404: NOTHING, 405: METHOD, 413: TOO_LARGE, 503: OUT}


class ProtocolMiddleware:
    """Addresses match whatever their case and last slash, answers carry the id of the request and are JSON.

    It stands outside of what knows sessions and draws pages: neither means anything to a program.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        address = wire_address(request.path_info)
        if address is None:
            return self.get_response(request)
        request.path_info = address
        request.is_wire = True  # type: ignore[attr-defined]
        if address == _DOCS:
            return self.get_response(request)
        began = time.monotonic()
        response = self._answer(request)
        response[REQUEST_ID] = sent_request_id(request)
        _log(request, response, time.monotonic() - began)
        return response

    def _answer(self, request: HttpRequest) -> HttpResponseBase:
        if is_authority(request.path_info):
            if request.method == "POST" and request.path_info.endswith("/token"):
                # A query means nothing there, nor does a charset: what cannot be read is not complete.
                request.META["QUERY_STRING"] = ""
                request.encoding = "utf-8"
            return self.get_response(request)
        # No cookie says who asks. A charset that is none is refused where the body is read, after the token.
        request.COOKIES = {}
        try:
            request.encoding = "utf-8"
        except TooManyFieldsSent:
            # Django reads the address anew for another encoding.
            return _as_protocol(request, HttpResponseBadRequest())
        return _as_protocol(request, self.get_response(request))


def wire_address(path: str) -> str | None:
    """The address of the protocol in the form in which it is looked up; `None` for a page of the portal."""
    bare = path.rstrip("/").lower()
    if found := _VERSION.match(bare):
        return VERSION + (bare[found.end() :] or "/")
    return bare if bare == _EXCHANGE or _OAUTH.fullmatch(bare) else None


def is_authority(address: str) -> bool:
    """Whether OAuth and its pages answer at this address, whose bodies are their own."""
    return not address.startswith(f"{VERSION}/") and bool(_OAUTH.fullmatch(address))


def _as_protocol(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    if _is_none_of_ours(response):
        response = _fault_instead(request, response)
    if response.has_header("Content-Type"):
        response["Content-Type"] = JSON
    response["Cache-Control"] = "no-store"
    for name in ("Content-Language", "Vary"):
        del response[name]
    if request.method == "HEAD" and isinstance(response, HttpResponse):
        response.content = b""
    return response


def _is_none_of_ours(response: HttpResponseBase) -> bool:
    is_json = response.get("Content-Type", "").startswith("application/json")
    return not is_json or 300 <= response.status_code < 400


def _fault_instead(request: HttpRequest, response: HttpResponseBase) -> HttpResponse:
    """The fault that says what a page, a redirect or bare text would have said."""
    with translation.override(asked_language(request)):
        answer = fault_answer(_fault(request, response.status_code))
    if answer.status_code == METHOD.status and response.has_header("Allow"):
        answer["Allow"] = ", ".join(sorted(response["Allow"].split(", ")))
    return answer


def _fault(request: HttpRequest, status: int) -> WireFault:
    if status == METHOD.status and is_unserved(request.method or "", request.path_info.removeprefix(VERSION)):
        return WireFault(UNSERVED)
    if 300 <= status < 400:
        return WireFault(NOTHING)
    code: Code | None = _CODES.get(status)
    return WireFault(code) if code else broken()


def _log(request: HttpRequest, response: HttpResponseBase, seconds: float) -> None:
    call: Call | None = getattr(request, "call", None)
    client = call.client.pk if call else "-"
    address = in_one_line(request.path_info)
    logger.info("%s %s %s %s %d ms", request.method, address, response.status_code, client, round(seconds * 1000))
