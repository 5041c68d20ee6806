"""Migrations: none is missing, and those that bring data or triggers go forwards and backwards."""

import datetime
import importlib
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.db.migrations.executor import MigrationExecutor

from activity.chain import PLATFORM, content_digest, linked
from activity.models import ActivityRecord
from activity.sealing import Break, breaks, seal_activity
from catalog.models import Offer, OfferServicePlan, Service, ServicePlan
from customers.models import BillingProfile, ResellerRelationship
from subscriptions.models import Subscription
from tests.databases import EMPTYING_TRIGGERS, allow_emptying, triggers
from tests.factories import (
    ActivityRecordFactory,
    ApiClientFactory,
    BillingProfileFactory,
    CustomerFactory,
    PriceFactory,
    ResellerRelationshipFactory,
    SubscriptionFactory,
    UpgradeFactory,
)
from upgrades.models import PathConflict, PathService, Upgrade, UpgradeMatrix, UpgradePath

Target = tuple[str, str | None]
of_seals = importlib.import_module("activity.migrations.0005_seals_that_hold_each_other")


@pytest.mark.django_db
def test_none_is_missing() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


@pytest.mark.django_db
def test_each_room_has_one_line_of_them() -> None:
    loader = MigrationExecutor(connection).loader
    assert loader.detect_conflicts() == {}


@pytest.fixture
def migrate(transactional_db: None) -> Iterator[Callable[..., None]]:
    """Go to these migrations; all is brought back afterwards."""

    def go(*targets: Target) -> None:
        MigrationExecutor(connection).migrate(list(targets))

    yield go
    go(*MigrationExecutor(connection).loader.graph.leaf_nodes())


def columns(table: str) -> set[str]:
    with connection.cursor() as cursor:
        return {column.name for column in connection.introspection.get_table_description(cursor, table)}


def indexes(table: str) -> dict[str, Any]:
    """The indexes of a table, by name, with what each is of."""
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, table)
    return {name: one["columns"] for name, one in found.items() if one["index"]}


def catalogue() -> list[Any]:
    return [
        sorted(Offer.objects.values_list()),
        sorted(Service.objects.values_list("code", "name")),
        sorted(ServicePlan.objects.values_list("code", "name", "service__code")),
        sorted(OfferServicePlan.objects.values_list("offer__name", "service_plan__code")),
        sorted(UpgradePath.objects.values_list("source__name", "target__name", "footnote")),
        list(UpgradeMatrix.objects.values_list("id", "version")),
        sorted(PathService.objects.values_list("path__source__name", "path__target__name", "service__code")),
        sorted(PathConflict.objects.values_list("path__source__name", "path__target__name", "offer__name")),
    ]


@pytest.mark.usefixtures("migrate")
def test_the_catalogue_comes_with_them() -> None:
    assert (Offer.objects.count(), Service.objects.count(), UpgradePath.objects.count()) == (12, 9, 7)


def test_catalogue_and_matrix_go_and_come_back(migrate: Callable[..., None]) -> None:
    before = catalogue()
    migrate(("upgrades", "0001_initial"), ("catalog", "0001_initial"))
    assert not UpgradePath.objects.exists()
    assert not UpgradeMatrix.objects.exists()
    assert not Offer.objects.exists()
    assert not ServicePlan.objects.exists()
    assert not Service.objects.exists()
    call_command("migrate", verbosity=0)
    assert catalogue() == before


def test_what_others_added_to_the_catalogue_stays(migrate: Callable[..., None]) -> None:
    Offer.objects.create(name="An offer of one's own", sku_part_number="OWN", category="Standalone")
    migrate(("upgrades", "0001_initial"), ("catalog", "0001_initial"))
    assert list(Offer.objects.values_list("name", flat=True)) == ["An offer of one's own"]
    call_command("migrate", verbosity=0)
    Offer.objects.get(name="An offer of one's own").delete()


def test_add_ons_and_prices_go_and_come_back(migrate: Callable[..., None]) -> None:
    before, held = triggers(), SubscriptionFactory()
    # The command, not its executor: what runs after migrations has to bear an older table of offers too.
    call_command("migrate", "catalog", "0002", verbosity=0)
    assert {"catalog_price", "catalog_offerprerequisite"}.isdisjoint(connection.introspection.table_names())
    assert "description" not in columns("catalog_offer")
    assert not {name for name in triggers() if name.startswith("price_")}
    call_command("migrate", verbosity=0)
    assert triggers() == before
    assert Offer.objects.get(pk=held.offer_id).description == ""
    price = PriceFactory(offer=held.offer)
    with pytest.raises(IntegrityError), transaction.atomic():
        PriceFactory(offer=held.offer, valid_from=price.valid_from + datetime.timedelta(days=1))


def test_the_order_of_the_catalogue_goes_and_comes_back(migrate: Callable[..., None]) -> None:
    before, described, held = triggers(), columns("catalog_offer"), SubscriptionFactory()
    assert list(Offer.objects.filter(rank__lte=6).order_by("rank").values_list("name", "rank"))[::5] == [
        ("Office 365 Business", 1),
        ("Office 365 Enterprise E3", 6),
    ]
    Offer.objects.create(name="A later one", sku_part_number="LATER", category="Standalone")
    Offer.objects.create(name="A first one", sku_part_number="FIRST", category="Standalone")
    assert Offer.objects.get(name="A first one").rank == 14
    call_command("migrate", "catalog", "0004", verbosity=0)
    assert "rank" not in columns("catalog_offer")
    call_command("migrate", verbosity=0)
    assert (triggers(), columns("catalog_offer")) == (before, described)
    ranks = dict(Offer.objects.values_list("name", "rank"))
    assert sorted(ranks.values()) == list(range(1, 15))
    assert (ranks["Office 365 Enterprise E3"], ranks["A first one"], ranks["A later one"]) == (6, 13, 14)
    with pytest.raises(IntegrityError), transaction.atomic():
        Subscription.objects.filter(pk=held.pk).update(quantity=301)


def test_what_programs_say_of_a_recipient_goes_and_comes_back_empty(migrate: Callable[..., None]) -> None:
    profile = BillingProfileFactory(middle_name="Wei", region="East", profile_first_name="Na", profile_last_name="Li")
    before = columns("customers_billingprofile"), columns("customers_contactdetails")
    migrate(("customers", "0008_privileges_expire"))
    assert not {"middle_name", "region", "profile_first_name"} & columns("customers_billingprofile")
    call_command("migrate", verbosity=0)
    assert (columns("customers_billingprofile"), columns("customers_contactdetails")) == before
    kept = BillingProfile.objects.get(pk=profile.pk)
    assert kept.values == {
        **profile.values,
        **dict.fromkeys(set(BillingProfile.VALUES) - {*BillingProfile.FORM_VALUES}, ""),
    }


def test_upgrades_of_programs_refer_to_somebody_where_they_have_to(migrate: Callable[..., None]) -> None:
    by_person = UpgradeFactory()
    by_program = UpgradeFactory(partner=by_person.partner, staff=None, staff_name="Nightly upgrades")
    call_command("migrate", "upgrades", "0004", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM upgrades_upgrade WHERE staff_id IS NULL")
        assert cursor.fetchone() == (0,)
    call_command("migrate", verbosity=0)
    kept = Upgrade.objects.get(pk=by_program.pk)
    assert (kept.staff, kept.staff_name) == (by_person.staff, "Nightly upgrades")


def test_api_clients_and_what_the_api_remembers_go_and_come_back(migrate: Callable[..., None]) -> None:
    ApiClientFactory()
    before = {table: columns(table) for table in ("partners_apiclient", "partners_apiclientrole", "api_keptanswer")}
    migrate(("upgrades", "0004_waits_for_upgrades"), ("partners", "0004_staff_invitations"), ("api", None))
    assert before.keys().isdisjoint(connection.introspection.table_names())
    call_command("migrate", verbosity=0)
    assert {table: columns(table) for table in before} == before
    assert ApiClientFactory().is_in_force


def test_the_triggers_of_subscriptions_go_and_come_back(migrate: Callable[..., None]) -> None:
    before, described = triggers(), columns("subscriptions_subscription")
    held = SubscriptionFactory()
    migrate(("subscriptions", "0001_initial"))
    assert not {name for name in triggers() if name.startswith("subscription_")}
    Subscription.objects.filter(pk=held.pk).update(quantity=301)
    call_command("migrate", verbosity=0)
    assert triggers() == before
    assert columns("subscriptions_subscription") == described
    with pytest.raises(IntegrityError), transaction.atomic():
        Subscription.objects.filter(pk=held.pk).update(quantity=302)


def test_the_indexes_of_the_list_of_subscriptions_go_and_come_back(migrate: Callable[..., None]) -> None:
    before = indexes("subscriptions_subscription")
    assert before["subscription_suspended"] == ["reseller_of_record_id", "suspended_at", "id"]
    SubscriptionFactory(nickname="Head office")
    migrate(("subscriptions", "0004_orders"))
    left = indexes("subscriptions_subscription")
    assert left["subscription_suspended"] == ["reseller_of_record_id", "suspended_at"]
    assert not {"subscription_by_age", "subscription_by_offer", "subscription_nickname"} & left.keys()
    call_command("migrate", verbosity=0)
    assert indexes("subscriptions_subscription") == before
    assert ("subscription_nickname" in before) == (connection.vendor == "postgresql")


def test_the_triggers_of_relationships_go_and_come_back(migrate: Callable[..., None]) -> None:
    before, described = triggers(), columns("customers_resellerrelationship")
    ResellerRelationshipFactory(customer__company_name="Before")
    migrate(("customers", "0001_initial"))
    assert not {name for name in triggers() if name.startswith(("relationship_", "customer_"))}
    call_command("migrate", verbosity=0)
    assert triggers() == before
    assert columns("customers_resellerrelationship") == described
    customer = CustomerFactory(company_name="Ñandú")
    relationship = ResellerRelationshipFactory(customer=customer)
    found = ResellerRelationship.objects.search("ñandu", partner_id=relationship.partner_id)
    assert list(found) == [relationship]


def test_the_table_of_the_cache_goes_and_comes_back(migrate: Callable[..., None]) -> None:
    migrate(("partnercenter", None))
    assert "portal_cache" not in connection.introspection.table_names()
    call_command("migrate", verbosity=0)
    cache.set("key", "value")
    assert cache.get("key") == "value"


def test_an_installation_that_made_the_table_of_the_cache_by_hand_keeps_it(migrate: Callable[..., None]) -> None:
    migrate(("partnercenter", None))
    call_command("createcachetable", verbosity=0)
    cache.set("key", "value")
    call_command("migrate", verbosity=0)
    assert cache.get("key") == "value"


def test_all_go_back_to_nothing_and_come_again(migrate: Callable[..., None]) -> None:
    before = catalogue(), triggers()
    rooms = ("desk", "upgrades", "subscriptions", "customers", "catalog")
    migrate(*((room, None) for room in rooms))
    tables = connection.introspection.table_names()
    assert not [name for name in tables if name.startswith(tuple(f"{room}_" for room in rooms))]
    call_command("migrate", verbosity=0)
    assert (catalogue(), triggers()) == before


def test_a_third_outcome_comes_and_goes_and_records_stay_as_they_are(migrate: Callable[..., None]) -> None:
    written = ActivityRecordFactory()
    migrate(("activity", "0006_found_by_person_and_operation"))
    assert "activity_never_changed" in triggers()
    with pytest.raises(IntegrityError), transaction.atomic():
        record_of_before("0006_found_by_person_and_operation", outcome="failed")
    call_command("migrate", verbosity=0)
    # On SQLite the table was made anew, and with it both triggers.
    assert connection.vendor == "postgresql" or "activity_never_removed" in triggers()
    allow_emptying()
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE activity_activityrecord SET outcome = 'failed'")
    ActivityRecordFactory(outcome="failed")
    assert ActivityRecord.objects.filter(outcome="done").get() == written


def record_of_before(migration: str, **fields: Any) -> Any:
    """A record as the portal wrote it when this migration was the latest, with a digest of that time."""
    state = MigrationExecutor(connection).loader.project_state(("activity", migration))
    model: Any = state.apps.get_model("activity", "ActivityRecord")
    row = model(**{"actor_kind": "system", "operation": "import_portfolio", "correlation_id": uuid.uuid4()} | fields)
    row.chain_id, row.number, row.digest = PLATFORM, 1, linked("", content_digest(row))
    row.save()
    heads: Any = state.apps.get_model("activity", "ActivityChain")
    heads.objects.create(id=PLATFORM, length=1, digest=row.digest)
    return row


def test_programs_act_and_records_of_before_stay_as_they_are(migrate: Callable[..., None]) -> None:
    before, described = triggers() - EMPTYING_TRIGGERS.keys(), columns("activity_activityrecord")
    migrate(("activity", "0007_outcome_failed"))
    assert "activity_never_changed" in triggers()
    assert not {"application", "program", "correlation"} & columns("activity_activityrecord")
    with pytest.raises(IntegrityError), transaction.atomic():
        record_of_before("0007_outcome_failed", actor_kind="client")
    written = record_of_before("0007_outcome_failed", after={"offers": {"updated": 1}})
    call_command("migrate", verbosity=0)
    assert (triggers() - EMPTYING_TRIGGERS.keys(), columns("activity_activityrecord")) == (before, described)
    # On SQLite the table was made anew, and with it both triggers.
    assert connection.vendor == "postgresql" or "activity_never_removed" in triggers()
    allow_emptying()
    kept = ActivityRecord.objects.get(pk=written.pk)
    assert (kept.application, kept.program, kept.correlation) == ("", "", "")
    assert content_digest(kept) == content_digest(written)
    ActivityRecordFactory(actor_kind="client", application="an id", program="Invoices 2.1", correlation="batch 7")
    assert [*breaks()] == [2]


def test_records_of_before_become_links_of_chains(migrate: Callable[..., None]) -> None:
    customer = CustomerFactory()
    written = [
        ActivityRecordFactory(customer_id=customer.pk if number % 2 else None, after={"number": number})
        for number in range(6)
    ]
    migrate(("activity", "0003_customers_act"))
    assert "digest" not in columns("activity_activityrecord")
    call_command("migrate", verbosity=0)
    allow_emptying()
    assert [one for one in breaks() if isinstance(one, Break)] == []
    of_customer = ActivityRecord.objects.filter(chain_id=customer.pk).order_by("number")
    assert list(of_customer) == written[1::2]
    assert ActivityRecordFactory(customer_id=customer.pk).number == 4


def test_seals_of_another_kind_are_forgotten_and_begin_anew(migrate: Callable[..., None]) -> None:
    ActivityRecordFactory()
    seal_activity()
    migrate(("activity", "0004_chained_and_append_only"))
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM activity_activityseal")
        assert cursor.fetchone() == (0,)
        cursor.execute(
            "INSERT INTO activity_activityseal (at, chains, records, digest) VALUES (CURRENT_TIMESTAMP, 1, 1, 'x')"
        )
    call_command("migrate", verbosity=0)
    allow_emptying()
    assert seal_activity().pk == 1
    assert [*breaks()] == [1]


@pytest.mark.django_db
def test_the_database_refuses_to_rewrite_the_activity_log_after_all_of_them() -> None:
    refused = {"activity_never_changed", *of_seals.REFUSED} - EMPTYING_TRIGGERS.keys()
    assert refused <= triggers()
