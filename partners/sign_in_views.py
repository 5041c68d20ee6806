"""The pages of the signed-out: sign in, second factor, passkey, forgotten password, identity provider; and sign out."""

import logging
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import perform_login
from allauth.account.models import Login
from allauth.account.utils import get_next_redirect_url
from allauth.account.views import LoginView, LogoutView, PasswordResetFromKeyView
from allauth.core import ratelimit
from allauth.mfa.base.internal.flows import post_authentication
from allauth.mfa.base.views import AuthenticateView
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.views import LoginWebAuthnView
from allauth.socialaccount.providers.openid_connect import views as openid_connect
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.db import transaction
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST
from requests import RequestException

from partners.access import access
from partners.forms import CodeForm, ForgottenPasswordForm, NewPasswordForm, PasskeyAloneForm, PasskeyForm, SignInForm
from partners.identity_provider import PROVIDER, no_word
from partners.models import Staff
from partners.operations import note_change, refuse_factor, refuse_sign_in, reset_password
from partners.password_reset import mail_reset_link
from partners.second_factor import codes_left

logger = logging.getLogger(__name__)
TOO_MANY_REQUESTS = 429
SECONDS_TO_WAIT = 300
# What an activity record says of what a form says.
REASONS = {
    "email_password_mismatch": "wrong_password",
    "incorrect_password": "wrong_password",
    "password_incorrect": "wrong_password",
    "too_many_login_attempts": "too_many_attempts",
    "rate_limited": "too_many_attempts",
    "inactive": "inactive",
    "cannot_delete_authenticator": "second_factor_needed",
}


def reason_of(form: BaseForm) -> str:
    """Why a form was refused, as an activity record says it; empty where only something was left out."""
    codes = [error.code or "" for errors in form.errors.as_data().values() for error in errors]
    if all(code == "required" for code in codes):
        return ""
    return next((REASONS[code] for code in codes if code in REASONS), "wrong_code")


def say_when_too_many(response: HttpResponse, form: BaseForm) -> HttpResponse:
    """The answer to a refused form, as 429 where what is wrong is that there were too many attempts."""
    if reason_of(form) == "too_many_attempts":
        response.status_code = TOO_MANY_REQUESTS
        response["Retry-After"] = str(SECONDS_TO_WAIT)
    return response


@access(public=True)
class SignInView(LoginView):
    """Sign in by e-mail address and password, then on to where the person wanted to go."""

    form_class = SignInForm
    template_name = "account/sign_in.html"

    def form_invalid(self, form: SignInForm) -> HttpResponse:
        """Show what is wrong, and record it where an address and a password were given."""
        if form.non_field_errors():
            refuse_sign_in(email=form.cleaned_data.get("login", ""), reason=reason_of(form))
        return say_when_too_many(super().form_invalid(form), form)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """With the identity provider, where one is set."""
        name = settings.OIDC_NAME if settings.OIDC_SERVER_URL else ""
        context: dict[str, Any] = super().get_context_data(**kwargs)
        return context | {"identity_provider": name}


@access(public=True)
class SignOutView(LogoutView):
    """Ask whether to sign out; do it on POST."""

    template_name = "account/sign_out.html"


@access(public=True)
class SecondFactorView(AuthenticateView):
    """The second step of signing in: a code, or a passkey."""

    form_class = CodeForm
    webauthn_form_class = PasskeyForm
    template_name = "mfa/authenticate.html"

    def form_valid(self, form: Any) -> HttpResponse:
        """Let the person in; a recovery code is used up with its record in one transaction."""
        note_recovery_code(self.stage.login.user, getattr(form, "authenticator", None))
        response: HttpResponse = super().form_valid(form)
        return response

    def form_invalid(self, form: BaseForm) -> HttpResponse:
        """Ask once more, and record that it was wrong."""
        refuse_factor(staff=self.stage.login.user, operation="sign_in", reason=reason_of(form))
        return say_when_too_many(super().form_invalid(form).render(), form)

    @method_decorator(transaction.atomic)
    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Check and record in one transaction."""
        response: HttpResponse = super().post(request, *args, **kwargs)
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Only what this person has is offered."""
        context: dict[str, Any] = super().get_context_data(**kwargs)
        held = set(Authenticator.objects.filter(user=self.stage.login.user).values_list("type", flat=True))
        has_passkey = Authenticator.Type.WEBAUTHN.value in held
        return context | {"has_passkey": has_passkey, "has_app": Authenticator.Type.TOTP.value in held}


def note_recovery_code(staff: Staff, authenticator: Authenticator | None) -> None:
    """Record and mail that a recovery code was used up, where that is what it was."""
    if authenticator is not None and authenticator.type == Authenticator.Type.RECOVERY_CODES:
        # allauth has marked it on a row of its own.
        authenticator.refresh_from_db(fields=["data"])
        left = codes_left(authenticator)
        note_change(staff=staff, operation="use_recovery_code", mail="recovery_code_used", left=left)


@access(public=True)
class PasskeySignInView(LoginWebAuthnView):
    """Sign in by a passkey alone: the scripts of the sign-in page ask for its challenge, then post its answer."""

    form_class = PasskeyAloneForm

    def form_invalid(self, form: BaseForm) -> HttpResponse:
        """Back to the sign-in page, which says what is wrong."""
        refuse_sign_in(email="", reason=reason_of(form))
        response: HttpResponse = super().form_invalid(form)
        return response

    def form_valid(self, form: Any) -> HttpResponse:
        """Let the person in, and on to where they wanted to go."""
        authenticator = form.cleaned_data["credential"]
        post_authentication(self.request, authenticator, passwordless=True)
        login = Login(user=authenticator.user, redirect_url=get_next_redirect_url(self.request))
        response: HttpResponse = perform_login(self.request, login)
        return response


@require_http_methods(["GET", "HEAD", "POST"])
@access(public=True)
def forgotten_password(request: HttpRequest) -> HttpResponseBase:
    """Ask for a link by mail; the answer says nothing about who has an account."""
    form = ForgottenPasswordForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return render(request, "account/forgotten_password.html", {"form": form})
    email = form.cleaned_data["email"].lower()
    too_many: HttpResponseBase | None = ratelimit.consume_or_429(request, action="reset_password", key=email)
    if too_many is not None:
        return too_many
    mail_reset_link.enqueue(email, get_language() or settings.LANGUAGE_CODE)
    return redirect("account_reset_password_done")


@require_http_methods(["GET", "HEAD"])
@access(public=True)
def forgotten_password_sent(request: HttpRequest) -> HttpResponse:
    """Look for the mail."""
    context = {"minutes": settings.PASSWORD_RESET_TIMEOUT // 60}
    return render(request, "account/forgotten_password_sent.html", context)


@method_decorator(sensitive_post_parameters("password1", "password2"), name="dispatch")
@access(public=True)
class NewPasswordView(PasswordResetFromKeyView):
    """Choose a new password by the link of a mail: it works once. All sessions end."""

    form_class = NewPasswordForm
    template_name = "account/new_password.html"
    success_url = reverse_lazy("account_login")

    def form_valid(self, form: NewPasswordForm) -> HttpResponse:
        """Set the password, unless the link was used a moment ago, and lead to the sign-in page."""
        staff = self.reset_user
        with transaction.atomic():
            current = Staff.objects.select_for_update(of=("self",)).get(pk=staff.pk)
            if current.password != staff.password:
                messages.error(self.request, _("This link was used already."))
                return redirect("account_reset_password")
            try:
                reset_password(staff=staff, password=form.cleaned_data["password1"])
            except ValidationError as refused:
                form.add_error("password1", refused)
                invalid: HttpResponse = self.form_invalid(form)
                return invalid
        get_adapter().forget_failed_attempts(self.request, staff.email)
        messages.success(self.request, _("Your password is changed. Sign in with it."))
        return redirect("account_login")


# What a provider that is down, or answers nonsense, makes allauth raise.
NO_ANSWER = (AttributeError, ImproperlyConfigured, KeyError, RequestException, TypeError, ValueError)


@require_POST
@csrf_protect
@access(public=True)
def to_identity_provider(request: HttpRequest) -> HttpResponseBase:
    """Off to the identity provider.

    The page leads there instead of a redirect: the policy of where forms may be sent to would stop that one.
    """
    try:
        response: HttpResponseBase = openid_connect.login(request, provider_id=PROVIDER)
    except NO_ANSWER:
        logger.exception("The identity provider was not reached or not understood")
        return no_word(request)
    if response.status_code != 302:
        return response
    return render(request, "socialaccount/leading.html", {"address": response["Location"]})


@require_http_methods(["GET", "HEAD"])
@access(public=True)
def from_identity_provider(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    """Back from the identity provider, signed in or refused."""
    try:
        response: HttpResponseBase = openid_connect.callback(request, provider_id=provider_id)
    except NO_ANSWER:
        logger.exception("The identity provider was not reached or not understood")
        return no_word(request)
    return response
