"""Customers that are there already: found by domain, and by a similar name among those that the partner sees."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher

from customers.models import Customer, ResellerRelationship
from customers.naming import can_be_stored, name_core
from partners.models import Staff

# Names that stand so near in the order of names are compared, for what differs in a letter further on.
NEIGHBOURS = 50
# A piece that more names than these have tells no company.
TELLING = 200
SHOWN = 5
SIMILAR = 0.85
FIRST = uuid.UUID(int=0)


@dataclass(frozen=True)
class Duplicates:
    """What speaks against adding a customer.

    `with_domain` is the customer that has the domain, where the partner sees it: of another partner's customer
    nothing is told but that the domain is taken.
    """

    is_domain_taken: bool
    with_domain: Customer | None
    similar: list[Customer]


def find_duplicates(*, staff: Staff, company_name: str, domain: str) -> Duplicates:
    """What the portal holds already of a customer with this name and domain."""
    with_domain = Customer.objects.visible_to(staff).with_domain(domain).first()
    is_taken = with_domain is not None or Customer.objects.with_domain(domain).exists()
    similar = [one for one in similar_customers(staff=staff, company_name=company_name) if one != with_domain]
    return Duplicates(is_domain_taken=is_taken, with_domain=with_domain, similar=similar)


def similar_customers(*, staff: Staff, company_name: str) -> list[Customer]:
    """Up to five customers whose names are so like this one that they may be the same, the likest first."""
    core = name_core(company_name)
    if staff.partner_id is None or not can_be_stored(core) or not core:
        return []
    compared = [(_likeness(core, name_core(key)), key, pk) for key, pk in _candidates(core, staff.partner_id)]
    likest = sorted((one for one in compared if one[0] >= SIMILAR), key=lambda one: (-one[0], one[1], one[2]))[:SHOWN]
    found = Customer.objects.in_bulk([pk for _ratio, _key, pk in likest])
    return [found[pk] for _ratio, _key, pk in likest]


def _candidates(core: str, partner_id: uuid.UUID) -> Iterable[tuple[str, uuid.UUID]]:
    """The keys and ids of customers worth comparing: the neighbours, and those whose names contain it."""
    visible = ResellerRelationship.objects.visible_to_partner(partner_id)
    found: set[tuple[str, uuid.UUID]] = set()
    for run in (visible.after(core, FIRST), visible.before(core, FIRST)):
        found.update(run.values_list("name_key", "customer_id")[:NEIGHBOURS])
    matches = ResellerRelationship.objects.visible_matches(core, partner_id=partner_id)
    containing = list(matches.values_list("name_key", "customer_id")[: TELLING + 1])
    return found.union(containing) if len(containing) <= TELLING else found


def _likeness(core: str, other: str) -> float:
    """From 0 to 1; a name that another begins with is like it as far as whole words go."""
    if core == other:
        return 1.0
    shorter, longer = sorted((core, other), key=len)
    if len(shorter) >= 4 and longer.startswith(f"{shorter} "):
        return 0.9
    return SequenceMatcher(None, core, other, autojunk=False).ratio()
