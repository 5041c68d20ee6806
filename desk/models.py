"""What the desk of a large partner shows: counts that would take too long to make for every visit."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from partners.models import Partner


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
