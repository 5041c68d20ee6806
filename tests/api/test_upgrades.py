"""Upgrades on the wire: the options with all that stands in the way, and the upgrade itself."""

from collections.abc import Callable
from threading import Event, Thread
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from activity.models import ActivityRecord, Outcome
from api.etags import etag_of
from catalog.models import Offer
from customers.models import Customer, DelegatedAdminPrivilege, ResellerRelationship
from partners.roles import MAY, Permission, Role
from subscriptions.models import Status, Subscription
from tests.api.conftest import Answer, Api
from tests.api.test_offers import E3, NOBODY
from tests.api.test_patch import row
from tests.api.test_subscriptions import ONE, link, path_of
from tests.api.worlds import ADATUM, BUSINESS, EXCHANGE_ELSEWHERE, World
from tests.factories import PartnerFactory, customer_of, offer, path, sold
from tests.upgrades.plain_judge import (
    ADD_ONS,
    CONFLICT,
    NO_PRIVILEGE,
    NOT_ACTIVE,
    NOT_PROVISIONED,
    NOT_THE_SELLER,
    TARGET_PRESENT,
)
from tests.upgrades.test_worked_cases import CASES, Case, store
from upgrades.models import Upgrade, UpgradePath

ALL = f"{ONE}/upgrades"
PREMIUM = "031c9e47-4802-4248-838e-778fb1d2cc05"
PROPLUS = "be57ff4c-100c-4f1f-b82d-f1c5ab63a665"
EXCHANGE_2 = "2f707c7c-2433-49a5-a437-9ca7cf40d3eb"
V1, V2 = (etag_of(BUSINESS, version) for version in (1, 2))


def conflict(target: str) -> dict[str, Any]:
    return {
        "code": "conflicting_service_types",
        "description": f"{target} adds Exchange Online, which Exchange Online (Plan 2), bought from another reseller "
        "or channel, contains.",
        "additionalDetails": f"{EXCHANGE_2}: exchange",
        "attributes": {"objectType": "UpgradeError"},
    }


NO_BOOKINGS = {
    "code": "delegated_admin_permissions_disabled",
    "description": "Delegated admin privileges are missing for Microsoft Bookings.",
    "additionalDetails": "bookings",
    "attributes": {"objectType": "UpgradeError"},
}


def option(target: str, name: str, *errors: dict[str, Any]) -> dict[str, Any]:
    return {
        "targetOffer": {"id": target, "name": name},
        "upgradeType": "upgrade_only",
        "isEligible": not errors,
        "quantity": 25,
        "upgradeErrors": list(errors),
        "attributes": {"objectType": "Upgrade"},
    }


DONE = {
    "sourceSubscriptionId": BUSINESS,
    "targetSubscriptionId": BUSINESS,
    "upgradeType": "upgrade_only",
    "upgradeErrors": [],
    "licenseErrors": [],
    "attributes": {"objectType": "UpgradeResult"},
}


def result(subscription: Subscription | str, *errors: dict[str, Any]) -> dict[str, Any]:
    """What a refused upgrade says."""
    return {
        "sourceSubscriptionId": str(getattr(subscription, "pk", subscription)),
        "upgradeType": "none",
        "upgradeErrors": list(errors),
        "licenseErrors": [],
        "attributes": {"objectType": "UpgradeResult"},
    }


def to(target: Any, **more: Any) -> dict[str, Any]:
    return {"targetOffer": {"id": str(target)}, **more}


def reasons() -> list[str]:
    """The reasons of the one record that a refused attempt left."""
    [kept] = ActivityRecord.objects.filter(operation="upgrade_subscription")
    assert kept.outcome == Outcome.REFUSED
    assert kept.customer_id
    return kept.reasons


# The options.


def test_the_options_say_what_the_example_says(contoso: Api) -> None:
    answer = contoso.get(ALL)
    assert answer.status == 200
    targets = [item["targetOffer"] for item in answer.json["items"]]
    for target in targets:
        assert target == contoso.get(f"/offers/{target['id']}").json
    cut = [
        item | {"targetOffer": {name: item["targetOffer"][name] for name in ("id", "name")}}
        for item in answer.json["items"]
    ]
    assert answer.json | {"items": cut} == {
        "totalCount": 3,
        "items": [
            option(PREMIUM, "Office 365 Business Premium", NO_BOOKINGS, conflict("Office 365 Business Premium")),
            option(PROPLUS, "Office 365 ProPlus"),
            option(E3, "Office 365 Enterprise E3", conflict("Office 365 Enterprise E3")),
        ],
        "links": {"self": link(ALL)},
        "attributes": {"objectType": "Collection"},
    }


def test_d31_no_path_is_an_empty_list_and_a_code_on_post(contoso: Api) -> None:
    subscription = sold(contoso.partner, customer_of(contoso.partner), "E3")
    answer = contoso.get(path_of(subscription) + "/upgrades")
    assert (answer.status, answer.json["items"], answer.json["totalCount"]) == (200, [], 0)
    answer = contoso.post(path_of(subscription) + "/upgrades", to(PROPLUS))
    error = {
        "code": "subscription_does_not_have_any_upgrade_paths",
        "description": "Office 365 Enterprise E3 cannot be upgraded to another offer.",
        "additionalDetails": E3,
        "attributes": {"objectType": "UpgradeError"},
    }
    assert (answer.status, answer.json) == (200, result(subscription, error))
    assert reasons() == ["subscription_does_not_have_any_upgrade_paths"]


def test_a_target_that_is_no_longer_sold_is_left_out_and_not_found(contoso: Api) -> None:
    Offer.objects.filter(pk=PROPLUS).update(is_available=False)
    found = [item["targetOffer"]["id"] for item in contoso.get(ALL).json["items"]]
    assert found == [PREMIUM, E3]
    answer = contoso.post(ALL, to(PROPLUS))
    assert answer.status == 200
    [error] = answer.json["upgradeErrors"]
    assert (error["code"], error["additionalDetails"]) == ("subscription_target_offer_not_found", PROPLUS)


def test_a_target_without_a_path_is_not_found(contoso: Api) -> None:
    answer = contoso.post(ALL, to(offer("E1").pk))
    [error] = answer.json["upgradeErrors"]
    assert answer.status == 200
    assert error == {
        "code": "subscription_target_offer_not_found",
        "description": "Office 365 Business cannot be upgraded to Office 365 Enterprise E1.",
        "additionalDetails": str(offer("E1").pk),
        "attributes": {"objectType": "UpgradeError"},
    }


def test_one_that_is_only_administered_fails_the_condition_of_the_seller_for_every_path(contoso: Api) -> None:
    subscription = sold(PartnerFactory(), customer_of(contoso.partner))
    items = contoso.get(path_of(subscription) + "/upgrades").json["items"]
    assert len(items) == 3
    for item in items:
        [error] = item["upgradeErrors"]
        assert (error["code"], error["additionalDetails"]) == ("other", "reseller_of_record")


def test_the_reasons_in_the_language_asked_for(contoso: Api) -> None:
    described = {
        language: contoso.get(ALL, X_Locale=language).json["items"][0]["upgradeErrors"][0]["description"]
        for language in ("en-US", "es-ES", "zh-CN")
    }
    assert len(set(described.values())) == 3
    assert all("Bookings" in text for text in described.values())


@pytest.mark.parametrize("role", list(Role))
def test_who_may_upgrade(world: World, api: Callable[..., Api], role: Role) -> None:
    answer = api(roles=[role], partner=world.contoso).post(ALL, to(PROPLUS))
    if Permission.MANAGE_SUBSCRIPTIONS in MAY[role]:
        assert (answer.status, answer.json) == (200, DONE)
    else:
        assert (answer.status, answer.json["code"], row()["version"]) == (403, 900150, 1)
        kept = ActivityRecord.objects.latest("at")
        assert (kept.operation, kept.outcome, kept.reasons) == ("upgrade_subscription", Outcome.REFUSED, ["role"])


def test_the_number_of_queries_does_not_depend_on_what_the_customer_has(contoso: Api) -> None:
    counts = []
    for more in (0, 10):
        customer = customer_of(contoso.partner, services=["exchange"])
        subscription = sold(contoso.partner, customer)
        for _number in range(1 + more):
            sold(None, customer, "Exchange Online (Plan 2)")
            sold(contoso.partner, customer, "E3")
            sold(contoso.partner, customer, "Exchange Online (Plan 1)", parent=subscription)
        with CaptureQueriesContext(connection) as queries:
            answer = contoso.get(path_of(subscription) + "/upgrades")
        assert [len(item["upgradeErrors"]) for item in answer.json["items"]] == [3, 3, 4]
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 14


# The upgrade.


def test_the_example_upgrades(contoso: Api) -> None:
    before = row()
    body = {"targetOffer": {"id": PROPLUS}, "upgradeType": "upgrade_only", "isEligible": True, "quantity": 30}
    answer = contoso.post(ALL, body)
    assert (answer.status, answer.json) == (200, DONE)
    after = {"offer_id": offer("ProPlus").pk, "quantity": 30, "version": 2}
    assert row() == before | after
    upgrade = Upgrade.objects.get()
    assert (upgrade.quantity_before, upgrade.quantity_after, upgrade.staff) == (25, 30, None)
    assert upgrade.staff_name == str(contoso.client)
    kept = ActivityRecord.objects.get(operation="upgrade_subscription")
    assert (kept.outcome, kept.actor_kind, kept.actor_id) == (Outcome.DONE, "client", contoso.client.pk)
    assert kept.before is not None
    assert kept.after is not None
    assert (kept.before["offer_id"], kept.after["offer_id"]) == (str(before["offer_id"]), PROPLUS)


def test_an_option_taken_from_the_list_and_sent_back_upgrades(contoso: Api) -> None:
    [_premium, proplus, _e3] = contoso.get(ALL).json["items"]
    answer = contoso.post(ALL, proplus)
    assert (answer.status, answer.json, row()["quantity"]) == (200, DONE, 25)


@pytest.mark.parametrize(
    "body",
    [
        {"TargetOffer": {"Id": PROPLUS.upper(), "Name": None}, "Quantity": None, "UpgradeType": None},
        to(PROPLUS, upgradeType="none"),
        to(PROPLUS, upgradeType=1),
        to(PROPLUS, upgradeType="UpgradeOnly", quantity=25.0),
        to(PROPLUS, isEligible="whatever", upgradeErrors=7),
    ],
)
def test_however_it_is_asked_for(contoso: Api, body: dict[str, Any]) -> None:
    answer = contoso.post(ALL, body)
    assert (answer.status, answer.json, row()["quantity"]) == (200, DONE, 25)


def test_d32_the_url_names_the_subscription_to_upgrade(contoso: Api) -> None:
    other = sold(contoso.partner, Customer.objects.get(pk=ADATUM), "Business Essentials")
    contoso.post(ALL, to(PROPLUS))
    assert str(row()["offer_id"]) == PROPLUS
    assert row(other.pk)["version"] == 1


def test_d33_license_transfer_is_refused_whole(contoso: Api) -> None:
    before = row()
    for asked in ("upgrade_with_license_transfer", "UpgradeWithLicenseTransfer", 2):
        answer = contoso.post(ALL, to(PROPLUS, upgradeType=asked))
        assert (answer.status, answer.json["code"], row()) == (400, 3000, before)
        assert answer.json["data"][0].startswith("upgradeType: ")
    kept = ActivityRecord.objects.filter(operation="upgrade_subscription")
    assert [one.reasons for one in kept] == [["licence_transfer"]] * 3


def test_d34_the_id_stays(contoso: Api) -> None:
    answer = contoso.post(ALL, to(PROPLUS))
    assert answer.json["sourceSubscriptionId"] == answer.json["targetSubscriptionId"] == BUSINESS
    said = contoso.get(ONE).json
    assert (said["offerId"], said["friendlyName"], said["creationDate"]) == (
        PROPLUS,
        "Head office",
        "2026-03-01T08:00:00Z",
    )


def test_d35_a_refusal_is_200_with_every_reason(contoso: Api) -> None:
    before = row()
    answer = contoso.post(ALL, to(E3, quantity=30))
    assert (answer.status, answer.json) == (200, result(BUSINESS, conflict("Office 365 Enterprise E3")))
    assert (row(), reasons()) == (before, ["conflicting_service_types"])
    both = contoso.post(ALL, to(PREMIUM)).json["upgradeErrors"]
    assert both == [NO_BOOKINGS, conflict("Office 365 Business Premium")]
    assert not Upgrade.objects.exists()


# Each condition, in the protocol's order, as code and details.


def test_everything_wrong_at_once_stands_in_the_protocols_order(contoso: Api) -> None:
    rival = PartnerFactory(name="Fabrikam Rival")
    customer = customer_of(contoso.partner, services=["sharepoint", "office-desktop", "office-web", "onedrive"])
    subscription = sold(rival, customer, status=Status.SUSPENDED)
    sold(rival, customer, "E3", nickname="Secret")
    own = sold(contoso.partner, customer, "Exchange Online (Plan 2)")
    hidden = sold(rival, customer, "Exchange Online (Plan 1)", parent=subscription)
    add_on = sold(contoso.partner, customer, "SharePoint Online (Plan 1)", parent=subscription)
    answer = contoso.post(path_of(subscription) + "/upgrades", to(E3))
    told = [(error["code"], error["additionalDetails"]) for error in answer.json["upgradeErrors"]]
    assert told[0] == ("subscription_status_not_active", "suspended")
    code, details = told[1]
    missing = DelegatedAdminPrivilege.objects.filter(customer=customer).values_list("service__code", flat=True)
    assert code == "delegated_admin_permissions_disabled"
    assert details == ", ".join(sorted(details.split(", ")))
    assert not set(missing) & set(details.split(", "))
    assert {"exchange", "skype"} <= set(details.split(", "))
    code, details = told[2]
    assert code == "conflicting_service_types"
    entries = details.split("; ")
    assert entries == sorted(entries)
    assert f"{own.offer_id}: exchange" in entries
    assert sum(entry.startswith(f"{E3}: ") for entry in entries) == 1
    assert told[3:] == [
        ("conflicting_service_types", "subscription_target_offer_already_present"),
        ("other", "reseller_of_record"),
        ("subscription_add_ons_present", ", ".join(sorted([str(add_on.pk), str(hidden.offer_id)]))),
    ]
    for secret in ("Secret", "Fabrikam", str(hidden.pk)):
        assert secret not in answer.text
    assert "Exchange Online (Plan 2), sold by you, contains." in answer.text


def test_one_that_is_pending_is_not_provisioned_and_not_also_inactive(contoso: Api) -> None:
    subscription = sold(contoso.partner, customer_of(contoso.partner), status=Status.PENDING)
    [error] = contoso.post(path_of(subscription) + "/upgrades", to(PROPLUS)).json["upgradeErrors"]
    assert (error["code"], error["additionalDetails"]) == ("subscription_not_provisioned", "pending")


WIRE = {
    NOT_PROVISIONED: "subscription_not_provisioned",
    NOT_ACTIVE: "subscription_status_not_active",
    NO_PRIVILEGE: "delegated_admin_permissions_disabled",
    CONFLICT: "conflicting_service_types",
    TARGET_PRESENT: "conflicting_service_types",
    NOT_THE_SELLER: "other",
    ADD_ONS: "subscription_add_ons_present",
}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_each_worked_case_is_decided_as_on_the_page(api: Callable[..., Api], case: Case) -> None:
    partner, subscription = store(case)
    client = api(partner=partner)
    before = row(subscription.pk)
    options = client.get(path_of(subscription) + "/upgrades").json["items"]
    told = {
        item["targetOffer"]["name"].removeprefix("Office 365 "): sorted(
            error["code"] for error in item["upgradeErrors"]
        )
        for item in options
    }
    expected = {target: sorted(WIRE[code] for code in codes) for target, codes in case.expected.items()}
    assert told == expected
    for target, codes in sorted(case.expected.items(), key=lambda one: not one[1]):
        answer = client.post(path_of(subscription) + "/upgrades", to(offer(target).pk))
        latest = ActivityRecord.objects.filter(operation="upgrade_subscription").latest("at", "pk")
        assert answer.status == 200
        if codes:
            assert sorted(error["code"] for error in answer.json["upgradeErrors"]) == expected[target]
            assert (latest.outcome, set(latest.reasons)) == (Outcome.REFUSED, codes)
            assert row(subscription.pk) == before
        else:
            assert answer.json["targetSubscriptionId"] == str(subscription.pk)
            assert row(subscription.pk)["offer_id"] == offer(target).pk
            break


# What else refuses it.


def test_a_number_of_licences_that_does_not_fit_is_refused_after_the_conditions(contoso: Api) -> None:
    subscription = sold(contoso.partner, customer_of(contoso.partner), "Business Essentials", quantity=300)
    all_ = path_of(subscription) + "/upgrades"
    before = row(subscription.pk)
    for quantity in (350, 0, -1, 10**4000):
        answer = contoso.post(all_, to(PREMIUM, quantity=quantity))
        assert (answer.status, answer.json["code"], row(subscription.pk)) == (400, 2002, before)
        assert answer.json["data"] == [f"quantity: {answer.json['description']}"]
    DelegatedAdminPrivilege.objects.filter(customer=subscription.customer).delete()
    [error] = contoso.post(all_, to(PREMIUM, quantity=350)).json["upgradeErrors"]
    assert error["code"] == "delegated_admin_permissions_disabled"


def test_e1_takes_as_many(contoso: Api) -> None:
    subscription = sold(contoso.partner, customer_of(contoso.partner), "Business Essentials", quantity=300)
    assert contoso.post(path_of(subscription) + "/upgrades", to(offer("E1").pk, quantity=350)).status == 200
    assert row(subscription.pk)["quantity"] == 350


@pytest.mark.parametrize("target", [NOBODY, "none", "", "x" * 10_000, "\u202e"])
def test_an_offer_that_there_is_not(contoso: Api, target: str) -> None:
    before = row()
    answer = contoso.post(ALL, to(target))
    assert (answer.status, answer.json["code"], row()) == (400, 800004, before)
    assert answer.json["data"] == ["targetOffer.id: there is no such offer"]
    assert len(reasons()) == 1


def test_a_stale_etag_refuses_it(contoso: Api) -> None:
    before = row()
    for body in (to(PROPLUS), to("none"), to(E3)):
        answer = contoso.post(ALL, body, If_Match=f'"{V2}"')
        assert (answer.status, answer.json["code"], row()) == (412, 2055, before)
    kept = ActivityRecord.objects.filter(operation="upgrade_subscription")
    assert [one.reasons for one in kept] == [["subscription_changed"]] * 3
    assert contoso.post(ALL, to(PROPLUS), If_Match=f'W/"{V1}"').json == DONE


def test_a_former_reseller_upgrades_what_it_sold_as_on_the_pages(contoso: Api) -> None:
    ResellerRelationship.objects.filter(customer_id=ADATUM).update(has_ended=True, had_subscriptions=True)
    assert contoso.post(ALL, to(PROPLUS)).json == DONE


def test_what_is_only_administered_is_refused_with_the_reason(contoso: Api) -> None:
    UpgradePath.objects.create(source=offer("Exchange Online (Plan 2)"), target=offer("E3"))
    answer = contoso.post(f"/customers/{ADATUM}/subscriptions/{EXCHANGE_ELSEWHERE}/upgrades", to(E3))
    assert answer.status == 200
    assert ("other", "reseller_of_record") in [
        (error["code"], error["additionalDetails"]) for error in answer.json["upgradeErrors"]
    ]


@pytest.mark.parametrize("subscription_id", ["7d2f0c1e-4a3b-4d5c-8e6f-1a2b3c4d5eff", "none", "%00"])
def test_an_unknown_subscription_is_not_found(contoso: Api, subscription_id: str) -> None:
    answer = contoso.post(f"/customers/{ADATUM}/subscriptions/{subscription_id}/upgrades", to(PROPLUS))
    assert (answer.status, answer.json["code"]) == (404, 20003)


def test_another_partners_customer_is_not_found(world: World, api: Callable[..., Api]) -> None:
    answer = api(partner=world.fabrikam).post(ALL, to(PROPLUS))
    assert (answer.status, answer.json["code"], row()["version"]) == (404, 60003, 1)


HOSTILE: dict[str, tuple[Any, int, str]] = {
    "no body": (None, 3000, "body"),
    "nothing in it": ({}, 3000, "targetOffer"),
    "no target": ({"quantity": 30}, 3000, "targetOffer"),
    "a target that is a text": ({"targetOffer": PROPLUS}, 3000, "targetOffer"),
    "a target without id": ({"targetOffer": {"name": "x"}}, 3000, "targetOffer.id"),
    "a target whose id is null": ({"targetOffer": {"id": None}}, 3000, "targetOffer.id"),
    "a target whose id is a number": ({"targetOffer": {"id": 7}}, 3000, "targetOffer.id"),
    "a target whose id is true": ({"targetOffer": {"id": True}}, 3000, "targetOffer.id"),
    "a number in a string": (to(PROPLUS, quantity="30"), 3000, "quantity"),
    "yes for a number": (to(PROPLUS, quantity=True), 3000, "quantity"),
    "a part of a licence": (to(PROPLUS, quantity=0.5), 3000, "quantity"),
    "an unknown type": (to(PROPLUS, upgradeType="swap"), 900126, "upgradeType"),
    "a type of another number": (to(PROPLUS, upgradeType=3), 900126, "upgradeType"),
    "a type that is true": (to(PROPLUS, upgradeType=True), 900126, "upgradeType"),
    "a list": ([to(PROPLUS)], 3000, "body"),
    "a NUL": (b'{"targetOffer": {"id": "\\u0000"}}', 800002, ""),
    "no JSON": (b"targetOffer", 800002, ""),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_values_change_nothing(contoso: Api, case: str) -> None:
    body, code, member = HOSTILE[case]
    before = row()
    answer = contoso.post(ALL, body)
    assert (answer.status, answer.json["code"], row()) == (400, code, before)
    if member:
        assert [told.split(": ")[0] for told in answer.json["data"]] == [member]


# Once, however often.


def test_the_same_request_again_is_answered_the_same_and_done_once(contoso: Api) -> None:
    answers = [contoso.post(ALL, to(PROPLUS), MS_RequestId="one", MS_CorrelationId=f"c{n}") for n in range(2)]
    assert [answer.json for answer in answers] == [DONE, DONE]
    assert [answer.headers["MS-CorrelationId"] for answer in answers] == ["c0", "c1"]
    assert (Upgrade.objects.count(), row()["version"]) == (1, 2)
    assert ActivityRecord.objects.filter(operation="upgrade_subscription").count() == 1
    answer = contoso.post(ALL, to(E3), MS_RequestId="one")
    assert (answer.status, answer.json["code"]) == (409, 800002)


def test_a_refusal_is_kept_too_and_recorded_once(contoso: Api) -> None:
    answers = [contoso.post(ALL, to(E3), MS_RequestId="one").text for _number in range(2)]
    assert answers[0] == answers[1]
    assert reasons() == ["conflicting_service_types"]
    Subscription.objects.filter(pk=EXCHANGE_ELSEWHERE).update(status=Status.DELETED)
    assert contoso.post(ALL, to(E3), MS_RequestId="one").text == answers[0]
    assert contoso.post(ALL, to(E3), MS_RequestId="two").json == DONE


def at_once(*acts: Callable[[], Answer]) -> list[Answer]:
    """The answers to requests that are made at the same time, each by a connection of its own."""
    answers: list[Answer | None] = [None] * len(acts)

    def run(number: int, act: Callable[[], Answer]) -> None:
        try:
            answers[number] = act()
        finally:
            connection.close()

    threads = [Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [answer for answer in answers if answer is not None]


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("keys", [("one", "one"), ("one", "two"), ("", "")])
def test_two_posts_at_once_upgrade_once(api: Callable[..., Api], keys: tuple[str, str]) -> None:
    client = api()
    subscription = sold(client.partner, customer_of(client.partner))
    all_ = path_of(subscription) + "/upgrades"
    answers = at_once(*[lambda key=key: client.post(all_, to(PROPLUS), MS_RequestId=key) for key in keys])
    assert [answer.status for answer in answers] == [200, 200]
    assert Upgrade.objects.count() == 1
    assert row(subscription.pk)["version"] == 2
    done = [answer.json["upgradeErrors"] == [] for answer in answers]
    assert sorted(done) == [keys == ("one", "one"), True]


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_a_lock_that_is_held_too_long_is_told_as_a_conflict(
    api: Callable[..., Api], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.once.SECONDS_TO_WAIT", 1)
    client = api()
    subscription = sold(client.partner, customer_of(client.partner))
    all_ = path_of(subscription) + "/upgrades"
    is_held, is_answered = Event(), Event()

    def hold() -> None:
        try:
            with transaction.atomic():
                Customer.objects.select_for_update().get(pk=subscription.customer_id)
                is_held.set()
                is_answered.wait(timeout=30)
        finally:
            connection.close()

    holder = Thread(target=hold)
    holder.start()
    try:
        assert is_held.wait(timeout=30)
        answer = client.post(all_, to(PROPLUS), MS_RequestId="one")
    finally:
        is_answered.set()
        holder.join()
    [error] = answer.json["upgradeErrors"]
    assert (answer.status, error["code"], answer.json["upgradeType"]) == (200, "concurrency_conflicts", "none")
    assert reasons() == ["concurrency_conflicts"]
    assert row(subscription.pk)["version"] == 1
    assert client.post(all_, to(PROPLUS), MS_RequestId="two").json["upgradeErrors"] == []


def test_the_path_that_was_edited_away_meanwhile_is_not_found(contoso: Api) -> None:
    path("Business", "ProPlus").delete()
    [error] = contoso.post(ALL, to(PROPLUS)).json["upgradeErrors"]
    assert error["code"] == "subscription_target_offer_not_found"
