"""The database keeps the name and domain that a relationship carries equal to its customer's, and, on
PostgreSQL, an index of the letter pairs of both, one set for each partner, for searching by any piece."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

POSTGRESQL = [
    """
    CREATE FUNCTION customers_carry_name() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        SELECT name_key, lower(domain) INTO NEW.name_key, NEW.domain
        FROM customers_customer WHERE id = NEW.customer_id;
        RETURN NEW;
    END $$
    """,
    """
    CREATE TRIGGER relationship_carries_name BEFORE INSERT OR UPDATE OF customer_id, name_key, domain
    ON customers_resellerrelationship FOR EACH ROW EXECUTE FUNCTION customers_carry_name()
    """,
    """
    CREATE FUNCTION customers_pass_name_on() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        UPDATE customers_resellerrelationship SET name_key = NEW.name_key WHERE customer_id = NEW.id;
        RETURN NULL;
    END $$
    """,
    """
    CREATE TRIGGER customer_passes_name_on AFTER UPDATE OF name_key, domain ON customers_customer
    FOR EACH ROW WHEN (OLD.name_key <> NEW.name_key OR OLD.domain <> NEW.domain)
    EXECUTE FUNCTION customers_pass_name_on()
    """,
    # Pairs of the suffix that nearly every domain ends with tell nothing apart; single characters are kept
    # only where they are rare (Chinese ones above all).
    """
    CREATE FUNCTION portal_search_pairs(partner uuid, words text) RETURNS integer[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
        SELECT coalesce(array_agg(DISTINCT hashtext(partner::text || piece)), '{}')
        FROM (
            SELECT substr(words, place, 2) AS piece FROM generate_series(1, length(words) - 1) AS place
            UNION ALL
            SELECT letter FROM regexp_split_to_table(words, '') AS letter
            WHERE position(letter IN 'abcdefghijklmnopqrstuvwxyz0123456789.- ') = 0
        ) AS pieces
        WHERE position(E'\\n' IN piece) = 0 AND position(piece IN '.partner.onmschina.cn') = 0
    $$
    """,
    """
    ALTER TABLE customers_resellerrelationship ADD COLUMN search_pairs integer[]
    GENERATED ALWAYS AS (portal_search_pairs(partner_id, name_key || E'\\n' || domain)) STORED
    """,
    "CREATE INDEX relationship_search ON customers_resellerrelationship USING gin (search_pairs)",
]
POSTGRESQL_BACK = [
    "ALTER TABLE customers_resellerrelationship DROP COLUMN search_pairs",
    "DROP FUNCTION portal_search_pairs(uuid, text)",
    "DROP TRIGGER customer_passes_name_on ON customers_customer",
    "DROP FUNCTION customers_pass_name_on()",
    "DROP TRIGGER relationship_carries_name ON customers_resellerrelationship",
    "DROP FUNCTION customers_carry_name()",
]
_COPY = """
    UPDATE customers_resellerrelationship SET
        name_key = (SELECT name_key FROM customers_customer WHERE id = customer_id),
        domain = (SELECT lower(domain) FROM customers_customer WHERE id = customer_id)
"""
SQLITE = [
    f"""
    CREATE TRIGGER relationship_carries_name AFTER INSERT ON customers_resellerrelationship
    BEGIN {_COPY} WHERE id = NEW.id; END
    """,  # noqa: S608 - constant text
    f"""
    CREATE TRIGGER relationship_keeps_name AFTER UPDATE OF customer_id, name_key, domain
    ON customers_resellerrelationship
    WHEN NEW.name_key <> (SELECT name_key FROM customers_customer WHERE id = NEW.customer_id)
      OR NEW.domain <> (SELECT lower(domain) FROM customers_customer WHERE id = NEW.customer_id)
    BEGIN {_COPY} WHERE id = NEW.id; END
    """,  # noqa: S608
    f"""
    CREATE TRIGGER customer_passes_name_on AFTER UPDATE OF name_key, domain ON customers_customer
    WHEN OLD.name_key <> NEW.name_key OR OLD.domain <> NEW.domain
    BEGIN {_COPY} WHERE customer_id = NEW.id; END
    """,  # noqa: S608
]
SQLITE_BACK = [
    "DROP TRIGGER customer_passes_name_on",
    "DROP TRIGGER relationship_keeps_name",
    "DROP TRIGGER relationship_carries_name",
]


def forwards(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Create the triggers."""
    for statement in POSTGRESQL if schema_editor.connection.vendor == "postgresql" else SQLITE:
        schema_editor.execute(statement, params=None)


def backwards(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Drop the triggers."""
    for statement in POSTGRESQL_BACK if schema_editor.connection.vendor == "postgresql" else SQLITE_BACK:
        schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):
    """A partner's customer list is one index scan; its order and its words cannot drift."""

    dependencies = [("customers", "0001_initial")]

    operations = [migrations.RunPython(forwards, backwards)]
