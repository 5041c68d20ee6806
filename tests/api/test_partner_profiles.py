"""The profiles of the token's own partner."""

from collections.abc import Callable
from typing import Any

import pytest

from partners.models import Partner
from partners.roles import Role
from tests.api.conftest import Api
from tests.api.worlds import CONTOSO, World
from tests.factories import PartnerFactory

PROFILES = "organization mpn partnernetworkprofile legalbusiness billing support".split()


def linked(path: str) -> dict[str, Any]:
    """The links of a profile."""
    return {"self": {"uri": f"/profiles/{path}", "method": "GET", "headers": []}}


CONTOSO_SAYS = {
    "mpnId": "1200345",
    "partnerName": "Contoso Reseller",
    "profileType": "mpn_profile",
    "links": linked("mpn"),
    "attributes": {"objectType": "MpnProfile"},
}


def test_a_partner_sees_its_own_mpn_profile(contoso: Api) -> None:
    answer = contoso.get("/profiles/mpn")
    assert (answer.status, answer.json) == (200, CONTOSO_SAYS)


def test_an_mpn_id_finds_another_partner(world: World, api: Callable[..., Api]) -> None:
    told = CONTOSO_SAYS | {"links": {"self": {"uri": "/profiles/mpn?mpnId=1200345", "method": "GET", "headers": []}}}
    for path in ("mpn", "partnernetworkprofile"):
        answer = api(partner=world.fabrikam).get(f"/profiles/{path}?MpnId=1200345&verifyAdvisor=true")
        assert (answer.status, answer.json) == (200, told)


def test_a_partner_without_mpn_id_leaves_it_out(world: World, api: Callable[..., Api]) -> None:
    answer = api(partner=world.fabrikam).get("/profiles/mpn")
    assert (answer.status, answer.json["partnerName"], "mpnId" in answer.json) == (200, "Fabrikam Reseller", False)


@pytest.mark.parametrize("asked", ["4711", "%00", "%ED%A0%80", "'", "9" * 500])
def test_an_mpn_id_of_nobody_is_not_found(api: Callable[..., Api], asked: str) -> None:
    answer = api().get(f"/profiles/mpn?mpnId={asked}")
    assert (answer.status, answer.json["code"]) == (404, 3000)


def test_the_older_name_of_the_mpn_profile_is_the_same(contoso: Api) -> None:
    answer = contoso.get("/profiles/PartnerNetworkProfile")
    assert (answer.status, answer.json) == (200, CONTOSO_SAYS)


def test_the_organization_is_told_as_far_as_it_is_known(contoso: Api) -> None:
    answer = contoso.get("/profiles/organization")
    etag = answer.json["attributes"]["etag"]
    assert (answer.status, answer.headers["ETag"]) == (200, f'"{etag}"')
    assert answer.json == {
        "id": CONTOSO,
        "companyName": "Contoso Reseller",
        "tenantId": CONTOSO,
        "profileType": "organization_profile",
        "links": linked("organization"),
        "attributes": {"etag": etag, "objectType": "OrganizationProfile"},
    }


def test_the_legal_profile_says_that_the_partner_is_known(contoso: Api) -> None:
    answer = contoso.get("/profiles/legalbusiness?vettingVersion=Current")
    assert (answer.status, answer.json) == (
        200,
        {
            "companyName": "Contoso Reseller",
            "vettingStatus": "authorized",
            "vettingSubStatus": "none",
            "profileType": "legal_business_profile",
            "links": linked("legalbusiness"),
            "attributes": {"objectType": "LegalBusinessProfile"},
        },
    )


def test_the_partner_pays_in_the_currency_of_this_cloud(contoso: Api) -> None:
    answer = contoso.get("/profiles/billing")
    etag = answer.json["attributes"]["etag"]
    assert (answer.status, answer.headers["ETag"]) == (200, f'"{etag}"')
    assert answer.json == {
        "companyName": "Contoso Reseller",
        "billingCurrency": "CNY",
        "profileType": "billing_profile",
        "links": linked("billing"),
        "attributes": {"etag": etag, "objectType": "BillingProfile"},
    }


def test_the_support_profile_says_what_was_entered(contoso: Api) -> None:
    answer = contoso.get("/profiles/support")
    assert (answer.status, answer.json) == (
        200,
        {
            "profileType": "support_profile",
            "links": linked("support"),
            "attributes": {"objectType": "PartnerSupportProfile"},
        },
    )


def test_an_etag_changes_with_what_it_is_of(contoso: Api) -> None:
    before = contoso.get("/profiles/organization").headers["ETag"]
    assert contoso.get("/profiles/organization").headers["ETag"] == before
    Partner.objects.filter(pk=CONTOSO).update(name="Contoso")
    after = contoso.get("/profiles/organization")
    assert (after.json["companyName"], after.headers["ETag"] == before) == ("Contoso", False)


@pytest.mark.parametrize("path", ["organization", "legalbusiness", "billing", "support"])
def test_profiles_are_not_changed_yet(contoso: Api, path: str) -> None:
    answer = contoso.put(f"/profiles/{path}", {"companyName": "Other"})
    assert (answer.status, answer.json["code"]) == (501, 900127)


@pytest.mark.parametrize("role", list(Role))
def test_every_role_sees_them(api: Callable[..., Api], role: Role) -> None:
    program = api(roles=[role])
    assert {program.get(f"/profiles/{path}").status for path in PROFILES} == {200}


def test_a_client_without_role_sees_nothing(api: Callable[..., Api]) -> None:
    program = api(roles=[], partner=PartnerFactory())
    for path in PROFILES:
        answer = program.get(f"/profiles/{path}")
        assert (answer.status, answer.json["code"]) == (403, 900150)
