"""Customers, who resells to them, and who may administer which of their services."""

import re
import uuid
from typing import Any, ClassVar

from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from catalog.models import Service
from customers.naming import NameKeyField
from customers.querysets import CustomerQuerySet, PrivilegeQuerySet, RelationshipQuerySet
from partners.legible import validate_legible
from partners.models import Partner

# Both cases are spelled out: without regard to case, “K” would also be the sign of the Kelvin.
LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
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


class DelegatedAdminPrivilege(models.Model):
    """This partner may administer this service of this customer, until it is revoked."""

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
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)

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
        ]

    def __str__(self) -> str:
        return f"{self.partner_id}: {self.service_id} – {self.customer_id}"
