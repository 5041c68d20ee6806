"""Before and after, as people read them on the activity pages."""

import datetime
import uuid
from typing import Any

import pytest
from django.utils import timezone, translation
from hypothesis import given
from hypothesis import strategies as st

from activity.models import ActivityRecord
from desk.changes import changes_of, offer_ids
from subscriptions.models import Status


def told(resource: str = "subscription", *, before: Any = None, after: Any = None) -> list[tuple[str, str, str]]:
    """What the page shows of such a record."""
    record = ActivityRecord(resource_type=resource, before=before, after=after)
    return [(one.label, one.before, one.after) for one in changes_of(record)]


def test_only_what_differs_is_told() -> None:
    before = {"offer": "Business", "quantity": 25, "nickname": "", "version": 1}
    after = {"offer": "Business", "quantity": 1500, "nickname": "Plant", "version": 2}
    assert told(before=before, after=after) == [
        ("Licences", "25", "1,500"),
        ("Nickname", "–", "Plant"),
    ]


def test_what_is_new_has_nothing_before_it() -> None:
    assert told(after={"auto_renew": True}) == [("Renews by itself", "–", "Yes")]


def test_codes_are_words_in_the_readers_language() -> None:
    change = {"before": {"status": Status.ACTIVE.value}, "after": {"status": Status.SUSPENDED.value}}
    assert told(**change) == [("Status", "Active", "Suspended")]
    with translation.override("es"):
        assert told(**change)[0][1:] == ("Activa", "Suspendida")
    assert told("staff", after={"roles": ["admin_agent", "of tomorrow"]}) == [
        ("Roles", "–", "Admin agent; of tomorrow")
    ]


def test_the_same_name_is_what_the_resource_calls_it() -> None:
    assert told("invitation", after={"state": "sent"}) == [("State", "–", "Sent")]
    assert told("contactdetails", after={"state": "sent"}) == [("Province or state", "–", "sent")]


def test_days_and_moments_are_those_of_the_reader() -> None:
    with timezone.override(datetime.timezone(datetime.timedelta(hours=8))):
        assert told(after={"deletion": "2026-05-03T16:30:00Z"}) == [("Deletion is due", "–", "4 May 2026, 00:30")]
    assert told("price", after={"valid_from": "2026-05-04"}) == [("Valid from", "–", "4 May 2026")]
    assert told(after={"reason": "2026-99-99"}) == [("Reason", "–", "2026-99-99")]


def test_lists_are_told_one_by_one_and_without_ids() -> None:
    lines = [
        {"subscription": str(uuid.uuid4()), "offer": "Business", "quantity": 3},
        {"subscription": str(uuid.uuid4()), "offer": "Enterprise", "quantity": 4},
    ]
    assert told("order", after={"lines": lines}) == [
        ("Order lines", "–", "Offer: Business, Licences: 3; Offer: Enterprise, Licences: 4")
    ]


def test_an_offer_named_by_its_id_is_told_by_its_name_and_other_ids_are_not_told() -> None:
    target, gone = str(uuid.uuid4()), str(uuid.uuid4())
    records = [
        ActivityRecord(resource_type="subscription", after={"target": one, "quantity": 5, "upgrade": str(uuid.uuid4())})
        for one in (target, gone)
    ]
    assert offer_ids([*records, ActivityRecord(after={"target": "x"}), ActivityRecord()]) == {target, gone}
    told_of = [[(one.label, one.after) for one in changes_of(record, {target: "Enterprise E3"})] for record in records]
    assert told_of == [[("Target offer", "Enterprise E3"), ("Licences", "5")], [("Licences", "5")]]


STATES: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | st.just("9999-12-31T23:59:59Z"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["", "offer", "status", "roles", "state", "with", "at"]), inner, max_size=4)
    ),
    max_leaves=8,
)


@pytest.mark.parametrize("resource", ["", "subscription", "customer", "of tomorrow"])
@given(before=STATES, after=STATES)
def test_whatever_a_record_holds_is_told(resource: str, before: Any, after: Any) -> None:
    with timezone.override(datetime.timezone(datetime.timedelta(hours=8))):
        assert all(
            one.before and one.after
            for one in changes_of(ActivityRecord(resource_type=resource, before=before, after=after))
        )
