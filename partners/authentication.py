"""How people sign in: by e-mail address and password, through django-allauth."""

import uuid
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from django.http import HttpRequest

from partners.models import Staff


class StaffBackend(AuthenticationBackend):
    """allauth's sign-in; a signed-in person is loaded with partner and roles in one query."""

    def get_user(self, user_id: uuid.UUID) -> Staff | None:
        """The person of this session, or `None` where they may not sign in any more."""
        staff = Staff.objects.signed_in(user_id)
        return staff if staff is not None and staff.is_active else None


class StaffAdapter(DefaultAccountAdapter):
    """Nobody makes an account for themselves: partners are invited."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Never."""
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """The address that sign-in attempts are counted by."""
        from activity.middleware import client_address

        return client_address(request)

    def populate_username(self, request: HttpRequest, user: Any) -> None:
        """There are no user names."""
