"""Programs act too, and a record says which one asked and under which correlation id."""

import importlib

from django.db import migrations, models

carried = importlib.import_module("activity.migrations.0007_outcome_failed")


class Migration(migrations.Migration):
    """A kind of actor more, and what a request to the API says of itself."""

    dependencies = [("activity", "0007_outcome_failed")]

    operations = [
        migrations.RunPython(carried.drop_on_sqlite, carried.create_on_sqlite),
        migrations.RemoveConstraint("activityrecord", "activity_actor_known"),
        migrations.AlterField(
            "activityrecord",
            "actor_kind",
            models.CharField(
                choices=[
                    ("staff", "Partner staff"),
                    ("platform", "Platform administrator"),
                    ("system", "The portal itself"),
                    ("customer", "A customer"),
                    ("client", "An API client"),
                ],
                max_length=10,
                verbose_name="kind of actor",
            ),
        ),
        migrations.AddConstraint(
            "activityrecord",
            models.CheckConstraint(
                condition=models.Q(("actor_kind__in", ["staff", "platform", "system", "customer", "client"])),
                name="activity_actor_known",
            ),
        ),
        migrations.AddField(
            "activityrecord",
            "application",
            models.CharField(blank=True, db_default="", default="", max_length=100, verbose_name="application"),
        ),
        migrations.AddField(
            "activityrecord",
            "program",
            models.CharField(blank=True, db_default="", default="", max_length=128, verbose_name="program"),
        ),
        migrations.AddField(
            "activityrecord",
            "correlation",
            models.CharField(
                blank=True, db_default="", default="", max_length=128, verbose_name="correlation id, as sent"
            ),
        ),
        migrations.RunPython(carried.create_on_sqlite, carried.drop_on_sqlite),
    ]
