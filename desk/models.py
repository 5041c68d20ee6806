"""What the pages keep: counts that would take too long to make for every visit, and people's own views of lists."""

import uuid

from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from partners.legible import validate_legible
from partners.models import Partner, Staff

LONGEST_QUERY = 4_000


class DeskSnapshot(models.Model):
    """How a partner's live subscriptions stood at one moment: `possible`, `one_step`, `held_up` by code."""

    partner = models.OneToOneField(
        Partner, models.CASCADE, primary_key=True, related_name="desk_snapshot", verbose_name=_("partner")
    )
    taken_at = models.DateTimeField(_("taken"))
    counts = models.JSONField(_("counts"))

    class Meta:
        verbose_name = _("desk snapshot")
        verbose_name_plural = _("desk snapshots")

    def __str__(self) -> str:
        return f"{self.partner_id} {self.taken_at:%Y-%m-%d %H:%M}"


class List(models.TextChoices):
    """The lists that a person may keep views of."""

    SUBSCRIPTIONS = "subscriptions", _("Subscriptions")


class SavedView(models.Model):
    """A filter, an order and a choice of columns that a person keeps under a name of their own."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    staff = models.ForeignKey(Staff, models.CASCADE, related_name="saved_views", verbose_name=_("staff member"))
    list = models.CharField(_("list"), max_length=20, choices=List, default=List.SUBSCRIPTIONS)
    name = models.CharField(_("name"), max_length=60, validators=[validate_legible])
    query = models.CharField(_("query of the address"), max_length=LONGEST_QUERY, blank=True)
    is_default = models.BooleanField(_("shows first"), default=False)

    class Meta:
        verbose_name = _("saved view")
        verbose_name_plural = _("saved views")
        ordering = [Lower("name")]
        constraints = [
            models.UniqueConstraint("staff", "list", Lower("name"), name="saved_view_name_once"),
            models.UniqueConstraint(
                fields=["staff", "list"], condition=models.Q(is_default=True), name="saved_view_one_shows_first"
            ),
            models.CheckConstraint(condition=models.Q(list__in=List.values), name="saved_view_list_known"),
            models.CheckConstraint(condition=~models.Q(name=""), name="saved_view_has_a_name"),
        ]

    def __str__(self) -> str:
        return self.name
