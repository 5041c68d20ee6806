"""Seals hold each other, heads of chains only grow, and neither is ever taken away.

The seals of before knew no more than the newest length of each chain; they go, and the next seal begins anew.
"""

import django.db.models.deletion
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

CHAIN, SEAL, SEALED = "activity_activitychain", "activity_activityseal", "activity_sealedchain"
GROWS = "NEW.id = OLD.id AND NEW.length = OLD.length + 1"
# What is refused, by the name of the trigger: before what, of which table, and when not.
REFUSED = {
    "activity_chain_only_grows": ("UPDATE", CHAIN, GROWS),
    "activity_chain_never_removed": ("DELETE", CHAIN, ""),
    "activity_seal_never_changed": ("UPDATE", SEAL, ""),
    "activity_seal_never_removed": ("DELETE", SEAL, ""),
    "activity_sealed_never_changed": ("UPDATE", SEALED, ""),
    "activity_sealed_never_removed": ("DELETE", SEALED, ""),
}
# SQLite knows no TRUNCATE.
EMPTIED = {
    "activity_chain_never_emptied": CHAIN,
    "activity_seal_never_emptied": SEAL,
    "activity_sealed_never_emptied": SEALED,
}


def statements(vendor: str) -> dict[str, str]:
    """How each trigger is made, by its name."""
    made = {}
    for name, (verb, table, unless) in REFUSED.items():
        when = f" WHEN (NOT ({unless}))" if unless else ""
        act = (
            "EXECUTE FUNCTION activity_append_only()"
            if vendor == "postgresql"
            else "BEGIN SELECT RAISE(ABORT, 'activity records are never changed or removed'); END"
        )
        made[name] = f"CREATE TRIGGER {name} BEFORE {verb} ON {table} FOR EACH ROW{when} {act}"
    if vendor == "postgresql":
        for name, table in EMPTIED.items():
            made[name] = (
                f"CREATE TRIGGER {name} BEFORE TRUNCATE ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION activity_append_only()"
            )
    return made


def refuse(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Create the triggers."""
    for statement in statements(schema_editor.connection.vendor).values():
        schema_editor.execute(statement, params=None)


def allow(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Drop the triggers, where they are."""
    vendor = schema_editor.connection.vendor
    tables = {name: table for name, (_verb, table, _unless) in REFUSED.items()} | EMPTIED
    for name in statements(vendor):
        on_table = f" ON {tables[name]}" if vendor == "postgresql" else ""
        schema_editor.execute(f"DROP TRIGGER IF EXISTS {name}{on_table}", params=None)


def forget_seals(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """The two kinds of seals do not understand each other: whichever way, sealing begins anew."""
    apps.get_model("activity", "ActivitySeal").objects.all().delete()


class Migration(migrations.Migration):
    """A seal that was copied away vouches for all that was recorded up to it, not only for the newest state."""

    dependencies = [("activity", "0004_chained_and_append_only")]

    operations = [
        migrations.RunPython(forget_seals, forget_seals),
        migrations.RemoveField("activitychain", "sealed_length"),
        migrations.RemoveField("activitychain", "sealed_digest"),
        migrations.CreateModel(
            name="SealedChain",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("chain_id", models.UUIDField(verbose_name="chain")),
                ("length", models.PositiveBigIntegerField(verbose_name="length")),
                ("digest", models.CharField(max_length=64, verbose_name="digest")),
                (
                    "seal",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="sealed",
                        to="activity.activityseal",
                        verbose_name="seal",
                    ),
                ),
            ],
            options={"verbose_name": "sealed chain", "verbose_name_plural": "sealed chains"},
        ),
        migrations.AddConstraint(
            "sealedchain", models.UniqueConstraint(fields=("chain_id", "length"), name="activity_sealed_once")
        ),
        migrations.AddConstraint(
            "sealedchain", models.UniqueConstraint(fields=("seal", "chain_id"), name="activity_once_in_a_seal")
        ),
        migrations.RunPython(refuse, allow),
    ]
