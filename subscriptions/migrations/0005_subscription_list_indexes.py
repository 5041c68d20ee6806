"""What a partner's list of subscriptions is sorted by, and, on PostgreSQL, an index of the letter pairs of nicknames."""

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

# As `SubscriptionQuerySet.nicknamed` asks. Most subscriptions have no nickname, and cost nothing here.
INDEX = """
    CREATE INDEX subscription_nickname ON subscriptions_subscription
    USING gin (portal_search_pairs(reseller_of_record_id, lower(nickname)))
    WHERE nickname <> '' AND reseller_of_record_id IS NOT NULL
"""


def forwards(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Make the index of nicknames."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(INDEX, params=None)


def backwards(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Drop it."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP INDEX subscription_nickname")


class Migration(migrations.Migration):
    """Every page of the list is one scan of an index, however the list is sorted."""

    dependencies = [
        ("subscriptions", "0004_orders"),
        ("customers", "0005_names_in_more_than_one_script"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="subscription",
            index=models.Index(fields=["reseller_of_record", "created_at", "id"], name="subscription_by_age"),
        ),
        migrations.AddIndex(
            model_name="subscription",
            index=models.Index(fields=["reseller_of_record", "commitment_end", "id"], name="subscription_by_renewal"),
        ),
        migrations.AddIndex(
            model_name="subscription",
            index=models.Index(fields=["reseller_of_record", "quantity", "id"], name="subscription_by_quantity"),
        ),
        migrations.AddIndex(
            model_name="subscription",
            index=models.Index(fields=["reseller_of_record", "offer", "id"], name="subscription_by_offer"),
        ),
        migrations.RemoveIndex(model_name="subscription", name="subscription_suspended"),
        migrations.AddIndex(
            model_name="subscription",
            index=models.Index(
                fields=["reseller_of_record", "suspended_at", "id"],
                name="subscription_suspended",
                condition=models.Q(status="suspended"),
            ),
        ),
        migrations.RunPython(forwards, backwards),
    ]
