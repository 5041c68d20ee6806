"""Keeps what the signed-in see out of caches, refuses what cannot be read, and shows the portal's own error pages.

Django would answer some errors with a bare page, or where `DEBUG` is on with a debugging one.
"""

import codecs
from collections.abc import Callable

from django.core.exceptions import BadRequest, TooManyFieldsSent
from django.http import HttpRequest, HttpResponseBase, QueryDict
from django.utils.cache import add_never_cache_headers

from partnercenter.errors import error_page

DRAWN = frozenset({400, 403, 404, 405})


class PrivatePageMiddleware:
    """What a signed-in person sees is stored by no browser or proxy, unless its view says otherwise.

    A browser would show a stored page to whoever presses "back" after the person has signed out.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if getattr(request, "person", None) is not None and not response.has_header("Cache-Control"):
            add_never_cache_headers(response)
        return response


class ErrorPageMiddleware:
    """An HTML answer of 400, 403, 404 or 405 that is not the portal's own page is replaced by it.

    It stands inside the CSRF middleware, whose cookie the forms on these pages need too, and outside of the
    common middleware, which refuses foreign host names.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        try:
            response = self.get_response(request)
        except BadRequest:
            # Django's debugging page reads the form once more, and breaks on one that cannot be read.
            return error_page(request, 400)
        if response.status_code not in DRAWN or not _is_html(response) or _speaks_for_itself(request, response):
            return response
        page = error_page(request, response.status_code)
        if response.has_header("Allow"):
            page["Allow"] = response["Allow"]
        return page


class ReadableRequestMiddleware:
    """Refuse a request whose text cannot be read as UTF-8, or whose cookies no database could look up.

    Django reads form and address in whatever encoding the request names, also one that is no encoding of text or
    yields half characters, and a quoted cookie can hold a NUL. No browser sends either.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if _is_readable(request):
            return self.get_response(request)
        # Whoever draws or logs the refusal must not stumble over it too.
        request.GET = QueryDict()
        return error_page(request, 400)


def _is_readable(request: HttpRequest) -> bool:
    if not _is_utf8(request.encoding) or any("\0" in value for value in request.COOKIES.values()):
        return False
    try:
        # Found out here, because Django's debugging page spends a minute on an address of too many fields.
        return request.GET is not None
    except TooManyFieldsSent:
        return False


def _is_utf8(encoding: str | None) -> bool:
    # `HttpRequest` has looked the name up already; where Python knows none of that name, Django reads UTF-8.
    return encoding is None or codecs.lookup(encoding).name == "utf-8"


def _speaks_for_itself(request: HttpRequest, response: HttpResponseBase) -> bool:
    """Whether the answer is a page of the portal already, or goes to a program, which reads none."""
    return getattr(response, "is_portal_page", False) or getattr(request, "is_wire", False)


def _is_html(response: HttpResponseBase) -> bool:
    return str(response.get("Content-Type", "")).startswith("text/html")
