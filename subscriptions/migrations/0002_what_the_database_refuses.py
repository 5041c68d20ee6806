"""What a constraint on one row cannot say: the offer's maximum, the parent's customer, the end of a deleted one."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

POSTGRESQL = [
    """
    CREATE FUNCTION subscriptions_quantity() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NEW.quantity > (SELECT maximum_quantity FROM catalog_offer WHERE id = NEW.offer_id) THEN
            RAISE EXCEPTION 'more licences than the offer allows' USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END $$
    """,
    """
    CREATE TRIGGER subscription_quantity_new BEFORE INSERT ON subscriptions_subscription
    FOR EACH ROW EXECUTE FUNCTION subscriptions_quantity()
    """,
    """
    CREATE TRIGGER subscription_quantity_changed BEFORE UPDATE OF quantity, offer_id ON subscriptions_subscription
    FOR EACH ROW WHEN (OLD.quantity <> NEW.quantity OR OLD.offer_id <> NEW.offer_id)
    EXECUTE FUNCTION subscriptions_quantity()
    """,
    """
    CREATE FUNCTION subscriptions_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'a deleted subscription never changes again' USING ERRCODE = 'check_violation';
    END $$
    """,
    """
    CREATE TRIGGER subscription_deleted_stays BEFORE UPDATE ON subscriptions_subscription
    FOR EACH ROW WHEN (OLD.status = 'deleted' AND OLD IS DISTINCT FROM NEW) EXECUTE FUNCTION subscriptions_deleted()
    """,
    """
    CREATE FUNCTION subscriptions_parent() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF EXISTS (
            SELECT 1 FROM subscriptions_subscription AS child
            JOIN subscriptions_subscription AS parent ON parent.id = child.parent_id
            WHERE (child.id = NEW.id OR child.parent_id = NEW.id) AND child.customer_id <> parent.customer_id
        ) THEN
            RAISE EXCEPTION 'an add-on and its parent belong to one customer' USING ERRCODE = 'check_violation';
        END IF;
        RETURN NULL;
    END $$
    """,
    """
    CREATE CONSTRAINT TRIGGER subscription_parent_new AFTER INSERT ON subscriptions_subscription
    DEFERRABLE INITIALLY IMMEDIATE FOR EACH ROW WHEN (NEW.parent_id IS NOT NULL)
    EXECUTE FUNCTION subscriptions_parent()
    """,
    """
    CREATE CONSTRAINT TRIGGER subscription_parent_changed AFTER UPDATE OF parent_id, customer_id
    ON subscriptions_subscription DEFERRABLE INITIALLY IMMEDIATE FOR EACH ROW
    WHEN (OLD.parent_id IS DISTINCT FROM NEW.parent_id OR OLD.customer_id <> NEW.customer_id)
    EXECUTE FUNCTION subscriptions_parent()
    """,
]
POSTGRESQL_BACK = [
    "DROP TRIGGER subscription_parent_changed ON subscriptions_subscription",
    "DROP TRIGGER subscription_parent_new ON subscriptions_subscription",
    "DROP FUNCTION subscriptions_parent()",
    "DROP TRIGGER subscription_deleted_stays ON subscriptions_subscription",
    "DROP FUNCTION subscriptions_deleted()",
    "DROP TRIGGER subscription_quantity_changed ON subscriptions_subscription",
    "DROP TRIGGER subscription_quantity_new ON subscriptions_subscription",
    "DROP FUNCTION subscriptions_quantity()",
]
_TOO_MANY = "NEW.quantity > (SELECT maximum_quantity FROM catalog_offer WHERE id = NEW.offer_id)"
_REFUSE_QUANTITY = "BEGIN SELECT RAISE(ABORT, 'more licences than the offer allows'); END"
_OTHER_CUSTOMER = """
    EXISTS (
        SELECT 1 FROM subscriptions_subscription AS other
        WHERE (other.id = NEW.parent_id OR other.parent_id = NEW.id) AND other.customer_id <> NEW.customer_id
    )
"""
_REFUSE_PARENT = "BEGIN SELECT RAISE(ABORT, 'an add-on and its parent belong to one customer'); END"
_SAME = " AND ".join(
    f"OLD.{column} IS NEW.{column}"
    for column in (
        "id",
        "customer_id",
        "offer_id",
        "reseller_of_record_id",
        "parent_id",
        "nickname",
        "quantity",
        "status",
        "created_at",
        "suspended_at",
        "commitment_end",
        "auto_renew",
        "version",
    )
)
SQLITE = [
    f"""
    CREATE TRIGGER subscription_quantity_new BEFORE INSERT ON subscriptions_subscription
    WHEN {_TOO_MANY} {_REFUSE_QUANTITY}
    """,
    f"""
    CREATE TRIGGER subscription_quantity_changed BEFORE UPDATE OF quantity, offer_id ON subscriptions_subscription
    WHEN (OLD.quantity <> NEW.quantity OR OLD.offer_id <> NEW.offer_id) AND {_TOO_MANY} {_REFUSE_QUANTITY}
    """,
    f"""
    CREATE TRIGGER subscription_deleted_stays BEFORE UPDATE ON subscriptions_subscription
    WHEN OLD.status = 'deleted' AND NOT ({_SAME})
    BEGIN SELECT RAISE(ABORT, 'a deleted subscription never changes again'); END
    """,
    f"""
    CREATE TRIGGER subscription_parent_new BEFORE INSERT ON subscriptions_subscription
    WHEN NEW.parent_id IS NOT NULL AND {_OTHER_CUSTOMER} {_REFUSE_PARENT}
    """,
    f"""
    CREATE TRIGGER subscription_parent_changed BEFORE UPDATE OF parent_id, customer_id ON subscriptions_subscription
    WHEN {_OTHER_CUSTOMER} {_REFUSE_PARENT}
    """,
]
SQLITE_BACK = [
    "DROP TRIGGER subscription_parent_changed",
    "DROP TRIGGER subscription_parent_new",
    "DROP TRIGGER subscription_deleted_stays",
    "DROP TRIGGER subscription_quantity_changed",
    "DROP TRIGGER subscription_quantity_new",
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
    """No code path can store a subscription that makes no sense."""

    dependencies = [("subscriptions", "0001_initial"), ("catalog", "0001_initial")]

    operations = [migrations.RunPython(forwards, backwards)]
