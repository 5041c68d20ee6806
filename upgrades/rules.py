"""What follows from the catalogue for each upgrade path, kept as two small tables that the conditions look up.

Which services a path needs privileges for and which offers it conflicts with depends on the catalogue and the
matrix alone. Whoever changes either calls `rebuild_rules` in the same transaction (see `upgrades.receivers`).
"""

import uuid
from typing import Any

from django.db import transaction
from django.db.models import Model

from catalog.models import Offer
from upgrades.changes import clashing_plans
from upgrades.models import PathConflict, PathService, UpgradePath

Pair = tuple[uuid.UUID, Any]


@transaction.atomic
def rebuild_rules() -> None:
    """Make both tables say what the catalogue and the matrix say now; only differences are written."""
    offers = {offer.pk: offer for offer in Offer.objects.with_plans()}
    services: set[Pair] = set()
    conflicts: set[Pair] = set()
    for path_id, source_id, target_id in UpgradePath.objects.values_list("pk", "source_id", "target_id"):
        source, target = offers[source_id], offers[target_id]
        plans = [*source.service_plans.all(), *target.service_plans.all()]
        services |= {(path_id, plan.service_id) for plan in plans}
        conflicts |= {
            (path_id, other.pk)
            for other in offers.values()
            if clashing_plans(source=source, target=target, other=other)
        }
    _write(PathService, "service_id", services)
    _write(PathConflict, "offer_id", conflicts)


def _write(model: type[Model], column: str, wanted: set[Pair]) -> None:
    rows = model._default_manager.values_list("path_id", column, "pk")
    present = {(path_id, other): pk for path_id, other, pk in rows}
    gone = [pk for pair, pk in present.items() if pair not in wanted]
    if gone:
        model._default_manager.filter(pk__in=gone).delete()
    missing = wanted - present.keys()
    model._default_manager.bulk_create([model(**{"path_id": path_id, column: other}) for path_id, other in missing])
