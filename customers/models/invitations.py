"""Invitations: what a partner asks a customer for, and how far that has come."""

import datetime
import uuid
from typing import ClassVar

from django.core.validators import MaxLengthValidator, validate_email
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from catalog.models import Service
from customers.models.customers import Customer
from customers.querysets import InvitationQuerySet
from partners.legible import validate_legible
from partners.models import Language, Partner, Staff

LONGEST_NOTE = 1000


class InvitationState(models.TextChoices):
    """How far an invitation has come."""

    DRAFT = "draft", _("Draft")
    SENT = "sent", _("Sent")
    OPENED = "opened", _("Opened")
    ACCEPTED = "accepted", _("Accepted")
    DECLINED = "declined", _("Declined")
    EXPIRED = "expired", _("Expired")
    WITHDRAWN = "withdrawn", _("Withdrawn")


WAITING = (InvitationState.SENT, InvitationState.OPENED)
UNANSWERED = (InvitationState.DRAFT, *WAITING)
ANSWERED = (InvitationState.ACCEPTED, InvitationState.DECLINED)


class Invitation(models.Model):
    """A partner asks a customer, or a company that is none yet, for a relationship, for privileges, or for both.

    Its links stand apart (`InvitationLink`), and so do the services it asks for (`InvitedService`). What time alone
    decides is told by `state_at`, whether or not the nightly command has written it down. `version` grows by one
    with each change.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    partner = models.ForeignKey(
        Partner, models.PROTECT, related_name="invitations", db_index=False, verbose_name=_("partner")
    )
    staff = models.ForeignKey(
        Staff, models.PROTECT, null=True, blank=True, related_name="invitations", verbose_name=_("made by")
    )
    customer = models.ForeignKey(
        Customer, models.CASCADE, null=True, blank=True, related_name="invitations", verbose_name=_("customer")
    )
    created_customer = models.BooleanField(_("created the customer"), default=False)
    email = models.EmailField(_("e-mail address"), max_length=254, validators=[validate_email, validate_legible])
    contact_name = models.CharField(_("contact person"), max_length=150, blank=True, validators=[validate_legible])
    language = models.CharField(_("language of the mail"), max_length=10, choices=Language, default=Language.CHINESE)
    note = models.TextField(_("a note of your own"), blank=True, validators=[MaxLengthValidator(LONGEST_NOTE)])
    with_relationship = models.BooleanField(_("asks for a reseller relationship"), default=True)
    services = models.ManyToManyField(Service, through="InvitedService", verbose_name=_("services"))
    state = models.CharField(_("state"), max_length=10, choices=InvitationState, default=InvitationState.DRAFT)
    version = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(_("made"), default=timezone.now, editable=False)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    opened_at = models.DateTimeField(_("opened"), null=True, blank=True)
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, blank=True)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    reminders = models.PositiveSmallIntegerField(_("reminders"), default=0)
    mail_id = models.UUIDField(_("the latest mail"), null=True, blank=True, editable=False)
    reminded_at = models.DateTimeField(_("last reminder"), null=True, blank=True)

    objects: ClassVar[InvitationQuerySet] = InvitationQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["partner", "-created_at", "-id"], name="invitation_by_partner"),
            models.Index(fields=["expires_at"], condition=Q(state__in=WAITING), name="invitation_waiting"),
            models.Index(
                fields=["partner", "created_at", "id"], condition=Q(state__in=UNANSWERED), name="invitation_unanswered"
            ),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=InvitationState.values), name="invitation_state_known"),
            models.CheckConstraint(condition=Q(version__gte=1), name="invitation_version_positive"),
            models.CheckConstraint(condition=~Q(email=""), name="invitation_has_an_address"),
            models.CheckConstraint(
                condition=Q(customer__isnull=False) | Q(with_relationship=True),
                name="invitation_of_nobody_asks_for_a_relationship",
            ),
            models.CheckConstraint(
                condition=Q(state__in=[InvitationState.DRAFT, InvitationState.WITHDRAWN])
                | Q(sent_at__isnull=False, expires_at__isnull=False),
                name="invitation_sent_until",
            ),
            models.CheckConstraint(
                condition=~Q(state=InvitationState.OPENED) | Q(opened_at__isnull=False), name="invitation_opened_when"
            ),
            models.CheckConstraint(
                condition=Q(state__in=ANSWERED, answered_at__isnull=False)
                | (~Q(state__in=ANSWERED) & Q(answered_at__isnull=True)),
                name="invitation_answered_when",
            ),
            models.CheckConstraint(
                condition=Q(state=InvitationState.WITHDRAWN, withdrawn_at__isnull=False)
                | (~Q(state=InvitationState.WITHDRAWN) & Q(withdrawn_at__isnull=True)),
                name="invitation_withdrawn_when",
            ),
            models.CheckConstraint(
                condition=~Q(state=InvitationState.ACCEPTED) | Q(customer__isnull=False),
                name="invitation_accepted_by_a_customer",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.email} ({self.get_state_display()})"

    def state_at(self, now: datetime.datetime) -> InvitationState:
        """Its state at this moment: one that waits past its time has expired."""
        if self.state in WAITING and self.expires_at is not None and self.expires_at <= now:
            return InvitationState.EXPIRED
        return InvitationState(self.state)

    @property
    def present_state(self) -> InvitationState:
        """Its state now."""
        return self.state_at(timezone.now())

    @property
    def is_waiting(self) -> bool:
        """Whether the customer can answer it now."""
        return self.present_state in WAITING

    @property
    def can_be_sent(self) -> bool:
        """Whether it is a draft, or one whose time ran out and that can be sent anew."""
        return self.present_state in {InvitationState.DRAFT, InvitationState.EXPIRED}

    @property
    def can_be_withdrawn(self) -> bool:
        """Whether nobody has answered it and it has not run out."""
        return self.present_state in UNANSWERED

    @property
    def state_since(self) -> datetime.datetime:
        """Since when it is in its present state."""
        state = self.present_state
        times = {
            InvitationState.SENT: self.sent_at,
            InvitationState.OPENED: self.opened_at,
            InvitationState.EXPIRED: self.expires_at,
            InvitationState.WITHDRAWN: self.withdrawn_at,
        }
        return times.get(state) or self.answered_at or self.created_at

    @property
    def asked_services(self) -> "list[InvitedService]":
        """The services it asks for with each answer, by name; from what was fetched with it where it was."""
        return sorted(self.asked.all(), key=lambda one: one.service.name)

    @property
    def asks(self) -> dict[str, object]:
        """What it asks for, as records keep it."""
        return {"relationship": self.with_relationship, "services": [one.service.name for one in self.asked_services]}


class InvitedService(models.Model):
    """A service whose administration an invitation asks for, and the answer; none yet while `accepted` is null."""

    invitation = models.ForeignKey(Invitation, models.CASCADE, related_name="asked", db_index=False)
    service = models.ForeignKey(Service, models.PROTECT, related_name="invitations", verbose_name=_("service"))
    accepted = models.BooleanField(_("accepted"), null=True, blank=True)
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)

    class Meta:
        verbose_name = _("service asked for")
        verbose_name_plural = _("services asked for")
        constraints = [
            models.UniqueConstraint(fields=["invitation", "service"], name="invited_service_once"),
            models.CheckConstraint(
                condition=Q(accepted__isnull=True, answered_at__isnull=True)
                | Q(accepted__isnull=False, answered_at__isnull=False),
                name="invited_service_answered_when",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.invitation_id}: {self.service_id}"


class InvitationLink(models.Model):
    """One link to an invitation; the portal keeps the digest of its token alone.

    A reminder brings another link, and the earlier one goes on to work. `is_by_mail` tells a link that the portal
    mailed to the customer's own address, so that whoever has it reads that mailbox, from one that staff were shown.
    """

    digest = models.CharField(primary_key=True, max_length=64)
    invitation = models.ForeignKey(Invitation, models.CASCADE, related_name="links")
    is_by_mail = models.BooleanField()
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.invitation_id}"


class AccessLink(models.Model):
    """A link by which a customer sees, and takes back, what it lets one partner do; mailed with each answer."""

    digest = models.CharField(primary_key=True, max_length=64)
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="access_links")
    partner = models.ForeignKey(Partner, models.PROTECT, related_name="access_links")
    email = models.EmailField(max_length=254)
    contact_name = models.CharField(max_length=150, blank=True)
    language = models.CharField(max_length=10, choices=Language)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(email=""), name="access_link_has_an_address")]

    def __str__(self) -> str:
        return f"{self.customer_id} – {self.partner_id}"
