"""The catalogue of Office 365 operated by 21Vianet: nine services, their plans, and twelve offers.

Offer and SKU ids are the global public ones, as no ids of their own are published for China.
"""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

SERVICES = [
    ("exchange", "Exchange Online"),
    ("sharepoint", "SharePoint Online"),
    ("onedrive", "OneDrive for Business"),
    ("skype", "Skype for Business Online"),
    ("office-web", "Office for the web"),
    ("office-mobile", "Office mobile apps"),
    ("office-desktop", "Office desktop apps"),
    ("information-protection", "Azure Information Protection"),
    ("bookings", "Microsoft Bookings"),
]
# code, public plan id, name, service
SERVICE_PLANS: list[tuple[str, str | None, str, str]] = [
    ("EXCHANGE_S_STANDARD", "9aaf7827-d63c-4b61-89c3-182f06f82e5c", "Exchange Online (Plan 1)", "exchange"),
    ("EXCHANGE_S_ENTERPRISE", "efb87545-963c-4e0d-99df-69c6916d9eb0", "Exchange Online (Plan 2)", "exchange"),
    ("SHAREPOINTSTANDARD", "c7699d2e-19aa-44de-8edf-1736da088ca1", "SharePoint Online (Plan 1)", "sharepoint"),
    ("SHAREPOINTENTERPRISE", "5dbe027f-2339-4123-9542-606e4d348a72", "SharePoint Online (Plan 2)", "sharepoint"),
    ("ONEDRIVESTANDARD", "13696edf-5a08-49f6-8134-03083ed8ba30", "OneDrive for Business (Plan 1)", "onedrive"),
    ("MCOSTANDARD", "0feaeb32-d00e-4d66-bd5a-43b5b83db82c", "Skype for Business Online (Plan 2)", "skype"),
    ("MCOIMP", "afc06cb0-b4f4-4473-8286-d644f70d8faf", "Skype for Business Online (Plan 1)", "skype"),
    ("SHAREPOINTWAC", "e95bec33-7c88-4a70-8e19-b10bd9d0c014", "Office for the web", "office-web"),
    ("OFFICEMOBILE_SUBSCRIPTION", None, "Office mobile apps", "office-mobile"),
    ("OFFICE_BUSINESS", "094e7854-93fc-4d55-b2c0-3ab5369ebdc1", "Office 365 Business apps", "office-desktop"),
    ("OFFICESUBSCRIPTION", "43de0ff5-c92c-492b-9116-175376d08c38", "Office 365 ProPlus apps", "office-desktop"),
    ("RMS_S_ENTERPRISE", "bea4c11e-220a-4e6d-8eb8-8ea15d019f90", "Azure Rights Management", "information-protection"),
    ("MICROSOFTBOOKINGS", "199a5c09-e0ca-4e37-8f7c-b05d533e1ea2", "Microsoft Bookings", "bookings"),
]
# id, name, SKU part number, SKU id, category, fewest and most licences, service plans
OFFERS: list[tuple[str, str, str, str, str, int, int, tuple[str, ...]]] = [
    (
        "5c9fd4cc-edce-44a8-8e91-07df09744609",
        "Office 365 Business",
        "O365_BUSINESS",
        "cdd28e44-67e3-425e-be4c-737fab2899d3",
        "Small business",
        1,
        300,
        ("OFFICE_BUSINESS", "ONEDRIVESTANDARD", "SHAREPOINTWAC"),
    ),
    (
        "bd938f12-058f-4927-bba3-ae36b1d2501c",
        "Office 365 Business Essentials",
        "O365_BUSINESS_ESSENTIALS",
        "3b555118-da6a-4418-894f-7df1e2096870",
        "Small business",
        1,
        300,
        ("EXCHANGE_S_STANDARD", "MCOSTANDARD", "SHAREPOINTSTANDARD", "SHAREPOINTWAC", "OFFICEMOBILE_SUBSCRIPTION"),
    ),
    (
        "031c9e47-4802-4248-838e-778fb1d2cc05",
        "Office 365 Business Premium",
        "O365_BUSINESS_PREMIUM",
        "f245ecc8-75af-4f8e-b61f-27d8114de5f3",
        "Small business",
        1,
        300,
        (
            "EXCHANGE_S_STANDARD",
            "MCOSTANDARD",
            "MICROSOFTBOOKINGS",
            "OFFICE_BUSINESS",
            "SHAREPOINTSTANDARD",
            "SHAREPOINTWAC",
        ),
    ),
    (
        "be57ff4c-100c-4f1f-b82d-f1c5ab63a665",
        "Office 365 ProPlus",
        "OFFICESUBSCRIPTION",
        "c2273bd0-dff7-4215-9ef5-2c7bcfb06425",
        "Enterprise",
        1,
        10000000,
        ("OFFICESUBSCRIPTION", "ONEDRIVESTANDARD", "SHAREPOINTWAC"),
    ),
    (
        "91fd106f-4b2c-4938-95ac-f54f74e9a239",
        "Office 365 Enterprise E1",
        "STANDARDPACK",
        "18181a46-0d4e-45cd-891e-60aabd171b4e",
        "Enterprise",
        1,
        10000000,
        ("EXCHANGE_S_STANDARD", "MCOSTANDARD", "SHAREPOINTSTANDARD", "SHAREPOINTWAC", "OFFICEMOBILE_SUBSCRIPTION"),
    ),
    (
        "796b6b5f-613c-4e24-a17c-eba730d49c02",
        "Office 365 Enterprise E3",
        "ENTERPRISEPACK",
        "6fd2c87f-b296-42f0-b197-1e91e994b900",
        "Enterprise",
        1,
        10000000,
        (
            "EXCHANGE_S_ENTERPRISE",
            "MCOSTANDARD",
            "OFFICESUBSCRIPTION",
            "RMS_S_ENTERPRISE",
            "SHAREPOINTENTERPRISE",
            "SHAREPOINTWAC",
        ),
    ),
    (
        "195416c1-3447-423a-b37b-ee59a99a19c4",
        "Exchange Online (Plan 1)",
        "EXCHANGESTANDARD",
        "4b9405b0-7788-4568-add1-99614e613b69",
        "Standalone",
        1,
        10000000,
        ("EXCHANGE_S_STANDARD",),
    ),
    (
        "2f707c7c-2433-49a5-a437-9ca7cf40d3eb",
        "Exchange Online (Plan 2)",
        "EXCHANGEENTERPRISE",
        "19ec0d23-8335-4cbd-94ac-6050e30712fa",
        "Standalone",
        1,
        10000000,
        ("EXCHANGE_S_ENTERPRISE",),
    ),
    (
        "ff7a4f5b-4973-4241-8c43-80f2be39311d",
        "SharePoint Online (Plan 1)",
        "SHAREPOINTSTANDARD",
        "1fc08a02-8b3d-43b9-831e-f76859e04e1a",
        "Standalone",
        1,
        10000000,
        ("SHAREPOINTSTANDARD",),
    ),
    (
        "69c67983-cf78-4102-83f6-3e5fd246864f",
        "SharePoint Online (Plan 2)",
        "SHAREPOINTENTERPRISE",
        "a9732ec9-17d9-494c-a51c-d6b45b384dcb",
        "Standalone",
        1,
        10000000,
        ("SHAREPOINTENTERPRISE",),
    ),
    (
        "aca0c06c-890d-4abb-83cf-bc519a2565e5",
        "Skype for Business Online (Plan 1)",
        "MCOIMP",
        "b8b749f8-a4ef-4887-9539-c95b1eaa5db7",
        "Standalone",
        1,
        10000000,
        ("MCOIMP",),
    ),
    (
        "14c61739-b45a-42c0-832c-d330972d3173",
        "Skype for Business Online (Plan 2)",
        "MCOSTANDARD",
        "d42c793f-6c78-4f43-92ca-e8f6a02b035f",
        "Standalone",
        1,
        10000000,
        ("MCOSTANDARD",),
    ),
]


def forwards(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Add the catalogue."""
    Service, ServicePlan, Offer, OfferServicePlan = (
        apps.get_model("catalog", name) for name in ("Service", "ServicePlan", "Offer", "OfferServicePlan")
    )
    services = {code: Service.objects.create(code=code, name=name) for code, name in SERVICES}
    plans = {
        code: ServicePlan.objects.create(code=code, plan_id=plan_id, name=name, service=services[service])
        for code, plan_id, name, service in SERVICE_PLANS
    }
    for offer_id, name, part_number, sku_id, category, fewest, most, contents in OFFERS:
        offer = Offer.objects.create(
            id=offer_id,
            name=name,
            sku_part_number=part_number,
            sku_id=sku_id,
            category=category,
            minimum_quantity=fewest,
            maximum_quantity=most,
        )
        OfferServicePlan.objects.bulk_create(
            [OfferServicePlan(offer=offer, service_plan=plans[code]) for code in contents]
        )


def backwards(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Take the catalogue away again."""
    apps.get_model("catalog", "Offer").objects.filter(pk__in=[row[0] for row in OFFERS]).delete()
    apps.get_model("catalog", "ServicePlan").objects.filter(code__in=[row[0] for row in SERVICE_PLANS]).delete()
    apps.get_model("catalog", "Service").objects.filter(code__in=[row[0] for row in SERVICES]).delete()


class Migration(migrations.Migration):
    """What the upgrade matrix is made of."""

    dependencies = [("catalog", "0001_initial")]

    operations = [migrations.RunPython(forwards, backwards)]
