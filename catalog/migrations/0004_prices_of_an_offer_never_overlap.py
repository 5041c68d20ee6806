"""What a constraint on one row cannot say: an offer has at most one price in a currency on a day.

An exclusion constraint would need an extension on PostgreSQL, and SQLite knows none.
"""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

_OVERLAPS = """
    EXISTS (
        SELECT 1 FROM catalog_price AS other
        WHERE other.offer_id = NEW.offer_id AND other.currency = NEW.currency AND other.id <> NEW.id
            AND (NEW.valid_until IS NULL OR other.valid_from <= NEW.valid_until)
            AND (other.valid_until IS NULL OR other.valid_until >= NEW.valid_from)
    )
"""
# Whoever adds a price at the same moment waits for the lock on the offer, and then sees this one.
POSTGRESQL = [
    f"""
    CREATE FUNCTION catalog_price_alone() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM 1 FROM catalog_offer WHERE id = NEW.offer_id FOR NO KEY UPDATE;
        IF {_OVERLAPS} THEN
            RAISE EXCEPTION 'an offer has one price in a currency on a day' USING ERRCODE = 'exclusion_violation';
        END IF;
        RETURN NULL;
    END $$
    """,
    """
    CREATE TRIGGER price_alone AFTER INSERT OR UPDATE OF offer_id, currency, valid_from, valid_until ON catalog_price
    FOR EACH ROW EXECUTE FUNCTION catalog_price_alone()
    """,
]
POSTGRESQL_BACK = ["DROP TRIGGER price_alone ON catalog_price", "DROP FUNCTION catalog_price_alone()"]
_REFUSE = f"WHEN {_OVERLAPS} BEGIN SELECT RAISE(ABORT, 'an offer has one price in a currency on a day'); END"
SQLITE = [
    f"CREATE TRIGGER price_alone_new AFTER INSERT ON catalog_price {_REFUSE}",
    f"""
    CREATE TRIGGER price_alone_changed AFTER UPDATE OF offer_id, currency, valid_from, valid_until ON catalog_price
    {_REFUSE}
    """,
]
SQLITE_BACK = ["DROP TRIGGER price_alone_changed", "DROP TRIGGER price_alone_new"]


def forwards(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Create the triggers."""
    for statement in POSTGRESQL if schema_editor.connection.vendor == "postgresql" else SQLITE:
        schema_editor.execute(statement, params=None)


def backwards(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Drop the triggers."""
    for statement in POSTGRESQL_BACK if schema_editor.connection.vendor == "postgresql" else SQLITE_BACK:
        schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):
    """No code path can store two prices for one day."""

    dependencies = [("catalog", "0003_add_on_offers_and_prices")]

    operations = [migrations.RunPython(forwards, backwards)]
