"""The offers as partners read them: found, compared plan by plan, each with its prices, ways and add-ons."""

import datetime
import uuid
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from catalog.models import Offer, Price
from partners.roles import Role
from tests.factories import PlatformAdministratorFactory, PriceFactory, StaffFactory, offer

pytestmark = pytest.mark.django_db

LIST, COMPARE = reverse("desk:offer_list"), reverse("desk:offer_compare")


@pytest.fixture
def client(client: Client) -> Client:
    """A billing admin, who may see offers and prices and nothing else."""
    client.force_login(StaffFactory(roles=[Role.BILLING_ADMIN]))
    return client


@pytest.fixture(autouse=True)
def _today() -> Any:
    with time_machine.travel(datetime.datetime(2026, 11, 24, 8, tzinfo=datetime.UTC), tick=False):
        yield


def text(answer: Any) -> str:
    return unescape(answer.content.decode()).replace("\xa0", " ")


def found(client: Client, **query: Any) -> list[str]:
    sections = client.get(LIST, query).context["sections"]
    return [line.offer.name for section in sections for line in section.lines]


def ids(*names: str) -> list[str]:
    return [str(offer(name).pk) for name in names]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"q": "proplus"}, ["Office 365 Enterprise E3", "Office 365 ProPlus"]),
        ({"q": " PREMIUM "}, ["Office 365 Business Premium"]),
        ({"q": "enterprisepack"}, ["Office 365 Enterprise E3"]),
        ({"q": "bookings"}, ["Office 365 Business Premium"]),
        ({"q": "information protection"}, ["Office 365 Enterprise E3"]),
        ({"q": "plan sharepoint 2"}, ["SharePoint Online (Plan 2)", "Office 365 Enterprise E3"]),
        ({"q": "5c9fd4cc-edce-44a8-8e91-07df09744609"}, ["Office 365 Business"]),
        ({"q": "business", "category": "Enterprise"}, ["Office 365 Enterprise E3", "Office 365 ProPlus"]),
        ({"q": "nothing of the kind"}, []),
        ({"q": "%"}, []),
        ({"q": "\x00premium"}, ["Office 365 Business Premium"]),
        ({"q": "x" * 10_000}, []),
        ({"q": "<script>alert(1)</script>"}, []),
    ],
    ids=str,
)
def test_offers_are_found_by_name_number_plan_and_service(client: Client, query: Any, names: list[str]) -> None:
    assert set(names) <= set(found(client, **query)) if names else found(client, **query) == []
    assert "<script>alert" not in client.get(LIST, query).content.decode()


def test_categories_filter(client: Client) -> None:
    assert len(found(client)) == 12
    assert found(client, category="Small business") == [
        "Office 365 Business",
        "Office 365 Business Essentials",
        "Office 365 Business Premium",
    ]
    assert len(found(client, category=["Small business", "Enterprise"])) == 6
    assert len(found(client, category="No such category")) == 12


def test_nothing_found_leads_back_to_all(client: Client) -> None:
    page = text(client.get(LIST, {"q": "nothing"}))
    assert "No offer found" in page
    assert "Show all offers" in page


def test_today_and_what_comes_next_is_shown(client: Client) -> None:
    PriceFactory(amount=Decimal(48), valid_from=datetime.date(2020, 1, 1), valid_until=datetime.date(2025, 12, 31))
    PriceFactory(amount=Decimal(50), valid_until=datetime.date(2026, 11, 24))
    PriceFactory(amount=Decimal("52.5"), valid_from=datetime.date(2026, 11, 25), valid_until=datetime.date(2027, 6, 30))
    PriceFactory(amount=Decimal(60), valid_from=datetime.date(2027, 7, 1))
    page = text(client.get(LIST))
    assert "CNY 50.00" in page
    assert "CNY 52.50 from" in page
    assert "CNY 60.00" not in page
    assert "CNY 48.00" not in page
    assert page.count("No price known") == 11
    details = text(client.get(reverse("desk:offer_details", args=ids("Business"))))
    for amount in ("CNY 48.00", "CNY 50.00", "CNY 52.50", "CNY 60.00"):
        assert amount in details


def test_an_offer_shows_its_ways_add_ons_and_description(client: Client) -> None:
    business = offer("Business")
    Offer.objects.filter(pk=business.pk).update(description="For <b>small</b> offices")
    archive = Offer.objects.create(name="Archiving", sku_part_number="ARCHIVE", category="Standalone")
    archive.prerequisite_offers.add(business)
    Offer.objects.filter(name="Office 365 ProPlus").update(is_available=False)
    page = text(client.get(reverse("desk:offer_details", args=[business.pk])))
    assert "For <b>small</b> offices" in page
    assert "<b>small</b>" not in client.get(reverse("desk:offer_details", args=[business.pk])).content.decode()
    line = client.get(reverse("desk:offer_details", args=[business.pk])).context["line"]
    assert [way.target.short_name for way in line.ways_on] == ["Business Premium", "Enterprise E3", "ProPlus"]
    assert [add_on.name for add_on in line.add_ons] == ["Archiving"]
    assert page.count("Not for sale") == 1
    page = text(client.get(reverse("desk:offer_details", args=[archive.pk])))
    assert "An add-on is sold only beside a subscription of one of these offers." in page
    assert "The upgrade matrix has no way on from Archiving." in page


def test_what_is_not_there_is_not_found(client: Client) -> None:
    assert client.get(reverse("desk:offer_details", args=[uuid.uuid4()])).status_code == 404


# Comparing ----------------------------------------------------------------------------------------------------


def test_offers_stand_side_by_side_plan_by_plan(client: Client) -> None:
    answer = client.get(COMPARE, {"offer": ids("Business Premium", "E3")})
    rows = {row.name: row.marks for group in answer.context["services"] for row in group.rows}
    assert rows == {
        "Exchange Online (Plan 1)": [True, False],
        "Exchange Online (Plan 2)": [False, True],
        "SharePoint Online (Plan 1)": [True, False],
        "SharePoint Online (Plan 2)": [False, True],
        "Skype for Business Online (Plan 2)": [True, True],
        "Office for the web": [True, True],
        "Office 365 Business apps": [True, False],
        "Office 365 ProPlus apps": [False, True],
        "Azure Rights Management": [False, True],
        "Microsoft Bookings": [True, False],
    }
    assert [group.service.code for group in answer.context["services"]][:2] == ["exchange", "sharepoint"]
    assert text(answer).count("<td><svg") == 12
    assert "Leave out" not in text(answer)


@pytest.mark.parametrize("names", [["E1", "E3", "ProPlus"], ["Business", "E1", "E3", "ProPlus"]])
def test_of_three_or_four_one_can_be_left_out(client: Client, names: list[str]) -> None:
    answer = client.get(COMPARE, {"offer": ids(*names)})
    line, without = answer.context["columns"][0]
    assert line.offer == offer(names[0])
    assert client.get(COMPARE + without).status_code == 200
    assert text(answer).count("Leave out") == len(names)


FEW = "Tick at least two offers to compare them."
MANY = "At most four offers stand side by side. Untick some of them."
UNKNOWN = "An offer that was to be compared is not in the catalogue (any more)."


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        ([], FEW),
        (["E1"], FEW),
        (["E1", "E1"], FEW),
        (["E1", "E3", "ProPlus", "Business", "Business Premium"], MANY),
        (["E1", "E3", str(uuid.UUID(int=1))], UNKNOWN),
        (["E1", "E3", "x"], UNKNOWN),
        (["\x00"], UNKNOWN),
        (["x" * 10_000], UNKNOWN),
    ],
    ids=lambda value: str(value)[:60],
)
def test_other_choices_are_answered_in_words_and_keep_the_ticks(client: Client, asked: Any, problem: str) -> None:
    names = {"E1", "E3", "ProPlus", "Business", "Business Premium"}
    sent = [ids(one)[0] if one in names else one for one in asked]
    answer = client.get(COMPARE, {"offer": sent})
    assert problem in text(answer)
    ticked = [one for one in dict.fromkeys(asked) if one in names]
    assert answer.content.decode().count(" checked>") == len(ticked)


def test_ticks_stay_while_one_looks_for_more(client: Client) -> None:
    answer = client.get(LIST, {"q": "proplus", "offer": ids("E1", "E3")})
    assert [one.name for one in answer.context["out_of_sight"]] == ["Office 365 Enterprise E1"]
    assert answer.content.decode().count(" checked>") == 2


# How much it asks of the database -----------------------------------------------------------------------------


@pytest.mark.parametrize("many", [False, True], ids=["few", "many"])
def test_the_pages_ask_as_often_for_many_as_for_few(client: Client, django_assert_num_queries: Any, many: bool) -> None:
    if many:
        offers = [
            Offer(name=f"Offer {number}", sku_part_number=f"N{number}", category="Standalone") for number in range(60)
        ]
        Offer.objects.bulk_create(offers)
        Price.objects.bulk_create(PriceFactory.build_batch(1, offer=one)[0] for one in offers)
        for one in offers[1:]:
            one.prerequisite_offers.add(offers[0])
    asked = ids("E1", "E3")
    client.get(LIST)
    # Session and person; then offers, plans, add-ons, paths, prices.
    with django_assert_num_queries(7):
        client.get(LIST)
    with django_assert_num_queries(7):
        client.get(COMPARE, {"offer": asked})
    with django_assert_num_queries(8):
        client.get(reverse("desk:offer_details", args=asked[:1]))


def test_administrators_find_the_way_to_edit(client: Client) -> None:
    assert "/admin/" not in text(client.get(LIST))
    client.force_login(PlatformAdministratorFactory())
    page = text(client.get(LIST))
    assert reverse("admin:catalog_price_changelist") in page
    details = text(client.get(reverse("desk:offer_details", args=ids("E1"))))
    assert f"{reverse('admin:catalog_price_add')}?offer={ids('E1')[0]}" in details
