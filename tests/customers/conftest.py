import pytest
from django.test import Client

from customers.models import Customer
from partners.models import Staff
from tests.factories import StaffFactory, customer_of


@pytest.fixture
def staff(db: None) -> Staff:
    """Li Na, a global admin; threads share her, so her permissions are asked for here."""
    made: Staff = StaffFactory(name="Li Na")
    assert made.permissions
    return made


@pytest.fixture
def customer(staff: Staff) -> Customer:
    """Woodgrove, a customer of Li Na's partner."""
    return customer_of(staff.partner, company_name="Woodgrove", domain="woodgrove.partner.onmschina.cn")


@pytest.fixture
def at_work(client: Client, staff: Staff) -> Client:
    """Li Na's browser."""
    client.force_login(staff)
    return client
