"""Programs that act for partners."""

import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
import partners.legible
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("allauth_idp_oidc", "0003_client_allow_uri_wildcards"),
        ("partners", "0004_staff_invitations"),
    ]

    operations = [
        migrations.CreateModel(
            name="ApiClient",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "name",
                    models.CharField(
                        max_length=100, validators=[partners.legible.validate_legible], verbose_name="name"
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name="made"),
                ),
                ("revoked_at", models.DateTimeField(blank=True, editable=False, null=True, verbose_name="revoked")),
                ("last_used_at", models.DateTimeField(blank=True, editable=False, null=True, verbose_name="last used")),
                ("version", models.PositiveIntegerField(db_default=1, default=1, editable=False)),
                (
                    "made_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="api_clients",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="made by",
                    ),
                ),
                (
                    "oauth",
                    models.OneToOneField(
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="api_client",
                        to="allauth_idp_oidc.client",
                    ),
                ),
                (
                    "partner",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="api_clients",
                        to="partners.partner",
                        verbose_name="partner",
                    ),
                ),
            ],
            options={
                "verbose_name": "API client",
                "verbose_name_plural": "API clients",
                "ordering": ["name", "id"],
            },
        ),
        migrations.CreateModel(
            name="ApiClientRole",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("global_admin", "Global admin"),
                            ("admin_agent", "Admin agent"),
                            ("sales_agent", "Sales agent"),
                            ("helpdesk_agent", "Helpdesk agent"),
                            ("billing_admin", "Billing admin"),
                            ("user_admin", "User admin"),
                        ],
                        max_length=20,
                        verbose_name="role",
                    ),
                ),
                (
                    "client",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="role_rows",
                        to="partners.apiclient",
                    ),
                ),
            ],
            options={
                "verbose_name": "role",
                "verbose_name_plural": "roles",
            },
        ),
        migrations.AddIndex(
            model_name="apiclient",
            index=models.Index(fields=["partner", "name", "id"], name="api_client_by_partner"),
        ),
        migrations.AddConstraint(
            model_name="apiclient",
            constraint=models.CheckConstraint(
                condition=models.Q(("name", ""), _negated=True), name="api_client_has_a_name"
            ),
        ),
        migrations.AddConstraint(
            model_name="apiclient",
            constraint=models.UniqueConstraint(
                models.F("partner"),
                django.db.models.functions.text.Lower("name"),
                condition=models.Q(("revoked_at__isnull", True)),
                name="api_client_once_per_name",
                violation_error_message="Another API client has this name already.",
            ),
        ),
        migrations.AddConstraint(
            model_name="apiclientrole",
            constraint=models.UniqueConstraint(fields=("client", "role"), name="api_client_role_once"),
        ),
        migrations.AddConstraint(
            model_name="apiclientrole",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "role__in",
                        ["global_admin", "admin_agent", "sales_agent", "helpdesk_agent", "billing_admin", "user_admin"],
                    )
                ),
                name="api_client_role_known",
            ),
        ),
    ]
