"""The person of a request: their language and time zone, and whether they may be here."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, resolve_url
from django.utils import timezone, translation

from activity.models import Outcome
from activity.operations import record
from partners.access import access_of
from partners.models import Staff
from partners.preferences import zone_of

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class PersonMiddleware:
    """Speak the signed-in person's language and show times in their zone."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        staff = request.user
        request.person = staff if staff.is_authenticated else None  # type: ignore[attr-defined]
        if not staff.is_authenticated:
            return self.get_response(request)
        if staff.language:
            translation.activate(staff.language)
            request.LANGUAGE_CODE = staff.language
        with timezone.override(zone_of(staff)):
            return self.get_response(request)


class AccessMiddleware:
    """Let a request through to a view only as the view's `@access` says; without one, let nobody through."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> HttpResponseBase | None:
        """Answer instead of the view where this person may not use it."""
        match = request.resolver_match
        if match is not None and match.app_names[:1] == ["admin"]:
            return _to_second_factor(request) if request.user.is_authenticated else None
        asked = access_of(view)
        if asked is not None and asked.public:
            return None
        if not request.user.is_authenticated:
            return _to_sign_in(request)
        if not (asked is not None and asked.without_second_factor) and (led := _to_second_factor(request)) is not None:
            return led
        if asked is not None and asked.allows(request.user):
            return None
        if request.user.is_staff and match is not None and match.view_name == "desk:desk":
            return redirect("admin:index")
        record_refused_page(request, request.user)
        raise PermissionDenied


def _to_sign_in(request: HttpRequest) -> HttpResponseBase:
    """Off to sign in, and back here afterwards; a page fragment asks the whole page to go."""
    if getattr(request, "htmx", False):
        return HttpResponse(status=401, headers={"HX-Redirect": resolve_url("account_login")})
    back = request.get_full_path() if request.method in SAFE_METHODS else "/"
    return redirect_to_login(back)


def _to_second_factor(request: HttpRequest) -> HttpResponseBase | None:
    """Off to set up a second factor, for who must have one and has none; before anything else."""
    staff = request.user
    assert isinstance(staff, Staff)
    if not staff.needs_second_factor or staff.has_second_factor:
        return None
    if getattr(request, "htmx", False):
        return HttpResponse(status=401, headers={"HX-Redirect": resolve_url("partners:security")})
    return redirect("partners:security")


def record_refused_page(request: HttpRequest, staff: Staff) -> None:
    """Leave a record of this person's attempt to change something on a page that is not for them."""
    if request.method in SAFE_METHODS:
        return
    match = request.resolver_match
    name = match.view_name if match is not None else ""
    record(
        actor=staff.actor,
        operation="open_page",
        resource_type="page",
        outcome=Outcome.REFUSED,
        reasons=["role"],
        after={"page": name},
    )
