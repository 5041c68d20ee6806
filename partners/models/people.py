"""Partners, and the people who work for them."""

import datetime
import uuid
import zoneinfo
from collections.abc import Iterable
from functools import cached_property
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import PermissionsMixin
from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from activity.models import ActorKind
from activity.operations import Actor
from partners.legible import validate_legible
from partners.querysets import QueuedMailQuerySet, StaffInvitationQuerySet, StaffManager, primary_factors
from partners.roles import MAY, Permission, Role


class PartnerType(models.TextChoices):
    """How a partner takes part in the programme."""

    DIRECT_RESELLER = "direct_reseller", _("Direct reseller")
    INDIRECT_PROVIDER = "indirect_provider", _("Indirect provider")
    INDIRECT_RESELLER = "indirect_reseller", _("Indirect reseller")


class Partner(models.Model):
    """A Cloud Solution Provider company that resells subscriptions."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    name = models.CharField(_("name"), max_length=200)
    type = models.CharField(_("type"), max_length=20, choices=PartnerType, default=PartnerType.DIRECT_RESELLER)
    mpn_id = models.CharField(_("MPN id"), max_length=20, blank=True)
    requires_second_factor = models.BooleanField(
        _("asks everyone for a second factor"),
        default=False,
        help_text=_("Who has none sets one up after their next step, before anything else."),
    )
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("partner")
        verbose_name_plural = _("partners")
        ordering = ["name", "id"]
        constraints = [
            models.CheckConstraint(condition=models.Q(type__in=PartnerType.values), name="partner_type_known"),
            models.CheckConstraint(condition=~models.Q(name=""), name="partner_has_a_name"),
        ]

    def __str__(self) -> str:
        return self.name


class Language(models.TextChoices):
    """The languages of the pages, each under its own name."""

    ENGLISH = "en", "English"
    SPANISH = "es", "Español"
    CHINESE = "zh-hans", "简体中文"


class Theme(models.TextChoices):
    """Light, dark, or as the person's device asks."""

    AUTO = "auto", _("As the device")
    LIGHT = "light", _("Light")
    DARK = "dark", _("Dark")


def validate_time_zone(name: str) -> None:
    """Raise `ValidationError` where `name` is no time zone of the IANA database."""
    if name not in zoneinfo.available_timezones():
        raise ValidationError(_("“%(value)s” is no time zone. An example: Asia/Shanghai."), params={"value": name[:60]})


class Staff(AbstractBaseUser, PermissionsMixin):
    """A person who signs in: a partner's staff, or a platform administrator (`is_staff`, no partner)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    email = models.EmailField(_("e-mail address"))
    name = models.CharField(pgettext_lazy("of a person", "name"), max_length=150)
    partner = models.ForeignKey(
        Partner, models.PROTECT, null=True, blank=True, related_name="staff", verbose_name=_("partner")
    )
    language = models.CharField(_("language"), max_length=10, choices=Language, blank=True)
    time_zone = models.CharField(
        _("time zone"), max_length=64, default="Asia/Shanghai", validators=[validate_time_zone]
    )
    theme = models.CharField(_("theme"), max_length=5, choices=Theme, default=Theme.AUTO)
    is_active = models.BooleanField(_("may sign in"), default=True)
    is_staff = models.BooleanField(_("platform administrator"), default=False)
    date_joined = models.DateTimeField(_("since"), default=timezone.now, editable=False)
    # Stays when the person may sign in again: sessions from before it are never good any more.
    deactivated_at = models.DateTimeField(_("last deactivated"), null=True, blank=True, editable=False)
    version = models.PositiveIntegerField(default=1, db_default=1, editable=False)

    objects: ClassVar[StaffManager] = StaffManager()

    EMAIL_FIELD = "email"
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        verbose_name = _("staff member")
        verbose_name_plural = _("staff")
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(Lower("email"), name="staff_email_unique"),
            models.CheckConstraint(
                condition=models.Q(is_staff=False) | models.Q(partner__isnull=True),
                name="staff_platform_or_partner",
                violation_error_message=_("A platform administrator belongs to no partner."),
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.email

    def clean(self) -> None:
        """Keep the e-mail address as it is compared: in lower case."""
        super().clean()
        self.email = self.email.lower()

    @cached_property
    def roles(self) -> tuple[Role, ...]:
        """This person's roles, in the order of the role table."""
        held: str | Iterable[str]
        if "role_codes" in self.__dict__:
            held = (self.__dict__["role_codes"] or "").split(",")
        else:
            held = self.role_rows.values_list("role", flat=True)
        codes = set(held)
        return tuple(role for role in Role if role.value in codes)

    @cached_property
    def permissions(self) -> frozenset[Permission]:
        """All that this person's roles allow."""
        return frozenset().union(*(MAY[role] for role in self.roles))

    def may(self, permission: Permission) -> bool:
        """Whether one of this person's roles, at a partner, allows this."""
        return self.is_active and self.partner_id is not None and permission in self.permissions

    @property
    def has_second_factor(self) -> bool:
        """Whether this person has an authenticator app or a passkey; recovery codes alone are none."""
        if "second_factor" in self.__dict__:
            return bool(self.__dict__["second_factor"])
        return bool(primary_factors(self.pk).exists())

    @property
    def needs_second_factor(self) -> bool:
        """Whether the partner, or the portal of the powerful, asks for a second factor."""
        if self.partner is not None and self.partner.requires_second_factor:
            return True
        return bool(settings.REQUIRE_SECOND_FACTOR) and (self.is_staff or Role.GLOBAL_ADMIN in self.roles)

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """What the sessions of this person are bound to: the password, and when they were last deactivated."""
        bound: str = super()._get_session_auth_hash(secret=secret)  # type: ignore[misc]
        if self.deactivated_at is None:
            return bound
        return salted_hmac(bound, self.deactivated_at.isoformat(), secret=secret, algorithm="sha256").hexdigest()

    def give_roles(self, roles: Iterable[Role]) -> None:
        """Make these, and only these, this person's roles."""
        wanted = set(roles)
        self.role_rows.exclude(role__in=wanted).delete()
        StaffRole.objects.bulk_create([StaffRole(staff=self, role=role) for role in wanted], ignore_conflicts=True)
        for name in ("roles", "permissions", "role_codes"):
            self.__dict__.pop(name, None)

    @property
    def actor(self) -> Actor:
        """This person as an activity record names them."""
        partner = self.partner
        return Actor(
            kind=ActorKind.PLATFORM if self.is_staff else ActorKind.STAFF,
            id=self.pk,
            name=str(self),
            partner_id=self.partner_id,
            partner_name=partner.name if partner else "",
        )

    @property
    def initials(self) -> str:
        """One or two letters for the round badge beside the name."""
        words = str(self).split()
        return "".join(word[0] for word in (words if len(words) < 3 else [words[0], words[-1]])).upper()[:2]

    def get_full_name(self) -> str:
        """The name, as Django admin asks for it."""
        return str(self)

    def get_short_name(self) -> str:
        """The name, as Django admin asks for it."""
        return str(self)

    @property
    def preferences(self) -> dict[str, Any]:
        """What the profile page edits, as activity records it."""
        return {"name": self.name, "language": self.language, "time_zone": self.time_zone, "theme": self.theme}


class StaffRole(models.Model):
    """One role of one member of staff."""

    staff = models.ForeignKey(Staff, models.CASCADE, related_name="role_rows", verbose_name=_("staff member"))
    role = models.CharField(_("role"), max_length=20, choices=Role)

    class Meta:
        verbose_name = _("role")
        verbose_name_plural = _("roles")
        constraints = [
            models.UniqueConstraint(fields=["staff", "role"], name="staff_role_once"),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="staff_role_known"),
        ]

    def __str__(self) -> str:
        return self.get_role_display()


class QueuedMail(models.Model):
    """A mail that is to be sent, or was; what it says is forgotten once it is sent."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    at = models.DateTimeField(_("when"), default=timezone.now, editable=False)
    to = models.JSONField(_("to"))
    language = models.CharField(_("language"), max_length=10)
    template = models.CharField(max_length=60)
    context = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    next_attempt_at = models.DateTimeField(_("next attempt"), null=True, default=timezone.now)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    failure = models.CharField(_("last failure"), max_length=100, blank=True)

    objects: ClassVar[QueuedMailQuerySet] = QueuedMailQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("queued mail")
        verbose_name_plural = _("queued mails")
        indexes = [
            models.Index(
                fields=["next_attempt_at"], name="queued_mail_due", condition=models.Q(next_attempt_at__isnull=False)
            )
        ]

    def __str__(self) -> str:
        return f"{self.template} {self.pk}"

    @property
    def has_failed(self) -> bool:
        """Whether it was given up: not sent, and not tried again."""
        return self.sent_at is None and self.next_attempt_at is None


class StaffInvitationState(models.TextChoices):
    """How far the invitation of a colleague has come."""

    SENT = "sent", _("Sent")
    OPENED = "opened", _("Opened")
    ACCEPTED = "accepted", _("Accepted")
    EXPIRED = "expired", _("Expired")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class StaffInvitation(models.Model):
    """A partner invites a person to work for it; by accepting the person gets an account with these roles.

    It has one link at a time, of whose token the digest alone is kept; another mail brings another link. How far it
    has come is told by its times. `version` grows by one with each change.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    partner = models.ForeignKey(
        Partner, models.PROTECT, related_name="staff_invitations", db_index=False, verbose_name=_("partner")
    )
    invited_by = models.ForeignKey(
        Staff, models.PROTECT, related_name="staff_invitations", verbose_name=_("invited by")
    )
    email = models.EmailField(_("e-mail address"), validators=[validate_legible])
    name = models.CharField(
        pgettext_lazy("of a person", "name"), max_length=150, blank=True, validators=[validate_legible]
    )
    language = models.CharField(_("language"), max_length=10, choices=Language)
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(_("made"), default=timezone.now, editable=False)
    sent_at = models.DateTimeField(_("sent"))
    expires_at = models.DateTimeField(_("expires"))
    opened_at = models.DateTimeField(_("opened"), null=True, blank=True)
    accepted_at = models.DateTimeField(_("accepted"), null=True, blank=True)
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, blank=True)
    person = models.ForeignKey(
        Staff, models.SET_NULL, null=True, blank=True, related_name="accepted_invitations", verbose_name=_("became")
    )
    mail_id = models.UUIDField(_("the latest mail"), null=True, blank=True, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects: ClassVar[StaffInvitationQuerySet] = StaffInvitationQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("invitation of a colleague")
        verbose_name_plural = _("invitations of colleagues")
        ordering = ["-created_at", "-id"]
        indexes = [models.Index(fields=["partner", "-created_at", "-id"], name="staff_invitation_by_partner")]
        constraints = [
            models.CheckConstraint(condition=~models.Q(email=""), name="staff_invitation_has_an_address"),
            models.CheckConstraint(
                condition=models.Q(accepted_at__isnull=True) | models.Q(withdrawn_at__isnull=True),
                name="staff_invitation_ends_once",
            ),
            models.CheckConstraint(
                condition=models.Q(language__in=Language.values), name="staff_invitation_language_known"
            ),
            models.UniqueConstraint(
                "partner",
                Lower("email"),
                condition=models.Q(accepted_at__isnull=True, withdrawn_at__isnull=True),
                name="staff_invitation_once_per_address",
            ),
        ]

    def __str__(self) -> str:
        return self.email

    def state_at(self, now: datetime.datetime) -> StaffInvitationState:
        """Its state at this moment."""
        if self.accepted_at is not None:
            return StaffInvitationState.ACCEPTED
        if self.withdrawn_at is not None:
            return StaffInvitationState.WITHDRAWN
        if self.expires_at <= now:
            return StaffInvitationState.EXPIRED
        return StaffInvitationState.SENT if self.opened_at is None else StaffInvitationState.OPENED

    @property
    def present_state(self) -> StaffInvitationState:
        """Its state now."""
        return self.state_at(timezone.now())

    @property
    def state_since(self) -> datetime.datetime:
        """Since when it is in its present state."""
        if self.present_state == StaffInvitationState.EXPIRED:
            return self.expires_at
        return self.accepted_at or self.withdrawn_at or self.opened_at or self.sent_at

    @property
    def is_waiting(self) -> bool:
        """Whether the invited person can accept it now."""
        return self.present_state in {StaffInvitationState.SENT, StaffInvitationState.OPENED}

    @property
    def is_unanswered(self) -> bool:
        """Whether it can still be sent again or withdrawn: neither accepted nor withdrawn."""
        return self.accepted_at is None and self.withdrawn_at is None

    @property
    def roles(self) -> tuple[Role, ...]:
        """The roles that whoever accepts it gets, in the order of the role table."""
        codes = {row.role for row in self.role_rows.all()}
        return tuple(role for role in Role if role.value in codes)


class InvitedRole(models.Model):
    """One role that an invitation promises."""

    invitation = models.ForeignKey(StaffInvitation, models.CASCADE, related_name="role_rows", db_index=False)
    role = models.CharField(_("role"), max_length=20, choices=Role)

    class Meta:
        verbose_name = _("role")
        verbose_name_plural = _("roles")
        constraints = [
            models.UniqueConstraint(fields=["invitation", "role"], name="invited_role_once"),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="invited_role_known"),
        ]

    def __str__(self) -> str:
        return self.get_role_display()
