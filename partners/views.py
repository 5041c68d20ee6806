"""A person's own pages, and the language and theme of everyone's."""

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from partners.access import access
from partners.forms import ProfileForm
from partners.models import Language, Theme
from partners.operations import update_profile
from partners.preferences import remember_language, remember_theme
from partners.requests import StaffRequest


@require_POST
@access(public=True)
def set_language(request: HttpRequest) -> HttpResponseBase:
    """Speak this language from now on: kept with the signed-in person, and in this browser."""
    language = _one_of(Language, request.POST.get("language", ""))
    if request.user.is_authenticated:
        update_profile(staff=request.user, language=language)
    response = redirect(_way_back(request))
    remember_language(response, language)
    return response


@require_POST
@access(public=True)
def set_theme(request: HttpRequest) -> HttpResponseBase:
    """Draw the pages in this theme from now on: kept with the signed-in person, and in this browser."""
    theme = _one_of(Theme, request.POST.get("theme", ""))
    if request.user.is_authenticated:
        update_profile(staff=request.user, theme=theme)
    response = redirect(_way_back(request))
    remember_theme(response, theme)
    return response


def _one_of(choices: type[Language] | type[Theme], value: str) -> str:
    if value not in choices.values:
        raise SuspiciousOperation(f"“{value[:20]}” is none of {', '.join(choices.values)}.")
    return value


def _way_back(request: HttpRequest) -> str:
    """Where the person was, as long as that is a page of this portal."""
    wanted = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    # `redirect` would take what is no path for the name of a view.
    return wanted if safe and wanted.startswith("/") else "/"


@require_http_methods(["GET", "HEAD", "POST"])
@access(partner=False)
def profile(request: StaffRequest) -> HttpResponseBase:
    """A person's name, language, time zone and theme, and what their partner is."""
    staff = request.user
    form = ProfileForm(request.POST if request.method == "POST" else None, staff=staff)
    if not form.is_valid():
        return render(request, "partners/profile.html", {"form": form, "staff": staff})
    person = update_profile(staff=staff, **form.cleaned_data)
    with translation.override(person.language or request.LANGUAGE_CODE):
        messages.success(request, _("Your profile is saved."))
    response = redirect("partners:profile")
    remember_theme(response, person.theme)
    if person.language:
        remember_language(response, person.language)
    else:
        response.delete_cookie(settings.LANGUAGE_COOKIE_NAME, samesite="Lax")
    return response
