"""Every reason for a refusal that a record can give has words of its own."""

import importlib
import pkgutil
from collections.abc import Iterator

import pytest

from activity.errors import Refused
from desk.reasons import REASONS, reason_words
from subscriptions import sale

ROOMS = ("activity", "partners", "catalog", "customers", "subscriptions", "upgrades", "desk")
OF_A_SALE = [
    sale.UNKNOWN_OFFER,
    sale.NOT_AVAILABLE,
    sale.QUANTITY,
    sale.CONFLICT,
    sale.ALREADY_PRESENT,
    sale.NO_PARENT,
]
# What a refusal says of which nothing more is known.
IN_GENERAL = {"other"}


def refusals(kind: type[Refused] = Refused) -> Iterator[type[Refused]]:
    """Every kind of refusal in the portal."""
    for one in kind.__subclasses__():
        yield one
        yield from refusals(one)


def load_all() -> None:
    for room in ROOMS:
        for module in pkgutil.walk_packages(importlib.import_module(room).__path__, f"{room}."):
            if ".migrations" not in module.name and ".management" not in module.name:
                importlib.import_module(module.name)


def test_each_kind_of_refusal_has_words() -> None:
    load_all()
    codes = {code for kind in refusals() if kind.__module__.partition(".")[0] in ROOMS for code in kind.codes}
    assert codes - IN_GENERAL - REASONS.keys() == set()


@pytest.mark.parametrize("code", OF_A_SALE)
def test_each_objection_to_a_sale_has_words(code: str) -> None:
    assert reason_words([code]) != [code]


def test_one_of_a_later_version_is_shown_as_it_stands() -> None:
    assert reason_words(["the_moon"]) == ["the_moon"]
