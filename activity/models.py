"""The append-only record: what was done, by whom, to what, and how it ended."""

import uuid
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from activity.chain import append
from activity.querysets import ActivityQuerySet


class Outcome(models.TextChoices):
    """How what was asked ended."""

    DONE = "done", _("Done")
    REFUSED = "refused", _("Refused")
    # Nobody refused it: it was tried, and something else did not do its part.
    FAILED = "failed", _("Failed")


class ActorKind(models.TextChoices):
    """What kind of actor it was."""

    STAFF = "staff", _("Partner staff")
    PLATFORM = "platform", _("Platform administrator")
    SYSTEM = "system", _("The portal itself")
    CUSTOMER = "customer", _("A customer")
    CLIENT = "client", _("An API client")


class ActivityRecord(models.Model):
    """One thing that was done or refused, in the words of that day.

    It names partner, person, customer and resource by id and by name, without foreign keys, so that it
    outlives them and never blocks them. Records are written once: saving one again or deleting one raises
    `TypeError`, and the database itself refuses both (triggers in the migrations of this room). Each is a link
    of a chain (`activity.chain`).
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    at = models.DateTimeField(_("when"), default=timezone.now, editable=False)
    partner_id = models.UUIDField(_("partner id"), null=True)
    partner_name = models.CharField(_("partner"), max_length=200, blank=True)
    actor_kind = models.CharField(_("kind of actor"), max_length=10, choices=ActorKind)
    actor_id = models.UUIDField(_("actor id"), null=True)
    actor_name = models.CharField(_("who"), max_length=254, blank=True)
    address = models.CharField(_("from where"), max_length=45, blank=True)
    operation = models.CharField(_("operation"), max_length=60)
    customer_id = models.UUIDField(_("customer id"), null=True)
    customer_name = models.CharField(_("customer"), max_length=200, blank=True)
    resource_type = models.CharField(_("kind of resource"), max_length=40, blank=True)
    resource_id = models.CharField(_("resource id"), max_length=64, blank=True)
    before = models.JSONField(_("before"), null=True, encoder=DjangoJSONEncoder)
    after = models.JSONField(_("after"), null=True, encoder=DjangoJSONEncoder)
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome, default=Outcome.DONE)
    reasons = models.JSONField(_("reasons"), default=list, blank=True)
    correlation_id = models.UUIDField(_("correlation id"))
    # What asked through the API: the client's id, what the program calls itself, and a correlation id that is no UUID.
    application = models.CharField(_("application"), max_length=100, blank=True, default="", db_default="")
    program = models.CharField(_("program"), max_length=128, blank=True, default="", db_default="")
    correlation = models.CharField(_("correlation id, as sent"), max_length=128, blank=True, default="", db_default="")
    chain_id = models.UUIDField(_("chain"), editable=False)
    number = models.PositiveBigIntegerField(_("number in the chain"), editable=False)
    digest = models.CharField(_("digest"), max_length=64, editable=False)

    objects = ActivityQuerySet.as_manager()

    class Meta:
        verbose_name = _("activity record")
        verbose_name_plural = _("activity records")
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["partner_id", "-at", "-id"], name="activity_by_partner"),
            models.Index(fields=["customer_id", "partner_id", "-at", "-id"], name="activity_by_customer"),
            models.Index(fields=["partner_id", "actor_id", "-at", "-id"], name="activity_by_person"),
            models.Index(fields=["partner_id", "operation", "-at", "-id"], name="activity_by_operation"),
            # Nearly all is done by staff, and was done: an index of those would find no less than the partner's own.
            models.Index(
                fields=["partner_id", "actor_kind", "-at", "-id"],
                condition=~models.Q(actor_kind=ActorKind.STAFF),
                name="activity_not_by_staff",
            ),
            models.Index(
                fields=["partner_id", "outcome", "-at", "-id"],
                condition=~models.Q(outcome=Outcome.DONE),
                name="activity_not_done",
            ),
        ]
        constraints = [
            models.CheckConstraint(condition=models.Q(outcome__in=Outcome.values), name="activity_outcome_known"),
            models.CheckConstraint(condition=models.Q(actor_kind__in=ActorKind.values), name="activity_actor_known"),
            models.UniqueConstraint(fields=["chain_id", "number"], name="activity_once_in_a_chain"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.operation} {self.resource_type} {self.resource_id}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Write a new record; a written one is never changed (`TypeError`)."""
        if not self._state.adding:
            raise TypeError("An activity record is written once and never changed.")
        # Without a savepoint of its own: within the transaction of a change this costs nothing.
        with transaction.atomic(savepoint=False):
            append(self)
            super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Never: raises `TypeError`."""
        raise TypeError("An activity record is never deleted.")


class ActivityChain(models.Model):
    """The head of a chain of activity records: how long it is. The database lets it only grow, one by one."""

    id = models.UUIDField(primary_key=True, editable=False)
    length = models.PositiveBigIntegerField(_("length"))
    digest = models.CharField(_("digest"), max_length=64)

    class Meta:
        verbose_name = _("chain of activity records")
        verbose_name_plural = _("chains of activity records")

    def __str__(self) -> str:
        return f"{self.pk}: {self.length}"


class ActivitySeal(models.Model):
    """A digest of all that was recorded up to one moment: it also tells when a chain is gone with its head.

    Seals are numbered from 1, and each holds the digest of the one before it, so that a copy of one vouches for
    all of them up to it. Never changed or removed either.
    """

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField(_("when"), default=timezone.now, editable=False)
    chains = models.PositiveBigIntegerField(_("chains"))
    records = models.PositiveBigIntegerField(_("records"))
    digest = models.CharField(_("digest"), max_length=64)

    class Meta:
        verbose_name = _("seal of the activity log")
        verbose_name_plural = _("seals of the activity log")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.digest}"


class SealedChain(models.Model):
    """How long a chain was when it was sealed, for each seal before which it had grown."""

    seal = models.ForeignKey(ActivitySeal, on_delete=models.PROTECT, related_name="sealed", verbose_name=_("seal"))
    chain_id = models.UUIDField(_("chain"))
    length = models.PositiveBigIntegerField(_("length"))
    digest = models.CharField(_("digest"), max_length=64)

    class Meta:
        verbose_name = _("sealed chain")
        verbose_name_plural = _("sealed chains")
        constraints = [
            models.UniqueConstraint(fields=["chain_id", "length"], name="activity_sealed_once"),
            models.UniqueConstraint(fields=["seal", "chain_id"], name="activity_once_in_a_seal"),
        ]

    def __str__(self) -> str:
        return f"{self.chain_id}: {self.length}"


class Submission(models.Model):
    """Something that was asked for under an idempotency key, and what came of it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    at = models.DateTimeField(_("when"), default=timezone.now, editable=False)
    partner_id = models.UUIDField(_("partner id"))
    key = models.CharField(max_length=128)
    operation = models.CharField(_("operation"), max_length=60)
    digest = models.CharField(max_length=64)
    result = models.JSONField(encoder=DjangoJSONEncoder)

    class Meta:
        verbose_name = _("submission")
        verbose_name_plural = _("submissions")
        constraints = [models.UniqueConstraint(fields=["partner_id", "key"], name="submission_once_per_key")]
        indexes = [models.Index(fields=["at"], name="submission_by_age")]

    def __str__(self) -> str:
        return f"{self.operation} {self.key}"
