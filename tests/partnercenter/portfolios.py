"""Portfolio files for the tests: the smallest valid records, and the commands that read and write them."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

OURS = "11111111-1111-4111-8111-111111111111"
THEIRS = "22222222-2222-4222-8222-222222222222"
ADATUM = "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa"
LITWARE = "bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb"
BUSINESS = "5c9fd4cc-edce-44a8-8e91-07df09744609"
PREMIUM = "031c9e47-4802-4248-838e-778fb1d2cc05"
E3 = "796b6b5f-613c-4e24-a17c-eba730d49c02"
NOBODY = "99999999-9999-4999-8999-999999999999"


def number(value: int) -> str:
    """A subscription's id."""
    return f"cccccccc-cccc-4ccc-8ccc-{value:012d}"


def a_partner(partner_id: str = OURS, **members: Any) -> dict[str, Any]:
    return {"id": partner_id, "name": f"Partner {partner_id[:2]}", "type": "direct_reseller", **members}


def a_subscription(value: int = 1, **members: Any) -> dict[str, Any]:
    return {
        "id": number(value),
        "offer": BUSINESS,
        "quantity": 25,
        "status": "active",
        "partner": OURS,
        "created": "2018-03-01T08:00:00Z",
        **members,
    }


def a_customer(customer_id: str = ADATUM, *subscriptions: dict[str, Any], **members: Any) -> dict[str, Any]:
    return {
        "id": customer_id,
        "company_name": "Adatum 软件",
        "domain": f"c-{customer_id[:8]}.partner.onmschina.cn",
        "resellers": [OURS],
        "delegated_admin_privileges": [],
        "subscriptions": list(subscriptions),
        **members,
    }


def a_portfolio(*customers: dict[str, Any], partners: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    return {
        "partners": [a_partner(OURS), a_partner(THEIRS)] if partners is None else partners,
        "customers": list(customers),
    }


class Desk:
    """Runs the commands on files of a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, content: Any, name: str = "portfolio.json") -> Path:
        """A file with this content: bytes and text as they are, anything else as JSON."""
        path = self.folder / name
        if isinstance(content, bytes):
            path.write_bytes(content)
        elif isinstance(content, str):
            path.write_text(content, encoding="utf-8")
        elif name.endswith(".jsonl"):
            records = [{"partner": partner} for partner in content["partners"]]
            records += [{"customer": customer} for customer in content["customers"]]
            path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
        else:
            path.write_text(json.dumps(content), encoding="utf-8")
        return path

    def bring_in(self, content: Any, name: str = "portfolio.json", **options: Any) -> str:
        """Import this content and return what the command says."""
        said = StringIO()
        call_command("import_portfolio", str(self.put(content, name)), stdout=said, **options)
        return said.getvalue()

    def faults(self, content: Any, name: str = "portfolio.json") -> list[str]:
        """The lines with which the import refuses this content."""
        path = self.put(content, name)
        with pytest.raises(CommandError) as refused:
            call_command("import_portfolio", str(path), stdout=StringIO())
        return str(refused.value).splitlines()[1:]

    def take_out(self, **options: Any) -> str:
        """What the export writes."""
        said = StringIO()
        call_command("export_portfolio", stdout=said, **options)
        return said.getvalue()
