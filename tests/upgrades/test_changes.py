"""What an upgrade gains, replaces, loses and keeps, drawn from the service plans of its two offers."""

import pytest

from catalog.models import Offer
from tests.factories import offer
from upgrades.changes import Change, Replacement, added_plans, change_between, clashing_plans

pytestmark = pytest.mark.django_db

EXCHANGE = Replacement("Exchange Online (Plan 1)", "Exchange Online (Plan 2)")
SHAREPOINT = Replacement("SharePoint Online (Plan 1)", "SharePoint Online (Plan 2)")
DESKTOP = Replacement("Office 365 Business apps", "Office 365 ProPlus apps")
ONEDRIVE, RIGHTS = "OneDrive for Business (Plan 1)", "Azure Rights Management"
SKYPE, BOOKINGS = "Skype for Business Online (Plan 2)", "Microsoft Bookings"


def loaded(name: str) -> Offer:
    found: Offer = Offer.objects.with_plans().get(pk=offer(name).pk)
    return found


def change(source: str, target: str) -> Change:
    return change_between(loaded(source).service_plans.all(), loaded(target).service_plans.all())


def names(*offers: str) -> set[str]:
    return {plan.name for name in offers for plan in loaded(name).service_plans.all()}


PAIRS = [
    ("Business", "Business Premium"),
    ("Business", "ProPlus"),
    ("Business", "E3"),
    ("Business Premium", "E3"),
    ("Business Essentials", "Business Premium"),
    ("Business Essentials", "E1"),
    ("Business Essentials", "E3"),
]


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_nothing_is_forgotten_and_nothing_is_told_twice(source: str, target: str) -> None:
    found = change(source, target)
    before = {plan for pair in found.replaced for plan in pair.before.split(" + ")}
    after = {plan for pair in found.replaced for plan in pair.after.split(" + ")}
    assert names(source) == {*found.lost, *found.kept} | before
    assert names(target) == {*found.gained, *found.kept} | after
    told = [*found.lost, *found.kept, *found.gained, *before, *after]
    assert len(told) == len(set(told))


def test_premium_to_e3() -> None:
    found = change("Business Premium", "E3")
    assert set(found.replaced) == {EXCHANGE, SHAREPOINT, DESKTOP}
    assert set(found.lost) == {BOOKINGS, ONEDRIVE} & names("Business Premium") - names("E3")
    assert RIGHTS in found.gained


def test_essentials_to_e1_adds_no_plan() -> None:
    found = change("Business Essentials", "E1")
    assert (found.gained, found.replaced) == ((), ())
    assert set(found.kept) == names("E1")
    assert added_plans(loaded("Business Essentials"), loaded("E1")) == []


def test_business_to_premium_gains_whole_services() -> None:
    found = change("Business", "Business Premium")
    assert {EXCHANGE.before, SKYPE} <= set(found.gained)
    assert found.lost == (ONEDRIVE,)


def test_an_offer_to_itself_changes_nothing() -> None:
    found = change("E3", "E3")
    assert (found.gained, found.replaced, found.lost) == ((), (), ())
    assert set(found.kept) == names("E3")


def test_the_catalogues_order_is_kept() -> None:
    order = [plan.name for plan in loaded("E3").service_plans.all()]
    found = change("Business", "E3")
    assert list(found.gained) == sorted(found.gained, key=order.index)


def clash(source: str, target: str, other: str) -> set[str]:
    plans = clashing_plans(source=loaded(source), target=loaded(target), other=loaded(other))
    return {plan.name for plan in plans}


def test_a_plan_that_is_added_clashes() -> None:
    assert clash("Business", "E3", "Business Essentials") >= {SKYPE}
    assert clash("Business Premium", "E3", "Exchange Online (Plan 2)") == {EXCHANGE.after}


def test_any_plan_of_a_service_that_is_added_altogether_clashes() -> None:
    assert clash("Business", "Business Premium", "Exchange Online (Plan 2)") == {EXCHANGE.after}


def test_another_plan_of_a_service_that_was_there_does_not_clash() -> None:
    assert clash("Business Premium", "E3", "Exchange Online (Plan 1)") == set()
    assert clash("Business", "ProPlus", "Exchange Online (Plan 2)") == set()


def test_a_path_that_adds_nothing_clashes_with_nothing() -> None:
    for other in Offer.objects.with_plans():
        assert clash("Business Essentials", "E1", other.name) == set()
