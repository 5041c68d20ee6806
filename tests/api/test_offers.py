"""Offers and their categories, by themselves and for a customer."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.models import Offer, OfferPrerequisite
from partners.roles import MAY, Permission, Role
from tests.api.conftest import Answer, Api
from tests.api.worlds import ADATUM, World
from tests.factories import customer_of, offer
from upgrades.models import UpgradePath

E3 = "796b6b5f-613c-4e24-a17c-eba730d49c02"
NOBODY = "00000000-0000-4000-8000-000000000000"
E3_SAYS: dict[str, Any] = {
    "id": E3,
    "name": "Office 365 Enterprise E3",
    "description": "Office 365 Enterprise E3",
    "minimumQuantity": 1,
    "maximumQuantity": 10000000,
    "rank": 6,
    "uri": f"/offers/{E3}?country=CN",
    "locale": "en-US",
    "country": "CN",
    "category": {
        "id": "Enterprise_Key",
        "name": "Enterprise",
        "rank": 20,
        "locale": "en-US",
        "country": "CN",
        "attributes": {"objectType": "OfferCategory"},
    },
    "prerequisiteOffers": [],
    "isAddOn": False,
    "hasAddOns": False,
    "isAvailableForPurchase": True,
    "billing": "license",
    "supportedBillingCycles": ["monthly", "annual"],
    "isAutoRenewable": True,
    "isInternal": False,
    "upgradeTargetOffers": [],
    "conversionTargetOffers": [],
    "isTrial": False,
    "product": {
        "id": "6fd2c87f-b296-42f0-b197-1e91e994b900",
        "name": "Office 365 Enterprise E3",
        "unit": "Licenses",
    },
    "unitType": "Licenses",
    "links": {"self": {"uri": f"/offers/{E3}?country=CN", "method": "GET", "headers": []}},
    "attributes": {"objectType": "Offer"},
}
PLACES = ["", f"/customers/{ADATUM}"]


def names(answer: Answer) -> list[str]:
    assert answer.status == 200
    return [item["name"] for item in answer.json["items"]]


@pytest.mark.parametrize("place", PLACES)
def test_an_offer_says_what_the_example_says(contoso: Api, place: str) -> None:
    answer = contoso.get(f"{place}/offers/{E3}")
    assert (answer.status, answer.json) == (200, E3_SAYS)


@pytest.mark.parametrize("place", PLACES)
def test_all_that_can_be_bought_is_listed_by_rank(contoso: Api, place: str) -> None:
    Offer.objects.filter(pk=offer("ProPlus").pk).update(is_available=False)
    answer = contoso.get(f"{place}/offers?country=cn")
    on_sale = Offer.objects.available().order_by("rank")
    assert names(answer) == [one.name for one in on_sale]
    assert answer.json["totalCount"] == len(on_sale)
    assert answer.json["attributes"] == {"objectType": "Collection"}
    assert answer.json["links"] == {"self": {"uri": f"{place}/offers?country=cn", "method": "GET", "headers": []}}


def test_the_targets_of_upgrades_stand_in_the_catalogues_order_without_those_no_longer_sold(contoso: Api) -> None:
    business = offer("Business")
    paths = UpgradePath.objects.filter(source=business).order_by("target__rank")
    targets = [str(path.target_id) for path in paths]
    assert contoso.get(f"/offers/{business.pk}").json["upgradeTargetOffers"] == targets
    Offer.objects.filter(pk=targets[0]).update(is_available=False)
    assert contoso.get(f"/offers/{business.pk}").json["upgradeTargetOffers"] == targets[1:]


def test_an_offer_that_is_no_longer_sold_is_found_by_its_id(contoso: Api) -> None:
    Offer.objects.filter(pk=E3).update(is_available=False)
    answer = contoso.get(f"/offers/{E3}")
    assert (answer.status, answer.json) == (200, E3_SAYS | {"isAvailableForPurchase": False})


def test_add_ons_and_what_they_belong_to_name_each_other(contoso: Api) -> None:
    add_on, parent = offer("Exchange Online (Plan 1)"), offer("Business")
    OfferPrerequisite.objects.create(offer=add_on, prerequisite=parent)
    said = contoso.get(f"/offers/{add_on.pk}").json
    assert (said["isAddOn"], said["prerequisiteOffers"], said["hasAddOns"]) == (True, [str(parent.pk)], False)
    said = contoso.get(f"/offers/{parent.pk}").json
    assert (said["isAddOn"], said["prerequisiteOffers"], said["hasAddOns"]) == (False, [], True)
    for place in PLACES:
        assert names(contoso.get(f"{place}/offers/{parent.pk}/addons")) == [add_on.name]
        assert names(contoso.get(f"{place}/offers/{add_on.pk}/addons")) == []
    Offer.objects.filter(pk=add_on.pk).update(is_available=False)
    assert names(contoso.get(f"/offers/{parent.pk}/addons")) == []
    assert contoso.get(f"/offers/{parent.pk}").json["hasAddOns"] is False


def test_a_description_and_texts_in_the_language_asked_for(contoso: Api) -> None:
    Offer.objects.filter(pk=E3).update(description="全部都在里面")
    said = contoso.get(f"/offers/{E3}", X_Locale="zh-CN").json
    assert (said["description"], said["locale"]) == ("全部都在里面", "zh-CN")
    assert (said["category"]["name"], said["category"]["locale"]) == ("企业", "zh-CN")


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("path", ["/offers/{}", "/offers/{}/addons"])
@pytest.mark.parametrize("offer_id", [NOBODY, "none", "%00", "%ff", "9" * 300])
def test_an_unknown_offer_is_not_found(contoso: Api, place: str, path: str, offer_id: str) -> None:
    answer = contoso.get(place + path.format(offer_id))
    assert (answer.status, answer.json["code"]) == (404, 1000)


@pytest.mark.parametrize("place", PLACES)
def test_the_categories_have_the_ids_of_the_pages(contoso: Api, place: str) -> None:
    answer = contoso.get(f"{place}/offercategories")
    told = [(item["id"], item["name"], item["rank"]) for item in answer.json["items"]]
    assert told == [
        ("Enterprise_Key", "Enterprise", 20),
        ("SmallBusiness_Key", "Small business", 30),
        ("Standalone_Key", "Standalone", 50),
    ]
    assert answer.json["totalCount"] == 3


def test_by_category_and_by_product(contoso: Api) -> None:
    by_category = contoso.get("/offers?Offer_Category_Id=enterprise_key")
    assert set(names(by_category)) == {one.name for one in Offer.objects.filter(category="Enterprise")}
    assert names(contoso.get("/offers?product_id=6FD2C87F-B296-42F0-B197-1E91E994B900")) == [E3_SAYS["name"]]
    for asked in ("offer_category_id=none", "product_id=none", "product_id=%00"):
        assert names(contoso.get(f"/offers?{asked}")) == []


def test_d36_another_country_has_no_offers(contoso: Api) -> None:
    for path in ("/offers", "/offercategories"):
        answer = contoso.get(f"{path}?country=DE")
        assert (answer.status, answer.json["items"], answer.json["totalCount"]) == (200, [], 0)
    answer = contoso.get(f"/offers/{E3}?country=DE")
    assert (answer.status, answer.json["code"]) == (404, 1000)
    assert names(contoso.get(f"/offers/{E3}/addons?country=DE")) == []
    assert contoso.get(f"/offers/{E3}?country=").status == 200


def test_page_by_page_nothing_is_repeated_or_left_out(contoso: Api) -> None:
    everything = names(contoso.get("/offers"))
    found, path = [], "/offers?size=5&country=CN"
    for _page in range(len(everything)):
        answer = contoso.get(path)
        assert answer.json["totalCount"] == len(everything)
        found += names(answer)
        if "next" not in answer.json["links"]:
            break
        path = answer.json["links"]["next"]["uri"]
    assert found == everything
    assert names(contoso.get("/offers?offset=1000")) == []


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("asked", ["size=-1", "size=many", "offset=-1", "offset=1.5", "size=" + "9" * 5000])
def test_sizes_and_offsets_that_are_none(contoso: Api, place: str, asked: str) -> None:
    answer = contoso.get(f"{place}/offers?{asked}")
    assert (answer.status, answer.json["code"]) == (400, 3000)
    assert answer.json["data"][0].startswith(asked.split("=", maxsplit=1)[0])


@pytest.mark.parametrize("role", list(Role))
def test_who_may_see_offers(world: World, api: Callable[..., Api], role: Role) -> None:
    client = api(roles=[role], partner=world.contoso)
    sees = Permission.SEE_OFFERS in MAY[role]
    sees_for_customer = sees and Permission.SEE_CUSTOMERS in MAY[role]
    for path in ("/offers", f"/offers/{E3}", f"/offers/{E3}/addons", "/offercategories"):
        assert client.get(path).status == (200 if sees else 403)
        answer = client.get(f"/customers/{ADATUM}{path}")
        assert answer.status == (200 if sees_for_customer else 403)


def test_another_partners_customer_is_not_found(world: World, api: Callable[..., Api]) -> None:
    client = api(partner=world.fabrikam)
    for path in ("/offers", f"/offers/{E3}", f"/offers/{E3}/addons", "/offercategories"):
        answer = client.get(f"/customers/{ADATUM}{path}")
        assert (answer.status, answer.json["code"]) == (404, 60003)


def test_the_number_of_queries_does_not_depend_on_the_number_of_offers(api: Callable[..., Api]) -> None:
    client = api()
    customer = customer_of(client.partner)
    counts = []
    for is_available in (False, True):
        Offer.objects.exclude(pk=E3).update(is_available=is_available)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert client.get(f"/customers/{customer.pk}/offers").status == 200
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 8
