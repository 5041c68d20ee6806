"""The conditions of a sale: what this partner may sell to this customer, and how many licences of it.

A sale is an upgrade from nothing, so what it adds are all the plans and all the services of the offer (source:
domain, condition 3 with an empty source). Pages and the operation ask here; nobody else decides.
"""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from catalog.models import Offer, OfferPrerequisite
from catalog.words import listed
from subscriptions.errors import QuantityOutOfRange
from subscriptions.models import Status, Subscription

UNKNOWN_OFFER = "unknown_offer"
NOT_AVAILABLE = "offer_not_available"
QUANTITY = "quantity_out_of_range"
CONFLICT = "conflicting_service_types"
ALREADY_PRESENT = "offer_already_present"
NO_PARENT = "add_on_parent_missing"


@dataclass(frozen=True)
class Line:
    """One offer that somebody wants to buy, with its number of licences and a name for it."""

    offer_id: uuid.UUID
    quantity: int
    nickname: str = ""


@dataclass(frozen=True)
class Objection:
    """One reason against a sale, in the reader's language, and what mends it.

    `subscription_id` is one of this partner's that the remedy speaks of.
    """

    code: str
    message: str
    remedy: str = ""
    subscription_id: uuid.UUID | None = None


@dataclass(frozen=True)
class Sale:
    """What this partner may sell to one customer, as things stand now; see `sale_to`."""

    partner_id: uuid.UUID
    offers: dict[uuid.UUID, Offer]
    held: Sequence[Subscription] = ()
    parents: dict[uuid.UUID, frozenset[uuid.UUID]] = field(default_factory=dict)

    def judge(self, lines: Sequence[Line]) -> list[list[Objection]]:
        """What is against each of these lines, bought together; nothing where it may be sold."""
        chosen = [line.offer_id for line in lines]
        return [
            self.against(line.offer_id, earlier=chosen[:number], basket=chosen) + self.against_quantity(line)
            for number, line in enumerate(lines)
        ]

    def against(
        self, offer_id: uuid.UUID, *, earlier: Sequence[uuid.UUID] = (), basket: Iterable[uuid.UUID] = ()
    ) -> list[Objection]:
        """What is against selling this offer, whatever the number of licences.

        `basket` are the offers bought with it; with those that stand `earlier` in it, it must not conflict.
        """
        offer = self.offers.get(offer_id)
        if offer is None:
            return [Objection(UNKNOWN_OFFER, _("There is no such offer."), _("Choose one of the offers shown."))]
        found = [] if offer.is_available else [_not_available(offer)]
        found += [self._held_objection(offer, other) for other in self.held if self._clash(offer, other.offer)]
        beside = [self.offers[other] for other in earlier if other in self.offers]
        found += [_beside_objection(offer, other) for other in beside if self._clash(offer, other)]
        if self.is_add_on(offer) and not self.parents[offer.pk].intersection(basket) and not self.parent_of(offer):
            found.append(self._parent_objection(offer))
        return found

    def against_quantity(self, line: Line) -> list[Objection]:
        """What is against this number of licences."""
        offer = self.offers.get(line.offer_id)
        if offer is None or offer.allows(line.quantity):
            return []
        return [Objection(QUANTITY, QuantityOutOfRange(offer, line.quantity).message)]

    def is_add_on(self, offer: Offer) -> bool:
        """Whether this offer can only be bought in addition to another."""
        return bool(self.parents.get(offer.pk))

    def parent_names(self, offer: Offer) -> list[str]:
        """The offers that this add-on can be bought in addition to."""
        return sorted(self.offers[pk].name for pk in self.parents.get(offer.pk, ()))

    def parent_of(self, offer: Offer) -> Subscription | None:
        """The subscription that an add-on of this offer would hang on: the oldest active one of this partner."""
        wanted = self.parents.get(offer.pk, frozenset())
        fitting = (held for held in self.held if held.offer_id in wanted and self._can_carry(held))
        return next(fitting, None)

    def _can_carry(self, held: Subscription) -> bool:
        return held.status == Status.ACTIVE and held.reseller_of_record_id == self.partner_id

    def _clash(self, offer: Offer, other: Offer) -> bool:
        """Whether no customer can have both; an add-on and what it is added to stand together."""
        if offer.pk == other.pk:
            return True
        if other.pk in self.parents.get(offer.pk, ()) or offer.pk in self.parents.get(other.pk, ()):
            return False
        return bool(clashing_services(offer, self.offers[other.pk]))

    def _held_objection(self, offer: Offer, held: Subscription) -> Objection:
        is_ours = held.reseller_of_record_id == self.partner_id
        if held.offer_id == offer.pk:
            return _present_and_ours(held) if is_ours else _present_elsewhere(offer)
        services = listed(clashing_services(offer, self.offers[held.offer_id]))
        return _conflict_with_ours(held, services) if is_ours else _conflict_elsewhere(held, services)

    def _parent_objection(self, offer: Offer) -> Objection:
        names = {"offer": offer.name, "parents": listed(self.parent_names(offer))}
        return Objection(
            NO_PARENT,
            _("%(offer)s is bought in addition to %(parents)s, which the customer does not have active from you.")
            % names,
            _("Put %(parents)s into the same order, or reactivate it where it is suspended.") % names,
        )


def sale_to(*, partner_id: uuid.UUID, customer_id: uuid.UUID | None) -> Sale:
    """What this partner may sell to this customer now, or with `None` to a customer that has nothing yet."""
    held: Sequence[Subscription] = ()
    if customer_id is not None:
        held = list(
            Subscription.objects.live()
            .filter(customer_id=customer_id)
            .select_related("offer")
            .order_by("created_at", "id")
        )
    return Sale(
        partner_id=partner_id,
        offers={offer.pk: offer for offer in Offer.objects.with_plans()},
        held=held,
        parents=_prerequisites(),
    )


def clashing_services(offer: Offer, other: Offer) -> list[str]:
    """The services of both offers, by name in the catalogue's order (both with their plans loaded)."""
    services = {plan.service_id for plan in offer.service_plans.all()}
    names = (plan.service.name for plan in other.service_plans.all() if plan.service_id in services)
    return list(dict.fromkeys(names))


def _prerequisites() -> dict[uuid.UUID, frozenset[uuid.UUID]]:
    """For each add-on offer, the offers that it can be bought in addition to."""
    found: dict[uuid.UUID, set[uuid.UUID]] = defaultdict(set)
    for add_on_id, parent_id in OfferPrerequisite.objects.values_list("offer_id", "prerequisite_id"):
        found[add_on_id].add(parent_id)
    return {add_on_id: frozenset(parent_ids) for add_on_id, parent_ids in found.items()}


def _not_available(offer: Offer) -> Objection:
    return Objection(NOT_AVAILABLE, _("%(offer)s is not sold any more.") % {"offer": offer.name})


def _present_and_ours(held: Subscription) -> Objection:
    return Objection(
        ALREADY_PRESENT,
        _("The customer already has %(offer)s from you.") % {"offer": held.offer.name},
        _("Add licences to it."),
        held.pk,
    )


def _present_elsewhere(offer: Offer) -> Objection:
    return Objection(
        ALREADY_PRESENT,
        _("The customer already has %(offer)s, bought from another reseller or channel.") % {"offer": offer.name},
        _("The customer adds licences, or cancels it, where it was bought."),
    )


def _conflict_with_ours(held: Subscription, services: str) -> Objection:
    return Objection(
        CONFLICT,
        _("The customer’s %(offer)s already contains %(services)s.") % {"offer": str(held), "services": services},
        _("Upgrade that subscription instead, or cancel it first."),
        held.pk,
    )


def _conflict_elsewhere(held: Subscription, services: str) -> Objection:
    return Objection(
        CONFLICT,
        _("%(offer)s, bought from another reseller or channel, already contains %(services)s.")
        % {"offer": held.offer.name, "services": services},
        _("The customer cancels it where it was bought."),
    )


def _beside_objection(offer: Offer, other: Offer) -> Objection:
    if offer.pk == other.pk:
        return Objection(
            ALREADY_PRESENT,
            _("%(offer)s stands in this order more than once.") % {"offer": offer.name},
            _("Order all its licences in one line."),
        )
    return Objection(
        CONFLICT,
        _("%(other)s in the same order already contains %(services)s.")
        % {"other": other.name, "services": listed(clashing_services(offer, other))},
        _("Choose one of the two."),
    )
