"""A verdict in words: every condition with a tick or a cross, the fact behind it, and what mends it."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from upgrades.conditions import CONDITIONS, Condition
from upgrades.models import UpgradeWatch
from upgrades.verdicts import Verdict
from upgrades.waiting import Requests, Wait, not_asked_for, requests_for, waits
from upgrades.words import FACTS, FOR_CUSTOMER, REMEDIES, worded

# What the button says that leads to the page which mends.
BUTTONS = {
    "desk:subscription_details": _("Open it"),
    "subscriptions:reactivate": _("Reactivate"),
    "subscriptions:cancel": _("Cancel it"),
}


@dataclass(frozen=True)
class Explained:
    """One condition as a person reads it."""

    code: str
    is_met: bool
    words: str
    facts: tuple[str, ...]
    remedy: str = ""
    remedy_url: str = ""
    remedy_button: str = ""
    for_customer: str = ""
    # What the customer can be asked for and is not yet, by ids of services; and what is on its way already.
    to_request: tuple[int, ...] = ()
    waits: tuple[Wait, ...] = ()


NOTHING: Mapping[Any, Any] = MappingProxyType({})


def explain(verdict: Verdict, requests: Requests = NOTHING) -> list[Explained]:
    """Every condition of this verdict, the unmet ones first; `requests` as in `upgrades.waiting`."""
    explained = [_explain(verdict, condition, requests) for condition in CONDITIONS]
    return sorted(explained, key=lambda one: one.is_met)


def _explain(verdict: Verdict, condition: Condition, requests: Requests) -> Explained:
    is_met = condition not in verdict.unmet
    facts = tuple(worded(FACTS, fact.code, fact.values) for fact in verdict.facts(condition))
    words = str(condition.met_words if is_met else condition.unmet_words)
    remedy = verdict.remedy(condition)
    if remedy is None:
        return Explained(condition.code, is_met, words, facts)
    url = ""
    if remedy.subscription_id is not None:
        url = reverse(remedy.page, args=[verdict.subscription.customer_id, remedy.subscription_id])
    return Explained(
        condition.code,
        is_met,
        words,
        facts,
        remedy=worded(REMEDIES, remedy.code, remedy.values),
        remedy_url=url,
        remedy_button=str(BUTTONS[remedy.page]) if url else "",
        for_customer=worded(FOR_CUSTOMER, remedy.code, remedy.values) if remedy.for_customer else "",
        to_request=not_asked_for(verdict, remedy.services, requests),
        waits=waits(verdict, condition, requests),
    )


def explain_evidence(evidence: Sequence[Mapping[str, Any]]) -> list[Explained]:
    """The evidence kept with an upgrade, in the reader's language."""
    known = {condition.code: condition for condition in CONDITIONS}
    return [
        Explained(
            item["code"],
            item["met"],
            str(known[item["code"]].met_words) if item["code"] in known else item["code"],
            tuple(worded(FACTS, fact["code"], fact["values"]) for fact in item["facts"]),
        )
        for item in evidence
    ]


@dataclass(frozen=True)
class Card:
    """One target offer as the details page and the form show it."""

    verdict: Verdict
    explained: list[Explained]
    watch: UpgradeWatch | None = None

    @property
    def unmet(self) -> tuple[Explained, ...]:
        """What stands in the way."""
        return tuple(one for one in self.explained if not one.is_met)

    @property
    def met(self) -> tuple[Explained, ...]:
        """What holds."""
        return tuple(one for one in self.explained if one.is_met)


def cards(verdicts: Sequence[Verdict], watches: Mapping[uuid.UUID | None, UpgradeWatch] = NOTHING) -> list[Card]:
    """A card for each target, the nearest first; `watches` are the open ones of the reader, by the target."""
    requests = requests_for(verdicts)
    return [Card(one, explain(one, requests), watches.get(one.path.target.pk)) for one in verdicts]
