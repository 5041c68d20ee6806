"""How a person signs in: password, second factor, sessions; and what their partner asks of everyone."""

from typing import Any

from allauth.account.views import ReauthenticateView
from allauth.decorators import rate_limit
from allauth.mfa.base.views import ReauthenticateView as CodeView
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.views import (
    DownloadRecoveryCodesView,
    GenerateRecoveryCodesView,
    ViewRecoveryCodesView,
)
from allauth.mfa.totp.views import ActivateTOTPView, DeactivateTOTPView
from allauth.mfa.webauthn.views import AddWebAuthnView, ReauthenticateWebAuthnView, RemoveWebAuthnView
from allauth.usersessions.models import UserSession
from allauth.usersessions.views import ListUserSessionsView
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.core.exceptions import ValidationError
from django.db import transaction
from django.forms import BaseForm
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from partners.access import access
from partners.browsers import browser_words
from partners.confirming import reauthenticate
from partners.forms import (
    AddPasskeyForm,
    ChangePasswordForm,
    ConfirmByCodeForm,
    ConfirmByPasskeyForm,
    ConfirmByPasswordForm,
    SecondFactorForAllForm,
    SetUpAppForm,
)
from partners.models import Staff
from partners.operations import change_password, note_change, refuse_factor, require_second_factor
from partners.requests import StaffRequest
from partners.roles import Permission
from partners.second_factor import SecondFactorAdapter, codes_left
from partners.sign_in_views import note_recovery_code, reason_of, say_when_too_many

SECURITY = reverse_lazy("partners:security")
TOO_MANY = "too_many_login_attempts"


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters()
@rate_limit(action="change_password")
@access(partner=False, without_second_factor=True)
def security(request: StaffRequest) -> HttpResponseBase:
    """How one signs in, and one's own password: changing it ends all other sessions, this one goes on."""
    staff = request.user
    form = ChangePasswordForm(staff, request.POST if request.method == "POST" else None)
    if not form.is_valid():
        if form.has_error("old_password", "password_incorrect") or form.has_error("old_password", TOO_MANY):
            refuse_factor(staff=staff, operation="change_password", reason=reason_of(form))
        return say_when_too_many(render(request, "partners/security.html", {"form": form, **_factors(staff)}), form)
    change_password(staff=staff, password=form.cleaned_data["new_password1"])
    update_session_auth_hash(request, staff)
    UserSession.objects.create_from_request(request)
    messages.success(request, _("Your password is changed. You are signed out everywhere else."))
    return redirect("partners:security")


def _factors(staff: Staff) -> dict[str, Any]:
    held = list(Authenticator.objects.filter(user=staff).order_by("created_at", "pk"))
    codes = next((row for row in held if row.type == Authenticator.Type.RECOVERY_CODES), None)
    return {
        "app": next((row for row in held if row.type == Authenticator.Type.TOTP), None),
        "passkeys": [row for row in held if row.type == Authenticator.Type.WEBAUTHN],
        "has_codes": codes is not None,
        "codes_left": codes_left(codes) if codes is not None else 0,
    }


class Confirming:
    """What the pages have in common on which a person shows once more who they are."""

    request: StaffRequest

    def form_invalid(self, form: BaseForm) -> HttpResponse:
        """Ask once more, and record that it was wrong."""
        refuse_factor(staff=self.request.user, operation="confirm_identity", reason=reason_of(form))
        response = self.render_to_response(self.get_context_data(form=form))  # type: ignore[attr-defined]
        return say_when_too_many(response, form)

    @method_decorator(transaction.atomic)
    def post(self, *args: Any, **kwargs: Any) -> HttpResponse:
        """Check and record in one transaction."""
        response: HttpResponse = super().post(*args, **kwargs)  # type: ignore[misc]
        return response

    def get_success_url(self) -> str:
        """On to where the person wanted to go."""
        return str(self.get_next_url() or SECURITY)  # type: ignore[attr-defined]


@method_decorator(sensitive_post_parameters(), name="dispatch")
@access(partner=False, without_second_factor=True)
class ConfirmByPasswordView(Confirming, ReauthenticateView):
    """Show by password who one is."""

    form_class = ConfirmByPasswordForm
    template_name = "account/reauthenticate.html"


@access(partner=False, without_second_factor=True)
class ConfirmByCodeView(Confirming, CodeView):
    """Show by the code of an app, or a recovery code, who one is."""

    form_class = ConfirmByCodeForm
    template_name = "mfa/reauthenticate.html"

    def form_valid(self, form: ConfirmByCodeForm) -> HttpResponse:
        """Go on; a recovery code is used up."""
        note_recovery_code(self.request.user, form.authenticator)
        response: HttpResponse = super().form_valid(form)
        return response


@access(partner=False, without_second_factor=True)
class ConfirmByPasskeyView(Confirming, ReauthenticateWebAuthnView):
    """Show by a passkey who one is."""

    form_class = ConfirmByPasskeyForm
    template_name = "mfa/webauthn/reauthenticate.html"


class Changing:
    """What the pages have in common that change a second factor: the change, its record and its mail are one."""

    request: StaffRequest
    success_url = SECURITY

    def locked(self) -> Staff:
        """The person, whose second factors nobody else changes until the end of the transaction."""
        staff: Staff = (
            Staff.objects.select_for_update(of=("self",)).select_related("partner").get(pk=self.request.user.pk)
        )
        return staff


@method_decorator(reauthenticate, name="dispatch")
@access(partner=False, without_second_factor=True)
class SetUpAppView(Changing, ActivateTOTPView):
    """Set up an authenticator app: its secret as a picture and as text, then the first code that it shows."""

    form_class = SetUpAppForm
    template_name = "mfa/totp/activate_form.html"

    def form_valid(self, form: SetUpAppForm) -> HttpResponse:
        """Keep the secret, unless another page has set up an app in the meantime."""
        with transaction.atomic():
            staff = self.locked()
            if Authenticator.objects.filter(user=staff, type=Authenticator.Type.TOTP).exists():
                return redirect("partners:security")
            response: HttpResponse = super().form_valid(form)
            note_change(staff=staff, operation="add_second_factor", mail="second_factor_added", factor="totp")
        messages.success(self.request, _("Your authenticator app is set up."))
        return response

    def form_invalid(self, form: BaseForm) -> HttpResponse:
        """Ask for the code once more; the secret stays the same."""
        refuse_factor(staff=self.request.user, operation="add_second_factor", reason=reason_of(form))
        return say_when_too_many(super().form_invalid(form), form)

    def get_success_url(self) -> str:
        """On to the recovery codes, where these are new."""
        return str(reverse_lazy("mfa_view_recovery_codes") if self.did_generate_recovery_codes else SECURITY)


@method_decorator(reauthenticate, name="dispatch")
@access(partner=False)
class RemoveAppView(Changing, DeactivateTOTPView):
    """Ask whether to take the authenticator app away; do it on POST."""

    template_name = "mfa/totp/deactivate_form.html"

    def form_valid(self, form: Any) -> HttpResponse:
        """Take it away, unless it became the last of a person who needs one."""
        with transaction.atomic():
            staff = self.locked()
            form.full_clean()
            if not form.is_valid():
                return self.form_invalid(form)
            response: HttpResponse = super().form_valid(form)
            note_change(staff=staff, operation="remove_second_factor", mail="second_factor_removed", factor="totp")
        messages.success(self.request, _("Your authenticator app is taken away."))
        return response

    def form_invalid(self, form: BaseForm) -> HttpResponse:
        """Say why not, and record that it was refused."""
        if self.request.method == "POST":
            refuse_factor(staff=self.request.user, operation="remove_second_factor", reason=reason_of(form))
        response: HttpResponse = super().form_invalid(form)
        return response


@method_decorator(reauthenticate, name="dispatch")
@access(partner=False, without_second_factor=True)
class AddPasskeyView(Changing, AddWebAuthnView):
    """Add a passkey; needs scripts, as browsers give passkeys to nothing else."""

    form_class = AddPasskeyForm
    template_name = "mfa/webauthn/add_form.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """With the form that was refused, where one was."""
        context: dict[str, Any] = super().get_context_data(**kwargs)
        return context | kwargs

    def form_valid(self, form: AddPasskeyForm) -> HttpResponse:
        """Keep the passkey."""
        with transaction.atomic():
            staff = self.locked()
            response: HttpResponse = super().form_valid(form)
            note_change(
                staff=staff,
                operation="add_second_factor",
                mail="second_factor_added",
                factor="webauthn",
                called=form.cleaned_data["name"],
            )
        messages.success(self.request, _("Your passkey is added."))
        return response

    def form_invalid(self, form: BaseForm) -> HttpResponse:
        """Ask once more."""
        refuse_factor(staff=self.request.user, operation="add_second_factor", reason=reason_of(form))
        response: HttpResponse = super().form_invalid(form)
        return response

    def get_success_url(self) -> str:
        """On to the recovery codes, where these are new."""
        return str(reverse_lazy("mfa_view_recovery_codes") if self.did_generate_recovery_codes else SECURITY)


@method_decorator(reauthenticate, name="dispatch")
@access(partner=False)
class RemovePasskeyView(Changing, RemoveWebAuthnView):
    """Ask whether to take a passkey away; do it on POST."""

    template_name = "mfa/webauthn/authenticator_confirm_delete.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Whether it can be taken away."""
        context: dict[str, Any] = super().get_context_data(**kwargs)
        return context | {"is_needed": not SecondFactorAdapter().can_delete_authenticator(self.object)}

    def form_valid(self, form: Any) -> HttpResponse:
        """Take it away, unless it is the last of a person who needs one."""
        with transaction.atomic():
            staff = self.locked()
            if not SecondFactorAdapter().can_delete_authenticator(self.object):
                refuse_factor(staff=staff, operation="remove_second_factor", reason="second_factor_needed")
                return self.render_to_response(self.get_context_data(form=form))  # type: ignore[no-any-return]
            called = self.object.wrap().name
            response: HttpResponse = super().form_valid(form)
            note_change(
                staff=staff,
                operation="remove_second_factor",
                mail="second_factor_removed",
                factor="webauthn",
                called=called,
            )
        messages.success(self.request, _("Your passkey is taken away."))
        return response


class Reading:
    """What the pages have in common that read the recovery codes."""

    def dispatch(self, request: StaffRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Say so where the codes cannot be read any more."""
        try:
            response: HttpResponseBase = super().dispatch(request, *args, **kwargs)  # type: ignore[misc]
        except ValidationError as unreadable:
            messages.error(request, unreadable.messages[0])
            return redirect("partners:security")
        return response


@method_decorator(reauthenticate, name="dispatch")
@access(partner=False)
class RecoveryCodesView(Reading, ViewRecoveryCodesView):
    """The recovery codes that are left."""

    template_name = "mfa/recovery_codes/index.html"


@method_decorator(reauthenticate, name="dispatch")
@access(partner=False)
class DownloadCodesView(Reading, DownloadRecoveryCodesView):
    """The same as a file of text."""

    template_name = "mfa/recovery_codes/download.txt"


@method_decorator(reauthenticate, name="dispatch")
@access(partner=False)
class NewRecoveryCodesView(Reading, Changing, GenerateRecoveryCodesView):
    """Ask whether to make new recovery codes, after which the old ones are worth nothing; do it on POST."""

    template_name = "mfa/recovery_codes/generate.html"
    success_url = reverse_lazy("mfa_view_recovery_codes")

    def form_valid(self, form: BaseForm) -> HttpResponse:
        """Make them."""
        with transaction.atomic():
            staff = self.locked()
            response: HttpResponse = super().form_valid(form)
            note_change(staff=staff, operation="make_recovery_codes", mail="recovery_codes_made")
        messages.success(self.request, _("You have new recovery codes. The old ones are worth nothing any more."))
        return response


@access(partner=False, without_second_factor=True)
class SessionsView(ListUserSessionsView):
    """Where one is signed in; on POST every session but this one ends."""

    template_name = "usersessions/usersession_list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The sessions, this one first, each with the words of its browser."""
        UserSession.objects.create_from_request(self.request)
        context: dict[str, Any] = super().get_context_data(**kwargs)
        key = self.request.session.session_key
        rows = [(row, row.session_key == key, browser_words(row.user_agent)) for row in context["sessions"]]
        return context | {"rows": sorted(rows, key=lambda row: (not row[1], -row[0].created_at.timestamp()))}

    def form_valid(self, form: BaseForm) -> HttpResponse:
        """End them."""
        with transaction.atomic():
            response: HttpResponse = super().form_valid(form)
            note_change(staff=self.request.user, operation="end_sessions")
        messages.success(self.request, _("You are signed out everywhere else."))
        return response


@require_http_methods(["GET", "HEAD", "POST"])
@access(may=Permission.SECURE_SIGN_IN)
@reauthenticate
def second_factor_for_all(request: StaffRequest) -> HttpResponseBase:
    """Whether everyone of the partner needs a second factor, and whom that touches."""
    staff = request.user
    assert staff.partner is not None
    required = staff.partner.requires_second_factor
    form = SecondFactorForAllForm(request.POST if request.method == "POST" else None, initial={"required": required})
    if not form.is_valid():
        people = Staff.objects.of_partner(staff.partner_id)
        context = {"form": form, "people": people.count(), "without": people.without_second_factor().count()}
        return render(request, "partners/second_factor_for_all.html", context)
    if require_second_factor(staff=staff, required=form.cleaned_data["required"]):
        if form.cleaned_data["required"]:
            messages.success(request, _("Everyone needs a second factor from now on."))
        else:
            messages.success(request, _("A second factor is everyone's own choice from now on."))
    return redirect("partners:security")
