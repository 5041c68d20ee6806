"""A partner's staff on the pages: who works here and as what, whom one invites, and who may sign in no more."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from activity.errors import Refused
from desk.delivery import deliveries_of, delivery_of
from desk.paging import Order, by_moment, take_page
from partners.access import access
from partners.answers import answer
from partners.confirming import reauthenticate
from partners.errors import AlreadyColleague, AlreadyInvited
from partners.models import Language, Staff, StaffInvitation
from partners.requests import StaffRequest
from partners.roles import Permission
from partners.staff_forms import ChangeRolesForm, DecisionForm, InviteColleagueForm, role_meaning
from partners.staff_inviting import invite, send_again, visible, withdraw
from partners.staffing import (
    change_roles,
    deactivate,
    is_last_global_admin,
    may_decide_about,
    may_give,
    reactivate,
)

PAGE_SIZE = 50
LONGEST_SEARCH = 100
STATES = {"active": gettext_lazy("May sign in"), "deactivated": gettext_lazy("Deactivated")}
NEWEST_FIRST = by_moment("created_at")
BY_NAME = Order(
    first=lambda rows: rows.order_by("name", "pk"),
    after=lambda rows, place: rows.filter(Q(name__gt=place[0]) | Q(name=place[0], pk__gt=place[1])).order_by(
        "name", "pk"
    ),
    before=lambda rows, place: rows.filter(Q(name__lt=place[0]) | Q(name=place[0], pk__lt=place[1])).order_by(
        "-name", "-pk"
    ),
    place=lambda row: (row.name, row.pk),
)
View = Callable[..., HttpResponseBase]


@require_safe
@access(may=Permission.MANAGE_STAFF)
def staff_list(request: StaffRequest) -> HttpResponse:
    """The partner's people by name, and the invitations that wait; filtered by `state` and searched by `q`."""
    state, text = request.GET.get("state", ""), request.GET.get("q", "").replace("\0", "")[:LONGEST_SEARCH].strip()
    state = state if state in STATES else ""
    people = Staff.objects.visible_to(request.user).with_standing()
    shown = people.filter(is_active=state == "active") if state else people
    page = take_page(shown.search(text) if text else shown, BY_NAME, request.GET, size=PAGE_SIZE)
    waiting = list(_invitations(request).unanswered().order_by("-created_at", "-pk")[: PAGE_SIZE + 1])
    context = {
        "people": page.rows,
        "state": state,
        "text": text,
        "states": [("", pgettext("people", "All")), *STATES.items()],
        "invitations": _with_delivery(waiting[:PAGE_SIZE]),
        "more_invitations": len(waiting) > PAGE_SIZE,
        **page.addresses(request.path, request.GET),
    }
    return render(request, "desk/staff.html", context)


@require_safe
@access(may=Permission.MANAGE_STAFF)
def staff_invitations(request: StaffRequest) -> HttpResponse:
    """All invitations of colleagues, newest first, whatever has become of them."""
    page = take_page(_invitations(request), NEWEST_FIRST, request.GET, size=PAGE_SIZE)
    context = {"invitations": _with_delivery(page.rows), **page.addresses(request.path, request.GET)}
    return render(request, "desk/staff_invitations.html", context)


def _invitations(request: StaffRequest) -> Any:
    return StaffInvitation.objects.visible_to(request.user).with_parts()


def _with_delivery(invitations: list[StaffInvitation]) -> list[tuple[StaffInvitation, Any]]:
    deliveries = deliveries_of(invitations)
    return [(one, deliveries.get(one.mail_id)) for one in invitations]


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@access(may=Permission.MANAGE_STAFF)
@reauthenticate
def invite_staff(request: StaffRequest) -> HttpResponseBase:
    """Say whom to invite, as what; the mail is on its way with that."""
    if request.method != "POST":
        initial = {"key": str(uuid.uuid4()), "language": request.user.language or request.LANGUAGE_CODE}
        return _invite_drawn(request, InviteColleagueForm(initial=initial, staff=request.user))
    form = InviteColleagueForm(request.POST, staff=request.user)
    if not form.is_valid():
        return _invite_drawn(request, form)
    try:
        made = invite(staff=request.user, **form.asked)
    except ValidationError as error:
        form.add_error(None, ValidationError(error.messages))
        return _invite_drawn(request, form)
    except Refused as refusal:
        again = InviteColleagueForm(with_new_key(request), staff=request.user)
        again.refuse(refusal.message)
        return _invite_drawn(request, again, refusal=refusal, status=409)
    messages.success(request, _("The invitation is on its way to %(email)s.") % {"email": made.email})
    return redirect("desk:staff_invitation", made.pk)


def with_new_key(request: StaffRequest, **changes: object) -> Any:
    """What was sent, under a key of its own."""
    sent = request.POST.copy()
    for name, value in {"key": uuid.uuid4(), **changes}.items():
        sent[name] = str(value)
    return sent


def _invite_drawn(
    request: StaffRequest, form: InviteColleagueForm, *, refusal: Refused | None = None, status: int = 200
) -> HttpResponse:
    context = {
        "form": form,
        "languages": Language.choices,
        "person": refusal.person if isinstance(refusal, AlreadyColleague) else None,
        "there": refusal.invitation if isinstance(refusal, AlreadyInvited) else None,
    }
    return answer(request, "desk/staff_invite.html", context, status=status)


@dataclass(frozen=True)
class Act:
    """Something that is done with an invitation by a button."""

    carry_out: Callable[..., StaffInvitation]
    words: Promise | str


ACTS = {
    "send": Act(send_again, gettext_lazy("The invitation is on its way again; the earlier link has ended.")),
    "withdraw": Act(withdraw, gettext_lazy("The invitation is withdrawn.")),
}


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@access(may=Permission.MANAGE_STAFF)
def staff_invitation(request: StaffRequest, invited_id: uuid.UUID) -> HttpResponseBase:
    """One invitation of a colleague. POST `act`, `key` and `version`: send it again, or withdraw it."""
    found = visible(request.user, invited_id)
    act = ACTS.get(request.POST.get("act", "")) if request.method == "POST" else None
    if act is None:
        return _invitation_drawn(request, found)
    form = DecisionForm(request.POST)
    if not form.is_valid():
        return _invitation_drawn(request, found)
    once = {name: form.cleaned_data[name] for name in ("key", "version")}
    try:
        act.carry_out(staff=request.user, invitation_id=invited_id, **once)
    except Refused as refusal:
        return _invitation_drawn(request, visible(request.user, invited_id), refusal)
    messages.success(request, str(act.words))
    return redirect("desk:staff_invitation", invited_id)


def _invitation_drawn(request: StaffRequest, found: StaffInvitation, refusal: Refused | None = None) -> HttpResponse:
    context = {
        "invitation": found,
        "delivery": delivery_of(found),
        "may_change": found.is_unanswered and may_give(request.user, found.roles, partner_id=request.user.partner_id),
        "refusal": refusal,
        "key": str(uuid.uuid4()),
    }
    return answer(request, "desk/staff_invitation.html", context, status=409 if refusal else 200)


# One person --------------------------------------------------------------------------------------------------


def of_a_colleague(view: View) -> View:
    """Give the view the colleague that the address names; of everybody else it says that there is nobody."""

    @wraps(view)
    def found(request: StaffRequest, person_id: uuid.UUID) -> HttpResponseBase:
        return view(request, _colleague(request, person_id))

    return found


def _colleague(request: StaffRequest, person_id: uuid.UUID) -> Staff:
    people = Staff.objects.visible_to(request.user).with_standing().select_related("partner")
    person: Staff = get_object_or_404(people, pk=person_id)
    return person


@never_cache
@require_safe
@access(may=Permission.MANAGE_STAFF)
@of_a_colleague
def staff_member(request: StaffRequest, person: Staff) -> HttpResponseBase:
    """One colleague: what they may, since when, when they last signed in, and how well that is secured."""
    context = {
        "person": person,
        "roles": [(role.label, role_meaning(role)) for role in person.roles],
        "may_decide": may_decide_about(request.user, person),
        "is_last": is_last_global_admin(person),
    }
    return render(request, "desk/staff_member.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@access(may=Permission.MANAGE_STAFF)
@of_a_colleague
@reauthenticate
def staff_roles(request: StaffRequest, person: Staff) -> HttpResponseBase:
    """Give a colleague roles and take them."""
    if request.method != "POST":
        initial = {"key": str(uuid.uuid4()), "version": person.version, "roles": [role.value for role in person.roles]}
        return _roles_drawn(request, person, ChangeRolesForm(initial=initial, staff=request.user))
    form = ChangeRolesForm(request.POST, staff=request.user)
    if not form.is_valid():
        return _roles_drawn(request, person, form)
    given = form.cleaned_data
    try:
        changed = change_roles(
            staff=request.user,
            person_id=person.pk,
            roles=given["roles"],
            key=given["key"],
            version=given["version"],
        )
    except Refused as refusal:
        person = _colleague(request, person.pk)
        again = ChangeRolesForm(with_new_key(request, version=person.version), staff=request.user)
        again.refuse(refusal.message)
        return _roles_drawn(request, person, again, status=409)
    messages.success(request, _("The roles of %(name)s are saved; they are in force now.") % {"name": changed})
    return _back_to(request, changed)


def _roles_drawn(request: StaffRequest, person: Staff, form: ChangeRolesForm, status: int = 200) -> HttpResponse:
    context = {
        "form": form,
        "person": person,
        "may_decide": may_decide_about(request.user, person),
        "is_last": is_last_global_admin(person),
    }
    return answer(request, "desk/staff_roles.html", context, status=status)


def _back_to(request: StaffRequest, person: Staff) -> HttpResponseBase:
    """The page of the person; who has taken from themselves what it asks for goes to their own profile."""
    if request.user.pk == person.pk and not (person.is_active and person.may(Permission.MANAGE_STAFF)):
        return redirect("partners:profile")
    return redirect("desk:staff_member", person.pk)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@access(may=Permission.MANAGE_STAFF)
@of_a_colleague
@reauthenticate
def deactivate_staff(request: StaffRequest, person: Staff) -> HttpResponseBase:
    """Say what deactivating a colleague means, and ask; do it on POST."""
    return _decide(request, person, deactivate, "desk/staff_deactivate.html", _("%(name)s may sign in no more."))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@access(may=Permission.MANAGE_STAFF)
@of_a_colleague
@reauthenticate
def reactivate_staff(request: StaffRequest, person: Staff) -> HttpResponseBase:
    """Say what reactivating a colleague means, and ask; do it on POST."""
    return _decide(request, person, reactivate, "desk/staff_reactivate.html", _("%(name)s may sign in again."))


def _decide(
    request: StaffRequest, person: Staff, carry_out: Callable[..., Staff], template: str, done: str
) -> HttpResponseBase:
    form = DecisionForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return _decision_drawn(request, person, template, status=400 if form.is_bound else 200)
    try:
        changed = carry_out(
            staff=request.user,
            person_id=person.pk,
            key=form.cleaned_data["key"],
            version=form.cleaned_data["version"],
        )
    except Refused as refusal:
        return _decision_drawn(request, _colleague(request, person.pk), template, refusal)
    messages.success(request, done % {"name": changed})
    return _back_to(request, changed)


def _decision_drawn(
    request: StaffRequest, person: Staff, template: str, refusal: Refused | None = None, *, status: int = 409
) -> HttpResponse:
    context = {
        "person": person,
        "roles": [(role.label, role_meaning(role)) for role in person.roles],
        "invitations": StaffInvitation.objects.filter(invited_by=person).unanswered().count(),
        "may_decide": may_decide_about(request.user, person),
        "is_last": is_last_global_admin(person),
        "refusal": refusal,
        "key": str(uuid.uuid4()),
    }
    return answer(request, template, context, status=status)
