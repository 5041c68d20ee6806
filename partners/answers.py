"""Answers of a view that other answers of the portal do not replace."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def answer(request: HttpRequest, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    """This page; the form with its reasons says more than the general page for a status would."""
    response = render(request, template, context, status=status)
    response.is_portal_page = True  # type: ignore[attr-defined]
    return response
