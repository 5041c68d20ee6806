"""The list of all that a partner sold: what stands in it, sorted and filtered, and how it is paged."""

import datetime
import html
import re
import uuid
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.utils import timezone

from desk import scan, subscription_listing
from desk.columns import CHOSEN, OPTIONAL
from desk.paging import encode_cursor
from desk.sorting import SORTS
from desk.subscription_listing import PAGE_SIZE
from partners.models import Partner
from partners.roles import Role
from subscriptions.models import Status, Subscription
from tests.desk.conftest import queries, signed_in
from tests.factories import (
    CustomerFactory,
    PartnerFactory,
    ResellerRelationshipFactory,
    StaffFactory,
    customer_of,
    offer,
    sold,
)

PATH = "/subscriptions/"


def page(response: Any) -> str:
    assert response.status_code == 200
    return str(response.content.decode())


def ids(response: Any) -> list[uuid.UUID]:
    """The subscriptions on the page, in its order."""
    return [uuid.UUID(one) for one in re.findall(r'<tr id="subscription-([^"]*)"', page(response))]


def names(response: Any) -> list[str]:
    """The companies of the lines on the page."""
    return [html.unescape(one) for one in re.findall(r'<th scope="row"><a[^>]*><bdi>(.*?)</bdi>', page(response))]


def text(response: Any) -> str:
    main = re.search(r"<main.*?</main>", page(response), re.DOTALL)
    assert main
    return html.unescape(" ".join(re.sub(r"<[^>]*>", " ", main[0]).split()))


def line(response: Any, subscription: Subscription) -> str:
    found = re.search(rf'<tr id="subscription-{subscription.pk}">(.*?)</tr>', page(response), re.DOTALL)
    assert found
    return html.unescape(" ".join(re.sub(r"<[^>]*>", " ", found[1]).split()))


def way(response: Any, rel: str) -> str | None:
    found = re.search(rf'rel="{rel}" href="([^"]*)"', page(response))
    return html.unescape(found[1]) if found else None


def pages(client: Client, address: str | None, rel: str = "next") -> Iterator[list[uuid.UUID]]:
    while address:
        response = client.get(address)
        yield ids(response)
        address = way(response, rel)


def asked(client: Client, **query: Any) -> Any:
    return client.get(PATH, query)


def test_it_lists_what_the_partner_sold_over_all_customers(client: Client, partner: Partner) -> None:
    second = sold(partner, customer_of(partner, company_name="Fabrikam"))
    first = sold(partner, customer_of(partner, company_name="Contoso"))
    sold(PartnerFactory(), customer_of(partner, company_name="Bought elsewhere"))
    sold(None, customer_of(partner, company_name="Bought directly"))
    other = PartnerFactory()
    sold(other, customer_of(other, company_name="Somebody else's"))
    assert ids(asked(client)) == [first.pk, second.pk]


def test_a_line_says_what_it_is_and_leads_on(client: Client, partner: Partner) -> None:
    customer = customer_of(partner, company_name="Contoso")
    subscription = sold(
        partner, customer, quantity=234, nickname="Head office", commitment_end=datetime.date(2027, 3, 4)
    )
    response = asked(client)
    shown = line(response, subscription)
    assert shown.startswith("Contoso Office 365 Business")
    for part in ("Head office", "234", "Active", "4 Mar 2027", "Upgrade now"):
        assert part in shown
    for address in (
        f"/customers/{customer.pk}/subscriptions/",
        f"/customers/{customer.pk}/subscriptions/{subscription.pk}/",
        f"/customers/{customer.pk}/subscriptions/{subscription.pk}/upgrade/",
    ):
        assert f'href="{address}"' in page(response)


def test_who_may_not_upgrade_reads_that_it_is_possible(partner: Partner) -> None:
    subscription = sold(partner, customer_of(partner))
    client = signed_in(StaffFactory(partner=partner, roles=[Role.HELPDESK_AGENT]))
    assert "Upgrade possible" in line(asked(client), subscription)
    assert "/upgrade/" not in page(asked(client))


def test_of_customers_out_of_sight_nothing_shows(client: Client, partner: Partner) -> None:
    hidden = CustomerFactory()
    ResellerRelationshipFactory(partner=partner, customer=hidden, has_ended=True)
    sold(partner, hidden)
    former = CustomerFactory()
    ResellerRelationshipFactory(partner=partner, customer=former, has_ended=True, had_subscriptions=True)
    seen = sold(partner, former)
    for sort in SORTS:
        assert ids(asked(client, sort=sort)) in ([seen.pk], [])
    assert ids(asked(client)) == [seen.pk]
    content = b"".join(asked(client, format="csv").streaming_content).decode()
    assert (former.company_name in content, hidden.company_name in content) == (True, False)


def test_names_are_never_markup(client: Client, partner: Partner) -> None:
    subscription = sold(partner, customer_of(partner, company_name="<script>1</script>"), nickname="<script>2</script>")
    assert "<script>1</script>" in line(asked(client), subscription)
    assert "<script>1" not in page(asked(client))
    assert "<script>2" not in page(asked(client))


def test_deleted_ones_show_only_where_asked_for(client: Client, partner: Partner) -> None:
    customer = customer_of(partner)
    live = sold(partner, customer)
    deleted = sold(partner, customer, status=Status.DELETED)
    assert ids(asked(client)) == [live.pk]
    assert ids(asked(client, status="deleted")) == [deleted.pk]
    assert set(ids(asked(client, status=["active", "deleted"]))) == {live.pk, deleted.pk}


def test_several_states_and_offers_combine(client: Client, partner: Partner) -> None:
    customer = customer_of(partner, company_name="Contoso")
    wanted = sold(partner, customer, "Business", status=Status.SUSPENDED)
    also = sold(partner, customer, "E3", status=Status.PENDING)
    sold(partner, customer, "Business")
    sold(partner, customer, "E1", status=Status.SUSPENDED)
    query = {"status": ["suspended", "pending"], "offer": [str(offer("Business").pk), str(offer("E3").pk)]}
    for sort in ("", "offer", "created", "-licences"):
        assert set(ids(asked(client, **query, sort=sort))) == {wanted.pk, also.pk}


@pytest.mark.parametrize(("days", "found"), [("7", [7]), ("30", [7, 30]), ("60", [7, 30, 60]), ("90", [7, 30, 60, 90])])
@pytest.mark.parametrize("sort", ["renewal", "licences"])
def test_renewal_within_counts_days_in_the_persons_zone(
    client: Client, partner: Partner, days: str, found: list[int], sort: str
) -> None:
    customer = customer_of(partner)
    with timezone.override("Asia/Shanghai"):
        today = timezone.localdate()
    for number in (-1, 7, 30, 60, 90, 91):
        sold(partner, customer, quantity=number + 10, commitment_end=today + datetime.timedelta(days=number))
    listed = Subscription.objects.in_bulk(ids(asked(client, renewal=days, sort=sort)))
    assert sorted(one.quantity - 10 for one in listed.values()) == found


def test_a_span_of_renewal_days_holds_both_its_ends(client: Client, partner: Partner) -> None:
    customer = customer_of(partner)
    made = [sold(partner, customer, commitment_end=datetime.date(2027, 2, day)) for day in (26, 27, 28)]
    assert ids(asked(client, since="2027-02-27", until="2027-02-28", sort="renewal")) == [one.pk for one in made[1:]]
    assert ids(asked(client, until="2027-02-26")) == [made[0].pk]


def test_a_last_day_before_the_first_is_told(client: Client, partner: Partner) -> None:
    sold(partner, customer_of(partner))
    shown = text(asked(client, since="2027-02-28", until="2027-02-27"))
    assert "The last day is before the first" in shown


def test_deletion_within_asks_for_suspended_ones(client: Client, partner: Partner) -> None:
    customer = customer_of(partner)
    now = timezone.now()
    soon, later = (
        sold(partner, customer, status=Status.SUSPENDED, suspended_at=now - datetime.timedelta(days=days, hours=1))
        for days in (54, 40)
    )
    sold(partner, customer)
    assert ids(asked(client, deletion="7")) == [soon.pk]
    assert set(ids(asked(client, deletion="30", sort="company"))) == {soon.pk, later.pk}
    assert ids(asked(client, sort="deletion")) == [soon.pk, later.pk]
    assert ids(asked(client, sort="-deletion", deletion="30")) == [later.pk, soon.pk]
    assert "the others are left out" in text(asked(client, sort="deletion"))


@pytest.mark.parametrize(
    ("piece", "found"),
    [
        ("conto", ["Contoso Energy"]),
        ("CENERGY.partner", ["Contoso Energy"]),
        ("diseno", ["Northwind Diseño"]),
        ("天宇", ["上海天宇软件有限公司"]),
        ("宇", ["上海天宇软件有限公司"]),
        ("Ｃontoso", ["Contoso Energy"]),
        ("head OFF", ["Northwind Diseño"]),
        ("总部", ["上海天宇软件有限公司"]),
        ("q", ["Northwind Diseño"]),
        ("100%", []),
        ("_", []),
        ("con\0toso\x1b", []),
        ("\u200fcontoso\u202e", ["Contoso Energy"]),
        ("' OR 1=1 --", []),
    ],
)
@pytest.mark.parametrize("few", [0, 2_000])
def test_a_search_finds_pieces_of_company_domain_and_nickname(
    client: Client, partner: Partner, monkeypatch: pytest.MonkeyPatch, piece: str, found: list[str], few: int
) -> None:
    monkeypatch.setattr(subscription_listing, "FEW", few)
    energy = customer_of(partner, company_name="Contoso Energy", domain="cenergy.partner.onmschina.cn")
    northwind = customer_of(partner, company_name="Northwind Diseño", domain="northwind.partner.onmschina.cn")
    tianyu = customer_of(partner, company_name="上海天宇软件有限公司", domain="tianyu.partner.onmschina.cn")
    sold(partner, energy)
    sold(partner, northwind, nickname="Head office, Quito")
    sold(partner, tianyu, nickname="上海总部")
    sold(PartnerFactory(), energy, nickname="Head office")
    assert names(asked(client, q=piece)) == found


def test_a_search_of_ten_thousand_characters_is_cut_and_says_so(client: Client) -> None:
    assert "longer than 200 characters" in text(asked(client, q="x" * 10_000))


@pytest.fixture
def three(partner: Partner) -> dict[str, Subscription]:
    """One that can be upgraded, one that is a step away, one without upgrade paths, one without privileges."""
    return {
        "now": sold(partner, customer_of(partner, company_name="Now"), "Business"),
        "step": sold(partner, customer_of(partner, company_name="Step"), "Business Premium", status=Status.SUSPENDED),
        "none": sold(partner, customer_of(partner, company_name="None"), "E3"),
        "without": sold(partner, customer_of(partner, services=[], company_name="Without"), "Business"),
    }


def test_upgradable_and_blocked_are_what_the_conditions_say(client: Client, three: dict[str, Subscription]) -> None:
    assert ids(asked(client, upgrade="possible")) == [three["now"].pk]
    assert ids(asked(client, upgrade="one_step")) == [three["step"].pk, three["without"].pk]
    assert ids(asked(client, upgrade=str(offer("E3").pk))) == [three["now"].pk]
    assert ids(asked(client, upgrade=str(offer("E1").pk))) == []
    assert ids(asked(client, blocked="subscription_status_not_active")) == [three["step"].pk]
    assert ids(asked(client, blocked="delegated_admin_permissions_disabled")) == [three["without"].pk]
    assert ids(asked(client, blocked="subscription_status_not_active", upgrade="possible")) == []
    assert "4 subscriptions looked at" in text(asked(client, upgrade="possible"))


def test_the_columns_are_those_chosen(client: Client, three: dict[str, Subscription]) -> None:
    shown = line(asked(client, columns=["id", "obstacles"]), three["without"])
    assert str(three["without"].pk) in shown
    assert "privilege" in shown.lower()
    assert "1 step away" not in shown
    usual = text(asked(client))
    assert text(asked(client, columns="nonsense")).replace("  ", " ") != usual
    assert len(re.findall(r'<th scope="col"', page(asked(client, columns=[one.code for one in OPTIONAL])))) == 14


def test_the_columns_that_show_are_ticked(client: Client) -> None:
    def ticked(**query: Any) -> set[str]:
        boxes = re.findall(r'<input [^>]*name="columns"[^>]*>', page(asked(client, **query)))
        return {code for box in boxes if "checked" in box for code in re.findall(r'value="(\w+)"', box)}

    assert ticked() == set(CHOSEN)
    assert ticked(columns=["id"]) == {"id"}


@pytest.mark.parametrize(
    "query",
    [
        {"status": "asleep"},
        {"status": ["active", "x" * 10_000]},
        {"offer": "E3"},
        {"offer": str(uuid.uuid4())},
        {"offer": "' OR 1=1 --"},
        {"renewal": "-5"},
        {"renewal": "99999999999999"},
        {"since": "yesterday"},
        {"since": "0001-01-01"},
        {"until": "\0"},
        {"deletion": "<b>"},
        {"upgrade": "\u202etomorrow"},
        {"upgrade": str(uuid.uuid4())},
        {"blocked": "everything"},
        {"sort": "nickname"},
        {"sort": "--company"},
        {"columns": ["licences", "password"]},
    ],
)
def test_what_makes_no_sense_is_left_out_and_told(client: Client, partner: Partner, query: dict[str, Any]) -> None:
    subscription = sold(partner, customer_of(partner))
    response = asked(client, **query)
    assert ids(response) == [subscription.pk]
    assert "Please look at this again" in text(response)
    # Nobody is to take a whole portfolio for a part of it.
    assert asked(client, **query, format="csv")["Content-Type"].startswith("text/html")


def test_what_is_folded_away_says_how_much_of_it_is_in_use(client: Client, partner: Partner) -> None:
    sold(partner, customer_of(partner))
    assert "in use" not in text(asked(client, q="x", status="active"))
    assert "3 in use" in text(asked(client, q="x", renewal="30", sort="created", columns="id"))


def test_an_unknown_kind_of_file_answers_400(client: Client) -> None:
    assert asked(client, format="pdf").status_code == 400


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize(
    "key", ["", "nonsense", "2026-13-45", "-1", "99999999999", "٣", "x" * 400, "2026-01-01T00:00:00"]
)
@pytest.mark.parametrize("side", ["after", "before"])
def test_a_cursor_of_another_list_answers_400_or_a_page(client: Client, sort: str, key: str, side: str) -> None:
    response = client.get(PATH, {"sort": sort, side: encode_cursor(key, uuid.uuid4())})
    assert response.status_code == (200 if sort.endswith("offer") else 400)


def test_an_empty_list_says_what_would_stand_here(client: Client) -> None:
    assert "No subscriptions yet" in text(asked(client))
    assert "No subscription found" in text(asked(client, status="pending"))


def test_a_page_past_the_end_leads_back(client: Client, partner: Partner) -> None:
    customer = customer_of(partner)
    made = [sold(partner, customer) for _number in range(PAGE_SIZE + 1)]
    second = way(asked(client, sort="created"), "next")
    assert second
    Subscription.objects.filter(pk=made[-1].pk).delete()
    assert "The list ends here" in text(client.get(second))


def test_a_long_search_stops_and_goes_on_from_there(
    client: Client, partner: Partner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscription_listing, "JUDGING", scan.Pace(first=5, most=5))
    monkeypatch.setattr(scan, "MOST_LOOKED_AT", 10)
    customer = customer_of(partner, company_name="A", services=[])
    for _number in range(12):
        sold(partner, customer)
    found = sold(partner, customer_of(partner, company_name="B"))
    first = asked(client, upgrade="possible")
    assert ids(first) == []
    assert "10 subscriptions looked at" in text(first)
    onward = re.search(r'href="([^"]*)">Search on', page(first))
    assert onward
    assert ids(client.get(html.unescape(onward[1]))) == [found.pk]


def test_the_count_is_of_live_ones_and_stops_at_a_thousand(
    client: Client, partner: Partner, monkeypatch: pytest.MonkeyPatch
) -> None:
    customer = customer_of(partner)
    for status in (Status.ACTIVE, Status.PENDING, Status.DELETED):
        sold(partner, customer, status=status)
    assert "2 live subscriptions sold by you" in text(asked(client))


def test_headings_sort_and_turn_round(client: Client, partner: Partner) -> None:
    small = sold(partner, customer_of(partner, company_name="A"), quantity=5)
    large = sold(partner, customer_of(partner, company_name="B"), quantity=50)
    link = re.compile(r'<a class="sorter" href="([^"]*)">Licences')
    first = link.search(page(asked(client)))
    assert first
    response = client.get(html.unescape(first[1]))
    assert ids(response) == [small.pk, large.pk]
    turned = link.search(page(response))
    assert turned
    assert ids(client.get(html.unescape(turned[1]))) == [large.pk, small.pk]
    assert 'aria-sort="ascending"' in page(response)


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"sort": "-created"},
        {"sort": "deletion"},
        {"status": "suspended"},
        {"upgrade": "one_step"},
        {"q": "contoso"},
        {"offer": "all", "sort": "-offer"},
    ],
)
def test_the_number_of_queries_does_not_grow(client: Client, partner: Partner, query: dict[str, str]) -> None:
    if "offer" in query:
        query = query | {"offer": str(offer("Business").pk)}
    for number in range(3):
        sold(partner, customer_of(partner, company_name=f"Contoso {number}"), status=Status.SUSPENDED)
    few = queries(client, PATH, query)
    for number in range(30):
        sold(partner, customer_of(partner, company_name=f"Contoso again {number}"), status=Status.SUSPENDED)
    assert queries(client, PATH, query) == few
    assert few <= 18


def test_other_parameters_are_kept_in_links(client: Client, partner: Partner) -> None:
    for number in range(PAGE_SIZE + 1):
        sold(partner, customer_of(partner, company_name=f"Contoso {number:03}"))
    query = urlencode({"q": "contoso", "columns": ["id", "created"], "sort": "-company"}, doseq=True)
    onward = way(client.get(f"{PATH}?{query}"), "next")
    assert onward
    for part in ("q=contoso", "columns=id", "columns=created", "sort=-company"):
        assert part in onward
