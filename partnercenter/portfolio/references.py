"""Checks what one record alone cannot show: against the rest of the file, and against the portal."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from partnercenter.portfolio.faults import SHOWN, Fault, Faults, shown
from partnercenter.portfolio.staging import Staging
from partnercenter.portfolio.writing import SUBSCRIPTION_KIND

PARTNER = "'partners[' || s.number || '].id'"
CUSTOMER = "'customers[' || s.number || ']{}'"
RESELLER = "'customers[' || s.number || '].' || s.member || '[' || s.item || ']'"
PRIVILEGE = "'customers[' || s.number || '].delegated_admin_privileges[' || s.item || ']{}'"
SUBSCRIPTION = "'customers[' || s.number || '].subscriptions[' || s.item || ']{}'"
ORDER = "'customers[' || s.number || '].orders[' || s.item || ']{}'"
LINE = "'customers[' || s.number || '].orders[' || s.item || '].lines[' || s.line || '].subscription'"


@dataclass(frozen=True)
class Rule:
    """The staged rows `s` that are wrong, the place of each, and the value that the words name."""

    place: str
    value: str
    rows: str
    words: Promise | str
    before: str = ""


def _repeated(table: str, key: str, place: str, words: Promise | str) -> Rule:
    turns = f"""
        (SELECT *, row_number() OVER (PARTITION BY {key} ORDER BY record, item) AS turn
         FROM {table} WHERE {key} IS NOT NULL) AS s WHERE s.turn > 1
    """
    return Rule(place=place, value=f"s.{'domain' if 'domain' in key else key}", rows=turns, words=words)


def _unknown_partner(table: str, column: str, place: str) -> Rule:
    return Rule(
        place=place,
        value=f"s.{column}",
        rows=f"""
            {table} AS s WHERE s.{column} IS NOT NULL
            AND NOT EXISTS (SELECT 1 FROM staged_partner AS p WHERE p.id = s.{column})
            AND NOT EXISTS (SELECT 1 FROM partners_partner AS p WHERE p.id = s.{column})
        """,
        words=_("no partner %s in the file or the portal"),
    )


PARENTS = """
    staged_subscription AS s
    LEFT JOIN staged_subscription AS p ON p.id = s.parent_id
    LEFT JOIN subscriptions_subscription AS t ON t.id = s.parent_id AND p.id IS NULL
    WHERE s.parent_id IS NOT NULL AND
"""
# Up from each staged add-on over parents as they will be; UNION ends where a round begins anew.
ANCESTORS = """
    WITH RECURSIVE parents AS (
        SELECT id, parent_id FROM staged_subscription WHERE parent_id IS NOT NULL
        UNION ALL
        SELECT t.id, t.parent_id FROM subscriptions_subscription AS t
        WHERE t.parent_id IS NOT NULL
        AND t.customer_id IN (SELECT customer_id FROM staged_subscription WHERE parent_id IS NOT NULL)
        AND NOT EXISTS (SELECT 1 FROM staged_subscription AS s WHERE s.id = t.id)
    ), ancestors AS (
        SELECT id, parent_id AS ancestor FROM staged_subscription WHERE parent_id IS NOT NULL
        UNION
        SELECT ancestors.id, parents.parent_id FROM ancestors JOIN parents ON parents.id = ancestors.ancestor
    )
"""


def _rules(staged: Staging) -> Iterator[Rule]:
    twice = _("%s stands twice in the file")
    yield _repeated("staged_partner", "id", PARTNER, twice)
    yield _repeated("staged_customer", "id", CUSTOMER.format(".id"), twice)
    yield _repeated("staged_customer", "lower(domain)", CUSTOMER.format(".domain"), twice)
    yield _repeated("staged_subscription", "id", SUBSCRIPTION.format(".id"), twice)
    yield Rule(
        place=CUSTOMER.format(".domain"),
        value="s.domain",
        rows="""
            staged_customer AS s JOIN customers_customer AS t ON lower(t.domain) = lower(s.domain) AND t.id <> s.id
            WHERE NOT EXISTS (SELECT 1 FROM staged_customer AS other WHERE other.id = t.id)
        """,
        words=_("%s is the domain of another customer of the portal"),
    )
    yield _unknown_partner("(SELECT * FROM staged_relationship WHERE item IS NOT NULL)", "partner_id", RESELLER)
    yield _unknown_partner("staged_privilege", "partner_id", PRIVILEGE.format(".partner"))
    yield _unknown_partner("staged_subscription", "reseller_of_record_id", SUBSCRIPTION.format(".partner"))
    yield from _subscription_rules(staged)
    yield from _order_rules()


def _subscription_rules(staged: Staging) -> Iterator[Rule]:
    present = "staged_subscription AS s JOIN subscriptions_subscription AS t ON t.id = s.id"
    yield Rule(
        place=SUBSCRIPTION.format(".id"),
        value="s.id",
        rows=f"{present} WHERE t.customer_id <> s.customer_id",
        words=_("%s is a subscription of another customer of the portal"),
    )
    yield Rule(
        place=SUBSCRIPTION.format(""),
        value="s.id",
        rows=f"""
            {present} WHERE t.status = 'deleted' AND s.is_sound AND t.customer_id = s.customer_id
            AND {SUBSCRIPTION_KIND.differs(staged)}
        """,
        words=_("%s is deleted in the portal; a deleted subscription never changes"),
    )
    yield Rule(
        place=SUBSCRIPTION.format(".parent"),
        value="s.parent_id",
        rows=f"{PARENTS} p.id IS NULL AND t.id IS NULL",
        words=_("no subscription %s in the file or the portal"),
    )
    yield Rule(
        place=SUBSCRIPTION.format(".parent"),
        value="s.parent_id",
        rows=f"{PARENTS} COALESCE(p.customer_id, t.customer_id) <> s.customer_id",
        words=_("%s is a subscription of another customer"),
    )
    yield Rule(
        place=SUBSCRIPTION.format(".parent"),
        value="s.parent_id",
        before=ANCESTORS,
        rows="staged_subscription AS s JOIN ancestors ON ancestors.id = s.id AND ancestors.ancestor = s.id",
        words=_("by way of %s the subscription is an add-on of itself"),
    )


def _order_rules() -> Iterator[Rule]:
    twice = _("%s stands twice in the file")
    yield _repeated("staged_order", "id", ORDER.format(".id"), twice)
    yield _repeated("staged_order_line", "subscription_id", LINE, twice)
    yield _unknown_partner("staged_order", "partner_id", ORDER.format(".partner"))
    yield Rule(
        place=ORDER.format(".id"),
        value="s.id",
        rows="staged_order AS s JOIN subscriptions_order AS t ON t.id = s.id WHERE t.customer_id <> s.customer_id",
        words=_("%s is an order of another customer of the portal"),
    )
    yield Rule(
        place=LINE,
        value="s.subscription_id",
        rows="""
            staged_order_line AS s
            LEFT JOIN staged_subscription AS p ON p.id = s.subscription_id
            LEFT JOIN subscriptions_subscription AS t ON t.id = s.subscription_id AND p.id IS NULL
            WHERE COALESCE(p.customer_id, t.customer_id) IS NULL
            OR COALESCE(p.customer_id, t.customer_id) <> s.customer_id
        """,
        words=_("%s is no subscription of this customer"),
    )
    yield Rule(
        place=LINE,
        value="s.subscription_id",
        rows="""
            staged_order_line AS s JOIN subscriptions_orderline AS t ON t.subscription_id = s.subscription_id
            WHERE t.order_id <> s.order_id OR t.number <> s.line
        """,
        words=_("%s came by another line of an order"),
    )


def find_faults(staged: Staging, faults: Faults) -> None:
    """Add to `faults` what is wrong between the staged records, and between them and the portal."""
    for rule in _rules(staged):
        sql = f"""
            {rule.before} SELECT s.record, s.item, {rule.place}, {rule.value}, count(*) OVER ()
            FROM {rule.rows} ORDER BY s.record, s.item LIMIT {SHOWN}
        """
        with staged.connection.cursor() as cursor:
            cursor.execute(sql)
            found = cursor.fetchall()
        for record, item, place, value, _count in found:
            words = str(rule.words) % _shown(value)
            faults.add(Fault(record, (item or 0) + 1, place, words, record if faults.has_lines else None))
        if found:
            faults.leave_out(found[0][-1] - len(found))


def _shown(value: Any) -> str:
    if isinstance(value, str) and len(value) == 32 and "." not in value:
        value = UUID(value)
    return shown(str(value))
