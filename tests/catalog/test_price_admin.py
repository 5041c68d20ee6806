"""Prices in Django admin: set, changed, deleted, imported; every odd input answered in words."""

import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from activity.models import ActivityRecord
from catalog.models import Offer, Price
from partners.models import Staff
from tests.catalog.test_admin import HOSTILE, Page, change_url, errors
from tests.factories import PlatformAdministratorFactory, PriceFactory, StaffFactory, offer

pytestmark = pytest.mark.django_db

LIST = reverse("admin:catalog_price_changelist")
ADD = reverse("admin:catalog_price_add")
IMPORT = reverse("admin:catalog_price_import")
CSV = b"offer,currency,amount,valid_from,valid_until\nO365_BUSINESS,CNY,57.5,2027-01-01,\n"


@pytest.fixture
def administrator(client: Client) -> Staff:
    person: Staff = PlatformAdministratorFactory(name="Pat")
    client.force_login(person)
    return person


@pytest.fixture
def add(client: Client, administrator: Staff) -> Page:
    page = Page(client, ADD)
    page.fields |= {"offer": str(offer("Business").pk), "amount": "57.50", "valid_from": "2027-01-01"}
    return page


def stored() -> list[tuple[Decimal, str, str | None]]:
    prices = Price.objects.order_by("currency", "valid_from")
    return [(price.amount, str(price.valid_from), price.valid_until and str(price.valid_until)) for price in prices]


def test_a_price_is_set_and_says_what_gave_way(add: Page) -> None:
    PriceFactory()
    answer = add.client.post(add.url, add.fields, follow=True)
    assert next(str(message) for message in answer.context["messages"]) == (
        "These prices gave way, or hold on other days only: CNY\xa050.00 from 1 Jan 2026."
    )
    assert stored() == [(50, "2026-01-01", "2026-12-31"), (Decimal("57.5"), "2027-01-01", None)]
    assert [record.operation for record in ActivityRecord.objects.all()] == ["set_price"]
    assert b"CNY\xc2\xa057.50" in answer.content


def test_a_price_of_the_same_day_takes_the_place_of_the_other(add: Page) -> None:
    PriceFactory(valid_from=datetime.date(2027, 1, 1))
    assert add.send().status_code == 302
    assert stored() == [(Decimal("57.5"), "2027-01-01", None)]


def test_a_currency_may_be_written_small(add: Page) -> None:
    assert add.send(currency="eur").status_code == 302
    assert Price.objects.get().currency == "EUR"


AMOUNTS = [*HOSTILE, "-1", "1e9", "1e999999999", "NaN", "Infinity", "1,000.00", "0.00001", "1000000.0001", "ten"]


@pytest.mark.parametrize("amount", AMOUNTS)
def test_no_amount(add: Page, amount: str) -> None:
    answer = add.send(amount=amount)
    assert answer.status_code == 200
    assert errors(answer)
    assert not Price.objects.exists()


@pytest.mark.parametrize("currency", [*HOSTILE, "XXX", "CN", "¥"])
def test_no_currency(add: Page, currency: str) -> None:
    answer = add.send(currency=currency)
    assert answer.status_code == 200
    assert errors(answer)


@pytest.mark.parametrize("value", [*HOSTILE[1:], "1999-12-31", "2200-01-01", "2027-02-29", "0001-01-01", "2026-12-31"])
def test_no_last_day(add: Page, value: str) -> None:
    answer = add.send(valid_until=value)
    assert answer.status_code == 200
    assert errors(answer)


@pytest.mark.parametrize("value", HOSTILE)
def test_no_offer(add: Page, value: str) -> None:
    answer = add.send(offer=value)
    assert answer.status_code == 200
    assert errors(answer)


def test_a_stored_price_changes_its_amount_and_its_end(client: Client, administrator: Staff) -> None:
    price = PriceFactory()
    page = Page(client, change_url(price))
    assert page.send(amount="51", valid_until="2026-12-31").status_code == 302
    assert stored() == [(51, "2026-01-01", "2026-12-31")]
    record = ActivityRecord.objects.get()
    assert record.operation == "change_price"
    assert record.after == {"amount": "51.0000", "valid_until": "2026-12-31"}


@pytest.mark.parametrize(
    ("last", "words"), [("", "1 Jan 2027"), ("2027-01-01", "1 Jan 2027"), ("2025-12-31", "before")]
)
def test_but_never_into_the_next(client: Client, administrator: Staff, last: str, words: str) -> None:
    price = PriceFactory(valid_until=datetime.date(2026, 6, 30))
    PriceFactory(valid_from=datetime.date(2027, 1, 1))
    page = Page(client, change_url(price))
    answer = page.send(valid_until=last)
    assert answer.status_code == 200
    assert words in errors(answer)
    assert page.send(valid_until="2026-12-31").status_code == 302


def test_what_a_price_is_known_by_does_not_change(client: Client, administrator: Staff) -> None:
    page = Page(client, change_url(PriceFactory()))
    page.send(offer=str(offer("E3").pk), currency="EUR", valid_from="2020-01-01")
    price = Price.objects.get()
    assert (price.offer.name, price.currency, str(price.valid_from)) == ("Office 365 Business", "CNY", "2026-01-01")


def test_nobody_overwrites_what_another_saved(client: Client, administrator: Staff) -> None:
    page = Page(client, change_url(PriceFactory()))
    assert page.send(amount="51").status_code == 302
    assert "Someone else saved this" in errors(page.send(amount="52"))
    assert Price.objects.get().amount == 51


def test_a_price_is_deleted_with_a_record(client: Client, administrator: Staff) -> None:
    price = PriceFactory()
    client.post(reverse("admin:catalog_price_delete", args=[price.pk]), {"post": "yes"})
    assert not Price.objects.exists()
    record = ActivityRecord.objects.get()
    assert (record.operation, record.before and record.before["amount"]) == ("delete_price", "50.0000")


@pytest.mark.parametrize("query", ["valid=today", "valid=later", "valid=past", "valid=x", "q=business", "currency=CNY"])
def test_the_list_is_filtered(client: Client, administrator: Staff, query: str) -> None:
    PriceFactory(valid_from=datetime.date(2020, 1, 1), valid_until=datetime.date(2020, 12, 31))
    assert client.get(f"{LIST}?{query}").status_code == 200


# The import ---------------------------------------------------------------------------------------------------


def upload(client: Client, content: bytes, name: str = "prices.csv") -> Any:
    return client.post(IMPORT, {"file": SimpleUploadedFile(name, content), "step": "preview"})


def carried(answer: Any) -> dict[str, str]:
    names = ("content", "source", "expected")
    return {name: answer.context[name] for name in names} | {"step": "save"}


def test_a_list_is_seen_before_it_is_saved(client: Client, administrator: Staff) -> None:
    PriceFactory()
    asked = upload(client, b"\xef\xbb\xbf" + CSV)
    page = asked.content.decode()
    assert "<del>CNY\xa050.00 from 1 Jan 2026</del>" in page
    assert "<ins>CNY\xa050.00 from 1 Jan 2026 to 31 Dec 2026</ins>" in page
    assert "<ins>CNY\xa057.50 from 1 Jan 2027</ins>" in page
    assert Price.objects.count() == 1
    sent = carried(asked)
    sent["content"] = sent["content"].replace("\n", "\r\n")
    assert client.post(IMPORT, sent).status_code == 302
    assert stored() == [(50, "2026-01-01", "2026-12-31"), (Decimal("57.5"), "2027-01-01", None)]
    record = ActivityRecord.objects.get(operation="import_prices")
    assert record.after == {"source": "prices.csv", "offers": 1}
    assert client.post(IMPORT, sent).status_code == 302
    assert Price.objects.count() == 2


def test_what_somebody_else_set_in_between_is_shown_first(client: Client, administrator: Staff) -> None:
    sent = carried(upload(client, CSV))
    PriceFactory()
    answer = client.post(IMPORT, sent)
    assert answer.status_code == 409
    assert "Someone else changed prices meanwhile" in answer.content.decode()
    assert Price.objects.count() == 1
    assert client.post(IMPORT, carried(answer)).status_code == 302
    assert Price.objects.count() == 2


def test_a_faulty_list_says_what_is_wrong(client: Client, administrator: Staff) -> None:
    answer = upload(client, CSV.replace(b"57.5", b"<script>alert(1)</script>"))
    assert answer.status_code == 400
    page = answer.content.decode()
    assert "The price list has 1 fault; nothing was written." in page
    assert "Line 2, amount: &#x27;&lt;script&gt;alert(1)" in page


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"file": "no file"},
        {"step": "save"},
        {"step": "save", "content": CSV.decode(), "expected": "x"},
        {"step": "save", "content": "\x00", "source": "\x00"},
        {"step": "save", "content": "x" * 10_000, "source": "x" * 10_000},
        {"step": "save", "content": "\udcff"},
    ],
    ids=str,
)
def test_odd_forms_change_nothing(client: Client, administrator: Staff, sent: dict[str, str]) -> None:
    if "\udcff" in sent.get("content", ""):
        body = b"step=save&content=%ED%B3%BF"
        answer = client.post(IMPORT, body, content_type="application/x-www-form-urlencoded")
    else:
        answer = client.post(IMPORT, sent)
    assert answer.status_code in {400, 409}
    assert not Price.objects.exists()


@pytest.mark.parametrize("content", [b"", b"\x00" * 100, b"\xff\xfe", b"\x89PNG\r\n", b"x" * 2_000_000])
def test_a_file_that_is_no_list(client: Client, administrator: Staff, content: bytes) -> None:
    answer = upload(client, content, name="\u202e<b>.csv")
    assert answer.status_code == 400
    assert not Price.objects.exists()


def test_a_list_that_changes_nothing_says_so(client: Client, administrator: Staff) -> None:
    client.post(IMPORT, carried(upload(client, CSV)))
    answer = upload(client, CSV)
    assert answer.status_code == 302
    assert ActivityRecord.objects.filter(operation="import_prices").count() == 1


def test_only_administrators_who_may_set_prices_import_them(client: Client) -> None:
    for person in (StaffFactory(), PlatformAdministratorFactory(is_superuser=False)):
        client.force_login(person)
        assert client.get(IMPORT).status_code == 403
        assert upload(client, CSV).status_code == 403
    assert not Price.objects.exists()


# Offers -------------------------------------------------------------------------------------------------------


@pytest.fixture
def business(client: Client, administrator: Staff) -> Page:
    return Page(client, change_url(offer("Business")))


def test_an_offer_becomes_an_add_on_and_is_described(business: Page) -> None:
    above = offer("E3")
    assert business.send(add_on_of=[str(above.pk)], description=" Two\r\nlines\u2028 ").status_code == 302
    changed = offer("Business")
    assert changed.description == "Two lines"
    assert list(changed.prerequisite_offers.all()) == [above]
    record = ActivityRecord.objects.get()
    assert record.after == {"description": "Two lines", "prerequisite_offers": ["Office 365 Enterprise E3"]}


def test_add_ons_go_in_no_circle(client: Client, business: Page) -> None:
    e1, e3 = offer("E1"), offer("E3")
    e1.prerequisite_offers.add(offer("Business"))
    e3.prerequisite_offers.add(e1)
    answer = business.send(add_on_of=[str(e3.pk)])
    assert "These offers are add-ons of this one: Office 365 Enterprise E3." in errors(answer)
    assert not offer("Business").prerequisite_offers.exists()
    assert str(offer("Business").pk) not in {
        str(pk) for pk, _label in answer.context["adminform"].form.fields["add_on_of"].choices
    }


@pytest.mark.parametrize("value", ["x", "\x00", "00000000-0000-0000-0000-000000000000", "9" * 10_000])
def test_no_offer_to_be_an_add_on_of(business: Page, value: str) -> None:
    answer = business.send(add_on_of=[value])
    assert answer.status_code == 200
    assert errors(answer)


@pytest.mark.parametrize("value", ["\x00", "\u202ex", "x" * 10_000])
def test_no_description(business: Page, value: str) -> None:
    answer = business.send(description=value)
    assert answer.status_code == 200
    assert errors(answer)


def test_what_others_are_add_ons_of_stays(client: Client, administrator: Staff) -> None:
    offer("Business").prerequisite_offers.add(offer("E3"))
    answer = client.post(reverse("admin:catalog_offer_delete", args=[offer("E3").pk]), {"post": "yes"})
    assert "Prerequisites of add-ons (1)" in answer.content.decode()
    assert Offer.objects.filter(name="Office 365 Enterprise E3").exists()
