"""What an upgrade does to the customer's other subscriptions, told before it is made."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from activity.models import ActivityRecord
from customers.models import Customer
from partners.models import Partner
from subscriptions.models import Status, Subscription
from tests.factories import PartnerFactory, customer_of, offer, sold
from upgrades.consequences import Consequence, consequences
from upgrades.models import Upgrade, UpgradePath
from upgrades.verdicts import judge

pytestmark = pytest.mark.django_db


@pytest.fixture
def partner() -> Partner:
    made: Partner = PartnerFactory()
    return made


@pytest.fixture
def customer(partner: Partner) -> Customer:
    return customer_of(partner)


def following(subscription: Subscription, target: str) -> list[Consequence]:
    partner = subscription.reseller_of_record
    assert partner is not None
    verdicts = judge(Subscription.objects.filter(pk=subscription.pk), partner=partner)
    verdict = next(verdict for verdict in verdicts if verdict.path.target == offer(target))
    return consequences(verdict, partner=partner)


def told(found: list[Consequence]) -> dict[tuple[Any, bool], set[str]]:
    return {
        (one.subscription.pk, one.becomes_possible): {name.removeprefix("Office 365 ") for name in one.targets}
        for one in found
    }


def test_the_other_business_subscription_loses_its_ways(partner: Partner, customer: Customer) -> None:
    first, other = sold(partner, customer, "Business"), sold(partner, customer, "Business")
    assert told(following(first, "E3")) == {(other.pk, False): {"Business Premium", "ProPlus", "Enterprise E3"}}
    assert told(following(first, "ProPlus")) == {(other.pk, False): {"ProPlus", "Enterprise E3"}}


def test_an_upgrade_that_adds_no_plan_closes_no_way_but_to_its_own_target(partner: Partner, customer: Customer) -> None:
    sold(partner, customer, "Business")
    first, other = sold(partner, customer, "Business Essentials"), sold(partner, customer, "Business Essentials")
    assert told(following(first, "E1")) == {(other.pk, False): {"Enterprise E1"}}


def test_an_upgrade_can_open_a_way(partner: Partner, customer: Customer) -> None:
    UpgradePath.objects.create(source=offer("Business Essentials"), target=offer("ProPlus"))
    business = sold(partner, customer, "Business")
    essentials = sold(partner, customer, "Business Essentials")
    found = following(essentials, "ProPlus")
    assert told(found)[business.pk, True] == {"Business Premium"}
    assert "can then be upgraded to Office 365 Business Premium" in next(
        one.words for one in found if one.becomes_possible
    )


def test_a_way_that_was_closed_and_stays_so_is_no_consequence(partner: Partner, customer: Customer) -> None:
    first = sold(partner, customer, "Business")
    sold(partner, customer, "Business", status=Status.SUSPENDED)
    sold(partner, customer, "Business", status=Status.DELETED)
    assert following(first, "E3") == []


def test_what_others_sold_is_not_spoken_of(partner: Partner, customer: Customer) -> None:
    first = sold(partner, customer, "Business")
    sold(PartnerFactory(), customer, "Business")
    sold(None, customer, "Business")
    assert following(first, "E3") == []


def test_other_customers_are_not_touched(partner: Partner, customer: Customer) -> None:
    first = sold(partner, customer, "Business")
    sold(partner, customer_of(partner), "Business")
    assert following(first, "E3") == []


def test_trying_it_leaves_no_trace(partner: Partner, customer: Customer) -> None:
    first = sold(partner, customer, "Business")
    sold(partner, customer, "Business")
    before = list(Subscription.objects.order_by("pk").values())
    assert following(first, "E3")
    assert list(Subscription.objects.order_by("pk").values()) == before
    assert not Upgrade.objects.exists()
    assert not ActivityRecord.objects.exists()


def test_a_number_of_licences_beyond_the_target_does_not_hinder_the_trial(partner: Partner, customer: Customer) -> None:
    first = sold(partner, customer, "Business Essentials", quantity=300)
    sold(partner, customer, "Business Essentials")
    type(first.offer).objects.filter(pk=offer("Business Premium").pk).update(maximum_quantity=10)
    assert following(first, "Business Premium")


def test_it_takes_the_same_number_of_queries_however_much_the_customer_has(partner: Partner) -> None:
    def queries(others: int) -> int:
        customer = customer_of(partner)
        first = sold(partner, customer, "Business")
        for _ in range(others):
            sold(partner, customer, "Business")
        [verdict, *_more] = judge(Subscription.objects.filter(pk=first.pk), partner=partner)
        with CaptureQueriesContext(connection) as captured:
            found = consequences(verdict, partner=partner)
            assert len(found) == others
            assert all(one.words for one in found)
        return len(captured)

    assert queries(2) == queries(12)


def test_the_words_name_offer_licences_and_targets(partner: Partner, customer: Customer) -> None:
    first = sold(partner, customer, "Business")
    sold(partner, customer, "Business", nickname="Branch", quantity=1)
    [one] = following(first, "ProPlus")
    for part in ("Branch", "1 licence", "no longer", "Office 365 ProPlus", "Office 365 Enterprise E3"):
        assert part in one.words
