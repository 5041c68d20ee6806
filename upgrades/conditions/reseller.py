"""Condition 5: this partner sold the subscription."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from upgrades.conditions.condition import Condition, Fact, Remedy

if TYPE_CHECKING:
    from upgrades.verdicts import Verdict


def _facts(verdict: "Verdict") -> Sequence[Fact]:
    if RESELLER_OF_RECORD in verdict.unmet:
        return (Fact("sold_elsewhere", {}),)
    return (Fact("sold_by", {"partner": verdict.partner.name}),)


RESELLER_OF_RECORD = Condition(
    code="other",
    met_words=_("You are the reseller of record"),
    unmet_words=_("You are not the reseller of record"),
    state=lambda partner_id: ~Q(reseller_of_record_id=partner_id),
    facts=_facts,
    remedy=lambda verdict: Remedy("only_the_seller"),
)
