"""Customers, who resells to them, and who may administer which of their services."""

import datetime
import re
import uuid
from typing import Any, ClassVar

from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from catalog.models import Service
from customers.naming import NameKeyField
from customers.querysets import CustomerQuerySet, PrivilegeQuerySet, RelationshipQuerySet
from partners.legible import validate_legible
from partners.models import Partner

# Both cases are spelled out: without regard to case, “K” would also be the sign of the Kelvin.
LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
# A privilege that is over within so long can be asked for anew, and its holder is warned.
SOON = datetime.timedelta(days=30)
HOST_NAME = re.compile(rf"(?=.{{1,253}}\Z)(?:{LABEL}\.)+{LABEL}\Z")


class Customer(models.Model):
    """A company that uses the cloud services; its id is the tenant id."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    company_name = models.CharField(_("company"), max_length=200, validators=[validate_legible])
    domain = models.CharField(
        _("primary domain"),
        max_length=253,
        validators=[RegexValidator(HOST_NAME, _("Enter a host name, such as contoso.partner.onmschina.cn."))],
    )
    name_key = NameKeyField(source="company_name")
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    objects: ClassVar[CustomerQuerySet] = CustomerQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        ordering = ["name_key", "id"]
        constraints = [
            models.UniqueConstraint(Lower("domain"), name="customer_domain_unique"),
            models.CheckConstraint(condition=~models.Q(company_name=""), name="customer_has_a_name"),
            models.CheckConstraint(condition=~models.Q(domain=""), name="customer_has_a_domain"),
        ]

    def __str__(self) -> str:
        return self.company_name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save; the key goes wherever its name goes."""
        fields = kwargs.get("update_fields")
        if fields is not None and "company_name" in fields:
            kwargs["update_fields"] = {*fields, "name_key"}
        super().save(*args, **kwargs)


class ResellerRelationship(models.Model):
    """This partner may sell to this customer; one that ended keeps the customer in sight of who sold to it.

    `name_key` and `domain` are the customer's, carried here so that a partner's list is one index scan; the
    database itself keeps them equal (triggers in the migrations of this room).
    """

    partner = models.ForeignKey(
        Partner, models.PROTECT, related_name="relationships", db_index=False, verbose_name=_("partner")
    )
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="relationships", verbose_name=_("customer"))
    name_key = models.CharField(max_length=400, editable=False, default="")
    domain = models.CharField(max_length=253, editable=False, default="")
    since = models.DateTimeField(_("since"), null=True, blank=True)
    has_ended = models.BooleanField(_("has ended"), default=False)
    had_subscriptions = models.BooleanField(
        _("had subscriptions"), default=False, help_text=_("Set when it ends: whether the partner had sold something.")
    )

    objects: ClassVar[RelationshipQuerySet] = RelationshipQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("reseller relationship")
        verbose_name_plural = _("reseller relationships")
        constraints = [models.UniqueConstraint(fields=["partner", "customer"], name="relationship_once")]
        indexes = [
            # All columns: a search for a piece that many names have reads along this index, never the table.
            models.Index(
                fields=["partner", "name_key", "customer"],
                include=["id", "domain", "since", "has_ended", "had_subscriptions"],
                name="relationship_by_name",
            )
        ]

    def __str__(self) -> str:
        return f"{self.partner_id} – {self.customer_id}"


class Ending(models.TextChoices):
    """How a privilege came to its end, as far as that is known."""

    REVOKED = "revoked", _("Taken back by the customer")
    MOVED = "moved", _("Given to another partner")
    GIVEN_UP = "given_up", _("Given up by you")
    EXPIRED = "expired", _("Expired")


class DelegatedAdminPrivilege(models.Model):
    """This partner may administer this service of this customer, until that is over.

    From `expires_at` on it counts for nothing (`held`), whether or not the nightly command has written down that it
    is over: only then, or when it is revoked, is `revoked_at` set.
    """

    customer = models.ForeignKey(
        Customer, models.CASCADE, related_name="privileges", db_index=False, verbose_name=_("customer")
    )
    service = models.ForeignKey(
        Service, models.PROTECT, related_name="privileges", db_index=False, verbose_name=_("service")
    )
    partner = models.ForeignKey(
        Partner, models.PROTECT, related_name="privileges", db_index=False, verbose_name=_("partner")
    )
    since = models.DateTimeField(_("since"), null=True, blank=True)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)
    ending = models.CharField(
        _("how it ended"), max_length=10, choices=Ending, blank=True, default="", db_default="", editable=False
    )

    objects: ClassVar[PrivilegeQuerySet] = PrivilegeQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("delegated admin privilege")
        verbose_name_plural = _("delegated admin privileges")
        constraints = [
            models.UniqueConstraint(
                fields=["customer", "service"],
                condition=models.Q(revoked_at__isnull=True),
                name="one_privilege_holder_per_service",
            ),
            models.CheckConstraint(
                condition=models.Q(ending="") | models.Q(ending__in=Ending.values, revoked_at__isnull=False),
                name="privilege_ended_how",
            ),
        ]
        indexes = [
            models.Index(
                fields=["partner", "expires_at", "id"],
                condition=models.Q(revoked_at__isnull=True, expires_at__isnull=False),
                name="privilege_expiring_by_partner",
            ),
            models.Index(
                fields=["expires_at"],
                condition=models.Q(revoked_at__isnull=True, expires_at__isnull=False),
                name="privilege_expiring",
            ),
            models.Index(
                fields=["partner", "-revoked_at", "-id"],
                condition=models.Q(revoked_at__isnull=False),
                name="privilege_ended_by_partner",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.partner_id}: {self.service_id} – {self.customer_id}"

    def has_expired(self, now: datetime.datetime) -> bool:
        """Whether its time was over at this moment."""
        return self.expires_at is not None and self.expires_at <= now

    @property
    def service_ids(self) -> list[int]:
        """The service as a list, as the button that requests takes it."""
        return [self.service_id]

    @property
    def ended_at(self) -> datetime.datetime | None:
        """When it came to its end; of one in force when it will."""
        return self.revoked_at or self.expires_at

    @property
    def ending_words(self) -> str:
        """How it came to its end."""
        if self.revoked_at is None and self.has_expired(timezone.now()):
            return str(Ending.EXPIRED.label)
        return str(Ending(self.ending).label) if self.ending else gettext("Ended")

    @property
    def expires_soon(self) -> bool:
        """Whether it is over within the time in which its holder is warned."""
        return self.expires_at is not None and self.expires_at <= timezone.now() + SOON

    @property
    def days_left(self) -> int:
        """For how many whole days it is in force still; one that never ends is not asked."""
        assert self.expires_at is not None
        return max((self.expires_at - timezone.now()).days, 0)


class PrivilegeWarning(models.Model):
    """That a warning of an expiry was given, so that it is given once: for this privilege, this end, so many days."""

    privilege = models.ForeignKey(DelegatedAdminPrivilege, models.CASCADE, related_name="warnings", db_index=False)
    expires_at = models.DateTimeField()
    days = models.PositiveSmallIntegerField()
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["privilege", "expires_at", "days"], name="privilege_warning_once")
        ]

    def __str__(self) -> str:
        return f"{self.privilege_id}: {self.days}"
