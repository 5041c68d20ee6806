"""An add-on offer, as the catalogue names it, is sold only beside an offer that it is an add-on of."""

import pytest

from catalog.models import Offer, ServicePlan
from catalog.operations import set_plans
from subscriptions.sale import NO_PARENT, sale_to
from tests.factories import PartnerFactory, customer_of, offer, sold

pytestmark = pytest.mark.django_db


@pytest.fixture
def archive() -> Offer:
    """An add-on of E1 with a plan of the same service."""
    exchange = offer("E1").service_plans.filter(service__code="exchange").get().service
    added: Offer = Offer.objects.create(name="Archiving", sku_part_number="ARCHIVE", category="Standalone")
    set_plans(offer=added, plans=[ServicePlan.objects.create(code="ARCHIVE", name="Archiving", service=exchange)])
    added.prerequisite_offers.add(offer("E1"))
    return added


def test_without_its_parent_it_is_not_sold(archive: Offer) -> None:
    partner = PartnerFactory()
    sale = sale_to(partner_id=partner.pk, customer_id=customer_of(partner).pk)
    assert [objection.code for objection in sale.against(archive.pk)] == [NO_PARENT]
    assert sale.parent_names(archive) == ["Office 365 Enterprise E1"]
    assert not sale.is_add_on(offer("E1"))


def test_beside_its_parent_it_is(archive: Offer) -> None:
    partner = PartnerFactory()
    customer = customer_of(partner)
    e1 = sold(partner, customer, "E1")
    sale = sale_to(partner_id=partner.pk, customer_id=customer.pk)
    assert sale.against(archive.pk) == []
    assert sale.parent_of(archive) == e1


def test_and_so_it_is_in_one_order_with_it(archive: Offer) -> None:
    both = [offer("E1").pk, archive.pk]
    sale = sale_to(partner_id=PartnerFactory().pk, customer_id=None)
    assert sale.against(archive.pk, earlier=both[:1], basket=both) == []
