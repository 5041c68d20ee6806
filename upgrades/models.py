"""The upgrade matrix, what follows from it, and the record of each upgrade."""

import uuid
from typing import Any, ClassVar

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from catalog.models import LARGEST_QUANTITY, Offer, Service
from customers.models import Customer
from partners.models import Partner, Staff
from subscriptions.models import Subscription
from upgrades.footnotes import footnote_words
from upgrades.querysets import UpgradeQuerySet, UpgradeWatchQuerySet


class UpgradeMatrix(models.Model):
    """The matrix as a whole: one row, whose version counts the edits."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    version = models.PositiveIntegerField(_("version"), default=1)
    changed_at = models.DateTimeField(_("in force since"), default=timezone.now)

    class Meta:
        verbose_name = _("upgrade matrix")
        verbose_name_plural = _("upgrade matrix")
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="only_one_matrix")]

    def __str__(self) -> str:
        return str(self._meta.verbose_name)


class UpgradePath(models.Model):
    """One cell of the upgrade matrix: this source offer may be upgraded to this target offer."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    source = models.ForeignKey(Offer, models.PROTECT, related_name="upgrade_paths", verbose_name=_("source offer"))
    target = models.ForeignKey(Offer, models.PROTECT, related_name="upgrade_paths_here", verbose_name=_("target offer"))
    footnote = models.TextField(_("footnote"), blank=True, max_length=1000)

    class Meta:
        verbose_name = _("upgrade path")
        verbose_name_plural = _("upgrade paths")
        constraints = [
            models.UniqueConstraint(fields=["source", "target"], name="upgrade_path_once"),
            models.CheckConstraint(
                condition=~models.Q(source=models.F("target")),
                name="upgrade_path_not_to_itself",
                violation_error_message=_("An offer cannot be upgraded to itself."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source} → {self.target}"


class PathService(models.Model):
    """Follows from the catalogue: a service that the source or the target of a path contains."""

    path = models.ForeignKey(UpgradePath, models.CASCADE, related_name="services")
    service = models.ForeignKey(Service, models.CASCADE, related_name="+", db_index=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["path", "service"], name="path_service_once")]

    def __str__(self) -> str:
        return f"{self.path_id}: {self.service_id}"


class PathConflict(models.Model):
    """Follows from the catalogue: an offer that another live subscription must not be of for this path."""

    path = models.ForeignKey(UpgradePath, models.CASCADE, related_name="conflicts")
    offer = models.ForeignKey(Offer, models.CASCADE, related_name="obstructed_paths", db_index=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["path", "offer"], name="path_conflict_once")]

    def __str__(self) -> str:
        return f"{self.path_id}: {self.offer_id}"


class Upgrade(models.Model):
    """The proof of one upgrade: who moved which subscription from what to what, when, on what evidence.

    The receipt is drawn from this row alone, in the words of that day. Only the ticks of its hand-over list
    change afterwards.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    created_at = models.DateTimeField(_("when"), default=timezone.now, editable=False)
    key = models.CharField(max_length=100, editable=False)
    partner = models.ForeignKey(Partner, models.PROTECT, related_name="upgrades", db_index=False)
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="upgrades", db_index=False)
    subscription = models.ForeignKey(Subscription, models.CASCADE, related_name="upgrades")
    # None where a program upgraded; `staff_name` then is the program's.
    staff = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="upgrades")
    source_offer = models.ForeignKey(Offer, models.PROTECT, related_name="upgrades_from")
    target_offer = models.ForeignKey(Offer, models.PROTECT, related_name="upgrades_to")
    partner_name = models.CharField(max_length=200)
    company_name = models.CharField(max_length=200)
    staff_name = models.CharField(max_length=254)
    source_name = models.CharField(max_length=150)
    target_name = models.CharField(max_length=150)
    nickname = models.CharField(max_length=256, blank=True)
    quantity_before = models.PositiveIntegerField()
    quantity_after = models.PositiveIntegerField()
    version_after = models.PositiveIntegerField()
    gained = models.JSONField(default=list)
    replaced = models.JSONField(default=list)
    lost = models.JSONField(default=list)
    footnote = models.TextField(blank=True)
    matrix_version = models.PositiveIntegerField()
    evidence = models.JSONField(default=list, encoder=DjangoJSONEncoder)
    hand_over = models.JSONField(default=list, encoder=DjangoJSONEncoder)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[UpgradeQuerySet] = UpgradeQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("upgrade")
        verbose_name_plural = _("upgrades")
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["partner", "key"], name="upgrade_once_per_key"),
            models.CheckConstraint(
                condition=models.Q(quantity_before__gte=1)
                & models.Q(quantity_after__gte=1, quantity_after__lte=LARGEST_QUANTITY),
                name="upgrade_quantities_in_range",
            ),
            models.CheckConstraint(
                condition=~models.Q(source_offer=models.F("target_offer")), name="upgrade_changes_the_offer"
            ),
        ]
        indexes = [
            models.Index(fields=["partner", "-created_at", "-id"], name="upgrade_by_partner"),
            models.Index(fields=["customer", "-created_at"], name="upgrade_by_customer"),
            models.Index(
                fields=["partner", "created_at"],
                name="upgrade_unfinished",
                condition=models.Q(finished_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source_name} → {self.target_name}"

    @property
    def footnote_words(self) -> str:
        """The footnote of the path at that time, in the reader's language where it is a known one."""
        return footnote_words(self.footnote)

    @property
    def difference(self) -> int:
        """How many licences more (or, below zero, fewer) there are than before."""
        return self.quantity_after - self.quantity_before

    @property
    def steps_done(self) -> int:
        """How many steps of the hand-over list are ticked off."""
        return sum(1 for step in self.hand_over if step["done_at"])

    @property
    def is_finished(self) -> bool:
        """Whether nothing of the hand-over list is left to do."""
        return self.finished_at is not None

    @property
    def change(self) -> dict[str, Any]:
        """What it gained, replaced and lost, as the plan chips draw it."""
        return {"gained": self.gained, "replaced": self.replaced, "lost": self.lost}


class WatchEnding(models.TextChoices):
    """How it came that nobody waits any more to be told of an upgrade."""

    TOLD = "told", _("Told that it is possible")
    STOPPED = "stopped", _("Did not want to be told any more")
    OVERTAKEN = "overtaken", _("There is no such upgrade any more")
    NOT_ALLOWED = "not_allowed", _("May not upgrade it any more")


class UpgradeWatch(models.Model):
    """A person waits to be told when a subscription can be upgraded: to this target, or to any where none is named.

    It is open until `ended_at`; `ending` says how it came to its end.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    staff = models.ForeignKey(Staff, models.CASCADE, related_name="upgrade_watches", db_index=False)
    partner = models.ForeignKey(Partner, models.CASCADE, related_name="+", db_index=False)
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="+", db_index=False)
    subscription = models.ForeignKey(Subscription, models.CASCADE, related_name="watches")
    target = models.ForeignKey(Offer, models.CASCADE, null=True, blank=True, related_name="+", db_index=False)
    asked_at = models.DateTimeField(_("asked"), default=timezone.now, editable=False)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    ending = models.CharField(_("how it ended"), max_length=12, choices=WatchEnding, blank=True)

    objects: ClassVar[UpgradeWatchQuerySet] = UpgradeWatchQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("wait for an upgrade")
        verbose_name_plural = _("waits for upgrades")
        ordering = ["-asked_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["staff", "subscription", "target"],
                condition=models.Q(ended_at__isnull=True, target__isnull=False),
                name="upgrade_watch_once",
            ),
            models.UniqueConstraint(
                fields=["staff", "subscription"],
                condition=models.Q(ended_at__isnull=True, target__isnull=True),
                name="upgrade_watch_of_any_once",
            ),
            models.CheckConstraint(
                condition=models.Q(ending="", ended_at__isnull=True)
                | models.Q(ending__in=WatchEnding.values, ended_at__isnull=False),
                name="upgrade_watch_ended_how",
            ),
        ]
        indexes = [
            # Asked in the transaction of whatever may mend a condition, so it holds what is open and nothing else.
            models.Index(fields=["customer"], condition=models.Q(ended_at__isnull=True), name="upgrade_watch_open"),
            models.Index(
                fields=["staff", "-ended_at"],
                condition=models.Q(ending=WatchEnding.TOLD),
                name="upgrade_watch_told",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.staff_id}: {self.subscription_id} → {self.target_id or '*'}"
