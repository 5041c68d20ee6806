"""An index of the few names that do not begin in Chinese but hold something beyond ASCII.

Without it a piece that most Chinese names have is looked for along all other names first.
"""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

# As `RelationshipQuerySet.runs_for` asks: PostgreSQL compares the words to know that the index will do. It holds
# all columns, or the larger index that does would seem the cheaper one.
INDEX = """
    CREATE INDEX relationship_mixed ON customers_resellerrelationship (partner_id, name_key, customer_id)
    INCLUDE (id, domain, since, has_ended, had_subscriptions)
    WHERE name_key < '\u2e80' AND octet_length(name_key || domain) > length(name_key || domain)
"""


def forwards(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Make it."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(INDEX, params=None)


def backwards(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Drop it."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP INDEX relationship_mixed")


class Migration(migrations.Migration):
    """A search in Chinese begins where the Chinese names do."""

    dependencies = [("customers", "0004_list_read_from_its_index_alone")]

    operations = [migrations.RunPython(forwards, backwards)]
