import html
import re
import uuid
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from django.core.cache import cache
from django.test import Client

from customers.counts import count_customers, forget_count
from customers.models import Customer, ResellerRelationship
from desk import listing, scan
from desk.listing import PAGE_SIZE
from partners.models import Partner, Staff
from partners.roles import Role
from subscriptions.models import Status
from tests.desk.conftest import queries, signed_in
from tests.factories import (
    CustomerFactory,
    PartnerFactory,
    ResellerRelationshipFactory,
    StaffFactory,
    customer_of,
    sold,
)
from tests.pages import numbers

FRAGMENT = {"HX-Request": "true", "HX-Target": "customers"}


def shown(response: Any) -> list[str]:
    """The companies on the page, in its order."""
    return [
        html.unescape(name)
        for name in re.findall(r'<tbody id="customer-.*?<bdi>(.*?)</bdi>', page(response), re.DOTALL)
    ]


def page(response: Any) -> str:
    assert response.status_code == 200
    return str(response.content.decode())


def line(response: Any, customer: Customer) -> str:
    """The markup of one customer's line, without tags."""
    found = re.search(rf'<tbody id="customer-{customer.pk}">(.*?)</tbody>', page(response), re.DOTALL)
    assert found
    return " ".join(re.sub(r"<[^>]*>", " ", found[1]).split())


def way(response: Any, rel: str) -> str | None:
    found = re.search(rf'rel="{rel}" href="([^"]*)"', page(response))
    return html.unescape(found[1]) if found else None


def pages(client: Client, address: str | None, rel: str = "next") -> Iterator[list[str]]:
    while address:
        response = client.get(address)
        yield shown(response)
        address = way(response, rel)


def many(partner: Partner, number: int, name: str = "Customer {:04}") -> list[Customer]:
    return [customer_of(partner, services=[], company_name=name.format(count)) for count in range(number)]


def test_it_lists_the_partners_customers_by_name(client: Client, partner: Partner) -> None:
    for name in ("Proseware", "adatum", "Ñandú", "北京华信", "Contoso"):
        customer_of(partner, company_name=name)
    customer_of(PartnerFactory(), company_name="Somebody else's")
    assert shown(client.get("/customers/")) == ["adatum", "Contoso", "Ñandú", "Proseware", "北京华信"]


def test_it_is_turned_round_and_pages_both_ways(client: Client, partner: Partner) -> None:
    names = [one.company_name for one in many(partner, PAGE_SIZE + 5)]
    first = "/customers/?sort=-company"
    forward = list(pages(client, first))
    assert [one for page in forward for one in page] == names[::-1]
    second = way(client.get(first), "next")
    assert list(pages(client, second, "prev")) == forward[::-1]


def test_an_order_that_there_is_not_is_told(client: Client, partner: Partner) -> None:
    many(partner, 2)
    response = client.get("/customers/", {"sort": "password"})
    assert shown(response) == ["Customer 0000", "Customer 0001"]
    assert "it is sorted by company" in page(response)


def test_the_part_that_a_script_fills_in_brings_the_links_of_its_files(client: Client, partner: Partner) -> None:
    many(partner, 2, "Contoso {}")
    content = page(client.get("/customers/", {"q": "contoso"}, headers=FRAGMENT))
    assert 'id="exports" hx-swap-oob="true"' in content
    assert "q=contoso&amp;format=csv" in content
    assert "hx-swap-oob" not in page(client.get("/customers/", {"q": "contoso"}))


def test_a_line_says_what_the_customer_is_and_has(client: Client, partner: Partner) -> None:
    customer = customer_of(partner, company_name="Contoso", domain="contoso.partner.onmschina.cn")
    sold(partner, customer, "Business")
    sold(partner, customer, "Business Essentials", status=Status.DELETED)
    text = line(client.get("/customers/"), customer)
    assert text.startswith("Contoso contoso.partner.onmschina.cn Reseller 1 Upgrade possible")


def test_a_former_reseller_still_sees_whom_it_sold_to(client: Client, partner: Partner) -> None:
    former, gone = CustomerFactory(), CustomerFactory()
    ResellerRelationshipFactory(partner=partner, customer=former, has_ended=True, had_subscriptions=True)
    ResellerRelationshipFactory(partner=partner, customer=gone, has_ended=True)
    response = client.get("/customers/")
    assert "Former reseller" in line(response, former)
    assert shown(response) == [former.company_name]


def test_only_visible_subscriptions_are_counted(client: Client, partner: Partner) -> None:
    customer = customer_of(partner, services=["exchange"])
    sold(None, customer, "Exchange Online (Plan 1)")
    sold(None, customer, "Business")
    assert line(client.get("/customers/"), customer).endswith("Reseller 1")


def test_the_nearest_upgrade_is_flagged(client: Client, partner: Partner) -> None:
    one_step = customer_of(partner, company_name="One")
    sold(partner, one_step, "Business Premium", status=Status.SUSPENDED)
    two_steps = customer_of(partner, services=[], company_name="Two")
    sold(partner, two_steps, "Business Premium", status=Status.SUSPENDED)
    none = customer_of(partner, company_name="None")
    sold(partner, none, "E3")
    theirs = customer_of(partner, company_name="Theirs")
    sold(PartnerFactory(), theirs, "Business Essentials")
    response = client.get("/customers/")
    assert "1 step away" in line(response, one_step)
    assert "2 steps away" in line(response, two_steps)
    assert not {"step", "Upgrade"} & set(line(response, none).split())
    assert not {"step", "Upgrade"} & set(line(response, theirs).split())


def test_paging_forward_and_back_shows_each_customer_once(client: Client, partner: Partner) -> None:
    # All but one share a name: the order within it is that of the ids.
    many(partner, 2 * PAGE_SIZE + 7, "Same")
    customer_of(partner, services=[], company_name="Another")
    forward = list(pages(client, "/customers/"))
    assert [len(one) for one in forward] == [PAGE_SIZE, PAGE_SIZE, 8]
    ids = set(re.findall(r'<tbody id="customer-([^"]*)"', "".join(page(client.get(url)) for url in addresses(client))))
    assert len(ids) == 2 * PAGE_SIZE + 8


def addresses(client: Client) -> Iterator[str]:
    address: str | None = "/customers/"
    while address:
        yield address
        address = way(client.get(address), "next")


def test_the_previous_page_is_the_one_before(client: Client, partner: Partner) -> None:
    many(partner, 2 * PAGE_SIZE + 7)
    forward = list(pages(client, "/customers/"))
    last = list(addresses(client))[-1]
    assert list(pages(client, last, "prev")) == forward[::-1]


def test_paging_back_to_a_shorter_first_page_fills_it(client: Client, partner: Partner) -> None:
    customers = many(partner, PAGE_SIZE + 10)
    second = way(client.get("/customers/"), "next")
    assert second
    back = way(client.get(second), "prev")
    assert back
    ResellerRelationship.objects.filter(customer=customers[0]).delete()
    assert len(shown(client.get(back))) == PAGE_SIZE


def test_a_page_past_the_end_leads_back(client: Client, partner: Partner) -> None:
    customers = many(partner, PAGE_SIZE + 1)
    second = way(client.get("/customers/"), "next")
    assert second
    ResellerRelationship.objects.filter(customer=customers[-1]).delete()
    assert "The list ends here" in page(client.get(second))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("conto", ["Contoso Energy"]),
        ("SO EN", ["Contoso Energy"]),
        ("diseno", ["Northwind Diseño"]),
        ("DISEÑO", ["Northwind Diseño"]),
        ("天宇", ["上海天宇软件有限公司"]),
        ("宇", ["上海天宇软件有限公司"]),
        ("tianyu.partner", ["上海天宇软件有限公司"]),
        ("Ｃontoso", ["Contoso Energy"]),
        ("  contoso   energy ", ["Contoso Energy"]),
        ("con\0toso\x1b", []),
        ("contoso\0", ["Contoso Energy"]),
        ("\u200fcontoso\u202e", ["Contoso Energy"]),
        ("100%", []),
        ("_", []),
        ("' OR 1=1 --", []),
        ("<script>alert(1)</script>", []),
        ("zzqx", []),
    ],
)
def test_a_search_finds_any_piece_of_name_or_domain(
    client: Client, partner: Partner, text: str, found: list[str]
) -> None:
    customer_of(partner, company_name="Contoso Energy", domain="cenergy.partner.onmschina.cn")
    customer_of(partner, company_name="Northwind Diseño", domain="northwind.partner.onmschina.cn")
    customer_of(partner, company_name="上海天宇软件有限公司", domain="tianyu.partner.onmschina.cn")
    customer_of(PartnerFactory(), company_name="Contoso Energy of another partner")
    assert shown(client.get("/customers/", {"q": text})) == found


def test_what_was_typed_is_kept_and_never_markup(client: Client, partner: Partner) -> None:
    content = page(client.get("/customers/", {"q": '"><script>alert(1)</script>'}))
    assert "<script>alert" not in content
    assert 'value="&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;"' in content


def test_a_search_of_ten_thousand_characters_is_cut_and_says_so(client: Client, partner: Partner) -> None:
    content = page(client.get("/customers/", {"q": "x" * 10_000}))
    assert "longer than 200 characters" in content
    assert f'value="{"x" * 200}"' in content


def test_a_search_of_control_characters_alone_shows_everyone(client: Client, partner: Partner) -> None:
    customer_of(partner, company_name="Contoso")
    assert shown(client.get("/customers/", {"q": "\0\x07\u200e"})) == ["Contoso"]


def test_a_search_says_how_many_match(client: Client, partner: Partner) -> None:
    many(partner, PAGE_SIZE + 3, "Contoso {}")
    many(partner, 2, "Adatum {}")
    assert f"{PAGE_SIZE + 3} customers match" in page(client.get("/customers/", {"q": "contoso"}))
    assert "2 customers match" in page(client.get("/customers/", {"q": "adatum"}))


def test_a_search_pages_on_within_what_it_found(client: Client, partner: Partner) -> None:
    many(partner, PAGE_SIZE + 3, "Contoso {:03}")
    many(partner, 5, "Adatum {}")
    assert [len(one) for one in pages(client, "/customers/?q=contoso")] == [PAGE_SIZE, 3]


@pytest.mark.parametrize("sort", ["", "-company"])
@pytest.mark.parametrize("name", ["Contoso {:03}", "北京华信 {:03}", "Diseño 华信 {:03}"])
def test_what_very_many_match_pages_both_ways_too(
    client: Client, partner: Partner, name: str, sort: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "MOST_COUNTED", 10)
    monkeypatch.setattr(listing, "NEAREST", 20)
    names = [name.format(number) for number in range(2 * PAGE_SIZE + 5)]
    for one in names:
        customer_of(partner, services=[], company_name=one)
    many(partner, 30, "A {:02}")
    many(partner, 30, "中 {:02}")
    many(partner, 30, "龙 {:02}")
    query = name[:7].strip() if name.isascii() else "华信"
    first = f"/customers/?{urlencode({'q': query, 'sort': sort})}"
    forward = list(pages(client, first))
    assert [one for page in forward for one in page] == (names[::-1] if sort else names)
    address, last = way(client.get(first), "next"), first
    while address:
        last, address = address, way(client.get(address), "next")
    assert list(pages(client, last, "prev")) == forward[::-1]


def test_a_search_without_match_says_what_to_do(client: Client, partner: Partner) -> None:
    content = page(client.get("/customers/", {"q": "zzqx"}))
    assert "No customer found" in content
    assert "Show all customers" in content


def test_a_partner_without_customers_reads_what_would_stand_here(client: Client) -> None:
    assert "No customers yet" in page(client.get("/customers/"))


def test_the_count_is_of_this_partners_customers(client: Client, partner: Partner) -> None:
    many(partner, 3)
    many(PartnerFactory(), 2)
    assert "3 customers" in page(client.get("/customers/"))


@pytest.mark.parametrize(("show", "found"), [("upgradable", ["Now"]), ("one_step", ["One step"])])
def test_a_filter_shows_those_so_far_from_an_upgrade(
    client: Client, partner: Partner, show: str, found: list[str]
) -> None:
    sold(partner, customer_of(partner, company_name="Now"), "Business")
    sold(partner, customer_of(partner, company_name="One step"), "Business", status=Status.SUSPENDED)
    customer_of(partner, company_name="Nothing sold")
    response = client.get("/customers/", {"show": show})
    assert shown(response) == found
    assert "3 customers looked at" in page(response)


def test_the_desks_link_shows_whom_a_condition_holds_up(client: Client, partner: Partner) -> None:
    sold(partner, customer_of(partner, company_name="Suspended"), "Business", status=Status.SUSPENDED)
    sold(partner, customer_of(partner, services=[], company_name="No privilege"), "Business")
    response = client.get("/customers/", {"show": "delegated_admin_permissions_disabled"})
    assert shown(response) == ["No privilege"]


def test_those_whose_data_are_soon_deleted(client: Client, partner: Partner) -> None:
    from datetime import timedelta

    from django.utils import timezone

    for name, days in (("Soon", 55), ("Later", 50), ("Now", 61)):
        suspended_at = timezone.now() - timedelta(days=days)
        customer = customer_of(partner, company_name=name)
        sold(partner, customer, "Business", status=Status.SUSPENDED, suspended_at=suspended_at)
    assert shown(client.get("/customers/", {"show": "soon_deleted"})) == ["Now", "Soon"]


def test_an_unknown_filter_shows_everyone_and_says_so(client: Client, partner: Partner) -> None:
    many(partner, 2)
    response = client.get("/customers/", {"show": "everything'; DROP TABLE"})
    assert len(shown(response)) == 2
    assert "There is no such filter" in page(response)


def test_a_filter_pages_both_ways(client: Client, partner: Partner) -> None:
    for number in range(PAGE_SIZE + 5):
        sold(partner, customer_of(partner, company_name=f"Customer {number:03}"), "Business")
    many(partner, 3, "Without {}")
    forward = list(pages(client, "/customers/?show=upgradable"))
    assert [len(one) for one in forward] == [PAGE_SIZE, 5]
    assert way(client.get("/customers/?show=upgradable"), "prev") is None
    second = way(client.get("/customers/?show=upgradable"), "next")
    assert second
    back = way(client.get(second), "prev")
    assert back
    assert shown(client.get(back)) == forward[0]


def test_a_long_search_stops_and_goes_on_from_there(
    client: Client, partner: Partner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scan, "AT_A_TIME", 5)
    monkeypatch.setattr(scan, "MOST_LOOKED_AT", 10)
    many(partner, 12, "A {:02}")
    sold(partner, customer_of(partner, company_name="B"), "Business")
    first = client.get("/customers/", {"show": "upgradable"})
    assert shown(first) == []
    assert "10 customers looked at" in page(first)
    onward = re.search(r'href="([^"]*)">Search on', page(first))
    assert onward
    assert shown(client.get(html.unescape(onward[1]))) == ["B"]


def test_an_opened_line_shows_the_subscriptions(client: Client, partner: Partner) -> None:
    customer = customer_of(partner)
    mine = sold(partner, customer, "Business", nickname="Head office", quantity=234)
    text = line(client.get("/customers/", {"open": str(customer.pk)}), customer)
    assert "Office 365 Business Head office" in text
    assert text.endswith("Licences: 234 Upgrade now")
    content = page(client.get("/customers/", {"open": str(customer.pk)}))
    assert f'href="/customers/{customer.pk}/subscriptions/{mine.pk}/upgrade/"' in content


def test_of_another_channels_subscription_only_offer_and_state_show(client: Client, partner: Partner) -> None:
    customer = customer_of(partner)
    other = PartnerFactory(name="Fabrikam Reseller")
    sold(other, customer, "Exchange Online (Plan 2)", nickname="Secret", quantity=4321)
    content = page(client.get("/customers/", {"open": str(customer.pk)}))
    text = line(client.get("/customers/", {"open": str(customer.pk)}), customer)
    assert "another reseller or channel" in text
    assert not any(word in content for word in ("Secret", "Fabrikam"))
    assert 4321 not in numbers(content)


def test_who_may_not_upgrade_gets_no_link_to_it(partner: Partner) -> None:
    customer = customer_of(partner)
    sold(partner, customer, "Business")
    helpdesk = signed_in(StaffFactory(partner=partner, roles=[Role.HELPDESK_AGENT]))
    content = page(helpdesk.get("/customers/", {"open": str(customer.pk)}))
    assert "Upgrade now" not in content
    assert "Upgrade possible" in content


def test_another_partners_customer_cannot_be_opened(client: Client, partner: Partner) -> None:
    theirs = customer_of(PartnerFactory(), company_name="Theirs")
    sold(partner, theirs, "Business", nickname="Secret")
    assert "Secret" not in page(client.get("/customers/", {"open": str(theirs.pk)}))
    headers = {"HX-Request": "true", "HX-Target": f"customer-{theirs.pk}"}
    assert client.get("/customers/", {"open": str(theirs.pk)}, headers=headers).status_code == 404


@pytest.mark.parametrize("bad", ["x", "12345", "' OR 1=1", "\0", "x" * 10_000, "\u202e"])
def test_an_id_that_is_none_answers_400(client: Client, bad: str) -> None:
    assert client.get("/customers/", {"open": bad}).status_code == 400
    headers = {"HX-Request": "true", "HX-Target": "customer-x"}
    assert client.get("/customers/", headers=headers).status_code == 400


def test_a_script_gets_the_results_alone(client: Client, partner: Partner) -> None:
    many(partner, 2)
    response = client.get("/customers/", headers=FRAGMENT)
    assert len(shown(response)) == 2
    assert "<html" not in page(response)
    assert "HX-Request" in response["Vary"]


def test_a_script_gets_one_line_alone(client: Client, partner: Partner) -> None:
    customer, _ = many(partner, 2)
    headers = {"HX-Request": "true", "HX-Target": f"customer-{customer.pk}"}
    opened = client.get("/customers/", {"open": str(customer.pk)}, headers=headers)
    assert shown(opened) == [customer.company_name]
    assert 'aria-expanded="true"' in page(opened)
    closed = client.get("/customers/", headers=headers)
    assert 'aria-expanded="false"' in page(closed)


def test_the_browsers_history_gets_the_whole_page(client: Client) -> None:
    assert "<html" in page(client.get("/customers/", headers={**FRAGMENT, "HX-History-Restore-Request": "true"}))


@pytest.mark.parametrize("query", [{}, {"q": "customer"}, {"show": "upgradable"}])
def test_the_number_of_queries_does_not_grow_with_the_customers(
    client: Client, partner: Partner, query: dict[str, str]
) -> None:
    sold(partner, customer_of(partner, company_name="Customer A"), "Business")
    few = queries(client, "/customers/", query)
    for number in range(PAGE_SIZE - 1):
        sold(partner, customer_of(partner, company_name=f"Customer {number}"), "Business")
    assert queries(client, "/customers/", query) == few


def test_an_opened_line_takes_the_same_queries_for_many_subscriptions(client: Client, partner: Partner) -> None:
    customer = customer_of(partner)
    sold(partner, customer, "Business")
    query = {"open": str(customer.pk)}
    few = queries(client, "/customers/", query)
    for _ in range(60):
        sold(partner, customer, "E1")
    assert queries(client, "/customers/", query) == few
    response = client.get("/customers/", query)
    assert "All 61 subscriptions" in page(response)


def test_a_large_count_is_remembered_until_it_is_forgotten(partner: Partner, monkeypatch: pytest.MonkeyPatch) -> None:
    cache.clear()
    monkeypatch.setattr("customers.counts.COUNTED_EACH_TIME", 2)
    many(partner, 3)
    assert count_customers(partner.pk) == 3
    many(partner, 1)
    assert count_customers(partner.pk) == 3
    forget_count([partner.pk])
    assert count_customers(partner.pk) == 4


def test_a_small_count_is_never_old(partner: Partner) -> None:
    assert count_customers(partner.pk) == 0
    many(partner, 2)
    assert count_customers(partner.pk) == 2


def test_only_a_get_is_answered(client: Client) -> None:
    assert client.post("/customers/").status_code == 405


def test_a_platform_administrator_and_a_billing_admin_see_no_customers(staff: Staff) -> None:
    billing = StaffFactory(partner=staff.partner, roles=[Role.BILLING_ADMIN])
    assert signed_in(billing).get("/customers/").status_code == 403
    assert uuid.UUID(str(staff.pk))
