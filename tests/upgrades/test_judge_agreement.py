"""Three judges agree on whatever portfolio: one subscription at a time, a whole portfolio at once, and a plain one."""

import json
import uuid
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from hypothesis import event, given, settings

from customers.models import DelegatedAdminPrivilege
from partnercenter.portfolio.eligibility import write_eligibility
from subscriptions.models import Subscription
from tests.factories import StaffFactory
from tests.upgrades.plain_judge import ADD_ONS, CONFLICT, NO_PRIVILEGE, TARGET_PRESENT
from tests.upgrades.portfolios import PARTNERS, Catalogue, Company, Portfolio, make, portfolio_plans
from upgrades.conditions import CONDITIONS
from upgrades.consequences import consequences
from upgrades.errors import ConditionsUnmet, NoUpgradePath, QuantityRefused
from upgrades.explain import explain
from upgrades.operations import evidence, upgrade_subscription
from upgrades.verdicts import Verdict, judge, options, steps_away

pytestmark = pytest.mark.django_db

Plan = tuple[Catalogue | None, list[Company]]


def for_any_portfolio(examples: int) -> Callable[[Callable[[Portfolio], None]], Callable[..., None]]:
    """Give the test a portfolio stored for it, many times over; each is taken back before the next."""

    def decorate(test: Callable[[Portfolio], None]) -> Callable[..., None]:
        # Not functools.wraps: pytest would see through it and look for a fixture called "portfolio".
        @update_name(test)
        def run(plan: Plan) -> None:
            with transaction.atomic():
                test(make(plan))
                transaction.set_rollback(True)

        return settings(max_examples=examples)(given(plan=portfolio_plans())(run))

    return decorate


def update_name(test: Callable[..., None]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Call a function what this test is called."""

    def rename(function: Callable[..., None]) -> Callable[..., None]:
        function.__name__, function.__qualname__, function.__doc__ = test.__name__, test.__qualname__, test.__doc__
        return function

    return rename


def codes_of(verdicts: list[Verdict]) -> dict[tuple[Any, str], list[str]]:
    """The codes of each verdict, by subscription and target; every option occurs once."""
    found = {(verdict.subscription.pk, verdict.path.target.name): verdict.codes for verdict in verdicts}
    assert len(found) == len(verdicts)
    return found


def everything(portfolio: Portfolio) -> Any:
    """All subscriptions of the portfolio."""
    return Subscription.objects.filter(pk__in=portfolio.subscription_ids)


@for_any_portfolio(50)
def test_one_at_a_time_and_all_at_once_and_the_plain_judge_agree(portfolio: Portfolio) -> None:
    for word in PARTNERS[:2]:
        partner = portfolio.partners[word]
        expected = {option: sorted(seen) for option, seen in portfolio.expected(word).items()}
        assert codes_of(judge(everything(portfolio), partner=partner)) == expected
        nearest: dict[Any, int] = {}
        for (subscription_id, _target), codes in expected.items():
            nearest[subscription_id] = min(len(codes), nearest.get(subscription_id, len(codes)))
        assert steps_away(everything(portfolio), partner_id=partner.pk) == nearest
    one_by_one: list[Verdict] = []
    for subscription_id in portfolio.subscription_ids:
        one_by_one += judge(Subscription.objects.filter(pk=subscription_id), partner=partner)
    assert codes_of(one_by_one) == expected
    event(f"options: {min(len(expected), 5)}")


@for_any_portfolio(40)
def test_the_set_based_query_gives_each_option_once_with_its_flags(portfolio: Portfolio) -> None:
    names = {offer.pk: offer.name for offer in portfolio.offers}
    rows = list(options(everything(portfolio).order_by(), partner_id=portfolio.partners["us"].pk))
    found = {
        (row.pk, names[row.target_id]): {condition.code for condition in CONDITIONS if getattr(row, condition.flag)}
        for row in rows
    }
    assert len(found) == len(rows)
    assert found == {option: set(seen) for option, seen in portfolio.expected("us").items()}


@for_any_portfolio(50)
def test_what_is_exported_of_a_whole_partner_is_what_was_judged_of_what_it_sold(portfolio: Portfolio) -> None:
    partner = portfolio.partners["us"]
    names = {str(offer.pk): offer.name for offer in portfolio.offers}
    written: list[str] = []
    write_eligibility(partner, customer_id=None, write=written.append)
    lines = [json.loads(line) for line in "".join(written).splitlines()]
    found = {(uuid.UUID(line["subscription"]), names[line["target_offer"]]): line["unmet"] for line in lines}
    assert len(found) == len(lines)
    sold = set(Subscription.objects.live().sold_by(partner.pk).values_list("pk", flat=True))
    expected = {option: sorted(seen) for option, seen in portfolio.expected("us").items() if option[0] in sold}
    assert found == expected


@for_any_portfolio(50)
def test_the_facts_of_an_unmet_condition_name_exactly_what_stands_in_the_way(portfolio: Portfolio) -> None:
    partner = portfolio.partners["us"]
    services = {service.code: service.name for service in portfolio.services}
    expected = portfolio.expected("us")
    for verdict in judge(everything(portfolio), partner=partner):
        seen = expected[verdict.subscription.pk, verdict.path.target.name]
        facts = {condition.code: list(verdict.facts(condition)) for condition in verdict.unmet}
        for code in {CONFLICT, TARGET_PRESENT} & seen.keys():
            named = Counter((fact.code, fact.values["offer"], fact.values.get("subscription")) for fact in facts[code])
            assert named == Counter(as_named(portfolio, pk) for pk in seen[code])
        if CONFLICT in seen:
            shown = {plan for fact in facts[CONFLICT] for plan in fact.values["services"]}
            assert shown == clashing_plan_names(portfolio, verdict, seen[CONFLICT])
        if NO_PRIVILEGE in seen:
            [fact] = facts[NO_PRIVILEGE]
            assert sorted(fact.values["services"]) == sorted(services[str(code)] for code in seen[NO_PRIVILEGE])
        if ADD_ONS in seen:
            offers = Counter(fact.values["offer"] for fact in facts[ADD_ONS])
            assert offers == Counter(portfolio.find(pk).offer.name for pk in seen[ADD_ONS])


def as_named(portfolio: Portfolio, subscription_id: object) -> tuple[str, str, str | None]:
    other = portfolio.find(subscription_id)
    if other.reseller_of_record_id == portfolio.partners["us"].pk:
        return "own_subscription", other.offer.name, str(other.pk)
    return "other_channel", other.offer.name, None


def clashing_plan_names(portfolio: Portfolio, verdict: Verdict, others: set[object]) -> set[str]:
    before, after = (portfolio.contents[offer.name] for offer in (verdict.path.source, verdict.path.target))
    added = after - before
    new = {plan.service for plan in added} - {plan.service for plan in before}
    return {
        plan.name
        for other in others
        for plan in portfolio.contents[portfolio.find(other).offer.name]
        if plan in added or plan.service in new
    }


@for_any_portfolio(40)
def test_nothing_of_what_others_sold_is_told_but_offer_and_services(portfolio: Portfolio) -> None:
    us = portfolio.partners["us"]
    foreign = [one for _customer, _company, made in portfolio.customers for one in made if not one.is_sold_by(us)]
    for verdict in judge(everything(portfolio), partner=us):
        told = json.dumps([evidence(verdict), [vars(one) for one in explain(verdict)]], default=str)
        remedies = [verdict.remedy(condition) for condition in verdict.unmet]
        told += json.dumps([vars(remedy) for remedy in remedies if remedy], default=str)
        told += str(ConditionsUnmet(verdict))
        # Its customer's page tells of the judged subscription itself; a remedy's address names the customer.
        told = told.replace(str(verdict.subscription.customer_id), "")
        for other in foreign:
            if other.pk == verdict.subscription.pk:
                continue
            assert str(other.pk) not in told
            assert other.nickname not in told
            assert f"{other.quantity} licence" not in told
            assert f'"quantity": {other.quantity}' not in told
        for word in PARTNERS[1:]:
            assert portfolio.partners[word].name not in told


@for_any_portfolio(30)
def test_an_upgrade_is_made_exactly_where_the_plain_judge_would_make_it(portfolio: Portfolio) -> None:
    """Every option in turn, each on top of what the earlier ones left."""
    staff = StaffFactory(partner=portfolio.partners["us"])
    by_name = {offer.name: offer for offer in portfolio.offers}
    for number, (subscription_id, target) in enumerate(list(portfolio.expected("us"))):
        held = portfolio.find(subscription_id)
        reachable = target in portfolio.paths.get(held.offer.name, [])
        obstacles = portfolio.expected("us").get((held.pk, target))
        arguments = {"subscription_id": held.pk, "target_id": by_name[target].pk, "quantity": 1, "key": f"{number}"}
        if not is_visible(portfolio, held):
            continue
        if not reachable:
            with pytest.raises(NoUpgradePath):
                upgrade_subscription(staff=staff, **arguments)
        elif obstacles:
            with pytest.raises(ConditionsUnmet) as refused:
                upgrade_subscription(staff=staff, **arguments)
            assert set(refused.value.codes) == obstacles.keys()
        else:
            with pytest.raises(QuantityRefused):
                upgrade_subscription(staff=staff, **arguments | {"quantity": 0})
            upgrade_subscription(staff=staff, **arguments)
            held.offer = by_name[target]
        held.refresh_from_db(fields=["offer"])
        assert held.offer.name == portfolio.find(subscription_id).offer.name


@for_any_portfolio(20)
def test_a_target_without_a_path_or_off_sale_is_never_reached(portfolio: Portfolio) -> None:
    staff = StaffFactory(partner=portfolio.partners["us"])
    for _customer, _company, [one, *_more] in portfolio.customers:
        never = [offer for offer in portfolio.offers if offer.name not in portfolio.paths.get(one.offer.name, [])]
        if not is_visible(portfolio, one):
            continue
        # Those off sale first: only they may have a path that must not be taken.
        for offer in sorted(never, key=lambda offer: offer.is_available)[:3]:
            with pytest.raises(NoUpgradePath):
                upgrade_subscription(staff=staff, subscription_id=one.pk, target_id=offer.pk, quantity=1, key="never")


def is_visible(portfolio: Portfolio, one: Subscription) -> bool:
    """Whether our partner sold it or administers a service of it."""
    us = portfolio.partners["us"]
    held = DelegatedAdminPrivilege.objects.held_by(us.pk).filter(customer_id=one.customer_id)
    codes = set(held.values_list("service__code", flat=True))
    return one.is_sold_by(us) or bool(codes & {plan.service for plan in portfolio.contents[one.offer.name]})


@for_any_portfolio(40)
def test_the_consequences_are_what_the_plain_judge_says_differently_afterwards(portfolio: Portfolio) -> None:
    us = portfolio.partners["us"]
    before = portfolio.expected("us")
    for verdict in judge(everything(portfolio), partner=us):
        if not verdict.is_eligible:
            continue
        found = {
            (consequence.subscription.pk, target): consequence.becomes_possible
            for consequence in consequences(verdict, partner=us)
            for target in consequence.targets
        }
        assert found == changed_by(portfolio, verdict, before)
    assert portfolio.expected("us") == before


def changed_by(portfolio: Portfolio, verdict: Verdict, before: dict[Any, Any]) -> dict[tuple[Any, str], bool]:
    """The partner's other live subscriptions of this customer whose eligibility an upgrade would change."""
    moved = portfolio.find(verdict.subscription.pk)
    source = moved.offer
    moved.offer = verdict.path.target
    after = portfolio.expected("us")
    moved.offer = source
    return {
        (pk, target): not after[pk, target]
        for (pk, target), obstacles in before.items()
        if pk != moved.pk
        and (held := portfolio.plain(portfolio.find(pk))).seller == "us"
        and held.status != "deleted"
        and portfolio.find(pk).customer_id == moved.customer_id
        and bool(obstacles) != bool(after[pk, target])
    }
