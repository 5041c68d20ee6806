"""Setting prices: what gives way, who may, all or nothing, and what the record keeps."""

import datetime
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission as DjangoPermission
from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command

from activity.models import ActivityRecord, Outcome
from activity.words import sentence
from catalog.models import Price
from catalog.price_lists import PriceListRefused, PricesChanged
from catalog.pricing import fingerprint, import_prices, preview_prices, set_price
from tests.factories import PlatformAdministratorFactory, PriceFactory, StaffFactory, offer

pytestmark = pytest.mark.django_db

HEAD = "offer,currency,amount,valid_from,valid_until"


def day(text: str) -> datetime.date:
    return datetime.date.fromisoformat(text)


def stored(name: str = "Business", currency: str = "CNY") -> list[tuple[str, str, str | None]]:
    prices = offer(name).prices.filter(currency=currency).order_by("valid_from")
    return [
        (str(price.amount.normalize()), str(price.valid_from), price.valid_until and str(price.valid_until))
        for price in prices
    ]


def price_list(*lines: str) -> bytes:
    return "\n".join([HEAD, *lines]).encode()


def test_a_price_is_set_and_the_one_before_ends_the_day_before() -> None:
    administrator = PlatformAdministratorFactory(name="Pat")
    first = set_price(staff=administrator, offer=offer("Business"), amount=Decimal(50), valid_from=day("2026-01-01"))
    second = set_price(
        staff=administrator, offer=offer("Business"), amount=Decimal("57.5"), valid_from=day("2026-07-01")
    )
    assert stored() == [("5E+1", "2026-01-01", "2026-06-30"), ("57.5", "2026-07-01", None)]
    assert Price.objects.get(pk=first.pk).valid_until == day("2026-06-30")
    record = ActivityRecord.objects.get(resource_id=str(second.offer_id), after__prices__1__amount="57.5")
    assert (record.operation, record.actor_name, record.resource_type) == ("set_price", "Pat", "offer")
    assert record.before == {
        "offer": "Office 365 Business",
        "currency": "CNY",
        "prices": [{"amount": "50.0000", "valid_from": "2026-01-01", "valid_until": None}],
    }
    assert sentence(record) == "Pat set prices of Office 365 Business in CNY."


def test_setting_the_same_again_changes_and_records_nothing() -> None:
    price = PriceFactory()
    again = set_price(staff=None, offer=price.offer, amount=price.amount, valid_from=day("2026-05-01"))
    assert again == price
    assert not ActivityRecord.objects.exists()


def test_a_price_in_between_splits_what_is_there() -> None:
    price = PriceFactory(amount=Decimal(9))
    set_price(
        staff=None,
        offer=price.offer,
        amount=Decimal(7),
        valid_from=day("2028-02-29"),
        valid_until=day("2028-02-29"),
    )
    assert stored() == [("9", "2026-01-01", "2028-02-28"), ("7", "2028-02-29", "2028-02-29"), ("9", "2028-03-01", None)]


def test_neighbours_grow_and_shrink_without_meeting() -> None:
    for month, amount in ((1, 1), (3, 3), (5, 5)):
        set_price(staff=None, offer=offer("Business"), amount=Decimal(amount), valid_from=datetime.date(2026, month, 1))
    set_price(
        staff=None,
        offer=offer("Business"),
        amount=Decimal(1),
        valid_from=day("2026-02-01"),
        valid_until=day("2026-05-31"),
    )
    assert stored() == [("1", "2026-01-01", "2026-05-31"), ("5", "2026-06-01", None)]


def test_only_who_may_set_prices_sets_them() -> None:
    person = StaffFactory()
    with pytest.raises(PermissionDenied):
        set_price(staff=person, offer=offer("Business"), amount=Decimal(1), valid_from=day("2026-01-01"))
    with pytest.raises(PermissionDenied):
        import_prices(staff=person, content=price_list("E3,CNY,1,2026-01-01,"), source="list.csv")
    assert not Price.objects.exists()
    records = ActivityRecord.objects.order_by("at")
    assert [record.operation for record in records] == ["set_price", "import_prices"]
    for record in records:
        assert (record.outcome, record.reasons, record.actor_id) == (Outcome.REFUSED, ["permission"], person.pk)


def test_an_administrator_with_the_permission_alone_may() -> None:
    person = PlatformAdministratorFactory(is_superuser=False)
    person.user_permissions.add(DjangoPermission.objects.get(codename="add_price"))
    set_price(staff=person, offer=offer("Business"), amount=Decimal(1), valid_from=day("2026-01-01"))
    assert stored() == [("1", "2026-01-01", None)]


def test_a_list_is_imported_and_each_offer_recorded() -> None:
    PriceFactory(amount=Decimal(50))
    content = price_list("O365_BUSINESS,CNY,57.5,2027-01-01,", "ENTERPRISEPACK,CNY,130,2026-01-01,")
    seen = preview_prices(content)
    assert [(str(change.offer), len(change.gone), len(change.come)) for change in seen] == [
        ("Office 365 Business", 1, 2),
        ("Office 365 Enterprise E3", 0, 1),
    ]
    assert Price.objects.count() == 1
    administrator = PlatformAdministratorFactory(name="Pat")
    import_prices(staff=administrator, content=content, source="prices.csv", expected=fingerprint(seen))
    assert stored() == [("5E+1", "2026-01-01", "2026-12-31"), ("57.5", "2027-01-01", None)]
    assert stored("E3") == [("1.3E+2", "2026-01-01", None)]
    records = ActivityRecord.objects.order_by("at")
    assert [record.operation for record in records] == ["set_price", "set_price", "import_prices"]
    imported = records.get(operation="import_prices")
    assert sentence(imported) == "Pat imported the price list prices.csv: the prices of 2 offers changed."
    assert import_prices(staff=administrator, content=content, source="prices.csv") == []
    assert records.count() == 3


def test_of_a_faulty_list_nothing_is_imported() -> None:
    with pytest.raises(PriceListRefused):
        import_prices(
            staff=None, content=price_list("STANDARDPACK,CNY,1,2026-01-01,", "STANDARDPACK,CNY,x,,"), source="x"
        )
    assert not Price.objects.exists()
    assert not ActivityRecord.objects.exists()


def test_nothing_is_imported_that_was_not_seen() -> None:
    content = price_list("O365_BUSINESS,CNY,57.5,2026-01-01,")
    seen = fingerprint(preview_prices(content))
    PriceFactory(amount=Decimal(50))
    with pytest.raises(PricesChanged):
        import_prices(staff=None, content=content, source="x", expected=seen)
    assert stored() == [("5E+1", "2026-01-01", None)]


def test_a_list_takes_as_many_queries_to_read_as_its_offers_and_no_more(django_assert_num_queries: Any) -> None:
    lines = [f"O365_BUSINESS,CNY,{number + 1},20{number:02}-01-01," for number in range(60)]
    with django_assert_num_queries(2):
        preview_prices(price_list(*lines))


def test_the_prices_of_a_day_come_in_one_query(django_assert_num_queries: Any) -> None:
    business, e3 = offer("Business"), offer("E3")
    PriceFactory(valid_until=day("2026-06-30"), amount=Decimal(1))
    PriceFactory(valid_from=day("2026-07-01"), amount=Decimal(2))
    PriceFactory(currency="EUR", amount=Decimal(3))
    for text, amount in (("2026-01-01", 1), ("2026-06-30", 1), ("2026-07-01", 2), ("2099-01-01", 2)):
        with django_assert_num_queries(1):
            found = Price.objects.of([business.pk, e3.pk], on=day(text))
        assert {currency: price.amount for currency, price in found[business.pk].items()} == {"CNY": amount, "EUR": 3}
        assert found[e3.pk] == {}
    assert Price.objects.of([business.pk], on=day("2025-12-31")) == {business.pk: {}}


# The command --------------------------------------------------------------------------------------------------


def run(path: Path, *arguments: str) -> str:
    out = StringIO()
    call_command("import_prices", str(path), *arguments, stdout=out)
    return out.getvalue()


def test_the_command_says_what_changes_and_changes_it(tmp_path: Path) -> None:
    path = tmp_path / "prices.csv"
    path.write_bytes(price_list("O365_BUSINESS,CNY,57.50,2026-01-01,2026-12-31"))
    said = run(path, "--dry-run")
    assert said.splitlines() == [
        "Office 365 Business, CNY:",
        "  + 57.50 2026-01-01..2026-12-31",
        "A dry run: nothing was written.",
    ]
    assert not Price.objects.exists()
    assert run(path).splitlines()[-1] == "Imported; 1 change."
    assert stored() == [("57.5", "2026-01-01", "2026-12-31")]
    assert ActivityRecord.objects.filter(actor_kind="system", operation="import_prices").count() == 1
    assert run(path) == "Nothing changes: the portal holds all of it already.\n"
    assert run(path, "-v0") == ""


def test_the_command_names_the_faults(tmp_path: Path) -> None:
    path = tmp_path / "prices.csv"
    path.write_bytes(price_list("nothing,CNY,1,2026-01-01,"))
    with pytest.raises(CommandError) as refused:
        run(path)
    assert str(refused.value).splitlines()[0] == "The price list has 1 fault; nothing was written."
    assert str(refused.value).splitlines()[1].startswith("Line 2, offer: 'nothing' is no offer")
    with pytest.raises(CommandError, match="The file cannot be read"):
        run(tmp_path / "missing.csv")
