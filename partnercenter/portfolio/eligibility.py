"""The verdicts of a whole partner: one line for each upgrade path of each live subscription that it sold."""

import uuid
from collections.abc import Generator, Iterable
from contextlib import closing
from itertools import compress
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet

from partnercenter.portfolio.output import Write
from partners.models import Partner
from subscriptions.models import Subscription
from upgrades.conditions import CONDITIONS, Condition
from upgrades.verdicts import options
from upgrades.whole_partner import bit, judge_whole_partner

ROWS_AT_ONCE = 10_000
LINES_AT_ONCE = 2_000
# A verdict as a line of JSON, in SQL; UUIDs and codes hold nothing that would have to be escaped.
_LINE = """
    '{"customer": "' || customer_id || '", "subscription": "' || pk || '", "source_offer": "' || offer_id ||
    '", "target_offer": "' || target_id || '", ' || (%s::text[])[unmet + 1]
"""


def write_eligibility(partner: Partner, *, customer_id: uuid.UUID | None, write: Write) -> None:
    """Write the verdicts as JSON Lines, ordered by customer, subscription and target; of one customer if asked.

    One set-based statement judges them all; memory does not grow with their number.
    """
    if connection.vendor == "postgresql" and customer_id is None:
        _write_whole(partner, write)
        return
    # Whoever breaks off reading lets go of the rows before the connection goes.
    with closing(_lines(_rows(partner, customer_id))) as lines:
        for line in lines:
            write(line)


def _write_whole(partner: Partner, write: Write) -> None:
    """Let PostgreSQL itself write the lines: in Python a million take longer than judging them.

    A cursor of the server hands over thousands at once. COPY would hand over each by itself.
    """
    judged, values = judge_whole_partner(partner.pk)
    with transaction.atomic(), connection.cursor() as cursor:
        # It sorts and hashes the whole partner, and all of its rows are wanted, not the first quickly.
        cursor.execute("SET LOCAL work_mem = '256MB'; SET LOCAL jit = off; SET LOCAL cursor_tuple_fraction = 1")
        with connection.chunked_cursor() as lines:
            lines.execute(f"SELECT {_LINE} FROM ({judged}) AS judged", [_ENDINGS, *values])
            while some := lines.fetchmany(LINES_AT_ONCE):
                write("".join([line for (line,) in some]))


def _rows(partner: Partner, customer_id: uuid.UUID | None) -> QuerySet[Any, Any]:
    subscriptions = Subscription.objects.live().sold_by(partner.pk)
    if customer_id is not None:
        subscriptions = subscriptions.filter(customer_id=customer_id)
    rows = options(subscriptions, partner_id=partner.pk).order_by("customer_id", "pk", "target_id")
    return rows.values_list("customer_id", "pk", "offer_id", "target_id", *(condition.flag for condition in CONDITIONS))


def _lines(rows: QuerySet[Any, Any]) -> Generator[str]:
    endings: dict[tuple[bool, ...], str] = {}
    for customer_id, subscription_id, source_id, target_id, *flags in rows.iterator(ROWS_AT_ONCE):
        unmet = tuple(flags)
        ending = endings.get(unmet)
        if ending is None:
            ending = endings[unmet] = _ending(compress(CONDITIONS, unmet))
        yield (
            f'{{"customer": "{customer_id}", "subscription": "{subscription_id}", '
            f'"source_offer": "{source_id}", "target_offer": "{target_id}", {ending}'
        )


def _ending(unmet: Iterable[Condition]) -> str:
    """How a line ends that these conditions stand in the way of."""
    codes = sorted(condition.code for condition in unmet)
    named = ", ".join(f'"{code}"' for code in codes)
    return f'"eligible": {"false" if codes else "true"}, "unmet": [{named}]}}\n'


# One for each number that `judge_whole_partner` can say.
_ENDINGS = [
    _ending(condition for condition in CONDITIONS if bit(condition) & unmet) for unmet in range(1 << len(CONDITIONS))
]
