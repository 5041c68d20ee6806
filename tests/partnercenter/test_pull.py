"""`pull_portfolio` against a server that behaves: what comes in, what stays, and what is told."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from activity.models import ActivityRecord
from customers.models import BillingProfile, Customer, ResellerRelationship
from partnercenter.pulling.spool import FILE
from partners.models import Partner
from subscriptions.models import Subscription
from tests.partnercenter.misbehaving import Wire, a_wire_subscription
from tests.partnercenter.portfolios import (
    ADATUM,
    BUSINESS,
    E3,
    LITWARE,
    NOBODY,
    OURS,
    THEIRS,
    Desk,
    a_customer,
    a_partner,
    a_portfolio,
    a_subscription,
    number,
)
from tests.partnercenter.pulls import Puller

pytestmark = pytest.mark.django_db

BILLING: dict[str, Any] = {
    "email": "accounts@adatum.example.cn",
    "culture": "zh-CN",
    "language": "zh",
    "companyName": "Adatum",
    "firstName": "Wei",
    "lastName": "Zhang",
    "defaultAddress": {
        "country": "CN",
        "city": "Beijing",
        "state": "BJ",
        "addressLine1": "8 Jianguo Road",
        "postalCode": "100022",
        "firstName": "Na",
        "middleName": "Xiao",
        "lastName": "Li",
        "region": "North",
        "phoneNumber": "02155550100",
    },
}


def _subscription(value: int = 1) -> Subscription:
    found: Subscription = Subscription.objects.get(pk=number(value))
    return found


def test_everything_of_the_source_stands_in_the_portal(puller: Puller, wire: Wire) -> None:
    wire.holds(
        ADATUM,
        a_wire_subscription(1, status="suspended", scheduledDeletionDate="2018-12-01T08:00:00.1234567Z"),
        a_wire_subscription(2, parentSubscriptionId=number(1).upper(), offerId=E3.upper(), quantity=7.0),
        services=("Exchange", "MicrosoftCommunicationsOnline", "office-mobile"),
        billingProfile=BILLING,
    )
    wire.holds(LITWARE, relationshipToPartner="None")
    said = puller.pull()
    assert "Customers: 2 added, 0 updated, 0 unchanged." in said
    assert "Subscriptions: 2 added" in said
    assert "Pulled what Contoso Reseller has there." in said
    partner = Partner.objects.get()
    assert (str(partner.pk), partner.name, partner.mpn_id) == (OURS, "Contoso Reseller", "1234567")
    exported = json.loads(Desk(puller.folder).take_out())
    adatum, litware = exported["customers"]
    assert adatum["delegated_admin_privileges"] == [
        {"service": service, "partner": OURS} for service in ("exchange", "office-mobile", "skype")
    ]
    assert adatum["subscriptions"] == [
        {
            **a_subscription(1, nickname="Head office", status="suspended", suspended="2018-10-02T08:00:00.123456Z"),
            "parent": None,
            "commitment_end": "2019-03-01",
            "auto_renew": True,
        },
        {
            **a_subscription(2, nickname="Head office", offer=E3, quantity=7, suspended=None),
            "parent": number(1),
            "commitment_end": "2019-03-01",
            "auto_renew": True,
        },
    ]
    assert (litware["resellers"], litware["former_resellers"]) == ([], [OURS])
    assert adatum["billing"] == {
        "company_name": "Adatum",
        "first_name": "Na",
        "last_name": "Li",
        "email": "accounts@adatum.example.cn",
        "phone_number": "+86 21 5555 0100",
        "country": "CN",
        "state": "BJ",
        "city": "Beijing",
        "address_line1": "8 Jianguo Road",
        "postal_code": "100022",
        "middle_name": "Xiao",
        "region": "North",
        "culture": "zh-CN",
        "language": "zh",
        "profile_first_name": "Wei",
        "profile_last_name": "Zhang",
    }
    record = ActivityRecord.objects.get()
    assert (record.operation, record.after and record.after["source"]) == ("import_portfolio", wire.url)


def test_an_address_without_a_person_has_the_profiles(puller: Puller, wire: Wire) -> None:
    address = {name: value for name, value in BILLING["defaultAddress"].items() if not name.endswith("Name")}
    wire.holds(ADATUM, billingProfile={**BILLING, "defaultAddress": address})
    puller.pull()
    profile = BillingProfile.objects.get()
    assert (profile.first_name, profile.last_name) == ("Wei", "Zhang")


def test_a_second_pull_reads_anew_changes_nothing_and_says_so(puller: Puller, wire: Wire) -> None:
    wire.holds(ADATUM, a_wire_subscription(), services=("Exchange",), billingProfile=BILLING)
    puller.pull()
    before, asked = Desk(puller.folder).take_out(), len(wire.asked)
    assert "Nothing changes: the portal holds all of it already." in puller.pull()
    assert len(wire.asked) == 2 * asked
    assert Desk(puller.folder).take_out() == before
    assert ActivityRecord.objects.count() == 1
    assert _subscription().version == 1


def test_a_dry_run_says_what_would_change_writes_nothing_and_the_next_run_writes_just_that(
    puller: Puller, wire: Wire
) -> None:
    wire.holds(ADATUM, a_wire_subscription(1))
    puller.pull()
    wire.subscriptions[ADATUM] = [a_wire_subscription(1, quantity=30), a_wire_subscription(2)]
    said = puller.pull(dry_run=True)
    assert "Subscriptions: 1 added, 1 updated, 0 unchanged." in said
    assert "A dry run: nothing was written." in said
    assert _subscription().quantity == 25
    wire.subscriptions[ADATUM] = []
    asked = len(wire.asked)
    said = puller.pull()
    assert "Taking 1 customer as an earlier run read it" in said
    assert "Subscriptions: 1 added, 1 updated, 0 unchanged." in said
    assert len(wire.asked) == asked
    assert _subscription().quantity == 30


def test_with_fresh_what_an_earlier_run_read_is_forgotten(puller: Puller, wire: Wire) -> None:
    wire.holds(ADATUM, a_wire_subscription(1))
    puller.pull(dry_run=True)
    wire.subscriptions[ADATUM] = [a_wire_subscription(1, quantity=30)]
    puller.pull(fresh=True)
    assert _subscription().quantity == 30


def test_customers_come_a_page_after_the_other(puller: Puller, wire: Wire) -> None:
    for value in range(5):
        wire.holds(f"aaaaaaa{value}-aaaa-4aaa-8aaa-aaaaaaaaaaaa")
    puller.pull(page_size="2")
    assert Customer.objects.count() == 5
    assert wire.asked.count("GET /customers") == 3


def test_customers_that_are_gone_at_the_source_are_told_and_stay(puller: Puller, wire: Wire) -> None:
    wire.holds(ADATUM)
    wire.holds(LITWARE, a_wire_subscription())
    puller.pull()
    wire.customers.pop()
    said = puller.pull()
    assert "No longer the partner's customers at the source; here they stay as they are:\n  Customer bb (c-bb" in said
    assert not ResellerRelationship.objects.get(customer_id=LITWARE).has_ended
    assert _subscription().status == "active"


def test_a_relationship_that_ended_at_the_source_is_told_and_stays_in_force_here(puller: Puller, wire: Wire) -> None:
    wire.holds(ADATUM)
    puller.pull()
    wire.customers[0]["relationshipToPartner"] = "none"
    said = puller.pull()
    assert "Nothing changes" in said
    assert "  Customer aa (c-aaaaaaaa.example.cn)" in said


def test_what_is_only_administered_has_no_reseller_of_record(puller: Puller, wire: Wire) -> None:
    seen = a_wire_subscription(1, actions=[], attributes={"objectType": "Subscription"})
    for member in ("friendlyName", "autoRenewEnabled"):
        del seen[member]
    sold = a_wire_subscription(2, status="deleted", actions=[], attributes={"objectType": "Subscription"})
    wire.holds(ADATUM, seen, sold)
    puller.pull()
    assert (_subscription(1).reseller_of_record_id, _subscription(1).auto_renew) == (None, True)
    assert str(_subscription(2).reseller_of_record_id) == OURS


def test_what_another_partner_of_the_portal_sold_stays_as_the_portal_knows_it(
    puller: Puller, wire: Wire, desk: Desk
) -> None:
    desk.bring_in(a_portfolio(a_customer(ADATUM, a_subscription(1, partner=THEIRS, nickname="Theirs", quantity=9))))
    seen = {**a_wire_subscription(1), "actions": [], "attributes": {}}
    del seen["friendlyName"]
    wire.holds(ADATUM, seen)
    puller.pull()
    subscription = _subscription()
    assert (str(subscription.reseller_of_record_id), subscription.nickname) == (THEIRS, "Theirs")
    assert (subscription.quantity, subscription.version) == (9, 1)


def test_what_the_protocol_does_not_tell_stays_as_the_portal_knows_it(puller: Puller, wire: Wire, desk: Desk) -> None:
    bought = a_subscription(1, partner=None, nickname="Bought elsewhere", auto_renew=False)
    suspended = a_subscription(2, status="suspended", suspended="2018-10-01T02:00:00Z", nickname="Head office")
    desk.bring_in(
        a_portfolio(
            a_customer(
                ADATUM,
                bought,
                suspended,
                resellers_since={OURS: "2018-01-01T00:00:00Z"},
                delegated_admin_privileges=[{"service": "exchange", "partner": OURS, "since": "2018-01-01T00:00:00Z"}],
                contact={"first_name": "Na", "last_name": "Li", "email": "li.na@adatum.example"},
            ),
            partners=[a_partner(OURS, type="indirect_provider")],
        )
    )
    before = desk.take_out()
    seen = {**a_wire_subscription(1), "actions": [], "attributes": {}}
    for member in ("friendlyName", "autoRenewEnabled"):
        del seen[member]
    wire.partner["companyName"], wire.mpn = "Partner 11", {}
    wire.holds(ADATUM, seen, a_wire_subscription(2, status="Suspended"), services=("Exchange",))
    wire.customers[0]["companyProfile"] = {"companyName": "Adatum 软件", "domain": "c-aaaaaaaa.partner.onmschina.cn"}
    assert "Nothing changes" in puller.pull()
    assert desk.take_out() == before


def test_a_deleted_subscription_never_changes(puller: Puller, wire: Wire, desk: Desk) -> None:
    deleted = {"status": "deleted", "suspended": "2018-10-01T02:00:00Z"}
    desk.bring_in(a_portfolio(a_customer(ADATUM, a_subscription(1, **deleted), a_subscription(2, **deleted))))
    wire.holds(ADATUM, a_wire_subscription(1, status="deleted"), a_wire_subscription(2), a_wire_subscription(3))
    told = puller.left_out()
    assert told == [
        f"  Customer aa (c-aaaaaaaa.example.cn): subscription {number(2)} is deleted here, and not at the source"
    ]
    assert {_subscription(value).status for value in (1, 2)} == {"deleted"}
    assert _subscription(3).status == "active"


def test_an_add_on_suspended_in_the_same_moment_went_with_its_parent(puller: Puller, wire: Wire) -> None:
    gone = {"status": "suspended", "scheduledDeletionDate": "2026-12-01T08:00:00Z"}
    wire.holds(
        ADATUM,
        a_wire_subscription(1, **gone),
        a_wire_subscription(2, **gone, parentSubscriptionId=number(1)),
        a_wire_subscription(
            3, **{**gone, "scheduledDeletionDate": "2026-12-02T08:00:00Z"}, parentSubscriptionId=number(1)
        ),
    )
    puller.pull()
    assert [_subscription(value).suspended_with_parent for value in (1, 2, 3)] == [False, True, False]


LEFT_OUT: list[tuple[dict[str, Any], str]] = [
    ({"offerId": NOBODY}, f"offer: no offer '{NOBODY}' in the catalogue"),
    ({"offerId": None}, "offer: no offer None in the catalogue"),
    ({"quantity": "25"}, "quantity: expected a whole number, not '25'"),
    ({"quantity": 301}, "quantity: expected 1 to 300 licences, not 301"),
    ({"status": "none"}, "status: expected one of pending, active, suspended, deleted, not 'none'"),
    ({"status": 1}, "status: expected one of pending, active, suspended, deleted, not 1"),
    ({"creationDate": "yesterday"}, "created: expected a time with its zone"),
    ({"creationDate": {"a": 1}}, "created: expected a time with its zone"),
    ({"commitmentEndDate": "never"}, "commitment_end: expected a day"),
    ({"status": "suspended", "scheduledDeletionDate": "0001-01-01T00:00:00Z"}, "suspended: expected a time"),
    ({"friendlyName": "a\x1b[31m"}, "nickname: control characters are not allowed"),
    ({"friendlyName": ["a"]}, "nickname: expected text"),
    ({"autoRenewEnabled": "yes"}, "auto_renew: expected true or false"),
    ({"parentSubscriptionId": number(9)}, f"without its parent {number(9)}"),
    ({"parentSubscriptionId": number(1)}, "parent: a subscription is no add-on of itself"),
]


@pytest.mark.parametrize(("members", "words"), LEFT_OUT, ids=lambda value: str(value)[:40])
def test_a_subscription_that_the_portal_cannot_hold_is_left_out_and_told(
    puller: Puller, wire: Wire, members: dict[str, Any], words: str
) -> None:
    wire.holds(ADATUM, a_wire_subscription(1, **members), a_wire_subscription(2))
    (told,) = puller.left_out()
    assert f"Customer aa (c-aaaaaaaa.example.cn): subscription {number(1)}: " in told
    assert words in told
    assert [str(pk) for pk in Subscription.objects.values_list("pk", flat=True)] == [number(2)]


def test_an_add_on_of_what_was_left_out_is_left_out_too(puller: Puller, wire: Wire) -> None:
    wire.holds(
        ADATUM,
        a_wire_subscription(3, parentSubscriptionId=number(2)),
        a_wire_subscription(1, offerId=NOBODY),
        a_wire_subscription(2, parentSubscriptionId=number(1)),
    )
    assert len(puller.left_out()) == 3
    assert not Subscription.objects.exists()
    assert Customer.objects.exists()


@pytest.mark.parametrize("item", [None, 7, "x", [], {}, {"id": None}, {"id": "x"}])
def test_an_item_that_is_no_subscription_is_left_out(puller: Puller, wire: Wire, item: Any) -> None:
    wire.holds(ADATUM, item, a_wire_subscription(2))
    puller.left_out()
    assert Subscription.objects.count() == 1


def test_a_service_that_the_catalogue_lacks_is_left_out(puller: Puller, wire: Wire) -> None:
    wire.holds(ADATUM, services=("Exchange", "Intune", "exchange"))
    told = puller.left_out()
    assert "managed service intune: service: no service 'intune' in the catalogue" in told[0]
    assert "managed service exchange: service: 'exchange' stands twice" in told[1]


def test_a_billing_profile_that_the_portal_refuses_is_left_out_and_the_rest_comes_in(
    puller: Puller, wire: Wire
) -> None:
    wire.holds(ADATUM, a_wire_subscription(), billingProfile={**BILLING, "culture": "es-ES", "email": "nobody"})
    (told,) = puller.left_out()
    assert "billing profile: " in told
    assert Subscription.objects.exists()
    assert not BillingProfile.objects.exists()


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"companyProfile": None}, "company_name: expected text, not None"),
        ({"companyProfile": {"companyName": "A", "domain": "no host"}}, "domain: expected a host name"),
        ({"relationshipToPartner": "advisor"}, "the partner is no reseller of it, but advisor"),
    ],
)
def test_a_customer_that_the_portal_cannot_hold_is_left_out_and_the_rest_comes_in(
    puller: Puller, wire: Wire, members: dict[str, Any], words: str
) -> None:
    wire.holds(ADATUM, a_wire_subscription(), **members)
    wire.holds(LITWARE)
    (told,) = puller.left_out()
    assert words in told
    assert [str(pk) for pk in Customer.objects.values_list("pk", flat=True)] == [LITWARE]


def test_what_the_portal_refuses_against_its_own_is_left_out_and_the_rest_comes_in(
    puller: Puller, wire: Wire, desk: Desk
) -> None:
    other = "dddddddd-dddd-4ddd-8ddd-dddddddddddd"
    desk.bring_in(a_portfolio(a_customer(NOBODY, a_subscription(1), domain="c-aaaaaaaa.example.cn")))
    wire.holds(ADATUM)
    wire.holds(LITWARE, a_wire_subscription(1), a_wire_subscription(2), a_wire_subscription(3))
    wire.holds(other, a_wire_subscription(3), a_wire_subscription(4))
    told = puller.left_out()
    adatum, litware, fourth = (f"  Customer {two} (c-{two * 4}.example.cn): " for two in ("aa", "bb", "dd"))
    assert told == [
        f"{adatum}domain: 'c-aaaaaaaa.example.cn' is the domain of another customer of the portal",
        f"{litware}subscription {number(1)}: id: '{number(1)}' is a subscription of another customer of the portal",
        f"{fourth}subscription {number(3)}: id: '{number(3)}' stands twice in the file",
    ]
    assert not Customer.objects.filter(pk=ADATUM).exists()
    assert {str(one.customer_id) for one in Subscription.objects.filter(pk__in=[number(2), number(3)])} == {LITWARE}
    assert str(_subscription(4).customer_id) == other


def test_an_exit_status_tells_that_something_was_left_out(puller: Puller, wire: Wire) -> None:
    wire.holds("x")
    wire.holds(ADATUM)
    with pytest.raises(CommandError) as error:
        puller.pull()
    assert error.value.returncode == 3
    assert str(error.value).startswith("1 thing was left out:\n  a customer whose id is no UUID: 'x'")
    assert Customer.objects.count() == 1
    assert puller.state
    assert not (puller.state / FILE).exists()


def test_offers_are_compared_and_not_written(puller: Puller, wire: Wire) -> None:
    wire.offers = [
        {"id": BUSINESS.upper(), "name": "Office 365 Business", "maximumQuantity": 500, "isAvailableForPurchase": True},
        {"id": NOBODY, "name": "Something new"},
    ]
    said = puller.pull()
    assert f"  'Something new' ('{NOBODY}'): not in the catalogue here" in said
    assert "  Office 365 Business: most licences is 300 here and 500 at the source" in said
    assert "  Office 365 Enterprise E3: not for sale at the source" in said
    assert "Office 365 Business: not for sale" not in said


def test_nothing_is_said_where_nothing_is_to_be_said(puller: Puller, wire: Wire) -> None:
    wire.holds(ADATUM)
    assert puller.pull(verbosity=0) == ""


def test_the_partner_is_known_by_the_portal_where_the_source_does_not_tell(
    puller: Puller, wire: Wire, desk: Desk
) -> None:
    wire.holds(ADATUM)
    wire.partner, wire.mpn = {}, {}
    assert "does not tell the partner's name; add the partner" in puller.failure()
    desk.bring_in(a_portfolio(partners=[a_partner(OURS, mpn_id="1234567", type="indirect_reseller")]))
    puller.pull()
    partner = Partner.objects.get()
    assert (partner.name, partner.mpn_id, partner.type) == ("Partner 11", "1234567", "indirect_reseller")


def test_a_server_that_answers_for_another_partner_is_refused(puller: Puller, wire: Wire) -> None:
    wire.partner["id"] = THEIRS
    assert f"The server answers for another partner, '{THEIRS}'." in puller.failure()
    assert not Partner.objects.exists()


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("--base-url", "portal.example", "expected an address such as https://portal.example"),
        ("--base-url", "http://portal.example", "would carry the secret in clear: use https"),
        ("--authority", "ftp://portal.example", "expected an address"),
        ("--base-url", "https://portal.example:x", "is no address"),
        ("--tenant", "a/b", "expected a partner's id or domain"),
        ("--page-size", "0", "expected a number from 1 to 500"),
        ("--page-size", "501", "expected a number from 1 to 500"),
    ],
)
def test_options_that_cannot_be_meant_are_refused(wire: Wire, option: str, value: str, words: str) -> None:
    options = {"--base-url": wire.url, "--tenant": OURS, "--client-id": "x", option: value}
    with pytest.raises(CommandError, match=words):
        call_command("pull_portfolio", *[part for pair in options.items() for part in pair], stdout=StringIO())


def test_a_secret_is_taken_from_the_environment_alone(
    puller: Puller, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PULL_CLIENT_SECRET")
    assert "Set PULL_CLIENT_SECRET to the API client's secret." in puller.failure()
    assert wire.asked == []


@pytest.mark.parametrize("ending", ["/", "/v1", "/v1/", "/V1.0/"])
def test_the_address_may_come_with_its_version(puller: Puller, wire: Wire, ending: str) -> None:
    wire.holds(ADATUM)
    puller.pull(base_url=wire.url + ending)
    assert Customer.objects.exists()


def test_the_state_is_kept_under_the_servers_name_and_readable_by_its_owner_alone(
    puller: Puller, wire: Wire, settings: Any, tmp_path: Path
) -> None:
    settings.BASE_DIR = tmp_path
    wire.holds(ADATUM)
    puller.state = None
    puller.pull(dry_run=True)
    path = tmp_path / "var" / "pull" / wire.url.removeprefix("http://").replace(":", "_") / OURS / FILE
    assert path.stat().st_mode & 0o777 == 0o600
    assert "open-sesame" not in path.read_text()
