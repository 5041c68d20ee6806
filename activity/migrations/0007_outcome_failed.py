"""What was tried and came to nothing is neither done nor refused."""

import importlib

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

append_only = importlib.import_module("activity.migrations.0004_chained_and_append_only")


def drop_on_sqlite(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """SQLite makes a table anew to change it, and its triggers do not come along: take them away openly."""
    if schema_editor.connection.vendor == "sqlite":
        append_only.allow(apps, schema_editor)


def create_on_sqlite(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """The triggers again."""
    if schema_editor.connection.vendor == "sqlite":
        append_only.refuse(apps, schema_editor)


class Migration(migrations.Migration):
    """A third way in which what was asked may end."""

    dependencies = [("activity", "0006_found_by_person_and_operation")]

    operations = [
        migrations.RunPython(drop_on_sqlite, create_on_sqlite),
        migrations.RemoveConstraint("activityrecord", "activity_outcome_known"),
        migrations.AlterField(
            "activityrecord",
            "outcome",
            models.CharField(
                choices=[("done", "Done"), ("refused", "Refused"), ("failed", "Failed")],
                default="done",
                max_length=10,
                verbose_name="outcome",
            ),
        ),
        migrations.AddConstraint(
            "activityrecord",
            models.CheckConstraint(
                condition=models.Q(("outcome__in", ["done", "refused", "failed"])), name="activity_outcome_known"
            ),
        ),
        migrations.RunPython(create_on_sqlite, drop_on_sqlite),
    ]
