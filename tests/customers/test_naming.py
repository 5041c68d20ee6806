"""How names are compared: without case, accents and width; and the key that follows its name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customers.models import HOST_NAME, Customer
from customers.naming import KEY_LENGTH, name_key
from tests.factories import CustomerFactory


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Diseño Gráfico", "DISENO GRAFICO"),
        ("Contoso", "ＣＯＮＴＯＳＯ"),
        ("STRASSE", "Straße"),
        ("Ångström", "ångström"),
        ("cafe\u0301", "Café"),
        ("two  words\t here ", "Two Words Here"),
        ("full\u3000width space", "Full Width Space"),
        ("ｶﾞｽ", "ガス"),
        ("ﬁne", "Fine"),
        ("İstanbul", "istanbul"),
    ],
)
def test_these_are_the_same_name(one: str, other: str) -> None:
    assert name_key(one) == name_key(other)


@pytest.mark.parametrize(
    ("one", "other"), [("北京", "南京"), ("Contoso", "Contos"), ("A B", "AB"), ("Fabrikam", "Fabrikam, Inc.")]
)
def test_these_are_not(one: str, other: str) -> None:
    assert name_key(one) != name_key(other)


def test_chinese_stays_as_it_is() -> None:
    assert name_key("北京世纪互联") == "北京世纪互联"


@given(st.text(max_size=500))
def test_a_key_is_its_own_key_and_fits(name: str) -> None:
    key = name_key(name)
    assert len(key) <= KEY_LENGTH
    if len(key) < KEY_LENGTH:
        assert name_key(key) == key


@given(st.text(st.characters(codec="ascii"), max_size=50), st.text(max_size=50))
def test_case_makes_no_difference(one: str, other: str) -> None:
    assert name_key(f"{one.upper()} {other}") == name_key(f"{one} {other}") == name_key(f"{one.lower()} {other}")


@pytest.mark.django_db
class TestTheKeyFollowsItsName:
    """However the name is changed."""

    def stored(self, customer: Customer) -> tuple[str, str]:
        row: tuple[str, str] = Customer.objects.values_list("company_name", "name_key").get(pk=customer.pk)
        return row

    def test_a_new_customer(self) -> None:
        customer = CustomerFactory(company_name="Diseño")
        assert self.stored(customer) == ("Diseño", "diseno")
        assert customer.name_key == "diseno"

    def test_many_at_once(self) -> None:
        Customer.objects.bulk_create([Customer(company_name=f"Ñ {n}", domain=f"d{n}.example") for n in range(3)])
        assert set(Customer.objects.values_list("name_key", flat=True)) == {"n 0", "n 1", "n 2"}

    def test_saved_again(self) -> None:
        customer = CustomerFactory()
        customer.company_name = "Ärger"
        customer.save()
        assert self.stored(customer) == ("Ärger", "arger")

    def test_the_name_saved_alone(self) -> None:
        customer = CustomerFactory()
        customer.company_name = "Ärger"
        customer.save(update_fields=["company_name"])
        assert self.stored(customer) == ("Ärger", "arger")

    def test_updated_in_place(self) -> None:
        customer = CustomerFactory()
        Customer.objects.filter(pk=customer.pk).update(company_name="Ärger")
        assert self.stored(customer) == ("Ärger", "arger")

    def test_many_updated_at_once(self) -> None:
        customers = [CustomerFactory(), CustomerFactory()]
        for number, customer in enumerate(customers):
            customer.company_name = f"Ärger {number}"
        Customer.objects.bulk_update(customers, ["company_name"])
        assert [self.stored(customer)[1] for customer in customers] == ["arger 0", "arger 1"]

    def test_made_or_updated_in_one_go(self) -> None:
        customer = CustomerFactory()
        again = Customer(pk=customer.pk, company_name="Ärger", domain=customer.domain)
        Customer.objects.bulk_create(
            [again], update_conflicts=True, unique_fields=["id"], update_fields=["company_name", "name_key"]
        )
        assert self.stored(customer) == ("Ärger", "arger")


@pytest.mark.parametrize("name", ["contoso.partner.onmschina.cn", "a.b", "A-1.Example.COM", "xn--fiqs8s.cn", "1.2.3.4"])
def test_a_host_name(name: str) -> None:
    assert HOST_NAME.match(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "contoso",
        ".cn",
        "a..b",
        "-a.cn",
        "a-.cn",
        "a b.cn",
        "a.cn\n",
        "a.cn/",
        "a_b.cn",
        f"{'a' * 64}.cn",
        f"{'a.' * 130}cn",
        "北京.cn",
        "\u212a.cn",
    ],
)
def test_no_host_name(name: str) -> None:
    assert not HOST_NAME.match(name)
