"""What platform administrators do to the catalogue beyond filling in a form."""

import uuid
from collections.abc import Iterable

from django.db import transaction

from activity.operations import record
from catalog.models import Offer, OfferPrerequisite, OfferServicePlan, ServicePlan
from partners.models import Staff


def withdraw_offer(*, staff: Staff, offer: Offer) -> bool:
    """Take this offer from sale, with a record; whether it was for sale until now.

    Subscriptions of it stay as they are. It can't be bought, nor upgraded to, until it is for sale again.
    """
    with transaction.atomic():
        stored = Offer.objects.select_for_update(no_key=True).get(pk=offer.pk)
        if not stored.is_available:
            return False
        stored.is_available = False
        stored.save(update_fields=["is_available"])
        record(
            actor=staff.actor,
            operation="withdraw_offer",
            resource=stored,
            before={"is_available": True},
            after={"is_available": False},
        )
    return True


def set_plans(*, offer: Offer, plans: Iterable[ServicePlan]) -> None:
    """Make these, and only these, the service plans of the offer; whoever calls it records the change."""
    wanted = {plan.pk for plan in plans}
    present = set(offer.contents.values_list("service_plan_id", flat=True))
    with transaction.atomic():
        # One row at a time: whoever follows the catalogue hears of every row.
        for content in offer.contents.exclude(service_plan_id__in=wanted):
            content.delete()
        for plan_id in sorted(wanted - present):
            OfferServicePlan.objects.create(offer=offer, service_plan_id=plan_id)


def add_ons_below(offer: Offer) -> set[uuid.UUID]:
    """The ids of the add-ons of this offer, of their add-ons, and so on."""
    pairs = set(OfferPrerequisite.objects.values_list("prerequisite_id", "offer_id"))
    found: set[uuid.UUID] = set()
    reached = {offer.pk}
    while reached:
        reached = {below for above, below in pairs if above in reached} - found
        found |= reached
    return found
