"""Gives every request its origin: the client's address and a correlation id."""

import uuid
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

from activity.origin import origin

CORRELATION_HEADER = "MS-CorrelationId"
LONGEST_CORRELATION = 128


class OriginMiddleware:
    """Every record made during a request names its address and correlation id; the answer carries the id."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        with origin(address=client_address(request), **_asked_id(request)) as here:
            # What is logged of the answer when it has left the block, such as that it was a 404, finds the id here.
            request.correlation_said = here.said  # type: ignore[attr-defined]
            response = self.get_response(request)
        response[CORRELATION_HEADER] = here.said
        return response


def client_address(request: HttpRequest) -> str:
    """The client's address, as seen by the outermost of the trusted proxies (`TRUSTED_PROXY_COUNT`)."""
    proxies: int = settings.ALLAUTH_TRUSTED_PROXY_COUNT
    forwarded = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",") if part.strip()]
    if proxies and len(forwarded) >= proxies:
        return forwarded[-proxies][:45]
    return str(request.META.get("REMOTE_ADDR", ""))[:45]


def _asked_id(request: HttpRequest) -> dict[str, Any]:
    """The correlation id that the request brings: any readable text of up to 128 characters, a UUID as a rule."""
    text = request.headers.get(CORRELATION_HEADER, "").strip()
    if not (0 < len(text) <= LONGEST_CORRELATION and text.isascii() and text.isprintable()):
        return {}
    try:
        asked = uuid.UUID(text)
    except ValueError:
        # The same text is the same id each time.
        asked = uuid.uuid5(uuid.NAMESPACE_URL, text)
    return {"correlation_id": asked, "correlation": "" if text == str(asked) else text}
