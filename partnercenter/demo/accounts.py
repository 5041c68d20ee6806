"""The demo's people: one for each role of Contoso Reseller, one of Fabrikam Reseller, one for Django admin."""

from dataclasses import dataclass

from partnercenter.demo.portfolio import CONTOSO, FABRIKAM, PARTNERS
from partners.roles import Role

PASSWORD = "demo-portal"  # noqa: S105 - printed for everyone who tries the demo, which needs DEBUG


@dataclass(frozen=True)
class Account:
    """Someone who can sign in; without a partner, a platform administrator."""

    email: str
    name: str
    partner_id: str | None = None
    role: Role | None = None

    @property
    def partner_name(self) -> str:
        """The partner's name; nothing for a platform administrator."""
        return next((partner["name"] for partner in PARTNERS if partner["id"] == self.partner_id), "")


ACCOUNTS = (
    Account("global@contoso-reseller.example", "Li Na", CONTOSO, Role.GLOBAL_ADMIN),
    Account("agent@contoso-reseller.example", "Wang Wei", CONTOSO, Role.ADMIN_AGENT),
    Account("sales@contoso-reseller.example", "María Torres", CONTOSO, Role.SALES_AGENT),
    Account("helpdesk@contoso-reseller.example", "James Carter", CONTOSO, Role.HELPDESK_AGENT),
    Account("billing@contoso-reseller.example", "Chen Jing", CONTOSO, Role.BILLING_ADMIN),
    Account("users@contoso-reseller.example", "Sofía Herrera", CONTOSO, Role.USER_ADMIN),
    Account("agent@fabrikam-reseller.example", "Zhang Min", FABRIKAM, Role.ADMIN_AGENT),
    Account("platform@portal.example", "Alex Morgan"),
)
