"""The page behind the link of an invitation: who was invited makes their account there, and is signed in."""

from http import HTTPStatus
from typing import Any

from allauth.account.internal.flows.login import perform_password_login
from allauth.account.models import Login
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import resolve_url
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods

from partners.access import access
from partners.answers import answer
from partners.errors import HasAccount, LinkOver
from partners.link_pages import is_too_often, private, speak, unknown, wait
from partners.models import StaffInvitation
from partners.preferences import remember_language
from partners.staff_forms import JoinForm
from partners.staff_inviting import accept, found_by_token, has_account, note_opened, until


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("password1", "password2")
@sensitive_variables("join_token")
@private
@access(public=True)
def join(request: HttpRequest, join_token: str) -> HttpResponseBase:
    """Who invites whom to what; POST makes the account and signs in. Good once, for nobody who is signed in."""
    if is_too_often(request, "open_link", count=False):
        return wait(request)
    invitation = found_by_token(join_token)
    if invitation is None:
        return unknown(request)
    speak(request, invitation.language)
    if request.user.is_authenticated:
        status = HTTPStatus.CONFLICT if request.method == "POST" else HTTPStatus.OK
        return answer(request, "partners/join_signed_in.html", {"invitation": invitation}, status=status)
    return _join(request, invitation) if request.method == "POST" else _asked(request, invitation)


def _asked(request: HttpRequest, invitation: StaffInvitation) -> HttpResponse:
    if not invitation.is_waiting:
        return _over(request, invitation)
    if has_account(invitation.email):
        return _known(request, invitation)
    if request.method == "GET":
        note_opened(invitation)
    initial = {"name": invitation.name, "language": translation.get_language() or settings.LANGUAGE_CODE}
    return _drawn(request, invitation, JoinForm(initial=initial, invitation=invitation))


def _join(request: HttpRequest, invitation: StaffInvitation) -> HttpResponseBase:
    form = JoinForm(request.POST, invitation=invitation)
    if invitation.is_waiting and not form.is_valid():
        return _drawn(request, invitation, form, status=HTTPStatus.BAD_REQUEST)
    form.is_valid()
    given = form.cleaned_data
    try:
        person = accept(
            invitation=invitation,
            name=given.get("name", ""),
            password=given.get("password1", ""),
            language=given.get("language", ""),
        )
    except LinkOver as refusal:
        return _over(request, refusal.invitation)
    except HasAccount:
        return _known(request, invitation)
    except ValidationError as error:
        form.add_error(None, ValidationError(error.messages))
        return _drawn(request, invitation, form, status=HTTPStatus.BAD_REQUEST)
    login = Login(user=person, redirect_url=resolve_url(settings.LOGIN_REDIRECT_URL))
    response: HttpResponse = perform_password_login(request, {"email": person.email}, login)
    with translation.override(person.language):
        messages.success(request, _("Welcome, %(name)s. Your account is ready.") % {"name": person.name})
    remember_language(response, person.language)
    return response


def _drawn(
    request: HttpRequest, invitation: StaffInvitation, form: JoinForm, status: int = HTTPStatus.OK
) -> HttpResponse:
    context: dict[str, Any] = {"invitation": invitation, "form": form, "until": until(invitation)}
    return answer(request, "partners/join.html", context, status=status)


def _over(request: HttpRequest, invitation: StaffInvitation) -> HttpResponse:
    """What became of an invitation that can be accepted no more, and nothing else of it."""
    context = {"state": invitation.present_state}
    return answer(request, "partners/join_over.html", context, status=HTTPStatus.GONE)


def _known(request: HttpRequest, invitation: StaffInvitation) -> HttpResponse:
    """Whoever reads the mail of an address learns that it has an account; nobody else does."""
    return answer(request, "partners/join_known.html", {"invitation": invitation}, status=HTTPStatus.CONFLICT)
