"""Customers that are there already, by domain and by similar name; nothing of other partners' customers."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from customers.domains import is_domain_available
from customers.duplicates import find_duplicates, similar_customers
from customers.models import Customer
from customers.naming import name_core
from partners.models import Staff
from tests.factories import CustomerFactory, StaffFactory, customer_of

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("name", "core"),
    [
        ("Contoso", "contoso"),
        ("Contoso Ltd.", "contoso"),
        ("CONTOSO CO., LTD.", "contoso"),
        ("Contoso S.A. de C.V.", "contoso"),
        ("Diseños Ibáñez y Núñez, S.L.", "disenos ibanez y nunez"),
        ("Northwind Traders (China)", "northwind traders"),
        ("上海云帆信息技术有限公司", "上海云帆信息技术"),
        ("上海云帆信息技术股份有限公司", "上海云帆信息技术"),
        ("北京中科(集团)有限责任公司", "北京中科"),
        ("Adatum 软件有限公司", "adatum 软件"),
        ("有限公司", "有限公司"),
        ("Ltd", "ltd"),
        ("", ""),
        ("!!!", ""),
    ],
)
def test_the_core_of_a_name_has_no_legal_form(name: str, core: str) -> None:
    assert name_core(name) == core


@pytest.mark.parametrize(
    ("there", "typed"),
    [
        ("Contoso Electronics Ltd.", "CONTOSO Electronics S.A."),
        ("Contoso Electronics", "Contosso Electronics"),
        ("上海云帆信息技术有限公司", "上海云帆信息技术"),
        ("Peñalver Exportadora", "penalver exportadora"),
        ("Woodgrove Bank", "Woodgrove"),
        ("Woodgrove", "Woodgrove Bank, Shanghai Branch"),
    ],
)
def test_a_similar_name_is_found_among_the_partners_customers(staff: Staff, there: str, typed: str) -> None:
    customer_of(staff.partner, company_name="Another Company Altogether")
    customer = customer_of(staff.partner, company_name=there)
    assert similar_customers(staff=staff, company_name=typed) == [customer]


@pytest.mark.parametrize("typed", ["Fabrikam", "", "!!!", "\0", "\ud800", "有", "x" * 10_000, "%", "' OR 1=1 --"])
def test_another_name_finds_nothing(staff: Staff, typed: str) -> None:
    customer_of(staff.partner, company_name="Contoso Electronics")
    assert similar_customers(staff=staff, company_name=typed) == []


def test_other_partners_customers_are_not_compared(staff: Staff) -> None:
    customer_of(StaffFactory().partner, company_name="Contoso")
    assert similar_customers(staff=staff, company_name="Contoso") == []


def test_the_likest_come_first_and_five_at_most(staff: Staff) -> None:
    names = ["Contoso Asia", "Contoso", *(f"Contoso {number}" for number in range(5))]
    for name in names:
        customer_of(staff.partner, company_name=name)
    found = similar_customers(staff=staff, company_name="Contoso Ltd")
    assert found[0].company_name == "Contoso"
    assert len(found) == 5


def test_a_common_piece_costs_no_more_than_a_rare_one(staff: Staff) -> None:
    for number in range(210):
        customer_of(staff.partner, services=[], company_name=f"Shanghai {number:03}", domain=f"s{number}.example")
    with CaptureQueriesContext(connection) as asked:
        similar_customers(staff=staff, company_name="Shanghai")
    assert len(asked) == 4


def test_a_domain_is_free_or_taken_whatever_its_case() -> None:
    CustomerFactory(domain="Woodgrove.Example")
    assert not is_domain_available("woodgrove.example")
    assert is_domain_available("woodgrove2.example")


def test_of_a_domain_out_of_sight_only_that_it_is_taken(staff: Staff, customer: Customer) -> None:
    CustomerFactory(domain="secret.example", company_name="Secret")
    found = find_duplicates(staff=staff, company_name="Secret", domain="secret.example")
    assert (found.is_domain_taken, found.with_domain, found.similar) == (True, None, [])
    found = find_duplicates(staff=staff, company_name="Woodgrove", domain=customer.domain)
    assert (found.is_domain_taken, found.with_domain, found.similar) == (True, customer, [])
    assert not find_duplicates(staff=staff, company_name="X", domain="free.example").is_domain_taken
