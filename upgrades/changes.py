"""What an upgrade gains, replaces and loses, computed from the service plans of its two offers."""

from collections.abc import Iterable
from dataclasses import dataclass

from catalog.models import Offer, ServicePlan


@dataclass(frozen=True)
class Replacement:
    """Within one service, these plans make way for those."""

    before: str
    after: str


@dataclass(frozen=True)
class Change:
    """What moving from one offer to another does to the service plans, by name, in the catalogue's order."""

    gained: tuple[str, ...]
    replaced: tuple[Replacement, ...]
    lost: tuple[str, ...]
    kept: tuple[str, ...] = ()


def change_between(source: Iterable[ServicePlan], target: Iterable[ServicePlan]) -> Change:
    """Compare the plans of two offers.

    A plan is replaced where the same service loses one plan and gains another; it is gained or lost where its
    service has no counterpart on the other side.
    """
    before, after = list(source), list(target)
    old, new = {plan.pk for plan in before}, {plan.pk for plan in after}
    leaving = [plan for plan in before if plan.pk not in new]
    coming = [plan for plan in after if plan.pk not in old]
    swapped = {plan.service_id for plan in leaving} & {plan.service_id for plan in coming}
    return Change(
        gained=tuple(plan.name for plan in coming if plan.service_id not in swapped),
        replaced=tuple(
            Replacement(before=_names(leaving, service), after=_names(coming, service)) for service in sorted(swapped)
        ),
        lost=tuple(plan.name for plan in leaving if plan.service_id not in swapped),
        kept=tuple(plan.name for plan in before if plan.pk in new),
    )


def _names(plans: list[ServicePlan], service_id: int) -> str:
    return " + ".join(plan.name for plan in plans if plan.service_id == service_id)


def added_plans(source: Offer, target: Offer) -> list[ServicePlan]:
    """The plans that the upgrade adds: in the target, not in the source (both with their plans loaded)."""
    had = {plan.pk for plan in source.service_plans.all()}
    return [plan for plan in target.service_plans.all() if plan.pk not in had]


def clashing_plans(*, source: Offer, target: Offer, other: Offer) -> list[ServicePlan]:
    """The plans of another offer that the upgrade must not meet.

    Condition 3 of the domain: (a) a plan that the upgrade adds; (b) any plan of a service that it adds
    altogether. All three offers have their plans loaded.
    """
    added = added_plans(source, target)
    known = {plan.service_id for plan in source.service_plans.all()}
    plans = {plan.pk for plan in added}
    services = {plan.service_id for plan in added if plan.service_id not in known}
    return [plan for plan in other.service_plans.all() if plan.pk in plans or plan.service_id in services]
