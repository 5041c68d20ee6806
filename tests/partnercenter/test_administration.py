"""Django admin as a whole: how its addresses answer what makes no sense."""

import pytest
from django.test import Client

from tests.factories import PlatformAdministratorFactory

pytestmark = pytest.mark.django_db

LISTS = [
    "catalog/offer",
    "catalog/service",
    "catalog/serviceplan",
    "partners/partner",
    "partners/staff",
    "activity/activityrecord",
]


@pytest.fixture
def at_work(client: Client) -> Client:
    client.force_login(PlatformAdministratorFactory.create())
    return client


@pytest.mark.parametrize("address", LISTS)
@pytest.mark.parametrize("asked", ["name__regex=[", "operation__iregex=(", f"id__in={'9' * 30}", "q=%00"])
def test_a_list_refuses_what_no_database_answers(at_work: Client, address: str, asked: str) -> None:
    assert at_work.get(f"/admin/{address}/?{asked}").status_code == 400


@pytest.mark.parametrize(
    "asked",
    [
        "catalog/offer/?category__exact=enterprise&is_available__exact=1",
        "catalog/serviceplan/?service__id__exact=1",
        "partners/staff/?role_rows__role__exact=admin_agent&is_staff__exact=0&_facets=True",
        "partners/partner/?type__exact=direct_reseller&q=x&o=-2",
        "activity/activityrecord/?outcome__exact=refused&p=1",
    ],
)
def test_the_filters_of_the_lists_are_answered(at_work: Client, asked: str) -> None:
    assert at_work.get(f"/admin/{asked}").status_code == 200
