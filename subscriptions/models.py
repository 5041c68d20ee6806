"""Subscriptions: what a customer bought, of which offer, how many licences, in what state; and the orders for them."""

import datetime
import uuid
from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from catalog.models import LARGEST_QUANTITY, Offer
from customers.models import Customer
from partners.models import Partner, Staff
from subscriptions.querysets import OrderLineQuerySet, OrderQuerySet, SubscriptionQuerySet

DAYS_UNTIL_DELETION = 60
# As long as the REST protocol allows.
LONGEST_NICKNAME = 256
LONGEST_REFERENCE = 100
LONGEST_REASON = 500


class Status(models.TextChoices):
    """The states of a subscription: pending -> active <-> suspended -> deleted; active -> deleted."""

    PENDING = "pending", _("Pending")
    ACTIVE = "active", _("Active")
    SUSPENDED = "suspended", _("Suspended")
    DELETED = "deleted", _("Deleted")


LIVE = (Status.PENDING, Status.ACTIVE, Status.SUSPENDED)


def a_year_later(day: datetime.date) -> datetime.date:
    """The same day of the next year; 28 February for a leap day."""
    try:
        return day.replace(year=day.year + 1)
    except ValueError:
        return day.replace(year=day.year + 1, day=28)


class Subscription(models.Model):
    """A customer's purchase of one offer with a quantity of licences.

    The database refuses a quantity outside 1 to the offer's maximum (a deleted one may have more: the offer may have
    got other limits), a parent of another customer, and every change of a deleted subscription (triggers in the
    migrations of this room).
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    customer = models.ForeignKey(
        Customer, models.CASCADE, related_name="subscriptions", verbose_name=_("customer"), db_index=False
    )
    offer = models.ForeignKey(Offer, models.PROTECT, related_name="subscriptions", verbose_name=_("offer"))
    reseller_of_record = models.ForeignKey(
        Partner,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="subscriptions",
        verbose_name=_("reseller of record"),
        db_index=False,
    )
    parent = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="add_ons",
        verbose_name=_("add-on of"),
        db_index=False,
    )
    nickname = models.CharField(_("nickname"), max_length=LONGEST_NICKNAME, blank=True)
    quantity = models.PositiveIntegerField(_("licences"))
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.ACTIVE)
    created_at = models.DateTimeField(_("created"), default=timezone.now)
    suspended_at = models.DateTimeField(_("suspended"), null=True, blank=True)
    suspended_with_parent = models.BooleanField(
        _("suspended with its parent"),
        default=False,
        db_default=False,
        editable=False,
        help_text=_("An add-on that went with its parent comes back with it."),
    )
    commitment_end = models.DateField(_("committed until"))
    auto_renew = models.BooleanField(_("renews by itself"), default=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects: ClassVar[SubscriptionQuerySet] = SubscriptionQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("subscription")
        verbose_name_plural = _("subscriptions")
        ordering = ["created_at", "id"]
        indexes = [
            models.Index(fields=["customer", "offer"], name="subscription_by_customer"),
            models.Index(fields=["reseller_of_record", "customer", "id"], name="subscription_by_reseller"),
            models.Index(
                fields=["reseller_of_record", "suspended_at", "id"],
                name="subscription_suspended",
                condition=models.Q(status="suspended"),
            ),
            models.Index(fields=["parent"], name="subscription_add_on", condition=models.Q(parent__isnull=False)),
            # What a partner's list of subscriptions can be sorted by. Each is written anew at every upgrade.
            models.Index(fields=["reseller_of_record", "created_at", "id"], name="subscription_by_age"),
            models.Index(fields=["reseller_of_record", "commitment_end", "id"], name="subscription_by_renewal"),
            models.Index(fields=["reseller_of_record", "quantity", "id"], name="subscription_by_quantity"),
            models.Index(fields=["reseller_of_record", "offer", "id"], name="subscription_by_offer"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(quantity__gte=1, quantity__lte=LARGEST_QUANTITY),
                name="subscription_quantity_in_range",
            ),
            models.CheckConstraint(condition=models.Q(status__in=Status.values), name="subscription_status_known"),
            models.CheckConstraint(
                condition=models.Q(suspended_at__isnull=True) | models.Q(status__in=[Status.SUSPENDED, Status.DELETED]),
                name="subscription_suspended_only_so",
            ),
            models.CheckConstraint(
                condition=models.Q(suspended_with_parent=False)
                | models.Q(status__in=[Status.SUSPENDED, Status.DELETED]),
                name="subscription_went_with_its_parent",
            ),
            models.CheckConstraint(
                condition=models.Q(parent__isnull=True) | ~models.Q(parent=models.F("id")),
                name="subscription_not_its_own_parent",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.offer} – {self.nickname}" if self.nickname else str(self.offer)

    @property
    def is_live(self) -> bool:
        """Not deleted: pending, active or suspended."""
        return self.status != Status.DELETED

    def is_sold_by(self, partner: Partner) -> bool:
        """Whether this partner is the reseller of record."""
        return self.reseller_of_record_id == partner.pk

    @property
    def deletion_time(self) -> datetime.datetime | None:
        """When a suspended subscription is deleted with its data: 60 days after its suspension."""
        if self.status != Status.SUSPENDED or self.suspended_at is None:
            return None
        return self.suspended_at + datetime.timedelta(days=DAYS_UNTIL_DELETION)

    @property
    def days_until_deletion(self) -> int | None:
        """Whole days left until it is deleted; negative where the day has passed."""
        when = self.deletion_time
        return None if when is None else (timezone.localdate(when) - timezone.localdate()).days

    def is_past_deletion(self, now: datetime.datetime) -> bool:
        """Whether its 60 days are over, so that it cannot be reactivated any more."""
        return self.deletion_time is not None and self.deletion_time <= now

    def save(self, *args: object, **kwargs: object) -> None:
        """Save; a new subscription without a commitment is committed for a year."""
        if getattr(self, "commitment_end", None) is None:
            self.commitment_end = a_year_later(self.created_at.date())
        super().save(*args, **kwargs)  # type: ignore[arg-type]


class DeletionWarning(models.Model):
    """Somebody was warned that a suspended subscription is deleted within so many days; once a suspension."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    subscription = models.ForeignKey(Subscription, models.CASCADE, related_name="deletion_warnings", db_index=False)
    suspended_at = models.DateTimeField(_("suspended"))
    days = models.PositiveSmallIntegerField(_("days before deletion"))
    at = models.DateTimeField(_("when"), default=timezone.now)

    class Meta:
        verbose_name = _("deletion warning")
        verbose_name_plural = _("deletion warnings")
        constraints = [
            models.UniqueConstraint(fields=["subscription", "suspended_at", "days"], name="deletion_warning_once")
        ]

    def __str__(self) -> str:
        return f"{self.subscription_id}: {self.days}"


class BillingCycle(models.TextChoices):
    """How often an order is paid for."""

    MONTHLY = "monthly", _("Monthly")
    ANNUAL = "annual", _("Annual")


class OrderStatus(models.TextChoices):
    """How far an order has come; it follows from its subscriptions and is not stored."""

    PENDING = "pending", _("Pending")
    COMPLETED = "completed", _("Completed")
    CANCELLED = "cancelled", _("Cancelled")


class Order(models.Model):
    """What a partner bought for a customer in one act: each line became a subscription."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    customer = models.ForeignKey(
        Customer, models.CASCADE, related_name="orders", verbose_name=_("customer"), db_index=False
    )
    partner = models.ForeignKey(
        Partner, models.PROTECT, related_name="orders", verbose_name=_("partner"), db_index=False
    )
    staff = models.ForeignKey(
        Staff, models.PROTECT, null=True, blank=True, related_name="orders", verbose_name=_("ordered by")
    )
    reference = models.CharField(_("your reference"), max_length=LONGEST_REFERENCE, blank=True)
    billing_cycle = models.CharField(
        _("billing cycle"), max_length=10, choices=BillingCycle, default=BillingCycle.MONTHLY
    )
    created_at = models.DateTimeField(_("ordered"), default=timezone.now)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects: ClassVar[OrderQuerySet] = OrderQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        ordering = ["-created_at", "-id"]
        indexes = [models.Index(fields=["customer", "partner", "-created_at", "-id"], name="order_by_customer")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(billing_cycle__in=BillingCycle.values), name="order_billing_cycle_known"
            ),
        ]

    def __str__(self) -> str:
        return self.reference or str(self.pk)

    @property
    def status(self) -> OrderStatus:
        """Pending while any subscription is; cancelled where all were deleted before they were provisioned."""
        lines = self.lines.all()
        if any(line.subscription.status == Status.PENDING for line in lines):
            return OrderStatus.PENDING
        if all(line.is_cancelled for line in lines):
            return OrderStatus.CANCELLED
        return OrderStatus.COMPLETED


class Provisioning(models.TextChoices):
    """How far the provisioning of one line of an order has come."""

    PENDING = "pending", _("Being provisioned")
    SUCCEEDED = "succeeded", _("Provisioned")
    FAILED = "failed", _("Provisioning failed")


class Failure(models.TextChoices):
    """Why an attempt to provision a line failed."""

    REFUSED = "refused", _("The cloud refused it without saying why.")
    PARENT_NOT_ACTIVE = "parent_not_active", _("The subscription that it is an add-on of is not active.")
    BROKE_OFF = "broke_off", _("The cloud could not be asked; operators find the cause in the worker’s log.")


class OrderLine(models.Model):
    """One offer of an order, with the licences ordered, and how its provisioning goes.

    While it is pending, `next_attempt_at` says when it is due; one that failed waits for somebody to try again.
    """

    order = models.ForeignKey(Order, models.CASCADE, related_name="lines", verbose_name=_("order"))
    number = models.PositiveSmallIntegerField(_("line"))
    offer = models.ForeignKey(Offer, models.PROTECT, related_name="order_lines", verbose_name=_("offer"))
    quantity = models.PositiveIntegerField(_("licences"))
    nickname = models.CharField(_("nickname"), max_length=LONGEST_NICKNAME, blank=True)
    subscription = models.OneToOneField(Subscription, models.CASCADE, related_name="order_line")
    provisioning = models.CharField(
        _("provisioning"), max_length=10, choices=Provisioning, default=Provisioning.PENDING
    )
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    next_attempt_at = models.DateTimeField(_("next attempt"), null=True, blank=True, default=timezone.now)
    failure_code = models.CharField(_("kind of failure"), max_length=20, choices=Failure, blank=True)
    failure = models.CharField(_("last failure"), max_length=500, blank=True)
    provisioned_at = models.DateTimeField(_("provisioned"), null=True, blank=True)

    objects: ClassVar[OrderLineQuerySet] = OrderLineQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("order line")
        verbose_name_plural = _("order lines")
        ordering = ["order", "number"]
        indexes = [
            models.Index(
                fields=["next_attempt_at"],
                name="order_line_due",
                condition=models.Q(provisioning=Provisioning.PENDING),
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["order", "number"], name="order_line_once"),
            models.CheckConstraint(
                condition=models.Q(quantity__gte=1, quantity__lte=LARGEST_QUANTITY),
                name="order_line_quantity_in_range",
            ),
            models.CheckConstraint(
                condition=models.Q(provisioning=Provisioning.SUCCEEDED, provisioned_at__isnull=False)
                | models.Q(provisioning__in=[Provisioning.PENDING, Provisioning.FAILED], provisioned_at__isnull=True),
                name="order_line_provisioned_or_not",
            ),
            models.CheckConstraint(
                condition=models.Q(provisioning=Provisioning.PENDING) | models.Q(next_attempt_at__isnull=True),
                name="order_line_due_only_while_pending",
            ),
            models.CheckConstraint(
                condition=~models.Q(provisioning=Provisioning.FAILED) | ~models.Q(failure_code=""),
                name="order_line_failed_for_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number}: {self.offer}"

    @property
    def is_cancelled(self) -> bool:
        """Whether its subscription was deleted before it was provisioned."""
        return self.subscription.status == Status.DELETED and self.provisioned_at is None

    @property
    def is_waiting(self) -> bool:
        """Whether its subscription still waits to be provisioned."""
        return self.subscription.status == Status.PENDING

    @property
    def is_in_trouble(self) -> bool:
        """Whether its last attempt failed and its subscription still waits."""
        return bool(self.failure_code) and self.is_waiting

    @property
    def failure_words(self) -> str:
        """What the last failure was: the cloud's own words, or the portal's in the reader's language."""
        return self.failure or str(Failure(self.failure_code).label) if self.failure_code else ""
