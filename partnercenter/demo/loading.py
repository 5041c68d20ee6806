"""Loads the demo: the portfolio by way of the import, upgrades by way of the operation that the pages use."""

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from activity.operations import SYSTEM, record
from catalog.models import Offer
from customers.models import Customer
from customers.privilege_expiry import tend_privileges
from partnercenter.demo.accounts import ACCOUNTS, PASSWORD, Account
from partnercenter.demo.cases import CASES
from partnercenter.demo.catalogue import add_catalogue
from partnercenter.demo.companies import COMPANIES, E1, E3, EXCHANGE_1, EXCHANGE_2, PREMIUM, PROPLUS, SHAREPOINT_2
from partnercenter.demo.invitations import add_invitations
from partnercenter.demo.portfolio import Company, demo_id, records
from partnercenter.demo.privileges import move_privileges
from partnercenter.demo.staff import add_colleagues
from partnercenter.portfolio.importing import import_records
from partners.models import Staff, StaffRole
from subscriptions.models import OrderLine
from subscriptions.ordering import place_order
from subscriptions.provisioning import PAUSES, ConfirmAtOnce, ProvisioningFailed, provision_due_lines
from subscriptions.sale import Line
from upgrades.errors import UpgradeRefused
from upgrades.models import Upgrade
from upgrades.operations import tick_step, upgrade_subscription


@dataclass(frozen=True)
class Deed:
    """An upgrade that one of the demo's people asks for, and how many steps of its hand-over list are done."""

    email: str
    domain: str
    target: str
    quantity: int
    steps: int = 0
    number: int = 0


@dataclass(frozen=True)
class Purchase:
    """An order that one of the demo's people places: offers with licences. A refused one waits for a second try."""

    email: str
    domain: str
    lines: tuple[tuple[str, int, str], ...]
    reference: str = ""
    refusal: str = ""


ALL_STEPS = 100
DEEDS = (
    Deed("agent@contoso-reseller.example", "wingtip", PROPLUS, 320, ALL_STEPS),
    Deed("sales@contoso-reseller.example", "northwind", E3, 150, 1),
    Deed("sales@contoso-reseller.example", "margies-travel", PREMIUM, 24, ALL_STEPS),
    Deed("agent@contoso-reseller.example", "litware", E1, 33),
    Deed("sales@contoso-reseller.example", "jianghan", PREMIUM, 25),
    Deed("agent@fabrikam-reseller.example", "graphicdesign", E3, 140, 2),
    Deed("agent@fabrikam-reseller.example", "celik-guell", PROPLUS, 73, ALL_STEPS),
)

PURCHASES = (
    Purchase(
        "sales@contoso-reseller.example",
        "vinos-duero",
        ((PROPLUS, 20, "Bodega"), (EXCHANGE_1, 20, "")),
        reference="PO 2026-0117",
    ),
    Purchase("agent@contoso-reseller.example", "treyresearch", ((EXCHANGE_2, 400, "Mail"),), reference="PO 2026-0204"),
    Purchase(
        "sales@contoso-reseller.example",
        "wingtip",
        ((EXCHANGE_1, 320, "Plant 1"), (SHAREPOINT_2, 40, "Drawings")),
        reference="PO 2026-0231",
        refusal="The tenant is being moved to another region. Try again when the move has ended.",
    ),
)


@dataclass(frozen=True)
class Loaded:
    """What was not there yet."""

    customers: int
    accounts: int
    upgrades: int
    prices: int


@transaction.atomic
def load_demo() -> Loaded:
    """Add to the portal what of the demo it lacks; what is there stays as it has become.

    Raises `PortfolioRefused` where something else has taken a domain or an id of the demo.
    """
    priced = add_catalogue(today=timezone.localdate())
    missing = list(_missing_companies())
    if missing:
        import_records(records(missing, today=timezone.localdate()), source="demo")
    accounts = [_add_account(account) for account in _missing_accounts()]
    added = {company.domain: company for company in missing}
    upgrades = [_do(deed, added[deed.domain]) for deed in DEEDS if deed.domain in added]
    for purchase in PURCHASES:
        if purchase.domain in added:
            _buy(purchase, added[purchase.domain])
    if missing:
        add_invitations()
        add_colleagues()
        move_privileges()
        tend_privileges(now=timezone.now())
    return Loaded(customers=len(missing), accounts=len(accounts), upgrades=sum(map(bool, upgrades)), prices=priced)


def _missing_companies() -> Iterator[Company]:
    companies = {uuid.UUID(company.id): company for company in (*CASES, *COMPANIES)}
    present = set(Customer.objects.filter(pk__in=companies).values_list("pk", flat=True))
    return (company for pk, company in companies.items() if pk not in present)


def _missing_accounts() -> Iterable[Account]:
    emails = [account.email for account in ACCOUNTS]
    present = set(Staff.objects.filter(email__in=emails).values_list("email", flat=True))
    return [account for account in ACCOUNTS if account.email not in present]


def _add_account(account: Account) -> Staff:
    """Make the person, whose password is the demo's."""
    create = Staff.objects.create_user if account.partner_id else Staff.objects.create_superuser
    staff = create(
        account.email,
        PASSWORD,
        id=uuid.UUID(demo_id(account.email)),
        name=account.name,
        partner_id=account.partner_id and uuid.UUID(account.partner_id),
    )
    if account.role:
        StaffRole.objects.create(staff=staff, role=account.role)
    record(actor=SYSTEM, operation="add_staff", resource=staff, partner=staff.partner, after={"email": staff.email})
    return staff


def _do(deed: Deed, company: Company) -> Upgrade | None:
    """Upgrade as the pages do; a refusal leaves its record, which belongs to the demo too."""
    staff = Staff.objects.get(email=deed.email)
    try:
        upgrade = upgrade_subscription(
            staff=staff,
            subscription_id=uuid.UUID(company.subscription_id(deed.number)),
            target_id=Offer.objects.get(name=deed.target).pk,
            quantity=deed.quantity,
            key=demo_id(f"{deed.domain} to {deed.target}"),
        )
    except UpgradeRefused:
        return None
    for number in range(min(deed.steps, len(upgrade.hand_over))):
        tick_step(staff=staff, upgrade_id=upgrade.pk, number=number, is_done=True)
    return upgrade


class _Refusing:
    """A cloud that refuses, always with the same words."""

    def __init__(self, words: str) -> None:
        self.words = words

    def provision(self, line: OrderLine) -> None:
        raise ProvisioningFailed(self.words)


def _buy(purchase: Purchase, company: Company) -> None:
    """Order as the pages do, and have it provisioned; what the demo's cloud refuses is given up at last."""
    offers = {offer.name: offer.pk for offer in Offer.objects.all()}
    order = place_order(
        staff=Staff.objects.get(email=purchase.email),
        customer_id=uuid.UUID(company.id),
        lines=[Line(offers[name], quantity, nickname) for name, quantity, nickname in purchase.lines],
        key=demo_id(f"{purchase.domain} buys"),
        reference=purchase.reference,
    )
    provisioner = _Refusing(purchase.refusal) if purchase.refusal else ConfirmAtOnce()
    for _attempt in range(len(PAUSES) + 1 if purchase.refusal else 1):
        order.lines.waiting().update(next_attempt_at=timezone.now())
        provision_due_lines(order_id=order.pk, provisioner=provisioner)
