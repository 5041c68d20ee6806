"""Statements that are built once: nothing that is another value tomorrow is in them, and no connection is without."""

import datetime
import gc
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import time_machine
from django.db import DatabaseError, close_old_connections, connection, transaction
from django.test import override_settings
from django.urls import reverse
from django.utils import timezone, translation

from customers.models import Customer
from desk.missing import missing_privileges
from desk.portfolio import live_counts, steps_by_customer
from partners.models import Partner
from subscriptions.models import Subscription
from tests.factories import PartnerFactory, customer_of, sold
from tests.upgrades.submitting import and_close
from upgrades.prepared import PARTNER, SIZES, Prepared
from upgrades.verdicts import _obstacles, is_possible_by_target

# What is asked by ids alone: the catalogue, and customers whose relationship was read before.
WITHOUT_PARTNER = {"catalog_offerserviceplan", "upgrades_upgradepath", "customers_customer"}
LATER = datetime.datetime(2031, 2, 3, 4, 5, tzinfo=datetime.UTC)


def all_prepared() -> list[Prepared]:
    reverse("desk:desk")  # reads every page, and with them every question
    return [one for one in gc.get_objects() if isinstance(one, Prepared)]


def built(question: Prepared) -> tuple[str, list[Any]]:
    statement = Prepared(question._build, group=question._group)._statement(connection, question._group)
    return statement.sql, statement.parameters


@pytest.mark.django_db
def test_a_statement_is_the_same_at_any_time_and_for_everybody() -> None:
    questions = all_prepared()
    assert len(questions) >= 20
    now = [built(question) for question in questions]
    with (
        time_machine.travel(LATER),
        translation.override("zh-hans"),
        timezone.override(datetime.timezone(datetime.timedelta(hours=13))),
        override_settings(USE_THOUSAND_SEPARATOR=True),
    ):
        later = [built(question) for question in questions]
    assert now == later
    for _sql, parameters in now:
        assert not [one for one in parameters if isinstance(one, datetime.date | datetime.time)]


@pytest.mark.django_db
def test_every_id_in_a_statement_is_put_in_anew() -> None:
    made_up = {form for number in range(1, 12) for form in (uuid.UUID(int=number).hex, str(uuid.UUID(int=number)))}
    for question in all_prepared():
        sql, parameters = built(question)
        left = repr([one for one in parameters if not hasattr(one, "marker")]) + sql
        assert not [one for one in made_up if one in left], sql


@pytest.mark.django_db
def test_every_question_but_those_about_the_catalogue_is_asked_as_a_partner() -> None:
    for question in all_prepared():
        query = question._build([uuid.UUID(int=2)] * question._group, PARTNER)
        markers = {getattr(one, "marker", None) for one in built(question)[1]}
        # What stands in the way of an upgrade is whoever's: the domain wants it so.
        is_obstacle = getattr(question._build, "func", None) is _obstacles
        assert PARTNER in markers or is_obstacle or query.model._meta.db_table in WITHOUT_PARTNER, query.query


@pytest.fixture
def partner() -> Partner:
    made: Partner = PartnerFactory()
    return made


@pytest.fixture
def other() -> Partner:
    made: Partner = PartnerFactory()
    return made


def has_one(partner: Partner) -> Customer:
    customer = customer_of(partner)
    sold(partner, customer, "Business Premium")
    return customer


@pytest.mark.django_db
def test_each_partner_gets_its_own_of_the_same_statement(partner: Partner, other: Partner) -> None:
    customers = [has_one(partner), has_one(other), has_one(partner)]
    ids = [one.pk for one in customers]
    assert live_counts(ids, partner_id=partner.pk) == {ids[0]: 1, ids[2]: 1}
    assert live_counts(ids, partner_id=other.pk) == {ids[1]: 1}
    assert steps_by_customer(ids, partner_id=other.pk).keys() == {ids[1]}
    assert missing_privileges(ids, partner_id=partner.pk).keys() <= {ids[0], ids[2]}


@pytest.mark.django_db
@pytest.mark.parametrize("number", [0, 1, SIZES[-1] - 1, SIZES[-1], SIZES[-1] + 1])
def test_however_many_ids_there_are_each_is_asked_for_once(partner: Partner, number: int) -> None:
    there = [has_one(partner).pk for _number in range(2)]
    ids = [*(uuid.UUID(int=1 << 100 | place) for place in range(number)), *there]
    assert live_counts(ids, partner_id=partner.pk) == dict.fromkeys(there, 1)


@pytest.mark.django_db
def test_a_pooler_of_transactions_is_asked_without_plans(partner: Partner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(connection.settings_dict, "DISABLE_SERVER_SIDE_CURSORS", True)
    customer = has_one(partner)
    assert live_counts([customer.pk], partner_id=partner.pk) == {customer.pk: 1}


# What happens to a connection of PostgreSQL --------------------------------------------------------------------

on_postgresql = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


def kill_the_connection() -> None:
    """As a restart of the server does."""
    [[pid]] = asked("SELECT pg_backend_pid()")

    def end() -> None:
        asked("SELECT pg_terminate_backend(%s, 5000)", pid)

    with ThreadPoolExecutor(1) as pool:
        pool.submit(and_close(end)).result()


def asked(sql: str, *values: object) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values or None)
        return cursor.fetchall() if cursor.description else []


@pytest.fixture
def nickname_as_before() -> Iterator[None]:
    yield
    asked("ALTER TABLE subscriptions_subscription ALTER COLUMN nickname TYPE varchar(100)")


class TestOnPostgreSQL:
    pytestmark = on_postgresql

    def test_threads_ask_side_by_side(self, partner: Partner, other: Partner) -> None:
        customers = {partner.pk: has_one(partner).pk, other.pk: has_one(other).pk}

        def ask(partner_id: uuid.UUID) -> dict[uuid.UUID, int]:
            found = [live_counts(customers.values(), partner_id=partner_id) for _turn in range(20)]
            assert all(one == found[0] for one in found)
            return found[0]

        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(and_close(ask), [*customers] * 4))
        assert answers == [{customers[partner_id]: 1} for partner_id in [*customers] * 4]

    def test_what_was_planned_in_a_transaction_outlives_its_end(self, partner: Partner) -> None:
        customer = has_one(partner)
        connection.close()
        for _turn in range(2):
            with transaction.atomic():
                assert live_counts([customer.pk], partner_id=partner.pk) == {customer.pk: 1}
                transaction.set_rollback(True)
        assert live_counts([customer.pk], partner_id=partner.pk) == {customer.pk: 1}

    def test_a_connection_that_the_server_ended_between_two_requests_is_made_anew(
        self, partner: Partner, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        customer = has_one(partner)
        monkeypatch.setitem(connection.settings_dict, "CONN_HEALTH_CHECKS", True)
        monkeypatch.setitem(connection.settings_dict, "CONN_MAX_AGE", 60)
        connection.close()
        assert live_counts([customer.pk], partner_id=partner.pk) == {customer.pk: 1}
        kill_the_connection()
        close_old_connections()
        assert live_counts([customer.pk], partner_id=partner.pk) == {customer.pk: 1}

    def test_a_lost_connection_fails_as_any_question_does(self, partner: Partner) -> None:
        customer = has_one(partner)
        kill_the_connection()
        with pytest.raises(DatabaseError):
            live_counts([customer.pk] * 4, partner_id=partner.pk)
        connection.close()
        assert live_counts([customer.pk] * 4, partner_id=partner.pk) == {customer.pk: 1}

    def test_a_broken_transaction_is_told_as_any_is(self, partner: Partner) -> None:
        question = Prepared(lambda ids, partner_id: Customer.objects.filter(pk__in=ids))
        with transaction.atomic():
            with pytest.raises(DatabaseError):
                asked("SELECT 1 / 0")
            with pytest.raises(DatabaseError):
                question.ask([uuid.uuid4()], partner_id=partner.pk)
            transaction.set_rollback(True)
        assert question.ask([uuid.uuid4()], partner_id=partner.pk) == []

    def test_a_connection_that_a_pooler_has_reset_plans_anew(self, partner: Partner) -> None:
        customer = has_one(partner)
        assert live_counts([customer.pk], partner_id=partner.pk) == {customer.pk: 1}
        asked("DISCARD ALL")
        assert live_counts([customer.pk], partner_id=partner.pk) == {customer.pk: 1}

    def test_a_migration_meanwhile_is_noticed(self, partner: Partner, nickname_as_before: None) -> None:
        customer = has_one(partner)
        subscription = Subscription.objects.get(customer=customer)
        question = Prepared(lambda ids, partner_id: Subscription.objects.sold_by(partner_id).filter(pk__in=ids))
        assert question.ask([subscription.pk], partner_id=partner.pk) == [subscription]
        asked("ALTER TABLE subscriptions_subscription ALTER COLUMN nickname TYPE varchar(120)")
        assert question.ask([subscription.pk], partner_id=partner.pk) == [subscription]

    def test_a_migration_under_a_transaction_fails_once(self, partner: Partner, nickname_as_before: None) -> None:
        has_one(partner)
        [subscription] = Subscription.objects.sold_by(partner.pk)
        question = Prepared(lambda ids, partner_id: Subscription.objects.sold_by(partner_id).filter(pk__in=ids))
        assert question.ask([subscription.pk], partner_id=partner.pk) == [subscription]
        asked("ALTER TABLE subscriptions_subscription ALTER COLUMN nickname TYPE varchar(120)")
        with pytest.raises(DatabaseError), transaction.atomic():
            question.ask([subscription.pk], partner_id=partner.pk)
        with transaction.atomic():
            assert question.ask([subscription.pk], partner_id=partner.pk) == [subscription]
            assert is_possible_by_target([subscription.pk], partner_id=partner.pk)
