"""How the offers of a source differ from the catalogue here. Nothing is written: the protocol has no service plans."""

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _

from catalog.models import Offer
from partnercenter.portfolio.faults import shown
from partnercenter.pulling.translate import lower_uuid, members


def differences(offers: Any) -> Iterator[str]:
    """A sentence for each offer that is not the same there; one that says why they cannot be had."""
    if not isinstance(offers, list):
        yield _("The offers of the source cannot be compared: %s") % offers
        return
    here = {str(offer.pk): offer for offer in Offer.objects.order_by("name")}
    there = {str(lower_uuid(members(item).get("id"))): members(item) for item in offers}
    for offer_id, item in there.items():
        offer = here.get(offer_id)
        if offer is None:
            values = {"name": shown(item.get("name")), "id": shown(offer_id)}
            yield _("%(name)s (%(id)s): not in the catalogue here") % values
        else:
            yield from _differing(offer, item)
    for offer_id, offer in here.items():
        if offer.is_available and offer_id not in there:
            yield _("%s: not for sale at the source") % offer


def _differing(offer: Offer, item: Any) -> Iterator[str]:
    compared = (
        (_("name"), "name", offer.name),
        (_("fewest licences"), "minimumQuantity", offer.minimum_quantity),
        (_("most licences"), "maximumQuantity", offer.maximum_quantity),
        (_("available for purchase"), "isAvailableForPurchase", offer.is_available),
    )
    for words, member, value in compared:
        if member in item and item[member] != value:
            yield (
                _("%(offer)s: %(what)s is %(here)s here and %(there)s at the source")
                % {"offer": offer, "what": words, "here": shown(value), "there": shown(item[member])}
            )
