"""The pages for what went wrong: each says in the person's language what happened and what to do next."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from partners.access import access

EXPLAINED = frozenset({400, 403, 404, 405, 409, 413, 429, 500})


def error_page(request: HttpRequest, status: int, **context: object) -> HttpResponse:
    """The portal's own page for this HTTP status."""
    response = render(request, f"errors/{status}.html", {"status": status, **context}, status=status)
    response.is_portal_page = True  # type: ignore[attr-defined]
    return response


@access(public=True)
def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400: the request could not be understood."""
    return error_page(request, 400)


@access(public=True)
def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403: this person's roles do not allow it."""
    return error_page(request, 403)


@access(public=True)
def page_not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404: nothing here, or nothing that this person may know of."""
    return error_page(request, 404)


@access(public=True)
def server_error(request: HttpRequest) -> HttpResponse:
    """500: our own fault; drawn without the database."""
    return error_page(request, 500)


@access(public=True)
def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403: the form was too old or came from elsewhere; sending it again from a fresh page helps."""
    return error_page(request, 403, stale_form=True)
