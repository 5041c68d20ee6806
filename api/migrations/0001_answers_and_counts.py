"""What the API remembers of changes that it was asked for, and of how often it was asked."""

import django.utils.timezone
import uuid
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="KeptAnswer",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                ("scope", models.CharField(max_length=64, unique=True)),
                ("digest", models.CharField(max_length=64)),
                ("status", models.PositiveSmallIntegerField(null=True)),
                ("body", models.TextField(default="")),
                ("location", models.CharField(default="", max_length=500)),
                ("etag", models.CharField(default="", max_length=200)),
            ],
            options={
                "verbose_name": "kept answer",
                "verbose_name_plural": "kept answers",
                "indexes": [models.Index(fields=["at"], name="kept_answer_by_age")],
            },
        ),
        migrations.CreateModel(
            name="RequestCount",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("client", models.CharField(max_length=64)),
                ("kind", models.CharField(max_length=10)),
                ("minute", models.PositiveBigIntegerField()),
                ("count", models.PositiveIntegerField()),
            ],
            options={
                "verbose_name": "count of requests",
                "verbose_name_plural": "counts of requests",
                "constraints": [models.UniqueConstraint(fields=("client", "kind"), name="request_count_once")],
            },
        ),
    ]
