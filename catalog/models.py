"""What is sold: offers, the service plans in them, the services those belong to, and what an offer costs."""

import datetime
import uuid
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, ClassVar

from django.db import models
from django.db.models.functions import Length, Upper
from django.db.models.lookups import Exact
from django.utils.translation import gettext_lazy as _

from catalog.querysets import OfferQuerySet, PriceQuerySet

LARGEST_QUANTITY = 10_000_000
LONGEST_DESCRIPTION = 1000
PRICE_DECIMALS = 4
# Eleven digits at most: SQLite keeps decimals as floating-point numbers, which hold fifteen without loss.
LARGEST_AMOUNT = Decimal(1_000_000)
DEFAULT_CURRENCY = "CNY"


class Service(models.Model):
    """What a customer's people use, such as Exchange Online and SharePoint Online."""

    id = models.SmallAutoField(primary_key=True)
    code = models.SlugField(_("code"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=100)

    class Meta:
        verbose_name = _("service")
        verbose_name_plural = _("services")
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name


class ServicePlan(models.Model):
    """One edition of a service: Exchange Online (Plan 1), (Plan 2)."""

    id = models.SmallAutoField(primary_key=True)
    code = models.CharField(_("code"), max_length=60, unique=True)
    plan_id = models.UUIDField(_("public plan id"), null=True, blank=True)
    name = models.CharField(_("name"), max_length=100)
    service = models.ForeignKey(Service, models.PROTECT, related_name="plans", verbose_name=_("service"))

    class Meta:
        verbose_name = _("service plan")
        verbose_name_plural = _("service plans")
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name


class Category(models.TextChoices):
    """Where an offer stands in the catalogue."""

    SMALL_BUSINESS = "Small business", _("Small business")
    ENTERPRISE = "Enterprise", _("Enterprise")
    STANDALONE = "Standalone", _("Standalone")


class Offer(models.Model):
    """What is sold: Office 365 Business Premium.

    An offer with prerequisite offers is an add-on: it is sold only beside a subscription of one of them.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    name = models.CharField(_("name"), max_length=150, unique=True)
    sku_part_number = models.CharField(_("SKU part number"), max_length=60, unique=True)
    sku_id = models.UUIDField(_("SKU id"), null=True, blank=True)
    category = models.CharField(_("category"), max_length=30, choices=Category)
    description = models.TextField(_("description"), blank=True, max_length=LONGEST_DESCRIPTION, db_default="")
    minimum_quantity = models.PositiveIntegerField(_("fewest licences"), default=1)
    maximum_quantity = models.PositiveIntegerField(_("most licences"), default=LARGEST_QUANTITY)
    is_available = models.BooleanField(_("available for purchase"), default=True)
    rank = models.PositiveSmallIntegerField(_("place in the catalogue"), default=0, db_default=0, editable=False)
    service_plans: "models.ManyToManyField[ServicePlan, OfferServicePlan]" = models.ManyToManyField(
        ServicePlan, through="OfferServicePlan", related_name="offers", verbose_name=_("service plans")
    )
    prerequisite_offers: "models.ManyToManyField[Offer, OfferPrerequisite]" = models.ManyToManyField(
        "self",
        through="OfferPrerequisite",
        through_fields=("offer", "prerequisite"),
        symmetrical=False,
        blank=True,
        related_name="add_on_offers",
        verbose_name=_("add-on of"),
    )

    objects: ClassVar[OfferQuerySet] = OfferQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("offer")
        verbose_name_plural = _("offers")
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(minimum_quantity__gte=1)
                & models.Q(maximum_quantity__gte=models.F("minimum_quantity"))
                & models.Q(maximum_quantity__lte=LARGEST_QUANTITY),
                name="offer_quantities_in_order",
                violation_error_message=_("At least 1 licence, the most no fewer than the fewest, 10,000,000 at most."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save it; a new one stands behind all others in the catalogue, unless its `rank`, from 1, says where."""
        if self._state.adding and not self.rank:
            self.rank = 1 + Offer.objects.aggregate(last=models.Max("rank", default=0))["last"]
        super().save(*args, **kwargs)

    @property
    def short_name(self) -> str:
        """The name without the product line, for table heads and running text."""
        return self.name.removeprefix("Office 365 ")

    def keep_plans(self, plans: Iterable[ServicePlan]) -> None:
        """Hold these as the offer's service plans, as if they had been prefetched."""
        kept = ServicePlan.objects.all()
        kept._result_cache = list(plans)  # noqa: SLF001 - as Django itself prefetches
        held: dict[str, Any] = self.__dict__.setdefault("_prefetched_objects_cache", {})
        held["service_plans"] = kept

    def allows(self, quantity: int) -> bool:
        """Whether this many licences may be bought of the offer."""
        return self.minimum_quantity <= quantity <= self.maximum_quantity


class OfferServicePlan(models.Model):
    """A service plan that an offer contains."""

    offer = models.ForeignKey(Offer, models.CASCADE, related_name="contents", verbose_name=_("offer"))
    service_plan = models.ForeignKey(
        ServicePlan, models.PROTECT, related_name="contained_in", verbose_name=_("service plan")
    )

    class Meta:
        verbose_name = _("service plan of an offer")
        verbose_name_plural = _("service plans of an offer")
        constraints = [models.UniqueConstraint(fields=["offer", "service_plan"], name="offer_service_plan_once")]

    def __str__(self) -> str:
        return str(self.service_plan)


class OfferPrerequisite(models.Model):
    """An offer that another is an add-on of."""

    offer = models.ForeignKey(Offer, models.CASCADE, related_name="prerequisites", verbose_name=_("add-on"))
    prerequisite = models.ForeignKey(
        Offer, models.PROTECT, related_name="prerequisite_of", verbose_name=_("prerequisite offer")
    )

    class Meta:
        verbose_name = _("prerequisite of an add-on")
        verbose_name_plural = _("prerequisites of add-ons")
        constraints = [
            models.UniqueConstraint(fields=["offer", "prerequisite"], name="offer_prerequisite_once"),
            models.CheckConstraint(
                condition=~models.Q(offer=models.F("prerequisite")),
                name="offer_no_prerequisite_of_itself",
                violation_error_message=_("An offer cannot be an add-on of itself."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.prerequisite} + {self.offer}"


class Price(models.Model):
    """What one licence of an offer costs a month, in one currency, from one day through another or for good.

    There is at most one for each offer, currency and day; triggers hold that, as no constraint of both databases
    can say it.
    """

    offer = models.ForeignKey(Offer, models.CASCADE, related_name="prices", verbose_name=_("offer"), db_index=False)
    currency = models.CharField(_("currency"), max_length=3, default=DEFAULT_CURRENCY)
    amount = models.DecimalField(_("per licence and month"), max_digits=11, decimal_places=PRICE_DECIMALS)
    valid_from = models.DateField(_("valid from"))
    valid_until = models.DateField(_("valid until"), null=True, blank=True)

    objects: ClassVar[PriceQuerySet] = PriceQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("price")
        verbose_name_plural = _("prices")
        ordering = ["offer", "currency", "valid_from"]
        constraints = [
            models.UniqueConstraint(fields=["offer", "currency", "valid_from"], name="price_one_from_a_day"),
            models.CheckConstraint(
                condition=models.Q(amount__gte=0, amount__lte=LARGEST_AMOUNT), name="price_amount_in_range"
            ),
            models.CheckConstraint(
                condition=models.Q(valid_until__isnull=True) | models.Q(valid_until__gte=models.F("valid_from")),
                name="price_ends_after_it_begins",
            ),
            models.CheckConstraint(
                condition=Exact(Length("currency"), 3) & models.Q(currency=Upper("currency")),
                name="price_currency_three_capitals",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.offer}: {self.amount} {self.currency}"

    def is_valid_on(self, day: datetime.date) -> bool:
        """Whether it is the price on this day."""
        return self.valid_from <= day and (self.valid_until is None or day <= self.valid_until)
