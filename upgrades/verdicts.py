"""Judges whether subscriptions may move to their targets, and if not, what stands in the way.

One definition (`upgrades.conditions`) judges one subscription with its reasons, judges again inside the locked
transaction of an upgrade, and judges a whole portfolio set-based.
"""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, field, fields
from functools import cached_property, lru_cache, partial
from itertools import batched, compress
from operator import attrgetter
from typing import Any

from django.db.models import F, QuerySet, Value
from django.utils.translation import gettext

from catalog.models import Offer, OfferServicePlan, Service, ServicePlan
from partners.models import Partner
from subscriptions.models import Subscription
from upgrades.changes import Change, added_plans, change_between, clashing_plans
from upgrades.conditions import CONDITIONS, Condition, Fact, Option, Remedy
from upgrades.models import UpgradePath
from upgrades.prepared import Prepared

CODES = tuple(condition.code for condition in CONDITIONS)
OPTION_IDS = len(fields(Option))
OPTIONS_AT_ONCE = 100


@dataclass(frozen=True, eq=False)
class Path:
    """An upgrade path with its two offers and their plans at hand."""

    id: uuid.UUID
    source: Offer
    target: Offer
    footnote: str

    @property
    def footnote_words(self) -> str:
        """The footnote, in the reader's language where it is a known one."""
        return gettext(self.footnote) if self.footnote else ""

    @cached_property
    def change(self) -> Change:
        """What it gains, replaces and loses."""
        return change_between(self.source.service_plans.all(), self.target.service_plans.all())

    @cached_property
    def service_names(self) -> list[str]:
        """The services of both offers, in the catalogue's order."""
        plans = [*self.source.service_plans.all(), *self.target.service_plans.all()]
        named = {plan.service_id: plan.service.name for plan in plans}
        return [named[service_id] for service_id in sorted(named)]

    @cached_property
    def added_names(self) -> list[str]:
        """The plans that the upgrade adds."""
        return [plan.name for plan in added_plans(self.source, self.target)]

    def clashing_names(self, other: Offer) -> list[str]:
        """The plans of another offer that this path must not meet."""
        offer = self.offers.get(other.pk, other)
        return [plan.name for plan in clashing_plans(source=self.source, target=self.target, other=offer)]

    offers: dict[uuid.UUID, Offer] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, eq=False)
class Verdict:
    """Whether one subscription may take one path, with what each condition saw."""

    partner: Partner
    subscription: Subscription
    path: Path
    unmet: tuple[Condition, ...]
    _seen: dict[str, list[Any]] = field(default_factory=dict, repr=False)

    @property
    def is_eligible(self) -> bool:
        """Whether every condition holds."""
        return not self.unmet

    @property
    def codes(self) -> list[str]:
        """The codes of the unmet conditions, sorted."""
        return sorted(condition.code for condition in self.unmet)

    @property
    def met(self) -> list[Condition]:
        """The conditions that hold."""
        return [condition for condition in CONDITIONS if condition not in self.unmet]

    def seen(self, condition: Condition) -> list[Any]:
        """The rows that stand in the way of this condition."""
        return self._seen.get(condition.code, [])

    def facts(self, condition: Condition) -> Sequence[Fact]:
        """What this condition saw."""
        return condition.facts(self)

    def remedy(self, condition: Condition) -> Remedy | None:
        """What mends this condition, where it is unmet."""
        return condition.remedy(self) if condition in self.unmet else None


def options(
    subscriptions: QuerySet[Any], *, partner_id: uuid.UUID, conditions: Sequence[Condition] = CONDITIONS
) -> QuerySet[Any]:
    """Each of these subscriptions with each of its upgrade paths to an offer that can be bought.

    Every row carries `path_id`, `target_id` and one `unmet_…` flag a condition: set-based, one statement for
    one subscription or for a million.
    """
    flags = {condition.flag: condition.unmet(partner_id) for condition in conditions}
    rows: QuerySet[Any] = subscriptions.filter(offer__upgrade_paths__target__is_available=True).annotate(
        path_id=F("offer__upgrade_paths__id"), target_id=F("offer__upgrade_paths__target_id"), **flags
    )
    return rows


_OPTIONS = Prepared(
    lambda ids, partner_id: (
        options(Subscription.objects.filter(pk__in=ids), partner_id=partner_id)
        .order_by()
        .values_list("pk", "path_id", "target_id", *(condition.flag for condition in CONDITIONS))
    )
)


def _obstacles(condition: Condition, ids: list[uuid.UUID], partner_id: uuid.UUID) -> QuerySet[Any]:
    """The rows behind this condition for many options at once; each carries the number of its `option`."""
    assert condition.obstacles is not None
    queries: list[QuerySet[Any]] = [
        condition.obstacles(Option(*values), partner_id).order_by().annotate(option=Value(number))
        for number, values in enumerate(batched(ids, OPTION_IDS))
    ]
    return queries[0].union(*queries[1:], all=True).order_by() if len(queries) > 1 else queries[0]


_OBSTACLES = [
    (condition, Prepared(partial(_obstacles, condition), group=OPTION_IDS))
    for condition in CONDITIONS
    if condition.obstacles is not None
]
_SERVICE = ("id", "code", "name")
_PLAN = ("id", "code", "plan_id", "name", "service_id")
_CONTENTS = Prepared(
    lambda ids, partner_id: (
        OfferServicePlan.objects.filter(offer_id__in=ids)
        .order_by("service_plan__service_id", "service_plan_id")
        .values_list(
            "offer_id",
            *(f"service_plan__{name}" for name in _PLAN),
            *(f"service_plan__service__{name}" for name in _SERVICE),
        )
    )
)
_PATHS = Prepared(lambda ids, partner_id: UpgradePath.objects.filter(pk__in=ids).select_related("source", "target"))


def is_possible_by_target(
    subscription_ids: Iterable[uuid.UUID], *, partner_id: uuid.UUID
) -> dict[uuid.UUID, dict[uuid.UUID, bool]]:
    """For each of these subscriptions its targets, and whether it may move to each now, without the reasons.

    Those without upgrade paths are left out: one statement for 500 of them.
    """
    found: dict[uuid.UUID, dict[uuid.UUID, bool]] = defaultdict(dict)
    for pk, _path, target, *flags in _OPTIONS.ask(list(subscription_ids), partner_id=partner_id):
        found[pk][target] = not any(flags)
    return found


@dataclass(frozen=True, eq=False)
class JudgedOption:
    """A subscription with one of its paths, and the conditions that stand in the way."""

    subscription: Subscription
    path_id: uuid.UUID
    target_id: uuid.UUID
    unmet: tuple[Condition, ...]

    @property
    def option(self) -> Option:
        """The same by its values."""
        return Option(self.subscription.pk, self.subscription.customer_id, self.path_id, self.target_id)


def judge(
    subscriptions: Iterable[Subscription], *, partner: Partner, target_id: uuid.UUID | None = None
) -> list[Verdict]:
    """Judge these subscriptions for this partner, with all reasons; only for one target offer where that is given.

    The nearest target of a subscription comes first: the eligible ones, then those with the fewest unmet
    conditions. The number of queries does not depend on how many subscriptions or options there are.
    """
    rows = _options(subscriptions, partner.pk, target_id)
    seen = _look(rows, partner.pk)
    others = {
        obstacle.offer_id: obstacle.offer
        for found in seen.values()
        for obstacle in found.get("conflicting_service_types", ())
    }
    paths = load_paths({row.path_id for row in rows}, other_offers=others.values(), partner_id=partner.pk)
    verdicts = [
        Verdict(
            partner=partner, subscription=row.subscription, path=paths[row.path_id], unmet=row.unmet, _seen=seen[index]
        )
        for index, row in enumerate(rows)
        # Whoever edits the matrix may have taken a path away since the options were read.
        if row.path_id in paths
    ]
    return sorted(verdicts, key=lambda verdict: (len(verdict.unmet), verdict.path.target.name))


def _options(
    subscriptions: Iterable[Subscription], partner_id: uuid.UUID, target_id: uuid.UUID | None
) -> list[JudgedOption]:
    if isinstance(subscriptions, QuerySet):
        # Read afresh, whatever it may have read before.
        subscriptions = subscriptions.select_related("offer")
    known = {subscription.pk: subscription for subscription in subscriptions}
    places = {pk: place for place, pk in enumerate(known)}
    judged = _OPTIONS.ask(known, partner_id=partner_id)
    return [
        JudgedOption(known[pk], path_id, target, tuple(compress(CONDITIONS, flags)))
        for pk, path_id, target, *flags in sorted(judged, key=lambda row: places[row[0]])
        if target_id in {None, target}
    ]


def _look(rows: Sequence[JudgedOption], partner_id: uuid.UUID) -> dict[int, dict[str, list[Any]]]:
    """For every option, the rows behind each unmet condition in a lasting order: one query a condition."""
    seen: dict[int, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
    for condition, obstacles in _OBSTACLES:
        asked = [index for index, row in enumerate(rows) if condition in row.unmet]
        for some in batched(asked, OPTIONS_AT_ONCE):
            ids = [value for index in some for value in astuple(rows[index].option)]
            for obstacle in obstacles.ask(ids, partner_id=partner_id):
                # Beyond the last option come repetitions of it.
                if obstacle.option < len(some):
                    seen[some[obstacle.option]][condition.code].append(obstacle)
    for found in seen.values():
        for obstacles_found in found.values():
            obstacles_found.sort(key=attrgetter("pk"))
    return seen


def load_paths(
    path_ids: Iterable[uuid.UUID], *, partner_id: uuid.UUID, other_offers: Iterable[Offer] = ()
) -> dict[uuid.UUID, Path]:
    """These paths with both offers, and other offers to hold against them, all with their service plans."""
    cells: list[UpgradePath] = _PATHS.ask(list(path_ids), partner_id=partner_id)
    offers = {offer.pk: offer for offer in other_offers}
    for cell in cells:
        offers |= {cell.source_id: cell.source, cell.target_id: cell.target}
    plans: dict[uuid.UUID, list[ServicePlan]] = defaultdict(list)
    for offer_id, *content in _CONTENTS.ask(offers, partner_id=partner_id):
        plans[offer_id].append(_plan(*content))
    for offer in offers.values():
        offer.keep_plans(plans[offer.pk])
    return {
        cell.pk: Path(
            id=cell.pk,
            source=offers[cell.source_id],
            target=offers[cell.target_id],
            footnote=cell.footnote,
            offers=offers,
        )
        for cell in cells
    }


@lru_cache(maxsize=1024)
def _plan(*content: Any) -> ServicePlan:
    """The service plan of these values with its service; both are made once, for they are never changed here."""
    plan = ServicePlan.from_db(None, _PLAN, content[: len(_PLAN)])
    plan.service = Service.from_db(None, _SERVICE, content[len(_PLAN) :])
    return plan


def steps_away(subscriptions: QuerySet[Any], *, partner_id: uuid.UUID) -> dict[uuid.UUID, int]:
    """For each of these subscriptions that has upgrade paths, how many conditions its nearest target lacks."""
    nearest: dict[uuid.UUID, int] = {}
    flags = [condition.flag for condition in CONDITIONS]
    rows = options(subscriptions.order_by(), partner_id=partner_id).values_list("pk", *flags)
    for subscription_id, *unmet in rows:
        steps = sum(map(bool, unmet))
        nearest[subscription_id] = min(steps, nearest.get(subscription_id, steps))
    return nearest
