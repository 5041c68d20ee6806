"""Keeps the rules drawn from the catalogue in step with it, in the transaction that changes it."""

from typing import Any

from django.db.models.signals import post_delete, post_migrate, post_save
from django.dispatch import receiver

from catalog.models import Offer, OfferServicePlan, ServicePlan
from upgrades.models import UpgradePath
from upgrades.rules import rebuild_is_waiting, rebuild_rules


@receiver([post_save, post_delete], sender=OfferServicePlan)
@receiver([post_save, post_delete], sender=ServicePlan)
@receiver([post_save, post_delete], sender=Offer)
@receiver([post_save, post_delete], sender=UpgradePath)
def catalogue_changed(sender: Any, *, raw: bool = False, **kwargs: Any) -> None:
    """Draw the rules anew."""
    if not raw and not rebuild_is_waiting():
        rebuild_rules()


@receiver(post_migrate, dispatch_uid="upgrades.rules")
def migrated(sender: Any, using: str, **kwargs: Any) -> None:
    """Draw the rules once after the migrations have brought the catalogue and the matrix."""
    if getattr(sender, "name", "") == "upgrades":
        rebuild_rules()
