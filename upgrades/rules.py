"""What follows from the catalogue for each upgrade path, kept as two small tables that the conditions look up.

Which services a path needs privileges for and which offers it conflicts with depends on the catalogue and the
matrix alone. Whoever changes either calls `rebuild_rules` in the same transaction (see `upgrades.receivers`).
"""

import contextvars
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.db.models import Model

from catalog.models import Offer
from upgrades.changes import clashing_plans
from upgrades.models import PathConflict, PathService, UpgradeMatrix, UpgradePath

Pair = tuple[uuid.UUID, Any]

_waiting: contextvars.ContextVar[bool] = contextvars.ContextVar("rules_waiting", default=False)


@contextmanager
def rules_rebuilt_once() -> Iterator[None]:
    """Within this block changes of the catalogue or the matrix rebuild nothing; its end does so once."""
    token = _waiting.set(True)
    try:
        yield
    finally:
        _waiting.reset(token)
    rebuild_rules()


def rebuild_is_waiting() -> bool:
    """Whether somebody has promised to rebuild the rules when all is changed."""
    return _waiting.get()


@transaction.atomic
def rebuild_rules() -> None:
    """Make both tables say what the catalogue and the matrix say now; only differences are written.

    Whoever rebuilds holds the row of the matrix until their transaction ends, so that of two who change the
    catalogue at once the second sees what the first did.
    """
    UpgradeMatrix.objects.select_for_update().order_by().first()
    # No more than the plans need: this runs after migrations too, which may have stopped short of a newer column.
    offers = {offer.pk: offer for offer in Offer.objects.only("pk").with_plans()}
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
