"""What this room does within the transactions of others.

It keeps the rules drawn from the catalogue in step with it, and has those told who wait for an upgrade.
"""

from typing import Any

from django.db.models.signals import post_delete, post_migrate, post_save
from django.dispatch import receiver

from activity.models import ActivityRecord, Outcome
from catalog.models import Offer, OfferServicePlan, ServicePlan
from upgrades.models import UpgradePath, UpgradeWatch
from upgrades.rules import rebuild_is_waiting, rebuild_rules
from upgrades.tasks import look_at_all_watches, look_at_watches

# What may mend a condition of a customer's upgrades, or end a wait for one.
MENDS = frozenset(
    {
        "give_privilege",
        "begin_relationship",
        "cancel_subscription",
        "change_subscription",
        "delete_subscription",
        "provision_subscription",
        "reactivate_subscription",
        "upgrade_subscription",
    }
)
# What may mend conditions of any customers.
MENDS_MANY = frozenset(
    {
        "import_portfolio",
        "edit_matrix",
        *(f"{verb}_{thing}" for verb in ("add", "change", "delete") for thing in ("offer", "service", "serviceplan")),
        "withdraw_offer",
    }
)


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


@receiver(post_save, sender=ActivityRecord, dispatch_uid="upgrades.watches")
def recorded(sender: Any, *, instance: ActivityRecord, **kwargs: Any) -> None:
    """Leave a task where what was done may mend a condition and somebody waits for that: one query, else none."""
    if instance.outcome != Outcome.DONE:
        return
    waiting = UpgradeWatch.objects.open()
    if instance.operation in MENDS and waiting.filter(customer=instance.customer_id).exists():
        look_at_watches.enqueue(str(instance.customer_id))
    elif instance.operation in MENDS_MANY and waiting.exists():
        look_at_all_watches.enqueue()
