"""Programs upgrade too, and are no people: an upgrade of theirs names them, and refers to nobody."""

import django.db.models.deletion
from django.apps.registry import Apps
from django.conf import settings
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def refer_to_somebody(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Let upgrades of programs refer to the partner's first person; who did it, their `staff_name` still says."""
    people = apps.get_model("partners", "Staff").objects.filter(partner=models.OuterRef("partner"))
    first = people.order_by("date_joined", "pk").values("pk")[:1]
    apps.get_model("upgrades", "Upgrade").objects.filter(staff=None).update(staff=models.Subquery(first))
    if schema_editor.connection.vendor == "postgresql":
        # A table with references that are still to be checked cannot be altered.
        schema_editor.execute("SET CONSTRAINTS ALL IMMEDIATE")


class Migration(migrations.Migration):
    """An upgrade need not have been made by a person."""

    dependencies = [
        ("upgrades", "0004_waits_for_upgrades"),
        ("partners", "0005_api_clients"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            "upgrade",
            "staff",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="upgrades",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.RunPython(migrations.RunPython.noop, refer_to_somebody),
    ]
