"""How people sign in: by e-mail address and password, through django-allauth."""

import ipaddress
import uuid
from typing import Any, ClassVar

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from partners.confirming import has_confirmed
from partners.models import Staff
from partners.operations import refuse_sign_in


class StaffBackend(AuthenticationBackend):
    """allauth's sign-in; a signed-in person is loaded with partner and roles in one query."""

    def get_user(self, user_id: uuid.UUID) -> Staff | None:
        """The person of this session, or `None` where they may not sign in any more."""
        staff = Staff.objects.signed_in(user_id)
        return staff if staff is not None and staff.is_active else None


class StaffAdapter(DefaultAccountAdapter):
    """Nobody makes an account for themselves: partners are invited."""

    error_messages: ClassVar[dict[str, Any]] = {
        **DefaultAccountAdapter.error_messages,
        "incorrect_password": gettext_lazy("This password is not right."),
        "rate_limited": gettext_lazy("There were too many attempts. Wait some minutes."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Never."""
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """The address that sign-in attempts are counted by."""
        from activity.middleware import client_address

        address = client_address(request)
        try:
            return str(ipaddress.ip_address(address))
        except ValueError:
            # Through a socket there is none; what a session is listed with has to be one.
            return "::"

    def respond_user_inactive(self, request: HttpRequest, user: Staff) -> HttpResponseBase:
        """Back to the sign-in page, which says why."""
        refuse_sign_in(email=user.email, reason="inactive")
        messages.error(request, _("You may not sign in any more. Ask your global admin."))
        return redirect("account_login")

    def reauthenticate(self, user: Staff, password: str) -> bool:
        """Whether this is the person's password; attempts are counted with those to sign in."""
        found = self.authenticate(self.request, email=user.email, password=password)
        return found is not None and found.pk == user.pk

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """As everywhere in the portal."""
        return not has_confirmed(self.request)

    def forget_failed_attempts(self, request: HttpRequest, email: str) -> None:
        """Who has chosen a new password need not wait for the attempts with the forgotten one."""
        self._delete_login_attempts_cached_email(request, email=email)

    def populate_username(self, request: HttpRequest, user: Any) -> None:
        """There are no user names."""
