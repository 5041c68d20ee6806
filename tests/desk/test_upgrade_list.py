import datetime
import html
import re

import pytest
from django.test import Client
from django.utils import timezone

from desk.views import upgrades as view
from partners.models import Partner, Staff
from partners.roles import Role
from tests.desk.conftest import queries, signed_in
from tests.factories import StaffFactory, UpgradeFactory


def companies(content: str) -> list[str]:
    return [html.unescape(name) for name in re.findall(r'<th scope="row"><a[^>]*><bdi>(.*?)</bdi>', content)]


def page(client: Client, **query: str) -> str:
    response = client.get("/upgrades/", query)
    assert response.status_code == 200
    return str(response.content.decode())


def test_the_partners_upgrades_stand_newest_first(client: Client, staff: Staff) -> None:
    for minutes, name in ((2, "First"), (1, "Second")):
        created_at = timezone.now() - datetime.timedelta(minutes=minutes)
        UpgradeFactory(staff=staff, company_name=name, created_at=created_at)
    UpgradeFactory(company_name="Another partner's")
    assert companies(page(client)) == ["Second", "First"]


def test_each_leads_to_its_receipt(client: Client, staff: Staff) -> None:
    upgrade = UpgradeFactory(staff=staff)
    assert f'href="/customers/{upgrade.customer_id}/upgrades/{upgrade.pk}/"' in page(client)


def test_the_unfinished_ones_alone(client: Client, staff: Staff) -> None:
    UpgradeFactory(staff=staff, company_name="Open")
    UpgradeFactory(staff=staff, company_name="Finished", finished_at=timezone.now())
    assert companies(page(client, show="unfinished")) == ["Open"]


def test_an_unknown_filter_shows_all_and_says_so(client: Client, staff: Staff) -> None:
    UpgradeFactory(staff=staff)
    content = page(client, show="<script>\0")
    assert len(companies(content)) == 1
    assert "There is no such filter" in content


def test_an_empty_list_leads_to_the_work(client: Client) -> None:
    assert "/customers/?show=upgradable" in page(client)
    assert "No hand-over is unfinished" in page(client, show="unfinished")


def test_paging_both_ways(client: Client, staff: Staff, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(view, "PAGE_SIZE", 2)
    # The same moment for all: the order within it is that of the ids.
    now = timezone.now()
    for number in range(5):
        UpgradeFactory(staff=staff, company_name=f"{number}", created_at=now)
    seen, content = companies(page(client)), page(client)
    while onward := re.search(r'rel="next" href="([^"]*)"', content):
        content = client.get(html.unescape(onward[1])).content.decode()
        seen += companies(content)
    assert sorted(seen) == ["0", "1", "2", "3", "4"]
    back = re.search(r'rel="prev" href="([^"]*)"', content)
    assert back
    assert companies(client.get(html.unescape(back[1])).content.decode()) == seen[2:4]


def test_who_may_not_see_customers_is_refused(partner: Partner) -> None:
    assert signed_in(StaffFactory(partner=partner, roles=[Role.BILLING_ADMIN])).get("/upgrades/").status_code == 403


def test_the_number_of_queries_does_not_grow(client: Client, staff: Staff) -> None:
    UpgradeFactory(staff=staff)
    few = queries(client, "/upgrades/")
    for _ in range(10):
        UpgradeFactory(staff=staff)
    assert queries(client, "/upgrades/") == few
