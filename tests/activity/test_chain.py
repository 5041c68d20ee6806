"""The activity log cannot be rewritten: the database refuses it, and what goes around it is found."""

import datetime
import importlib
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from activity.chain import PLATFORM, content_digest
from activity.models import ActivityChain, ActivityRecord, ActivitySeal
from activity.operations import SYSTEM, record
from activity.sealing import Break, breaks, seal_activity
from customers.models import Customer
from tests.factories import ActivityRecordFactory, CustomerFactory
from tests.upgrades.submitting import and_close

pytestmark = pytest.mark.django_db

triggers = importlib.import_module("activity.migrations.0004_chained_and_append_only")


def write(count: int = 3, customer: Customer | None = None) -> list[ActivityRecord]:
    return [
        record(actor=SYSTEM, operation="water_the_plants", customer=customer, after={"number": number})
        for number in range(count)
    ]


def run(sql: str, *values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


def key(record_id: uuid.UUID) -> Any:
    return record_id if connection.vendor == "postgresql" else record_id.hex


def found() -> list[str]:
    return [str(one) for one in breaks() if isinstance(one, Break)]


def past_the_triggers(*statements: tuple[str, Any]) -> None:
    """Run these as somebody would who may change the database itself."""
    run("DROP TRIGGER activity_never_changed" + on_table())
    for sql, values in statements:
        run(sql, *values)


def on_table() -> str:
    return " ON activity_activityrecord" if connection.vendor == "postgresql" else ""


# The database refuses.


@pytest.fixture
def as_in_a_portal() -> None:
    """With the triggers that the tests otherwise do without."""
    statements = triggers.POSTGRESQL if connection.vendor == "postgresql" else triggers.SQLITE
    for statement in statements:
        if "activity_never_removed" in statement or "activity_never_emptied" in statement:
            run(statement)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE activity_activityrecord SET outcome = 'done'",
        "UPDATE activity_activityrecord SET id = id",
        "DELETE FROM activity_activityrecord",
        "TRUNCATE activity_activityrecord",
    ],
)
@pytest.mark.usefixtures("as_in_a_portal")
def test_the_database_refuses_to_change_or_remove_a_record(sql: str) -> None:
    write()
    before = list(ActivityRecord.objects.order_by("pk").values())
    if sql.startswith("TRUNCATE") and connection.vendor == "sqlite":
        return
    with pytest.raises(DatabaseError), transaction.atomic():
        run(sql)
    assert list(ActivityRecord.objects.order_by("pk").values()) == before


# Each record is a link.


def test_what_concerns_a_customer_is_a_chain_of_its_own() -> None:
    customer = CustomerFactory()
    of_customer, of_platform = write(3, customer), write(2)
    assert [one.number for one in of_customer] == [1, 2, 3]
    assert {one.chain_id for one in of_customer} == {customer.pk}
    assert {one.chain_id for one in of_platform} == {PLATFORM}
    assert ActivityChain.objects.get(pk=customer.pk).digest == of_customer[-1].digest
    assert found() == []


def test_a_partners_records_without_a_customer_are_one_too() -> None:
    partner_id = uuid.uuid4()
    assert ActivityRecordFactory(partner_id=partner_id).chain_id == partner_id


def test_what_is_rolled_back_leaves_no_gap() -> None:
    write(1)
    with transaction.atomic():
        write(2)
        transaction.set_rollback(True)
    write(1)
    assert sorted(ActivityRecord.objects.values_list("number", flat=True)) == [1, 2]
    assert found() == []


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)
    | st.datetimes(timezones=st.just(datetime.UTC))
    | st.uuids(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abé中", max_size=3), inner, max_size=3),
    max_leaves=8,
)


STATES = st.none() | st.dictionaries(st.text("ab", max_size=2), JSON, max_size=3)


@given(before=STATES, words=st.text("aé中", max_size=9))
def test_what_the_database_gives_back_has_the_digest_of_what_was_written(before: Any, words: str) -> None:
    kept = record(actor=SYSTEM, operation="water_the_plants", before=before, after={"words": words})
    assert content_digest(kept) == content_digest(ActivityRecord.objects.get(pk=kept.pk))


# What goes around the database is found.

TABLE = "activity_activityrecord"
Tampering = Callable[[list[ActivityRecord]], list[tuple[str, Any]]]
TAMPERINGS: dict[str, tuple[Tampering, str]] = {
    "altered": (
        lambda rows: [(f"UPDATE {TABLE} SET actor_name = 'nobody' WHERE id = %s", [key(rows[1].pk)])],
        "record 2: it was altered",
    ),
    "removed": (lambda rows: [(f"DELETE FROM {TABLE} WHERE id = %s", [key(rows[1].pk)])], "record 2: it is missing"),
    "the first removed": (
        lambda rows: [(f"DELETE FROM {TABLE} WHERE id = %s", [key(rows[0].pk)])],
        "record 1: it is missing",
    ),
    "the newest removed": (
        lambda rows: [(f"DELETE FROM {TABLE} WHERE id = %s", [key(rows[-1].pk)])],
        "record 4: it is missing",
    ),
    "removed and numbered anew": (
        lambda rows: [
            (f"DELETE FROM {TABLE} WHERE id = %s", [key(rows[1].pk)]),
            (f"UPDATE {TABLE} SET number = 2 WHERE id = %s", [key(rows[2].pk)]),
        ],
        "record 2: it was altered",
    ),
    "two swapped": (
        lambda rows: [
            (f"UPDATE {TABLE} SET number = 9 WHERE id = %s", [key(rows[1].pk)]),
            (f"UPDATE {TABLE} SET number = 2 WHERE id = %s", [key(rows[2].pk)]),
            (f"UPDATE {TABLE} SET number = 3 WHERE id = %s", [key(rows[1].pk)]),
        ],
        "record 2: it was altered",
    ),
    "the newest removed and the head with it": (
        lambda rows: [
            (f"DELETE FROM {TABLE} WHERE id = %s", [key(rows[-1].pk)]),
            ("UPDATE activity_activitychain SET length = 3, digest = %s", [rows[2].digest]),
        ],
        "record 4: it is not as it was sealed",
    ),
    "all removed": (lambda rows: [(f"DELETE FROM {TABLE}", [])], "record 1: it is missing"),
    "all removed and the head with them": (
        lambda rows: [(f"DELETE FROM {TABLE}", []), ("DELETE FROM activity_activitychain", [])],
        "record 0: the chains are not as they were sealed",
    ),
    "the head removed": (
        lambda rows: [("DELETE FROM activity_activitychain", [])],
        "record 4: the head of the chain is missing",
    ),
}


@pytest.mark.parametrize("case", TAMPERINGS)
def test_tampering_is_found(case: str) -> None:
    tamper, words = TAMPERINGS[case]
    rows = write(4, CustomerFactory())
    seal_activity()
    assert found() == []
    past_the_triggers(*tamper(rows))
    assert any(words in told for told in found()), found()


def test_later_records_do_not_break_a_seal() -> None:
    customer = CustomerFactory()
    write(3, customer)
    seal_activity()
    write(2, customer)
    write(2, CustomerFactory())
    assert found() == []
    assert seal_activity().records == 7


def test_the_commands_say_what_they_found() -> None:
    rows = write(3)
    said = StringIO()
    call_command("seal_activity", stdout=said)
    assert said.getvalue().split()[1:] == ["1", "chains", "3", "records", ActivitySeal.objects.get().digest]
    call_command("verify_activity", stdout=said)
    assert said.getvalue().endswith("3 records, each as it was written\n")
    past_the_triggers((f"UPDATE {TABLE} SET operation = 'x' WHERE id = %s", [key(rows[0].pk)]))
    told = StringIO()
    with pytest.raises(CommandError, match="1 of the chains do not hold"):
        call_command("verify_activity", stdout=said, stderr=told)
    assert f"chain {PLATFORM}, record 1: it was altered (id {rows[0].pk})" in told.getvalue()


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_written_at_once_they_are_one_chain() -> None:
    customer = CustomerFactory()
    with ThreadPoolExecutor(max_workers=20) as pool:
        list(pool.map(and_close(lambda _: write(5, customer)), range(20)))
    assert found() == []
    assert ActivityChain.objects.get().length == 100
