"""The demo's invitations: one in each state, one of them with its mail on its way."""

import datetime
from dataclasses import dataclass

from django.conf import settings
from django.utils import timezone

from catalog.models import Service
from customers.inviting import invite, send_invitation
from customers.models import Customer, Invitation, InvitationState, InvitedService
from partnercenter.demo.portfolio import demo_id
from partners.models import Language, Staff


@dataclass(frozen=True)
class Past:
    """An invitation of some days ago, and what became of it; without a domain, of a company that is no customer."""

    state: InvitationState
    days_ago: int
    email: str
    contact_name: str
    domain: str = ""
    language: Language = Language.CHINESE
    services: tuple[str, ...] = ()
    by: str = "agent@contoso-reseller.example"
    relationship: bool = True


PAST = (
    Past(InvitationState.OPENED, 3, "lin.yu@harbin-optik.example", "林宇", services=("exchange", "sharepoint")),
    Past(InvitationState.ACCEPTED, 40, "it@wingtip.example", "Mei Zhang", "wingtip", Language.ENGLISH, ("exchange",)),
    Past(
        InvitationState.OPENED,
        5,
        "it@hf-quantum.partner.onmschina.cn",
        "",
        "hf-quantum",
        services=("information-protection",),
        relationship=False,
    ),
    Past(InvitationState.DECLINED, 12, "compras@aguas-claras.example", "Lucía Ferrer", language=Language.SPANISH),
    Past(InvitationState.EXPIRED, 45, "office@baltic-timber.example", "", language=Language.ENGLISH),
    Past(InvitationState.WITHDRAWN, 6, "hr@baltic-timbre.example", "", language=Language.ENGLISH),
)


def add_invitations() -> None:
    """Add the demo's invitations where it has none."""
    staff = Staff.objects.get(email="agent@contoso-reseller.example")
    if Invitation.objects.visible_to(staff).exists():
        return
    for past in PAST:
        _add(past)
    invite(
        staff=staff,
        key="demo-draft",
        email="info@quay-coffee.example",
        contact_name="Tom Fischer",
        language=Language.ENGLISH,
    )
    sent = invite(
        staff=staff,
        key="demo-sent",
        email="it@lakeshore-clinics.example",
        contact_name="Ana Duarte",
        language=Language.SPANISH,
        services=[Service.objects.get(code="exchange").pk],
        note="Nos vemos el jueves en la feria.",
    )
    send_invitation(staff=staff, invitation_id=sent.pk, key="demo-send")


def _add(past: Past) -> None:
    now = timezone.now()
    sent = now - datetime.timedelta(days=past.days_ago)
    later = sent + datetime.timedelta(days=1, hours=2)
    is_answered = past.state in {InvitationState.ACCEPTED, InvitationState.DECLINED}
    staff = Staff.objects.get(email=past.by)
    assert staff.partner is not None
    made = Invitation.objects.create(
        partner=staff.partner,
        staff=staff,
        customer=Customer.objects.get(pk=demo_id(past.domain)) if past.domain else None,
        email=past.email,
        contact_name=past.contact_name,
        language=past.language,
        with_relationship=past.relationship,
        state=past.state,
        created_at=sent - datetime.timedelta(minutes=5),
        sent_at=sent,
        opened_at=None if past.state in {InvitationState.EXPIRED, InvitationState.WITHDRAWN} else later,
        expires_at=sent + datetime.timedelta(days=settings.INVITATION_DAYS),
        answered_at=later if is_answered else None,
        withdrawn_at=later if past.state == InvitationState.WITHDRAWN else None,
    )
    for service in Service.objects.filter(code__in=past.services):
        InvitedService.objects.create(
            invitation=made,
            service=service,
            accepted=past.state == InvitationState.ACCEPTED if is_answered else None,
            answered_at=later if is_answered else None,
        )
