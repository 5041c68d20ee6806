"""Condition 2: this partner holds a delegated admin privilege for every service of both offers."""

import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext_lazy as _

from customers.models import DelegatedAdminPrivilege
from upgrades.conditions.condition import Condition, Fact, Option, Remedy
from upgrades.models import PathService

if TYPE_CHECKING:
    from upgrades.verdicts import Verdict


def services_without_privilege(option: Option, partner_id: uuid.UUID) -> QuerySet[Any]:
    """The services of the path that this partner may not administer for this customer."""
    held = DelegatedAdminPrivilege.objects.held_by(partner_id).filter(
        customer_id=option.inner.customer_id, service_id=OuterRef("service_id")
    )
    return PathService.objects.filter(~Exists(held), path_id=option.path_id)


def _facts(verdict: "Verdict") -> Sequence[Fact]:
    if missing := verdict.seen(DELEGATED):
        return (Fact("privileges_missing", {"services": [row.service.name for row in missing]}),)
    return (Fact("privileges_held", {"services": verdict.path.service_names}),)


def _ask_customer(verdict: "Verdict") -> Remedy:
    names = [row.service.name for row in verdict.seen(DELEGATED)]
    return Remedy("ask_for_privileges", {"services": names}, for_customer=True)


DELEGATED = Condition(
    code="delegated_admin_permissions_disabled",
    met_words=_("You hold delegated admin privileges for every service"),
    unmet_words=_("You lack delegated admin privileges"),
    obstacles=lambda option, partner_id: services_without_privilege(option, partner_id).select_related("service"),
    facts=_facts,
    remedy=_ask_customer,
)
