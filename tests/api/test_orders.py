"""Orders: all line items or none, once a request id, and each refusal by its code with the member that it is about."""

import copy
import datetime
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from activity.models import ActivityRecord, Outcome
from api.etags import etag_of
from catalog.models import Offer, OfferPrerequisite
from customers.models import Customer, ResellerRelationship
from partners.roles import Permission, Role
from subscriptions.models import BillingCycle, Order, Status, Subscription
from subscriptions.provisioning import provision_due_lines
from tests.api.conftest import Answer, Api
from tests.api.worlds import ADATUM, BUSINESS, World
from tests.factories import CustomerFactory, OrderFactory, OrderLineFactory, customer_of, offer

ORDERS = f"/customers/{ADATUM}/orders"
SHAREPOINT = "ff7a4f5b-4973-4241-8c43-80f2be39311d"
SKYPE = "aca0c06c-890d-4abb-83cf-bc519a2565e5"
SKYPE_2 = "14c61739-b45a-42c0-832c-d330972d3173"
PREMIUM = "031c9e47-4802-4248-838e-778fb1d2cc05"
BUSINESS_OFFER = "5c9fd4cc-edce-44a8-8e91-07df09744609"
NOBODY = "00000000-0000-4000-8000-000000000000"
ASKED: dict[str, Any] = {
    "referenceCustomerId": ADATUM,
    "billingCycle": "monthly",
    "lineItems": [{"lineItemNumber": 0, "offerId": SHAREPOINT, "friendlyName": "Archive team", "quantity": 5}],
}
HOSTILE: dict[str, list[Any]] = {
    "quantity": [None, "25", "", True, 2.5, [], {}, "５"],
    "offerId": [None, 7, True, [SHAREPOINT], {"id": SHAREPOINT}],
    "friendlyName": [7, ["Archive"], {}, "x" * 1000, "a\u202eb", "tab\there", "line\nfeed"],
    "lineItemNumber": ["0", 0.5, []],
    "partnerIdOnRecord": [7, "1200345", ""],
    "parentSubscriptionId": [7, BUSINESS],
}


def said_of(order: Order, status: str) -> dict[str, Any]:
    """The protocol's own example of an answer, with the ids and the moment of this order."""
    (line,) = order.lines.all()
    subscription = f"/customers/{ADATUM}/subscriptions/{line.subscription_id}"
    created = order.created_at.astimezone(datetime.UTC).replace(tzinfo=None).isoformat()
    return {
        "id": str(order.pk),
        "referenceCustomerId": ADATUM,
        "billingCycle": "monthly",
        "currencyCode": "CNY",
        "currencySymbol": "¥",
        "lineItems": [
            {
                "lineItemNumber": 0,
                "offerId": SHAREPOINT,
                "subscriptionId": str(line.subscription_id),
                "friendlyName": "Archive team",
                "quantity": 5,
                "transactionType": "new",
                "links": {
                    "subscription": {"uri": subscription, "method": "GET", "headers": []},
                    "provisioningStatus": {"uri": f"{subscription}/provisioningstatus", "method": "GET", "headers": []},
                },
            }
        ],
        "creationDate": f"{created}Z",
        "status": status,
        "transactionType": "UserPurchase",
        "links": {"self": {"uri": f"{ORDERS}/{order.pk}", "method": "GET", "headers": []}},
        "attributes": {"etag": etag_of(order.pk, 1), "objectType": "Order"},
    }


def ordering(*lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    """An order of these lines: of a SharePoint where a line does not say otherwise."""
    return {"lineItems": [{"offerId": SHAREPOINT, "quantity": 5, **line} for line in lines], **more}


def assert_nothing_bought() -> None:
    assert not Order.objects.exists()
    assert Subscription.objects.count() == 2


def assert_refused(answer: Answer, status: int, code: int, *data: str) -> None:
    """Refused with this code and these members named; nothing has changed."""
    assert (answer.status, answer.json["code"]) == (status, code), answer.text
    found = answer.json["data"]
    assert len(found) == len(data), found
    for said, wanted in zip(found, data, strict=True):
        assert said.startswith(wanted), found
    assert_nothing_bought()


def assert_recorded(*reasons: str) -> None:
    record = ActivityRecord.objects.get(operation="place_order")
    assert (record.outcome, record.reasons) == (Outcome.REFUSED, list(reasons))
    assert str(record.customer_id) == ADATUM


def test_an_order_becomes_a_pending_subscription_for_each_line(contoso: Api) -> None:
    answer = contoso.post(ORDERS, ASKED)
    order = Order.objects.get()
    assert (answer.status, answer.json) == (201, said_of(order, "pending"))
    assert answer.headers["Location"] == f"/v1{ORDERS}/{order.pk}"
    assert answer.headers["ETag"] == f'"{answer.json["attributes"]["etag"]}"'
    assert contoso.get(answer.headers["Location"]).json == answer.json


def test_a_provisioned_order_is_completed(contoso: Api) -> None:
    contoso.post(ORDERS, ASKED)
    order = Order.objects.get()
    provision_due_lines(order_id=order.pk)
    answer = contoso.get(f"{ORDERS}/{order.pk}")
    assert (answer.status, answer.json) == (200, said_of(order, "completed"))
    assert answer.headers["ETag"] == f'"{etag_of(order.pk, 1)}"'


def test_an_order_deleted_before_it_was_provisioned_is_cancelled(contoso: Api) -> None:
    answer = contoso.post(ORDERS, ASKED)
    Subscription.objects.filter(order_line__isnull=False).update(status=Status.DELETED)
    assert contoso.get(f"{ORDERS}/{answer.json['id']}").json["status"] == "cancelled"


def test_it_is_recorded_in_the_programs_name(contoso: Api) -> None:
    contoso.post(ORDERS, ASKED, MS_CorrelationId="6f7f3b0e-1f9d-4c38-9c1e-9d0c6b2a1f00")
    record = ActivityRecord.objects.get(operation="place_order")
    assert (record.actor_id, record.application) == (contoso.client.pk, str(contoso.client.pk))
    assert str(record.correlation_id) == "6f7f3b0e-1f9d-4c38-9c1e-9d0c6b2a1f00"
    assert Order.objects.get().staff is None


def test_a_net_program_sends_capitals_and_nulls(contoso: Api) -> None:
    line = {"LineItemNumber": 0, "OfferId": SHAREPOINT.upper(), "Quantity": 5.0, "FriendlyName": None}
    nothing = {"Id": None, "Status": None, "Links": None, "CurrencyCode": None, "CreationDate": None}
    body = {"ReferenceCustomerId": ADATUM.upper(), "BillingCycle": 2, "LineItems": [line | {"PartnerIdOnRecord": None}]}
    answer = contoso.post(f"/Customers/{ADATUM.upper()}/Orders/", body | nothing)
    assert (answer.status, answer.json["billingCycle"], answer.json["lineItems"][0]["quantity"]) == (201, "annual", 5)
    assert answer.json["lineItems"][0]["offerId"] == SHAREPOINT


def test_what_is_not_for_programs_to_say_is_ignored(contoso: Api) -> None:
    line = {"subscriptionId": NOBODY, "provisioningContext": {"a": 1}, "termDuration": "P3Y", "renewsTo": [], "x": 1}
    own = {"id": NOBODY, "currencyCode": "EUR", "creationDate": "yesterday", "status": "sold", "links": {"self": {}}}
    answer = contoso.post(ORDERS, ordering(line, **own))
    assert (answer.status, answer.json["currencyCode"], answer.json["status"]) == (201, "CNY", "pending")
    assert NOBODY not in answer.text


def test_d37_no_friendly_name_is_an_empty_one(contoso: Api) -> None:
    answer = contoso.post(ORDERS, ordering({}))
    assert (answer.status, answer.json["lineItems"][0]["friendlyName"]) == (201, "")
    assert Subscription.objects.get(order_line__isnull=False).nickname == ""


def test_a_billing_cycle_that_is_not_named_is_monthly(contoso: Api) -> None:
    assert contoso.post(ORDERS, ordering({})).json["billingCycle"] == "monthly"


def test_lines_come_in_the_order_of_their_numbers(contoso: Api) -> None:
    first, second = {"lineItemNumber": 1}, {"lineItemNumber": 0, "offerId": SKYPE}
    answer = contoso.post(ORDERS, ordering(first, second))
    found = [(line["lineItemNumber"], line["offerId"]) for line in answer.json["lineItems"]]
    assert found == [(0, SKYPE), (1, SHAREPOINT)]


def test_lines_without_numbers_are_numbered_as_they_come(contoso: Api) -> None:
    answer = contoso.post(ORDERS, ordering({}, {"offerId": SKYPE}))
    found = [(line["lineItemNumber"], line["offerId"]) for line in answer.json["lineItems"]]
    assert found == [(0, SHAREPOINT), (1, SKYPE)]


@pytest.mark.parametrize("numbers", [(1,), (0, 0), (0, 2), (0, None), (-1, 0), (1, 2), (0, 10**30)])
def test_lines_are_numbered_from_0_each_once(contoso: Api, numbers: tuple[int | None, ...]) -> None:
    lines = [{"lineItemNumber": number, "offerId": SKYPE if at else SHAREPOINT} for at, number in enumerate(numbers)]
    assert_refused(contoso.post(ORDERS, ordering(*lines)), 400, 800071, "lineItems.lineItemNumber: ")
    assert_recorded("order_refused")


@pytest.mark.parametrize(
    ("change", "member"),
    [
        ({"referenceCustomerId": BUSINESS}, "referenceCustomerId: "),
        ({"referenceCustomerId": "Adatum"}, "referenceCustomerId: "),
        ({"referenceCustomerId": ""}, "referenceCustomerId: "),
        ({"billingCycle": "one_time"}, "billingCycle: "),
        ({"billingCycle": "None"}, "billingCycle: "),
        ({"billingCycle": 0}, "billingCycle: "),
    ],
)
def test_an_order_as_a_whole_is_refused(contoso: Api, change: dict[str, Any], member: str) -> None:
    assert_refused(contoso.post(ORDERS, ASKED | change), 400, 3000, member)
    assert ActivityRecord.objects.get(operation="place_order").outcome == Outcome.REFUSED


@pytest.mark.parametrize("cycle", ["weekly", "", 5, -1, True, [], 1.5])
def test_a_billing_cycle_that_nobody_knows(contoso: Api, cycle: Any) -> None:
    assert_refused(contoso.post(ORDERS, ASKED | {"billingCycle": cycle}), 400, 900126, "billingCycle: ")


@pytest.mark.parametrize(
    ("body", "member"),
    [
        ({}, "lineItems: "),
        ({"lineItems": None}, "lineItems: "),
        ({"lineItems": []}, "lineItems: "),
        ({"lineItems": {}}, "lineItems: "),
        ({"lineItems": "all"}, "lineItems: "),
        ({"lineItems": [None]}, "lineItems[0]: "),
        ({"lineItems": [[]]}, "lineItems[0]: "),
        (ordering(*[{}] * 101), "lineItems: "),
        (None, "body: "),
        ([], "body: "),
        ("order", "body: "),
    ],
)
def test_a_body_that_is_no_order(contoso: Api, body: Any, member: str) -> None:
    assert_refused(contoso.post(ORDERS, body), 400, 3000, member)
    assert not ActivityRecord.objects.filter(operation="place_order").exists()


@pytest.mark.parametrize(
    ("member", "value"),
    [(member, value) for member, values in HOSTILE.items() for value in values],
)
def test_a_member_that_cannot_be_is_named(contoso: Api, member: str, value: Any) -> None:
    lines = [{"lineItemNumber": 0}, {"lineItemNumber": 1, "offerId": SKYPE}, {"lineItemNumber": 2, member: value}]
    assert_refused(contoso.post(ORDERS, ordering(*lines)), 400, 3000, f"lineItems[2].{member}: ")


def test_an_endless_number_is_none(contoso: Api) -> None:
    body = b'{"lineItems": [{"offerId": "%s", "quantity": 1e999}]}' % SHAREPOINT.encode()
    assert_refused(contoso.post(ORDERS, body), 400, 3000, "lineItems[0].quantity: ")


@pytest.mark.parametrize("quantity", [0, -1, 10_000_001, 10**30, -(10**30), 1e300])
def test_a_quantity_outside_the_limits_is_2002(contoso: Api, quantity: float) -> None:
    answer = contoso.post(ORDERS, ordering({"quantity": quantity}))
    assert_refused(answer, 400, 2002, "lineItems[0].quantity: ")
    assert_recorded("quantity_out_of_range")


@pytest.mark.parametrize("offer_id", [NOBODY, "", "Business", "7", "' OR 1=1 --", "x" * 5000, "0" * 32])
def test_an_offer_that_there_is_not_is_800004(contoso: Api, offer_id: str) -> None:
    answer = contoso.post(ORDERS, ordering({}, {"offerId": offer_id}))
    assert_refused(answer, 400, 800004, "lineItems[1].offerId: ")
    assert_recorded("unknown_offer")


def test_an_offer_that_is_no_longer_sold_is_2091(contoso: Api) -> None:
    Offer.objects.filter(pk=SHAREPOINT).update(is_available=False)
    assert_refused(contoso.post(ORDERS, ASKED), 403, 2091, "lineItems[0].offerId: ")
    assert_recorded("offer_not_available")


@pytest.mark.parametrize("offer_id", [PREMIUM, BUSINESS_OFFER])
def test_an_offer_that_conflicts_with_what_there_is_is_2085(contoso: Api, offer_id: str) -> None:
    answer = contoso.post(ORDERS, ordering({"offerId": offer_id}))
    assert (answer.status, answer.json["code"]) == (403, 2085)
    assert all(said.startswith("lineItems[0].offerId: ") for said in answer.json["data"])
    assert answer.json["data"][0] == f"lineItems[0].offerId: {answer.json['description']}"
    assert_nothing_bought()


@pytest.mark.parametrize("other", [SKYPE, SKYPE_2])
def test_offers_of_one_order_that_conflict_are_2085(contoso: Api, other: str) -> None:
    answer = contoso.post(ORDERS, ordering({"offerId": SKYPE}, {"offerId": other}))
    assert_refused(answer, 403, 2085, "lineItems[1].offerId: ")


def test_a_hundred_times_the_same_line_says_so_once_a_line(contoso: Api) -> None:
    answer = contoso.post(ORDERS, ordering(*[{}] * 100))
    assert_refused(answer, 403, 2085, *(f"lineItems[{place}].offerId: " for place in range(1, 100)))


def test_an_add_on_without_its_parent_is_800029(contoso: Api) -> None:
    OfferPrerequisite.objects.create(offer=offer("SharePoint Online (Plan 1)"), prerequisite=offer("E1"))
    assert_refused(contoso.post(ORDERS, ASKED), 400, 800029, "lineItems[0].offerId: ")


def test_the_first_line_decides_and_all_are_told_at_the_place_where_they_stood(contoso: Api) -> None:
    last, first = {"lineItemNumber": 1, "quantity": 0}, {"lineItemNumber": 0, "offerId": NOBODY}
    answer = contoso.post(ORDERS, ordering(last, first))
    assert_refused(answer, 400, 800004, "lineItems[1].offerId: ", "lineItems[0].quantity: ")


def test_one_bad_line_keeps_the_others_from_being_bought(contoso: Api) -> None:
    answer = contoso.post(ORDERS, ordering({}, {"offerId": SKYPE, "quantity": 0}))
    assert_refused(answer, 400, 2002, "lineItems[1].quantity: ")


def test_a_former_reseller_sells_nothing_more(contoso: Api) -> None:
    ResellerRelationship.objects.filter(partner=contoso.partner).update(has_ended=True, had_subscriptions=True)
    assert_refused(contoso.post(ORDERS, ASKED), 403, 20002)
    assert_recorded("relationship_ended")


def test_the_same_request_id_gives_the_first_answer_and_one_order(contoso: Api) -> None:
    first = contoso.post(ORDERS, ASKED, MS_RequestId="retry-1")
    provision_due_lines(order_id=Order.objects.get().pk)
    again = contoso.post(ORDERS, ASKED, MS_RequestId="retry-1", MS_CorrelationId="second")
    assert (again.status, again.json) == (201, first.json)
    for name in ("Location", "ETag", "MS-RequestId"):
        assert again.headers[name] == first.headers[name]
    assert again.headers["MS-CorrelationId"] == "second"
    assert Order.objects.count() == 1
    assert ActivityRecord.objects.filter(operation="place_order").count() == 1


def test_the_same_request_id_with_another_order_is_409(contoso: Api) -> None:
    contoso.post(ORDERS, ASKED, MS_RequestId="retry-1")
    other = copy.deepcopy(ASKED)
    other["lineItems"][0]["quantity"] = 6
    answer = contoso.post(ORDERS, other, MS_RequestId="retry-1")
    assert (answer.status, answer.json["code"]) == (409, 800002)
    assert Order.objects.count() == 1


def test_a_refusal_under_a_request_id_stays_and_a_forbidden_one_does_not(contoso: Api) -> None:
    bad = ordering({"quantity": 0})
    assert contoso.post(ORDERS, bad, MS_RequestId="bad").text == contoso.post(ORDERS, bad, MS_RequestId="bad").text
    Offer.objects.filter(pk=SHAREPOINT).update(is_available=False)
    assert contoso.post(ORDERS, ASKED, MS_RequestId="later").status == 403
    Offer.objects.filter(pk=SHAREPOINT).update(is_available=True)
    assert contoso.post(ORDERS, ASKED, MS_RequestId="later").status == 201
    assert ActivityRecord.objects.filter(operation="place_order", outcome=Outcome.REFUSED).count() == 2


@pytest.mark.parametrize(("language", "word"), [("es", "pedido"), ("zh-CN", "订单"), ("en-US", "order")])
def test_sentences_are_in_the_language_asked_for(contoso: Api, language: str, word: str) -> None:
    answer = contoso.post(ORDERS, ordering({"offerId": SKYPE}, {"offerId": SKYPE}), X_Locale=language)
    assert word in answer.json["description"]


def queries_of(api: Api, path: str) -> int:
    """How many queries it takes to answer at this path."""
    with CaptureQueriesContext(connection) as asked:
        assert api.get(path).status == 200
    return len(asked)


def two_orders(api: Api) -> tuple[Order, Order]:
    """An annual order of Adatum, and a newer monthly one of two lines."""
    customer = Customer.objects.get(pk=ADATUM)
    old, new = (
        OrderFactory(partner=api.partner, staff=None, customer=customer, billing_cycle=cycle, created_at=at)
        for cycle, at in (
            (BillingCycle.ANNUAL, datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC)),
            (BillingCycle.MONTHLY, datetime.datetime(2026, 2, 3, tzinfo=datetime.UTC)),
        )
    )
    for order, number in ((old, 0), (new, 1), (new, 0)):
        OrderLineFactory(order=order, number=number)
    return old, new


def ids(answer: Answer) -> list[str]:
    assert answer.status == 200, answer.text
    assert answer.json["totalCount"] == len(answer.json["items"])
    return [item["id"] for item in answer.json["items"]]


def test_a_customers_orders_come_newest_first(contoso: Api) -> None:
    old, new = two_orders(contoso)
    answer = contoso.get(ORDERS)
    assert ids(answer) == [str(new.pk), str(old.pk)]
    assert [line["lineItemNumber"] for line in answer.json["items"][0]["lineItems"]] == [0, 1]
    assert answer.json["links"] == {"self": {"uri": ORDERS, "method": "GET", "headers": []}}
    assert answer.json["attributes"] == {"objectType": "Collection"}
    assert answer.json["items"][1] == contoso.get(f"{ORDERS}/{old.pk}").json
    assert answer.json["items"][1]["creationDate"] == "2026-01-02T00:00:00Z"


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("billingType=monthly", [1]),
        ("BILLINGTYPE=Annual", [0]),
        ("billingType=onetime", []),
        ("billingType=One_Time", []),
        ("billingType=none", []),
        ("indirectResellerId=4711", [1, 0]),
    ],
)
def test_orders_of_one_billing_cycle(contoso: Api, asked: str, found: list[int]) -> None:
    orders = two_orders(contoso)
    answer = contoso.get(f"{ORDERS}?{asked}")
    assert ids(answer) == [str(orders[number].pk) for number in found]
    assert answer.json["links"]["self"]["uri"] == f"{ORDERS}?{asked}"


@pytest.mark.parametrize("asked", ["weekly", "%00", "%ED%A0%80", "monthly%20"])
def test_a_billing_type_that_nobody_knows(contoso: Api, asked: str) -> None:
    answer = contoso.get(f"{ORDERS}?billingType={asked}")
    assert (answer.status, answer.json["code"]) == (400, 900126)
    assert answer.json["data"][0].startswith("billingType: ")


def test_a_customer_without_orders_has_none(contoso: Api) -> None:
    assert ids(contoso.get(ORDERS)) == []


@pytest.mark.parametrize("order_id", [NOBODY, "4711", "x", "%00", "%27", "0" * 400])
def test_an_order_that_there_is_not_is_20000(contoso: Api, order_id: str) -> None:
    answer = contoso.get(f"{ORDERS}/{order_id}")
    assert (answer.status, answer.json["code"]) == (404, 20000)


def test_an_order_is_found_under_its_own_customer_alone(contoso: Api) -> None:
    old, _new = two_orders(contoso)
    other = customer_of(contoso.partner)
    answer = contoso.get(f"/customers/{other.pk}/orders/{old.pk}")
    assert (answer.status, answer.json["code"]) == (404, 20000)
    assert contoso.get(f"{ORDERS}/{str(old.pk).upper()}").json["id"] == str(old.pk)


def test_another_resellers_orders_of_the_same_customer_are_not_seen(
    world: World, contoso: Api, api: Callable[..., Api]
) -> None:
    old, new = two_orders(contoso)
    ResellerRelationship.objects.create(partner=world.fabrikam, customer=old.customer)
    fabrikam = api(partner=world.fabrikam)
    assert ids(fabrikam.get(ORDERS)) == []
    for order in (old, new):
        answer = fabrikam.get(f"{ORDERS}/{order.pk}")
        assert (answer.status, answer.json["code"]) == (404, 20000)


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("whose", ["another partner's", "nobody's"])
def test_of_a_customer_out_of_sight_there_are_no_orders(
    contoso: Api, api: Callable[..., Api], method: str, whose: str
) -> None:
    customer_id = CustomerFactory().pk if whose == "another partner's" else uuid.uuid4()
    answer = contoso.ask(method, f"/customers/{customer_id}/orders", ASKED if method == "POST" else None)
    assert (answer.status, answer.json["code"]) == (404, 60003)
    assert_nothing_bought()


@pytest.mark.parametrize("role", list(Role))
def test_who_may_order_and_who_may_look(world: World, api: Callable[..., Api], role: Role) -> None:
    asking = api(roles=[role], partner=world.contoso)
    answer = asking.post(ORDERS, ASKED)
    if asking.client.may(Permission.MANAGE_SUBSCRIPTIONS):
        assert answer.status == 201
    else:
        assert_refused(answer, 403, 900150)
        assert ActivityRecord.objects.get(operation="place_order").reasons == ["role"]
    may_see = asking.client.may(Permission.SEE_CUSTOMERS)
    assert asking.get(ORDERS).status == (200 if may_see else 403)


def test_changing_an_order_is_not_served(contoso: Api) -> None:
    order_id = contoso.post(ORDERS, ASKED).json["id"]
    answer = contoso.patch(f"{ORDERS}/{order_id}", ASKED)
    assert (answer.status, answer.json["code"]) == (501, 900127)


def test_many_orders_take_no_more_queries_than_one(contoso: Api) -> None:
    two_orders(contoso)
    few = queries_of(contoso, ORDERS)
    for _number in range(5):
        OrderLineFactory(order=OrderFactory(partner=contoso.partner, staff=None, customer_id=ADATUM))
    assert queries_of(contoso, ORDERS) == few
