"""What is sold: offers, the service plans in them, and the services those belong to."""

import uuid
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from catalog.querysets import OfferQuerySet

LARGEST_QUANTITY = 10_000_000


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
    """What is sold: Office 365 Business Premium."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    name = models.CharField(_("name"), max_length=150, unique=True)
    sku_part_number = models.CharField(_("SKU part number"), max_length=60, unique=True)
    sku_id = models.UUIDField(_("SKU id"), null=True, blank=True)
    category = models.CharField(_("category"), max_length=30, choices=Category)
    minimum_quantity = models.PositiveIntegerField(_("fewest licences"), default=1)
    maximum_quantity = models.PositiveIntegerField(_("most licences"), default=LARGEST_QUANTITY)
    is_available = models.BooleanField(_("available for purchase"), default=True)
    service_plans: "models.ManyToManyField[ServicePlan, OfferServicePlan]" = models.ManyToManyField(
        ServicePlan, through="OfferServicePlan", related_name="offers", verbose_name=_("service plans")
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

    @property
    def short_name(self) -> str:
        """The name without the product line, for table heads and running text."""
        return self.name.removeprefix("Office 365 ")

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
