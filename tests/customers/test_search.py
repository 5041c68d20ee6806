"""A search finds every customer whose name or domain contains the text, and no other."""

import uuid

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from customers.models import Customer, ResellerRelationship
from customers.naming import name_key
from partners.models import Partner
from tests.factories import PartnerFactory, ResellerRelationshipFactory, customer_of

pytestmark = pytest.mark.django_db

NAMES = {
    "北京世纪互联数据中心": "bjsj.partner.onmschina.cn",
    "上海设计公司": "shanghai-design.partner.onmschina.cn",
    "Diseño Gráfico S.A.": "diseno.partner.onmschina.cn",
    "CONTOSO": "contoso.partner.onmschina.cn",
    "Contoso Holding": "ch.example.com",
    "ＦＵＬＬ Ｗｉｄｔｈ": "fw.partner.onmschina.cn",
    "100% Pure_Water\\Air": "pure.partner.onmschina.cn",
    "Onmschina Fans": "fans.example.cn",
    "Partner.onmschina.cn": "odd.partner.onmschina.cn",
    "A": "a.partner.onmschina.cn",
    'O\'Neil "quoted" (co)': "oneil.partner.onmschina.cn",
    "😀 Smile": "smile.partner.onmschina.cn",
}


@pytest.fixture
def partner() -> Partner:
    made: Partner = PartnerFactory()
    for name, domain in NAMES.items():
        customer_of(made, services=[], company_name=name, domain=domain)
    return made


def found(partner: Partner, text: str) -> set[str]:
    rows = ResellerRelationship.objects.visible_to_partner(partner.pk).search(text, partner_id=partner.pk)
    return {row.customer.company_name for row in rows.select_related("customer")}


def expected(text: str) -> set[str]:
    key = name_key(text)
    return {name for name, domain in NAMES.items() if key in name_key(name) or key in domain}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("contoso", {"CONTOSO", "Contoso Holding"}),
        ("CoNtOsO", {"CONTOSO", "Contoso Holding"}),
        ("ontos", {"CONTOSO", "Contoso Holding"}),
        ("contoso h", {"Contoso Holding"}),
        ("  contoso   h  ", {"Contoso Holding"}),
        ("世纪", {"北京世纪互联数据中心"}),
        ("中心", {"北京世纪互联数据中心"}),
        ("京", {"北京世纪互联数据中心"}),
        ("公司", {"上海设计公司"}),
        ("diseño", {"Diseño Gráfico S.A."}),
        ("DISENO", {"Diseño Gráfico S.A."}),
        ("disen\u0303o", {"Diseño Gráfico S.A."}),
        ("full width", {"ＦＵＬＬ Ｗｉｄｔｈ"}),
        ("ｆｕｌｌ", {"ＦＵＬＬ Ｗｉｄｔｈ"}),
        ("shanghai-design", {"上海设计公司"}),
        ("bjsj.partner", {"北京世纪互联数据中心"}),
        ("h.example", {"Contoso Holding"}),
        ("example.c", {"Contoso Holding", "Onmschina Fans"}),
        ("%", {"100% Pure_Water\\Air"}),
        ("0%", {"100% Pure_Water\\Air"}),
        ("_", {"100% Pure_Water\\Air"}),
        ("e_w", {"100% Pure_Water\\Air"}),
        ("\\", {"100% Pure_Water\\Air"}),
        ("r\\a", {"100% Pure_Water\\Air"}),
        ("o_t", set()),
        ("c%o", set()),
        ("o'neil", {'O\'Neil "quoted" (co)'}),
        ('"', {'O\'Neil "quoted" (co)'}),
        ("(co)", {'O\'Neil "quoted" (co)'}),
        ("😀", {"😀 Smile"}),
        ("nothing of the kind", set()),
        ("南京", set()),
        ("' OR 1=1 --", set()),
        ("x" * 10_000, set()),
        ("北" * 5_000, set()),
    ],
)
def test_it_finds(partner: Partner, text: str, names: set[str]) -> None:
    assert found(partner, text) == names == expected(text)


@pytest.mark.parametrize(
    "text",
    (
        "a o . - cn partner .partner.onmschina.cn iner o.partner.onmschina.cn onmschina r.o n.partner chin china. "
        "ina.c .p o. s.a a. .cn partner.onmschina.cn x.partner"
    ).split(),
)
def test_pieces_of_the_usual_end_of_a_domain_are_found_too(partner: Partner, text: str) -> None:
    assert found(partner, text) == expected(text)


@pytest.mark.parametrize("text", ["", " ", "\t\n", "\u0301", "\u3000"])
def test_nothing_searched_for_is_everything(partner: Partner, text: str) -> None:
    assert found(partner, text) == set(NAMES)


@pytest.mark.parametrize("text", ["\x00", "con\x00toso", "\ud800", "contoso\udfff"])
def test_what_no_name_can_contain_is_not_found(partner: Partner, text: str) -> None:
    assert found(partner, text) == set()


letters = st.text(st.sampled_from("ab.-%_\\ 'é北京设ＡA1partnec"), min_size=1, max_size=6)
suffixes = st.sampled_from([".partner.onmschina.cn", ".example.cn", ".cn", ".partner.onmschina.cn.example"])


@settings(max_examples=60)
@given(
    names=st.lists(letters.filter(lambda name: name_key(name) != ""), min_size=1, max_size=6),
    suffix=suffixes,
    data=st.data(),
)
def test_it_finds_what_a_plain_comparison_finds(names: list[str], suffix: str, data: st.DataObject) -> None:
    with transaction.atomic():
        partner, rival = PartnerFactory(), PartnerFactory()
        domains = [f"d{number}{suffix}" for number in range(len(names))]
        for name, domain in zip(names, domains, strict=True):
            customer = customer_of(partner, services=[], company_name=name, domain=domain)
            ResellerRelationshipFactory(partner=rival, customer=customer)
        whole = data.draw(st.sampled_from([*names, *domains]))
        start = data.draw(st.integers(0, len(whole) - 1))
        piece = whole[start : data.draw(st.integers(start + 1, len(whole)))]
        text = data.draw(st.sampled_from([piece, piece.upper(), data.draw(letters)]))
        key = name_key(text)
        pairs = zip(names, domains, strict=True)
        wanted = sorted(domain for name, domain in pairs if key in name_key(name) or key in domain)
        for one in (partner, rival):
            rows = ResellerRelationship.objects.visible_to_partner(one.pk).search(text, partner_id=one.pk)
            assert sorted(row.domain for row in rows) == wanted
        transaction.set_rollback(True)


def test_another_partners_customers_are_not_found(partner: Partner) -> None:
    rival = PartnerFactory()
    customer_of(rival, company_name="Contoso of another")
    assert found(partner, "contoso") == {"CONTOSO", "Contoso Holding"}
    assert found(rival, "contoso") == {"Contoso of another"}


def test_a_customer_of_several_partners_is_found_by_each(partner: Partner) -> None:
    rival = PartnerFactory()
    for customer in Customer.objects.filter(company_name="CONTOSO"):
        ResellerRelationshipFactory(partner=rival, customer=customer)
    assert found(rival, "contoso") == {"CONTOSO"}


def test_a_renamed_customer_is_found_by_its_new_name_alone(partner: Partner) -> None:
    customer = Customer.objects.get(company_name="上海设计公司")
    customer.company_name, customer.domain = "广州设计公司", "guangzhou.partner.onmschina.cn"
    customer.save()
    assert found(partner, "广州") == found(partner, "guangzhou") == {"广州设计公司"}
    assert found(partner, "上海") == found(partner, "shanghai") == set()


def test_a_relationship_that_passes_to_another_partner_is_found_by_it(partner: Partner) -> None:
    rival = PartnerFactory()
    ResellerRelationship.objects.filter(customer__company_name="CONTOSO").update(partner=rival)
    assert found(rival, "contoso") == {"CONTOSO"}
    assert found(partner, "contoso") == {"Contoso Holding"}


def test_a_partner_that_is_not_there_finds_nothing(partner: Partner) -> None:
    stranger = uuid.uuid4()
    rows = ResellerRelationship.objects.visible_to_partner(stranger).search("contoso", partner_id=stranger)
    assert not rows.exists()
