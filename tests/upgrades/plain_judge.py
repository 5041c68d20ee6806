"""The conditions for an upgrade once more, with sets and without a database, to hold the portal's against.

It is written from the domain's table alone and shares nothing with the portal but the codes.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

NOT_ACTIVE = "subscription_status_not_active"
NO_PRIVILEGE = "delegated_admin_permissions_disabled"
CONFLICT = "conflicting_service_types"
TARGET_PRESENT = "subscription_target_offer_already_present"
NOT_THE_SELLER = "other"
NOT_PROVISIONED = "subscription_not_provisioned"
ADD_ONS = "subscription_add_ons_present"


@dataclass(frozen=True)
class Plan:
    """One edition of a service."""

    service: str
    name: str


@dataclass(frozen=True)
class Held:
    """A subscription as the judge sees it; `id` is anything that tells it apart."""

    id: object
    offer: str
    status: str = "active"
    seller: str | None = None
    parent: object = None


Contents = Mapping[str, frozenset[Plan]]
Obstacles = dict[str, set[object]]


def obstacles(
    *,
    partner: str,
    one: Held,
    target: str,
    held: Iterable[Held],
    privileges: Iterable[str],
    contents: Contents,
) -> Obstacles:
    """What stands in the way, by the code of the condition: services or subscriptions, else the status or seller.

    `held` is all that the customer has, `one` among them; `privileges` are the services that the partner may
    administer. An empty answer is an eligible option.
    """
    before, after = contents[one.offer], contents[target]
    live_others = [other for other in held if other.id != one.id and other.status != "deleted"]
    clash = clashing(before, after)
    found: Obstacles = {
        NOT_ACTIVE: {one.status} & {"suspended", "deleted"},
        NOT_PROVISIONED: {one.status} & {"pending"},
        NO_PRIVILEGE: {plan.service for plan in before | after} - set(privileges),
        CONFLICT: {other.id for other in live_others if any(clash(plan) for plan in contents[other.offer])},
        TARGET_PRESENT: {other.id for other in live_others if other.offer == target},
        NOT_THE_SELLER: set() if one.seller == partner else {"seller"},
        ADD_ONS: {other.id for other in live_others if other.parent == one.id},
    }
    return {code: seen for code, seen in found.items() if seen}


class clashing:  # noqa: N801 - reads as the question that it answers
    """Whether a plan of another subscription must not meet this upgrade."""

    def __init__(self, before: frozenset[Plan], after: frozenset[Plan]) -> None:
        self.added = after - before
        had = {plan.service for plan in before}
        self.new_services = {plan.service for plan in self.added} - had

    def __call__(self, plan: Plan) -> bool:
        return plan in self.added or plan.service in self.new_services
