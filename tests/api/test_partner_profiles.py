"""The profiles of the token's own partner."""

from collections.abc import Callable

import pytest

from partners.roles import Role
from tests.api.conftest import Api
from tests.api.worlds import World
from tests.factories import PartnerFactory

CONTOSO_SAYS = {
    "mpnId": "1200345",
    "partnerName": "Contoso Reseller",
    "profileType": "mpn_profile",
    "links": {"self": {"uri": "/profiles/mpn", "method": "GET", "headers": []}},
    "attributes": {"objectType": "MpnProfile"},
}


def test_a_partner_sees_its_own_mpn_profile(contoso: Api) -> None:
    answer = contoso.get("/profiles/mpn")
    assert (answer.status, answer.json) == (200, CONTOSO_SAYS)


def test_an_mpn_id_finds_another_partner(world: World, api: Callable[..., Api]) -> None:
    answer = api(partner=world.fabrikam).get("/profiles/mpn?mpnId=1200345")
    assert (answer.status, answer.json) == (200, CONTOSO_SAYS)


def test_a_partner_without_mpn_id_leaves_it_out(world: World, api: Callable[..., Api]) -> None:
    answer = api(partner=world.fabrikam).get("/profiles/mpn")
    assert (answer.status, answer.json["partnerName"], "mpnId" in answer.json) == (200, "Fabrikam Reseller", False)


@pytest.mark.parametrize("asked", ["4711", "%00", "%ED%A0%80", "'", "9" * 500])
def test_an_mpn_id_of_nobody_is_not_found(api: Callable[..., Api], asked: str) -> None:
    answer = api().get(f"/profiles/mpn?mpnId={asked}")
    assert (answer.status, answer.json["code"]) == (404, 3000)


@pytest.mark.parametrize("role", list(Role))
def test_every_role_sees_it(api: Callable[..., Api], role: Role) -> None:
    assert api(roles=[role]).get("/profiles/mpn").status == 200


def test_a_client_without_role_sees_nothing(api: Callable[..., Api]) -> None:
    answer = api(roles=[], partner=PartnerFactory()).get("/profiles/mpn")
    assert (answer.status, answer.json["code"]) == (403, 900150)
