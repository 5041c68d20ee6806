"""What remains to be done in the admin centre after an upgrade."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upgrades.changes import Change, Replacement
from upgrades.hand_over import Step, hand_over_steps

CHANGE = Change(
    gained=("Azure Rights Management",),
    replaced=(
        Replacement("Exchange Online (Plan 1)", "Exchange Online (Plan 2)"),
        Replacement("SharePoint Online (Plan 1)", "SharePoint Online (Plan 2)"),
    ),
    lost=("Microsoft Bookings", "OneDrive for Business (Plan 1)", "Something Else"),
    kept=("Office for the web",),
)


def steps(change: Change = CHANGE, before: int = 25, after: int = 25) -> list[Step]:
    return hand_over_steps(
        change=change, target="Office 365 Enterprise E3", quantity_before=before, quantity_after=after
    )


def told(found: list[Step]) -> list[tuple[str, dict[str, object]]]:
    return [(step["code"], step["values"]) for step in found]


def test_what_is_lost_is_saved_first_then_plans_change_and_at_last_all_is_checked() -> None:
    assert told(steps()) == [
        ("lost_bookings", {"plan": "Microsoft Bookings"}),
        ("lost_onedrive", {"plan": "OneDrive for Business (Plan 1)"}),
        ("lost", {"plan": "Something Else"}),
        ("reassign", {"before": "Exchange Online (Plan 1)", "after": "Exchange Online (Plan 2)"}),
        ("reassign", {"before": "SharePoint Online (Plan 1)", "after": "SharePoint Online (Plan 2)"}),
        ("assign", {"plan": "Azure Rights Management", "count": 25}),
        ("check", {"offer": "Office 365 Enterprise E3"}),
    ]


def test_more_licences_are_assigned_at_the_end() -> None:
    found = told(steps(before=25, after=40))
    assert found[-2] == ("assign_new", {"count": 15})
    assert ("assign", {"plan": "Azure Rights Management", "count": 25}) in found


def test_fewer_licences_are_taken_back_at_the_beginning() -> None:
    found = told(steps(before=25, after=20))
    assert found[0] == ("take_back", {"count": 5})
    assert ("assign", {"plan": "Azure Rights Management", "count": 20}) in found


def test_where_no_plan_changes_there_is_still_something_to_check() -> None:
    assert told(steps(Change(gained=(), replaced=(), lost=()))) == [("check", {"offer": "Office 365 Enterprise E3"})]


def test_no_step_is_done_yet() -> None:
    for step in steps(before=1, after=2):
        assert (step["done_at"], step["done_by"], step["done_by_name"]) == (None, None, "")


plans = st.lists(st.sampled_from(["Microsoft Bookings", "A", "B", "C"]), unique=True, max_size=4)
pairs = st.lists(st.builds(Replacement, st.just("old"), st.sampled_from("xyz")), unique=True, max_size=3)


@given(
    change=st.builds(Change, gained=plans.map(tuple), replaced=pairs.map(tuple), lost=plans.map(tuple)),
    before=st.integers(1, 10**7),
    after=st.integers(1, 10**7),
)
def test_each_change_gives_one_step(change: Change, before: int, after: int) -> None:
    found = steps(change, before, after)
    assert len(found) == len(change.gained) + len(change.replaced) + len(change.lost) + 1 + (before != after)
    assert found[-1]["code"] == "check"
    assert all(step["values"].get("count", 1) >= 1 for step in found)


@pytest.mark.parametrize("number", [1, 10**7])
def test_counts_are_those_of_the_licences(number: int) -> None:
    assert ("assign", {"plan": "Azure Rights Management", "count": number}) in told(steps(before=number, after=number))
