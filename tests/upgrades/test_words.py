"""Every fact, remedy and hand-over step has a sentence, in each language, that names what it is about."""

import datetime
import inspect
import re
from collections.abc import Iterator

import pytest
from django.utils import timezone, translation

from catalog.words import listed
from upgrades import conditions, hand_over
from upgrades.conditions import add_ons, conflicts, privileges, reseller, status
from upgrades.words import FACTS, FOR_CUSTOMER, REMEDIES, STEPS, Values, day, worded

MOMENT = "2026-11-23T20:30:00Z"

FACT_VALUES: dict[str, Values] = {
    "status": {"status": "active"},
    "suspended": {},
    "suspended_until": {"suspended": MOMENT, "deleted": "2027-01-22T20:30:00Z"},
    "privileges_missing": {"services": ["Exchange Online", "Bookings"]},
    "privileges_held": {"services": ["Exchange Online"]},
    "own_subscription": {
        "offer": "Office 365 Business",
        "services": ["Skype"],
        "subscription": "c0ffee",
        "nickname": "Branch",
        "quantity": 1234,
        "status": "active",
        "suspended": None,
    },
    "other_channel": {"offer": "Office 365 Business", "services": ["Skype"]},
    "nothing_added": {},
    "no_conflict": {"services": ["Skype"]},
    "target_absent": {"offer": "Office 365 Business"},
    "sold_elsewhere": {},
    "sold_by": {"partner": "Contoso Reseller"},
    "add_on": {"offer": "Office 365 Business", "status": "pending"},
    "no_add_ons": {},
}
REMEDY_VALUES: dict[str, Values] = {
    "reactivate": {},
    "seller_reactivates": {},
    "wait_for_provisioning": {},
    "ask_for_privileges": {"services": ["Exchange Online"]},
    "cancel_own": {"offer": "Office 365 Business"},
    "cancel_elsewhere": {"offers": ["Office 365 Business"]},
    "cancel_add_ons_elsewhere": {"offers": ["Exchange Online (Plan 2)"]},
    "only_the_seller": {},
    "cancel_add_ons": {"offers": ["Office 365 Business"]},
}
STEP_VALUES: dict[str, Values] = {
    "reassign": {"before": "Plan 1", "after": "Plan 2"},
    "assign": {"plan": "Plan 1", "count": 25},
    "assign_new": {"count": 5},
    "take_back": {"count": 5},
    "lost": {"plan": "Plan 1"},
    "lost_bookings": {"plan": "Microsoft Bookings"},
    "lost_onedrive": {"plan": "OneDrive for Business (Plan 1)"},
    "check": {"offer": "Office 365 Business"},
}
TABLES = [
    (FACTS, FACT_VALUES),
    (REMEDIES, REMEDY_VALUES),
    (STEPS, STEP_VALUES),
    (FOR_CUSTOMER, {code: REMEDY_VALUES[code] for code in FOR_CUSTOMER}),
]


def sentences() -> Iterator[tuple[str, Values, str]]:
    for table, values in TABLES:
        for code in table:
            yield code, values[code], worded(table, code, values[code])


@pytest.mark.parametrize("language", ["en", "es", "zh-hans"])
def test_each_has_a_sentence_without_gaps(language: str) -> None:
    with translation.override(language):
        for code, values, words in sentences():
            assert words.strip(), code
            assert "%(" not in words, code
            for name in ("offer", "plan", "before", "after", "partner", "nickname"):
                if name in values and code != "lost_bookings":
                    assert values[name] in words, (code, name)
            for name in (*values.get("services", ()), *values.get("offers", ())):
                assert name in words, (code, name)


def used(pattern: str, *modules: object) -> set[str]:
    """The codes that these modules write."""
    return {code for module in modules for code in re.findall(pattern, inspect.getsource(module))}


def test_every_code_that_is_used_has_words_and_every_word_is_used() -> None:
    rooms = (add_ons, conflicts, privileges, reseller, status)
    assert used(r'Fact\(\s*"(\w+)"', *rooms) == FACTS.keys()
    remedies = used(r'Remedy\(\s*"(\w+)"', *rooms) | {"seller_reactivates"}
    assert remedies == REMEDIES.keys()
    assert used(r'_step\("(\w+)"', hand_over) | {"lost"} | set(hand_over.SAVE_FIRST.values()) == STEPS.keys()


def test_what_is_for_the_customer_has_words_for_the_customer() -> None:
    for module in (add_ons, conflicts, privileges):
        found = re.findall(r'Remedy\("(\w+)"[^\n]*for_customer=True', inspect.getsource(module))
        assert set(found) <= FOR_CUSTOMER.keys()


def test_every_condition_has_its_words_both_ways() -> None:
    for condition in conditions.CONDITIONS:
        assert str(condition.met_words) != str(condition.unmet_words)


def test_a_code_of_a_later_version_is_shown_as_it_stands() -> None:
    assert worded(FACTS, "not_invented_yet", {}) == "not_invented_yet"


def test_numbers_are_grouped_and_one_is_singular() -> None:
    assert "1,234 licences" in worded(FACTS, "own_subscription", FACT_VALUES["own_subscription"])
    one = {**FACT_VALUES["own_subscription"], "quantity": 1}
    assert "1 licence," in worded(FACTS, "own_subscription", one)
    assert worded(STEPS, "take_back", {"count": 1}).startswith("Take the licence from 1 user:")


def test_another_channel_is_told_by_offer_and_services_alone() -> None:
    assert worded(FACTS, "other_channel", FACT_VALUES["other_channel"]) == (
        "Office 365 Business, bought from another reseller or channel, contains Skype"
    )
    assert worded(FACTS, "other_channel", {"offer": "Office 365 Business"}) == (
        "Office 365 Business, bought from another reseller or channel"
    )


def test_a_day_is_that_of_the_reader() -> None:
    with timezone.override("Asia/Shanghai"):
        assert day(MOMENT) == day(datetime.datetime(2026, 11, 23, 20, 30, tzinfo=datetime.UTC))
        assert "24" in day(MOMENT)
    with timezone.override("UTC"):
        assert "23" in day(MOMENT)


def test_a_day_that_is_not_known_is_said_to_be_so() -> None:
    assert day(None) == "an unknown day"


def test_percent_signs_and_markup_in_names_stand_as_they_are() -> None:
    name = "100%(d)s <b>& %s"
    assert name in worded(FACTS, "target_absent", {"offer": name})
    assert name in worded(FACTS, "other_channel", {"offer": name, "services": [name]})
    assert name in worded(REMEDIES, "ask_for_privileges", {"services": [name]})


def test_names_are_listed_with_commas() -> None:
    assert listed(["A", "B", "C"]) == "A, B, C"
    assert listed([]) == ""
