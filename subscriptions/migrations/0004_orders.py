import django.db.models.deletion
import django.utils.timezone
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0001_initial"),
        ("customers", "0001_initial"),
        ("partners", "0001_initial"),
        ("subscriptions", "0003_life_of_a_subscription"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Order",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("reference", models.CharField(blank=True, max_length=100, verbose_name="your reference")),
                (
                    "billing_cycle",
                    models.CharField(
                        choices=[("monthly", "Monthly"), ("annual", "Annual")],
                        default="monthly",
                        max_length=10,
                        verbose_name="billing cycle",
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="ordered")),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                (
                    "customer",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="orders",
                        to="customers.customer",
                        verbose_name="customer",
                    ),
                ),
                (
                    "partner",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="orders",
                        to="partners.partner",
                        verbose_name="partner",
                    ),
                ),
                (
                    "staff",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="orders",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="ordered by",
                    ),
                ),
            ],
            options={
                "verbose_name": "order",
                "verbose_name_plural": "orders",
                "ordering": ["-created_at", "-id"],
            },
        ),
        migrations.CreateModel(
            name="OrderLine",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveSmallIntegerField(verbose_name="line")),
                ("quantity", models.PositiveIntegerField(verbose_name="licences")),
                ("nickname", models.CharField(blank=True, max_length=256, verbose_name="nickname")),
                (
                    "provisioning",
                    models.CharField(
                        choices=[
                            ("pending", "Being provisioned"),
                            ("succeeded", "Provisioned"),
                            ("failed", "Provisioning failed"),
                        ],
                        default="pending",
                        max_length=10,
                        verbose_name="provisioning",
                    ),
                ),
                ("attempts", models.PositiveIntegerField(default=0, verbose_name="attempts")),
                (
                    "next_attempt_at",
                    models.DateTimeField(
                        blank=True, default=django.utils.timezone.now, null=True, verbose_name="next attempt"
                    ),
                ),
                (
                    "failure_code",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("refused", "The cloud refused it without saying why."),
                            ("parent_not_active", "The subscription that it is an add-on of is not active."),
                            (
                                "broke_off",
                                "The cloud could not be asked; operators find the cause in the worker’s log.",
                            ),
                        ],
                        max_length=20,
                        verbose_name="kind of failure",
                    ),
                ),
                ("failure", models.CharField(blank=True, max_length=500, verbose_name="last failure")),
                ("provisioned_at", models.DateTimeField(blank=True, null=True, verbose_name="provisioned")),
                (
                    "offer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="order_lines",
                        to="catalog.offer",
                        verbose_name="offer",
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="lines",
                        to="subscriptions.order",
                        verbose_name="order",
                    ),
                ),
                (
                    "subscription",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="order_line",
                        to="subscriptions.subscription",
                    ),
                ),
            ],
            options={
                "verbose_name": "order line",
                "verbose_name_plural": "order lines",
                "ordering": ["order", "number"],
            },
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(fields=["customer", "partner", "-created_at", "-id"], name="order_by_customer"),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=models.Q(("billing_cycle__in", ["monthly", "annual"])), name="order_billing_cycle_known"
            ),
        ),
        migrations.AddIndex(
            model_name="orderline",
            index=models.Index(
                condition=models.Q(("provisioning", "pending")), fields=["next_attempt_at"], name="order_line_due"
            ),
        ),
        migrations.AddConstraint(
            model_name="orderline",
            constraint=models.UniqueConstraint(fields=("order", "number"), name="order_line_once"),
        ),
        migrations.AddConstraint(
            model_name="orderline",
            constraint=models.CheckConstraint(
                condition=models.Q(("quantity__gte", 1), ("quantity__lte", 10000000)),
                name="order_line_quantity_in_range",
            ),
        ),
        migrations.AddConstraint(
            model_name="orderline",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("provisioned_at__isnull", False), ("provisioning", "succeeded")),
                    models.Q(("provisioned_at__isnull", True), ("provisioning__in", ["pending", "failed"])),
                    _connector="OR",
                ),
                name="order_line_provisioned_or_not",
            ),
        ),
        migrations.AddConstraint(
            model_name="orderline",
            constraint=models.CheckConstraint(
                condition=models.Q(("provisioning", "pending"), ("next_attempt_at__isnull", True), _connector="OR"),
                name="order_line_due_only_while_pending",
            ),
        ),
        migrations.AddConstraint(
            model_name="orderline",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("provisioning", "failed"), _negated=True),
                    models.Q(("failure_code", ""), _negated=True),
                    _connector="OR",
                ),
                name="order_line_failed_for_a_reason",
            ),
        ),
    ]
