"""The table of the cache: without it nobody could sign in, as attempts are counted there."""

from django.apps.registry import Apps
from django.conf import settings
from django.core.management import call_command
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

DATABASE_CACHE = "django.core.cache.backends.db.DatabaseCache"


def forwards(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Create it where an older installation has not done so by hand."""
    call_command("createcachetable", database=schema_editor.connection.alias, verbosity=0)


def backwards(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Drop it."""
    for cache in settings.CACHES.values():
        if cache["BACKEND"] == DATABASE_CACHE:
            schema_editor.execute(f"DROP TABLE IF EXISTS {schema_editor.quote_name(str(cache['LOCATION']))}")


class Migration(migrations.Migration):
    """`migrate` alone makes a database that the portal runs on."""

    dependencies = []

    operations = [migrations.RunPython(forwards, backwards)]
