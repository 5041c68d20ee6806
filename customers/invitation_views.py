"""The pages of customers, who have no account: behind the links of their mails, and a partner's general link."""

import uuid
from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods

from activity.errors import Refused
from customers.answering import (
    Answer,
    accept,
    decline,
    found_access,
    found_invitation,
    held_by_partner,
    mail_link,
    open_invitation,
    revoke,
)
from customers.errors import DomainUnavailable, WrongState
from customers.invitation_forms import AnswerForm, AskForInvitationForm, RevokeForm, revoked_words
from customers.invitation_mail import CUSTOMERS_TIME
from customers.invitation_requests import ask_for_invitation
from customers.meaning import meaning_of
from customers.models import AccessLink, Invitation, InvitationLink
from customers.models.invitations import WAITING
from partners.access import access
from partners.answers import answer
from partners.link_pages import is_too_often, private, speak, unknown, wait
from partners.models import Partner

LIMITS = {"ask_for_invitation": "5/h/ip", "mail_link": "3/h/ip"}
View = Callable[..., HttpResponseBase]


def in_customers_time(view: View) -> View:
    """Show moments in the time of where the customers are."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        with timezone.override(CUSTOMERS_TIME):
            return view(request, *args, **kwargs)

    return guarded


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_variables("invitation_token")
@private
@in_customers_time
@access(public=True)
def invitation(request: HttpRequest, invitation_token: str) -> HttpResponseBase:
    """What a partner asks for, in plain words. POST `act`: `accept`, `decline`, or `mail` the link."""
    if is_too_often(request, "open_link", count=False):
        return wait(request)
    link = found_invitation(invitation_token)
    if link is None:
        return unknown(request)
    speak(request, link.invitation.language)
    # Staff who look at their own invitation, and programs that only ask whether the page is there, do not open it.
    opens = request.method != "HEAD" and not request.user.is_authenticated
    found = open_invitation(link) if opens else _with_parts(link)
    if found.present_state not in WAITING:
        return _over(request, found)
    act = ACTS.get(request.POST.get("act", "")) if request.method == "POST" else None
    form = AnswerForm(invitation=found)
    return act(request, link, found) if act else _drawn(request, link, found, form)


def _with_parts(link: InvitationLink) -> Invitation:
    found: Invitation = Invitation.objects.with_parts().get(pk=link.invitation_id)
    return found


def _over(request: HttpRequest, found: Invitation) -> HttpResponse:
    """What became of an invitation that can be answered no more, and nothing else of it."""
    context = {"state": found.present_state, "partner": found.partner}
    return answer(request, "customers/invitation_over.html", context, status=HTTPStatus.GONE)


def _drawn(
    request: HttpRequest, link: InvitationLink, found: Invitation, form: AnswerForm, status: int = 200
) -> HttpResponse:
    needs_mail = found.customer_id is not None and not link.is_by_mail
    context = {
        "invitation": found,
        "partner": found.partner,
        "form": form,
        "needs_mail": needs_mail,
        # Who has the link from elsewhere may be anybody: the domain was known to whoever asked, the name was not.
        "names_company": link.is_by_mail,
        "masked": _masked(found.email),
        "meanings": [(one.service.name, meaning_of(one.service.code)) for one in found.asked_services],
    }
    return answer(request, "customers/invitation.html", context, status=status)


def _masked(email: str) -> str:
    """Enough of an address for its owner to know it again."""
    name, _at, host = email.rpartition("@")
    return f"{name[:1]}•••@{host}"


def _accept(request: HttpRequest, link: InvitationLink, found: Invitation) -> HttpResponseBase:
    form = AnswerForm(request.POST, invitation=found)
    if not form.is_valid():
        return _drawn(request, link, found, form, status=HTTPStatus.BAD_REQUEST)
    try:
        given = accept(link=link, services=form.service_ids, company=form.company, days=form.days)
    except WrongState as refusal:
        return _over(request, refusal.invitation)
    except ValidationError as error:
        form.add_error(None, error)
    except Refused as refusal:
        form.refuse(refusal.message, "domain" if isinstance(refusal, DomainUnavailable) else None)
    else:
        messages.success(request, _accepted_words(given))
        return redirect("customers:access", given.access_token)
    return _drawn(request, link, found, form, status=HTTPStatus.CONFLICT)


def _accepted_words(given: Answer) -> str:
    words = {"partner": given.invitation.partner.name, "services": _(", ").join(given.accepted)}
    if given.accepted:
        return _("You have accepted. %(partner)s may now administer: %(services)s.") % words
    return _("You have accepted. %(partner)s is your reseller now and may administer nothing.") % words


def _decline(request: HttpRequest, link: InvitationLink, found: Invitation) -> HttpResponseBase:
    try:
        given = decline(link=link)
    except WrongState as refusal:
        return _over(request, refusal.invitation)
    return answer(request, "customers/invitation_declined.html", {"partner": given.invitation.partner})


def _mail(request: HttpRequest, link: InvitationLink, found: Invitation) -> HttpResponseBase:
    if is_too_often(request, "mail_link", limits=LIMITS):
        return wait(request)
    try:
        mail_link(link=link)
    except WrongState as refusal:
        return _over(request, refusal.invitation)
    context = {"partner": found.partner, "masked": _masked(found.email)}
    return answer(request, "customers/invitation_mailed.html", context)


ACTS = {"accept": _accept, "decline": _decline, "mail": _mail}


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_variables("access_token")
@private
@in_customers_time
@access(public=True)
def access_page(request: HttpRequest, access_token: str) -> HttpResponseBase:
    """What a customer lets a partner do. POST takes back the services that are ticked."""
    if is_too_often(request, "open_link", count=False):
        return wait(request)
    link = found_access(access_token)
    if link is None:
        return unknown(request)
    speak(request, link.language)
    if request.method != "POST":
        return _access_drawn(request, link)
    form = RevokeForm(request.POST, held=[one.service_id for one in held_by_partner(link)])
    if not form.is_valid():
        return _access_drawn(request, link, form, status=HTTPStatus.BAD_REQUEST)
    names = revoke(link=link, services=[service.pk for service in form.cleaned_data["services"]])
    if names:
        messages.success(request, revoked_words(names))
    return redirect("customers:access", access_token)


def _access_drawn(
    request: HttpRequest, link: AccessLink, form: RevokeForm | None = None, status: int = 200
) -> HttpResponse:
    held = held_by_partner(link)
    context = {
        "partner": link.partner,
        "customer": link.customer,
        "held": [(one, meaning_of(one.service.code)) for one in held],
        "form": form or RevokeForm(held=[one.service_id for one in held]),
        "is_reseller": link.customer.relationships.filter(partner_id=link.partner_id, has_ended=False).exists(),
        "expires_at": link.expires_at,
    }
    return answer(request, "customers/access.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@private
@in_customers_time
@access(public=True)
def general_link(request: HttpRequest) -> HttpResponseBase:
    """Who a partner is, and how to be invited by it: the link that a partner gives to everybody.

    It accepts nothing by itself, because nothing shows which company its visitor speaks for.
    """
    partner = _partner(request.GET.get("partnerId", ""))
    if partner is None:
        return unknown(request)
    form = AskForInvitationForm(request.POST if request.method == "POST" else None)
    context = {"partner": partner, "form": form}
    if request.method != "POST":
        return answer(request, "customers/general_link.html", context)
    if is_too_often(request, "ask_for_invitation", limits=LIMITS):
        return wait(request)
    if not form.is_valid():
        return answer(request, "customers/general_link.html", context, status=HTTPStatus.BAD_REQUEST)
    ask_for_invitation(partner=partner, language=translation.get_language() or "en", **form.cleaned_data)
    return answer(request, "customers/general_link_asked.html", context)


def _partner(typed: str) -> Partner | None:
    try:
        return Partner.objects.filter(pk=uuid.UUID(typed)).first()
    except ValueError:
        return None
