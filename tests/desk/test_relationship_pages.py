import html
import re
import uuid

import pytest
from django.test import Client
from django.utils import timezone

from customers.models import Invitation
from partners.models import Partner, Staff
from partners.roles import Role
from tests.desk.conftest import queries, signed_in
from tests.factories import CustomerFactory, InvitationFactory, StaffFactory, customer_of, link_to


def main(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    found = re.search(r"<main.*?</main>", response.content.decode(), re.DOTALL)
    assert found
    return html.unescape(" ".join(re.sub(r"<[^>]*>", " ", found[0]).split()))


def act(client: Client, invitation: Invitation, name: str, *, version: int = 1) -> tuple[int, str]:
    sent = {"act": name, "key": str(uuid.uuid4()), "version": version}
    answer = client.post(f"/relationships/{invitation.pk}/", sent)
    return answer.status_code, html.unescape(answer.content.decode())


def test_the_list_says_how_far_each_has_come(client: Client, staff: Staff) -> None:
    InvitationFactory(staff=staff, email="a@a.example", services=["exchange"])
    InvitationFactory(staff=staff, email="b@b.example", expires_at=timezone.now())
    InvitationFactory(email="c@c.example")
    words = main(client, "/relationships/")
    assert "a@a.example" in words
    assert "Exchange Online" in words
    assert "c@c.example" not in words
    assert "b@b.example" not in main(client, "/relationships/?state=sent")
    assert "b@b.example" in main(client, "/relationships/?state=expired")


def test_it_costs_the_same_however_many_there_are(client: Client, staff: Staff) -> None:
    def add() -> None:
        InvitationFactory(staff=staff, services=["exchange"], customer=customer_of(staff.partner))

    add()
    few = queries(client, "/relationships/")
    for _time in range(5):
        add()
    assert queries(client, "/relationships/") == few


def test_a_customer_out_of_sight_shows_by_its_address(client: Client, staff: Staff) -> None:
    secret = CustomerFactory(company_name="Secret Ltd", domain="secret.partner.onmschina.cn")
    made = InvitationFactory(staff=staff, customer=secret, with_relationship=True)
    for address in ("/relationships/", f"/relationships/{made.pk}/", "/"):
        assert "Secret Ltd" not in client.get(address).content.decode()
        assert made.email in client.get(address).content.decode()


def test_a_draft_is_looked_at_then_sent(client: Client, staff: Staff) -> None:
    sent = {"email": "wang@new.example", "language": "zh-hans", "with_relationship": "on", "services": ["1", "2"]}
    answer = client.post("/relationships/invite/", {**sent, "key": "k", "note": "Hello"})
    made = Invitation.objects.get()
    assert answer["Location"] == f"/relationships/{made.pk}/"
    page = main(client, answer["Location"])
    assert "Exchange Online" in page
    assert "Hello" in page
    assert act(client, made, "send")[0] == 302
    made.refresh_from_db()
    assert made.state == "sent"
    assert made.mail_id


def test_the_link_shows_once(client: Client, staff: Staff) -> None:
    made = InvitationFactory(staff=staff, state="draft")
    sent = {"act": "link", "key": "k", "version": 1}
    page = client.post(f"/relationships/{made.pk}/", sent).content.decode()
    assert re.search(r"/invitation/[\w-]{43}/", page)
    again = client.post(f"/relationships/{made.pk}/", sent, follow=True).content.decode()
    assert not re.search(r"/invitation/[\w-]{43}/", again)


@pytest.mark.parametrize(
    ("name", "status"), [("remind", 409), ("renew", 200), ("withdraw", 302), ("send", 409), ("x", 200)]
)
def test_each_button_does_what_it_says_or_says_why_not(client: Client, staff: Staff, name: str, status: int) -> None:
    made = InvitationFactory(staff=staff)
    link_to(made)
    assert act(client, made, name)[0] == status


def test_a_stale_page_says_how_things_stand_now(client: Client, staff: Staff) -> None:
    made = InvitationFactory(staff=staff, version=2)
    status, words = act(client, made, "withdraw", version=1)
    assert status == 409
    assert "“Sent” now" in words


def test_a_customer_is_found_by_name_or_domain(client: Client, staff: Staff) -> None:
    fabrikam = customer_of(staff.partner, services=[], company_name="Fabrikam", domain="fab.partner.onmschina.cn")
    sent = {"email": "it@fab.partner.onmschina.cn", "language": "en", "services": ["1"]}
    for number, typed in enumerate(["fabrikam", "abrik", "fab.partner.onmschina.cn"]):
        Invitation.objects.all().delete()
        client.post("/relationships/invite/", {**sent, "customer": typed, "key": str(number)})
        assert Invitation.objects.get().customer == fabrikam


def test_a_name_that_several_have_is_asked_back(client: Client, staff: Staff) -> None:
    for name in ("Fabrikam One", "Fabrikam Two"):
        customer_of(staff.partner, company_name=name)
    sent = {"customer": "fabrikam", "email": "it@fab.example", "language": "en", "key": "k"}
    page = html.unescape(client.post("/relationships/invite/", sent).content.decode())
    assert "Several customers match “fabrikam”" in page
    assert 'value="fabrikam"' in page


@pytest.mark.parametrize(
    "wrong",
    [
        {"email": ""},
        {"email": "x" * 10_000},
        {"email": "a\x00@b.example"},
        {"contact_name": "a\u202eb"},
        {"language": "tlh"},
        {"note": "x" * 1001},
        {"note": "a\x00b"},
        {"services": "9" * 50},
        {"services": "<b>"},
        {"customer": "\x00"},
        {"customer": "x" * 10_000},
        {"customer": "not a domain"},
        {"key": "k" * 101},
    ],
)
def test_hostile_input_is_refused_beside_the_field(client: Client, staff: Staff, wrong: dict[str, str]) -> None:
    sent = {"email": "it@new.example", "language": "en", "with_relationship": "on", "key": "k", **wrong}
    answer = client.post("/relationships/invite/", sent)
    assert answer.status_code == 200
    assert "problems" in answer.content.decode()
    assert not Invitation.objects.exists()


def test_a_refusal_keeps_what_was_typed(client: Client, staff: Staff) -> None:
    sent = {"email": "it@new.example", "language": "es", "customer": "nobody", "with_relationship": "on"}
    answer = client.post("/relationships/invite/", {**sent, "key": "k", "services": ["1", "3"], "note": "Hello"})
    page = html.unescape(answer.content.decode())
    assert answer.status_code == 409
    assert "No customer has the domain nobody.partner.onmschina.cn" in page
    assert page.count("checked") == 3
    assert ">\nHello</textarea>" in page


def test_what_is_asked_already_leads_there(client: Client, staff: Staff) -> None:
    there = InvitationFactory(staff=staff, email="it@new.example")
    sent = {"email": "it@new.example", "language": "en", "with_relationship": "on", "key": "k"}
    answer = client.post("/relationships/invite/", sent)
    assert answer.status_code == 409
    assert f"/relationships/{there.pk}/" in answer.content.decode()


def test_sales_agents_ask_for_relationships_alone(partner: Partner) -> None:
    sales = signed_in(StaffFactory(partner=partner, roles=[Role.SALES_AGENT]))
    assert 'name="services"' not in sales.get("/relationships/invite/").content.decode()
    sales.post(
        "/relationships/invite/",
        {"email": "a@b.example", "language": "en", "with_relationship": "on", "services": "1", "key": "k"},
    )
    assert not Invitation.objects.get().asked.exists()


def test_a_customer_in_the_address_fills_the_form(client: Client, staff: Staff) -> None:
    customer = customer_of(staff.partner, domain="fab.partner.onmschina.cn")
    assert (
        'value="fab.partner.onmschina.cn"'
        in client.get(f"/relationships/invite/?customer={customer.pk}").content.decode()
    )
    assert client.get(f"/relationships/invite/?customer={CustomerFactory().pk}").status_code == 404
    assert client.get("/relationships/invite/?customer=x").status_code == 200


def test_the_desk_shows_what_waits(client: Client, staff: Staff) -> None:
    assert "Invitations waiting" not in main(client, "/")
    InvitationFactory(staff=staff, email="a@a.example")
    InvitationFactory(staff=staff, email="b@b.example", state="declined", answered_at=timezone.now())
    words = main(client, "/")
    assert "a@a.example" in words
    assert "b@b.example" not in words
