"""Every record becomes a link of a chain, and the database refuses to change or remove one."""

from itertools import groupby
from typing import Any

import django.utils.timezone
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from activity.chain import PLATFORM, content_digest, linked

ROWS_AT_ONCE = 2_000
POSTGRESQL = [
    """
    CREATE FUNCTION activity_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'activity records are never changed or removed' USING ERRCODE = 'check_violation';
    END $$
    """,
    """
    CREATE TRIGGER activity_never_changed BEFORE UPDATE ON activity_activityrecord
    FOR EACH ROW EXECUTE FUNCTION activity_append_only()
    """,
    """
    CREATE TRIGGER activity_never_removed BEFORE DELETE ON activity_activityrecord
    FOR EACH ROW EXECUTE FUNCTION activity_append_only()
    """,
    """
    CREATE TRIGGER activity_never_emptied BEFORE TRUNCATE ON activity_activityrecord
    FOR EACH STATEMENT EXECUTE FUNCTION activity_append_only()
    """,
]
POSTGRESQL_BACK = [
    "DROP TRIGGER activity_never_emptied ON activity_activityrecord",
    "DROP TRIGGER activity_never_removed ON activity_activityrecord",
    "DROP TRIGGER activity_never_changed ON activity_activityrecord",
    "DROP FUNCTION activity_append_only()",
]
_REFUSE = "BEGIN SELECT RAISE(ABORT, 'activity records are never changed or removed'); END"
SQLITE = [
    f"CREATE TRIGGER activity_never_changed BEFORE UPDATE ON activity_activityrecord {_REFUSE}",
    f"CREATE TRIGGER activity_never_removed BEFORE DELETE ON activity_activityrecord {_REFUSE}",
]
SQLITE_BACK = ["DROP TRIGGER activity_never_removed", "DROP TRIGGER activity_never_changed"]


def chain_what_is_there(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Give the records of before their places, in the order in which they were written."""
    records = apps.get_model("activity", "ActivityRecord")
    heads = apps.get_model("activity", "ActivityChain")
    rows = records.objects.annotate(
        place=models.functions.Coalesce("customer_id", "partner_id", models.Value(PLATFORM, models.UUIDField()))
    ).order_by("place", "at", "id")
    changed: list[Any] = []
    for chain_id, linked_rows in groupby(rows.iterator(ROWS_AT_ONCE), key=lambda row: row.place):
        digest, number = "", 0
        for number, row in enumerate(linked_rows, 1):
            digest = linked(digest, content_digest(row))
            row.chain_id, row.number, row.digest = chain_id, number, digest
            changed.append(row)
            if len(changed) >= ROWS_AT_ONCE:
                records.objects.bulk_update(changed, ["chain_id", "number", "digest"])
                changed.clear()
        heads.objects.create(id=chain_id, length=number, digest=digest)
    records.objects.bulk_update(changed, ["chain_id", "number", "digest"])


def refuse(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Create the triggers."""
    for statement in POSTGRESQL if schema_editor.connection.vendor == "postgresql" else SQLITE:
        schema_editor.execute(statement, params=None)


def allow(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Drop the triggers, where they are."""
    for statement in POSTGRESQL_BACK if schema_editor.connection.vendor == "postgresql" else SQLITE_BACK:
        there = statement.replace("DROP TRIGGER ", "DROP TRIGGER IF EXISTS ")
        schema_editor.execute(there, params=None)


class Migration(migrations.Migration):
    """No code path can rewrite what was recorded, and what goes around the code is found."""

    dependencies = [("activity", "0003_customers_act")]

    operations = [
        migrations.CreateModel(
            name="ActivityChain",
            fields=[
                ("id", models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ("length", models.PositiveBigIntegerField(verbose_name="length")),
                ("digest", models.CharField(max_length=64, verbose_name="digest")),
                ("sealed_length", models.PositiveBigIntegerField(default=0, verbose_name="length when sealed")),
                ("sealed_digest", models.CharField(blank=True, max_length=64, verbose_name="digest when sealed")),
            ],
            options={
                "verbose_name": "chain of activity records",
                "verbose_name_plural": "chains of activity records",
            },
        ),
        migrations.CreateModel(
            name="ActivitySeal",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("at", models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name="when")),
                ("chains", models.PositiveBigIntegerField(verbose_name="chains")),
                ("records", models.PositiveBigIntegerField(verbose_name="records")),
                ("digest", models.CharField(max_length=64, verbose_name="digest")),
            ],
            options={
                "verbose_name": "seal of the activity log",
                "verbose_name_plural": "seals of the activity log",
                "ordering": ["-id"],
            },
        ),
        migrations.AddField("activityrecord", "chain_id", models.UUIDField(null=True)),
        migrations.AddField("activityrecord", "number", models.PositiveBigIntegerField(null=True)),
        migrations.AddField("activityrecord", "digest", models.CharField(max_length=64, null=True)),  # noqa: DJ001
        migrations.RunPython(chain_what_is_there, migrations.RunPython.noop),
        migrations.AlterField("activityrecord", "chain_id", models.UUIDField(editable=False, verbose_name="chain")),
        migrations.AlterField(
            "activityrecord",
            "number",
            models.PositiveBigIntegerField(editable=False, verbose_name="number in the chain"),
        ),
        migrations.AlterField(
            "activityrecord", "digest", models.CharField(editable=False, max_length=64, verbose_name="digest")
        ),
        migrations.AddConstraint(
            "activityrecord",
            models.UniqueConstraint(fields=("chain_id", "number"), name="activity_once_in_a_chain"),
        ),
        migrations.RunPython(refuse, allow),
    ]
