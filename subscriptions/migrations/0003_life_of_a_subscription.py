"""What went with its parent, who was warned of a deletion, and nicknames as long as the REST protocol allows."""

import importlib
import uuid

import django.db.models.deletion
import django.utils.timezone
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

refusals = importlib.import_module("subscriptions.migrations.0002_what_the_database_refuses")
WITH_NEW_COLUMN = "OLD.suspended_with_parent IS NEW.suspended_with_parent AND OLD.version IS NEW.version"


def _execute(schema_editor: BaseDatabaseSchemaEditor, statements: list[str]) -> None:
    for statement in statements:
        schema_editor.execute(statement, params=None)


def drop_on_sqlite(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """SQLite makes a table anew to change it, and its triggers do not come along: take them away openly."""
    if schema_editor.connection.vendor == "sqlite":
        _execute(schema_editor, refusals.SQLITE_BACK)


def create_as_before_on_sqlite(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """The triggers as the migration before this one made them."""
    if schema_editor.connection.vendor == "sqlite":
        _execute(schema_editor, refusals.SQLITE)


def create_on_sqlite(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """The triggers again, minding the new column."""
    if schema_editor.connection.vendor == "sqlite":
        _execute(
            schema_editor,
            [one.replace("OLD.version IS NEW.version", WITH_NEW_COLUMN) for one in refusals.SQLITE],
        )


class Migration(migrations.Migration):
    """The life of a subscription after its sale."""

    dependencies = [
        ("catalog", "0002_office_365_by_21vianet"),
        ("customers", "0005_names_in_more_than_one_script"),
        ("partners", "0001_initial"),
        ("subscriptions", "0002_what_the_database_refuses"),
    ]

    operations = [
        migrations.RunPython(drop_on_sqlite, create_as_before_on_sqlite),
        migrations.CreateModel(
            name="DeletionWarning",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("suspended_at", models.DateTimeField(verbose_name="suspended")),
                ("days", models.PositiveSmallIntegerField(verbose_name="days before deletion")),
                ("at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="when")),
            ],
            options={
                "verbose_name": "deletion warning",
                "verbose_name_plural": "deletion warnings",
            },
        ),
        migrations.AddField(
            model_name="subscription",
            name="suspended_with_parent",
            field=models.BooleanField(
                db_default=False,
                default=False,
                editable=False,
                help_text="An add-on that went with its parent comes back with it.",
                verbose_name="suspended with its parent",
            ),
        ),
        migrations.AlterField(
            model_name="subscription",
            name="nickname",
            field=models.CharField(blank=True, max_length=256, verbose_name="nickname"),
        ),
        migrations.AddConstraint(
            model_name="subscription",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("suspended_with_parent", False), ("status__in", ["suspended", "deleted"]), _connector="OR"
                ),
                name="subscription_went_with_its_parent",
            ),
        ),
        migrations.AddField(
            model_name="deletionwarning",
            name="subscription",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="deletion_warnings",
                to="subscriptions.subscription",
            ),
        ),
        migrations.AddConstraint(
            model_name="deletionwarning",
            constraint=models.UniqueConstraint(
                fields=("subscription", "suspended_at", "days"), name="deletion_warning_once"
            ),
        ),
        migrations.RunPython(create_on_sqlite, drop_on_sqlite),
    ]
