"""Fills an activity log, by millions in minutes: records that a portal could have written, each a link of its chain.

All are of the largest partner, one every twelve seconds up to a fixed moment. Every twentieth is of one customer, the
others of all the rest. How often something was done does not depend on how many records there are, so that the same
page shows the same number of lines of a short log and of a long one.
"""

import uuid
from dataclasses import dataclass

import psycopg
from psycopg import sql
from rich.progress import track

from benchmarks.database import without_indexes
from benchmarks.portfolio import LARGEST, partner_ids

AT_ONCE = 100_000
PEOPLE = 20
RECORDS, HEADS = "activity_activityrecord", "activity_activitychain"

# One statement a block of records. Their content is written as `activity.chain` writes it: JSON without spaces, in
# the order of the columns. The first link of each chain in a block is its head as the blocks before left it.
PREPARE = """
    CREATE FUNCTION bench_link(digest text, next text, is_head boolean) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$
    BEGIN
        RETURN CASE WHEN is_head THEN next ELSE encode(sha256(convert_to(digest || next, 'UTF8')), 'hex') END;
    END $$;
    CREATE AGGREGATE bench_chained(text, boolean) (sfunc = bench_link, stype = text, initcond = '');
    CREATE FUNCTION bench_json(value text) RETURNS text IMMUTABLE LANGUAGE sql AS
        $$ SELECT CASE WHEN value = '' THEN '""' ELSE to_json(value)::text END $$;
    CREATE TEMPORARY TABLE bench_customer AS
        SELECT row_number() OVER (ORDER BY c.id) - 1 AS place, c.id, c.company_name AS name
        FROM customers_customer AS c JOIN customers_resellerrelationship AS r ON r.customer_id = c.id
        WHERE r.partner_id = %(partner)s AND c.company_name ~ '^[ -~]+$';
    ALTER TABLE bench_customer ADD PRIMARY KEY (place);
    CREATE TEMPORARY TABLE bench_person AS
        SELECT row_number() OVER (ORDER BY id) - 1 AS place, id, name
        FROM partners_staff WHERE partner_id = %(partner)s;
    ANALYZE bench_customer;
    ANALYZE bench_person;
"""
WRITE = """
    WITH numbered AS (
        SELECT n, timestamptz '2026-11-01 00:00:00+00' - (%(all)s - n) * interval '12 seconds' AS at,
            CASE WHEN n %% 20 = 0 THEN 0 ELSE 1 + n * 7919 %% (SELECT count(*) - 1 FROM bench_customer) END AS customer,
            n * 31 %% (SELECT count(*) FROM bench_person) AS person,
            n %% 10 = 3 AS is_system, n %% 100 = 7 AS is_refused, 1 + n %% 300 AS quantity,
            CASE
                WHEN n %% 10 = 3 THEN 'provision_subscription' WHEN n %% 150 = 11 THEN 'change_billing'
                WHEN n %% 3 = 0 THEN 'change_licences' ELSE 'upgrade_subscription'
            END AS operation
        FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n
    ), told AS (
        SELECT n, at, md5(n::text)::uuid AS id, CASE WHEN is_system THEN 'system' ELSE 'staff' END AS actor_kind,
            CASE WHEN is_system THEN NULL ELSE p.id END AS actor_id,
            CASE WHEN is_system THEN '' ELSE p.name END AS actor_name,
            CASE WHEN is_system THEN '' ELSE '203.0.113.' || n %% 200 END AS address,
            operation, c.id AS customer_id, c.name AS customer_name, md5('resource' || n) AS resource_id,
            '{"offer":"Office 365 Business Premium","quantity":' || quantity || '}' AS before,
            '{"offer":"Office 365 Enterprise E3","quantity":' || quantity + n %% 2 || '}' AS after,
            CASE WHEN is_refused THEN 'refused' ELSE 'done' END AS outcome,
            CASE WHEN is_refused THEN '["quantity_below_minimum"]' ELSE '[]' END AS reasons,
            md5('correlation' || n)::uuid AS correlation_id
        FROM numbered JOIN bench_customer AS c ON c.place = customer JOIN bench_person AS p ON p.place = person
    ), hashed AS (
        SELECT *, encode(sha256(convert_to('["' || id || '","'
            || to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US') || '+00:00","'
            || %(partner)s::uuid || '",' || bench_json(%(partner_name)s) || ',"' || actor_kind || '",'
            || coalesce('"' || actor_id || '"', 'null') || ',' || bench_json(actor_name) || ',"' || address || '","'
            || operation || '","' || customer_id || '",' || bench_json(customer_name) || ',"subscription","'
            || resource_id || '",' || before || ',' || after || ',"' || outcome || '",' || reasons || ',"'
            || correlation_id || '"]', 'UTF8')), 'hex') AS content
        FROM told
    ), links AS (
        SELECT n, customer_id AS chain_id, content AS link, false AS is_head FROM hashed
        UNION ALL
        SELECT 0, id, digest, true FROM activity_activitychain
    ), chained AS (
        SELECT n, chain_id, bench_chained(link, is_head) OVER chain AS digest,
            count(*) FILTER (WHERE NOT is_head) OVER chain AS place
        FROM links WINDOW chain AS (PARTITION BY chain_id ORDER BY n)
    ), written AS (
        INSERT INTO activity_activityrecord (
            id, at, partner_id, partner_name, actor_kind, actor_id, actor_name, address, operation, customer_id,
            customer_name, resource_type, resource_id, before, after, outcome, reasons, correlation_id, chain_id,
            number, digest
        )
        SELECT hashed.id, at, %(partner)s, %(partner_name)s, actor_kind, actor_id, actor_name, address, operation,
            customer_id, customer_name, 'subscription', resource_id, before::jsonb, after::jsonb, outcome,
            reasons::jsonb, correlation_id, customer_id, coalesce(h.length, 0) + place, c.digest
        FROM hashed JOIN chained AS c USING (n) LEFT JOIN activity_activitychain AS h ON h.id = c.chain_id
        WHERE n > 0
        ORDER BY n
        RETURNING chain_id, number, digest
    )
    INSERT INTO activity_activitychain (id, length, digest)
    SELECT DISTINCT ON (chain_id) chain_id, number, digest FROM written ORDER BY chain_id, number DESC
    ON CONFLICT (id) DO UPDATE SET length = excluded.length, digest = excluded.digest
"""


@dataclass(frozen=True)
class Cast:
    """Who and what the pages are asked for: somebody on the staff, and the customer of every twentieth record."""

    person_id: uuid.UUID
    customer_id: uuid.UUID
    customer_domain: str


def write_records(address: str, count: int) -> Cast:
    """Write so many records into a database that has a portfolio; secondary indexes are made afterwards."""
    partner = {"partner": partner_ids()[LARGEST], "partner_name": f"Partner {LARGEST:03}"}
    with psycopg.connect(address, autocommit=True, cursor_factory=psycopg.ClientCursor) as connection:
        # Heads of chains grow one by one in a portal; here by blocks.
        connection.execute("SET session_replication_role = replica")
        connection.execute("SET maintenance_work_mem = '512MB'; SET work_mem = '256MB'")
        _hire(connection, partner["partner"])
        connection.execute(PREPARE, partner)
        with without_indexes(connection, [RECORDS]):
            for first in track(range(1, count + 1, AT_ONCE), f"Writing {count:,} records"):
                block = {"first": first, "last": min(first + AT_ONCE - 1, count), "all": count}
                connection.execute(WRITE, {**partner, **block})
        connection.execute(sql.SQL("VACUUM (ANALYZE, FREEZE) {}, {}").format(*map(sql.Identifier, (RECORDS, HEADS))))
        connection.execute("CHECKPOINT")
        return _cast(connection)


def _hire(connection: psycopg.Connection, partner: str) -> None:
    """More people of the partner; nobody signs in as one of them."""
    connection.execute(
        """
        INSERT INTO partners_staff (id, email, name, partner_id, password, date_joined, is_staff, is_superuser,
            language, time_zone, theme, is_active)
        SELECT md5('person' || n)::uuid, 'person' || n || '@largest.example', 'Person ' || n, %s, '!', now(), false,
            false, 'en', 'UTC', 'auto', true
        FROM generate_series(101, 100 + %s) AS n
        """,
        [partner, PEOPLE - 1],
    )


def _cast(connection: psycopg.Connection) -> Cast:
    asked = """
        SELECT p.id, c.id, (SELECT domain FROM customers_customer WHERE id = c.id)
        FROM bench_person AS p, bench_customer AS c WHERE p.place = 7 AND c.place = 0
    """
    row = connection.execute(asked).fetchone()
    assert row is not None
    return Cast(*row)
