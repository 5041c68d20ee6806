"""What a portfolio file brings into the portal, and what it leaves as it is."""

import contextlib
import datetime
import json
from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from activity.models import ActivityRecord, ActorKind
from customers.counts import count_customers
from customers.models import (
    BillingProfile,
    ContactDetails,
    Customer,
    DelegatedAdminPrivilege,
    Ending,
    ResellerRelationship,
)
from partnercenter.portfolio import reading
from partners.models import Partner
from subscriptions.models import Subscription
from tests.factories import DelegatedAdminPrivilegeFactory, StaffFactory, offer, service
from tests.partnercenter.portfolios import (
    ADATUM,
    LITWARE,
    OURS,
    PREMIUM,
    THEIRS,
    Desk,
    a_customer,
    a_partner,
    a_portfolio,
    a_subscription,
    number,
)
from upgrades.errors import UpgradeRefused
from upgrades.models import Upgrade
from upgrades.operations import upgrade_subscription

pytestmark = pytest.mark.django_db

SERVICES = "exchange sharepoint onedrive skype office-web office-desktop information-protection".split()

PRIVILEGES = [{"service": code, "partner": OURS} for code in SERVICES]
FULL = a_portfolio(
    a_customer(
        ADATUM,
        a_subscription(2, parent=number(1), partner=None, nickname="Add-on", quantity=300),
        a_subscription(
            1,
            nickname="总部",
            status="suspended",
            suspended="2018-10-01T10:00:00+08:00",
            commitment_end="2020-02-29",
            auto_renew=False,
        ),
        a_subscription(3, partner=THEIRS, status="deleted"),
        delegated_admin_privileges=[{"service": "exchange", "partner": THEIRS}, {"service": "skype", "partner": OURS}],
        domain="Adatum.partner.onmschina.cn",
    ),
    a_customer(LITWARE, company_name="Litware", resellers=[]),
    partners=[a_partner(OURS, mpn_id="1234567"), a_partner(THEIRS, type="indirect_provider")],
)


def _with(*subscriptions: dict[str, Any], **members: Any) -> dict[str, Any]:
    return a_portfolio(a_customer(ADATUM, *subscriptions, **members))


def _subscription(value: int = 1) -> Subscription:
    found: Subscription = Subscription.objects.get(pk=number(value))
    return found


@pytest.mark.parametrize("name", ["portfolio.json", "portfolio.jsonl"])
def test_everything_of_a_file_stands_in_the_portal(desk: Desk, name: str) -> None:
    said = desk.bring_in(FULL, name)
    assert "Customers: 2 added, 0 updated, 0 unchanged." in said
    assert "Subscriptions: 3 added, 0 updated, 0 unchanged." in said
    assert Partner.objects.get(pk=THEIRS).type == "indirect_provider"
    adatum = Customer.objects.get(pk=ADATUM)
    assert (adatum.company_name, adatum.domain, adatum.name_key) == (
        "Adatum 软件",
        "Adatum.partner.onmschina.cn",
        "adatum 软件",
    )
    first, second = _subscription(1), _subscription(2)
    assert first.suspended_at == datetime.datetime(2018, 10, 1, 2, tzinfo=datetime.UTC)
    assert (first.nickname, first.commitment_end, first.auto_renew) == ("总部", datetime.date(2020, 2, 29), False)
    assert (second.parent_id, second.reseller_of_record_id, second.quantity) == (first.pk, None, 300)
    assert set(DelegatedAdminPrivilege.objects.values_list("service__code", "partner__mpn_id")) == {
        ("exchange", ""),
        ("skype", "1234567"),
    }


def test_a_customers_name_and_domain_reach_the_partners_list(desk: Desk) -> None:
    desk.bring_in(FULL)
    relationship = ResellerRelationship.objects.get(partner_id=OURS, customer_id=ADATUM)
    assert (relationship.name_key, relationship.domain) == ("adatum 软件", "adatum.partner.onmschina.cn")
    desk.bring_in(_with(company_name="Diseño 2", domain="other.cn"))
    relationship.refresh_from_db()
    assert (relationship.name_key, relationship.domain) == ("diseno 2", "other.cn")


def test_the_same_file_again_changes_nothing(desk: Desk) -> None:
    desk.bring_in(FULL)
    before = desk.take_out()
    said = desk.bring_in(FULL)
    assert "Nothing changes" in said
    assert "Subscriptions: 0 added, 0 updated, 3 unchanged." in said
    assert desk.take_out() == before
    assert ActivityRecord.objects.count() == 1
    assert set(Subscription.objects.values_list("version", flat=True)) == {1}


def test_what_is_left_out_has_its_default_and_stays_when_imported_again(desk: Desk) -> None:
    bare = a_subscription()
    del bare["created"]
    desk.bring_in(_with(bare))
    subscription = _subscription()
    age = datetime.datetime.now(datetime.UTC) - subscription.created_at
    assert datetime.timedelta(0) <= age < datetime.timedelta(minutes=10)
    assert subscription.commitment_end > subscription.created_at.date() + datetime.timedelta(days=364)
    assert (subscription.nickname, subscription.auto_renew, subscription.parent_id) == ("", True, None)
    Subscription.objects.update(created_at=datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC))
    assert "Nothing changes" in desk.bring_in(_with(bare))


def test_a_commitment_runs_a_year_from_the_creation_leap_days_included(desk: Desk) -> None:
    desk.bring_in(
        _with(a_subscription(created="2020-02-29T23:30:00-01:00"), a_subscription(2, created="2020-02-29T08:00:00Z"))
    )
    assert _subscription(1).commitment_end == datetime.date(2021, 3, 1)
    assert _subscription(2).commitment_end == datetime.date(2021, 2, 28)


def test_what_differs_is_updated_and_whoever_saw_the_old_version_notices(desk: Desk) -> None:
    desk.bring_in(FULL)
    changed = json.loads(json.dumps(FULL))
    changed["partners"][0]["name"] = "New name"
    changed["customers"][0]["subscriptions"][1].update(offer=PREMIUM, quantity=30, status="active", suspended=None)
    said = desk.bring_in(changed)
    assert "Partners: 0 added, 1 updated, 1 unchanged." in said
    assert "Subscriptions: 0 added, 1 updated, 2 unchanged." in said
    subscription = _subscription(1)
    assert (str(subscription.offer_id), subscription.quantity, subscription.suspended_at) == (PREMIUM, 30, None)
    assert (subscription.version, _subscription(2).version) == (2, 1)


def test_nothing_is_removed(desk: Desk) -> None:
    desk.bring_in(FULL)
    desk.bring_in(a_portfolio(a_customer(ADATUM, resellers=[], domain="Adatum.partner.onmschina.cn"), partners=[]))
    assert Subscription.objects.count() == 3
    assert DelegatedAdminPrivilege.objects.held().count() == 2
    assert ResellerRelationship.objects.get(partner_id=OURS).has_ended is False


def test_a_partner_that_sold_without_being_named_keeps_the_customer_in_sight(desk: Desk) -> None:
    desk.bring_in(_with(a_subscription(partner=THEIRS)))
    relationship = ResellerRelationship.objects.get(partner_id=THEIRS)
    assert (relationship.has_ended, relationship.had_subscriptions) == (True, True)
    assert Customer.objects.visible_to_partner(relationship.partner_id).count() == 1
    desk.bring_in(_with(a_subscription(partner=THEIRS), resellers=[OURS, THEIRS]))
    relationship.refresh_from_db()
    assert relationship.has_ended is False
    assert "Nothing changes" in desk.bring_in(_with(a_subscription(partner=THEIRS)))


@pytest.mark.parametrize("holder", [OURS, THEIRS])
def test_a_privilege_that_has_expired_is_in_force_again_where_the_file_has_it(desk: Desk, holder: str) -> None:
    over = timezone.now() - datetime.timedelta(hours=1)
    desk.bring_in(_with(delegated_admin_privileges=[{"service": "skype", "partner": OURS}]))
    DelegatedAdminPrivilege.objects.update(expires_at=over)
    said = desk.bring_in(_with(delegated_admin_privileges=[{"service": "skype", "partner": holder}]))
    assert "Delegated admin privileges: 0 added, 1 updated, 0 unchanged." in said
    held = DelegatedAdminPrivilege.objects.held().get()
    assert (str(held.partner_id), held.expires_at) == (holder, None)
    if holder == THEIRS:
        ended = DelegatedAdminPrivilege.objects.over().get()
        assert (str(ended.partner_id), ended.ending, ended.revoked_at) == (OURS, Ending.EXPIRED, over)


def test_the_holder_of_a_privilege_is_replaced_and_the_old_one_revoked(desk: Desk) -> None:
    desk.bring_in(FULL)
    held = DelegatedAdminPrivilegeFactory(customer_id=LITWARE, partner_id=OURS, service=service("bookings"))
    privileges = [{"service": "skype", "partner": THEIRS}, {"service": "sharepoint", "partner": THEIRS}]
    said = desk.bring_in(_with(delegated_admin_privileges=privileges))
    assert "Delegated admin privileges: 1 added, 1 updated, 0 unchanged." in said
    skype = DelegatedAdminPrivilege.objects.filter(service__code="skype")
    assert str(skype.held().get().partner_id) == THEIRS
    assert str(skype.get(revoked_at__isnull=False).partner_id) == OURS
    held.refresh_from_db()
    assert held.revoked_at is None


def test_two_customers_may_pass_their_domains_to_one_another(desk: Desk) -> None:
    desk.bring_in(a_portfolio(a_customer(ADATUM, domain="a.cn"), a_customer(LITWARE, domain="l.cn")))
    third = "dddddddd-dddd-4ddd-8ddd-dddddddddddd"
    customers = (
        a_customer(ADATUM, domain="L.cn"),
        a_customer(LITWARE, domain="new.cn"),
        a_customer(third, domain="a.cn"),
    )
    assert "Customers: 1 added, 2 updated, 0 unchanged." in desk.bring_in(a_portfolio(*customers))
    assert dict(Customer.objects.values_list("pk", "domain")).keys() == {
        Customer.objects.get(domain=domain).pk for domain in ("L.cn", "new.cn", "a.cn")
    }
    assert ResellerRelationship.objects.get(customer_id=ADATUM).domain == "l.cn"


def test_a_partner_and_a_parent_of_the_portal_may_be_named(desk: Desk) -> None:
    desk.bring_in(_with(a_subscription(1)))
    desk.bring_in(a_portfolio(a_customer(ADATUM, a_subscription(2, parent=number(1))), partners=[]))
    assert _subscription(2).parent_id == _subscription(1).pk


def test_the_lists_may_stand_in_any_order_and_one_may_be_missing(desk: Desk) -> None:
    content = a_portfolio(a_customer(ADATUM, a_subscription()))
    desk.bring_in(json.dumps({"customers": content["customers"], "partners": content["partners"]}))
    desk.bring_in(json.dumps({"customers": [a_customer(LITWARE)]}))
    assert Customer.objects.count() == 2


def test_a_byte_order_mark_and_digits_alone_in_an_id_do_no_harm(desk: Desk) -> None:
    digits = "12345678-0000-4000-8000-000000000e10"
    desk.bring_in("\ufeff" + json.dumps(a_portfolio(a_customer(digits, a_subscription()))))
    assert str(Customer.objects.get().pk) == digits
    assert "Nothing changes" in desk.bring_in(a_portfolio(a_customer(digits, a_subscription())))


def test_a_dry_run_says_what_would_change_and_writes_nothing(desk: Desk) -> None:
    said = desk.bring_in(FULL, dry_run=True)
    assert "Subscriptions: 3 added" in said
    assert "dry run" in said
    assert not Partner.objects.exists()
    assert not ActivityRecord.objects.exists()


def test_an_import_leaves_one_record_with_its_counts(desk: Desk) -> None:
    desk.bring_in(FULL)
    record = ActivityRecord.objects.get()
    assert (record.operation, record.actor_kind) == ("import_portfolio", ActorKind.SYSTEM)
    assert record.after is not None
    assert record.after["subscriptions"] == {"added": 3, "updated": 0}
    assert record.after["source"] == "portfolio.json"


def test_an_import_makes_the_customers_be_counted_anew(desk: Desk, django_capture_on_commit_callbacks: Any) -> None:
    cache.set(f"customers:count:{OURS}", 351_204)
    with django_capture_on_commit_callbacks(execute=True):
        desk.bring_in(a_portfolio(a_customer()))
    assert count_customers(UUID(OURS)) == 1


@pytest.mark.django_db(transaction=True)
def test_an_import_whose_counts_cannot_be_forgotten_is_made_all_the_same(desk: Desk) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE portal_cache RENAME TO elsewhere")
    try:
        assert "Imported." in desk.bring_in(a_portfolio(a_customer()))
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE elsewhere RENAME TO portal_cache")
    assert Customer.objects.count() == 1


def test_a_file_is_read_in_pieces_however_they_fall(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    text = json.dumps(FULL, ensure_ascii=False, indent=1)
    whole = [record.value for record in reading.read_records(desk.put(text)) if isinstance(record, reading.Record)]
    assert whole == [*FULL["partners"], *FULL["customers"]]
    for size in (1, 2, 7, 64):
        monkeypatch.setattr(reading, "CHUNK", size)
        pieces = [record.value for record in reading.read_records(desk.put(text)) if isinstance(record, reading.Record)]
        assert pieces == whole


def test_the_number_of_statements_does_not_grow_with_the_file(desk: Desk, django_assert_max_num_queries: Any) -> None:
    customers = [
        a_customer(
            f"eeeeeeee-eeee-4eee-8eee-{value:012d}",
            a_subscription(value),
            delegated_admin_privileges=[{"service": "skype", "partner": OURS}],
            domain=f"c{value}.cn",
        )
        for value in range(500)
    ]
    path = desk.put(a_portfolio(*customers))
    with django_assert_max_num_queries(110):
        call_command("import_portfolio", str(path), stdout=StringIO())
    assert Subscription.objects.count() == 500


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_imports_and_upgrades_at_once_follow_one_another(desk: Desk) -> None:
    desk.bring_in(_with(a_subscription(), delegated_admin_privileges=PRIVILEGES))
    staff = StaffFactory(partner=Partner.objects.get(pk=OURS))
    target = offer("E3").pk
    paths = [desk.put(_with(a_subscription(quantity=value)), f"{value}.json") for value in range(1, 9)]

    def import_one(path: Path) -> None:
        with contextlib.closing(connection):
            call_command("import_portfolio", str(path), stdout=StringIO())

    def upgrade(key: int) -> None:
        asked: dict[str, Any] = {
            "subscription_id": UUID(number(1)),
            "target_id": target,
            "quantity": 100 + key,
            "key": str(key),
        }
        with contextlib.closing(connection), contextlib.suppress(UpgradeRefused):
            upgrade_subscription(staff=staff, **asked)

    with ThreadPoolExecutor(8) as pool:
        work = [*(pool.submit(import_one, path) for path in paths), *(pool.submit(upgrade, key) for key in range(8))]
    for done in work:
        done.result()
    subscription = _subscription()
    # Each import and each upgrade that went through wrote the version after the one that it saw.
    assert subscription.version == 1 + Upgrade.objects.count() + 8
    assert ActivityRecord.objects.filter(operation="import_portfolio").count() == 9


CONTACT = {"first_name": "Na", "last_name": "Li", "email": "li.na@adatum.example", "phone_number": "021-5555 0100"}


def test_contact_details_are_added_and_changed_and_left_alone(desk: Desk) -> None:
    desk.bring_in(a_portfolio(a_customer(ADATUM, contact=CONTACT)))
    contact = ContactDetails.objects.get()
    assert (str(contact.pk), contact.phone_number, contact.version) == (ADATUM, "+86 21 5555 0100", 1)
    assert "nothing" in desk.bring_in(a_portfolio(a_customer(ADATUM, contact=CONTACT))).lower()
    desk.bring_in(a_portfolio(a_customer(ADATUM)))
    contact.refresh_from_db()
    assert (contact.email, contact.version) == ("li.na@adatum.example", 1)
    desk.bring_in(a_portfolio(a_customer(ADATUM, contact=CONTACT | {"email": "new@adatum.example"})))
    contact.refresh_from_db()
    assert (contact.email, contact.version) == ("new@adatum.example", 2)
    assert not BillingProfile.objects.exists()
