import datetime
import html
import re
import uuid
from typing import Any

import pytest
from django.test import Client

from customers.models import Customer
from desk.views import subscriptions as view
from partners.models import Partner
from partners.roles import Role
from subscriptions.models import Status
from tests.desk.conftest import queries, signed_in
from tests.factories import PartnerFactory, StaffFactory, customer_of, sold
from tests.pages import numbers


@pytest.fixture
def customer(partner: Partner) -> Customer:
    return customer_of(partner, company_name="Contoso Energy", domain="cenergy.partner.onmschina.cn")


def text(client: Client, customer: Customer, **query: str) -> str:
    response = client.get(f"/customers/{customer.pk}/subscriptions/", query)
    assert response.status_code == 200
    main = re.search(r"<main.*?</main>", response.content.decode(), re.DOTALL)
    assert main
    return html.unescape(" ".join(re.sub(r"<[^>]*>", " ", main[0]).split()))


def rows(client: Client, customer: Customer, **query: str) -> list[str]:
    content = client.get(f"/customers/{customer.pk}/subscriptions/", query).content.decode()
    found = re.findall(r'<th scope="row".*?</tr>', content, re.DOTALL)
    return [html.unescape(" ".join(re.sub(r"<[^>]*>", " ", row).split())) for row in found]


def test_it_names_the_customer_and_its_ids(client: Client, customer: Customer) -> None:
    content = client.get(f"/customers/{customer.pk}/subscriptions/").content.decode()
    assert f'data-copy="{customer.pk}"' in content
    assert 'data-copy="cenergy.partner.onmschina.cn"' in content
    assert "<title>Subscriptions · Contoso Energy" in content


@pytest.mark.parametrize("tab", ["subscriptions", "orders", "account", "activity"])
def test_every_page_of_a_customer_is_headed_alike(client: Client, customer: Customer, tab: str) -> None:
    content = client.get(f"/customers/{customer.pk}/{tab}/").content.decode()
    assert re.search(rf"<h1>\s*<bdi>{customer.company_name}</bdi>", content)
    assert f'data-copy="{customer.pk}"' in content


def test_a_row_says_what_was_sold_and_how_it_stands(client: Client, partner: Partner, customer: Customer) -> None:
    sold(partner, customer, "Business", nickname="Head office", commitment_end=datetime.date(2027, 5, 3))
    assert rows(client, customer) == [
        "Office 365 Business Head office 25 licences Active 25 Active 3 May 2027 renews by itself Upgrade now",
    ]


def test_a_suspended_one_says_when_it_is_deleted(
    noon: datetime.datetime, client: Client, partner: Partner, customer: Customer
) -> None:
    suspended_at = noon - datetime.timedelta(days=58)
    sold(partner, customer, "Business", status=Status.SUSPENDED, suspended_at=suspended_at, auto_renew=False)
    (row,) = rows(client, customer)
    assert "Suspended deleted in 2 days" in row
    assert "does not renew" in row
    assert row.endswith("1 step away")


def test_add_ons_hang_under_their_parents(client: Client, partner: Partner, customer: Customer) -> None:
    first = sold(partner, customer, "E1", nickname="first")
    sold(partner, customer, "E3", nickname="second")
    add_on = sold(partner, customer, "Exchange Online (Plan 1)", nickname="add-on", parent=first)
    sold(partner, customer, "Exchange Online (Plan 2)", nickname="of the add-on", parent=add_on)
    nicknames = [re.search(r"first|second|of the add-on|add-on", row) for row in rows(client, customer)]
    assert [found and found[0] for found in nicknames] == ["first", "add-on", "of the add-on", "second"]


def test_an_add_on_whose_parent_stands_elsewhere_is_shown(client: Client, partner: Partner, customer: Customer) -> None:
    theirs = sold(PartnerFactory(), customer, "E1")
    sold(partner, customer, "Exchange Online (Plan 1)", parent=theirs)
    assert "add-on of Office 365 Enterprise E1" in rows(client, customer)[0]


def test_add_ons_of_each_other_are_shown(client: Client, partner: Partner, customer: Customer) -> None:
    one = sold(partner, customer, "E1")
    other = sold(partner, customer, "E3", parent=one)
    one.parent = other
    one.save()
    assert len(rows(client, customer)) == 2


def test_deleted_ones_are_folded_at_the_end(client: Client, partner: Partner, customer: Customer) -> None:
    sold(partner, customer, "Business", status=Status.DELETED, nickname="old")
    sold(partner, customer, "E1")
    assert [row[:24] for row in rows(client, customer)] == ["Office 365 Enterprise E1", "Office 365 Business old "]
    assert "1 deleted subscription" in text(client, customer)


def test_of_other_channels_offer_state_and_administered_services_show(client: Client, partner: Partner) -> None:
    customer = customer_of(partner, services=["exchange"], company_name="Adatum", domain="adatum.partner.onmschina.cn")
    other = PartnerFactory(name="Fabrikam Reseller")
    sold(other, customer, "Business Premium", nickname="Secret", quantity=299)
    sold(None, customer, "Business")
    assert rows(client, customer) == ["Office 365 Business Premium Active Exchange Online"]
    shown = text(client, customer)
    assert not any(word in shown for word in ("Secret", "Fabrikam"))
    assert 299 not in numbers(shown)


def test_a_customer_with_nothing_says_what_would_stand_here(client: Client, customer: Customer) -> None:
    assert "You have sold this customer nothing that is live" in text(client, customer)


def test_another_partners_customer_does_not_exist(client: Client) -> None:
    theirs = customer_of(PartnerFactory())
    assert client.get(f"/customers/{theirs.pk}/subscriptions/").status_code == 404
    assert client.get(f"/customers/{uuid.uuid4()}/subscriptions/").status_code == 404


@pytest.mark.parametrize("bad", ["x", "%00", "' OR 1=1 --", "1" * 10_000, "00000000-0000-0000-0000-00000000000g"])
def test_an_id_that_is_none_answers_404(client: Client, bad: str) -> None:
    assert client.get(f"/customers/{bad}/subscriptions/").status_code == 404


@pytest.mark.parametrize("query", [{"part": "all"}, {"part": "own\0"}, {"part": "own", "after": "x"}])
def test_a_part_that_is_none_answers_400(client: Client, customer: Customer, query: dict[str, str]) -> None:
    assert client.get(f"/customers/{customer.pk}/subscriptions/", query).status_code == 400


@pytest.mark.parametrize(
    ("part", "fields"),
    [("own", {}), ("deleted", {"status": Status.DELETED}), ("others", {"elsewhere": True})],
)
def test_many_are_paged(
    client: Client,
    partner: Partner,
    customer: Customer,
    part: str,
    fields: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(view, "PAGE_SIZE", 3)
    seller = PartnerFactory() if fields.pop("elsewhere", False) else partner
    for _ in range(5):
        sold(seller, customer, "E1", **fields)
    content = client.get(f"/customers/{customer.pk}/subscriptions/").content.decode()
    onward = re.search(r'rel="next" href="([^"]*)"', content)
    assert onward
    second = client.get(html.unescape(onward[1])).content.decode()
    assert second.count('<th scope="row"') == 2
    back = re.search(r'rel="prev" href="([^"]*)"', second)
    assert back
    assert client.get(html.unescape(back[1])).content.decode().count('<th scope="row"') == 3


def test_the_activity_is_linked_for_those_who_may_see_it(client: Client, partner: Partner, customer: Customer) -> None:
    path = f"/customers/{customer.pk}/subscriptions/"
    link = f'href="/customers/{customer.pk}/activity/"'
    assert link in client.get(path).content.decode()
    sales = signed_in(StaffFactory(partner=partner, roles=[Role.SALES_AGENT]))
    assert link not in sales.get(path).content.decode()


def test_the_number_of_queries_does_not_grow(client: Client, partner: Partner, customer: Customer) -> None:
    def one_more() -> None:
        parent = sold(partner, customer, "Business")
        sold(partner, customer, "E1", parent=parent)
        sold(PartnerFactory(), customer, "E3")
        sold(partner, customer, "E1", status=Status.DELETED)

    path = f"/customers/{customer.pk}/subscriptions/"
    one_more()
    few = queries(client, path)
    for _ in range(10):
        one_more()
    assert queries(client, path) == few
