"""How to reach a customer and how to bill it, and customers that are about to be added."""

import customers.addresses
import django.core.validators
import django.db.models.deletion
import django.utils.timezone
import partners.legible
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0005_names_in_more_than_one_script"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name="customer",
            name="company_name",
            field=models.CharField(
                max_length=200, validators=[partners.legible.validate_legible], verbose_name="company"
            ),
        ),
        migrations.CreateModel(
            name="BillingProfile",
            fields=[
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                ("changed_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "first_name",
                    models.CharField(
                        max_length=50, validators=[partners.legible.validate_legible], verbose_name="first name"
                    ),
                ),
                (
                    "last_name",
                    models.CharField(
                        max_length=50, validators=[partners.legible.validate_legible], verbose_name="last name"
                    ),
                ),
                (
                    "email",
                    models.EmailField(
                        max_length=254,
                        validators=[django.core.validators.EmailValidator(), partners.legible.validate_legible],
                        verbose_name="e-mail address",
                    ),
                ),
                (
                    "phone_number",
                    models.CharField(
                        blank=True,
                        max_length=40,
                        validators=[partners.legible.validate_legible],
                        verbose_name="telephone",
                    ),
                ),
                (
                    "country",
                    models.CharField(
                        blank=True,
                        max_length=2,
                        validators=[customers.addresses.validate_country],
                        verbose_name="country or region",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        blank=True,
                        max_length=100,
                        validators=[partners.legible.validate_legible],
                        verbose_name="province or state",
                    ),
                ),
                (
                    "city",
                    models.CharField(
                        blank=True, max_length=100, validators=[partners.legible.validate_legible], verbose_name="city"
                    ),
                ),
                (
                    "district",
                    models.CharField(
                        blank=True,
                        max_length=100,
                        validators=[partners.legible.validate_legible],
                        verbose_name="district",
                    ),
                ),
                (
                    "address_line1",
                    models.CharField(
                        blank=True,
                        max_length=200,
                        validators=[partners.legible.validate_legible],
                        verbose_name="address",
                    ),
                ),
                (
                    "address_line2",
                    models.CharField(
                        blank=True,
                        max_length=200,
                        validators=[partners.legible.validate_legible],
                        verbose_name="address, second line",
                    ),
                ),
                (
                    "address_line3",
                    models.CharField(
                        blank=True,
                        max_length=200,
                        validators=[partners.legible.validate_legible],
                        verbose_name="address, third line",
                    ),
                ),
                (
                    "postal_code",
                    models.CharField(
                        blank=True,
                        max_length=20,
                        validators=[partners.legible.validate_legible],
                        verbose_name="postal code",
                    ),
                ),
                (
                    "customer",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="billing_profile",
                        serialize=False,
                        to="customers.customer",
                        verbose_name="customer",
                    ),
                ),
                (
                    "company_name",
                    models.CharField(
                        max_length=200, validators=[partners.legible.validate_legible], verbose_name="company"
                    ),
                ),
                (
                    "culture",
                    models.CharField(
                        choices=[("zh-CN", "Chinese (China)"), ("en-US", "English (United States)")],
                        default="zh-CN",
                        max_length=5,
                        verbose_name="culture",
                    ),
                ),
                (
                    "language",
                    models.CharField(
                        default="zh",
                        max_length=2,
                        validators=[
                            django.core.validators.RegexValidator(
                                "\\A[a-z]{2}\\Z", "Enter a language as two small letters, such as zh."
                            )
                        ],
                        verbose_name="language",
                    ),
                ),
            ],
            options={
                "verbose_name": "billing profile",
                "verbose_name_plural": "billing profiles",
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("version__gte", 1)), name="billing_version_positive"),
                    models.CheckConstraint(
                        condition=models.Q(("culture__in", ["zh-CN", "en-US"])), name="billing_culture_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("company_name", ""),
                            ("email", ""),
                            ("country", ""),
                            ("city", ""),
                            ("address_line1", ""),
                            _connector="OR",
                            _negated=True,
                        ),
                        name="billing_can_be_sent",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ContactDetails",
            fields=[
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                ("changed_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "first_name",
                    models.CharField(
                        max_length=50, validators=[partners.legible.validate_legible], verbose_name="first name"
                    ),
                ),
                (
                    "last_name",
                    models.CharField(
                        max_length=50, validators=[partners.legible.validate_legible], verbose_name="last name"
                    ),
                ),
                (
                    "email",
                    models.EmailField(
                        max_length=254,
                        validators=[django.core.validators.EmailValidator(), partners.legible.validate_legible],
                        verbose_name="e-mail address",
                    ),
                ),
                (
                    "phone_number",
                    models.CharField(
                        blank=True,
                        max_length=40,
                        validators=[partners.legible.validate_legible],
                        verbose_name="telephone",
                    ),
                ),
                (
                    "country",
                    models.CharField(
                        blank=True,
                        max_length=2,
                        validators=[customers.addresses.validate_country],
                        verbose_name="country or region",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        blank=True,
                        max_length=100,
                        validators=[partners.legible.validate_legible],
                        verbose_name="province or state",
                    ),
                ),
                (
                    "city",
                    models.CharField(
                        blank=True, max_length=100, validators=[partners.legible.validate_legible], verbose_name="city"
                    ),
                ),
                (
                    "district",
                    models.CharField(
                        blank=True,
                        max_length=100,
                        validators=[partners.legible.validate_legible],
                        verbose_name="district",
                    ),
                ),
                (
                    "address_line1",
                    models.CharField(
                        blank=True,
                        max_length=200,
                        validators=[partners.legible.validate_legible],
                        verbose_name="address",
                    ),
                ),
                (
                    "address_line2",
                    models.CharField(
                        blank=True,
                        max_length=200,
                        validators=[partners.legible.validate_legible],
                        verbose_name="address, second line",
                    ),
                ),
                (
                    "address_line3",
                    models.CharField(
                        blank=True,
                        max_length=200,
                        validators=[partners.legible.validate_legible],
                        verbose_name="address, third line",
                    ),
                ),
                (
                    "postal_code",
                    models.CharField(
                        blank=True,
                        max_length=20,
                        validators=[partners.legible.validate_legible],
                        verbose_name="postal code",
                    ),
                ),
                (
                    "customer",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="contact_details",
                        serialize=False,
                        to="customers.customer",
                        verbose_name="customer",
                    ),
                ),
            ],
            options={
                "verbose_name": "contact details",
                "verbose_name_plural": "contact details",
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("version__gte", 1)), name="contact_version_positive"),
                    models.CheckConstraint(
                        condition=models.Q(("email", ""), _negated=True), name="contact_has_an_address"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CustomerDraft",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ("account", models.JSONField(default=dict)),
                ("basket", models.JSONField(default=dict)),
                ("version", models.PositiveIntegerField(default=1)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("changed_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "customer",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="customers.customer",
                        verbose_name="customer",
                    ),
                ),
                (
                    "staff",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="customer_drafts",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="staff member",
                    ),
                ),
            ],
            options={
                "verbose_name": "draft of a customer",
                "verbose_name_plural": "drafts of customers",
                "ordering": ["-changed_at", "id"],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("version__gte", 1)), name="draft_version_positive")
                ],
            },
        ),
    ]
