"""Judging a whole partner on PostgreSQL: the same conditions, each asked once for all options instead of once each.

A condition's sub-query stands in the SELECT list of `upgrades.verdicts.options`, where PostgreSQL runs it for
every row: 30 µs an option, half a minute for a million. Here the same sub-query stands in a WHERE, where
PostgreSQL joins by hash. One that it can't turn into a join says itself how it is asked for many.
"""

import uuid
from typing import Any

from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

from subscriptions.models import Subscription
from upgrades.conditions import CONDITIONS, Condition, Option
from upgrades.verdicts import options

Statement = tuple[str, list[Any]]

BY_STATE = tuple(condition for condition in CONDITIONS if condition.obstacles is None)
BY_OBSTACLES = tuple(condition for condition in CONDITIONS if condition.obstacles is not None)
# What the conditions ask of a customer's subscriptions; the rest need not be carried along.
NEAR = ("id", "customer_id", "offer_id", "reseller_of_record_id", "parent_id", "status")
COLUMNS = ("pk", "customer_id", "offer_id", "path_id", "target_id")
# The option of a row of `judged`, by reference; the names are our own.
JUDGED = Option(*(RawSQL(f"judged.{name}", ()) for name in ("pk", "customer_id", "path_id", "target_id")))  # noqa: S611


def judge_whole_partner(partner_id: uuid.UUID) -> Statement:
    """SQL and parameters for every path of every live subscription that this partner sold.

    Its rows hold `COLUMNS` and each condition's flag, ordered by customer, subscription and target.
    """
    theirs = Subscription.objects.live().sold_by(partner_id).order_by()
    table = f'"{Subscription._meta.db_table}"'
    # A name of WITH hides the table's: the sub-queries of the conditions meet these customers' rows alone.
    near = _compiled(Subscription.objects.filter(customer_id__in=theirs.values("customer_id")).order_by().values(*NEAR))
    flags = [condition.flag for condition in BY_STATE]
    judged = _compiled(options(theirs, partner_id=partner_id, conditions=BY_STATE).values_list(*COLUMNS, *flags))
    unmet = [_unmet(condition, 1 << place, partner_id) for place, condition in enumerate(BY_OBSTACLES)]
    sql = f"""
        WITH {table} AS MATERIALIZED ({near[0]}),
        judged AS MATERIALIZED (SELECT row_number() OVER () AS number, option.* FROM ({judged[0]}) AS option),
        unmet AS (SELECT number, sum(bit) AS bits FROM ({" UNION ALL ".join(part for part, _values in unmet)}) AS each
                  GROUP BY number)
        SELECT {_columns()} FROM judged LEFT JOIN unmet USING (number) ORDER BY customer_id, pk, target_id
    """
    return sql, [*near[1], *judged[1], *(value for _part, values in unmet for value in values)]


def _columns() -> str:
    by_obstacles = [
        f'coalesce(bits, 0)::integer & {1 << place} <> 0 AS "{condition.flag}"'
        for place, condition in enumerate(BY_OBSTACLES)
    ]
    return ", ".join([*COLUMNS, *(f'"{condition.flag}"' for condition in BY_STATE), *by_obstacles])


def _unmet(condition: Condition, bit: int, partner_id: uuid.UUID) -> Statement:
    """The numbers of the options that this condition stands in the way of."""
    if condition.for_many is not None:
        sql, values = condition.for_many(partner_id)
        found = f"SELECT number, {bit} AS bit FROM judged JOIN ({sql}) AS unmet USING (customer_id, path_id)"
        return found, values
    assert condition.obstacles is not None
    sql, values = _compiled(condition.obstacles(JUDGED, partner_id).order_by().values("pk"))
    return f"SELECT number, {bit} AS bit FROM judged WHERE EXISTS ({sql})", values


def _compiled(rows: QuerySet[Any, Any]) -> Statement:
    sql, values = rows.query.sql_with_params()
    return sql, list(values)
