"""Whether a domain is free."""

from collections.abc import Callable
from urllib.parse import quote

import pytest

from partners.roles import Role
from tests.api.conftest import Api
from tests.api.worlds import World

NO_HOST_NAMES = ["woodgrove", "wood grove.cn", "-a.example.cn", "a..cn", "云.cn", "a" * 64 + ".cn", "a.cn\0", "%"]


def test_a_domain_of_somebody_is_taken(contoso: Api) -> None:
    assert contoso.head("/domains/adatum.partner.onmschina.cn").status == 200
    assert contoso.head("/domains/ADATUM.partner.onmschina.cn/").status == 200
    assert contoso.head("/domains/woodgrove.partner.onmschina.cn").status == 404


def test_a_domain_of_another_partners_customer_is_taken_too(world: World, api: Callable[..., Api]) -> None:
    assert api(partner=world.fabrikam).head("/domains/adatum.partner.onmschina.cn").status == 200


@pytest.mark.parametrize("domain", NO_HOST_NAMES)
def test_what_is_no_host_name_is_refused(api: Callable[..., Api], domain: str) -> None:
    assert api().head(f"/domains/{quote(domain)}").status == 400


def test_domains_are_looked_for_and_not_read(contoso: Api) -> None:
    answer = contoso.get("/domains/adatum.partner.onmschina.cn")
    assert (answer.status, answer.headers["Allow"]) == (405, "HEAD")


def test_a_name_below_the_clouds_domain_is_free_or_not(contoso: Api) -> None:
    for prefix, is_free in [("adatum", False), ("Adatum", False), ("woodgrove", True), ("wood-grove", True)]:
        answer = contoso.get(f"/validations/checkDomainAvailability/{prefix}")
        assert (answer.status, answer.json) == (200, is_free)


@pytest.mark.parametrize("prefix", ["-a", "a b", "云", "a" * 64, "a" * 3_000, "a\0", "a..b", "%", "<b>"])
def test_what_can_be_no_name_is_refused(api: Callable[..., Api], prefix: str) -> None:
    answer = api().get(f"/validations/checkdomainavailability/{quote(prefix)}")
    assert (answer.status, answer.json["code"], answer.json["data"][0][:8]) == (400, 3000, "prefix: ")


@pytest.mark.parametrize("role", list(Role))
def test_roles_that_sell_ask(api: Callable[..., Api], role: Role) -> None:
    program = api(roles=[role])
    sells = role in (Role.GLOBAL_ADMIN, Role.ADMIN_AGENT, Role.SALES_AGENT)
    assert program.head("/domains/woodgrove.example.cn").status == (404 if sells else 403)
    assert program.get("/validations/checkdomainavailability/woodgrove").status == (200 if sells else 403)
