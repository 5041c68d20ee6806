"""The one verb of this room: to record."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from activity.models import ActivityRecord, ActorKind, Outcome
from activity.origin import current_origin


class Named(Protocol):
    """Anything with an id that says its name; partners, people and customers are recorded by both."""

    @property
    def pk(self) -> Any: ...


@dataclass(frozen=True)
class Actor:
    """Who acted, in the words of that day."""

    kind: ActorKind
    id: uuid.UUID | None = None
    name: str = ""
    partner_id: uuid.UUID | None = None
    partner_name: str = ""


SYSTEM = Actor(kind=ActorKind.SYSTEM)


def record(
    *,
    actor: Actor,
    operation: str,
    resource: Named | None = None,
    resource_type: str = "",
    customer: Named | None = None,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    outcome: Outcome = Outcome.DONE,
    reasons: Sequence[str] = (),
    partner: Named | None = None,
) -> ActivityRecord:
    """Write one record in the transaction of the caller and return it.

    `operation` is a code such as `upgrade_subscription` (its words stand in `activity.words`); `reasons` are
    the codes of what refused it. `partner` is the partner it concerns where that is not the actor's own.
    """
    here = current_origin()
    return ActivityRecord.objects.create(
        partner_id=partner.pk if partner else actor.partner_id,
        partner_name=str(partner)[:200] if partner else actor.partner_name[:200],
        actor_kind=actor.kind,
        actor_id=actor.id,
        actor_name=actor.name[:254],
        address=here.address,
        operation=operation,
        customer_id=customer.pk if customer else None,
        customer_name=str(customer)[:200] if customer else "",
        resource_type=resource_type or (type(resource).__name__.lower() if resource else ""),
        resource_id=str(resource.pk) if resource else "",
        before=before,
        after=after,
        outcome=outcome,
        reasons=list(reasons),
        correlation_id=here.correlation_id,
        application=here.application[:100],
        program=here.program[:128],
        correlation=here.correlation,
    )
