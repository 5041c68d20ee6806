"""A customer that somebody is about to add: what was typed until now."""

import datetime
import uuid
from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from customers.models.customers import Customer
from customers.querysets import DraftQuerySet
from partners.models import Staff

DAYS_KEPT = 30


class CustomerDraft(models.Model):
    """What one person typed into the steps of adding a customer; nobody else sees it.

    One person may have several. It is kept for `DAYS_KEPT` days after the last step; once the customer is added
    it names the customer and holds no words of it any more. `version` grows by one with each step that is saved.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    staff = models.ForeignKey(Staff, models.CASCADE, related_name="customer_drafts", verbose_name=_("staff member"))
    account = models.JSONField(default=dict)
    basket = models.JSONField(default=dict)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(default=timezone.now)
    changed_at = models.DateTimeField(default=timezone.now)
    customer = models.ForeignKey(Customer, models.CASCADE, null=True, related_name="+", verbose_name=_("customer"))

    objects: ClassVar[DraftQuerySet] = DraftQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("draft of a customer")
        verbose_name_plural = _("drafts of customers")
        ordering = ["-changed_at", "id"]
        constraints = [models.CheckConstraint(condition=models.Q(version__gte=1), name="draft_version_positive")]

    def __str__(self) -> str:
        return self.company_name

    @property
    def company_name(self) -> str:
        """The company as far as it was typed."""
        return str(self.account.get("company_name", ""))

    @property
    def kept_until(self) -> datetime.datetime:
        """When it is thrown away if nobody goes on with it."""
        return self.changed_at + datetime.timedelta(days=DAYS_KEPT)
