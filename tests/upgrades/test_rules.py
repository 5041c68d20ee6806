"""The rules kept for each path follow the catalogue and the matrix, whoever changes them and however."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from catalog.models import Offer, OfferServicePlan, ServicePlan
from tests.factories import PartnerFactory, customer_of, offer, path, sold
from tests.upgrades.plain_judge import Plan, clashing
from upgrades.models import PathConflict, PathService, UpgradePath
from upgrades.rules import rebuild_is_waiting, rebuild_rules, rules_rebuilt_once
from upgrades.verdicts import judge

pytestmark = pytest.mark.django_db


def kept() -> tuple[set[Any], set[Any]]:
    """The rules as the two tables have them."""
    return (
        set(PathService.objects.values_list("path_id", "service__code")),
        set(PathConflict.objects.values_list("path_id", "offer_id")),
    )


def drawn() -> tuple[set[Any], set[Any]]:
    """The rules as they follow from the catalogue and the matrix of this moment."""
    contents = {
        one.pk: frozenset(Plan(plan.service.code, plan.code) for plan in one.service_plans.all())
        for one in Offer.objects.with_plans()
    }
    services: set[Any] = set()
    conflicts: set[Any] = set()
    for cell in UpgradePath.objects.all():
        before, after = contents[cell.source_id], contents[cell.target_id]
        services |= {(cell.pk, plan.service) for plan in before | after}
        clash = clashing(before, after)
        conflicts |= {(cell.pk, pk) for pk, plans in contents.items() if any(map(clash, plans))}
    return services, conflicts


def test_they_stand_after_the_migrations() -> None:
    assert kept() == drawn()
    assert all(kept())


def add_a_plan() -> None:
    OfferServicePlan.objects.create(offer=offer("ProPlus"), service_plan=ServicePlan.objects.get(code="MCOSTANDARD"))


def take_a_plan() -> None:
    OfferServicePlan.objects.filter(offer=offer("E3"), service_plan__code="RMS_S_ENTERPRISE").delete()


def add_an_offer_with_plans() -> None:
    made = Offer.objects.create(name="Office 365 Teams", sku_part_number="TEAMS", category="Standalone")
    OfferServicePlan.objects.create(offer=made, service_plan=ServicePlan.objects.get(code="MCOSTANDARD"))


def move_a_plan_to_another_service() -> None:
    plan = ServicePlan.objects.get(code="RMS_S_ENTERPRISE")
    plan.service = ServicePlan.objects.get(code="MICROSOFTBOOKINGS").service
    plan.save()


def add_a_path() -> None:
    UpgradePath.objects.create(source=offer("E1"), target=offer("E3"))


def take_a_path() -> None:
    path("Business", "E3").delete()


def take_paths_in_bulk() -> None:
    UpgradePath.objects.filter(source=offer("Business")).delete()


def turn_a_path() -> None:
    cell = path("Business", "E3")
    cell.source = offer("E1")
    cell.save()


def withdraw_an_offer() -> None:
    Offer.objects.filter(pk=offer("E3").pk).update(is_available=False)


@pytest.mark.parametrize(
    "change",
    [
        add_a_plan,
        take_a_plan,
        add_an_offer_with_plans,
        move_a_plan_to_another_service,
        add_a_path,
        take_a_path,
        take_paths_in_bulk,
        turn_a_path,
        withdraw_an_offer,
    ],
)
def test_they_follow_each_change(change: Callable[[], None]) -> None:
    change()
    assert kept() == drawn()


def test_a_change_that_is_taken_back_takes_the_rules_back() -> None:
    before = kept()
    with transaction.atomic():
        add_a_plan()
        assert kept() != before
        transaction.set_rollback(True)
    assert kept() == before


def test_many_changes_rebuild_once_at_the_end() -> None:
    before = kept()
    with rules_rebuilt_once():
        assert rebuild_is_waiting()
        add_a_plan()
        add_a_path()
        assert kept() == before
    assert not rebuild_is_waiting()
    assert kept() == drawn()


def test_a_block_that_fails_leaves_no_promise_behind() -> None:
    with pytest.raises(ZeroDivisionError), rules_rebuilt_once():
        raise ZeroDivisionError
    assert not rebuild_is_waiting()


def test_rebuilding_what_is_right_writes_nothing() -> None:
    with CaptureQueriesContext(connection) as queries:
        rebuild_rules()
    assert not [query for query in queries if query["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]


def test_a_rule_that_was_tampered_with_is_mended() -> None:
    PathService.objects.filter(path=path("Business", "E3")).delete()
    PathConflict.objects.create(path=path("Business Essentials", "E1"), offer=offer("E3"))
    rebuild_rules()
    assert kept() == drawn()


def test_verdicts_follow_in_the_same_moment() -> None:
    partner = PartnerFactory()
    customer = customer_of(partner)
    held = sold(partner, customer, "Business")
    sold(None, customer, "Skype for Business Online (Plan 2)")

    def codes_for_proplus() -> list[str]:
        verdicts = judge(type(held).objects.filter(pk=held.pk), partner=partner)
        return next(verdict.codes for verdict in verdicts if verdict.path.target.short_name == "ProPlus")

    assert codes_for_proplus() == []
    add_a_plan()
    assert codes_for_proplus() == ["conflicting_service_types"]
