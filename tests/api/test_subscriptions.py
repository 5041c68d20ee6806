"""Reading subscriptions: what the partner sold, what it only administers, and nothing else."""

import datetime
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from api.etags import etag_of
from catalog.models import OfferPrerequisite
from customers.models import ResellerRelationship
from partners.models import Partner
from partners.roles import MAY, Permission, Role
from subscriptions.models import BillingCycle, Provisioning, Status, Subscription
from tests.api.conftest import Answer, Api
from tests.api.worlds import ADATUM, BUSINESS, EXCHANGE_ELSEWHERE, World
from tests.factories import OrderFactory, OrderLineFactory, PartnerFactory, StaffFactory, customer_of, offer, sold

UNKNOWN = "7d2f0c1e-4a3b-4d5c-8e6f-1a2b3c4d5eff"
LIST = f"/customers/{ADATUM}/subscriptions"
ONE = f"{LIST}/{BUSINESS}"


def link(uri: str) -> dict[str, Any]:
    return {"uri": uri, "method": "GET", "headers": []}


BUSINESS_SAYS: dict[str, Any] = {
    "id": BUSINESS,
    "offerId": "5c9fd4cc-edce-44a8-8e91-07df09744609",
    "offerName": "Office 365 Business",
    "friendlyName": "Head office",
    "quantity": 25,
    "unitType": "Licenses",
    "hasPurchasableAddons": False,
    "creationDate": "2026-03-01T08:00:00Z",
    "effectiveStartDate": "2026-03-01T00:00:00Z",
    "commitmentEndDate": "2027-03-01T00:00:00Z",
    "status": "active",
    "autoRenewEnabled": True,
    "isTrial": False,
    "billingType": "license",
    "billingCycle": "monthly",
    "termDuration": "P1Y",
    "actions": ["edit", "cancel"],
    "isMicrosoftProduct": True,
    "publisherName": "Microsoft",
    "partnerId": "1200345",
    "contractType": "subscription",
    "links": {
        "offer": link("/offers/5c9fd4cc-edce-44a8-8e91-07df09744609?country=CN"),
        "self": link(ONE),
    },
    "attributes": {
        "etag": "eyJpZCI6IjdkMmYwYzFlLTRhM2ItNGQ1Yy04ZTZmLTFhMmIzYzRkNWUwMSIsInZlcnNpb24iOjF9",
        "objectType": "Subscription",
    },
}
READ_ONLY_SAYS: dict[str, Any] = {
    "id": EXCHANGE_ELSEWHERE,
    "offerId": "2f707c7c-2433-49a5-a437-9ca7cf40d3eb",
    "offerName": "Exchange Online (Plan 2)",
    "quantity": 10,
    "creationDate": "2026-04-01T08:00:00Z",
    "effectiveStartDate": "2026-04-01T00:00:00Z",
    "commitmentEndDate": "2027-04-01T00:00:00Z",
    "status": "active",
    "actions": [],
    "links": {
        "offer": link("/offers/2f707c7c-2433-49a5-a437-9ca7cf40d3eb?country=CN"),
        "self": link(f"{LIST}/{EXCHANGE_ELSEWHERE}"),
    },
    "attributes": {"objectType": "Subscription"},
}


def ids(answer: Answer) -> list[str]:
    assert answer.status == 200
    assert answer.json["totalCount"] == len(answer.json["items"])
    return [item["id"] for item in answer.json["items"]]


def path_of(subscription: Subscription) -> str:
    return f"/customers/{subscription.customer_id}/subscriptions/{subscription.pk}"


def test_a_subscription_says_what_the_example_says(contoso: Api) -> None:
    answer = contoso.get(ONE)
    assert (answer.status, answer.json) == (200, BUSINESS_SAYS)
    assert answer.headers["ETag"] == f'"{BUSINESS_SAYS["attributes"]["etag"]}"'


def test_the_list_has_both_the_newest_first(contoso: Api) -> None:
    answer = contoso.get(LIST)
    assert answer.status == 200
    assert answer.json == {
        "totalCount": 2,
        "items": [READ_ONLY_SAYS, BUSINESS_SAYS],
        "links": {"self": link(LIST)},
        "attributes": {"objectType": "Collection"},
    }


def test_what_is_only_administered_tells_no_more_than_it_may(contoso: Api) -> None:
    Subscription.objects.filter(pk=EXCHANGE_ELSEWHERE).update(
        nickname="Secret", reseller_of_record=PartnerFactory(name="Rival", mpn_id="99")
    )
    answer = contoso.get(f"{LIST}/{EXCHANGE_ELSEWHERE}")
    assert (answer.status, answer.json) == (200, READ_ONLY_SAYS)
    assert "ETag" not in answer.headers


def test_what_is_neither_sold_nor_administered_is_not_there(contoso: Api) -> None:
    customer = customer_of(contoso.partner, services=["sharepoint"])
    own = sold(contoso.partner, customer)
    other = sold(PartnerFactory(), customer, "Exchange Online (Plan 1)")
    assert ids(contoso.get(f"/customers/{customer.pk}/subscriptions")) == [str(own.pk)]
    for below in ("", "/addons", "/provisioningstatus", "/upgrades"):
        answer = contoso.get(path_of(other) + below)
        assert (answer.status, answer.json["code"]) == (404, 20003)


@pytest.mark.parametrize("below", ["", "/addons", "/provisioningstatus", "/upgrades"])
@pytest.mark.parametrize("subscription_id", [UNKNOWN, "none", "%00", "%ff", "'", "9" * 300])
def test_an_unknown_subscription_is_not_found(contoso: Api, below: str, subscription_id: str) -> None:
    answer = contoso.get(f"{LIST}/{subscription_id}{below}")
    assert (answer.status, answer.json["code"]) == (404, 20003)
    if subscription_id == UNKNOWN:
        assert answer.json["description"] == f"Subscription with id {UNKNOWN} not found."


def test_under_another_customer_it_is_not_found(contoso: Api) -> None:
    other = customer_of(contoso.partner)
    answer = contoso.get(f"/customers/{other.pk}/subscriptions/{BUSINESS}")
    assert (answer.status, answer.json["code"]) == (404, 20003)


def test_another_partners_customer_is_not_found(world: World, api: Callable[..., Api]) -> None:
    client = api(partner=world.fabrikam)
    for path in (LIST, ONE, f"{ONE}/addons", f"{ONE}/provisioningstatus", f"{ONE}/upgrades"):
        answer = client.get(path)
        assert (answer.status, answer.json["code"]) == (404, 60003)


@pytest.mark.parametrize("role", list(Role))
def test_who_may_see_subscriptions(world: World, api: Callable[..., Api], role: Role) -> None:
    client = api(roles=[role], partner=world.contoso)
    may = Permission.SEE_CUSTOMERS in MAY[role]
    for path in (LIST, ONE, f"{ONE}/addons", f"{ONE}/provisioningstatus", f"{ONE}/upgrades"):
        answer = client.get(path)
        assert answer.status == (200 if may else 403)
        assert may or answer.json["code"] == 900150


def test_a_former_reseller_still_sees_what_it_sold(contoso: Api) -> None:
    ResellerRelationship.objects.filter(customer_id=ADATUM).update(has_ended=True, had_subscriptions=True)
    assert contoso.get(ONE).json == BUSINESS_SAYS


def test_d26_the_term_begins_at_midnight(contoso: Api) -> None:
    subscription = sold(
        contoso.partner,
        customer_of(contoso.partner),
        created_at=datetime.datetime(2026, 5, 31, 23, 59, 59, 120_000, tzinfo=datetime.UTC),
        commitment_end=datetime.date(2027, 5, 31),
    )
    said = contoso.get(path_of(subscription)).json
    assert said["creationDate"] == "2026-05-31T23:59:59.120000Z"
    assert said["effectiveStartDate"] == "2026-05-31T00:00:00Z"
    assert said["commitmentEndDate"] == "2027-05-31T00:00:00Z"


def test_d27_actions_tell_what_is_read_only(contoso: Api) -> None:
    customer = customer_of(contoso.partner)
    told = {}
    for name, seller, status in (
        ("own", contoso.partner, Status.ACTIVE),
        ("pending", contoso.partner, Status.PENDING),
        ("suspended", contoso.partner, Status.SUSPENDED),
        ("deleted", contoso.partner, Status.DELETED),
        ("elsewhere", None, Status.ACTIVE),
    ):
        told[name] = contoso.get(path_of(sold(seller, customer, status=status))).json["actions"]
    both = ["edit", "cancel"]
    assert told == {"own": both, "pending": both, "suspended": both, "deleted": [], "elsewhere": []}


def test_d28_a_suspension_says_when_it_ends(contoso: Api) -> None:
    suspended = datetime.datetime(2026, 10, 1, 12, 30, tzinfo=datetime.UTC)
    customer = customer_of(contoso.partner)
    own = sold(contoso.partner, customer, status=Status.SUSPENDED, suspended_at=suspended)
    said = contoso.get(path_of(own)).json
    assert said["suspensionReasons"] == ["partner_request"]
    assert said["scheduledDeletionDate"] == "2026-11-30T12:30:00Z"
    other = sold(None, customer, status=Status.SUSPENDED, suspended_at=suspended)
    said = contoso.get(path_of(other)).json
    assert said["scheduledDeletionDate"] == "2026-11-30T12:30:00Z"
    assert "suspensionReasons" not in said


def test_d29_deleted_subscriptions_are_listed(contoso: Api) -> None:
    customer = customer_of(contoso.partner)
    statuses = [Status.DELETED, Status.SUSPENDED, Status.PENDING, Status.ACTIVE]
    for status in statuses:
        sold(contoso.partner, customer, status=status)
    answer = contoso.get(f"/customers/{customer.pk}/subscriptions")
    assert {item["status"] for item in answer.json["items"]} == set(statuses)


def test_the_order_says_cycle_and_id_and_finds_its_subscriptions(contoso: Api) -> None:
    customer = customer_of(contoso.partner)
    order = OrderFactory(
        staff=StaffFactory(partner=contoso.partner), customer=customer, billing_cycle=BillingCycle.ANNUAL
    )
    ordered = OrderLineFactory(order=order).subscription
    other = sold(contoso.partner, customer)
    said = contoso.get(path_of(ordered)).json
    assert (said["orderId"], said["billingCycle"]) == (str(order.pk), "annual")
    listed = f"/customers/{customer.pk}/subscriptions"
    assert ids(contoso.get(f"{listed}?order_id={str(order.pk).upper()}")) == [str(ordered.pk)]
    assert set(ids(contoso.get(f"{listed}?order_id="))) == {str(ordered.pk), str(other.pk)}
    for unknown in (UNKNOWN, "none", "%00"):
        assert ids(contoso.get(f"{listed}?order_id={unknown}")) == []


def test_an_order_of_another_partner_is_not_told(contoso: Api) -> None:
    customer = customer_of(contoso.partner)
    line = OrderLineFactory(order__customer=customer, order__billing_cycle=BillingCycle.ANNUAL)
    Subscription.objects.filter(pk=line.subscription_id).update(reseller_of_record=contoso.partner)
    said = contoso.get(path_of(line.subscription)).json
    assert (said["billingCycle"], "orderId" in said) == ("monthly", False)
    assert ids(contoso.get(f"/customers/{customer.pk}/subscriptions?order_id={line.order_id}")) == []


def test_by_the_mpn_id_of_the_seller_only_ones_own_are_found(contoso: Api) -> None:
    Subscription.objects.filter(pk=EXCHANGE_ELSEWHERE).update(reseller_of_record=PartnerFactory(mpn_id="99"))
    assert ids(contoso.get(f"{LIST}?MPN_ID=1200345")) == [BUSINESS]
    assert ids(contoso.get(f"{LIST}?mpn_id=99")) == []
    assert ids(contoso.get(f"{LIST}?mpn_id={'9' * 500}")) == []
    for wrong in ("x", "-1", "1.5", "%00", "%D9%A1"):
        answer = contoso.get(f"{LIST}?mpn_id={wrong}")
        assert (answer.status, answer.json["code"], answer.json["data"]) == (400, 3000, ["mpn_id: must be digits"])


def test_a_partner_without_mpn_id_leaves_it_out(api: Callable[..., Api]) -> None:
    client = api()
    own = sold(client.partner, customer_of(client.partner))
    assert "partnerId" not in client.get(path_of(own)).json


def test_add_ons_are_listed_and_name_their_parent(contoso: Api) -> None:
    customer = customer_of(contoso.partner)
    parent = sold(contoso.partner, customer)
    add_on = sold(contoso.partner, customer, "Exchange Online (Plan 1)", parent=parent, status=Status.DELETED)
    assert ids(contoso.get(path_of(parent) + "/addons")) == [str(add_on.pk)]
    assert ids(contoso.get(path_of(add_on) + "/addons")) == []
    said = contoso.get(path_of(add_on)).json
    assert said["parentSubscriptionId"] == str(parent.pk)
    assert said["links"]["parentSubscription"] == link(path_of(parent))


def test_a_parent_that_is_not_visible_is_not_named(contoso: Api) -> None:
    customer = customer_of(contoso.partner, services=["exchange"])
    parent = sold(PartnerFactory(), customer, "ProPlus")
    add_on = sold(contoso.partner, customer, "Exchange Online (Plan 1)", parent=parent)
    answer = contoso.get(path_of(add_on))
    assert str(parent.pk) not in answer.text
    assert "parentSubscriptionId" not in answer.json


def test_whether_there_are_add_ons_to_buy(contoso: Api) -> None:
    OfferPrerequisite.objects.create(offer=offer("Exchange Online (Plan 1)"), prerequisite=offer("Business"))
    assert contoso.get(ONE).json["hasPurchasableAddons"] is True


def test_the_provisioning_says_what_the_example_says(contoso: Api) -> None:
    answer = contoso.get(f"{ONE}/provisioningstatus")
    assert (answer.status, answer.json) == (
        200,
        {
            "skuId": "cdd28e44-67e3-425e-be4c-737fab2899d3",
            "status": "success",
            "quantity": 25,
            "endDate": "2027-03-01T00:00:00Z",
            "attributes": {"objectType": "SubscriptionProvisioningStatus"},
        },
    )


@pytest.mark.parametrize(
    ("status", "provisioning", "told"),
    [
        (Status.PENDING, Provisioning.PENDING, "pending"),
        (Status.PENDING, Provisioning.FAILED, "failed"),
        (Status.ACTIVE, Provisioning.SUCCEEDED, "success"),
        (Status.SUSPENDED, Provisioning.SUCCEEDED, "success"),
    ],
)
def test_how_far_the_provisioning_has_come(contoso: Api, status: str, provisioning: str, told: str) -> None:
    line = _line(contoso.partner, provisioning)
    Subscription.objects.filter(pk=line.subscription_id).update(status=status)
    said = contoso.get(path_of(line.subscription) + "/provisioningstatus").json
    assert said["status"] == told


def _line(partner: Partner, provisioning: str) -> Any:
    is_open = provisioning == Provisioning.PENDING
    return OrderLineFactory(
        order__staff=StaffFactory(partner=partner),
        order__customer=customer_of(partner),
        provisioning=provisioning,
        next_attempt_at=timezone.now() if is_open else None,
        provisioned_at=timezone.now() if provisioning == Provisioning.SUCCEEDED else None,
        failure_code="refused" if provisioning == Provisioning.FAILED else "",
    )


def test_the_number_of_queries_does_not_depend_on_the_number_of_subscriptions(contoso: Api) -> None:
    customer = customer_of(contoso.partner)
    path = f"/customers/{customer.pk}/subscriptions"
    counts = []
    for more in (1, 10):
        for _number in range(more):
            parent = sold(contoso.partner, customer)
            sold(None, customer, "Exchange Online (Plan 1)", parent=parent)
            line = OrderLineFactory(order__staff=StaffFactory(partner=contoso.partner), order__customer=customer)
            assert line.subscription.is_sold_by(contoso.partner)
        with CaptureQueriesContext(connection) as queries:
            answer = contoso.get(path)
        counts.append(len(queries))
        assert answer.status == 200
    assert answer.json["totalCount"] == 33
    assert counts[0] == counts[1] <= 6


def test_the_etag_is_that_of_the_version(contoso: Api) -> None:
    own = sold(contoso.partner, customer_of(contoso.partner), version=41)
    answer = contoso.get(path_of(own))
    assert answer.json["attributes"]["etag"] == etag_of(own.pk, 41)
    assert answer.headers["ETag"] == f'"{etag_of(own.pk, 41)}"'
