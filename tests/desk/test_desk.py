import datetime
import html
import re
from io import StringIO

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from desk import summary
from desk.models import DeskSnapshot
from partners.models import Partner, Staff
from partners.roles import Role
from subscriptions.models import Status
from tests.desk.conftest import queries, signed_in
from tests.factories import ActivityRecordFactory, PartnerFactory, StaffFactory, UpgradeFactory, customer_of, sold


def text(client: Client) -> str:
    response = client.get("/")
    assert response.status_code == 200
    main = re.search(r"<main.*?</main>", response.content.decode(), re.DOTALL)
    assert main
    return html.unescape(" ".join(re.sub(r"<[^>]*>", " ", main[0]).split()))


@pytest.mark.parametrize(
    ("at", "words"),
    [
        ("2026-05-04T00:30", "Good morning"),
        ("2026-05-04T06:00", "Good afternoon"),
        ("2026-05-04T14:00", "Good evening"),
    ],
)
def test_the_greeting_follows_the_persons_own_time(client: Client, staff: Staff, at: str, words: str) -> None:
    # The person is in Shanghai, eight hours ahead of these times.
    with time_machine.travel(datetime.datetime.fromisoformat(f"{at}+00:00")):
        assert text(signed_in(staff)).find(f"{words}, Li Na") >= 0


def test_the_tiles_count_what_can_be_done(client: Client, partner: Partner) -> None:
    customer = customer_of(partner)
    sold(partner, customer, "Business")
    sold(partner, customer_of(partner), "Business", status=Status.SUSPENDED)
    long_ago = timezone.now() - datetime.timedelta(days=56)
    sold(partner, customer_of(partner), "Business", status=Status.SUSPENDED, suspended_at=long_ago)
    sold(PartnerFactory(), customer, "Business")
    shown = text(client)
    assert "1 upgrade possible now" in shown
    assert "2 one step away" in shown
    assert "1 deleted within 7 days" in shown
    assert "0 hand-overs unfinished" in shown


def test_what_holds_upgrades_up_is_counted_at_the_nearest_target(client: Client, partner: Partner) -> None:
    for _ in range(2):
        sold(partner, customer_of(partner, services=[]), "Business")
    sold(partner, customer_of(partner), "Business", status=Status.SUSPENDED)
    shown = text(client)
    assert "You lack delegated admin privileges 2" in shown
    assert "The subscription is not active 1" in shown
    content = client.get("/").content.decode()
    assert 'href="/customers/?show=delegated_admin_permissions_disabled"' in content


def test_the_suspended_are_listed_by_the_days_left(noon: datetime.datetime, client: Client, partner: Partner) -> None:
    for name, days in (("Later", 45), ("Sooner", 58), ("Not yet", 5)):
        suspended_at = noon - datetime.timedelta(days=days)
        customer = customer_of(partner, company_name=name)
        sold(partner, customer, "Business", status=Status.SUSPENDED, suspended_at=suspended_at)
    shown = text(client)
    assert shown.index("Sooner Office 365 Business · 25 licences deleted in 2 days") < shown.index("deleted in 15 days")
    assert "Not yet" not in shown


def test_unfinished_hand_overs_lead_to_their_receipts(client: Client, staff: Staff, partner: Partner) -> None:
    open_one = UpgradeFactory(staff=staff, hand_over=[{"done_at": None}, {"done_at": "2026-01-01T00:00:00Z"}])
    UpgradeFactory(staff=staff, finished_at=timezone.now())
    UpgradeFactory()
    assert "1 hand-over unfinished" in text(client)
    assert "1 of 2 steps" in text(client)
    assert f"/customers/{open_one.customer_id}/upgrades/{open_one.pk}/" in client.get("/").content.decode()


def test_who_may_see_the_activity_sees_what_happened_lately(client: Client, partner: Partner) -> None:
    customer = customer_of(partner, company_name="Adatum Trading")
    ActivityRecordFactory(
        partner_id=partner.pk,
        actor_name="Wang Wei",
        operation="upgrade_subscription",
        customer_id=customer.pk,
        customer_name="Adatum Trading",
        before={"offer": "Office 365 Business", "quantity": 20},
        after={"offer": "Office 365 Business Premium", "quantity": 25},
    )
    ActivityRecordFactory(partner_id=PartnerFactory().pk, actor_name="Somebody else")
    shown = text(client)
    assert "Wang Wei moved 25 licences of Adatum Trading from Office 365 Business to" in shown
    assert "Somebody else" not in shown


def test_the_others_see_their_own_upgrades(partner: Partner) -> None:
    sales = StaffFactory(partner=partner, roles=[Role.SALES_AGENT])
    UpgradeFactory(staff=sales, company_name="Mine")
    UpgradeFactory(staff=StaffFactory(partner=partner), company_name="A colleague's")
    shown = text(signed_in(sales)).partition("Lately")[2]
    assert "Mine" in shown
    assert "A colleague's" not in shown


def test_a_billing_admin_finds_the_offers(partner: Partner) -> None:
    billing = signed_in(StaffFactory(partner=partner, roles=[Role.BILLING_ADMIN]))
    assert "see offers and prices" in text(billing)
    assert 'href="/offers/"' in billing.get("/").content.decode()
    assert "upgrades possible" not in text(billing)


@pytest.mark.parametrize(("roles", "words"), [([Role.USER_ADMIN], "manage staff and their roles"), ([], "no role yet")])
def test_who_may_do_little_reads_what(partner: Partner, roles: list[Role], words: str) -> None:
    assert words in text(signed_in(StaffFactory(partner=partner, roles=roles)))


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch, partner: Partner) -> Partner:
    """A partner that is too large to be counted at each visit."""
    monkeypatch.setattr(summary, "COUNTED_AT_ONCE", 1)
    monkeypatch.setattr("desk.management.commands.refresh_desk.COUNTED_AT_ONCE", 1)
    for _ in range(2):
        sold(partner, customer_of(partner), "Business")
    return partner


def test_a_large_partner_reads_how_to_have_its_upgrades_counted(client: Client, large: Partner) -> None:
    assert "have not been counted yet" in text(client)


def test_a_large_partner_reads_when_its_upgrades_were_counted(client: Client, large: Partner) -> None:
    with time_machine.travel(datetime.datetime(2026, 5, 4, 6, 5, tzinfo=datetime.UTC), tick=False):
        call_command("refresh_desk", stdout=StringIO())
    sold(large, customer_of(large), "Business")
    shown = text(client)
    assert "2 upgrades possible now" in shown
    assert "Upgrades counted: 4 May 2026, 14:05" in shown


def test_counting_again_replaces_what_was_counted(large: Partner) -> None:
    for _ in range(2):
        call_command("refresh_desk", "--partner", str(large.pk), stdout=StringIO())
    assert DeskSnapshot.objects.get().counts == {"possible": 2, "one_step": 0, "held_up": {}}


def test_only_large_partners_are_counted_ahead(large: Partner) -> None:
    small = PartnerFactory()
    call_command("refresh_desk", stdout=StringIO())
    assert not DeskSnapshot.objects.filter(partner=small).exists()


@pytest.mark.parametrize("bad", ["x", "00000000-0000-4000-8000-000000000000"])
def test_a_partner_that_is_none_is_an_error_in_words(db: None, bad: str) -> None:
    with pytest.raises(CommandError):
        call_command("refresh_desk", "--partner", bad)


def test_the_number_of_queries_does_not_grow(client: Client, staff: Staff, partner: Partner) -> None:
    def one_more() -> None:
        customer = customer_of(partner)
        sold(partner, customer, "Business")
        suspended_at = timezone.now() - datetime.timedelta(days=50)
        sold(partner, customer, "E1", status=Status.SUSPENDED, suspended_at=suspended_at)
        UpgradeFactory(staff=staff, customer=customer)
        ActivityRecordFactory(partner_id=partner.pk, customer_id=customer.pk, customer_name=customer.company_name)

    one_more()
    few = queries(client, "/")
    for _ in range(5):
        one_more()
    assert queries(client, "/") == few
