"""Add-on offers, descriptions and prices, without making the table of offers anew.

SQLite makes a table anew for nearly every change of it; this one is referred to by triggers and by every subscription.
"""

from decimal import Decimal

import django.db.models.deletion
from django.db import migrations, models
from django.db.models.functions import Length, Upper
from django.db.models.lookups import Exact


class Migration(migrations.Migration):
    """What an offer is an add-on of, what it is, and what it costs."""

    dependencies = [("catalog", "0002_office_365_by_21vianet")]

    operations = [
        migrations.RunSQL(
            "ALTER TABLE catalog_offer ADD COLUMN description text DEFAULT '' NOT NULL",
            "ALTER TABLE catalog_offer DROP COLUMN description",
            state_operations=[
                migrations.AddField(
                    model_name="offer",
                    name="description",
                    field=models.TextField(blank=True, db_default="", max_length=1000, verbose_name="description"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="OfferPrerequisite",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "offer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="prerequisites",
                        to="catalog.offer",
                        verbose_name="add-on",
                    ),
                ),
                (
                    "prerequisite",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="prerequisite_of",
                        to="catalog.offer",
                        verbose_name="prerequisite offer",
                    ),
                ),
            ],
            options={
                "verbose_name": "prerequisite of an add-on",
                "verbose_name_plural": "prerequisites of add-ons",
                "constraints": [
                    models.UniqueConstraint(fields=("offer", "prerequisite"), name="offer_prerequisite_once"),
                    models.CheckConstraint(
                        condition=models.Q(("offer", models.F("prerequisite")), _negated=True),
                        name="offer_no_prerequisite_of_itself",
                        violation_error_message="An offer cannot be an add-on of itself.",
                    ),
                ],
            },
        ),
        # Its table is the one above.
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AddField(
                    model_name="offer",
                    name="prerequisite_offers",
                    field=models.ManyToManyField(
                        blank=True,
                        related_name="add_on_offers",
                        through="catalog.OfferPrerequisite",
                        through_fields=("offer", "prerequisite"),
                        to="catalog.offer",
                        verbose_name="add-on of",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Price",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("currency", models.CharField(default="CNY", max_length=3, verbose_name="currency")),
                ("amount", models.DecimalField(decimal_places=4, max_digits=11, verbose_name="per licence and month")),
                ("valid_from", models.DateField(verbose_name="valid from")),
                ("valid_until", models.DateField(blank=True, null=True, verbose_name="valid until")),
                (
                    "offer",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="prices",
                        to="catalog.offer",
                        verbose_name="offer",
                    ),
                ),
            ],
            options={
                "verbose_name": "price",
                "verbose_name_plural": "prices",
                "ordering": ["offer", "currency", "valid_from"],
                "constraints": [
                    models.UniqueConstraint(fields=("offer", "currency", "valid_from"), name="price_one_from_a_day"),
                    models.CheckConstraint(
                        condition=models.Q(("amount__gte", 0), ("amount__lte", Decimal(1000000))),
                        name="price_amount_in_range",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("valid_until__isnull", True),
                            ("valid_until__gte", models.F("valid_from")),
                            _connector="OR",
                        ),
                        name="price_ends_after_it_begins",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(Exact(Length("currency"), 3), models.Q(("currency", Upper("currency")))),
                        name="price_currency_three_capitals",
                    ),
                ],
            },
        ),
    ]
