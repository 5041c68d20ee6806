"""What the tests of accounts enter: details that every rule accepts."""

import uuid
from typing import Any

from customers.models import Customer
from customers.operations import create_customer
from partners.models import Staff

CONTACT: dict[str, str] = {
    "first_name": "Na",
    "last_name": "Li",
    "email": "li.na@woodgrove.example.cn",
    "phone_number": "021 5555 0100",
    "country": "CN",
    "state": "SH",
    "city": "Shanghai",
    "address_line1": "1 Century Avenue",
    "postal_code": "200120",
}
BILLING: dict[str, str] = CONTACT | {"company_name": "Woodgrove Bank", "culture": "zh-CN", "language": "zh"}


def create(staff: Staff, **changed: Any) -> Customer:
    """A customer created as these changes say, Woodgrove Bank unless they do."""
    usual: dict[str, Any] = {"company_name": "Woodgrove Bank", "domain": "woodgrove", "contact": CONTACT}
    usual |= {"billing": BILLING, "key": str(uuid.uuid4())}
    return create_customer(staff=staff, **(usual | changed))
