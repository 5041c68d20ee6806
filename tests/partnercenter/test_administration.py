"""Django admin as a whole: how its addresses answer what makes no sense."""

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from catalog.models import Category, Offer, Service, ServicePlan
from tests.desk.conftest import queries
from tests.factories import ActivityRecordFactory, PlatformAdministratorFactory, StaffFactory

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


def one_more_of_each(number: int) -> None:
    StaffFactory.create()
    ActivityRecordFactory.create()
    service = Service.objects.create(code=f"service-{number}", name=f"Service {number}")
    ServicePlan.objects.create(code=f"PLAN{number}", name=f"Plan {number}", service=service)
    Offer.objects.create(name=f"Offer {number}", sku_part_number=f"SKU{number}", category=Category.STANDALONE)


@pytest.mark.parametrize("address", LISTS)
def test_the_number_of_queries_of_a_list_does_not_grow(at_work: Client, address: str) -> None:
    one_more_of_each(0)
    few = queries(at_work, f"/admin/{address}/")
    for number in range(1, 11):
        one_more_of_each(number)
    assert queries(at_work, f"/admin/{address}/") == few


@pytest.mark.parametrize("address", LISTS)
@pytest.mark.parametrize("verb", ["view", "add", "change", "delete"])
def test_whoever_may_one_thing_alone_finds_every_link_of_the_start_page_open(
    client: Client, address: str, verb: str
) -> None:
    person = PlatformAdministratorFactory.create(is_superuser=False)
    person.user_permissions.set(Permission.objects.filter(codename=f"{verb}_{address.partition('/')[2]}"))
    client.force_login(person)
    for link in ("", "add/"):
        if f'href="/admin/{address}/{link}"' in client.get("/admin/").content.decode():
            assert client.get(f"/admin/{address}/{link}").status_code == 200
