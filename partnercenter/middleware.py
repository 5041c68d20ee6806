"""Shows the portal's own error pages also where Django would answer with a bare or a debugging one."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

from partnercenter.errors import error_page

DRAWN = frozenset({400, 403, 404, 405})


class ErrorPageMiddleware:
    """An HTML answer of 400, 403, 404 or 405 that is not the portal's own page is replaced by it.

    It stands inside the CSRF middleware, whose cookie the forms on these pages need too.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        drawn_elsewhere = getattr(response, "is_portal_page", False) or not _is_html(response)
        if response.status_code not in DRAWN or drawn_elsewhere:
            return response
        page = error_page(request, response.status_code)
        if response.has_header("Allow"):
            page["Allow"] = response["Allow"]
        return page


def _is_html(response: HttpResponseBase) -> bool:
    return str(response.get("Content-Type", "")).startswith("text/html")
