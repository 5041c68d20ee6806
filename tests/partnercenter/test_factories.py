from typing import Any

import pytest

from tests import factories

pytestmark = pytest.mark.django_db

KINDS = [
    kind
    for kind in vars(factories).values()
    if isinstance(kind, type) and issubclass(kind, factories.ModelFactory) and kind is not factories.ModelFactory
]


# What a second one has to have of its own: an offer costs one price a day.
UNLIKE: dict[type, dict[str, Any]] = {factories.PriceFactory: {"currency": "EUR"}}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_factory_makes_two_valid_objects(kind: Any) -> None:
    for made in (kind(), kind(**UNLIKE.get(kind, {}))):
        made.refresh_from_db()
        made.validate_constraints()


def test_an_offer_is_found_by_its_short_name() -> None:
    assert factories.offer("E3").name == "Office 365 Enterprise E3"
    assert factories.offer("Business").name == "Office 365 Business"
    assert factories.offer("Exchange Online (Plan 1)").name == "Exchange Online (Plan 1)"
