"""The verdicts of a whole partner, on the worked cases and line by line."""

import datetime
import json
from io import StringIO
from typing import Any
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.models import Offer
from partnercenter.demo.cases import CASES
from partnercenter.demo.portfolio import CONTOSO, FABRIKAM, Company, records
from partnercenter.portfolio.importing import import_records
from partners.models import Partner
from subscriptions.models import Subscription
from tests.factories import StaffFactory, offer
from tests.partnercenter.portfolios import NOBODY
from upgrades.errors import QuantityRefused
from upgrades.operations import upgrade_subscription
from upgrades.verdicts import judge

pytestmark = pytest.mark.django_db

LINE = (
    '{"customer": "%s", "subscription": "%s", "source_offer": "%s", "target_offer": "%s", '
    '"eligible": true, "unmet": []}\n'
)


@pytest.fixture(autouse=True)
def _cases() -> None:
    import_records(records(CASES, today=datetime.date(2026, 3, 2)), source="cases")


def _lines(**options: Any) -> list[dict[str, Any]]:
    said = StringIO()
    call_command("export_eligibility", stdout=said, **{"partner": CONTOSO, **options})
    return [json.loads(line) for line in said.getvalue().splitlines()]


def _verdicts(case: Company) -> dict[str, list[str]]:
    subscription = Subscription.objects.filter(pk=case.subscription_id(0))
    verdicts = judge(subscription, partner=Partner.objects.get(pk=CONTOSO))
    return {verdict.path.target.name: verdict.codes for verdict in verdicts}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_worked_case_is_judged_as_it_says(case: Company) -> None:
    assert _verdicts(case) == case.expected


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_worked_case_is_exported_as_it_says(case: Company) -> None:
    names = {str(pk): name for pk, name in Offer.objects.values_list("pk", "name")}
    lines = [line for line in _lines(customer=case.id) if line["subscription"] == case.subscription_id(0)]
    # Of a subscription that another sold there is nothing to upgrade, and no line.
    expected = case.expected if case.holds[0].seller == CONTOSO else {}
    assert {names[line["target_offer"]]: line["unmet"] for line in lines} == expected
    assert [line["eligible"] for line in lines] == [not line["unmet"] for line in lines]


def test_a_line_reads_as_the_specification_says() -> None:
    said = StringIO()
    case = next(case for case in CASES if case.name == "Premium alone")
    call_command("export_eligibility", partner=CONTOSO, customer=case.id, stdout=said)
    ids = (case.id, case.subscription_id(0), offer("Business Premium").pk, offer("E3").pk)
    assert said.getvalue() == LINE % ids


def test_the_lines_stand_in_the_order_of_their_ids() -> None:
    keys = [(line["customer"], line["subscription"], line["target_offer"]) for line in _lines()]
    assert keys == sorted(keys)
    assert len(keys) == len(set(keys)) == 40


def test_only_live_subscriptions_that_the_partner_sold_and_paths_on_sale_have_lines() -> None:
    Offer.objects.filter(name="Office 365 Enterprise E3").update(is_available=False)
    ours = {str(pk) for pk in Subscription.objects.live().sold_by(UUID(CONTOSO)).values_list("pk", flat=True)}
    lines = _lines()
    assert {line["subscription"] for line in lines} <= ours
    assert str(offer("E3").pk) not in {line["target_offer"] for line in lines}
    theirs = {line["subscription"] for line in _lines(partner=FABRIKAM)}
    assert theirs
    assert not theirs & ours


def test_after_one_of_two_has_moved_the_other_is_judged_anew() -> None:
    case = next(case for case in CASES if case.name == "Two Business subscriptions")
    staff = StaffFactory(partner=Partner.objects.get(pk=CONTOSO))
    first, second = (UUID(case.subscription_id(number)) for number in (0, 1))
    e3 = offer("E3")
    upgrade_subscription(staff=staff, subscription_id=first, target_id=e3.pk, quantity=25, key="one")
    unmet = {
        line["target_offer"]: line["unmet"] for line in _lines(customer=case.id) if line["subscription"] == str(second)
    }
    assert unmet == {
        str(e3.pk): ["conflicting_service_types", "subscription_target_offer_already_present"],
        str(offer("Business Premium").pk): ["conflicting_service_types"],
        str(offer("ProPlus").pk): ["conflicting_service_types"],
    }


def test_the_quantity_is_the_targets_to_allow() -> None:
    case = next(case for case in CASES if case.name == "Essentials alone")
    staff = StaffFactory(partner=Partner.objects.get(pk=CONTOSO))
    asked: dict[str, Any] = {"staff": staff, "subscription_id": UUID(case.subscription_id(0)), "quantity": 350}
    with pytest.raises(QuantityRefused):
        upgrade_subscription(**asked, target_id=offer("Business Premium").pk, key="one")
    upgrade = upgrade_subscription(**asked, target_id=offer("E1").pk, key="two")
    assert upgrade.quantity_after == 350


@pytest.mark.parametrize("value", ["", "x", NOBODY])
def test_a_customer_that_is_none_of_the_partners_is_refused(value: str) -> None:
    with pytest.raises(CommandError, match="--customer: "):
        _lines(customer=value)


def test_another_partners_customer_is_as_unknown_as_any() -> None:
    with pytest.raises(CommandError, match="--customer: Fabrikam Reseller has no customer"):
        _lines(partner=FABRIKAM, customer=CASES[0].id)


def test_the_statements_do_not_grow_with_the_portfolio(django_assert_num_queries: Any) -> None:
    with CaptureQueriesContext(connection) as few:
        assert len(_lines(partner=FABRIKAM)) < len(_lines())
    with django_assert_num_queries(len(few) // 2):
        _lines()
