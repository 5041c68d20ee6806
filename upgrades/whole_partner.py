"""Judging a whole partner on PostgreSQL: the same conditions, each asked once for all options instead of once each.

A condition's sub-query stands in the SELECT list of `upgrades.verdicts.options`, where PostgreSQL runs it for
every row: 30 µs an option, half a minute for a million. Here the same sub-query stands in a WHERE, where
PostgreSQL joins by hash. One that it can't turn into a join says itself how it is asked for many. And what offers
a customer has in other subscriptions is gathered once: a string of bits, one for each offer of the catalogue, to
be held against those of a path.
"""

import uuid
from typing import Any

from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

from catalog.models import Offer
from subscriptions.models import Subscription
from upgrades.conditions import CONDITIONS, Condition, Option
from upgrades.models import UpgradePath
from upgrades.verdicts import options

Statement = tuple[str, list[Any]]

BY_STATE = tuple(condition for condition in CONDITIONS if condition.state is not None)
BY_OTHERS = tuple(condition for condition in CONDITIONS if condition.other_offers is not None)
BY_OBSTACLES = tuple(condition for condition in CONDITIONS if condition not in (*BY_STATE, *BY_OTHERS))
# What the conditions ask of a customer's subscriptions; the rest need not be carried along.
NEAR = ("id", "customer_id", "offer_id", "reseller_of_record_id", "parent_id", "status")
COLUMNS = ("pk", "customer_id", "offer_id", "path_id", "target_id")
# The option of a row of `judged`, by reference; the names are our own.
JUDGED = Option(*(RawSQL(f"judged.{name}", ()) for name in ("pk", "customer_id", "path_id", "target_id")))  # noqa: S611
TABLE = f'"{Subscription._meta.db_table}"'
OFFERS = f'"{Offer._meta.db_table}"'
PATHS = f'"{UpgradePath._meta.db_table}"'


def judge_whole_partner(partner_id: uuid.UUID) -> Statement:
    """SQL and parameters for every path of every live subscription that this partner sold.

    Its rows hold `COLUMNS` and `unmet`, a number that is the `bit` of each unmet condition, ordered by customer,
    subscription and target.
    """
    parts = [_offer(), _path(), _near(partner_id), _judged(partner_id), _unmet(partner_id)]
    sql = f"""
        WITH {", ".join(part for part, _values in parts)}
        SELECT {", ".join(COLUMNS)}, state + coalesce(bits, 0)::integer AS unmet
        FROM judged LEFT JOIN unmet USING (pk, path_id) ORDER BY customer_id, pk, target_id
    """
    return sql, [value for _part, values in parts for value in values]


def bit(condition: Condition) -> int:
    """The bit of `unmet` that stands for this condition."""
    return 1 << CONDITIONS.index(condition)


def _offer() -> Statement:
    """The offers, each with a bit of its own."""
    bits = "set_bit(repeat('0', (count(*) OVER ())::integer)::varbit, (row_number() OVER ())::integer - 1, 1)"
    return f"offer AS MATERIALIZED (SELECT id, {bits} AS bit FROM {OFFERS})", []


def _path() -> Statement:
    """The paths, with the bits of those offers that no other subscription may be of, by condition; `none` is no bit."""
    columns, values = "", []
    for condition in BY_OTHERS:
        assert condition.other_offers is not None
        sql, own = _compiled(condition.other_offers())
        bits = f"SELECT bit_or(bit) FROM ({sql}) AS other JOIN offer ON offer.id = offer_id WHERE path_id = path.id"
        columns += f', ({bits}) AS "{condition.flag}"'
        values += own
    none = f"repeat('0', (SELECT count(*) FROM {OFFERS})::integer)::varbit"
    return f"path AS MATERIALIZED (SELECT id AS path_id, {none} AS none{columns} FROM {PATHS} AS path)", values


def _near(partner_id: uuid.UUID) -> Statement:
    """All that is live of the customers, each with the bits of the customer's other offers.

    A name of WITH hides the table's: the sub-queries of the conditions meet these rows alone.
    """
    # Customers who have nothing live any more do no harm, and an index alone tells all.
    customers = Subscription.objects.sold_by(partner_id).order_by().values("customer_id")
    rows = Subscription.objects.live().filter(customer_id__in=customers).order_by()
    near, values = _compiled(rows.values(*NEAR))
    sql = f"""
        {TABLE} AS MATERIALIZED (
            SELECT near.*, bit_or(bit) OVER (
                PARTITION BY customer_id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING EXCLUDE CURRENT ROW
            ) AS others
            FROM ({near}) AS near JOIN offer ON offer.id = offer_id
        )
    """
    return sql, values


def _judged(partner_id: uuid.UUID) -> Statement:
    """The options, with those bits of `unmet` in `state` that they tell themselves."""
    rows = options(Subscription.objects.live().sold_by(partner_id), partner_id=partner_id, conditions=BY_STATE)
    flags = [condition.flag for condition in BY_STATE]
    others = RawSQL(f"{TABLE}.others", ())  # noqa: S611 - constant text
    option, values = _compiled(rows.order_by().annotate(others=others).values(*COLUMNS, *flags, "others"))
    tells = [(condition, f'"{condition.flag}"') for condition in BY_STATE]
    tells += [(condition, f'others & "{condition.flag}" <> none') for condition in BY_OTHERS]
    state = " + ".join(f"CASE WHEN {tell} THEN {bit(condition)} ELSE 0 END" for condition, tell in tells)
    judged = f"SELECT {', '.join(COLUMNS)}, {state} AS state FROM ({option}) AS option JOIN path USING (path_id)"
    return f"judged AS MATERIALIZED ({judged})", values


def _unmet(partner_id: uuid.UUID) -> Statement:
    """The bits of the other conditions, for those options that one of them stands in the way of."""
    found = [(bit(condition), *_in_the_way(condition, partner_id)) for condition in BY_OBSTACLES]
    each = " UNION ALL ".join(
        f"SELECT pk, path_id, {number} AS bit FROM ({sql}) AS one" for number, sql, _values in found
    )
    sql = f"unmet AS (SELECT pk, path_id, sum(bit) AS bits FROM ({each}) AS each GROUP BY pk, path_id)"
    return sql, [value for _number, _sql, values in found for value in values]


def _in_the_way(condition: Condition, partner_id: uuid.UUID) -> Statement:
    """The options that this condition stands in the way of."""
    if condition.for_many is not None:
        return condition.for_many(partner_id)
    assert condition.obstacles is not None
    sql, values = _compiled(condition.obstacles(JUDGED, partner_id).order_by().values("pk"))
    return f"SELECT pk, path_id FROM judged WHERE EXISTS ({sql})", values


def _compiled(rows: QuerySet[Any, Any]) -> Statement:
    sql, values = rows.query.sql_with_params()
    return sql, list(values)
