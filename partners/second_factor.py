"""The second factor: an authenticator app, passkeys, and recovery codes that stand in for them once each."""

import base64
import hashlib
import uuid
from collections.abc import Iterator
from typing import Any, ClassVar

from allauth.mfa import app_settings
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from partners.models import Staff
from partners.querysets import primary_factors


class SecondFactorAdapter(DefaultMFAAdapter):
    """allauth's second factors as this portal has them: secrets are stored encrypted, the last one may be needed."""

    error_messages: ClassVar[dict[str, Any]] = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": gettext_lazy("This code or passkey is not right."),
        "cannot_delete_authenticator": gettext_lazy("It is your last second factor, and you need one."),
        "cannot_generate_recovery_codes": gettext_lazy("Recovery codes are for those who have a second factor."),
    }

    def encrypt(self, text: str) -> str:
        """The secret, unreadable in the database and its dumps for who has not `SECRET_KEY`."""
        return _cipher().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """The secret; raises `ValidationError` where it was written with another `SECRET_KEY`."""
        try:
            return _cipher().decrypt(encrypted_text.encode()).decode()
        except InvalidToken:
            raise ValidationError(
                _("This second factor cannot be read any more. Ask for it to be taken away, and set up a new one.")
            ) from None

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """Not the last one of a person who must have one."""
        staff = authenticator.user
        return not (staff.needs_second_factor and is_last_factor(staff.pk, authenticator.pk))

    def get_totp_issuer(self) -> str:
        """What the authenticator app shows the code under."""
        return str(settings.PORTAL_NAME)

    def generate_authenticator_name(self, user: Staff, type: Authenticator.Type) -> str:  # noqa: A002
        """What a passkey is called whose owner gave it no name."""
        count = Authenticator.objects.filter(user_id=user.pk, type=type).count()
        return _("Passkey %(number)d") % {"number": count + 1}

    def _get_site_name(self) -> str:
        return str(settings.PORTAL_NAME)


def is_last_factor(staff_id: uuid.UUID, authenticator_id: int) -> bool:
    """Whether this person has no authenticator app or passkey besides this one."""
    return not primary_factors(staff_id).exclude(pk=authenticator_id).exists()


def codes_left(codes: Authenticator) -> int:
    """How many of these recovery codes are unused; known also where they cannot be read any more."""
    used: int = codes.data["used_mask"]
    count: int = app_settings.RECOVERY_CODE_COUNT
    return count - used.bit_count()


def _cipher() -> MultiFernet:
    return MultiFernet(list(_keys()))


def _keys() -> Iterator[Fernet]:
    # As Django's signatures are: what an earlier key wrote is still read.
    for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        digest = hashlib.sha256(b"partners.second_factor:" + str(secret).encode()).digest()
        yield Fernet(base64.urlsafe_b64encode(digest))
