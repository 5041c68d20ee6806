"""The receipt: the upgrade's row in words, and as JSON."""

from typing import Any

from django.utils.dateparse import parse_datetime

from upgrades.models import Upgrade
from upgrades.words import STEPS, worded


def described_steps(upgrade: Upgrade) -> list[dict[str, Any]]:
    """The hand-over list in the reader's language."""
    return [
        {
            "words": worded(STEPS, step["code"], step["values"]),
            "done_at": parse_datetime(step["done_at"]) if step["done_at"] else None,
            "done_by": step["done_by_name"],
        }
        for step in upgrade.hand_over
    ]


def as_json(upgrade: Upgrade) -> dict[str, Any]:
    """All that the receipt holds, by stable names: ids, codes and values, times in UTC as ISO 8601."""
    return {
        "id": str(upgrade.pk),
        "made_at": upgrade.created_at.isoformat(),
        "partner": {"id": str(upgrade.partner_id), "name": upgrade.partner_name},
        "staff": {"id": upgrade.staff_id and str(upgrade.staff_id), "name": upgrade.staff_name},
        "customer": {"id": str(upgrade.customer_id), "company_name": upgrade.company_name},
        "subscription": {
            "id": str(upgrade.subscription_id),
            "nickname": upgrade.nickname,
            "version": upgrade.version_after,
        },
        "before": {
            "offer": {"id": str(upgrade.source_offer_id), "name": upgrade.source_name},
            "quantity": upgrade.quantity_before,
        },
        "after": {
            "offer": {"id": str(upgrade.target_offer_id), "name": upgrade.target_name},
            "quantity": upgrade.quantity_after,
        },
        "service_plans": upgrade.change,
        "matrix": {"version": upgrade.matrix_version, "footnote": upgrade.footnote},
        "evidence": upgrade.evidence,
        "hand_over": upgrade.hand_over,
        "finished_at": upgrade.finished_at.isoformat() if upgrade.finished_at else None,
        "idempotency_key": upgrade.key,
    }
