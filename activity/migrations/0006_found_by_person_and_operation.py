"""Indexes for the filters of the activity log."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Whoever asks for one person, one operation, one kind of actor or one outcome gets a page of millions at once."""

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
                condition=models.Q(("actor_kind", "staff"), _negated=True),
                fields=["partner_id", "actor_kind", "-at", "-id"],
                name="activity_not_by_staff",
            ),
        ),
        migrations.AddIndex(
            "activityrecord",
            models.Index(
                condition=models.Q(("outcome", "done"), _negated=True),
                fields=["partner_id", "outcome", "-at", "-id"],
                name="activity_not_done",
            ),
        ),
    ]
