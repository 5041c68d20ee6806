"""What a person prefers to see: signed in, what is stored with them; signed out, what their cookies say."""

import zoneinfo

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

from partners.models import Staff, Theme

THEME_COOKIE = "theme"
COOKIE_AGE = 365 * 24 * 60 * 60


def theme_of(request: HttpRequest) -> str:
    """Light, dark or auto: the signed-in person's, otherwise the cookie's, otherwise auto.

    Asks no database: a page about a database that is down has a theme too.
    """
    person = getattr(request, "person", None)
    wanted = person.theme if person is not None else request.COOKIES.get(THEME_COOKIE, "")
    return wanted if wanted in Theme.values else Theme.AUTO


def zone_of(staff: Staff) -> zoneinfo.ZoneInfo:
    """The person's time zone; UTC where the machine does not know of theirs."""
    try:
        return zoneinfo.ZoneInfo(staff.time_zone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return zoneinfo.ZoneInfo("UTC")


def remember_theme(response: HttpResponseBase, theme: str) -> None:
    """Keep the theme in this browser, for the pages before sign-in."""
    response.set_cookie(
        THEME_COOKIE, theme, max_age=COOKIE_AGE, secure=settings.SESSION_COOKIE_SECURE, httponly=True, samesite="Lax"
    )


def remember_language(response: HttpResponseBase, language: str) -> None:
    """Keep the language in this browser, for the pages before sign-in."""
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=COOKIE_AGE,
        secure=settings.LANGUAGE_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
