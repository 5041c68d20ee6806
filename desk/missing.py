"""Which privileges customers have not given, and the upgrades that need them; asked by ids, as `desk.portfolio` is."""

import uuid
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, QuerySet

from catalog.models import Offer, Service
from customers.models import DelegatedAdminPrivilege
from desk.portfolio import Nearness, nearness, own_live
from desk.scan import Judge
from upgrades.conditions import DELEGATED, OUTER
from upgrades.models import PathService
from upgrades.prepared import Prepared
from upgrades.verdicts import options


def _lacked(ids: list[uuid.UUID], partner_id: uuid.UUID) -> QuerySet[Any]:
    """Each option of what the partner sold to these customers with each service that it lacks a privilege for.

    Asked of the condition itself, so that it cannot say otherwise than the verdicts.
    """
    assert DELEGATED.obstacles is not None
    sold = own_live(partner_id).filter(customer_id__in=ids).order_by()
    needed = options(sold, partner_id=partner_id, conditions=()).annotate(
        needed_id=F("offer__upgrade_paths__services__service_id")
    )
    lacked: QuerySet[Any] = needed.filter(
        Exists(DELEGATED.obstacles(OUTER, partner_id).filter(service_id=OuterRef("needed_id")))
    )
    return lacked


_HELD = Prepared(
    lambda ids, partner_id: (
        DelegatedAdminPrivilege.objects.held_by(partner_id)
        .filter(customer_id__in=ids)
        .order_by()
        .values_list("customer_id")
        .annotate(Count("pk"))
    )
)
_LACKING = Prepared(
    lambda ids, partner_id: (
        options(own_live(partner_id).filter(customer_id__in=ids), partner_id=partner_id, conditions=(DELEGATED,))
        .order_by()
        .filter(**{DELEGATED.flag: True})
        .values_list("customer_id")
        .distinct()
    )
)
_SERVICES = Prepared(
    lambda ids, partner_id: _lacked(ids, partner_id).values_list("customer_id", "needed_id").distinct()
)
_UPGRADES = Prepared(
    lambda ids, partner_id: (
        _lacked(ids, partner_id)
        .values_list("customer_id", "offer_id", "target_id", "needed_id")
        .annotate(Count("pk", distinct=True))
    )
)


def lacking_privileges(partner_id: uuid.UUID, service_id: int | None = None) -> Judge:
    """Tells which customers keep a privilege back that an upgrade needs, for this service where one is named.

    Most let the partner administer everything: what they hold need not be judged.
    """
    everything = Service.objects.count()

    def judge(customer_ids: Collection[uuid.UUID]) -> Collection[uuid.UUID]:
        given = dict(_HELD.ask(customer_ids, partner_id=partner_id))
        some = [customer_id for customer_id in customer_ids if given.get(customer_id, 0) < everything]
        lacking = {customer_id for (customer_id,) in _LACKING.ask(some, partner_id=partner_id)}
        if service_id is None or not lacking:
            return lacking
        lacked = _SERVICES.ask(lacking, partner_id=partner_id)
        return {customer_id for customer_id, needed in lacked if needed == service_id}

    return judge


@dataclass(frozen=True)
class HeldUpUpgrade:
    """Upgrades of one kind: from this offer to that, of so many subscriptions."""

    source: str
    target: str
    count: int = 1
    is_possible: bool = False


@dataclass(frozen=True)
class Missing:
    """The services that a customer would have to let the partner administer, with the upgrades that wait for each."""

    by_service: Mapping[int, list[HeldUpUpgrade]]

    @cached_property
    def service_ids(self) -> list[int]:
        """The services, in the catalogue's order."""
        return sorted(self.by_service)

    def upgrades_for(self, services: Collection[int]) -> list[HeldUpUpgrade]:
        """The upgrades that wait for any of these services, each once."""
        return sorted({one for pk in services for one in self.by_service.get(pk, ())}, key=_by_name)


def _by_name(upgrade: HeldUpUpgrade) -> tuple[str, str]:
    return upgrade.source, upgrade.target


def missing_privileges(customer_ids: Collection[uuid.UUID], *, partner_id: uuid.UUID) -> dict[uuid.UUID, Missing]:
    """What each of these customers keeps back that an upgrade needs: two statements for a page of them."""
    rows = _UPGRADES.ask(customer_ids, partner_id=partner_id)
    names = offer_names({offer_id for row in rows for offer_id in row[1:3]})
    found: dict[uuid.UUID, dict[int, list[HeldUpUpgrade]]] = defaultdict(lambda: defaultdict(list))
    for customer_id, offer_id, target_id, needed, count in rows:
        found[customer_id][needed].append(HeldUpUpgrade(names[offer_id], names[target_id], count))
    for by_service in found.values():
        for upgrades in by_service.values():
            upgrades.sort(key=_by_name)
    return {customer_id: Missing(by_service) for customer_id, by_service in found.items()}


def offer_names(offer_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, str]:
    """The names of these offers."""
    return dict(Offer.objects.filter(pk__in=offer_ids).values_list("pk", "name")) if offer_ids else {}


def blocked_without(services: Collection[int], *, customer_id: uuid.UUID, partner_id: uuid.UUID) -> list[HeldUpUpgrade]:
    """The upgrades that the customer's privileges allow now and that giving up those for these services would block.

    Those first that nothing else stands in the way of.
    """
    sold: QuerySet[Any] = own_live(partner_id).filter(customer_id=customer_id)
    groups = nearness(sold, partner_id=partner_id, by=("offer_id", "target_id", "path_id"))
    allowed = [row for row in groups if DELEGATED.code not in Nearness(row["distance"]).codes]
    paths = {row["path_id"] for row in allowed}
    needing = set(
        PathService.objects.filter(path_id__in=paths, service_id__in=services).values_list("path_id", flat=True)
    )
    rows = [row for row in allowed if row["path_id"] in needing]
    names = offer_names({row[name] for row in rows for name in ("offer_id", "target_id")})
    counts = _counts(sold)
    found = [
        HeldUpUpgrade(names[row["offer_id"]], names[row["target_id"]], counts[row["offer_id"]], row["distance"] == 0)
        for row in rows
    ]
    return sorted(found, key=lambda one: (not one.is_possible, _by_name(one)))


def _counts(subscriptions: QuerySet[Any]) -> dict[uuid.UUID, int]:
    return dict(subscriptions.order_by().values_list("offer_id").annotate(Count("pk")))
