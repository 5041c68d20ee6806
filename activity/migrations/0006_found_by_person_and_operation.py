"""Indexes for the filters of the activity log."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Whoever asks for one person, one operation or what was refused gets a page of millions at once."""

    dependencies = [("activity", "0005_seals_that_hold_each_other")]

    operations = [
        migrations.AddIndex(
            "activityrecord",
            models.Index(fields=["partner_id", "actor_id", "-at", "-id"], name="activity_by_person"),
        ),
        migrations.AddIndex(
            "activityrecord",
            models.Index(fields=["partner_id", "operation", "-at", "-id"], name="activity_by_operation"),
        ),
        migrations.AddIndex(
            "activityrecord",
            models.Index(
                condition=models.Q(("outcome", "refused")),
                fields=["partner_id", "-at", "-id"],
                name="activity_refused",
            ),
        ),
    ]
