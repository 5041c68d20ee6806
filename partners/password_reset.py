"""A forgotten password: a link by mail, and no word to anybody about who has an account."""

from allauth.account.forms import default_token_generator
from django.conf import settings
from django.db import transaction
from django.tasks import task
from django.urls import reverse

from partners.mail import absolute, send_later
from partners.models import Staff


@task()
def mail_reset_link(email: str, language: str) -> None:
    """Mail a link to the person with this address, in their language or the one given; to nobody where there is none.

    Looked up here and not in the request, whose answer so takes as long for an address that nobody has.
    """
    staff = Staff.objects.of_address(email)
    if staff is None or not staff.is_active:
        return
    with transaction.atomic():
        send_later(
            to=[staff.email],
            language=staff.language or language,
            template="password_reset",
            context={
                "name": str(staff),
                "link": reset_link(staff),
                "minutes": settings.PASSWORD_RESET_TIMEOUT // 60,
            },
        )


def reset_link(staff: Staff) -> str:
    """Where this person chooses a new password: once, within the hour, while nothing else of it has changed."""
    key = default_token_generator.make_token(staff)
    return absolute(reverse("account_reset_password_from_key", kwargs={"uidb36": staff.pk.hex, "key": key}))
