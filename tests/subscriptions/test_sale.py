"""What may be sold to a customer: the worked cases of a sale, for what it has and for what comes with it."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.models import Offer
from customers.models import Customer
from partners.models import Partner
from subscriptions.models import Status, Subscription
from subscriptions.ordering import place_order
from subscriptions.sale import Line, Objection, sale_to
from tests.factories import PartnerFactory, StaffFactory, customer_of, offer, sold

pytestmark = pytest.mark.django_db


@pytest.fixture
def partner() -> Partner:
    made: Partner = PartnerFactory()
    return made


@pytest.fixture
def customer(partner: Partner) -> Customer:
    return customer_of(partner)


def against(partner: Partner, customer: Customer | None, *names: str, quantity: int = 5) -> list[list[Objection]]:
    """What is against each of these, bought together."""
    sale = sale_to(partner_id=partner.pk, customer_id=customer and customer.pk)
    return sale.judge([Line(offer(name).pk, quantity) for name in names])


def codes(partner: Partner, customer: Customer | None, *names: str) -> list[list[str]]:
    return [[objection.code for objection in line] for line in against(partner, customer, *names)]


def is_add_on_of(name: str, *parents: str) -> Offer:
    made = offer(name)
    for parent in parents:
        made.prerequisite_offers.add(offer(parent))
    return made


CONFLICT, PRESENT, NO_PARENT = "conflicting_service_types", "offer_already_present", "add_on_parent_missing"


@pytest.mark.parametrize(
    ("held", "asked", "expected"),
    [
        (None, "Business", []),
        ("Business", "Business", [PRESENT]),
        ("Business", "Exchange Online (Plan 1)", []),
        ("Business", "ProPlus", [CONFLICT]),
        ("Business", "Business Essentials", [CONFLICT]),
        ("Exchange Online (Plan 1)", "Exchange Online (Plan 2)", [CONFLICT]),
        ("Exchange Online (Plan 2)", "Business Premium", [CONFLICT]),
        ("Exchange Online (Plan 2)", "ProPlus", []),
        ("E3", "SharePoint Online (Plan 1)", [CONFLICT]),
    ],
)
@pytest.mark.parametrize("is_ours", [True, False])
@pytest.mark.parametrize("status", [Status.PENDING, Status.ACTIVE, Status.SUSPENDED])
def test_a_live_subscription_from_anywhere_conflicts_by_its_services(
    partner: Partner,
    customer: Customer,
    held: str | None,
    asked: str,
    expected: list[str],
    is_ours: bool,
    status: Status,
) -> None:
    if held is not None:
        sold(partner if is_ours else None, customer, held, status=status)
    assert codes(partner, customer, asked) == [expected]


def test_what_is_deleted_or_another_customers_is_not_in_the_way(partner: Partner, customer: Customer) -> None:
    sold(partner, customer, "Business", status=Status.DELETED)
    sold(partner, customer_of(partner), "Business")
    assert codes(partner, customer, "Business") == [[]]


def test_of_what_was_bought_elsewhere_only_offer_and_services_are_told(partner: Partner, customer: Customer) -> None:
    other = sold(PartnerFactory(name="Fabrikam"), customer, "E3", nickname="Secret", quantity=77)
    [[objection]] = against(partner, customer, "Business Essentials")
    told = objection.message + objection.remedy
    assert "Office 365 Enterprise E3, bought from another reseller or channel" in told
    assert "Exchange Online, SharePoint Online" in told
    assert objection.subscription_id is None
    for secret in (str(other.pk), "Fabrikam", "Secret", "77"):
        assert secret not in told


def test_the_remedy_for_an_own_one_of_the_same_offer_is_to_add_licences_to_it(
    partner: Partner, customer: Customer
) -> None:
    held = sold(partner, customer, "Business")
    [[objection]] = against(partner, customer, "Business")
    assert (objection.remedy, objection.subscription_id) == ("Add licences to it.", held.pk)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["Business", "Exchange Online (Plan 1)"], [[], []]),
        (["Business", "Business"], [[], [PRESENT]]),
        (["Exchange Online (Plan 1)", "Exchange Online (Plan 2)"], [[], [CONFLICT]]),
        (["E3", "Business", "ProPlus"], [[], [CONFLICT], [CONFLICT, CONFLICT]]),
    ],
)
def test_lines_of_one_order_conflict_with_those_before_them(
    partner: Partner, names: list[str], expected: list[list[str]]
) -> None:
    assert codes(partner, None, *names) == expected


def test_an_offer_that_is_not_sold_any_more_cannot_be_bought(partner: Partner) -> None:
    Offer.objects.filter(pk=offer("Business").pk).update(is_available=False)
    assert codes(partner, None, "Business") == [["offer_not_available"]]


def test_what_the_customer_has_costs_no_further_queries(partner: Partner, customer: Customer) -> None:
    counted = []
    for _ in range(2):
        sold(partner, customer, "Business")
        with CaptureQueriesContext(connection) as queries:
            against(partner, customer)
        counted.append(len(queries))
    assert counted[0] == counted[1] <= 4


class TestAddOns:
    @pytest.fixture(autouse=True)
    def _add_on(self) -> None:
        is_add_on_of("Exchange Online (Plan 2)", "E1", "Business Premium")

    def test_needs_its_parent(self, partner: Partner, customer: Customer) -> None:
        [[objection]] = against(partner, customer, "Exchange Online (Plan 2)")
        assert objection.code == NO_PARENT
        assert "Office 365 Business Premium, Office 365 Enterprise E1" in objection.message

    def test_does_not_conflict_with_its_parent_and_hangs_on_it(self, partner: Partner, customer: Customer) -> None:
        parent = sold(partner, customer, "E1")
        assert codes(partner, customer, "Exchange Online (Plan 2)") == [[]]
        place_order(
            staff=StaffFactory(partner=partner),
            customer_id=customer.pk,
            lines=[Line(offer("Exchange Online (Plan 2)").pk, 5)],
            key="key",
        )
        assert Subscription.objects.get(parent__isnull=False).parent == parent

    @pytest.mark.parametrize("status", [Status.PENDING, Status.SUSPENDED, Status.DELETED])
    def test_a_parent_that_is_not_active_carries_nothing(
        self, partner: Partner, customer: Customer, status: Status
    ) -> None:
        sold(partner, customer, "E1", status=status)
        assert codes(partner, customer, "Exchange Online (Plan 2)") == [[NO_PARENT]]

    def test_a_parent_sold_by_somebody_else_carries_nothing(self, partner: Partner, customer: Customer) -> None:
        sold(None, customer, "E1")
        assert codes(partner, customer, "Exchange Online (Plan 2)") == [[NO_PARENT]]

    @pytest.mark.parametrize("names", [["E1", "Exchange Online (Plan 2)"], ["Exchange Online (Plan 2)", "E1"]])
    def test_the_parent_may_come_in_the_same_order(
        self, partner: Partner, customer: Customer, names: list[str]
    ) -> None:
        place_order(
            staff=StaffFactory(partner=partner),
            customer_id=customer.pk,
            lines=[Line(offer(name).pk, 5) for name in names],
            key="key",
        )
        add_on = Subscription.objects.get(offer=offer("Exchange Online (Plan 2)"))
        assert add_on.parent is not None
        assert add_on.parent.offer == offer("E1")
