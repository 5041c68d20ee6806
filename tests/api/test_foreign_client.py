"""Somebody else's client of the protocol, generated from its description, works with the portal over a real connection.

It says nothing of what it does not understand but a warning, so that none may be heard in any of these tests.
"""

import json
import logging
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from microsoft.store.partnercenterservices import MicrosoftPartnerStoreApis, models  # type: ignore[import-untyped]
from msrest.authentication import BasicTokenAuthentication
from msrestazure.azure_exceptions import CloudError  # type: ignore[import-untyped]

from customers.models import Customer
from subscriptions.models import Order, Subscription
from subscriptions.provisioning import provision_due_lines
from tests.api.worlds import ADATUM, BUSINESS, CONTOSO, EXCHANGE_ELSEWHERE, World
from tests.factories import customer_of
from upgrades.models import Upgrade

BUSINESS_OFFER = "5c9fd4cc-edce-44a8-8e91-07df09744609"
PREMIUM = "031c9e47-4802-4248-838e-778fb1d2cc05"
PRO_PLUS = "be57ff4c-100c-4f1f-b82d-f1c5ab63a665"
E3 = "796b6b5f-613c-4e24-a17c-eba730d49c02"
SHAREPOINT = "ff7a4f5b-4973-4241-8c43-80f2be39311d"
PREFIX = "MicrosoftPartnerSdkContractsV1"


def made(name: str, **members: Any) -> Any:
    """An object of the client's own, by the end of its name."""
    return getattr(models, PREFIX + name)(**members)


@pytest.fixture(autouse=True)
def _no_word_of_warning(caplog: pytest.LogCaptureFixture, recwarn: pytest.WarningsRecorder) -> Iterator[None]:
    yield
    said = [record for record in caplog.get_records("call") if record.name.startswith("msrest")]
    assert [record.getMessage() for record in said if record.levelno >= logging.WARNING] == []
    assert [str(warning.message) for warning in recwarn] == []


def token_from(served: str, credentials: dict[str, str]) -> str:
    """A token, as the client's own library for signing in asks for it."""
    answer = httpx.post(
        f"{served}/{CONTOSO}/oauth2/token?api-version=1.0",
        data={"grant_type": "client_credentials", "resource": "https://graph.windows.net", **credentials},
        headers={"client-request-id": "one", "return-client-request-id": "true"},
        timeout=60,
    )
    assert (answer.status_code, answer.headers["client-request-id"]) == (200, "one")
    said = answer.json()
    assert (said["token_type"], said["expires_in"], said["resource"]) == ("Bearer", "3600", "https://graph.windows.net")
    token: str = said["access_token"]
    return token


Asking = Callable[[str], Any]


@pytest.fixture
def asking(served: str) -> Iterator[Asking]:
    """Makes the client, with this token."""
    clients = []

    def ask_with(token: str) -> Any:
        clients.append(MicrosoftPartnerStoreApis(BasicTokenAuthentication({"access_token": token}), base_url=served))
        return clients[-1]

    yield ask_with
    for client in clients:
        client._client.close()


@pytest.fixture
def client(served: str, credentials: dict[str, str], asking: Asking) -> Any:
    """The client, signed in with what the page for API clients has shown."""
    return asking(token_from(served, credentials))


def status_of(raw: Any) -> tuple[int, int]:
    """The status and the protocol's code: what the client drops where an answer is no success."""
    return raw.response.status_code, raw.response.json()["code"]


def ids(collection: Any) -> list[str]:
    assert collection.attributes.object_type == "Collection"
    return [item.id for item in collection.items]


@pytest.mark.parametrize("version", ["1", "1.0"])
def test_customers_come_page_by_page(client: Any, world: World, version: str) -> None:
    for name in ("Adventure Works", "Alpine Ski House", "Blue Yonder"):
        customer_of(world.contoso, company_name=name)
    customers = client.getvversioncustomersfilterfilter
    asked = {"filter": '{"Field":"DisplayName","Value":"a","Operator":"StartsWith"}', "size": 2}
    first = customers.value(version, **asked)
    (pair,) = first.links.next.headers
    second = customers.value(version, **asked, seek_operation="Next", custom_headers={pair.key: pair.value})
    names = [item.company_profile.company_name for page in (first, second) for item in page.items]
    assert names == ["Adatum", "Adventure Works", "Alpine Ski House"]
    assert (first.total_count, second.total_count, second.links.next) == (2, 1, None)
    (adatum, _other) = first.items
    assert (adatum.id, adatum.relationship_to_partner) == (ADATUM, "reseller")
    assert adatum.company_profile.domain == "adatum.partner.onmschina.cn"
    assert len(customers.value(version).items) == 4


def test_a_customer_with_its_profiles(client: Any) -> None:
    of_customer = client.getvversioncustomerscustomer
    customer = of_customer.id(ADATUM, "1")
    assert (customer.id, customer.allow_delegated_access, customer.user_credentials) == (ADATUM, True, None)
    company = of_customer.idprofilescompany(ADATUM, "1")
    assert (company.company_name, company.tenant_id) == ("Adatum", ADATUM)
    services = of_customer.idmanagedservices(ADATUM, "1")
    assert len(services.items) == 7
    assert {service.attributes.object_type for service in services.items} == {"ManagedService"}
    assert of_customer.idprofilesbilling(ADATUM, "1") is None
    assert status_of(of_customer.idprofilesbilling(ADATUM, "1", raw=True)) == (404, 1000)


def billing() -> Any:
    """The details of a customer to be billed, in the client's own objects."""
    address = made(
        "Address",
        country="CN",
        city="上海",
        state="SH",
        address_line1="100 Nanjing Road",
        postal_code="200001",
        first_name="Jing",
        last_name="Chen",
        phone_number="02155550100",
    )
    return made(
        "CustomerBillingProfile",
        first_name="Jing",
        last_name="Chen",
        email="jing@woodgrove.example.cn",
        culture="zh-CN",
        language="zh",
        company_name="Woodgrove",
        default_address=address,
    )


def test_a_new_customer_and_its_billing_profile(client: Any) -> None:
    check = client.getvversionvalidationscheckdomainavailabilitydomain
    assert check.prefix("woodgrove", "1", raw=True).response.json() is True
    company = made("CustomerCompanyProfile", domain="woodgrove.partner.onmschina.cn")
    wanted = made("Customer", company_profile=company, billing_profile=billing())
    customer = client.postvversioncustomers(wanted, "1", ms_request_id="woodgrove")
    assert client.postvversioncustomers(wanted, "1", ms_request_id="woodgrove").id == customer.id
    assert Customer.objects.filter(company_name="Woodgrove").count() == 1
    assert (customer.billing_profile.default_address.city, customer.user_credentials) == ("上海", None)
    assert check.prefix("woodgrove", "1", raw=True).response.json() is False
    for domain, status in (("woodgrove.partner.onmschina.cn", 200), ("nobody.partner.onmschina.cn", 404)):
        assert client.headvversiondomainsdomain(domain, "1", raw=True).response.status_code == status

    profile = client.getvversioncustomerscustomer.idprofilesbilling(customer.id, "1")
    profile.default_address.address_line1 = "200 Nanjing Road"
    put = client.putvversioncustomerscustomer.idprofilesbilling
    saved = put(customer.id, profile, "1", custom_headers={"If-Match": profile.attributes.etag})
    assert saved.default_address.address_line1 == "200 Nanjing Road"
    with pytest.raises(CloudError) as stale:
        put(customer.id, saved, "1", custom_headers={"If-Match": profile.attributes.etag})
    assert stale.value.status_code == 412


def test_subscriptions_as_they_are(client: Any) -> None:
    of_customer = client.getvversioncustomerscustomer
    subscriptions = of_customer.value9(ADATUM, "1")
    assert set(ids(subscriptions)) == {BUSINESS, EXCHANGE_ELSEWHERE}
    business = of_customer.id6(ADATUM, BUSINESS, "1")
    assert (business.friendly_name, business.quantity, business.status) == ("Head office", 25, "active")
    assert (business.billing_type, business.billing_cycle, business.auto_renew_enabled) == ("license", "monthly", True)
    assert business.commitment_end_date.isoformat().startswith("2027-03-01")
    assert business.links.offer.uri.startswith(f"/offers/{BUSINESS_OFFER}")
    assert ids(of_customer.idaddons(ADATUM, BUSINESS, "1")) == []
    assert of_customer.idprovisioningstatus(ADATUM, BUSINESS, "1").status == "success"
    assert ids(of_customer.value9(ADATUM, "1", order_id=str(uuid.uuid4()))) == []


def test_options_are_told_with_the_reasons_against_them(client: Any) -> None:
    options = client.getvversioncustomerscustomer.idupgrades(ADATUM, BUSINESS, "1").items
    by_offer = {option.target_offer.id: option for option in options}
    assert [option.target_offer.rank for option in options] == sorted(option.target_offer.rank for option in options)
    pro_plus, premium = by_offer[PRO_PLUS], by_offer[PREMIUM]
    assert (pro_plus.is_eligible, pro_plus.upgrade_type, pro_plus.upgrade_errors) == (True, "upgrade_only", [])
    assert (pro_plus.quantity, pro_plus.target_offer.name) == (25, "Office 365 ProPlus")
    assert premium.is_eligible is False
    assert [(error.code, error.additional_details) for error in premium.upgrade_errors] == [
        ("delegated_admin_permissions_disabled", "bookings"),
        ("conflicting_service_types", "2f707c7c-2433-49a5-a437-9ca7cf40d3eb: exchange"),
    ]


def test_an_upgrade_happens_once(client: Any) -> None:
    source = client.getvversioncustomerscustomer.id6(ADATUM, BUSINESS, "1")
    upgrade = client.postvversioncustomerscustomer.idupgrades
    wanted = made("SubscriptionsUpgrade", target_offer=made("Offer", id=PRO_PLUS), quantity=30)
    headers = {"If-Match": source.attributes.etag}
    for _time in range(2):
        done = upgrade(ADATUM, BUSINESS, wanted, "1", ms_request_id="moved", custom_headers=headers)
        assert (done.source_subscription_id, done.target_subscription_id) == (BUSINESS, BUSINESS)
        assert (done.upgrade_type, done.upgrade_errors) == ("upgrade_only", [])
    assert Upgrade.objects.count() == 1
    now = client.getvversioncustomerscustomer.id6(ADATUM, BUSINESS, "1")
    assert (now.offer_id, now.quantity, now.friendly_name) == (PRO_PLUS, 30, "Head office")
    assert now.commitment_end_date == source.commitment_end_date
    with pytest.raises(CloudError) as stale:
        upgrade(ADATUM, BUSINESS, wanted, "1", custom_headers=headers)
    assert stale.value.status_code == 412


def test_an_option_that_was_told_can_be_sent_back_as_it_is(client: Any) -> None:
    options = client.getvversioncustomerscustomer.idupgrades(ADATUM, BUSINESS, "1").items
    (option,) = [option for option in options if option.target_offer.id == PRO_PLUS]
    done = client.postvversioncustomerscustomer.idupgrades(ADATUM, BUSINESS, option, "1")
    assert done.upgrade_errors == []
    assert str(Subscription.objects.get(pk=BUSINESS).offer_id) == PRO_PLUS


def test_a_refused_upgrade_says_why(client: Any) -> None:
    upgrade = client.postvversioncustomerscustomer.idupgrades
    wanted = made("SubscriptionsUpgrade", target_offer=made("Offer", id=E3), quantity=25)
    refused = upgrade(ADATUM, BUSINESS, wanted, "1")
    assert [error.code for error in refused.upgrade_errors] == ["conflicting_service_types"]
    wanted.quantity = 0
    wanted.target_offer.id = PRO_PLUS
    assert status_of(upgrade(ADATUM, BUSINESS, wanted, "1", raw=True)) == (400, 2002)
    assert str(Subscription.objects.get(pk=BUSINESS).offer_id) == BUSINESS_OFFER


def test_licences_name_and_status_change_and_what_is_sent_back_whole_changes_nothing(client: Any) -> None:
    get, patch = client.getvversioncustomerscustomer.id6, client.patchvversioncustomerscustomer.id4
    before = Subscription.objects.get(pk=BUSINESS).version
    there = patch(ADATUM, BUSINESS, get(ADATUM, BUSINESS, "1"), "1")
    assert Subscription.objects.get(pk=BUSINESS).version == before
    there.quantity, there.friendly_name = 40, "总部"
    changed = patch(ADATUM, BUSINESS, there, "1", custom_headers={"If-Match": there.attributes.etag})
    assert (changed.quantity, changed.friendly_name) == (40, "总部")
    for status in ("suspended", "Active"):
        changed = patch(ADATUM, BUSINESS, made("Subscription", status=status), "1")
        assert changed.status == status.lower()
    with pytest.raises(CloudError) as stale:
        patch(ADATUM, BUSINESS, there, "1", custom_headers={"If-Match": there.attributes.etag})
    assert stale.value.status_code == 412
    for code, wanted in ((2002, {"quantity": 301}), (2006, {"offer_id": E3}), (2054, {"billing_cycle": "annual"})):
        raw = patch(ADATUM, BUSINESS, made("Subscription", **wanted), "1", raw=True)
        assert (raw.output, status_of(raw)) == (None, (400, code))


def test_offers_page_by_page_and_one_by_one(client: Any) -> None:
    offers = client.getvversionofferscountrycountry
    first = offers.value("1", country="CN", offset=0, size=5)
    rest = offers.value("1", country="CN", offset=5, size=500)
    assert (first.total_count, len(first.items), len(rest.items)) == (12, 5, 7)
    ranks = [offer.rank for offer in first.items + rest.items]
    assert ranks == sorted(ranks)
    offer = client.getvversionoffersoffer.value1(BUSINESS_OFFER, "1", country="CN")
    assert (offer.name, offer.minimum_quantity, offer.maximum_quantity) == ("Office 365 Business", 1, 300)
    assert offer.category.id
    assert set(offer.upgrade_target_offers) >= {PREMIUM, PRO_PLUS, E3}
    assert ids(client.getvversionoffersoffer.value(BUSINESS_OFFER, "1", country="CN")) == []
    categories = client.getvversionoffercategoriescountrycountry.value("1", country="CN")
    assert ids(categories) == ids(client.getvversioncustomerscustomer.idoffercategories(ADATUM, "1"))
    found = offers.value("1", country="CN", offer_category_id=offer.category.id)
    assert BUSINESS_OFFER in ids(found)
    assert ids(client.getvversioncustomerscustomer.value2(ADATUM, "1", size=5)) == ids(first)


def test_an_order_becomes_a_subscription(client: Any) -> None:
    line = made("OrderLineItem", line_item_number=0, offer_id=SHAREPOINT, friendly_name="Archive team", quantity=5)
    wanted = made("Order", reference_customer_id=ADATUM, billing_cycle="Monthly", line_items=[line])
    order = client.postvversioncustomerscustomer.idorders(ADATUM, wanted, "1", ms_request_id="archive")
    again = client.postvversioncustomerscustomer.idorders(ADATUM, wanted, "1", ms_request_id="archive")
    assert (order.id, order.status, order.currency_code) == (again.id, "pending", "CNY")
    provision_due_lines(order_id=Order.objects.get().pk)
    of_customer = client.getvversioncustomerscustomer
    there = of_customer.id5(ADATUM, order.id, "1")
    (bought,) = there.line_items
    assert (there.status, bought.friendly_name, bought.quantity) == ("completed", "Archive team", 5)
    assert bought.links.subscription.uri == f"/customers/{ADATUM}/subscriptions/{bought.subscription_id}"
    assert ids(of_customer.value9(ADATUM, "1", order_id=order.id)) == [bought.subscription_id]
    assert ids(of_customer.value7(ADATUM, "1")) == [order.id]
    assert ids(of_customer.value7(ADATUM, "1", billing_type="OneTime")) == []
    assert there.creation_date == order.creation_date


def test_the_partners_own_profiles(client: Any, world: World) -> None:
    organization = client.getvversionprofilesorganization("1")
    assert (organization.company_name, organization.tenant_id) == ("Contoso Reseller", str(world.contoso.pk))
    mpn = client.getvversionprofilesmpnmpn_idmpn_id.value("1", mpn_id="1200345")
    assert (mpn.partner_name, mpn.profile_type) == ("Contoso Reseller", "mpn_profile")


def test_what_is_refused_is_silent_or_raises_as_the_client_wants_it(client: Any, asking: Asking) -> None:
    nobody = str(uuid.uuid4())
    raw = client.getvversioncustomerscustomer.id(nobody, "1", raw=True)
    assert (raw.output, status_of(raw)) == (None, (404, 60003))
    assert status_of(client.getvversioncustomerscustomer.id6(ADATUM, nobody, "1", raw=True)) == (404, 20003)
    stranger = asking("a-token-of-nobody")
    assert status_of(stranger.getvversioncustomerscustomer.id(ADATUM, "1", raw=True)) == (401, 400)
    for call in (
        lambda: client.getvversioncustomerscustomer.value4(ADATUM, "1"),
        lambda: client.deletevversioncustomerscustomer.id(ADATUM, "1"),
    ):
        with pytest.raises(CloudError) as unserved:
            call()
        assert unserved.value.status_code == 501


def test_the_client_asks_for_a_token_of_its_own(client: Any) -> None:
    raw = client.postgeneratetoken("jwt_token", raw=True)
    assert (raw.response.status_code, raw.response.json()["token_type"]) == (200, "Bearer")


def test_audit_records_tell_what_the_client_did(client: Any, served: str, credentials: dict[str, str]) -> None:
    wanted = made("SubscriptionsUpgrade", target_offer=made("Offer", id=PRO_PLUS), quantity=30)
    client.postvversioncustomerscustomer.idupgrades(ADATUM, BUSINESS, wanted, "1", ms_correlation_id="night 7")
    asked = {"filter": json.dumps({"Field": "ResourceType", "Value": "Subscription", "Operator": "equals"})}
    headers = {"Authorization": f"Bearer {token_from(served, credentials)}"}
    answer = httpx.get(f"{served}/v1/auditrecords", params=asked, headers=headers, timeout=60)
    (record,) = answer.json()["items"]
    assert (record["operationType"], record["operationStatus"]) == ("upgrade_subscription", "succeeded")
    assert (record["userPrincipalName"], record["applicationId"]) == ("Nightly run", credentials["client_id"])
    assert record["originalCorrelationId"] == "night 7"
    assert json.loads(record["resourceNewValue"]) == {"offerId": PRO_PLUS, "quantity": 30}
