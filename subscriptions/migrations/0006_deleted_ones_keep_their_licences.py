"""A deleted subscription may have more licences than its offer takes by now: the offer's limits bind those that live."""

import importlib

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

refusals = importlib.import_module("subscriptions.migrations.0002_what_the_database_refuses")
TOO_MANY = "NEW.quantity > (SELECT maximum_quantity"
TOO_MANY_OF_A_LIVE_ONE = f"NEW.status <> 'deleted' AND {TOO_MANY}"
# The function on PostgreSQL, which its triggers call, and the two triggers on SQLite.
POSTGRESQL = refusals.POSTGRESQL[:1]
SQLITE = refusals.SQLITE[:2]
SQLITE_BACK = ["DROP TRIGGER subscription_quantity_changed", "DROP TRIGGER subscription_quantity_new"]


def _statements(schema_editor: BaseDatabaseSchemaEditor) -> list[str]:
    if schema_editor.connection.vendor == "postgresql":
        return [one.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION") for one in POSTGRESQL]
    return [*SQLITE_BACK, *SQLITE]


def bind_those_that_live(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Leave deleted subscriptions alone."""
    for statement in _statements(schema_editor):
        schema_editor.execute(statement.replace(TOO_MANY, TOO_MANY_OF_A_LIVE_ONE), params=None)


def bind_all(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """As it was before."""
    for statement in _statements(schema_editor):
        schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):
    """What a portal exports it takes back, whatever became of an offer meanwhile."""

    dependencies = [("subscriptions", "0005_subscription_list_indexes")]

    operations = [migrations.RunPython(bind_those_that_live, bind_all)]
