"""Why an upgrade is not possible, as it goes over the wire: a code, a sentence, and details for programs."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from api.shapes import Attributes, UpgradeErrorCode, WireOut
from catalog.models import Offer, Service
from catalog.words import listed
from subscriptions.models import Subscription
from upgrades.changes import clashing_plans
from upgrades.conditions import DELEGATED, PROVISIONED
from upgrades.conditions.add_ons import NO_ADD_ONS
from upgrades.conditions.condition import Condition
from upgrades.conditions.conflicts import NO_CONFLICT, TARGET_ABSENT
from upgrades.conditions.reseller import RESELLER_OF_RECORD
from upgrades.conditions.status import ACTIVE
from upgrades.verdicts import Path, Verdict
from upgrades.words import FACTS, worded


class UpgradeErrorOut(WireOut):
    """One reason why an upgrade is not possible."""

    code: UpgradeErrorCode
    description: str
    additional_details: str
    attributes: Attributes = Attributes(object_type="UpgradeError")


def upgrade_errors(verdict: Verdict) -> list[UpgradeErrorOut]:
    """All that stands in the way of an upgrade, in the protocol's order; nothing where it is possible."""
    return [
        UpgradeErrorOut(
            code=words.code, description=words.description(verdict), additional_details=words.details(verdict)
        )
        for words in WORDS
        if words.condition in verdict.unmet
    ]


def no_paths(source: Offer) -> UpgradeErrorOut:
    """There is no upgrade from this offer at all."""
    return UpgradeErrorOut(
        code="subscription_does_not_have_any_upgrade_paths",
        description=_("%(offer)s cannot be upgraded to another offer.") % {"offer": source.name},
        additional_details=str(source.pk),
    )


def target_not_found(source: Offer, target: Offer) -> UpgradeErrorOut:
    """There is no upgrade from this offer to that one, or that one is no longer sold."""
    return UpgradeErrorOut(
        code="subscription_target_offer_not_found",
        description=_("%(source)s cannot be upgraded to %(target)s.") % {"source": source.name, "target": target.name},
        additional_details=str(target.pk),
    )


def others_at_work() -> UpgradeErrorOut:
    """Somebody else's change of the customer took too long."""
    return UpgradeErrorOut(
        code="concurrency_conflicts",
        description=_("Somebody else's change of this customer is still under way. Try again with a new request id."),
        additional_details="",
    )


@dataclass(frozen=True)
class Words:
    """How an unmet condition goes over the wire."""

    condition: Condition
    code: str
    description: Callable[[Verdict], str]
    details: Callable[[Verdict], str]


def _missing_services(verdict: Verdict) -> list[Service]:
    return [row.service for row in sorted(verdict.seen(DELEGATED), key=lambda row: row.service_id)]


def _privileges_missing(verdict: Verdict) -> str:
    services = listed(service.name for service in _missing_services(verdict))
    return _("Delegated admin privileges are missing for %(services)s.") % {"services": services}


def _clashing_services(path: Path, other: Subscription) -> list[Service]:
    """The services of another subscription that the upgrade must not meet, in the catalogue's order."""
    offer = path.offers.get(other.offer_id, other.offer)
    plans = clashing_plans(source=path.source, target=path.target, other=offer)
    return list({plan.service_id: plan.service for plan in plans}.values())


def _conflict(verdict: Verdict, other: Subscription) -> str:
    values = {
        "target": verdict.path.target.name,
        "services": listed(service.name for service in _clashing_services(verdict.path, other)),
        "offer": other.offer.name,
    }
    if other.is_sold_by(verdict.partner):
        return _("%(target)s adds %(services)s, which %(offer)s, sold by you, contains.") % values
    text = _("%(target)s adds %(services)s, which %(offer)s, bought from another reseller or channel, contains.")
    return text % values


def _conflicts(verdict: Verdict) -> str:
    return " ".join(_conflict(verdict, other) for other in verdict.seen(NO_CONFLICT))


def _conflict_details(verdict: Verdict) -> str:
    return "; ".join(
        sorted(
            f"{other.offer_id}: {_in_order(service.code for service in _clashing_services(verdict.path, other))}"
            for other in verdict.seen(NO_CONFLICT)
        )
    )


def _add_on_details(verdict: Verdict) -> str:
    """The add-ons by their ids; of one that another sold no more than its offer is told."""
    return _in_order(
        str(add_on.pk if add_on.is_sold_by(verdict.partner) else add_on.offer_id) for add_on in verdict.seen(NO_ADD_ONS)
    )


def _in_order(words: Iterable[str]) -> str:
    return ", ".join(sorted(words))


def _as_on_the_page(condition: Condition) -> Callable[[Verdict], str]:
    """The words of the page: what is not as it should be, and what was seen."""

    def words(verdict: Verdict) -> str:
        seen = [worded(FACTS, fact.code, fact.values) for fact in verdict.facts(condition)]
        return _("%(reason)s. %(facts)s") % {"reason": condition.unmet_words, "facts": " ".join(seen)}

    return words


WORDS = (
    Words(PROVISIONED, PROVISIONED.code, _as_on_the_page(PROVISIONED), lambda verdict: "pending"),
    Words(ACTIVE, ACTIVE.code, _as_on_the_page(ACTIVE), lambda verdict: str(verdict.subscription.status)),
    Words(
        DELEGATED,
        DELEGATED.code,
        _privileges_missing,
        lambda verdict: _in_order(service.code for service in _missing_services(verdict)),
    ),
    Words(NO_CONFLICT, NO_CONFLICT.code, _conflicts, _conflict_details),
    Words(
        TARGET_ABSENT,
        # The protocol has no code of its own for it.
        NO_CONFLICT.code,
        lambda verdict: _("The customer already has %(offer)s.") % {"offer": verdict.path.target.name},
        lambda verdict: TARGET_ABSENT.code,
    ),
    Words(
        RESELLER_OF_RECORD,
        RESELLER_OF_RECORD.code,
        _as_on_the_page(RESELLER_OF_RECORD),
        lambda verdict: "reseller_of_record",
    ),
    Words(NO_ADD_ONS, NO_ADD_ONS.code, _as_on_the_page(NO_ADD_ONS), _add_on_details),
)
