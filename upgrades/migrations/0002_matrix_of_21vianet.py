"""The upgrade matrix of Office 365 operated by 21Vianet."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

FOOTNOTE = (
    "On the global page the footnote says that India editions upgrade only to the India edition of Business "
    "Premium; for China the marker carries no further condition."
)
# source, target, whether the cell carries the footnote
PATHS = [
    ("Office 365 Business", "Office 365 Business Premium", True),
    ("Office 365 Business", "Office 365 ProPlus", False),
    ("Office 365 Business", "Office 365 Enterprise E3", False),
    ("Office 365 Business Premium", "Office 365 Enterprise E3", False),
    ("Office 365 Business Essentials", "Office 365 Business Premium", True),
    ("Office 365 Business Essentials", "Office 365 Enterprise E1", False),
    ("Office 365 Business Essentials", "Office 365 Enterprise E3", False),
]


def forwards(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Add the matrix."""
    offers = {offer.name: offer for offer in apps.get_model("catalog", "Offer").objects.all()}
    UpgradePath = apps.get_model("upgrades", "UpgradePath")
    apps.get_model("upgrades", "UpgradeMatrix").objects.create(id=1, version=1)
    for source, target, has_footnote in PATHS:
        UpgradePath.objects.create(
            source=offers[source], target=offers[target], footnote=FOOTNOTE if has_footnote else ""
        )


def backwards(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Take the matrix away again."""
    apps.get_model("upgrades", "UpgradePath").objects.all().delete()
    apps.get_model("upgrades", "UpgradeMatrix").objects.all().delete()


class Migration(migrations.Migration):
    """What may be upgraded to what."""

    dependencies = [("upgrades", "0001_initial"), ("catalog", "0002_office_365_by_21vianet")]

    operations = [migrations.RunPython(forwards, backwards)]
