"""Questions across the rooms about many customers at once: what they have, and how near an upgrade they are.

A list asks them after it has its page, by the ids on it. Asking within the query of the list looks simpler and
makes the database judge the partner's whole portfolio for every page.
"""

import datetime
import uuid
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from django.db.models import Case, Count, ExpressionWrapper, IntegerField, Min, QuerySet, Value, When
from django.db.models.expressions import Combinable
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from customers.models import Customer, ResellerRelationship
from subscriptions.models import DAYS_UNTIL_DELETION, Status, Subscription
from upgrades.conditions import CONDITIONS
from upgrades.prepared import Prepared
from upgrades.verdicts import options

STEP = 1 << len(CONDITIONS)


@dataclass(frozen=True)
class Nearness:
    """How far a subscription's nearest target is, and by which conditions."""

    distance: int

    @property
    def steps(self) -> int:
        """How many conditions the nearest target lacks; 0 where the upgrade is possible."""
        return self.distance // STEP

    @property
    def codes(self) -> list[str]:
        """The codes of those conditions."""
        return [condition.code for number, condition in enumerate(CONDITIONS) if self.distance & 1 << number]


def _distance() -> Combinable:
    """An option's unmet conditions as one number: how many, and below that a bit for each.

    The smallest of a subscription's options is its nearest, so that one aggregate tells both.
    """
    parts: list[Combinable] = [
        Case(When(**{condition.flag: True}, then=Value(STEP + (1 << number))), default=Value(0))
        for number, condition in enumerate(CONDITIONS)
    ]
    total = parts[0]
    for part in parts[1:]:
        total += part
    return total


def nearness(subscriptions: QuerySet[Any], *, partner_id: uuid.UUID, by: Collection[str] = ("pk",)) -> QuerySet[Any]:
    """For each of these subscriptions that has upgrade paths (or each group of them) its smallest distance.

    Rows hold the values of `by` and `distance`: one statement, however many there are.
    """
    judged = options(subscriptions.order_by(), partner_id=partner_id)
    grouped: QuerySet[Any] = judged.values(*by).annotate(distance=Min(_distance(), output_field=IntegerField()))
    return grouped


def own_live(partner_id: uuid.UUID) -> QuerySet[Any]:
    """The live subscriptions that this partner sold: all that it could ever upgrade."""
    return Subscription.objects.sold_by(partner_id).live()


_OPTION_DISTANCES = Prepared(
    lambda ids, partner_id: (
        options(own_live(partner_id).filter(pk__in=ids), partner_id=partner_id)
        .order_by()
        .annotate(distance=ExpressionWrapper(_distance(), IntegerField()))
        .values_list("pk", "target_id", "distance")
    )
)
_STEPS_BY_SUBSCRIPTION = Prepared(
    lambda ids, partner_id: nearness(own_live(partner_id).filter(pk__in=ids), partner_id=partner_id).values_list(
        "pk", "distance"
    )
)
_STEPS_BY_CUSTOMER = Prepared(
    lambda ids, partner_id: nearness(
        own_live(partner_id).filter(customer_id__in=ids), partner_id=partner_id, by=("customer_id",)
    ).values_list("customer_id", "distance")
)
_STEPS_OF_CUSTOMERS = Prepared(
    lambda ids, partner_id: nearness(
        own_live(partner_id).filter(customer_id__in=ids), partner_id=partner_id, by=("customer_id", "pk")
    ).values_list("customer_id", "distance")
)
_LIVE_COUNTS = Prepared(
    lambda ids, partner_id: (
        Subscription.objects.live()
        .filter(customer_id__in=ids)
        .sold_or_administered_by(partner_id)
        .order_by()
        .values("customer_id")
        .annotate(live=Count("pk"))
        .values_list("customer_id", "live")
    )
)


def steps_by_subscription(subscription_ids: Collection[uuid.UUID], *, partner_id: uuid.UUID) -> dict[uuid.UUID, int]:
    """How many steps away an upgrade of each of these is; those that have no upgrade paths are left out."""
    rows = _STEPS_BY_SUBSCRIPTION.ask(subscription_ids, partner_id=partner_id)
    return {subscription_id: Nearness(distance).steps for subscription_id, distance in rows}


@dataclass(frozen=True)
class Outlook:
    """How near the upgrades of one subscription are, by the id of the target."""

    targets: Mapping[uuid.UUID, Nearness]

    @property
    def nearest(self) -> Nearness:
        """How near the nearest of them is."""
        return min(self.targets.values(), key=lambda one: one.distance)

    def is_possible(self, target_id: uuid.UUID) -> bool:
        """Whether the upgrade to this target is possible now."""
        return target_id in self.targets and not self.targets[target_id].steps


def outlooks(subscription_ids: Collection[uuid.UUID], *, partner_id: uuid.UUID) -> dict[uuid.UUID, Outlook]:
    """How near the upgrades of each of these are; those that have no upgrade paths are left out."""
    found: dict[uuid.UUID, dict[uuid.UUID, Nearness]] = defaultdict(dict)
    for subscription_id, target_id, distance in _OPTION_DISTANCES.ask(subscription_ids, partner_id=partner_id):
        found[subscription_id][target_id] = Nearness(distance)
    return {subscription_id: Outlook(targets) for subscription_id, targets in found.items()}


def steps_by_customer(customer_ids: Collection[uuid.UUID], *, partner_id: uuid.UUID) -> dict[uuid.UUID, int]:
    """How many steps away the nearest upgrade of each customer is, of what this partner sold to it."""
    rows = _STEPS_BY_CUSTOMER.ask(customer_ids, partner_id=partner_id)
    return {customer_id: Nearness(distance).steps for customer_id, distance in rows}


def held_up_by(code: str, customer_ids: Collection[uuid.UUID], *, partner_id: uuid.UUID) -> set[uuid.UUID]:
    """Those of these customers with a subscription whose nearest upgrade this condition stands in the way of."""
    rows = _STEPS_OF_CUSTOMERS.ask(customer_ids, partner_id=partner_id)
    return {customer_id for customer_id, distance in rows if code in Nearness(distance).codes}


def live_counts(customer_ids: Collection[uuid.UUID], *, partner_id: uuid.UUID) -> dict[uuid.UUID, int]:
    """How many live subscriptions of each of these customers this partner may see."""
    return dict(_LIVE_COUNTS.ask(customer_ids, partner_id=partner_id))


def tally(partner_id: uuid.UUID) -> Counter[int]:
    """How many of the partner's live subscriptions stand at each distance; the desk counts from it."""
    rows = nearness(own_live(partner_id), partner_id=partner_id).values_list("distance", flat=True)
    return Counter(rows.iterator(chunk_size=10_000))


class ListedCompany(NamedTuple):
    """What a list says of a customer, read without the rest."""

    pk: uuid.UUID
    company_name: str
    domain: str


class ListedRelationship(NamedTuple):
    """A relationship with its customer as a list shows both, in the columns that `of_all` asks for."""

    customer_id: uuid.UUID
    name_key: str
    has_ended: bool
    company_name: str
    domain: str

    @property
    def customer(self) -> ListedCompany:
        """The customer."""
        return ListedCompany(self.customer_id, self.company_name, self.domain)

    @staticmethod
    def of_all(relationships: QuerySet[Any]) -> QuerySet[Any]:
        """These relationships in tuples to make this of."""
        return relationships.values_list(
            "customer_id", "name_key", "has_ended", "customer__company_name", "customer__domain"
        )


@dataclass(frozen=True)
class CustomerLine:
    """One line of the customer list; `steps` is `None` where the customer has no upgrade path."""

    customer: Customer | ListedCompany
    has_ended: bool
    subscriptions: int
    steps: int | None
    address: str

    @cached_property
    def id(self) -> str:
        """The customer's id."""
        return str(self.customer.pk)

    @property
    def name(self) -> str:
        """The company's name."""
        return self.customer.company_name

    @property
    def domain(self) -> str:
        """The primary domain."""
        return self.customer.domain

    @property
    def relationship_words(self) -> str:
        """What the partner is to the customer."""
        return _("Former reseller") if self.has_ended else _("Reseller")


_CUSTOMERS = Prepared(lambda ids, partner_id: Customer.objects.filter(pk__in=ids).only("company_name", "domain"))


def with_customers(relationships: Collection[ResellerRelationship], *, partner_id: uuid.UUID) -> None:
    """Give each of a page's relationships its customer.

    Joined, the customers of all matches would be fetched before the first fifty are chosen.
    """
    ids = [row.customer_id for row in relationships]
    found = {customer.pk: customer for customer in _CUSTOMERS.ask(ids, partner_id=partner_id)}
    for row in relationships:
        # Whoever was deleted since the page was read is looked for again, and missed there.
        if row.customer_id in found:
            row.customer = found[row.customer_id]


def customer_lines(
    relationships: Iterable[ResellerRelationship | ListedRelationship], *, partner_id: uuid.UUID
) -> list[CustomerLine]:
    """These relationships with what the list says of each customer: two statements."""
    rows = list(relationships)
    ids = [row.customer_id for row in rows]
    counts = live_counts(ids, partner_id=partner_id)
    steps = steps_by_customer(ids, partner_id=partner_id)
    # One address is resolved and serves all: resolving fifty takes as long as judging them.
    nobody = uuid.UUID(int=0)
    pattern = reverse("desk:subscription_list", args=[nobody])
    return [
        CustomerLine(
            customer=row.customer,
            has_ended=row.has_ended,
            subscriptions=counts.get(row.customer_id, 0),
            steps=steps.get(row.customer_id),
            address=pattern.replace(str(nobody), str(row.customer_id)),
        )
        for row in rows
    ]


def soon_deleted(partner_id: uuid.UUID, *, days: int = 7) -> QuerySet[Any]:
    """The suspended subscriptions that this partner sold and that are deleted within these days, soonest first."""
    latest = timezone.now() - datetime.timedelta(days=DAYS_UNTIL_DELETION - days)
    own = Subscription.objects.sold_by(partner_id).filter(status=Status.SUSPENDED)
    return own.filter(suspended_at__lte=latest).order_by("suspended_at", "pk")


def opened(customer_id: uuid.UUID, *, partner_id: uuid.UUID, most: int = 50) -> "list[SubscriptionLine]":
    """A customer's live subscriptions as far as this partner may see them, its own first, at most so many."""
    visible = Subscription.objects.live().filter(customer_id=customer_id).sold_or_administered_by(partner_id)
    own_first = Case(When(reseller_of_record_id=partner_id, then=Value(0)), default=Value(1))
    rows = list(visible.select_related("offer").order_by(own_first, "created_at", "pk")[:most])
    return subscription_lines(rows, partner_id=partner_id)


@dataclass(frozen=True)
class SubscriptionLine:
    """One subscription in a list; of one sold elsewhere the partner may know offer, status and services only."""

    subscription: Subscription
    is_ours: bool
    steps: int | None = None


def subscription_lines(subscriptions: Iterable[Subscription], *, partner_id: uuid.UUID) -> list[SubscriptionLine]:
    """These subscriptions with how near an upgrade each is: one statement."""
    rows = list(subscriptions)
    own = {row.pk for row in rows if row.reseller_of_record_id == partner_id}
    steps = steps_by_subscription([row.pk for row in rows if row.pk in own and row.is_live], partner_id=partner_id)
    return [SubscriptionLine(row, row.pk in own, steps.get(row.pk)) for row in rows]
