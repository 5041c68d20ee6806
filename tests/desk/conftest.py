import pytest
from django.test import Client

from partners.models import Partner, Staff
from tests.factories import PartnerFactory, StaffFactory


@pytest.fixture
def partner(db: None) -> Partner:
    return PartnerFactory(name="Contoso Reseller")


@pytest.fixture
def staff(partner: Partner) -> Staff:
    return StaffFactory(name="Li Na", partner=partner, time_zone="Asia/Shanghai")


@pytest.fixture
def client(staff: Staff) -> Client:
    return signed_in(staff)


def signed_in(staff: Staff) -> Client:
    client = Client()
    client.force_login(staff)
    return client
