"""The desk: where the work is today. What stands on it depends on what the person may do."""

import datetime
from typing import Any

from django.db.models import prefetch_related_objects
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from activity.models import ActivityRecord
from customers.models import DelegatedAdminPrivilege, Ending, Invitation
from desk.log import log_lines
from desk.mended import mended_upgrades
from desk.paging import by_moment
from desk.portfolio import soon_deleted
from desk.summary import summarise
from partners.access import access
from partners.models import Staff
from partners.requests import StaffRequest
from partners.roles import Permission
from upgrades.models import Upgrade

SUSPENDED_SHOWN = 8
SUSPENDED_WITHIN = 30
UNFINISHED_SHOWN = 5
LATELY_SHOWN = 6
INVITATIONS_SHOWN = 5
PRIVILEGES_SHOWN = 5
# For so long the desk tells of a privilege that was lost.
DAYS_OF_LOST = 14
# Each upgrade has several of these, and the list of hand-overs shows them already.
TOO_SMALL = ("tick_hand_over_step", "untick_hand_over_step")


@require_safe
@access()
def desk(request: StaffRequest) -> HttpResponse:
    """Where a partner's staff begin; who may not see customers learns what else there is to do."""
    staff = request.user
    context: dict[str, Any] = {"greeting": greeting(staff), "roles": staff.roles}
    if staff.may(Permission.SEE_CUSTOMERS):
        context |= _work(staff)
        template = "desk/desk.html"
    else:
        context["permissions"] = [one.label for one in Permission if staff.may(one)]
        template = "desk/desk_without_customers.html"
    return render(request, template, context)


def greeting(staff: Staff) -> str:
    """A greeting that suits the time of day where the person is."""
    hour, name = timezone.localtime().hour, {"name": staff.name}
    if 5 <= hour < 12:
        return _("Good morning, %(name)s") % name
    if 12 <= hour < 18:
        return _("Good afternoon, %(name)s") % name
    return _("Good evening, %(name)s") % name


def _work(staff: Staff) -> dict[str, Any]:
    assert staff.partner_id is not None
    unfinished = Upgrade.objects.visible_to(staff).unfinished()
    suspended = soon_deleted(staff.partner_id, days=SUSPENDED_WITHIN).select_related("offer", "customer")
    return {
        "summary": summarise(staff.partner_id),
        "soon_deleted": soon_deleted(staff.partner_id).order_by().count(),
        "unfinished": unfinished.order_by().count(),
        "suspended": suspended[:SUSPENDED_SHOWN],
        "hand_overs": unfinished.defer("evidence").order_by("created_at")[:UNFINISHED_SHOWN],
        "mended": mended_upgrades(staff),
        **_invitations(staff),
        **_privileges(staff),
        **_lately(staff),
    }


def _invitations(staff: Staff) -> dict[str, Any]:
    """Drafts to send and invitations that wait for an answer, those that run out first, for who may invite."""
    if not staff.may(Permission.REQUEST_RELATIONSHIP):
        return {}
    unanswered = Invitation.objects.visible_to(staff).unanswered(timezone.now()).with_names()
    return {"invitations": unanswered.order_by("expires_at", "created_at")[:INVITATIONS_SHOWN]}


def _privileges(staff: Staff) -> dict[str, Any]:
    """Privileges that expire soon, the next first, and those lost lately, for who may ask for them."""
    if not staff.may(Permission.REQUEST_PRIVILEGES):
        return {}
    visible = DelegatedAdminPrivilege.objects.visible_to(staff)
    lost = visible.ended_since(timezone.now() - datetime.timedelta(days=DAYS_OF_LOST)).exclude(ending=Ending.GIVEN_UP)
    shown = [
        *visible.expiring().order_by("expires_at", "pk")[:PRIVILEGES_SHOWN],
        *lost.order_by("-revoked_at", "-pk")[:PRIVILEGES_SHOWN],
    ]
    prefetch_related_objects(shown, "customer", "service")
    return {"privileges": shown}


def _lately(staff: Staff) -> dict[str, Any]:
    """The partner's activity for those who may see it; for the others the upgrades they made themselves."""
    assert staff.partner_id is not None
    if staff.may(Permission.SEE_ACTIVITY):
        told = ActivityRecord.objects.of_partner(staff.partner_id).exclude(operation__in=TOO_SMALL)
        records = by_moment("at").first(told)
        return {"lately": log_lines(records[:LATELY_SHOWN], staff=staff)}
    own = Upgrade.objects.visible_to(staff).filter(staff=staff).defer("evidence")
    return {"own_upgrades": by_moment("created_at").first(own)[:LATELY_SHOWN]}
