"""Audit records: the activity log as the protocol tells it, by day, by customer and by kind."""

import datetime
import json
import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlencode

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from activity.chain import append
from activity.models import ActivityRecord, ActorKind, Outcome
from activity.operations import record
from activity.words import OPERATIONS
from api.audit_words import NAMED, RESOURCE_TYPES
from partners.models import Staff
from partners.roles import Permission, Role
from subscriptions.models import Subscription
from tests.api.conftest import Answer, Api, token_of
from tests.api.worlds import ADATUM, BUSINESS, CONTOSO, World
from tests.factories import (
    ActivityRecordFactory,
    CustomerFactory,
    StaffFactory,
    UpgradeFactory,
    customer_of,
    offer,
)
from upgrades.operations import upgrade_subscription

HERE = uuid.UUID(ADATUM)
NOW = datetime.datetime(2026, 3, 31, 12, tzinfo=datetime.UTC)
BUSINESS_OFFER = "5c9fd4cc-edce-44a8-8e91-07df09744609"
PRO_PLUS = "be57ff4c-100c-4f1f-b82d-f1c5ab63a665"
ORDERED = {
    "reference": "",
    "billing_cycle": "annual",
    "lines": [
        {"subscription": BUSINESS, "offer": "Office 365 Business", "offer_id": BUSINESS_OFFER, "quantity": 3}
        | {"nickname": "", "status": "pending", "parent": None},
        {"subscription": ADATUM, "offer": "Office 365 ProPlus", "offer_id": PRO_PLUS, "quantity": 5}
        | {"nickname": "Labs", "status": "pending", "parent": None},
    ],
    "version": 1,
}


@pytest.fixture
def mei(world: World) -> Staff:
    """An admin agent of Contoso who uses the pages."""
    return StaffFactory(partner=world.contoso, email="mei@contoso.example.cn", roles=[Role.ADMIN_AGENT])


def of(api: Api, operation: str, **more: Any) -> ActivityRecord:
    """A record of this partner's: something that the portal itself did, if it is not said otherwise.

    It may be of another version of the portal, and so of an operation for which this one has no words.
    """
    row: ActivityRecord = ActivityRecordFactory.build(partner_id=api.partner.pk, operation=operation, **more)
    append(row)
    ActivityRecord.objects.bulk_create([row])
    return row


def filtering(field: str, value: Any, operator: str = "equals", **more: str) -> str:
    """The address that asks for records by one field."""
    asked = json.dumps({"Field": field, "Value": value, "Operator": operator})
    return f"/auditrecords?{urlencode({'filter': asked, **more})}"


def items(answer: Answer) -> list[dict[str, Any]]:
    assert answer.status == 200, answer.text
    assert answer.json["totalCount"] == len(answer.json["items"])
    return list(answer.json["items"])


def ids(answer: Answer) -> list[str]:
    return [item["id"] for item in items(answer)]


def operations(answer: Answer) -> list[str]:
    return [item["operationType"] for item in items(answer)]


def data(item: dict[str, Any]) -> dict[str, str | None]:
    return {pair["key"]: pair["value"] for pair in item["customizedData"]}


def upgrade(staff: Staff) -> None:
    """Move Adatum's Business to ProPlus with 30 licences."""
    upgrade_subscription(
        staff=staff, subscription_id=uuid.UUID(BUSINESS), target_id=uuid.UUID(PRO_PLUS), quantity=30, key="key"
    )


def test_an_upgrade_is_told_as_the_protocol_tells_it(contoso: Api, mei: Staff) -> None:
    upgrade(mei)
    told = ActivityRecord.objects.get(operation="upgrade_subscription")
    answer = contoso.get("/auditrecords?size=50")
    assert answer.json == {
        "totalCount": 1,
        "items": [
            {
                "id": str(told.pk),
                "partnerId": CONTOSO,
                "customerId": ADATUM,
                "customerName": "Adatum",
                "userPrincipalName": "mei@contoso.example.cn",
                "applicationId": "portal",
                "resourceType": "subscription",
                "operationType": "upgrade_subscription",
                "resourceOldValue": '{"offerId":"5c9fd4cc-edce-44a8-8e91-07df09744609","quantity":25}',
                "resourceNewValue": '{"offerId":"be57ff4c-100c-4f1f-b82d-f1c5ab63a665","quantity":30}',
                "operationDate": told.at.astimezone(datetime.UTC).replace(tzinfo=None).isoformat() + "Z",
                "operationStatus": "succeeded",
                "originalCorrelationId": str(told.correlation_id),
                "customizedData": [
                    {"key": "SubscriptionId", "value": BUSINESS},
                    {"key": "OfferId", "value": BUSINESS_OFFER},
                    {"key": "TargetOfferId", "value": PRO_PLUS},
                    {"key": "Quantity", "value": "30"},
                ],
                "attributes": {"objectType": "AuditRecord"},
            }
        ],
        "links": {"self": {"uri": "/auditrecords?size=50", "method": "GET", "headers": []}},
        "attributes": {"objectType": "Collection"},
    }


def test_an_upgrade_of_earlier_days_says_its_offers_too(contoso: Api) -> None:
    done = UpgradeFactory(partner=contoso.partner, staff=None, staff_name="Mei")
    before, after = {"offer": "Office 365 Business", "quantity": 25, "version": 1}, {"offer": "E3", "quantity": 30}
    of(contoso, "upgrade_subscription", before=before, after=after | {"version": 2, "upgrade": str(done.pk)})
    (item,) = items(contoso.get("/auditrecords"))
    assert json.loads(item["resourceOldValue"]) == {"offerId": BUSINESS_OFFER, "quantity": 25}
    assert json.loads(item["resourceNewValue"]) == {"offerId": str(offer("E3").pk), "quantity": 30}
    assert data(item)["TargetOfferId"] == str(offer("E3").pk)


def test_a_refused_upgrade_has_failed_and_says_what_was_asked_for(contoso: Api) -> None:
    asked = {"target": PRO_PLUS, "quantity": 30}
    of(contoso, "upgrade_subscription", resource_id=BUSINESS, after=asked, outcome=Outcome.REFUSED)
    (item,) = items(contoso.get("/auditrecords"))
    assert item["operationStatus"] == "failed"
    assert "resourceOldValue" not in item
    assert json.loads(item["resourceNewValue"]) == {"offerId": PRO_PLUS, "quantity": 30}
    assert data(item) == {"SubscriptionId": BUSINESS, "OfferId": None, "TargetOfferId": PRO_PLUS, "Quantity": "30"}


def test_an_order_lists_what_was_bought(contoso: Api) -> None:
    of(contoso, "place_order", resource_type="order", resource_id="4711", after=ORDERED)
    (item,) = items(contoso.get("/auditrecords"))
    assert (item["resourceType"], item["operationType"]) == ("order", "create_order")
    assert item["customizedData"] == [
        {"key": "OrderId", "value": "4711"},
        {"key": "BillingCycle", "value": "annual"},
        {"key": "OfferId-0", "value": BUSINESS_OFFER},
        {"key": "SubscriptionId-0", "value": BUSINESS},
        {"key": "SubscriptionName-0", "value": "Office 365 Business"},
        {"key": "Quantity-0", "value": "3"},
        {"key": "PartnerOnRecord-0", "value": None},
        {"key": "OfferId-1", "value": PRO_PLUS},
        {"key": "SubscriptionId-1", "value": ADATUM},
        {"key": "SubscriptionName-1", "value": "Labs"},
        {"key": "Quantity-1", "value": "5"},
        {"key": "PartnerOnRecord-1", "value": None},
    ]
    said = json.loads(item["resourceNewValue"])
    assert (set(said), said["billingCycle"]) == ({"reference", "billingCycle", "lines"}, "annual")
    assert said["lines"][1]["offerId"] == PRO_PLUS


def test_an_order_and_its_refusal_through_the_api_are_told(contoso: Api) -> None:
    line = {"offerId": "ff7a4f5b-4973-4241-8c43-80f2be39311d", "quantity": 5}
    placed = contoso.post(f"/customers/{ADATUM}/orders", {"lineItems": [line]}, MS_CorrelationId="night run 7")
    contoso.post(f"/customers/{ADATUM}/orders", {"lineItems": [line]})
    refused, done = items(contoso.get(filtering("ResourceType", "Order")))
    assert (done["operationStatus"], refused["operationStatus"]) == ("succeeded", "failed")
    assert data(done)["OrderId"] == placed.json["id"]
    assert data(refused)["OrderId"] is None
    assert (done["userPrincipalName"], done["applicationId"]) == (contoso.client.name, str(contoso.client.pk))
    assert done["originalCorrelationId"] == "night run 7"


@pytest.mark.parametrize(
    ("operation", "after", "resource_type", "operation_type", "more"),
    [
        ("add_customer", {"domain": "a.example"}, "customer", "add_customer", ["a.example", "reseller"]),
        ("change_billing", {"city": "上海"}, "customer", "update_customer_billing_profile", []),
        *(
            (name, {"offer_id": PRO_PLUS}, "subscription", "update_subscription", [BUSINESS, PRO_PLUS])
            for name in (
                "change_licences",
                "rename_subscription",
                "change_renewal",
                "change_subscription",
                "suspend_subscription",
                "reactivate_subscription",
                "cancel_subscription",
            )
        ),
        (
            "give_privilege",
            {"service": "Exchange Online"},
            "partner_customer_dap",
            "dap_admin_relationship_approved",
            ["Exchange Online"],
        ),
        *(
            (name, {"service": "Yammer"}, "partner_customer_dap", "dap_admin_relationship_terminated", ["Yammer"])
            for name in ("revoke_privilege", "lose_privilege", "give_up_privilege", "expire_privilege")
        ),
        *((name, {}, "partner_user", "create_partner_user", []) for name in ("add_staff", "accept_staff_invitation")),
        *(
            (name, {}, "partner_user", "update_partner_user", [])
            for name in ("change_staff", "change_roles", "deactivate_staff", "reactivate_staff", "update_profile")
        ),
        ("make_api_client", {}, "application", "register_application", []),
        ("revoke_api_client", {}, "application", "unregister_application", []),
    ],
)
def test_what_the_protocol_knows_goes_by_its_names(
    contoso: Api, operation: str, after: dict[str, Any], resource_type: str, operation_type: str, more: list[str]
) -> None:
    of(contoso, operation, after=after, resource_id=BUSINESS)
    (item,) = items(contoso.get("/auditrecords"))
    assert (item["resourceType"], item["operationType"]) == (resource_type, operation_type)
    assert list(data(item).values()) == more


@pytest.mark.parametrize(
    ("operation", "of_customer", "of_what", "resource_type"),
    [
        ("change_contact", True, "contactdetails", "customer"),
        ("invite_customer", False, "invitation", "customer"),
        ("create_subscription", True, "subscription", "subscription"),
        ("provision_subscription", True, "subscription", "subscription"),
        ("delete_subscription", True, "subscription", "subscription"),
        ("retry_provisioning", True, "order", "customer"),
        ("renew_api_secret", False, "apiclient", "application"),
        ("sign_in", False, "staff", "partner_user"),
        ("open_page", False, "page", "partner_user"),
        ("some_later_operation", False, "", "partner_user"),
    ],
)
def test_d39_other_operations_go_by_our_own_names(
    contoso: Api, operation: str, of_customer: bool, of_what: str, resource_type: str
) -> None:
    of(contoso, operation, customer_id=HERE if of_customer else None, resource_type=of_what)
    answer = contoso.get("/auditrecords")
    (item,) = items(answer)
    assert (item["resourceType"], item["operationType"]) == (resource_type, operation)
    assert item["customizedData"] == []
    assert ids(contoso.get(filtering("ResourceType", resource_type))) == ids(answer)


def test_every_operation_has_one_kind_by_which_it_is_found(contoso: Api) -> None:
    all_of_them = {*OPERATIONS, *NAMED}
    for operation in all_of_them:
        of(contoso, operation)
    found = {name: operations(contoso.get(filtering("ResourceType", name))) for name in RESOURCE_TYPES.members}
    assert sum(map(len, found.values())) == len(all_of_them)
    assert {named.resource_type for named in NAMED.values()} <= {name for name, codes in found.items() if codes}


@pytest.mark.parametrize("name", ["partner_customer_dap", "PartnerCustomerDap", "PARTNERCUSTOMERDAP", " partner_user "])
def test_a_kind_is_found_in_any_spelling(contoso: Api, name: str) -> None:
    of(contoso, "give_privilege")
    of(contoso, "add_staff")
    assert len(ids(contoso.get(filtering("resourcetype", name, "EQUALS")))) == 1


def test_who_acted_is_told_by_address_of_the_partners_own_people_alone(contoso: Api, mei: Staff) -> None:
    other = StaffFactory(name="Somebody Else")
    gone = {"actor_kind": ActorKind.STAFF, "actor_id": uuid.uuid4(), "actor_name": "Gone Long"}
    for more in (
        {"actor_kind": ActorKind.STAFF, "actor_id": mei.pk, "actor_name": mei.name},
        {"actor_kind": ActorKind.PLATFORM, "actor_id": other.pk, "actor_name": other.name},
        gone,
        {"actor_kind": ActorKind.SYSTEM},
    ):
        of(contoso, "change_contact", **more)
    found = [item.get("userPrincipalName") for item in items(contoso.get("/auditrecords"))]
    assert found == [None, "Gone Long", "Somebody Else", "mei@contoso.example.cn"]
    assert other.email not in contoso.get("/auditrecords").text


def test_a_person_through_a_program_is_told_with_both(
    world: World, contoso: Api, mei: Staff, api: Callable[..., Api]
) -> None:
    line = {"offerId": "ff7a4f5b-4973-4241-8c43-80f2be39311d", "quantity": 5}
    through = api(staff=mei)
    through.post(f"/customers/{ADATUM}/orders", {"lineItems": [line]})
    (item,) = items(contoso.get(filtering("ResourceType", "order")))
    assert (item["userPrincipalName"], item["applicationId"]) == (mei.email, str(through.client.pk))


def test_others_records_are_not_seen(world: World, contoso: Api, api: Callable[..., Api], mei: Staff) -> None:
    upgrade(mei)
    record(actor=StaffFactory().actor, operation="change_contact")
    of(contoso, "sign_in")
    assert len(ids(contoso.get("/auditrecords"))) == 2
    fabrikam = api(partner=world.fabrikam)
    for path in ("/auditrecords", filtering("CustomerId", ADATUM), filtering("CompanyName", "ada", "substring")):
        assert ids(fabrikam.get(path)) == []


@pytest.mark.parametrize("role", list(Role))
def test_who_may_see_the_log_may_see_its_records(api: Callable[..., Api], role: Role) -> None:
    asking = api(roles=[role])
    may = asking.client.may(Permission.SEE_ACTIVITY)
    answer = asking.get("/auditrecords")
    assert answer.status == (200 if may else 403)
    if not may:
        assert answer.json["code"] == 900150


def aged(api: Api, *days: float) -> list[str]:
    """A record of so many days ago each; their ids."""
    return [str(of(api, "sign_in", at=NOW - datetime.timedelta(days=age)).pk) for age in days]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("", [0, 1]),
        ("startDate=&endDate=", [0, 1]),
        ("startDate=2026-02-28", [0, 1, 2]),
        ("startDate=2025-12-31", [0, 1, 2, 3]),
        ("startDate=2025-12-31&endDate=2026-03-01", [1, 2, 3]),
        ("startDate=2026-02-01&endDate=2026-02-28", [2]),
        ("STARTDATE=2026-03-31", [0]),
        ("startDate=2026-04-01&endDate=2026-04-02", []),
        ("endDate=9999-12-31", [0, 1]),
    ],
)
def test_d38_any_window_within_ninety_days(contoso: Api, asked: str, found: list[int]) -> None:
    with time_machine.travel(NOW, tick=False):
        # At noon, of the days 2026-03-31, 2026-03-01, 2026-02-28, 2025-12-31 and the one before.
        made = aged(contoso, 0, 30, 31, 90, 91)
        answer = contoso.get(f"/auditrecords?{asked}", Authorization=fresh(contoso))
    assert ids(answer) == [made[number] for number in found]


def fresh(api: Api) -> str:
    """A token that is good at the moment at which the test has stopped the clock."""
    return f"Bearer {token_of(api.client)}"


@pytest.mark.parametrize(
    "day",
    [
        "2026-03-01",
        "2026-03-01T00:00:00Z",
        "2026-03-01T23:59:59.9999999Z",
        "2026-03-02T01:00:00+08:00",
        "2026-03-01T08:00:00",
        "3/1/2026 12:00:00 AM",
        "03/01/2026 11:59:59 pm",
        "3/1/2026",
    ],
)
def test_a_day_is_read_however_the_pages_write_it(contoso: Api, day: str) -> None:
    with time_machine.travel(NOW, tick=False):
        made = aged(contoso, 30, 29.51, 31)
        answer = contoso.get(f"/auditrecords?startDate={quote(day)}&endDate={quote(day)}", Authorization=fresh(contoso))
    assert sorted(ids(answer)) == sorted(made[:2])


@pytest.mark.parametrize("day", ["yesterday", "2026-02-30", "31/12/2026", "2026", "%00", "%ED%A0%80", "7" * 400, "-1"])
@pytest.mark.parametrize("name", ["startDate", "endDate"])
def test_what_is_no_day_is_refused(contoso: Api, name: str, day: str) -> None:
    answer = contoso.get(f"/auditrecords?{name}={day}")
    assert (answer.status, answer.json["code"]) == (400, 3000)
    assert answer.json["data"][0].startswith(f"{name}: ")


@pytest.mark.parametrize(
    ("asked", "member"),
    [
        ("startDate=2025-12-30", "startDate: "),
        ("startDate=0001-01-01", "startDate: "),
        ("startDate=2026-03-02&endDate=2026-03-01", "endDate: "),
        ("endDate=2026-02-27", "endDate: "),
        ("endDate=0001-01-01", "endDate: "),
        ("startDate=9999-12-31", "endDate: "),
    ],
)
def test_days_too_far_back_or_in_the_wrong_order_are_refused(contoso: Api, asked: str, member: str) -> None:
    with time_machine.travel(NOW, tick=False):
        answer = contoso.get(f"/auditrecords?{asked}", Authorization=fresh(contoso))
    assert (answer.status, answer.json["code"]) == (400, 3000)
    assert answer.json["data"][0].startswith(member)


@pytest.mark.parametrize(
    "query", ["", "startDate=2020-01-01", "filter=%7B%7D", "size=-1", "size=x", "seekOperation=Last", "seek=none"]
)
def test_what_is_wrong_in_an_address_changes_nothing_and_is_said(contoso: Api, query: str) -> None:
    answer = contoso.get(f"/auditrecords?{query}")
    assert answer.status == (200 if not query else 400)


def test_records_of_one_customer(contoso: Api) -> None:
    other = customer_of(contoso.partner, company_name="Adventure Works")
    for customer_id, name in ((HERE, "Adatum"), (other.pk, "Adventure Works")):
        of(contoso, "change_contact", customer_id=customer_id, customer_name=name)
    of(contoso, "sign_in")

    def names(path: str) -> list[str | None]:
        return [item.get("customerName") for item in items(contoso.get(path))]

    assert names(filtering("CustomerId", ADATUM.upper())) == ["Adatum"]
    assert names(filtering("companyname", "WORKS", "SubString")) == ["Adventure Works"]
    assert names(filtering("CompanyName", "ad", "substring")) == ["Adventure Works", "Adatum"]
    assert names(filtering("CompanyName", "", "substring")) == [None, "Adventure Works", "Adatum"]


def test_a_customer_is_found_by_the_name_of_that_day_where_none_is_called_so_now(contoso: Api) -> None:
    told = of(contoso, "change_contact", customer_id=uuid.uuid4(), customer_name="Litware & Söhne")
    of(contoso, "change_contact", customer_id=HERE, customer_name="Adatum")
    assert ids(contoso.get(filtering("CompanyName", "ware &", "substring"))) == [str(told.pk)]


def test_a_company_is_not_found_by_its_domain(contoso: Api) -> None:
    of(contoso, "change_contact", customer_id=HERE, customer_name="Adatum")
    assert ids(contoso.get(filtering("CompanyName", "onmschina", "substring"))) == []


@pytest.mark.parametrize("value", ["%", "_", "\\", "'", "\0", "\ud800", "x" * 3000, "-- drop", "\u202e"])
@pytest.mark.parametrize(("field", "operator"), [("CompanyName", "substring"), ("CustomerId", "equals")])
def test_a_filter_finds_nothing_by_signs_that_mean_something_elsewhere(
    contoso: Api, field: str, operator: str, value: str
) -> None:
    of(contoso, "change_contact", customer_id=HERE, customer_name="Adatum")
    answer = contoso.get(filtering(field, value, operator))
    assert answer.status == 200
    is_nothing = field == "CompanyName" and value == "\u202e"
    assert len(items(answer)) == (1 if is_nothing else 0)


@pytest.mark.parametrize(
    ("path", "code"),
    [
        (filtering("ResourceType", "license"), 900126),
        (filtering("ResourceType", "\0"), 900126),
        (filtering("ResourceType", "order", "substring"), 3000),
        (filtering("CompanyName", "ada", "starts_with"), 3000),
        (filtering("CustomerId", ADATUM, "substring"), 3000),
        (filtering("OperationType", "create_order"), 3000),
        (filtering("Domain", "ada", "starts_with"), 3000),
        (filtering("CustomerId", 7), 3000),
        ("/auditrecords?filter=x", 3000),
    ],
)
def test_a_filter_that_is_not_served_is_refused(contoso: Api, path: str, code: int) -> None:
    answer = contoso.get(path)
    assert (answer.status, answer.json["code"]) == (400, code)
    assert answer.json["data"][0].startswith("filter")


@pytest.mark.parametrize("path", ["/auditrecords?", f"{filtering('ResourceType', 'partner_user')}&"])
def test_pages_together_are_all_there_is_newest_first(contoso: Api, path: str) -> None:
    made = []
    for number in range(5):
        made.append(str(of(contoso, "sign_in", resource_id=str(number)).pk))
        of(contoso, "place_order", at=datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC))
    found, token, step = [], "", ""
    for _page in range(3):
        answer = contoso.get(f"{path}size=2{step}", MS_ContinuationToken=token)
        found += ids(answer)
        of(contoso, "sign_in")
        token, step = answer.json.get("continuationToken", ""), "&seekOperation=Next"
    assert (found, token) == (made[::-1], "")


def test_a_token_is_good_for_its_filter_and_partner_alone(world: World, contoso: Api, api: Callable[..., Api]) -> None:
    for _number in range(3):
        of(contoso, "sign_in")
    token = contoso.get("/auditrecords?size=1").json["continuationToken"]
    fabrikam = api(partner=world.fabrikam)
    for asking, path in ((fabrikam, "/auditrecords?"), (contoso, f"{filtering('CustomerId', ADATUM)}&")):
        answer = asking.get(f"{path}seekOperation=Next", MS_ContinuationToken=token)
        assert (answer.status, answer.json["code"]) == (400, 800002)


@pytest.mark.parametrize("path", ["/auditrecords", filtering("ResourceType", "subscription")])
def test_many_records_take_no_more_queries_than_few(contoso: Api, mei: Staff, path: str) -> None:
    def make() -> None:
        customer = CustomerFactory()
        for operation in ("upgrade_subscription", "change_licences"):
            done = UpgradeFactory(partner=contoso.partner, staff=mei)
            of(
                contoso,
                operation,
                customer_id=customer.pk,
                actor_kind=ActorKind.STAFF,
                actor_id=mei.pk,
                before={"offer": "a", "quantity": 1},
                after={"offer": "b", "quantity": 2, "upgrade": str(done.pk)},
            )

    make()
    with CaptureQueriesContext(connection) as few:
        contoso.get(path)
    for _number in range(10):
        make()
    with CaptureQueriesContext(connection) as many:
        assert len(ids(contoso.get(path))) == 22
    assert len(many) == len(few)


def test_one_record_and_changes_of_records_are_not_served(contoso: Api) -> None:
    told = of(contoso, "sign_in")
    answer = contoso.get(f"/auditrecords/{told.pk}")
    assert (answer.status, answer.json["code"]) == (501, 900127)
    assert contoso.delete("/auditrecords").status == 405


def test_a_record_of_another_version_is_told_as_far_as_it_goes(contoso: Api) -> None:
    for operation in NAMED:
        of(contoso, operation, before={}, after={})
        of(contoso, operation, before=None, after=None, outcome=Outcome.FAILED)
    assert len(items(contoso.get("/auditrecords"))) == 2 * len(NAMED)
    assert Subscription.objects.count() == 2
