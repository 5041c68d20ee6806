"""The one parameter `filter`."""

import json
from typing import Any

import pytest

from api.faults import MEMBER, WireFault
from api.filters import FieldFilter, asked_filter

ALLOWED = {"CompanyName": "starts_with", "Domain": "starts_with", "CustomerId": "equals"}


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"Field": "CompanyName", "Value": "ada", "Operator": "starts_with"}, "CompanyName"),
        ({"field": "companyname", "VALUE": "ada", "operator": "StartsWith"}, "CompanyName"),
        ({"Field": "DisplayName", "Value": "ada", "Operator": "STARTS_WITH"}, "CompanyName"),
        ({"Field": "DefaultDomainName", "Value": "ada", "Operator": "startswith"}, "Domain"),
        ({"Field": "Domain", "Value": "ada", "Operator": 9}, "Domain"),
    ],
)
def test_spellings_of_a_filter(asked: dict[str, Any], field: str) -> None:
    assert asked_filter(json.dumps(asked), ALLOWED) == FieldFilter(field, "ada", "starts_with")


@pytest.mark.parametrize("text", [None, "", "  "])
def test_no_filter_is_none(text: str | None) -> None:
    assert asked_filter(text, ALLOWED) is None


@pytest.mark.parametrize("value", ["", None])
def test_an_empty_value_is_kept_empty(value: str | None) -> None:
    found = asked_filter(json.dumps({"Field": "CustomerId", "Value": value, "Operator": "equals"}), ALLOWED)
    assert found == FieldFilter("CustomerId", "", "equals")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("{", "filter: "),
        ("[" * 5000, "filter: "),
        ("7", "filter: "),
        ("[]", "filter: "),
        ('{"Value": "ada", "Operator": "starts_with"}', "filter.Field: "),
        ('{"Field": "Rank", "Value": "ada", "Operator": "starts_with"}', "filter.Field: "),
        ('{"Field": 7, "Value": "ada", "Operator": "starts_with"}', "filter.Field: "),
        ('{"Field": "Domain", "Value": "ada"}', "filter.Operator: "),
        ('{"Field": "Domain", "Value": "ada", "Operator": "equals"}', "filter.Operator: "),
        ('{"Field": "Domain", "Value": "ada", "Operator": "like"}', "filter.Operator: "),
        ('{"Field": "Domain", "Value": "ada", "Operator": [9]}', "filter.Operator: "),
        ('{"Field": "Domain", "Value": 7, "Operator": 9}', "filter.Value: "),
    ],
)
def test_what_is_wrong_with_a_filter_is_named(text: str, named: str) -> None:
    with pytest.raises(WireFault) as fault:
        asked_filter(text, ALLOWED)
    assert fault.value.code == MEMBER
    assert fault.value.data[0].startswith(named)
