"""The link by which customers ask for a relationship, and the services that a partner administers."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from catalog.models import Service
from customers.models import Customer, DelegatedAdminPrivilege, ResellerRelationship
from partners.roles import Role
from tests.api.conftest import Api
from tests.api.worlds import ADATUM, CONTOSO, World
from tests.factories import DelegatedAdminPrivilegeFactory, ResellerRelationshipFactory, service

PORTAL = "https://portal.example.cn"
CENTRE = "https://centre.example.cn/"


def item(wire_id: str, name: str, **links: Any) -> dict[str, Any]:
    """A managed service as it is told."""
    return {
        "id": wire_id,
        "name": name,
        "groupName": "Office",
        "links": links,
        "attributes": {"objectType": "ManagedService"},
    }


def test_a_relationship_request_is_a_link_to_a_page(contoso: Api, settings: Settings, client: Client) -> None:
    settings.PORTAL_URL = PORTAL
    answer = contoso.get("/customers/relationshiprequests?indirectResellerId=x")
    url = f"{PORTAL}/invitation?partnerId={CONTOSO}"
    assert (answer.status, answer.json) == (200, {"url": url, "attributes": {"objectType": "RelationshipRequest"}})
    page = client.get(url.removeprefix(PORTAL))
    assert (page.status_code, "Contoso Reseller" in page.content.decode()) == (200, True)


@pytest.mark.parametrize("role", list(Role))
def test_roles_that_request_relationships_get_the_link(api: Callable[..., Api], role: Role) -> None:
    answer = api(roles=[role]).get("/customers/RelationshipRequests/")
    asks = role in (Role.GLOBAL_ADMIN, Role.ADMIN_AGENT, Role.SALES_AGENT)
    assert answer.status == (200 if asks else 403)


def test_managed_services_are_as_the_protocol_shows_them(contoso: Api, settings: Settings) -> None:
    settings.ADMIN_CENTRE_URL = ""
    DelegatedAdminPrivilege.objects.exclude(service=service("exchange")).delete()
    answer = contoso.get(f"/customers/{ADATUM}/managedservices")
    assert (answer.status, answer.json) == (
        200,
        {
            "totalCount": 1,
            "items": [item("Exchange", "Exchange")],
            "links": {"self": {"uri": f"/customers/{ADATUM}/managedservices", "method": "GET", "headers": []}},
            "attributes": {"objectType": "Collection"},
        },
    )


def test_d25_managed_services_have_their_ids(contoso: Api, settings: Settings) -> None:
    settings.ADMIN_CENTRE_URL = ""
    named = {
        "exchange": ("Exchange", "Exchange"),
        "skype": ("MicrosoftCommunicationsOnline", "SkypeforBusiness"),
        "sharepoint": ("SharePoint", "SharePoint"),
        "onedrive": ("OneDrive", "OneDrive for Business"),
        "office-web": ("OfficeWeb", "Office for the web"),
        "office-mobile": ("OfficeMobile", "Office mobile apps"),
        "office-desktop": ("OfficeDesktop", "Office desktop apps"),
        "information-protection": ("InformationProtection", "Azure Information Protection"),
        "bookings": ("Bookings", "Microsoft Bookings"),
    }
    Service.objects.create(code="planner", name="Planner")
    services = list(Service.objects.order_by("pk"))
    held = set(DelegatedAdminPrivilege.objects.values_list("service_id", flat=True))
    for one in services:
        if one.pk not in held:
            DelegatedAdminPrivilegeFactory(customer_id=ADATUM, customer=None, partner=contoso.partner, service=one)
    expected = [item(*named.get(one.code, (one.code, one.name))) for one in services]
    answer = contoso.get(f"/customers/{ADATUM}/managedservices")
    assert (answer.json["totalCount"], answer.json["items"]) == (len(services), expected)


def test_services_link_to_the_administration_centre(contoso: Api, settings: Settings) -> None:
    settings.ADMIN_CENTRE_URL = CENTRE
    link = {"uri": CENTRE, "method": "GET", "headers": []}
    told = contoso.get(f"/customers/{ADATUM}/managedservices").json["items"]
    assert len(told) == 7
    for one in told:
        assert one["links"] == {"adminService": link, "serviceHealth": link, "serviceTicket": link}


def test_only_privileges_in_force_count_and_only_ones_own(world: World, contoso: Api, api: Callable[..., Api]) -> None:
    rows = DelegatedAdminPrivilege.objects.filter(customer_id=ADATUM)
    rows.filter(service=service("exchange")).update(expires_at="2020-01-01T00:00:00Z")
    rows.filter(service=service("skype")).update(revoked_at="2020-01-01T00:00:00Z", ending="revoked")
    rows.filter(service=service("onedrive")).update(partner=world.fabrikam)
    ResellerRelationshipFactory(partner=world.fabrikam, customer=Customer.objects.get(pk=ADATUM))
    told = {one["id"] for one in contoso.get(f"/customers/{ADATUM}/managedservices").json["items"]}
    assert told == {"SharePoint", "OfficeWeb", "OfficeDesktop", "InformationProtection"}
    theirs = api(partner=world.fabrikam).get(f"/customers/{ADATUM}/managedservices").json["items"]
    assert [one["id"] for one in theirs] == ["OneDrive"]


def test_a_former_reseller_sees_what_it_administers_still(contoso: Api) -> None:
    ResellerRelationship.objects.update(has_ended=True, had_subscriptions=True)
    assert contoso.get(f"/customers/{ADATUM}/managedservices").json["totalCount"] == 7


def test_managed_services_cost_the_same_however_many_there_are(contoso: Api) -> None:
    path = f"/customers/{ADATUM}/managedservices"
    contoso.get(path)
    with CaptureQueriesContext(connection) as seven:
        contoso.get(path)
    DelegatedAdminPrivilege.objects.exclude(service=service("exchange")).delete()
    with CaptureQueriesContext(connection) as one:
        contoso.get(path)
    assert len(one) == len(seven) <= 5


def test_d40_reads_of_managed_services_audit_and_support(contoso: Api) -> None:
    for path in (f"/customers/{ADATUM}/managedservices", "/auditrecords", "/profiles/support"):
        assert contoso.get(path).status == 200
