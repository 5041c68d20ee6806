"""Condition 2: this partner holds a delegated admin privilege for every service of both offers."""

import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext_lazy as _

from catalog.models import Service
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


def _for_many(partner_id: uuid.UUID) -> tuple[str, list[Any]]:
    """Gather what each customer lets this partner administer, and look only at those who keep something back."""
    held = DelegatedAdminPrivilege.objects.held_by(partner_id).order_by().values("customer_id", "service_id")
    held_sql, values = held.query.sql_with_params()
    sql = f"""
        SELECT pk, path_id FROM judged LEFT JOIN (
            SELECT customer_id, array_agg(service_id) AS services FROM ({held_sql}) AS held GROUP BY customer_id
        ) AS held USING (customer_id)
        WHERE coalesce(cardinality(services), 0) < (SELECT count(*) FROM {Service._meta.db_table})
            AND EXISTS (
                SELECT 1 FROM {PathService._meta.db_table} AS needed
                WHERE needed.path_id = judged.path_id AND needed.service_id <> ALL (coalesce(services, '{{}}'))
            )
    """
    return sql, list(values)


def _missing(verdict: "Verdict") -> list[Any]:
    """In the catalogue's order, so that the cards of several targets name them alike."""
    return sorted(verdict.seen(DELEGATED), key=lambda row: row.service_id)


def _facts(verdict: "Verdict") -> Sequence[Fact]:
    if missing := _missing(verdict):
        return (Fact("privileges_missing", {"services": [row.service.name for row in missing]}),)
    return (Fact("privileges_held", {"services": verdict.path.service_names}),)


def _ask_customer(verdict: "Verdict") -> Remedy:
    missing = _missing(verdict)
    names = [row.service.name for row in missing]
    ids = tuple(row.service_id for row in missing)
    return Remedy("ask_for_privileges", {"services": names}, for_customer=True, services=ids)


DELEGATED = Condition(
    code="delegated_admin_permissions_disabled",
    met_words=_("You hold delegated admin privileges for every service"),
    unmet_words=_("You lack delegated admin privileges"),
    obstacles=lambda option, partner_id: services_without_privilege(option, partner_id).select_related("service"),
    for_many=_for_many,
    facts=_facts,
    remedy=_ask_customer,
)
