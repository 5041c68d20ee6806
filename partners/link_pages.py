"""What the pages have in common that a link in a mail opens, for people without an account.

Nothing of them is stored by a browser or proxy, and their address goes to no other server.
"""

from collections.abc import Callable, Mapping
from functools import wraps
from http import HTTPStatus

from allauth.core.internal import ratelimit
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils import translation
from django.views.decorators.cache import never_cache

from partners.answers import answer
from partners.models import Language

# A person has one link. Who tries more than that guesses.
GUESSES = {"open_link": "20/m/ip,100/h/ip"}
View = Callable[..., HttpResponseBase]


def private(view: View) -> View:
    """Keep the page out of stores and search engines, and its address within the portal.

    The policy names the origin alone: without any, a browser would send forms as if from nowhere.
    """

    @wraps(view)
    def guarded(*args: object, **kwargs: object) -> HttpResponseBase:
        response = never_cache(view)(*args, **kwargs)
        response["Referrer-Policy"] = "strict-origin"
        response["X-Robots-Tag"] = "noindex, nofollow"
        return response

    return guarded


def is_too_often(request: HttpRequest, action: str, *, limits: Mapping[str, str] = GUESSES, count: bool = True) -> bool:
    """Whether this address has done this too often lately; it counts as done once more, unless `count` is off."""
    usage = ratelimit.consume(
        request, app="partners", action=action, config=dict(limits), limit_get=True, dry_run=not count
    )
    return usage is None


def unknown(request: HttpRequest) -> HttpResponse:
    """The link is none: after too many of those, nothing is looked up for a while."""
    if is_too_often(request, "open_link"):
        return wait(request)
    return answer(request, "partners/link_unknown.html", {}, status=HTTPStatus.NOT_FOUND)


def wait(request: HttpRequest) -> HttpResponse:
    """There were too many attempts."""
    response = answer(request, "errors/429.html", {"status": 429}, status=HTTPStatus.TOO_MANY_REQUESTS)
    response["Retry-After"] = "60"
    return response


def speak(request: HttpRequest, language: str) -> None:
    """The language of the mail, unless this browser has chosen one, or the person who is signed in."""
    chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
    if chosen in Language.values or request.user.is_authenticated:
        return
    translation.activate(language)
    request.LANGUAGE_CODE = language
