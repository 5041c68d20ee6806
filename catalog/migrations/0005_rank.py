"""The place of each offer in the catalogue, without making the table of offers anew (see 0003)."""

import importlib

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

delivered = importlib.import_module("catalog.migrations.0002_office_365_by_21vianet")


def put_in_order(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """The offers that came with the portal as they came, then all others by name."""
    offers = apps.get_model("catalog", "Offer").objects
    first = {offer[0]: place for place, offer in enumerate(delivered.OFFERS)}
    ids = offers.order_by("name").values_list("pk", flat=True)
    for rank, pk in enumerate(sorted(ids, key=lambda one: first.get(str(one), len(first))), 1):
        offers.filter(pk=pk).update(rank=rank)


class Migration(migrations.Migration):
    """Offers, and upgrades to them, are told to programs in one order."""

    dependencies = [("catalog", "0004_prices_of_an_offer_never_overlap")]

    operations = [
        migrations.RunSQL(
            "ALTER TABLE catalog_offer ADD COLUMN rank smallint DEFAULT 0 NOT NULL CHECK (rank >= 0)",
            "ALTER TABLE catalog_offer DROP COLUMN rank",
            state_operations=[
                migrations.AddField(
                    "offer",
                    "rank",
                    models.PositiveSmallIntegerField(
                        db_default=0, default=0, editable=False, verbose_name="place in the catalogue"
                    ),
                ),
            ],
        ),
        migrations.RunPython(put_in_order, migrations.RunPython.noop),
    ]
