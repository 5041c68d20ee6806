"""The world in which the examples of the protocol are true."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from partnercenter.portfolio.importing import import_file
from partners.models import Partner

CONTOSO = "eb74cde8-fa4a-5da1-99ee-86dcc4358d31"
FABRIKAM = "ce048a3d-dd63-5955-bb60-1b1459ff68bb"
ADATUM = "3f1c2a70-8b1e-4c55-9a0d-5d7b6a1e0c01"
BUSINESS = "7d2f0c1e-4a3b-4d5c-8e6f-1a2b3c4d5e01"
EXCHANGE_ELSEWHERE = "7d2f0c1e-4a3b-4d5c-8e6f-1a2b3c4d5e02"
SERVICES = "exchange sharepoint onedrive skype office-web office-desktop information-protection".split()

EXAMPLE: dict[str, Any] = {
    "partners": [
        {"id": CONTOSO, "name": "Contoso Reseller", "type": "direct_reseller", "mpn_id": "1200345"},
        {"id": FABRIKAM, "name": "Fabrikam Reseller", "type": "direct_reseller"},
    ],
    "customers": [
        {
            "id": ADATUM,
            "company_name": "Adatum",
            "domain": "adatum.partner.onmschina.cn",
            "resellers": [CONTOSO],
            "delegated_admin_privileges": [{"service": service, "partner": CONTOSO} for service in SERVICES],
            "subscriptions": [
                {
                    "id": BUSINESS,
                    "offer": "5c9fd4cc-edce-44a8-8e91-07df09744609",
                    "nickname": "Head office",
                    "quantity": 25,
                    "status": "active",
                    "partner": CONTOSO,
                    "parent": None,
                    "created": "2026-03-01T08:00:00Z",
                    "suspended": None,
                    "commitment_end": "2027-03-01",
                    "auto_renew": True,
                },
                {
                    "id": EXCHANGE_ELSEWHERE,
                    "offer": "2f707c7c-2433-49a5-a437-9ca7cf40d3eb",
                    "nickname": "",
                    "quantity": 10,
                    "status": "active",
                    "partner": None,
                    "parent": None,
                    "created": "2026-04-01T08:00:00Z",
                    "suspended": None,
                    "commitment_end": "2027-04-01",
                    "auto_renew": True,
                },
            ],
        }
    ],
}


@dataclass(frozen=True)
class World:
    """The two partners of a world that was imported."""

    contoso: Partner
    fabrikam: Partner

    @classmethod
    def load(cls, portfolio: dict[str, Any], folder: Path) -> "World":
        """Import a portfolio as the portal does."""
        file = folder / "world.json"
        file.write_text(json.dumps(portfolio), encoding="utf-8")
        import_file(file)
        return cls(Partner.objects.get(pk=CONTOSO), Partner.objects.get(pk=FABRIKAM))
