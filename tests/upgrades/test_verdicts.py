"""Verdicts: what each condition saw, what mends it, and how many queries judging takes."""

import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from catalog.models import Offer
from customers.models import Customer, DelegatedAdminPrivilege
from partners.models import Partner
from subscriptions.models import Status, Subscription
from tests.factories import PartnerFactory, customer_of, offer, sold
from upgrades.conditions import CONDITIONS, Condition, Fact, Remedy
from upgrades.verdicts import CODES, Verdict, judge, options, steps_away

pytestmark = pytest.mark.django_db


def verdict_on(subscription: Subscription, target: str, partner: Partner | None = None) -> Verdict:
    seller = partner or subscription.reseller_of_record
    assert seller is not None
    verdicts = judge(Subscription.objects.filter(pk=subscription.pk), partner=seller)
    return next(verdict for verdict in verdicts if verdict.path.target == offer(target))


def condition(code: str) -> Condition:
    return next(one for one in CONDITIONS if one.code == code)


def facts(verdict: Verdict, code: str) -> list[Fact]:
    return list(verdict.facts(condition(code)))


def remedy(verdict: Verdict, code: str) -> Remedy | None:
    return verdict.remedy(condition(code))


@pytest.fixture
def partner() -> Partner:
    made: Partner = PartnerFactory(name="Contoso Reseller")
    return made


@pytest.fixture
def customer(partner: Partner) -> Customer:
    return customer_of(partner)


def test_the_codes_are_those_of_the_wire_in_the_domains_order() -> None:
    assert CODES == (
        "subscription_status_not_active",
        "delegated_admin_permissions_disabled",
        "conflicting_service_types",
        "subscription_target_offer_already_present",
        "other",
        "subscription_not_provisioned",
        "subscription_add_ons_present",
    )


def test_an_eligible_option_says_of_each_condition_what_it_saw(partner: Partner, customer: Customer) -> None:
    verdict = verdict_on(sold(partner, customer, "Business Premium"), "E3")
    assert verdict.is_eligible
    assert verdict.met == list(CONDITIONS)
    seen = {one.code: [fact.code for fact in verdict.facts(one)] for one in CONDITIONS}
    assert seen == {
        "subscription_status_not_active": ["status"],
        "delegated_admin_permissions_disabled": ["privileges_held"],
        "conflicting_service_types": ["no_conflict"],
        "subscription_target_offer_already_present": ["target_absent"],
        "other": ["sold_by"],
        "subscription_not_provisioned": ["status"],
        "subscription_add_ons_present": ["no_add_ons"],
    }
    assert [verdict.remedy(one) for one in CONDITIONS] == [None] * len(CONDITIONS)
    assert facts(verdict, "other")[0].values == {"partner": "Contoso Reseller"}


def test_the_privileges_held_are_those_of_both_offers(partner: Partner, customer: Customer) -> None:
    verdict = verdict_on(sold(partner, customer, "Business Premium"), "E3")
    named = set(facts(verdict, "delegated_admin_permissions_disabled")[0].values["services"])
    both = {plan.service.name for name in ("Business Premium", "E3") for plan in offer(name).service_plans.all()}
    assert named == both


def test_a_path_that_adds_nothing_says_so(partner: Partner, customer: Customer) -> None:
    verdict = verdict_on(sold(partner, customer, "Business Essentials"), "E1")
    assert [fact.code for fact in facts(verdict, "conflicting_service_types")] == ["nothing_added"]


def test_every_obstacle_is_named_not_just_the_first(partner: Partner, customer: Customer) -> None:
    judged = sold(partner, customer, "Business")
    own = sold(partner, customer, "E3", nickname="Head office", quantity=12)
    sold(PartnerFactory(), customer, "Exchange Online (Plan 1)")
    sold(None, customer, "Business Essentials")
    verdict = verdict_on(judged, "E3")
    found = facts(verdict, "conflicting_service_types")
    by_offer = {fact.values["offer"]: fact for fact in found}
    assert by_offer.keys() == {offer(name).name for name in ("E3", "Exchange Online (Plan 1)", "Business Essentials")}
    mine = by_offer[own.offer.name]
    assert mine.code == "own_subscription"
    assert (mine.values["subscription"], mine.values["nickname"], mine.values["quantity"]) == (
        str(own.pk),
        "Head office",
        12,
    )
    for name in ("Exchange Online (Plan 1)", "Business Essentials"):
        fact = by_offer[offer(name).name]
        assert fact.code == "other_channel"
        assert fact.values.keys() == {"offer", "services"}
    [target] = facts(verdict, "subscription_target_offer_already_present")
    assert (target.code, target.values["subscription"]) == ("own_subscription", str(own.pk))


def test_an_own_obstacle_is_cancelled_here_first(partner: Partner, customer: Customer) -> None:
    judged = sold(partner, customer, "Business")
    sold(None, customer, "Business Essentials")
    own = sold(partner, customer, "E3")
    found = remedy(verdict_on(judged, "E3"), "conflicting_service_types")
    assert found is not None
    assert (found.code, found.subscription_id, found.for_customer) == ("cancel_own", own.pk, False)


def test_an_obstacle_from_elsewhere_is_for_the_customer_to_cancel(partner: Partner, customer: Customer) -> None:
    judged = sold(partner, customer, "Business")
    sold(None, customer, "Business Essentials")
    found = remedy(verdict_on(judged, "E3"), "conflicting_service_types")
    assert found is not None
    assert (found.code, found.subscription_id, found.for_customer) == ("cancel_elsewhere", None, True)
    assert found.values == {"offers": ["Office 365 Business Essentials"]}


def test_an_expired_privilege_is_missing_from_the_moment_of_its_expiry(partner: Partner, customer: Customer) -> None:
    judged = sold(partner, customer, "Business Premium")
    held = DelegatedAdminPrivilege.objects.filter(customer=customer, service__code="exchange")
    held.update(expires_at=timezone.now() + datetime.timedelta(minutes=5))
    # Asked first while it is in force: a statement that was built and planned then must not keep that moment.
    assert verdict_on(judged, "E3").is_eligible
    # SQLite's clock knows no less than a thousandth of a second.
    held.update(expires_at=timezone.now() - datetime.timedelta(milliseconds=1))
    assert verdict_on(judged, "E3").codes == ["delegated_admin_permissions_disabled"]
    steps = steps_away(Subscription.objects.filter(pk=judged.pk), partner_id=partner.pk)
    assert steps == {judged.pk: 1}


def test_a_revoked_privilege_is_missing_and_can_be_asked_for(partner: Partner, customer: Customer) -> None:
    judged = sold(partner, customer, "Business Premium")
    held = DelegatedAdminPrivilege.objects.filter(customer=customer, service__code__in=["exchange", "skype"])
    held.update(revoked_at=timezone.now())
    verdict = verdict_on(judged, "E3")
    [fact] = facts(verdict, "delegated_admin_permissions_disabled")
    assert set(fact.values["services"]) == {"Exchange Online", "Skype for Business Online"}
    found = remedy(verdict, "delegated_admin_permissions_disabled")
    assert found is not None
    assert (found.code, found.for_customer) == ("ask_for_privileges", True)
    assert set(found.values["services"]) == {"Exchange Online", "Skype for Business Online"}


def test_a_privilege_that_another_partner_holds_is_missing(partner: Partner, customer: Customer) -> None:
    judged = sold(partner, customer, "Business Premium")
    held = DelegatedAdminPrivilege.objects.filter(customer=customer, service__code="exchange")
    held.update(partner=PartnerFactory())
    assert verdict_on(judged, "E3").codes == ["delegated_admin_permissions_disabled"]


def test_a_privilege_of_another_customer_does_not_count(partner: Partner) -> None:
    customer_of(partner)
    judged = sold(partner, customer_of(partner, services=[]), "Business Premium")
    assert verdict_on(judged, "E3").codes == ["delegated_admin_permissions_disabled"]


def test_another_customers_subscriptions_do_not_stand_in_the_way(partner: Partner, customer: Customer) -> None:
    judged = sold(partner, customer, "Business")
    sold(partner, customer_of(partner), "E3")
    assert verdict_on(judged, "E3").is_eligible


@pytest.mark.parametrize(
    ("status", "seller_judges", "code"),
    [
        (Status.SUSPENDED, True, "reactivate"),
        (Status.SUSPENDED, False, "seller_reactivates"),
        (Status.DELETED, True, None),
    ],
)
def test_what_mends_one_that_is_not_active(
    partner: Partner, customer: Customer, status: Status, seller_judges: bool, code: str | None
) -> None:
    judged = sold(partner if seller_judges else PartnerFactory(), customer, "Business Premium", status=status)
    found = remedy(verdict_on(judged, "E3", partner), "subscription_status_not_active")
    assert (found and found.code) == code


def test_a_pending_one_is_waited_for(partner: Partner, customer: Customer) -> None:
    verdict = verdict_on(sold(partner, customer, "Business Premium", status=Status.PENDING), "E3")
    assert verdict.codes == ["subscription_not_provisioned"]
    found = remedy(verdict, "subscription_not_provisioned")
    assert found is not None
    assert found.code == "wait_for_provisioning"


def test_one_suspended_since_an_unknown_day_is_judged_too(partner: Partner, customer: Customer) -> None:
    judged = sold(partner, customer, "Business Premium", status=Status.SUSPENDED, suspended_at=None)
    verdict = verdict_on(judged, "E3")
    assert [fact.code for fact in facts(verdict, "subscription_status_not_active")] == ["suspended"]


@pytest.mark.parametrize(("own", "code"), [(True, "cancel_add_ons"), (False, "cancel_add_ons_elsewhere")])
def test_add_ons_are_cancelled_where_they_were_bought(
    partner: Partner, customer: Customer, own: bool, code: str
) -> None:
    judged = sold(partner, customer, "Business Premium")
    add_on = sold(partner if own else None, customer, "Exchange Online (Plan 1)", parent=judged)
    found = remedy(verdict_on(judged, "E3"), "subscription_add_ons_present")
    assert found is not None
    assert (found.code, found.subscription_id) == (code, add_on.pk if own else None)


def test_an_add_on_can_be_judged_itself_and_its_parent_is_no_add_on(partner: Partner, customer: Customer) -> None:
    parent = sold(partner, customer, "Exchange Online (Plan 1)")
    judged = sold(partner, customer, "Business Premium", parent=parent)
    assert verdict_on(judged, "E3").is_eligible


def test_a_target_off_sale_is_left_out(partner: Partner, customer: Customer) -> None:
    judged = sold(partner, customer, "Business")
    Offer.objects.filter(pk=offer("ProPlus").pk).update(is_available=False)
    verdicts = judge(Subscription.objects.filter(pk=judged.pk), partner=partner)
    assert {verdict.path.target.short_name for verdict in verdicts} == {"Business Premium", "Enterprise E3"}


def test_a_source_off_sale_can_still_be_upgraded(partner: Partner, customer: Customer) -> None:
    judged = sold(partner, customer, "Business")
    Offer.objects.filter(pk=offer("Business").pk).update(is_available=False)
    assert verdict_on(judged, "E3").is_eligible


def test_nothing_to_judge_gives_nothing(partner: Partner) -> None:
    assert judge(Subscription.objects.none(), partner=partner) == []
    assert steps_away(Subscription.objects.none(), partner_id=partner.pk) == {}


def crowded(partner: Partner, customers: int) -> None:
    """Customers with every obstacle there is."""
    for _ in range(customers):
        customer = customer_of(partner, services=["sharepoint"])
        judged = sold(partner, customer, "Business")
        sold(partner, customer, "Business")
        sold(None, customer, "E3")
        sold(PartnerFactory(), customer, "Business Essentials")
        sold(partner, customer, "Exchange Online (Plan 2)", parent=judged)


def read_all(verdicts: list[Verdict]) -> None:
    """Ask each for all that it can tell."""
    for verdict in verdicts:
        for one in CONDITIONS:
            verdict.facts(one)
            verdict.remedy(one)
        assert verdict.path.change
        assert str(verdict.subscription)


def test_judging_takes_the_same_number_of_queries_however_much_there_is(
    partner: Partner, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    everything = Subscription.objects.order_by("pk")
    crowded(partner, 1)
    with CaptureQueriesContext(connection) as few:
        read_all(judge(everything, partner=partner))
    crowded(partner, 10)
    with django_assert_num_queries(len(few.captured_queries)):
        verdicts = judge(everything, partner=partner)
        read_all(verdicts)
    # Above a hundred the obstacles are asked for in parts, a hundred options a statement.
    assert len(verdicts) == 11 * 9


def test_the_set_based_question_is_one_statement(
    partner: Partner, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    crowded(partner, 3)
    with django_assert_num_queries(1):
        assert len(list(options(Subscription.objects.all(), partner_id=partner.pk))) == 27
    with django_assert_num_queries(1):
        assert len(steps_away(Subscription.objects.all(), partner_id=partner.pk)) == 9


def test_more_are_judged_than_one_statement_names(partner: Partner, customer: Customer) -> None:
    def many(offer_name: str, number: int) -> list[Subscription]:
        kind, day = offer(offer_name), timezone.localdate()
        return Subscription.objects.bulk_create(
            Subscription(customer=customer, offer=kind, quantity=1, reseller_of_record=partner, commitment_end=day)
            for _ in range(number)
        )

    many("Exchange Online (Plan 1)", 600)
    premium = many("Business Premium", 3)
    verdicts = judge(Subscription.objects.order_by("offer__name"), partner=partner)
    assert {verdict.subscription.pk for verdict in verdicts} == {one.pk for one in premium}
    assert all(verdict.is_eligible for verdict in verdicts)
    assert steps_away(Subscription.objects.all(), partner_id=partner.pk) == dict.fromkeys(
        (one.pk for one in premium), 0
    )
