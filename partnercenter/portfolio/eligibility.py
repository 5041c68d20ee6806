"""The verdicts of a whole partner: one line for each upgrade path of each live subscription that it sold."""

import uuid
from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet

from partnercenter.portfolio.output import Write
from partners.models import Partner
from subscriptions.models import Subscription
from upgrades.conditions import CONDITIONS
from upgrades.verdicts import options

ROWS_AT_ONCE = 10_000


def write_eligibility(partner: Partner, *, customer_id: uuid.UUID | None, write: Write) -> None:
    """Write the verdicts as JSON Lines, ordered by customer, subscription and target; of one customer if asked.

    One set-based statement judges them all; memory does not grow with their number.
    """
    for line in _lines(_rows(partner, customer_id)):
        write(line)


def _rows(partner: Partner, customer_id: uuid.UUID | None) -> QuerySet[Any, Any]:
    subscriptions = Subscription.objects.live().sold_by(partner.pk)
    if customer_id is not None:
        subscriptions = subscriptions.filter(customer_id=customer_id)
    rows = options(subscriptions, partner_id=partner.pk).order_by("customer_id", "pk", "target_id")
    return rows.values_list("customer_id", "pk", "offer_id", "target_id", *(condition.flag for condition in CONDITIONS))


def _lines(rows: QuerySet[Any, Any]) -> Iterator[str]:
    endings: dict[tuple[bool, ...], str] = {}
    for customer_id, subscription_id, source_id, target_id, *flags in rows.iterator(ROWS_AT_ONCE):
        unmet = tuple(flags)
        ending = endings.get(unmet)
        if ending is None:
            ending = endings[unmet] = _ending(unmet)
        yield (
            f'{{"customer": "{customer_id}", "subscription": "{subscription_id}", '
            f'"source_offer": "{source_id}", "target_offer": "{target_id}", {ending}}}\n'
        )


def _ending(unmet: tuple[bool, ...]) -> str:
    codes = sorted(condition.code for condition, is_unmet in zip(CONDITIONS, unmet, strict=True) if is_unmet)
    named = ", ".join(f'"{code}"' for code in codes)
    return f'"eligible": {"false" if codes else "true"}, "unmet": [{named}]'
