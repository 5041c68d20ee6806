"""Shows the portal's own error pages also where Django would answer with a bare or a debugging one."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

from partnercenter.errors import error_page

DRAWN = frozenset({400, 403, 404, 405})


class ErrorPageMiddleware:
    """An HTML answer of 400, 403, 404 or 405 that is not the portal's own page is replaced by it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if response.status_code not in DRAWN or getattr(response, "is_portal_page", False):
            return response
        if request.path.startswith("/admin/") and response.status_code == 200:
            return response
        page = error_page(request, response.status_code)
        if response.has_header("Allow"):
            page["Allow"] = response["Allow"]
        return page
