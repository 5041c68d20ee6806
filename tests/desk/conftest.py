import datetime
from collections.abc import Iterator

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from partners.models import Partner, Staff
from tests.factories import PartnerFactory, StaffFactory


@pytest.fixture
def noon() -> Iterator[datetime.datetime]:
    """Noon in Shanghai, where the person is: no day ends while the test runs. To be asked for before `client`."""
    moment = datetime.datetime(2026, 5, 4, 4, 0, tzinfo=datetime.UTC)
    with time_machine.travel(moment):
        yield moment


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


def queries(client: Client, path: str, query: dict[str, str] | None = None) -> int:
    """How many queries this page takes, once what a process keeps is there."""
    client.get(path, query)
    with CaptureQueriesContext(connection) as asked:
        assert client.get(path, query).status_code == 200
    assert asked.captured_queries
    return len(asked)
