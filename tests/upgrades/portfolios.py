"""Random portfolios, and random catalogues to have them of, for the tests that compare judges."""

import datetime
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone
from hypothesis import strategies as st

from catalog.models import Category, Offer, OfferServicePlan, Service, ServicePlan
from customers.models import Customer, DelegatedAdminPrivilege
from partners.models import Partner
from subscriptions.models import Status, Subscription
from tests.factories import CustomerFactory, PartnerFactory, ResellerRelationshipFactory
from tests.upgrades.plain_judge import Held, Obstacles, Plan, obstacles
from upgrades.models import UpgradePath
from upgrades.rules import rules_rebuilt_once

PARTNERS = ("us", "rival", "third")
sellers = st.sampled_from([*PARTNERS, "us", "us", None])
statuses = st.sampled_from([Status.ACTIVE, Status.ACTIVE, Status.ACTIVE, *Status])


@dataclass(frozen=True)
class Row:
    """A subscription to be made: offer and parent by their place in a list, partner by its word."""

    offer: int
    status: Status
    seller: str | None
    parent: int | None


@dataclass(frozen=True)
class Company:
    """A customer to be made: who holds which privilege, who once did, which have expired, and what it has."""

    privileges: Mapping[int, str]
    expired: frozenset[int]
    revoked: frozenset[tuple[int, str]]
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Catalogue:
    """A catalogue to be made: plans as (service, number), offers as sets of plans, the matrix as pairs of offers."""

    offers: tuple[frozenset[tuple[int, int]], ...]
    withdrawn: frozenset[int]
    paths: frozenset[tuple[int, int]]


SERVICES = 4
PLANS = [(service, number) for service in range(SERVICES) for number in range(2)]


@st.composite
def catalogues(draw: st.DrawFn) -> Catalogue:
    """Three to six offers of up to four services with two plans each, and any matrix between them."""
    count = draw(st.integers(3, 6))
    offers = draw(st.lists(st.frozensets(st.sampled_from(PLANS), max_size=5), min_size=count, max_size=count))
    pairs = [(source, target) for source in range(count) for target in range(count) if source != target]
    return Catalogue(
        offers=tuple(offers),
        withdrawn=draw(st.frozensets(st.integers(0, count - 1), max_size=2)),
        paths=draw(st.frozensets(st.sampled_from(pairs), min_size=1, max_size=8)),
    )


@st.composite
def companies(draw: st.DrawFn, offers: int, services: int) -> Company:
    """A customer with up to five subscriptions of any offers from anyone, and any privileges."""
    rows: list[Row] = []
    for place in range(draw(st.integers(1, 5))):
        parents = st.one_of(st.none(), st.none(), st.integers(0, place - 1)) if place else st.none()
        rows.append(Row(draw(st.integers(0, offers - 1)), draw(statuses), draw(sellers), draw(parents)))
    # Mostly ours, or next to no option would have this condition met.
    holders = st.sampled_from(["us"] * 12 + ["rival", "", "expired"])
    held = draw(st.lists(holders, min_size=services, max_size=services))
    revoked = st.tuples(st.integers(0, services - 1), st.sampled_from(PARTNERS))
    return Company(
        privileges={service: holder for service, holder in enumerate(held) if holder not in {"", "expired"}},
        expired=frozenset(service for service, holder in enumerate(held) if holder == "expired"),
        revoked=draw(st.frozensets(revoked, max_size=3)),
        rows=tuple(rows),
    )


@dataclass
class Portfolio:
    """What was made, beside what the plain judge knows of it."""

    partners: dict[str, Partner]
    offers: list[Offer]
    services: list[Service]
    contents: dict[str, frozenset[Plan]]
    paths: dict[str, list[str]]
    customers: list[tuple[Customer, Company, list[Subscription]]] = field(default_factory=list)

    @classmethod
    def of_the_catalogue(cls) -> "Portfolio":
        """An empty portfolio of the catalogue and matrix that come with the portal."""
        return cls.of(list(Offer.objects.order_by("name")), list(Service.objects.all()))

    @classmethod
    def of_catalogue(cls, wanted: Catalogue) -> "Portfolio":
        """An empty portfolio of a catalogue and matrix made for it."""
        mark = uuid.uuid4().hex[:8]
        with rules_rebuilt_once():
            services = [Service.objects.create(code=f"{mark}-{n}", name=f"Service {n}") for n in range(SERVICES)]
            plans = {
                (service, number): ServicePlan.objects.create(
                    code=f"{mark}-{service}-{number}", name=f"Plan {service}.{number}", service=services[service]
                )
                for service, number in PLANS
            }
            offers = [_make_offer(mark, n, n not in wanted.withdrawn) for n in range(len(wanted.offers))]
            for offer, inside in zip(offers, wanted.offers, strict=True):
                OfferServicePlan.objects.bulk_create(
                    [OfferServicePlan(offer=offer, service_plan=plans[plan]) for plan in sorted(inside)]
                )
            for source, target in sorted(wanted.paths):
                UpgradePath.objects.create(source=offers[source], target=offers[target])
        return cls.of(offers, services)

    @classmethod
    def of(cls, offers: list[Offer], services: list[Service]) -> "Portfolio":
        """An empty portfolio of these offers."""
        contents = {
            offer.name: frozenset(
                Plan(plan.service.code, plan.name) for plan in offer.service_plans.select_related("service")
            )
            for offer in offers
        }
        cells = UpgradePath.objects.filter(target__is_available=True).values_list("source__name", "target__name")
        paths: dict[str, list[str]] = {}
        for source, target in cells:
            paths.setdefault(source, []).append(target)
        partners = {word: PartnerFactory(name=f"The firm called {word}") for word in PARTNERS}
        return cls(partners=partners, offers=offers, services=services, contents=contents, paths=paths)

    def add(self, company: Company) -> None:
        """Make this customer with all that it has. Every nickname and number of licences occurs once."""
        customer = CustomerFactory()
        for partner in self.partners.values():
            ResellerRelationshipFactory(partner=partner, customer=customer)
        DelegatedAdminPrivilege.objects.bulk_create(self._privileges(customer, company))
        subscriptions: list[Subscription] = []
        for row in company.rows:
            subscriptions.append(self._subscription(customer, row, subscriptions))
        Subscription.objects.bulk_create(subscriptions)
        self.customers.append((customer, company, subscriptions))

    def _privileges(self, customer: Customer, company: Company) -> Iterator[DelegatedAdminPrivilege]:
        now, hour = timezone.now(), datetime.timedelta(hours=1)
        for service, holder in company.privileges.items():
            # Some have an end, which has not come.
            yield self._privilege(customer, service, holder, expires_at=now + hour if service % 2 else None)
        for service in company.expired:
            yield self._privilege(customer, service, "us", expires_at=now - hour)
        for service, holder in company.revoked:
            yield self._privilege(customer, service, holder, revoked_at=timezone.now())

    def _privilege(self, customer: Customer, service: int, holder: str, **fields: Any) -> DelegatedAdminPrivilege:
        return DelegatedAdminPrivilege(
            customer=customer, service=self.services[service], partner=self.partners[holder], **fields
        )

    def _subscription(self, customer: Customer, row: Row, before: list[Subscription]) -> Subscription:
        number = 1 + sum(len(made) for _customer, _company, made in self.customers) + len(before)
        now = timezone.now()
        return Subscription(
            customer=customer,
            offer=self.offers[row.offer],
            reseller_of_record=self.partners[row.seller] if row.seller else None,
            parent=None if row.parent is None else before[row.parent],
            status=row.status,
            suspended_at=now - datetime.timedelta(days=3) if row.status == Status.SUSPENDED else None,
            nickname=f"nickname-{number}-",
            quantity=200 + number,
            commitment_end=now.date(),
        )

    @property
    def subscription_ids(self) -> list[uuid.UUID]:
        """All that were made."""
        return [subscription.pk for _customer, _company, made in self.customers for subscription in made]

    def expected(self, partner: str) -> dict[tuple[uuid.UUID, str], Obstacles]:
        """What the plain judge says of every option, as this partner would have it."""
        return {
            (one.pk, target): obstacles(
                partner=partner,
                one=self.plain(one),
                target=target,
                held=[self.plain(other) for other in made],
                privileges=[
                    self.services[service].code for service, holder in company.privileges.items() if holder == partner
                ],
                contents=self.contents,
            )
            for _customer, company, made in self.customers
            for one in made
            for target in self.paths.get(one.offer.name, [])
        }

    def plain(self, subscription: Subscription) -> Held:
        """This subscription as the plain judge sees it."""
        words = {partner.pk: word for word, partner in self.partners.items()}
        seller = subscription.reseller_of_record_id
        return Held(
            id=subscription.pk,
            offer=subscription.offer.name,
            status=str(subscription.status),
            seller=words[seller] if seller else None,
            parent=subscription.parent_id,
        )

    def find(self, subscription_id: object) -> Subscription:
        """The subscription of this id, as it was made."""
        return next(one for _customer, _company, made in self.customers for one in made if one.pk == subscription_id)


def _make_offer(mark: str, number: int, is_available: bool) -> Offer:
    offer: Offer = Offer.objects.create(
        name=f"Offer {number} of {mark}",
        sku_part_number=f"{mark}-{number}",
        category=Category.STANDALONE,
        minimum_quantity=1,
        maximum_quantity=1000,
        is_available=is_available,
    )
    return offer


@st.composite
def portfolio_plans(draw: st.DrawFn) -> tuple[Catalogue | None, list[Company]]:
    """A catalogue (or none, for the portal's own) and one to three customers with offers of it."""
    catalogue = draw(st.one_of(st.none(), catalogues()))
    offers, services = (len(catalogue.offers), SERVICES) if catalogue else (12, 9)
    return catalogue, draw(st.lists(companies(offers, services), min_size=1, max_size=3))


def make(plan: tuple[Catalogue | None, list[Company]]) -> Portfolio:
    """Store all this."""
    catalogue, wanted = plan
    portfolio = Portfolio.of_the_catalogue() if catalogue is None else Portfolio.of_catalogue(catalogue)
    for company in wanted:
        portfolio.add(company)
    return portfolio
