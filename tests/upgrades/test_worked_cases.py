"""The worked cases of the domain, as a table: what the customer has, what is asked, what stands in the way."""

import datetime
import uuid
from dataclasses import dataclass, field

import pytest
from django.utils import timezone

from catalog.models import Service
from partners.models import Partner
from subscriptions.models import Status, Subscription
from tests.factories import PartnerFactory, StaffFactory, customer_of, sold
from tests.upgrades.plain_judge import (
    ADD_ONS,
    CONFLICT,
    NO_PRIVILEGE,
    NOT_ACTIVE,
    NOT_PROVISIONED,
    NOT_THE_SELLER,
    TARGET_PRESENT,
)
from upgrades.errors import ConditionsUnmet, QuantityRefused
from upgrades.models import Upgrade
from upgrades.operations import upgrade_subscription
from upgrades.verdicts import Verdict, judge, options, steps_away

pytestmark = pytest.mark.django_db

US, RIVAL, DIRECT = "us", "rival", None


@dataclass(frozen=True)
class Has:
    """A subscription of the customer; an add-on hangs on the one that is judged."""

    offer: str
    seller: str | None = US
    status: Status = Status.ACTIVE
    quantity: int = 25
    is_add_on: bool = False


@dataclass(frozen=True)
class Case:
    """What the customer has, the judged subscription first, and the unmet conditions by target."""

    name: str
    has: tuple[Has, ...]
    expected: dict[str, set[str]] = field(default_factory=dict)
    without: frozenset[str] = frozenset()


BUSINESS, PREMIUM, ESSENTIALS = "Business", "Business Premium", "Business Essentials"
PROPLUS, E1, E3 = "ProPlus", "Enterprise E1", "Enterprise E3"
NOTHING: set[str] = set()

CASES = [
    Case("Business alone", (Has(BUSINESS),), {PREMIUM: NOTHING, PROPLUS: NOTHING, E3: NOTHING}),
    Case("Premium alone", (Has(PREMIUM),), {E3: NOTHING}),
    Case("Essentials alone", (Has(ESSENTIALS, quantity=300),), {PREMIUM: NOTHING, E1: NOTHING, E3: NOTHING}),
    Case(
        "Business beside Essentials from another reseller",
        (Has(BUSINESS), Has(ESSENTIALS, RIVAL)),
        {PREMIUM: {CONFLICT}, PROPLUS: NOTHING, E3: {CONFLICT}},
    ),
    Case(
        "Business beside Exchange Plan 2 bought directly",
        (Has(BUSINESS), Has("Exchange Online (Plan 2)", DIRECT)),
        {PREMIUM: {CONFLICT}, PROPLUS: NOTHING, E3: {CONFLICT}},
    ),
    Case(
        "Business beside own E3 suspended",
        (Has(BUSINESS), Has(E3, status=Status.SUSPENDED)),
        {PREMIUM: {CONFLICT}, PROPLUS: {CONFLICT}, E3: {CONFLICT, TARGET_PRESENT}},
    ),
    Case(
        "Business beside own E3 deleted",
        (Has(BUSINESS), Has(E3, status=Status.DELETED)),
        {PREMIUM: NOTHING, PROPLUS: NOTHING, E3: NOTHING},
    ),
    Case(
        "Premium beside Exchange Plan 1 bought directly",
        (Has(PREMIUM), Has("Exchange Online (Plan 1)", DIRECT)),
        {E3: NOTHING},
    ),
    Case("Premium beside SharePoint Plan 2", (Has(PREMIUM), Has("SharePoint Online (Plan 2)")), {E3: {CONFLICT}}),
    Case("Premium suspended", (Has(PREMIUM, status=Status.SUSPENDED),), {E3: {NOT_ACTIVE}}),
    Case("Premium pending", (Has(PREMIUM, status=Status.PENDING),), {E3: {NOT_PROVISIONED}}),
    Case("Premium deleted", (Has(PREMIUM, status=Status.DELETED),), {E3: {NOT_ACTIVE}}),
    Case(
        "Premium without the Exchange privilege", (Has(PREMIUM),), {E3: {NO_PRIVILEGE}}, without=frozenset({"exchange"})
    ),
    Case(
        "Premium without the Information Protection privilege, a service of the target alone",
        (Has(PREMIUM),),
        {E3: {NO_PRIVILEGE}},
        without=frozenset({"information-protection"}),
    ),
    Case(
        "Essentials sold by another partner",
        (Has(ESSENTIALS, RIVAL),),
        {PREMIUM: {NOT_THE_SELLER}, E1: {NOT_THE_SELLER}, E3: {NOT_THE_SELLER}},
    ),
    Case(
        "Essentials bought directly",
        (Has(ESSENTIALS, DIRECT),),
        {PREMIUM: {NOT_THE_SELLER}, E1: {NOT_THE_SELLER}, E3: {NOT_THE_SELLER}},
    ),
    Case(
        "Two Business subscriptions",
        (Has(BUSINESS), Has(BUSINESS)),
        {PREMIUM: NOTHING, PROPLUS: NOTHING, E3: NOTHING},
    ),
    Case(
        "Essentials beside E1, which adds no plan",
        (Has(ESSENTIALS), Has(E1)),
        {PREMIUM: NOTHING, E1: {TARGET_PRESENT}, E3: NOTHING},
    ),
    Case(
        "Business with a live add-on",
        (Has(BUSINESS), Has("Skype for Business Online (Plan 1)", is_add_on=True)),
        {PREMIUM: {CONFLICT, ADD_ONS}, PROPLUS: {ADD_ONS}, E3: {CONFLICT, ADD_ONS}},
    ),
    Case(
        "Business with a deleted add-on",
        (Has(BUSINESS), Has("Skype for Business Online (Plan 1)", status=Status.DELETED, is_add_on=True)),
        {PREMIUM: NOTHING, PROPLUS: NOTHING, E3: NOTHING},
    ),
    Case(
        "Everything wrong at once",
        (
            Has(BUSINESS, RIVAL, Status.SUSPENDED),
            Has(E3, DIRECT),
            Has("Exchange Online (Plan 2)", RIVAL, Status.PENDING, is_add_on=True),
        ),
        {
            PREMIUM: {CONFLICT, NO_PRIVILEGE, NOT_THE_SELLER, ADD_ONS, NOT_ACTIVE},
            PROPLUS: {CONFLICT, NOT_THE_SELLER, ADD_ONS, NOT_ACTIVE},
            E3: {CONFLICT, NO_PRIVILEGE, NOT_THE_SELLER, ADD_ONS, NOT_ACTIVE, TARGET_PRESENT},
        },
        without=frozenset({"exchange", "skype"}),
    ),
    Case("E1 alone", (Has(E1),)),
    Case("E3 alone", (Has(E3),)),
    Case("ProPlus alone", (Has(PROPLUS),)),
]


def store(case: Case) -> tuple[Partner, Subscription]:
    """Make the case; give our partner and the judged subscription."""
    partners = {US: PartnerFactory(name="Contoso Reseller"), RIVAL: PartnerFactory(name="Fabrikam Reseller")}
    services = Service.objects.exclude(code__in=case.without).values_list("code", flat=True)
    customer = customer_of(partners[US], services=services, company_name=case.name)
    first: Subscription | None = None
    for has in case.has:
        made = sold(
            partners[has.seller] if has.seller else None,
            customer,
            has.offer,
            status=has.status,
            quantity=has.quantity,
            parent=first if has.is_add_on else None,
        )
        first = first or made
    assert first is not None
    return partners[US], first


def by_target(verdicts: list[Verdict]) -> dict[str, set[str]]:
    return {verdict.path.target.short_name: set(verdict.codes) for verdict in verdicts}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_verdicts_are_those_of_the_table(case: Case) -> None:
    partner, subscription = store(case)
    verdicts = judge(Subscription.objects.filter(pk=subscription.pk), partner=partner)
    assert by_target(verdicts) == case.expected
    assert [verdict.is_eligible for verdict in verdicts] == [not verdict.codes for verdict in verdicts]


def test_all_cases_at_once_are_judged_as_each_alone() -> None:
    us = PartnerFactory()
    expected: dict[uuid.UUID, dict[str, set[str]]] = {}
    for case in CASES:
        partner, subscription = store(case)
        expected[subscription.pk] = case.expected
        for model in ("subscriptions", "privileges", "relationships"):
            column = "reseller_of_record" if model == "subscriptions" else "partner"
            # A deleted subscription never changes, not even whose it is: it stays with the other firm.
            rows = getattr(subscription.customer, model).filter(**{column: partner})
            (rows.exclude(status=Status.DELETED) if model == "subscriptions" else rows).update(**{column: us})
    deleted = next(pk for pk, case in zip(expected, CASES, strict=True) if case.name == "Premium deleted")
    expected[deleted][E3] = {NOT_ACTIVE, NOT_THE_SELLER}
    chosen = Subscription.objects.filter(pk__in=expected)
    found: dict[uuid.UUID, dict[str, set[str]]] = {pk: {} for pk in expected}
    for verdict in judge(chosen, partner=us):
        found[verdict.subscription.pk] |= by_target([verdict])
    assert found == expected
    nearest = {pk: min(map(len, targets.values())) for pk, targets in expected.items() if targets}
    assert steps_away(chosen, partner_id=us.pk) == nearest


@pytest.mark.parametrize("case", [case for case in CASES if case.expected], ids=lambda case: case.name)
def test_the_nearest_target_comes_first(case: Case) -> None:
    partner, subscription = store(case)
    verdicts = judge(Subscription.objects.filter(pk=subscription.pk), partner=partner)
    places = [(len(verdict.unmet), verdict.path.target.name) for verdict in verdicts]
    assert places == sorted(places)
    assert steps_away(Subscription.objects.filter(pk=subscription.pk), partner_id=partner.pk) == {
        subscription.pk: places[0][0]
    }


@pytest.mark.parametrize("case", [case for case in CASES if not case.expected], ids=lambda case: case.name)
def test_an_offer_without_a_path_has_no_options(case: Case) -> None:
    partner, subscription = store(case)
    chosen = Subscription.objects.filter(pk=subscription.pk)
    assert not options(chosen, partner_id=partner.pk).exists()
    assert steps_away(chosen, partner_id=partner.pk) == {}


def test_essentials_with_300_seats_may_become_e1_with_350_but_not_premium() -> None:
    partner, subscription = store(CASES[2])
    staff = StaffFactory(partner=partner)
    targets = {
        verdict.path.target.short_name: verdict.path.target.pk
        for verdict in judge(Subscription.objects.filter(pk=subscription.pk), partner=partner)
    }
    arguments = {"staff": staff, "subscription_id": subscription.pk, "quantity": 350}
    with pytest.raises(QuantityRefused) as refused:
        upgrade_subscription(**arguments, target_id=targets[PREMIUM], key="premium")
    assert (refused.value.minimum, refused.value.maximum) == (1, 300)
    upgrade = upgrade_subscription(**arguments, target_id=targets[E1], key="e1")
    assert (upgrade.quantity_before, upgrade.quantity_after) == (300, 350)


def test_of_two_business_subscriptions_one_becomes_e3_and_the_other_then_cannot() -> None:
    case = next(case for case in CASES if case.name == "Two Business subscriptions")
    partner, first = store(case)
    staff = StaffFactory(partner=partner)
    other = Subscription.objects.exclude(pk=first.pk).get()
    target = next(
        verdict.path.target
        for verdict in judge(Subscription.objects.filter(pk=first.pk), partner=partner)
        if verdict.path.target.short_name == E3
    )
    upgrade_subscription(staff=staff, subscription_id=first.pk, target_id=target.pk, quantity=25, key="first")
    left = by_target(judge(Subscription.objects.filter(pk=other.pk), partner=partner))
    assert left == {PREMIUM: {CONFLICT}, PROPLUS: {CONFLICT}, E3: {CONFLICT, TARGET_PRESENT}}
    with pytest.raises(ConditionsUnmet) as refused:
        upgrade_subscription(staff=staff, subscription_id=other.pk, target_id=target.pk, quantity=25, key="second")
    assert set(refused.value.codes) == {CONFLICT, TARGET_PRESENT}
    assert Upgrade.objects.count() == 1


def test_a_suspended_one_says_when_it_is_deleted() -> None:
    partner, subscription = store(next(case for case in CASES if case.name == "Premium suspended"))
    [verdict] = judge(Subscription.objects.filter(pk=subscription.pk), partner=partner)
    [fact] = verdict.facts(verdict.unmet[0])
    subscription.refresh_from_db()
    assert subscription.suspended_at is not None
    assert fact.code == "suspended_until"
    assert fact.values["deleted"] == subscription.suspended_at + datetime.timedelta(days=60)
    assert fact.values["deleted"] > timezone.now()


def test_the_missing_privilege_is_named() -> None:
    partner, subscription = store(next(case for case in CASES if "Exchange privilege" in case.name))
    [verdict] = judge(Subscription.objects.filter(pk=subscription.pk), partner=partner)
    [fact] = verdict.facts(verdict.unmet[0])
    assert (fact.code, fact.values["services"]) == ("privileges_missing", ["Exchange Online"])
