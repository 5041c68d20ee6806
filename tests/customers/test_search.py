"""Any piece of a company name or domain finds the customer, wherever the piece stands."""

import pytest

from customers.models import ResellerRelationship
from customers.naming import indexed_part
from partners.models import Partner
from tests.factories import PartnerFactory, customer_of

PIECES = [
    ("Adatum 软件", "adatum", "软件"),
    ("Adatum 软件", "adatum", "软"),
    ("Adatum 软件", "adatum", "m 软"),
    ("北京明华软件有限公司", "minghua", "有限"),
    ("Diseños Álvarez S.L.", "alvarez", "disenos a"),
    ("Diseños Álvarez S.L.", "alvarez", "S.L."),
    ("Diners’ Club", "diners", "iner"),
    ("Seminar", "seminar", "nar"),
    ("Contoso", "contoso", "oso.part"),
    ("Contoso", "contoso", "o.partner.onmschina.cn"),
    ("Contoso", "contoso", "onms"),
    ("Contoso", "contoso", ".partner."),
    ("A.P. Partner", "ap", "a.p. part"),
    ("100% Cotton_wool", "cotton", "0% c"),
    ("100% Cotton_wool", "cotton", "n_w"),
]


def _found(partner: Partner, text: str) -> list[str]:
    found = ResellerRelationship.objects.visible_to_partner(partner.pk).search(text, partner_id=partner.pk)
    return [row.customer.company_name for row in found.in_order()]


@pytest.mark.django_db
@pytest.mark.parametrize(("name", "label", "piece"), PIECES)
def test_a_piece_finds_the_customer(name: str, label: str, piece: str) -> None:
    partner = PartnerFactory()
    customer_of(partner, company_name=name, domain=f"{label}.partner.onmschina.cn")
    assert _found(partner, piece) == [name]


@pytest.mark.django_db
@pytest.mark.parametrize("piece", ["软有", "iner", "contosa", ".com", "so.onm", "contoso.partner.com", "%", "_"])
def test_what_does_not_stand_there_finds_nobody(piece: str) -> None:
    partner = PartnerFactory()
    customer_of(partner, company_name="Contoso 软件有限公司", domain="contoso.partner.onmschina.cn")
    assert _found(partner, piece) == []


@pytest.mark.django_db
def test_a_domain_of_another_ending_is_found_by_its_ending() -> None:
    partner = PartnerFactory()
    customer_of(partner, company_name="Fabrikam", domain="fabrikam.example")
    assert _found(partner, "m.example") == ["Fabrikam"]


@pytest.mark.django_db
def test_another_partners_customer_is_not_found() -> None:
    customer_of(PartnerFactory(), company_name="Contoso")
    assert _found(PartnerFactory(), "contoso") == []


@pytest.mark.parametrize(
    ("key", "part"),
    [
        ("contoso", "contoso"),
        ("contoso.partner.on", "contoso."),
        ("a.partner.", "a."),
        ("s.l.", "s.l."),
        ("onms", ""),
        (".partner.onmschina.cn", ""),
        (".com", ".com"),
    ],
)
def test_only_what_lies_before_the_common_suffix_is_looked_up(key: str, part: str) -> None:
    assert indexed_part(key) == part
