"""Gives every request its origin: the client's address and a correlation id."""

import uuid
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

from activity.origin import origin

CORRELATION_HEADER = "MS-CorrelationId"


class OriginMiddleware:
    """Every record made during a request names its address and correlation id; the answer carries the id."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        with origin(address=client_address(request), correlation_id=_asked_id(request)) as here:
            response = self.get_response(request)
        response[CORRELATION_HEADER] = str(here.correlation_id)
        return response


def client_address(request: HttpRequest) -> str:
    """The client's address, as seen by the outermost of the trusted proxies (`TRUSTED_PROXY_COUNT`)."""
    proxies: int = settings.ALLAUTH_TRUSTED_PROXY_COUNT
    forwarded = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",") if part.strip()]
    if proxies and len(forwarded) >= proxies:
        return forwarded[-proxies][:45]
    return str(request.META.get("REMOTE_ADDR", ""))[:45]


def _asked_id(request: HttpRequest) -> uuid.UUID | None:
    try:
        return uuid.UUID(request.headers.get(CORRELATION_HEADER, ""))
    except ValueError:
        return None
