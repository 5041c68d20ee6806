"""The activity log cannot be rewritten: the database refuses it, and what goes around it is found."""

import datetime
import importlib
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from activity import sealing
from activity.chain import PLATFORM, content_digest, linked
from activity.guards import missing_triggers
from activity.models import ActivityChain, ActivityRecord, ActivitySeal, ActorKind
from activity.operations import SYSTEM, Actor, record
from activity.sealing import Break, breaks, printed, seal_activity
from customers.models import Customer
from tests.databases import EMPTYING_TRIGGERS, drop_triggers, triggers
from tests.factories import ActivityRecordFactory, CustomerFactory
from tests.upgrades.submitting import and_close

pytestmark = pytest.mark.django_db

of_records = importlib.import_module("activity.migrations.0004_chained_and_append_only")
of_seals = importlib.import_module("activity.migrations.0005_seals_that_hold_each_other")


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
    drop_triggers(
        {
            "activity_never_changed": "activity_activityrecord",
            "activity_chain_only_grows": "activity_activitychain",
            "activity_seal_never_changed": "activity_activityseal",
            "activity_sealed_never_changed": "activity_sealedchain",
            **EMPTYING_TRIGGERS,
        }
    )
    for sql, values in statements:
        run(sql, *values)


# The database refuses.


@pytest.fixture
def as_in_a_portal() -> None:
    """With the triggers that the tests otherwise do without."""
    statements = of_records.POSTGRESQL if connection.vendor == "postgresql" else of_records.SQLITE
    for statement in [*statements, *of_seals.statements(connection.vendor).values()]:
        if any(f"TRIGGER {name} " in statement for name in EMPTYING_TRIGGERS):
            run(statement)


TABLES = ["activity_activityrecord", "activity_activitychain", "activity_activityseal", "activity_sealedchain"]


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("sql", ["UPDATE {} SET id = id", "UPDATE {} SET digest = ''", "DELETE FROM {}", "TRUNCATE {}"])
@pytest.mark.usefixtures("as_in_a_portal")
def test_the_database_refuses_to_change_or_remove_what_is_recorded(table: str, sql: str) -> None:
    if sql.startswith("TRUNCATE") and connection.vendor == "sqlite":
        return
    write()
    seal_activity()
    before = rows_of(table)
    with pytest.raises(DatabaseError), transaction.atomic():
        run(sql.format(f"{table} CASCADE" if sql.startswith("TRUNCATE") else table))
    assert rows_of(table) == before != []


@pytest.mark.parametrize("change", ["length = length - 1", "length = length + 2", "length = 0, digest = ''"])
def test_a_chain_only_grows_and_record_by_record(change: str) -> None:
    write()
    with pytest.raises(DatabaseError), transaction.atomic():
        run(f"UPDATE activity_activitychain SET {change}")
    assert ActivityChain.objects.get().length == 3


def rows_of(table: str) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {table} ORDER BY id")
        return list(cursor.fetchall())


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


# Whatever Python can hold: NUL and half a character too, which PostgreSQL refuses.
TEXT = st.characters(exclude_categories=[]) | st.sampled_from("\0\ud800\u202e\uffff'\"\\")
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.floats()
    | st.text(TEXT, max_size=20)
    | st.datetimes(timezones=st.just(datetime.UTC))
    | st.uuids(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(TEXT, max_size=3), inner, max_size=3),
    max_leaves=8,
)


STATES = st.none() | st.dictionaries(st.text("ab", max_size=2), JSON, max_size=3)


@given(before=STATES, words=st.text(TEXT, max_size=9))
def test_what_the_database_gives_back_has_the_digest_of_what_was_written(before: Any, words: str) -> None:
    actor = Actor(kind=ActorKind.STAFF, name=words)
    kept = record(actor=actor, operation="water_the_plants", before=before, after={"words": words}, reasons=[words])
    stored = ActivityRecord.objects.get(pk=kept.pk)
    assert content_digest(kept) == content_digest(stored)
    assert (kept.before, kept.after, kept.actor_name) == (stored.before, stored.after, stored.actor_name)


# What goes around the database is found.

TABLE = "activity_activityrecord"
Tampering = Callable[[list[ActivityRecord]], list[tuple[str, Any]]]
COLUMNS = ", ".join(
    field.attname for field in ActivityRecord._meta.concrete_fields if field.attname not in {"id", "number"}
)
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
    "said to be of a program": (
        lambda rows: [(f"UPDATE {TABLE} SET application = 'an id' WHERE id = %s", [key(rows[1].pk)])],
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
    "one inserted": (
        lambda rows: [
            (
                f"INSERT INTO {TABLE} ({COLUMNS}, id, number) SELECT {COLUMNS}, %s, 5 FROM {TABLE} WHERE id = %s",
                [key(uuid.UUID(int=5)), key(rows[1].pk)],
            )
        ],
        "record 5: it was altered",
    ),
    "moved to another chain": (
        lambda rows: [
            (f"UPDATE {TABLE} SET chain_id = %s", [key(PLATFORM)]),
            ("UPDATE activity_activitychain SET id = %s", [key(PLATFORM)]),
        ],
        "record 1: it was altered",
    ),
    "the newest removed and the head with it": (
        lambda rows: [
            (f"DELETE FROM {TABLE} WHERE id = %s", [key(rows[-1].pk)]),
            ("UPDATE activity_activitychain SET length = 3, digest = %s", [rows[2].digest]),
        ],
        "record 4: it is missing since it was sealed (seal 1)",
    ),
    "all written anew": (
        lambda rows: written_anew(rows),  # noqa: PLW0108 - it stands below
        "record 4: it is not as it was sealed (seal 1)",
    ),
    "all removed": (lambda rows: [(f"DELETE FROM {TABLE}", [])], "record 1: it is missing"),
    "all removed and the head with them": (
        lambda rows: [(f"DELETE FROM {TABLE}", []), ("DELETE FROM activity_activitychain", [])],
        "record 1: it is missing since it was sealed (seal 1)",
    ),
    "the head removed": (
        lambda rows: [("DELETE FROM activity_activitychain", [])],
        "record 4: the head of the chain is missing",
    ),
    "the head altered": (
        lambda rows: [("UPDATE activity_activitychain SET digest = %s", ["0" * 64])],
        "record 4: the head of the chain is not as it was left",
    ),
    "sealed anew": (
        lambda rows: [
            *written_anew(rows),
            ("UPDATE activity_sealedchain SET digest = (SELECT digest FROM activity_activitychain)", []),
        ],
        "seal 1: it is not as it was made",
    ),
    "all of it removed, as sealed too": (
        lambda rows: [
            (f"DELETE FROM {TABLE}", []),
            ("DELETE FROM activity_activitychain", []),
            ("DELETE FROM activity_sealedchain", []),
        ],
        "seal 1: it is not as it was made",
    ),
    "a seal altered": (
        lambda rows: [("UPDATE activity_activityseal SET records = 3", [])],
        "seal 1: it is not as it was made",
    ),
}


def written_anew(rows: list[ActivityRecord]) -> list[tuple[str, Any]]:
    """The last record says something else, and the chain is made to hold again."""
    rows[3].operation = "nothing_happened"
    digest = linked(rows[2].digest, content_digest(rows[3]))
    return [
        (f"UPDATE {TABLE} SET operation = %s, digest = %s WHERE id = %s", [rows[3].operation, digest, key(rows[3].pk)]),
        ("UPDATE activity_activitychain SET digest = %s", [digest]),
    ]


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
    first = seal_activity()
    write(2, customer)
    write(2, CustomerFactory())
    assert found() == []
    second, third = seal_activity(), seal_activity()
    assert [(one.pk, one.chains, one.records) for one in (first, second, third)] == [(1, 1, 3), (2, 2, 7), (3, 0, 7)]
    assert found() == []


def test_what_was_sealed_first_is_still_held_by_the_first_seal() -> None:
    rows = write(4)
    seal_activity()
    write(1)
    seal_activity()
    past_the_triggers(
        (f"DELETE FROM {TABLE} WHERE number > 3", []),
        ("UPDATE activity_activitychain SET length = 3, digest = %s", [rows[2].digest]),
        ("DELETE FROM activity_sealedchain WHERE seal_id = 2", []),
        ("DELETE FROM activity_activityseal WHERE id = 2", []),
    )
    assert found() == [f"chain {PLATFORM}, record 4: it is missing since it was sealed (seal 1)"]


def test_a_seal_in_the_middle_that_is_gone_is_missed() -> None:
    for _ in range(3):
        write(1)
        seal_activity()
    past_the_triggers(
        ("DELETE FROM activity_sealedchain WHERE seal_id = 2", []),
        ("DELETE FROM activity_activityseal WHERE id = 2", []),
    )
    assert found() == ["seal 2: it is missing"]


@pytest.mark.usefixtures("as_in_a_portal")
def test_copies_of_seals_vouch_for_the_seals(tmp_path: Path) -> None:
    write(2)
    copies = tmp_path / "seals"
    copies.write_text(f"{printed(seal_activity())}\n\n{printed(seal_activity())}\n")
    verified(seals=copies)
    past_the_triggers(
        (f"DELETE FROM {TABLE}", []),
        ("DELETE FROM activity_activitychain", []),
        ("DELETE FROM activity_sealedchain", []),
        ("DELETE FROM activity_activityseal", []),
    )
    assert found() == []
    write(1)
    seal_activity()
    told = StringIO()
    with pytest.raises(CommandError, match="2 of the chains and seals do not hold"):
        verified(seals=copies, stderr=told)
    assert [line for line in told.getvalue().splitlines() if line.startswith("seal")] == [
        "seal 1: it is not as it was copied",
        "seal 2: it is missing, of which there is a copy",
    ]


@pytest.mark.parametrize("line", ["x", "1 2026-05-04 3 chains 4 records abc", "\0", "9" * 10_000, f"one {'0' * 64}"])
def test_a_line_that_is_no_seal_is_named(tmp_path: Path, line: str) -> None:
    copies = tmp_path / "seals"
    copies.write_text(f"\n{line}\n")
    with pytest.raises(CommandError, match="Line 2 of the seals"):
        verified(seals=copies)


def test_seals_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    (tmp_path / "seals").write_bytes(b"\xff")
    for unreadable in (tmp_path / "seals", tmp_path / "nothing", tmp_path):
        with pytest.raises(CommandError, match="The seals cannot be read"):
            verified(seals=unreadable)


def verified(*, seals: Path, stderr: StringIO | None = None) -> None:
    call_command("verify_activity", f"--seals={seals}", stdout=StringIO(), stderr=stderr or StringIO())


@pytest.mark.usefixtures("as_in_a_portal")
def test_the_commands_say_what_they_found() -> None:
    rows = write(3)
    said = StringIO()
    call_command("seal_activity", stdout=said)
    seal = ActivitySeal.objects.get()
    assert said.getvalue() == f"1 {seal.at.isoformat()} 1 chains 3 records {seal.digest}\n"
    call_command("verify_activity", stdout=said)
    assert said.getvalue().endswith("3 records, each as it was written\n")
    past_the_triggers((f"UPDATE {TABLE} SET operation = 'x' WHERE id = %s", [key(rows[0].pk)]))
    told = StringIO()
    with pytest.raises(CommandError, match="1 of the chains and seals do not hold"):
        call_command("verify_activity", stdout=said, stderr=told)
    assert f"chain {PLATFORM}, record 1: it was altered (id {rows[0].pk})" in told.getvalue()


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.usefixtures("as_in_a_portal")
def test_triggers_that_are_missing_are_named(table: str) -> None:
    write(2)
    assert missing_triggers() == []
    names = [name for name in sorted(triggers()) if name.startswith("activity_") and table_of(name) == table]
    assert len(names) == (3 if connection.vendor == "postgresql" else 2)
    drop_triggers(dict.fromkeys(names[1:], table))
    assert sorted(missing_triggers()) == names[1:]
    told = StringIO()
    with pytest.raises(CommandError, match=r"each as it was written, but [12] triggers"):
        call_command("verify_activity", stdout=StringIO(), stderr=told)
    assert f"trigger {names[-1]}: it is missing or disabled" in told.getvalue()


@pytest.mark.postgresql
@pytest.mark.usefixtures("as_in_a_portal")
def test_triggers_that_are_switched_off_are_named() -> None:
    run("ALTER TABLE activity_activityseal DISABLE TRIGGER USER")
    assert missing_triggers() == [f"activity_seal_never_{what}" for what in ("changed", "removed", "emptied")]


def table_of(trigger: str) -> str:
    what = trigger.removeprefix("activity_").split("_")[0]
    tables = dict(zip(("chain", "seal", "sealed"), TABLES[1:], strict=True))
    return tables.get(what, TABLES[0])


def test_the_first_break_of_each_of_many_chains_is_told() -> None:
    customers = [CustomerFactory() for _ in range(30)]
    rows = [row for customer in customers for row in write(40, customer)]
    seal_activity()
    assert [*breaks()] == [1200]
    broken = sorted([rows[5], rows[45], rows[1199]], key=lambda row: row.chain_id)
    past_the_triggers(
        *[(f"UPDATE {TABLE} SET outcome = 'refused' WHERE id = %s", [key(row.pk)]) for row in broken],
        (f"UPDATE {TABLE} SET outcome = 'refused' WHERE id = %s", [key(rows[7].pk)]),
    )
    assert found() == [f"chain {row.chain_id}, record {row.number}: it was altered (id {row.pk})" for row in broken]


@pytest.mark.django_db(transaction=True)
def test_what_is_written_meanwhile_is_no_break(monkeypatch: pytest.MonkeyPatch) -> None:
    first, *customers, unknown = sorted((CustomerFactory() for _ in range(5)), key=lambda one: one.pk)
    for customer in (first, *customers):
        write(2, customer)
    seal_activity()
    monkeypatch.setattr(sealing, "ROWS_AT_ONCE", 1)
    with closing(breaks()) as going_on, ThreadPoolExecutor(max_workers=1) as another:
        assert next(going_on) == 1
        list(another.map(and_close(lambda customer: write(1, customer)), [first, customers[-1], unknown]))
        assert [one for one in going_on if isinstance(one, Break)] == []
    assert [*breaks()][-1] == 11


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_written_at_once_they_are_one_chain() -> None:
    customer = CustomerFactory()
    with ThreadPoolExecutor(max_workers=20) as pool:
        list(pool.map(and_close(lambda _: write(5, customer)), range(20)))
    assert found() == []
    assert ActivityChain.objects.get().length == 100
