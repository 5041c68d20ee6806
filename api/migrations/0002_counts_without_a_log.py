"""Counts of requests are worth nothing after a minute: PostgreSQL need not log them, nor a request wait for that."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps


def unlogged(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """After a crash the table is empty, on a standby too; SQLite knows no such thing."""
    if editor.connection.vendor == "postgresql":
        editor.execute("ALTER TABLE api_requestcount SET UNLOGGED")


def logged(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """The way back."""
    if editor.connection.vendor == "postgresql":
        editor.execute("ALTER TABLE api_requestcount SET LOGGED")


class Migration(migrations.Migration):
    dependencies = [("api", "0001_answers_and_counts")]

    operations = [migrations.RunPython(unlogged, logged)]
