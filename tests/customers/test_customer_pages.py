import datetime
import logging
import re

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from customers.answering import found_access
from customers.models import Customer, DelegatedAdminPrivilege, Invitation
from partners.models import Staff
from tests.factories import (
    CustomerFactory,
    InvitationFactory,
    StaffFactory,
    access_to,
    customer_of,
    link_to,
    service,
)

pytestmark = pytest.mark.django_db

COMPANY = {"company_name": "New Company", "domain": "newcompany"}


@pytest.fixture(autouse=True)
def no_guesses_yet() -> None:
    cache.clear()


@pytest.fixture
def invitation(staff: Staff) -> Invitation:
    made: Invitation = InvitationFactory(staff=staff, services=["exchange", "skype"], note="<b>Hello</b>\nthere")
    return made


def test_it_says_who_asks_for_what_in_the_language_of_the_mail(client: Client, invitation: Invitation) -> None:
    Invitation.objects.update(language="es")
    page = client.get(f"/invitation/{link_to(invitation)}/")
    assert page.status_code == 200
    assert 'lang="es"' in page.content.decode()
    for words in (invitation.partner.name, "Exchange Online", "&lt;b&gt;Hello&lt;/b&gt;"):
        assert words in page.content.decode()
    invitation.refresh_from_db()
    assert invitation.state == "opened"


def test_nobody_keeps_the_page_or_learns_its_address(client: Client, invitation: Invitation) -> None:
    page = client.get(f"/invitation/{link_to(invitation)}/")
    assert "no-store" in page["Cache-Control"]
    assert page["Referrer-Policy"] == "strict-origin"
    assert "noindex" in page["X-Robots-Tag"]


def test_a_look_that_is_none_does_not_open_it(client: Client, staff: Staff, invitation: Invitation) -> None:
    token = link_to(invitation)
    client.head(f"/invitation/{token}/")
    client.force_login(staff)
    client.get(f"/invitation/{token}/")
    invitation.refresh_from_db()
    assert invitation.state == "sent"


def test_accepted_it_leads_to_what_can_be_taken_back(client: Client, invitation: Invitation) -> None:
    address = f"/invitation/{link_to(invitation)}/"
    sent = {"act": "accept", "services": [service("exchange").pk], **COMPANY}
    answer = client.post(address, sent)
    assert answer.status_code == 302
    page = client.get(answer["Location"]).content.decode()
    assert "Exchange Online" in page
    assert "Skype" not in page
    again = client.post(address, sent)
    assert again.status_code == 410
    assert "answered already" in again.content.decode()
    assert "New Company" not in again.content.decode()
    assert Customer.objects.count() == 1
    client.post(answer["Location"], {"services": [service("exchange").pk]})
    assert not DelegatedAdminPrivilege.objects.held().exists()
    assert "none of your services" in client.get(answer["Location"]).content.decode()


@pytest.mark.parametrize("lasts", ["x", "-1", "31", "9" * 10_000, "\x00", "<b>"])
def test_a_time_that_is_not_offered_is_refused_beside_the_field(
    client: Client, invitation: Invitation, lasts: str
) -> None:
    sent = {"act": "accept", "services": [service("exchange").pk], "lasts": lasts, **COMPANY}
    answer = client.post(f"/invitation/{link_to(invitation)}/", sent)
    assert answer.status_code == 400
    assert 'id="id_lasts_error"' in answer.content.decode()
    assert not Customer.objects.exists()


def test_given_for_a_time_the_customer_sees_until_when(client: Client, invitation: Invitation) -> None:
    sent = {"act": "accept", "services": [service("exchange").pk], "lasts": "90", **COMPANY}
    given = client.post(f"/invitation/{link_to(invitation)}/", sent)
    assert re.search(r"Until\s+<time", client.get(given["Location"]).content.decode())
    assert DelegatedAdminPrivilege.objects.get().expires_at is not None


def test_declined_nothing_changes(client: Client, invitation: Invitation) -> None:
    answer = client.post(f"/invitation/{link_to(invitation)}/", {"act": "decline", **COMPANY})
    assert answer.status_code == 200
    invitation.refresh_from_db()
    assert invitation.state == "declined"
    assert not Customer.objects.exists()


def test_who_asks_for_privileges_alone_gets_no_empty_consent(client: Client, staff: Staff) -> None:
    customer = customer_of(staff.partner, services=[])
    invitation = InvitationFactory(staff=staff, customer=customer, services=["exchange"])
    answer = client.post(f"/invitation/{link_to(invitation)}/", {"act": "accept"})
    assert answer.status_code == 400
    assert "Tick at least one service" in answer.content.decode()


@pytest.mark.parametrize("wrong", ["guess", "half", "capitals", "longer", "none"])
def test_a_token_that_is_none_opens_nothing(client: Client, invitation: Invitation, wrong: str) -> None:
    token = link_to(invitation)
    tried = {
        "guess": "A" * 43,
        "half": token[:21],
        "capitals": token.swapcase(),
        "longer": token + "A",
        "none": "\u0130\u202e",
    }[wrong]
    answer = client.get(f"/invitation/{tried}/")
    assert answer.status_code == 404
    assert invitation.partner.name not in answer.content.decode()


def test_a_token_is_for_one_thing(client: Client, staff: Staff) -> None:
    invitation = InvitationFactory(staff=staff, customer=customer_of(staff.partner), services=["exchange"])
    assert client.get(f"/access/{link_to(invitation)}/").status_code == 404
    assert client.get(f"/invitation/{access_to(invitation)}/").status_code == 404


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ({"state": "withdrawn", "withdrawn_at": timezone.now()}, "taken it back"),
        ({"state": "declined", "answered_at": timezone.now()}, "answered already"),
        ({"expires_at": timezone.now()}, "run out"),
        ({"state": "expired"}, "run out"),
    ],
)
def test_what_is_over_says_so_and_no_more(client: Client, staff: Staff, state: dict[str, object], words: str) -> None:
    invitation = InvitationFactory(staff=staff, services=["exchange"], **state)
    answer = client.get(f"/invitation/{link_to(invitation)}/")
    assert answer.status_code == 410
    assert words in answer.content.decode()
    assert "Exchange" not in answer.content.decode()
    assert invitation.email not in answer.content.decode()


def test_guessing_is_stopped(client: Client, invitation: Invitation) -> None:
    statuses = [client.get(f"/invitation/{number}/").status_code for number in range(22)]
    assert statuses == [404] * 20 + [429] * 2
    token = link_to(invitation)
    assert client.get(f"/invitation/{token}/").status_code == 429
    assert client.get(f"/access/{token}/").status_code == 429
    elsewhere = Client(REMOTE_ADDR="198.51.100.7")
    assert elsewhere.get(f"/invitation/{token}/").status_code == 200


def test_a_copied_link_has_the_customer_accept_by_mail(client: Client, staff: Staff) -> None:
    customer = CustomerFactory(company_name="Secret Ltd", domain="secret.partner.onmschina.cn")
    invitation = InvitationFactory(staff=staff, customer=customer, with_relationship=True)
    address = f"/invitation/{link_to(invitation, is_by_mail=False)}/"
    page = client.get(address).content.decode()
    assert "i•••@secret.partner.onmschina.cn" in page
    assert "Secret Ltd" not in page
    assert client.post(address, {"act": "accept"}).status_code == 409
    assert client.post(address, {"act": "mail"}).status_code == 200
    assert invitation.links.filter(is_by_mail=True).count() == 1
    assert "Secret Ltd" in client.get(f"/invitation/{link_to(invitation)}/").content.decode()


@pytest.mark.parametrize(
    "wrong",
    [
        {"company_name": ""},
        {"domain": ""},
        {"domain": "not a domain"},
        {"company_name": "x" * 201},
        {"company_name": "a\x00b"},
        {"company_name": "a\u202eb"},
        {"services": "999"},
        {"services": "x"},
        {"services": "9" * 40},
        {"domain": "x" * 10_000},
    ],
)
def test_hostile_input_is_refused_beside_the_field(
    client: Client, invitation: Invitation, wrong: dict[str, str]
) -> None:
    answer = client.post(f"/invitation/{link_to(invitation)}/", {"act": "accept", **COMPANY, **wrong})
    assert answer.status_code == 400
    assert "field-errors" in answer.content.decode()
    assert not Customer.objects.exists()


def test_a_taken_domain_is_refused_without_telling_whose_it_is(client: Client, invitation: Invitation) -> None:
    CustomerFactory(company_name="Secret Ltd", domain="newcompany.partner.onmschina.cn")
    answer = client.post(f"/invitation/{link_to(invitation)}/", {"act": "accept", **COMPANY})
    assert answer.status_code == 409
    assert "cannot be used here" in answer.content.decode()
    assert "Secret" not in answer.content.decode()
    assert 'value="New Company"' in answer.content.decode()


def test_an_access_link_ends_after_a_year(client: Client, staff: Staff) -> None:
    token = access_to(InvitationFactory(staff=staff, customer=customer_of(staff.partner)))
    assert found_access(token)
    with time_machine.travel(timezone.now() + datetime.timedelta(days=366)):
        assert client.get(f"/access/{token}/").status_code == 404


def test_one_customers_link_shows_nothing_of_another(client: Client, staff: Staff) -> None:
    mine = customer_of(staff.partner, services=["exchange"], company_name="Mine")
    other = customer_of(staff.partner, services=["skype"], company_name="Other")
    token = access_to(InvitationFactory(staff=staff, customer=mine))
    assert "Other" not in client.get(f"/access/{token}/").content.decode()
    assert client.post(f"/access/{token}/", {"services": [service("skype").pk]}).status_code == 400
    assert DelegatedAdminPrivilege.objects.held().filter(customer=other).exists()


def test_the_general_link_makes_a_draft_and_nothing_more(client: Client, staff: Staff) -> None:
    address = f"/invitation/?partnerId={staff.partner_id}"
    assert staff.partner is not None
    assert staff.partner.name in client.get(address).content.decode()
    for _time in range(2):
        assert client.post(address, {"email": "wang@new.example", "contact_name": "Wang"}).status_code == 200
    made = Invitation.objects.get()
    assert (made.state, made.staff, made.customer) == ("draft", None, None)
    assert client.post(address, {"email": "nobody"}).status_code == 400


@pytest.mark.parametrize("partner", ["", "x", "00000000-0000-0000-0000-000000000000"])
def test_a_general_link_of_nobody_is_none(client: Client, partner: str) -> None:
    assert client.get(f"/invitation/?partnerId={partner}").status_code == 404


def test_general_links_are_asked_by_so_often(client: Client, staff: Staff) -> None:
    address = f"/invitation/?partnerId={staff.partner_id}"
    statuses = [client.post(address, {"email": f"w{number}@new.example"}).status_code for number in range(6)]
    assert statuses == [200] * 5 + [429]


def test_logs_hold_no_token(client: Client, invitation: Invitation, caplog: pytest.LogCaptureFixture) -> None:
    token = link_to(invitation)
    Invitation.objects.update(expires_at=timezone.now())
    with caplog.at_level(logging.INFO):
        client.get(f"/invitation/{token}/")
        logging.getLogger("django.server").info('"%s" %s %s', f"GET /access/{token}/ HTTP/1.1", "200", "1")
        logging.getLogger("gunicorn.access").info("%(r)s", {"r": f"GET /invitation/{token}/?a=b HTTP/1.1", "s": 200})
    logged = caplog.text
    assert "/invitation/" in logged
    assert token not in logged


def test_no_partner_of_others_can_be_reached(staff: Staff) -> None:
    client = Client()
    client.force_login(StaffFactory())
    invitation = InvitationFactory(staff=staff)
    assert client.get(f"/relationships/{invitation.pk}/").status_code == 404
    assert not re.search(invitation.email, client.get("/relationships/").content.decode())
