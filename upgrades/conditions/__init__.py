"""The conditions for an upgrade, in the order in which the domain numbers them.

A new condition is one new object here; whatever judges, explains, proves or exports asks this list.
"""

from upgrades.conditions.add_ons import NO_ADD_ONS
from upgrades.conditions.condition import OUTER, Condition, Fact, Option, Remedy
from upgrades.conditions.conflicts import NO_CONFLICT, TARGET_ABSENT
from upgrades.conditions.privileges import DELEGATED
from upgrades.conditions.reseller import RESELLER_OF_RECORD
from upgrades.conditions.status import ACTIVE, PROVISIONED

CONDITIONS: tuple[Condition, ...] = (
    ACTIVE,
    DELEGATED,
    NO_CONFLICT,
    TARGET_ABSENT,
    RESELLER_OF_RECORD,
    PROVISIONED,
    NO_ADD_ONS,
)

__all__ = ["CONDITIONS", "DELEGATED", "OUTER", "PROVISIONED", "Condition", "Fact", "Option", "Remedy"]
