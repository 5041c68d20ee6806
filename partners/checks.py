"""System checks: every URL says who may use it, and nobody can speak for the identity provider."""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.checks import Error, Tags, register
from django.urls import URLPattern, URLResolver, get_resolver

from partners.access import access_of


@register
def every_url_says_who_may_use_it(app_configs: Any, **kwargs: Any) -> list[Error]:
    """An error for each URL whose view has no `@access`; Django admin guards its own."""
    return [
        Error(
            f"The view of “{pattern.pattern}” does not say who may use it.",
            hint="Decorate it with @access(…).",
            id="partners.E001",
        )
        for pattern in portal_patterns(get_resolver().url_patterns)
        if access_of(pattern.callback) is None
    ]


@register(Tags.security, deploy=True)
def identity_provider_is_asked_by_https(app_configs: Any, **kwargs: Any) -> list[Error]:
    """An error where anybody on the way to the identity provider could say who signs in."""
    if not settings.OIDC_SERVER_URL or settings.OIDC_SERVER_URL.startswith("https://"):
        return []
    hint = "What it says is believed because it comes over a connection that nobody else can write to."
    return [Error("OIDC_SERVER_URL does not begin with https://.", hint=hint, id="partners.E002")]


def portal_patterns(patterns: list[URLPattern | URLResolver]) -> Iterator[URLPattern]:
    """Every URL pattern of the portal's own pages, at any depth."""
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            if pattern.app_name != "admin":
                yield from portal_patterns(pattern.url_patterns)
        else:
            yield pattern
