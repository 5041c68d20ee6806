"""The catalogue as partners read it: each offer with its prices, what it may be upgraded to, and its add-ons."""

import datetime
import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from catalog.models import Category, Offer, OfferPrerequisite, Price, Service
from upgrades.changes import Change, change_between
from upgrades.footnotes import footnote_words
from upgrades.matrix import in_catalogue_order
from upgrades.models import UpgradePath

FEWEST_COMPARED = 2
MOST_COMPARED = 4


@dataclass(frozen=True)
class Way:
    """An upgrade path between two offers whose plans are at hand."""

    source: Offer
    target: Offer
    footnote: str

    @property
    def footnote_words(self) -> str:
        """The footnote, in the reader's language where it is a known one."""
        return footnote_words(self.footnote)

    @cached_property
    def change(self) -> Change:
        """What it gains, replaces and loses."""
        return change_between(self.source.service_plans.all(), self.target.service_plans.all())


@dataclass
class OfferLine:
    """An offer with all that pages show of it. `prices` are those of the day, `coming` the next in each currency."""

    offer: Offer
    prices: list[Price] = field(default_factory=list)
    coming: list[Price] = field(default_factory=list)
    ways_on: list[Way] = field(default_factory=list)
    ways_here: list[Way] = field(default_factory=list)
    add_ons: list[Offer] = field(default_factory=list)
    add_on_of: list[Offer] = field(default_factory=list)

    @property
    def plan_ids(self) -> set[int]:
        """The service plans in it."""
        return {plan.pk for plan in self.offer.service_plans.all()}

    def is_found_by(self, words: Iterable[str]) -> bool:
        """Whether each of these words, in any case, is part of its name, its numbers, or a plan or service in it."""
        plans = self.offer.service_plans.all()
        texts = [self.offer.name, self.offer.sku_part_number, str(self.offer.pk), *(plan.name for plan in plans)]
        text = "\n".join([*texts, *(plan.service.name for plan in plans)]).casefold()
        return all(word in text for word in words)


Catalogue = Mapping[uuid.UUID, OfferLine]


def read_catalogue(*, on: datetime.date) -> Catalogue:
    """Every offer, in the catalogue's order, with what it costs on this day and next; in five queries."""
    offers = in_catalogue_order(Offer.objects.with_plans())
    lines = {offer.pk: OfferLine(offer) for offer in offers}
    order = {pk: place for place, pk in enumerate(lines)}
    pairs = list(OfferPrerequisite.objects.values_list("prerequisite_id", "offer_id"))
    for above, below in sorted(pairs, key=lambda pair: (order[pair[0]], order[pair[1]])):
        lines[above].add_ons.append(lines[below].offer)
        lines[below].add_on_of.append(lines[above].offer)
    paths = list(UpgradePath.objects.values_list("source_id", "target_id", "footnote"))
    for source, target, footnote in sorted(paths, key=lambda path: (order[path[0]], order[path[1]])):
        way = Way(lines[source].offer, lines[target].offer, footnote)
        lines[source].ways_on.append(way)
        lines[target].ways_here.append(way)
    for price in Price.objects.since(on).order_by("currency", "valid_from"):
        _add_price(lines[price.offer_id], price, on)
    return lines


def _add_price(line: OfferLine, price: Price, on: datetime.date) -> None:
    if price.is_valid_on(on):
        line.prices.append(price)
    elif price.currency not in {coming.currency for coming in line.coming}:
        line.coming.append(price)


@dataclass(frozen=True)
class Section:
    """The offers of one category."""

    category: str
    lines: list[OfferLine]


def sections(lines: Iterable[OfferLine]) -> list[Section]:
    """These offers by category; categories without any are left out."""
    found: dict[str, list[OfferLine]] = defaultdict(list)
    for line in lines:
        found[line.offer.category].append(line)
    return [Section(str(category.label), found[category]) for category in Category if category in found]


@dataclass(frozen=True)
class PlanRow:
    """A service plan, and which of the compared offers contain it."""

    name: str
    marks: list[bool]

    @property
    def differs(self) -> bool:
        """Whether some contain it and some do not."""
        return len(set(self.marks)) > 1


@dataclass(frozen=True)
class ServiceRows:
    """The plans of one service that any of the compared offers contains."""

    service: Service
    rows: list[PlanRow]


def compare_plans(lines: Sequence[OfferLine]) -> list[ServiceRows]:
    """The service plans of these offers, plan by plan, by service in the catalogue's order."""
    plans = {plan.pk: plan for line in lines for plan in line.offer.service_plans.all()}
    contained = [line.plan_ids for line in lines]
    services: dict[int, ServiceRows] = {}
    for plan in sorted(plans.values(), key=lambda plan: (plan.service_id, plan.pk)):
        group = services.setdefault(plan.service_id, ServiceRows(plan.service, []))
        group.rows.append(PlanRow(plan.name, [plan.pk in ids for ids in contained]))
    return list(services.values())
