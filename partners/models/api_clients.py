"""Programs that a partner lets act for it: each has roles of its own, like a member of staff."""

import uuid
from functools import cached_property

from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from activity.models import ActorKind
from activity.operations import Actor
from partners.legible import validate_legible
from partners.models.people import Partner, Staff
from partners.roles import MAY, Permission, Role


class ApiClient(models.Model):
    """A program of a partner that asks the API, until it is revoked.

    It answers the questions that operations ask of a member of staff: `partner`, `may(…)`, `actor`, its name. What
    OAuth has to know of it, its secret above all, stands in `oauth`, whose id is the id of this row. `version` grows
    by one with each change.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    partner = models.ForeignKey(
        Partner, models.PROTECT, related_name="api_clients", db_index=False, verbose_name=_("partner")
    )
    name = models.CharField(pgettext_lazy("of a program", "name"), max_length=100, validators=[validate_legible])
    oauth = models.OneToOneField("allauth_idp_oidc.Client", models.PROTECT, related_name="api_client", editable=False)
    made_by = models.ForeignKey(Staff, models.PROTECT, related_name="api_clients", verbose_name=_("made by"))
    created_at = models.DateTimeField(_("made"), default=timezone.now, editable=False)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True, editable=False)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True, editable=False)
    version = models.PositiveIntegerField(default=1, db_default=1, editable=False)

    # In what language it is spoken to, each request says for itself.
    language = ""

    class Meta:
        verbose_name = _("API client")
        verbose_name_plural = _("API clients")
        ordering = ["name", "id"]
        indexes = [models.Index(fields=["partner", "name", "id"], name="api_client_by_partner")]
        constraints = [
            models.CheckConstraint(condition=~models.Q(name=""), name="api_client_has_a_name"),
            models.UniqueConstraint(
                "partner",
                Lower("name"),
                condition=models.Q(revoked_at__isnull=True),
                name="api_client_once_per_name",
                violation_error_message=_("Another API client has this name already."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_in_force(self) -> bool:
        """Whether it may ask anything at all: it was not revoked."""
        return self.revoked_at is None

    @cached_property
    def roles(self) -> tuple[Role, ...]:
        """Its roles, in the order of the role table."""
        codes = {row.role for row in self.role_rows.all()}
        return tuple(role for role in Role if role.value in codes)

    @cached_property
    def permissions(self) -> frozenset[Permission]:
        """All that its roles allow."""
        return frozenset().union(*(MAY[role] for role in self.roles))

    def may(self, permission: Permission) -> bool:
        """Whether it is in force and one of its roles allows this."""
        return self.is_in_force and permission in self.permissions

    @property
    def actor(self) -> Actor:
        """This program as an activity record names it."""
        return Actor(
            kind=ActorKind.CLIENT,
            id=self.pk,
            name=self.name,
            partner_id=self.partner_id,
            partner_name=self.partner.name,
        )


class ApiClientRole(models.Model):
    """One role of one API client."""

    client = models.ForeignKey(ApiClient, models.CASCADE, related_name="role_rows", db_index=False)
    role = models.CharField(_("role"), max_length=20, choices=Role)

    class Meta:
        verbose_name = _("role")
        verbose_name_plural = _("roles")
        constraints = [
            models.UniqueConstraint(fields=["client", "role"], name="api_client_role_once"),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="api_client_role_known"),
        ]

    def __str__(self) -> str:
        return self.get_role_display()


# Whoever acts for a partner: a person, or a program in its own name.
type Caller = Staff | ApiClient


def person_of(caller: Caller) -> Staff | None:
    """The person who acts, for what refers to people; `None` where a program acts in its own name."""
    return caller if isinstance(caller, Staff) else None
