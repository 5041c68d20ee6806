"""Changing a subscription on the wire: what differs is changed, all of it or nothing."""

import datetime
from collections.abc import Callable
from threading import Thread
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from activity.models import ActivityRecord, Outcome
from api.etags import etag_of
from customers.models import ResellerRelationship
from partners.roles import MAY, Permission, Role
from subscriptions.models import Status, Subscription
from tests.api.conftest import Answer, Api
from tests.api.test_subscriptions import BUSINESS_SAYS, ONE, path_of
from tests.api.worlds import ADATUM, BUSINESS, EXCHANGE_ELSEWHERE, World
from tests.factories import customer_of, sold

V1, V2 = (etag_of(BUSINESS, version) for version in (1, 2))


def row(subscription_id: Any = BUSINESS) -> Any:
    """The subscription as it is stored."""
    return Subscription.objects.values().get(pk=subscription_id)


def records() -> list[tuple[str, str, list[str]]]:
    """What the activity log holds of a subscription: operation, outcome and reasons, the first first."""
    kept = ActivityRecord.objects.filter(resource_type="subscription").order_by("at", "pk")
    return [(one.operation, one.outcome, one.reasons) for one in kept]


def refused(answer: Answer, status: int, code: int, reason: str, *, before: dict[str, Any]) -> None:
    """It was refused so, changed nothing, and left one record of the attempt."""
    assert (answer.status, answer.json["code"]) == (status, code)
    assert row(before["id"]) == before
    [(_operation, outcome, reasons)] = records()
    assert (outcome, reasons) == (Outcome.REFUSED, [reason])


def test_the_example_changes_the_licences(contoso: Api) -> None:
    answer = contoso.patch(ONE, {"id": BUSINESS, "quantity": 30})
    etag = "eyJpZCI6IjdkMmYwYzFlLTRhM2ItNGQ1Yy04ZTZmLTFhMmIzYzRkNWUwMSIsInZlcnNpb24iOjJ9"
    changed = {"quantity": 30, "attributes": {"etag": etag, "objectType": "Subscription"}}
    assert (answer.status, answer.json) == (200, BUSINESS_SAYS | changed)
    assert answer.headers["ETag"] == f'"{etag}"'
    assert records() == [("change_licences", "done", [])]
    kept = ActivityRecord.objects.get(resource_type="subscription")
    assert (kept.actor_kind, kept.actor_id, kept.application) == (
        "client",
        contoso.client.pk,
        str(contoso.client.pk),
    )


@pytest.mark.parametrize(
    ("body", "field", "value", "operation"),
    [
        ({"quantity": 30.0}, "quantity", 30, "change_licences"),
        ({"QUANTITY": 24, "FriendlyName": None}, "quantity", 24, "change_licences"),
        ({"friendlyName": "仓库"}, "nickname", "仓库", "rename_subscription"),
        ({"FriendlyName": ""}, "nickname", "", "rename_subscription"),
        ({"friendlyName": "x" * 256}, "nickname", "x" * 256, "rename_subscription"),
        ({"autoRenewEnabled": False}, "auto_renew", False, "change_renewal"),
        ({"status": "suspended"}, "status", "suspended", "suspend_subscription"),
        ({"Status": "Suspended"}, "status", "suspended", "suspend_subscription"),
        ({"status": "deleted"}, "status", "deleted", "cancel_subscription"),
        ({"quantity": 30, "friendlyName": "Harbour"}, "nickname", "Harbour", "change_subscription"),
    ],
)
def test_each_member_that_can_be_changed(
    contoso: Api, body: dict[str, Any], field: str, value: Any, operation: str
) -> None:
    answer = contoso.patch(ONE, body)
    assert answer.status == 200
    assert (row()[field], row()["version"]) == (value, 2)
    assert records() == [(operation, "done", [])]
    assert answer.json == contoso.get(ONE).json


def test_reactivated_and_given_licences_in_one_patch(contoso: Api) -> None:
    suspended = sold(contoso.partner, customer_of(contoso.partner), status=Status.SUSPENDED)
    answer = contoso.patch(path_of(suspended), {"status": "active", "quantity": 40})
    assert (answer.status, answer.json["status"], answer.json["quantity"]) == (200, "active", 40)
    assert "scheduledDeletionDate" not in answer.json


def test_add_ons_go_along(contoso: Api) -> None:
    parent = sold(contoso.partner, customer_of(contoso.partner))
    add_on = sold(contoso.partner, parent.customer, "Exchange Online (Plan 1)", parent=parent)
    assert contoso.patch(path_of(parent), {"status": "suspended"}).status == 200
    assert row(add_on.pk)["status"] == "suspended"


def test_d30_a_whole_resource_sent_back_changes_nothing(contoso: Api) -> None:
    before = row()
    whole = contoso.get(ONE).json
    python = {name: value for name, value in whole.items() if name not in ("attributes", "contractType")}
    python |= {"links": {"self": {}}, "creationDate": "2026-03-01T08:00:00.000Z"}
    dotnet = {name[0].upper() + name[1:]: value for name, value in whole.items()} | {"OrderId": None}
    read_only = {"isTrial": True, "creationDate": "2020-01-01T00:00:00Z", "offerName": "Another", "actions": []}
    for body in (whole, python, dotnet, read_only, {}, {"offerId": whole["offerId"].upper()}):
        answer = contoso.patch(ONE, body)
        assert (answer.status, answer.json) == (200, whole)
    assert (row(), records()) == (before, [])


def test_of_a_whole_resource_only_what_differs_is_changed(contoso: Api) -> None:
    whole = contoso.get(ONE).json
    Subscription.objects.filter(pk=BUSINESS).update(nickname="Renamed meanwhile", version=2)
    answer = contoso.patch(ONE, whole | {"quantity": 30}, If_Match=f'"{V2}"')
    assert (answer.status, row()["quantity"]) == (200, 30)


# The precondition.


@pytest.mark.parametrize("header", ['"{}"', "{}", 'W/"{}"', '"other", "{}"', "*"])
def test_a_present_etag_lets_it_through(contoso: Api, header: str) -> None:
    assert contoso.patch(ONE, {"quantity": 30}, If_Match=header.format(V1)).status == 200
    assert row()["quantity"] == 30


def test_d09_stale_by_header_is_412_and_by_body_400(contoso: Api) -> None:
    before = row()
    refused(contoso.patch(ONE, {"quantity": 30}, If_Match=f'"{V2}"'), 412, 2055, "subscription_changed", before=before)
    answer = contoso.patch(ONE, {"quantity": 30, "attributes": {"etag": V2}})
    assert (answer.status, answer.json["code"], row()) == (400, 2055, before)
    answer = contoso.patch(ONE, {"quantity": 30, "attributes": {"etag": V2}}, If_Match=f'"{V1}"')
    assert answer.status == 200, "the header counts, where there is one"
    assert [reasons for _operation, _outcome, reasons in records()] == [["subscription_changed"]] * 2 + [[]]


@pytest.mark.parametrize("tag", ['"nonsense"', "W/", "x" * 5000])
def test_a_strange_etag_does_not_hold(contoso: Api, tag: str) -> None:
    before = row()
    refused(contoso.patch(ONE, {"quantity": 30}, If_Match=tag), 412, 2055, "subscription_changed", before=before)


def test_the_etag_in_the_body_holds(contoso: Api) -> None:
    assert contoso.patch(ONE, {"quantity": 30, "Attributes": {"Etag": V1, "ObjectType": "x"}}).status == 200


def test_a_stale_etag_is_refused_though_nothing_differs(contoso: Api) -> None:
    assert contoso.patch(ONE, {"quantity": 25}, If_Match=f'"{V2}"').status == 412


def test_d10_without_an_etag_only_differences_are_written(contoso: Api) -> None:
    Subscription.objects.filter(pk=BUSINESS).update(nickname="Somebody else's", version=2)
    answer = contoso.patch(ONE, {"quantity": 30})
    assert (answer.status, answer.json["friendlyName"], answer.json["quantity"]) == (200, "Somebody else's", 30)


# What refuses it.


REFUSED: dict[str, tuple[dict[str, Any], dict[str, Any], int, int, str]] = {
    "licences while suspended": (
        {"status": "suspended"},
        {"quantity": 30},
        400,
        2001,
        "subscription_status_not_active",
    ),
    "licences while pending": ({"status": "pending"}, {"quantity": 30}, 400, 2001, "subscription_status_not_active"),
    "too many licences": ({}, {"quantity": 301}, 400, 2002, "quantity_out_of_range"),
    "no licence": ({}, {"quantity": 0}, 400, 2002, "quantity_out_of_range"),
    "fewer than none": ({}, {"quantity": -1}, 400, 2002, "quantity_out_of_range"),
    "endlessly many": ({}, {"quantity": 10**4000}, 400, 2002, "quantity_out_of_range"),
    "another offer": ({}, {"offerId": EXCHANGE_ELSEWHERE}, 400, 2006, "offer_fixed"),
    "an offer that is none": ({}, {"offerId": "x" * 10_000}, 400, 2006, "offer_fixed"),
    "another partner": ({}, {"partnerId": "99"}, 400, 800098, "partner_fixed"),
    "another cycle": ({}, {"billingCycle": "annual"}, 400, 2054, "billing_cycle_fixed"),
    "another cycle by its number": ({}, {"BillingCycle": 2}, 400, 2054, "billing_cycle_fixed"),
    "suspended from pending": ({"status": "pending"}, {"status": "suspended"}, 400, 800096, "status_change_unknown"),
    "pending again": ({}, {"status": "pending"}, 400, 800096, "status_change_unknown"),
    "no status": ({}, {"status": "none"}, 400, 800096, "status_change_unknown"),
    "an endless name": ({}, {"friendlyName": "x" * 10_000}, 400, 3000, "nickname_invalid"),
    "a name that turns the text": ({}, {"friendlyName": "a\u202eb"}, 400, 3000, "nickname_invalid"),
    "licences of a deleted one": ({"status": "deleted"}, {"quantity": 30}, 400, 2011, "subscription_deleted"),
    "name of a deleted one": ({"status": "deleted"}, {"friendlyName": "x"}, 400, 2011, "subscription_deleted"),
    "renewal of a deleted one": ({"status": "deleted"}, {"autoRenewEnabled": False}, 400, 2011, "subscription_deleted"),
    "back from the dead": ({"status": "deleted"}, {"status": "active"}, 400, 2011, "subscription_deleted"),
    "offer of a deleted one": ({"status": "deleted"}, {"offerId": BUSINESS}, 400, 2011, "subscription_deleted"),
    "all of it or nothing": ({}, {"friendlyName": "New", "quantity": 301}, 400, 2002, "quantity_out_of_range"),
    "offer before partner": ({}, {"offerId": BUSINESS, "partnerId": "99"}, 400, 2006, "offer_fixed"),
    "partner before cycle": ({}, {"partnerId": "99", "billingCycle": "annual"}, 400, 800098, "partner_fixed"),
    "cycle before licences": ({}, {"billingCycle": "annual", "quantity": 0}, 400, 2054, "billing_cycle_fixed"),
}
MEMBER = {
    2001: "quantity",
    2002: "quantity",
    2006: "offerId",
    2054: "billingCycle",
    3000: "friendlyName",
    800096: "status",
    800098: "partnerId",
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused_names_its_member_and_changes_nothing(contoso: Api, case: str) -> None:
    fields, body, status, code, reason = REFUSED[case]
    subscription = sold(contoso.partner, customer_of(contoso.partner), **fields)
    before = row(subscription.pk)
    answer = contoso.patch(path_of(subscription), body)
    refused(answer, status, code, reason, before=before)
    if code in MEMBER:
        [told] = answer.json["data"]
        assert told == f"{MEMBER[code]}: {answer.json['description']}"
    if "offerId" in body or "partnerId" in body:
        kept = ActivityRecord.objects.get(resource_type="subscription")
        assert len(str(kept.after)) < 500


def test_after_sixty_days_it_is_too_late(contoso: Api) -> None:
    long_ago = timezone.now() - datetime.timedelta(days=61)
    subscription = sold(contoso.partner, customer_of(contoso.partner), status=Status.SUSPENDED, suspended_at=long_ago)
    before = row(subscription.pk)
    refused(contoso.patch(path_of(subscription), {"status": "active"}), 400, 800096, "past_deletion", before=before)


def test_an_add_on_is_not_reactivated_under_a_parent_that_is_not_active(contoso: Api) -> None:
    parent = sold(contoso.partner, customer_of(contoso.partner), status=Status.SUSPENDED)
    add_on = sold(contoso.partner, parent.customer, "Exchange Online (Plan 1)", parent=parent, status=Status.SUSPENDED)
    before = row(add_on.pk)
    refused(contoso.patch(path_of(add_on), {"status": "active"}), 409, 27009, "parent_not_active", before=before)


@pytest.mark.parametrize("body", [{"quantity": 30}, {"offerId": BUSINESS}, {}])
def test_what_another_sold_is_read_only(contoso: Api, body: dict[str, Any]) -> None:
    before = row(EXCHANGE_ELSEWHERE)
    answer = contoso.patch(f"/customers/{ADATUM}/subscriptions/{EXCHANGE_ELSEWHERE}", body, If_Match='"stale"')
    refused(answer, 403, 20002, "reseller_of_record", before=before)


def test_a_former_reseller_changes_what_it_sold_as_on_the_pages(contoso: Api) -> None:
    ResellerRelationship.objects.filter(customer_id=ADATUM).update(has_ended=True, had_subscriptions=True)
    assert contoso.patch(ONE, {"quantity": 30}).status == 200
    assert row()["quantity"] == 30


def test_an_unknown_subscription_is_not_found(contoso: Api) -> None:
    for unknown in ("7d2f0c1e-4a3b-4d5c-8e6f-1a2b3c4d5eff", "none", "%00"):
        answer = contoso.patch(f"/customers/{ADATUM}/subscriptions/{unknown}", {"quantity": 30})
        assert (answer.status, answer.json["code"]) == (404, 20003)


def test_another_partners_customer_is_not_found(world: World, api: Callable[..., Api]) -> None:
    before = row()
    answer = api(partner=world.fabrikam).patch(ONE, {"quantity": 30})
    assert (answer.status, answer.json["code"], row()) == (404, 60003, before)


@pytest.mark.parametrize("role", list(Role))
def test_who_may_change_subscriptions(world: World, api: Callable[..., Api], role: Role) -> None:
    answer = api(roles=[role], partner=world.contoso).patch(ONE, {"quantity": 30})
    if Permission.MANAGE_SUBSCRIPTIONS in MAY[role]:
        assert (answer.status, row()["quantity"]) == (200, 30)
    else:
        assert (answer.status, answer.json["code"], row()["quantity"]) == (403, 900150, 25)
        kept = ActivityRecord.objects.latest("at")
        assert (kept.operation, kept.outcome, kept.reasons) == ("change_subscription", Outcome.REFUSED, ["role"])


HOSTILE: dict[str, tuple[Any, int, str]] = {
    "a number in a string": ({"quantity": "30"}, 3000, "quantity"),
    "yes for a number": ({"quantity": True}, 3000, "quantity"),
    "a part of a licence": ({"quantity": 30.5}, 3000, "quantity"),
    "licences in a list": ({"quantity": [30]}, 3000, "quantity"),
    "more than a number can say": (b'{"quantity": 1e400}', 3000, "quantity"),
    "a name that is none": ({"friendlyName": 7}, 3000, "friendlyName"),
    "a name in an object": ({"friendlyName": {}}, 3000, "friendlyName"),
    "yes in words": ({"autoRenewEnabled": "true"}, 3000, "autoRenewEnabled"),
    "one for yes": ({"autoRenewEnabled": 1}, 3000, "autoRenewEnabled"),
    "an unknown status": ({"status": "sleeping"}, 900126, "status"),
    "a status by number": ({"status": 1}, 900126, "status"),
    "a status that is yes": ({"status": True}, 900126, "status"),
    "an endless status": ({"status": "x" * 10_000}, 900126, "status"),
    "an unknown cycle": ({"billingCycle": 5}, 900126, "billingCycle"),
    "a cycle that is yes": ({"billingCycle": True}, 900126, "billingCycle"),
    "an offer by number": ({"offerId": 5}, 3000, "offerId"),
    "a partner by number": ({"partnerId": 1200345}, 3000, "partnerId"),
    "attributes that are none": ({"quantity": 30, "attributes": "x"}, 3000, "attributes"),
    "an etag by number": ({"quantity": 30, "attributes": {"etag": 1}}, 3000, "attributes.etag"),
    "no body": (None, 3000, "body"),
    "a list": ([{"quantity": 30}], 3000, "body"),
    "a text": ("quantity", 3000, "body"),
    "null": (b"null", 3000, "body"),
    "a NUL": (b'{"friendlyName": "a\\u0000b"}', 800002, ""),
    "half a character": (b'{"friendlyName": "\\ud800"}', 800002, ""),
    "no JSON": (b"{quantity: 30}", 800002, ""),
    "twice the same": (b'{"quantity": 30, "Quantity": 31}', 800002, ""),
    "more digits than are read": (b'{"quantity": ' + b"9" * 5000 + b"}", 800002, ""),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_values_change_nothing(contoso: Api, case: str) -> None:
    body, code, member = HOSTILE[case]
    before = row()
    answer = contoso.patch(ONE, body)
    assert (answer.status, answer.json["code"]) == (400, code)
    if member:
        assert [told.split(": ")[0] for told in answer.json["data"]] == [member]
    assert (row(), records()) == (before, [])


# Once, however often.


def test_the_same_request_again_is_answered_the_same_and_done_once(contoso: Api) -> None:
    answers = [contoso.patch(ONE, {"quantity": 30}, MS_RequestId="one") for _number in range(2)]
    assert [answer.status for answer in answers] == [200, 200]
    assert answers[0].text == answers[1].text
    assert answers[0].headers["ETag"] == answers[1].headers["ETag"] == f'"{V2}"'
    assert records() == [("change_licences", "done", [])]
    contoso.patch(ONE, {"quantity": 31})
    assert contoso.patch(ONE, {"quantity": 30}, MS_RequestId="one").text == answers[0].text
    assert row()["quantity"] == 31


def test_a_refusal_is_kept_too_and_recorded_once(contoso: Api) -> None:
    before = row()
    for _number in range(2):
        refused(
            contoso.patch(ONE, {"quantity": 301}, MS_RequestId="one"),
            400,
            2002,
            "quantity_out_of_range",
            before=before,
        )


def test_with_other_content_it_is_refused(contoso: Api) -> None:
    contoso.patch(ONE, {"quantity": 30}, MS_RequestId="one")
    for body, etag in (({"quantity": 31}, ""), ({"quantity": 30}, f'"{V2}"')):
        answer = contoso.patch(ONE, body, MS_RequestId="one", If_Match=etag)
        assert (answer.status, answer.json["code"], row()["quantity"]) == (409, 800002, 30)


def test_two_patches_follow_one_another(contoso: Api) -> None:
    first = contoso.patch(ONE, {"quantity": 30}, If_Match=f'"{V1}"')
    second = contoso.patch(ONE, {"quantity": 35}, If_Match=f'"{V1}"')
    assert (first.status, second.status, row()["quantity"]) == (200, 412, 30)
    assert contoso.patch(ONE, {"quantity": 35}, If_Match=first.headers["ETag"]).status == 200


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_two_patches_at_once_of_one_version_change_it_once(api: Callable[..., Api]) -> None:
    client = api()
    subscription = sold(client.partner, customer_of(client.partner))
    etag = etag_of(subscription.pk, 1)
    statuses: list[int] = []

    def patch(quantity: int) -> None:
        try:
            answer = client.patch(path_of(subscription), {"quantity": quantity}, If_Match=f'"{etag}"')
            statuses.append(answer.status)
        finally:
            connection.close()

    threads = [Thread(target=patch, args=(quantity,)) for quantity in (30, 31)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200, 412]
    assert row(subscription.pk)["version"] == 2
