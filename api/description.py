"""The description of the API (OpenAPI), and the page that shows it."""

import json
from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from api.examples import show_examples
from api.manual import Section, sections
from partners.access import access


@cache
def description() -> dict[str, Any]:
    """The description: what ninja says of each operation, examples, how to carry a token. Ask once URLs are loaded."""
    from api.assembly import portal_api

    # Through JSON, so that it is a document of its own that others may change.
    said: dict[str, Any] = json.loads(json.dumps(portal_api.get_openapi_schema()))
    said["components"]["securitySchemes"] = {"bearer": {"type": "http", "scheme": "bearer"}}
    show_examples(said)
    return said


@access(public=True)
def show_description(request: HttpRequest) -> JsonResponse:
    """The description as a document, for programs."""
    return JsonResponse(description())


@cache
def _laid_out() -> list[Section]:
    return sections(description())


@access(public=True)
def show_docs(request: HttpRequest) -> HttpResponse:
    """The description as a page, for people."""
    base = settings.PORTAL_URL.rstrip("/")
    context = {
        "sections": _laid_out(),
        "base": base,
        "token_address": f"{base}/TENANT/oauth2/token",
        "limits": {"reads": settings.API_READS_PER_MINUTE, "writes": settings.API_WRITES_PER_MINUTE},
    }
    return render(request, "api/docs.html", context)
