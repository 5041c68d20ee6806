"""The demo's staff list: a colleague who has left, and two who are invited."""

import datetime
import uuid

from django.utils import timezone

from partnercenter.demo.portfolio import demo_id
from partners.models import Language, Staff, StaffInvitation
from partners.roles import Role
from partners.staff_inviting import VALID_FOR, invite
from partners.staffing import deactivate

MANAGER = "global@contoso-reseller.example"
LEFT = "peng.hua@contoso-reseller.example"


def add_colleagues() -> None:
    """Add them where the demo has none."""
    manager = Staff.objects.select_related("partner").get(email=MANAGER)
    if StaffInvitation.objects.visible_to(manager).exists():
        return
    _add_who_left(manager)
    invite(
        staff=manager,
        email="isabel.nunez@contoso-reseller.example",
        name="Isabel Núñez",
        language=Language.SPANISH,
        roles=[Role.SALES_AGENT, Role.BILLING_ADMIN],
        key="demo-colleague",
    )
    late = invite(
        staff=manager,
        email="tom.fischer@contoso-reseller.example",
        language=Language.ENGLISH,
        roles=[Role.HELPDESK_AGENT],
        key="demo-late-colleague",
    )
    long_ago = timezone.now() - datetime.timedelta(days=9)
    StaffInvitation.objects.filter(pk=late.pk).update(
        created_at=long_ago, sent_at=long_ago, expires_at=long_ago + VALID_FOR
    )


def _add_who_left(manager: Staff) -> None:
    """Somebody without a password, who last signed in some weeks ago and was deactivated."""
    if Staff.objects.filter(email=LEFT).exists():
        return
    weeks_ago = timezone.now() - datetime.timedelta(days=33)
    left = Staff.objects.create_user(
        LEFT, id=uuid.UUID(demo_id(LEFT)), name="彭华", partner=manager.partner, last_login=weeks_ago
    )
    left.give_roles([Role.SALES_AGENT])
    deactivate(staff=manager, person_id=left.pk, key="demo-leaves")
