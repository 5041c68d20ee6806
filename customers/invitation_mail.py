"""The mails about invitations and about what came of them; each in the language of whoever gets it."""

import datetime
import zoneinfo
from collections.abc import Iterable, Sequence
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import formats, timezone, translation
from django.utils.translation import pgettext

from customers.models import AccessLink, Customer, Invitation
from partners.mail import absolute, send_later
from partners.models import Partner, Staff
from partners.roles import Permission
from partners.tokens import digest_of, new_token

# Where the customers of this cloud are.
CUSTOMERS_TIME = zoneinfo.ZoneInfo("Asia/Shanghai")
DAYS_OF_ACCESS = 365


def invitation_address(token: str) -> str:
    """The link to an invitation."""
    return absolute(reverse("customers:invitation", args=[token]))


def general_path(partner_id: object) -> str:
    """The path of the link that a partner can give to everybody, with the parameter that the cloud's own has."""
    return f"{reverse('customers:general_link')}?partnerId={partner_id}"


def invitation_words(invitation: Invitation, link: str) -> dict[str, Any]:
    """What the mail of an invitation says; nothing in it tells the partner more of the customer than it knows."""
    until = invitation.expires_at or timezone.now() + datetime.timedelta(days=settings.INVITATION_DAYS)
    return {
        "partner": invitation.partner.name,
        "staff": str(invitation.staff) if invitation.staff else "",
        "contact_name": invitation.contact_name,
        "relationship": invitation.with_relationship,
        "services": [one.service.name for one in invitation.asked_services],
        "note": invitation.note,
        "until": day_in(invitation.language, until),
        "link": link,
    }


def preview(invitation: Invitation) -> str:
    """The mail of an invitation as its reader will have it, with a mark where the link will stand."""
    with translation.override(invitation.language):
        words = invitation_words(invitation, pgettext("in the place of a link", "[the link]"))
        return render_to_string("mail/invitation.txt", words).strip()


def text_to_copy(invitation: Invitation, token: str) -> str:
    """The same text with its link, for staff who send it themselves."""
    with translation.override(invitation.language):
        words = invitation_words(invitation, invitation_address(token))
        return render_to_string("mail/invitation.txt", words).strip()


def day_in(language: str, moment: datetime.datetime) -> str:
    """The day of this moment where the customers are, as this language writes it."""
    with translation.override(language):
        return formats.date_format(timezone.localtime(moment, CUSTOMERS_TIME), "DATE_FORMAT")


def mail_invitation(invitation: Invitation, token: str, *, is_reminder: bool = False) -> None:
    """Have the invitation, or a reminder of it, mailed; the caller saves which mail it is."""
    words = invitation_words(invitation, invitation_address(token))
    invitation.mail_id = send_later(
        to=[invitation.email],
        language=invitation.language,
        template="invitation_reminder" if is_reminder else "invitation",
        context=words,
    )


def mail_answer(invitation: Invitation, *, accepted: Sequence[str], declined: Sequence[str]) -> str:
    """Have both told how an invitation was answered; the token by which the customer can see and revoke."""
    customer = invitation.customer
    token = "" if customer is None else new_access(customer, invitation)
    words = {
        "partner": invitation.partner.name,
        "contact_name": invitation.contact_name,
        "company": customer.company_name if customer and invitation.state == "accepted" else invitation.email,
        "is_accepted": invitation.state == "accepted",
        "relationship": invitation.with_relationship,
        "accepted": list(accepted),
        "declined": list(declined),
    }
    access = absolute(reverse("customers:access", args=[token])) if token else ""
    send_later(
        to=[invitation.email],
        language=invitation.language,
        template="invitation_answered",
        context={**words, "link": access},
    )
    for staff in told_staff(invitation.partner, invitation.staff):
        send_later(
            to=[staff.email],
            language=staff.language or settings.LANGUAGE_CODE,
            template="invitation_answer_for_partner",
            context={**words, "link": absolute(reverse("desk:invitation", args=[invitation.pk]))},
        )
    return token


def new_access(customer: Customer, invitation: Invitation) -> str:
    """The token of a link by which a customer sees and revokes what it lets this partner do."""
    token, now = new_token(), timezone.now()
    AccessLink.objects.create(
        digest=digest_of(token),
        customer=customer,
        partner=invitation.partner,
        email=invitation.email,
        contact_name=invitation.contact_name,
        language=invitation.language,
        created_at=now,
        expires_at=now + datetime.timedelta(days=DAYS_OF_ACCESS),
    )
    return token


def mail_lost_privileges(customer: Customer, partner: Partner, services: Sequence[str]) -> None:
    """Tell a partner that privileges of this customer are its own no more; never who has them now."""
    _mail_staff(told_staff(partner), "privileges_lost", {"company": customer.company_name, "services": list(services)})


def mail_expiring(customer: Customer, partner: Partner, services: Sequence[str], *, days: int) -> None:
    """Warn a partner that its privileges of this customer expire within so many days."""
    _mail_of_expiry("privileges_expiring", customer, partner, services, days=days)


def mail_expired(customer: Customer, partner: Partner, services: Sequence[str]) -> None:
    """Tell a partner that its privileges of this customer have expired."""
    _mail_of_expiry("privileges_expired", customer, partner, services)


def _mail_of_expiry(template: str, customer: Customer, partner: Partner, services: Sequence[str], **more: Any) -> None:
    link = absolute(reverse("desk:privileges", args=[customer.pk]))
    words = {"company": customer.company_name, "services": list(services), "link": link, **more}
    _mail_staff(told_staff(partner), template, words)


def mail_revoked(link: AccessLink, services: Sequence[str]) -> None:
    """Tell both that the customer took privileges back."""
    words = {"partner": link.partner.name, "company": link.customer.company_name, "services": list(services)}
    words["contact_name"] = link.contact_name
    send_later(to=[link.email], language=link.language, template="access_revoked", context=words)
    _mail_staff(told_staff(link.partner), "privileges_revoked", words)


def _mail_staff(people: Iterable[Staff], template: str, words: dict[str, Any]) -> None:
    for staff in people:
        language = staff.language or settings.LANGUAGE_CODE
        send_later(to=[staff.email], language=language, template=template, context=words)


def told_staff(partner: Partner, first: Staff | None = None) -> list[Staff]:
    """Whom to tell at a partner: who asked, while at work there, else those who may ask for privileges."""
    if first is not None and first.is_active and first.partner_id == partner.pk:
        return [first]
    active = partner.staff.filter(is_active=True).order_by("email")
    return [one for one in active if one.may(Permission.REQUEST_PRIVILEGES)]
