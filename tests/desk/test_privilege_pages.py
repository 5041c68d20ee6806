"""The privileges of a customer, of the whole portfolio, and the button beside the reason."""

import datetime
import html
import re
import uuid
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from customers.models import Customer, DelegatedAdminPrivilege, Ending, Invitation
from desk import scan
from desk.missing import blocked_without, missing_privileges
from desk.views import privilege_desk
from partners.models import Partner, Staff
from partners.roles import Role
from subscriptions.models import Status, Subscription
from tests.desk.conftest import queries, signed_in
from tests.factories import (
    ContactDetailsFactory,
    DelegatedAdminPrivilegeFactory,
    InvitationFactory,
    PartnerFactory,
    ResellerRelationshipFactory,
    StaffFactory,
    customer_of,
    service,
    sold,
)

pytestmark = pytest.mark.django_db

DAY = datetime.timedelta(days=1)
OFFICE = ["office-web", "office-mobile", "office-desktop"]


@pytest.fixture
def customer(partner: Partner) -> Customer:
    """Adatum, which keeps Exchange back and can be reached."""
    made = customer_of(
        partner, services=["sharepoint", "onedrive", "skype", "information-protection", "bookings", *OFFICE]
    )
    Customer.objects.filter(pk=made.pk).update(company_name="Adatum")
    ContactDetailsFactory(customer=made)
    return made


@pytest.fixture
def premium(partner: Partner, customer: Customer) -> Subscription:
    return sold(partner, customer, "Business Premium")


def main(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    found = re.search(r"<main.*?</main>", response.content.decode(), re.DOTALL)
    assert found
    return html.unescape(" ".join(re.sub(r"<[^>]*>", " ", found[0]).split()))


def grid(customer: Customer) -> str:
    return f"/customers/{customer.pk}/privileges/"


def details(subscription: Subscription) -> str:
    return f"/customers/{subscription.customer_id}/subscriptions/{subscription.pk}/"


def button(client: Client, address: str) -> dict[str, Any]:
    """The fields of the first button on this page that requests privileges."""
    page = client.get(address).content.decode()
    form = re.search(r'<form class="one-click"[^>]*action="([^"]*)".*?</form>', page, re.DOTALL)
    assert form
    fields = re.findall(r'name="(key|subscription|back|services)" value="([^"]*)"', form[0])
    sent: dict[str, Any] = {"services": [value for name, value in fields if name == "services"]}
    return {**{name: value for name, value in fields if name != "services"}, **sent, "action": form[1]}


def press(client: Client, fields: dict[str, Any]) -> Any:
    sent = {name: value for name, value in fields.items() if name != "action"}
    return client.post(fields["action"], sent, follow=True)


def test_one_click_beside_the_reason_asks_and_shows_that_it_did(
    client: Client, customer: Customer, premium: Subscription
) -> None:
    fields = button(client, details(premium))
    answer = press(client, fields)
    assert answer.redirect_chain == [(details(premium), 302)]
    words = html.unescape(answer.content.decode())
    assert "li.na@adatum.example is being asked for: Exchange Online." in words
    assert "Requested on" in words
    assert "one-click" not in words
    made = Invitation.objects.get()
    assert (made.state, made.customer) == ("sent", customer)
    # A double click, and the page of before in another window.
    press(client, fields)
    assert "asked already" in html.unescape(press(client, {**fields, "key": "other"}).content.decode())
    assert Invitation.objects.count() == 1


def test_two_targets_have_buttons_of_their_own(client: Client, partner: Partner) -> None:
    customer = customer_of(partner, services=[])
    ContactDetailsFactory(customer=customer)
    business = sold(partner, customer, "Business")
    page = client.get(details(business)).content.decode()
    keys = re.findall(r'name="key" value="([^"]*)"', page)
    assert len(keys) == len(set(keys)) == 3


@pytest.mark.parametrize("role", [Role.SALES_AGENT, Role.HELPDESK_AGENT])
def test_who_may_not_ask_has_no_button_and_reads_what_is_asked(
    partner: Partner, customer: Customer, premium: Subscription, staff: Staff, role: Role
) -> None:
    InvitationFactory(staff=staff, customer=customer, services=["exchange"])
    page = signed_in(StaffFactory(partner=partner, roles=[role])).get(details(premium)).content.decode()
    assert "one-click" not in page
    assert "Requested on" in page
    assert ("See the request" in page) == (role == Role.SALES_AGENT)
    page = signed_in(StaffFactory(partner=partner, roles=[role])).get(grid(customer)).content.decode()
    assert "one-click" not in page
    assert "Give up" not in page


def test_the_details_page_asks_for_requests_only_where_a_privilege_is_missing(client: Client, partner: Partner) -> None:
    whole = sold(partner, customer_of(partner), "Business Premium")
    lacking = sold(partner, customer_of(partner, services=[]), "Business Premium")
    # The obstacles of the condition, and what is being asked; nobody waits, which the first statement told.
    assert queries(client, details(lacking)) == queries(client, details(whole)) + 2


HOSTILE = [[], ["x"], ["-1"], ["99999999999999999999"], ["32000"], ["1\x00"], ["<b>"], ["\u202e1"], ["9" * 10_000]]


@pytest.mark.parametrize("services", HOSTILE)
def test_hostile_services_are_refused_in_words(client: Client, customer: Customer, services: list[str]) -> None:
    answer = client.post(f"{grid(customer)}request/", {"services": services, "key": "1"}, follow=True)
    [told] = answer.context["messages"]
    assert told.level_tag == "error"
    assert str(told) in html.unescape(answer.content.decode())
    assert not Invitation.objects.exists()


@pytest.mark.parametrize("services", HOSTILE)
def test_nor_do_they_give_anything_up(client: Client, customer: Customer, services: list[str]) -> None:
    before = DelegatedAdminPrivilege.objects.held().count()
    answer = client.post(f"{grid(customer)}give-up/", {"services": services, "key": "1", "is_sure": "on"})
    assert answer.status_code == 400
    assert client.get(f"{grid(customer)}give-up/", {"services": services}).status_code == 200
    assert DelegatedAdminPrivilege.objects.held().count() == before


@pytest.mark.parametrize("key", ["\x00", "k" * 10_000, "<b>", "\u202e"])
@pytest.mark.parametrize("subscription", ["", "x", "\x00", "00000000-0000-0000-0000-000000000000"])
def test_hostile_keys_and_ways_back_do_no_harm(client: Client, customer: Customer, key: str, subscription: str) -> None:
    sent = {"services": [str(service("exchange").pk)], "key": key, "subscription": subscription, "back": "//evil"}
    answer = client.post(f"{grid(customer)}request/", sent)
    assert answer["Location"] == grid(customer)


def test_another_partners_customer_does_not_exist(client: Client) -> None:
    theirs = customer_of(PartnerFactory())
    for action in ("", "give-up/"):
        assert client.get(f"{grid(theirs)}{action}").status_code == 404
    for action in ("request/", "give-up/"):
        assert client.post(f"{grid(theirs)}{action}", {"services": ["1"], "is_sure": "on"}).status_code == 404


def test_the_way_back_leads_to_no_subscription_out_of_sight(client: Client, customer: Customer) -> None:
    hidden = sold(None, customer, "Exchange Online (Plan 1)")
    sent = {"services": [str(service("exchange").pk)], "subscription": str(hidden.pk)}
    assert client.post(f"{grid(customer)}request/", sent)["Location"] == grid(customer)


def test_the_grid_says_who_holds_what_and_never_which_other_partner(
    client: Client, partner: Partner, staff: Staff, customer: Customer, premium: Subscription
) -> None:
    rival = PartnerFactory(name="Fabrikam Reseller")
    DelegatedAdminPrivilegeFactory(
        partner=rival, customer=customer, since=timezone.now() - 99 * DAY, expires_at=timezone.now() + 9 * DAY
    )
    ours = DelegatedAdminPrivilege.objects.filter(customer=customer, partner=partner)
    ours.filter(service__code="skype").update(expires_at=timezone.now() + 4 * DAY + DAY / 2)
    words = main(client, grid(customer))
    assert (
        "Exchange Online Another partner – – Office 365 Business Premium → to Office 365 Enterprise E3"
        in words.replace(" 1 upgrade waits for it", "").replace(
            "Exchange Online 1 upgrade waits for it", "Exchange Online"
        )
    )
    assert "Fabrikam" not in words
    assert "expires in 9 days" not in words
    assert re.search("Skype for Business Online You expires in [45] days", words)
    assert "Ask to extend it : Skype for Business Online" in words


def test_the_grid_says_how_ours_ended_and_what_is_asked(
    client: Client, partner: Partner, staff: Staff, customer: Customer
) -> None:
    DelegatedAdminPrivilegeFactory(
        partner=partner, customer=customer, revoked_at=timezone.now() - 3 * DAY, ending=Ending.MOVED
    )
    DelegatedAdminPrivilege.objects.filter(service__code="skype").update(expires_at=timezone.now() - DAY / 24)
    InvitationFactory(staff=staff, customer=customer, services=["exchange"])
    words = main(client, grid(customer))
    assert "Nobody Given to another partner" in words
    assert "Nobody Expired" in words
    assert words.count("Requested:") == 1


def test_the_grid_costs_the_same_for_every_customer(client: Client, partner: Partner, staff: Staff) -> None:
    def one(count: int) -> Customer:
        made = customer_of(partner, services=["skype"])
        for _time in range(count):
            sold(partner, made, "Business")
            DelegatedAdminPrivilegeFactory(partner=partner, customer=made, revoked_at=timezone.now())
            InvitationFactory(staff=staff, customer=made, services=["exchange", "bookings"])
        return made

    few, many = one(1), one(6)
    assert queries(client, grid(few)) == queries(client, grid(many))


def give_up_form(client: Client, customer: Customer, *codes: str) -> dict[str, Any]:
    page = client.get(f"{grid(customer)}give-up/", {"services": [str(service(code).pk) for code in codes]})
    fields = re.findall(r'name="(key|seen|services)" value="([^"]*)"', page.content.decode())
    return {**dict(fields), "services": [value for name, value in fields if name == "services"]}


def test_giving_up_says_first_what_it_blocks_and_asks(client: Client, partner: Partner) -> None:
    customer = customer_of(partner)
    sold(partner, customer, "Business Premium")
    words = main(client, f"{grid(customer)}give-up/?services={service('exchange').pk}")
    assert "1 upgrade that is possible now would not be possible any more" in words
    assert "Office 365 Business Premium → to Office 365 Enterprise E3 possible now" in words
    form = give_up_form(client, customer, "exchange")
    refused = client.post(f"{grid(customer)}give-up/", form)
    assert refused.status_code == 400
    assert "Tick this if you want to give it up." in refused.content.decode()
    done = client.post(f"{grid(customer)}give-up/", {**form, "is_sure": "on"}, follow=True)
    assert "Given up: Exchange Online." in done.content.decode()
    # A double click is the same once more.
    again = client.post(f"{grid(customer)}give-up/", {**form, "is_sure": "on"}, follow=True)
    assert "Given up: Exchange Online." in again.content.decode()
    held = DelegatedAdminPrivilege.objects.held_by(partner.pk).filter(customer=customer)
    assert not held.filter(service__code="exchange").exists()


def test_what_changed_since_the_review_is_shown_before_it_is_done(client: Client, partner: Partner) -> None:
    customer = customer_of(partner)
    form = give_up_form(client, customer, "exchange")
    sold(partner, customer, "Business Premium")
    answer = client.post(f"{grid(customer)}give-up/", {**form, "is_sure": "on"})
    assert answer.status_code == 409
    words = html.unescape(answer.content.decode())
    assert "What this blocks has changed" in words
    assert "Office 365 Enterprise E3" in words
    assert DelegatedAdminPrivilege.objects.held().filter(customer=customer, service__code="exchange").exists()
    confirmed = {**give_up_form(client, customer, "exchange"), "is_sure": "on"}
    assert client.post(f"{grid(customer)}give-up/", confirmed).status_code == 302


def test_what_is_not_held_cannot_be_given_up(client: Client, customer: Customer) -> None:
    assert "You do not hold this privilege" in main(
        client, f"{grid(customer)}give-up/?services={service('exchange').pk}"
    )


def test_what_would_be_blocked_is_what_the_conditions_say(partner: Partner) -> None:
    customer = customer_of(partner)
    sold(partner, customer, "Business")
    sold(partner, customer, "Business")
    sold(partner, customer, "Business Premium", status=Status.SUSPENDED)
    asked = {"customer_id": customer.pk, "partner_id": partner.pk}
    blocked = blocked_without([service("exchange").pk], **asked)
    assert {(one.source, one.target, one.count) for one in blocked} == {
        ("Office 365 Business", "Office 365 Business Premium", 2),
        ("Office 365 Business", "Office 365 Enterprise E3", 2),
        ("Office 365 Business Premium", "Office 365 Enterprise E3", 1),
    }
    customer.privileges.filter(service__code="skype").delete()
    # Premium and E3 contain Skype: without it they are blocked already.
    assert blocked_without([service("exchange").pk], **asked) == []
    missing = missing_privileges([customer.pk], partner_id=partner.pk)[customer.pk]
    assert missing.service_ids == [service("skype").pk]
    assert {(one.source, one.target, one.count) for one in missing.upgrades_for(missing.service_ids)} == {
        (one.source, one.target, one.count) for one in blocked
    }


def test_the_desk_lists_who_lacks_what_and_the_upgrades_that_wait(
    client: Client, partner: Partner, customer: Customer, premium: Subscription
) -> None:
    sold(partner, customer_of(partner, company_name="Whole"), "Business Premium")
    # Nothing of theirs needs it.
    customer_of(partner, services=[], company_name="Without subscriptions")
    sold(PartnerFactory(), customer_of(partner, services=[], company_name="Sold elsewhere"), "Business Premium")
    words = main(client, "/privileges/")
    assert "Adatum Exchange Online" in words
    assert "Office 365 Business Premium → to Office 365 Enterprise E3" in words
    assert not any(name in words for name in ("Whole", "Without subscriptions", "Sold elsewhere"))
    assert "Adatum" in main(client, "/privileges/?service=exchange")
    assert "No upgrade lacks a privilege" in main(client, "/privileges/?service=skype")
    answer = press(client, button(client, "/privileges/"))
    assert answer.redirect_chain == [("/privileges/", 302)]
    assert "one-click" not in answer.content.decode()


def test_requests_that_wait_stand_oldest_first_with_the_upgrades_that_wait(
    client: Client, staff: Staff, customer: Customer, premium: Subscription
) -> None:
    sent = timezone.now() - 4 * DAY
    InvitationFactory(staff=staff, email="b@b.example", services=["skype"])
    InvitationFactory(
        staff=staff, customer=customer, services=["exchange"], created_at=sent, sent_at=sent, expires_at=sent + 30 * DAY
    )
    InvitationFactory(staff=staff, email="c@c.example")
    InvitationFactory(email="d@d.example", services=["skype"])
    words = main(client, "/privileges/?show=waiting")
    assert re.search("Adatum.*waits for 4 days.*Office 365 Enterprise E3.*b@b.example.*since today", words)
    assert "c@c.example" not in words
    assert "d@d.example" not in words


def test_what_expires_and_what_ended_stand_in_parts_of_their_own(
    client: Client, partner: Partner, customer: Customer
) -> None:
    ours = DelegatedAdminPrivilege.objects.filter(customer=customer, partner=partner)
    ours.filter(service__code="skype").update(expires_at=timezone.now() + 20 * DAY)
    ours.filter(service__code="bookings").update(expires_at=timezone.now() - DAY / 24)
    ours.filter(service__code="onedrive").update(expires_at=timezone.now() + 31 * DAY)
    ours.filter(service__code="sharepoint").update(revoked_at=timezone.now(), ending=Ending.MOVED)
    words = main(client, "/privileges/?show=expiring")
    assert re.search("Microsoft Bookings.*expired.*Skype for Business Online.*expires in", words)
    assert "OneDrive" not in words
    words = main(client, "/privileges/?show=ended")
    assert re.search("Adatum.*SharePoint Online.*Given to another partner", words)


def test_a_customer_out_of_sight_stands_in_no_part(client: Client, partner: Partner) -> None:
    gone = customer_of(partner, company_name="Secret Ltd")
    gone.relationships.update(has_ended=True)
    gone.privileges.filter(service__code="skype").update(expires_at=timezone.now() + DAY)
    gone.privileges.filter(service__code="exchange").update(revoked_at=timezone.now(), ending=Ending.REVOKED)
    for address in ("/", *(f"/privileges/?show={show}" for show in privilege_desk.PARTS)):
        assert "Secret Ltd" not in client.get(address).content.decode()


@pytest.mark.parametrize("show", ["expiring", "ended", "waiting"])
def test_the_parts_are_paged_by_place(
    client: Client, staff: Staff, partner: Partner, monkeypatch: pytest.MonkeyPatch, show: str
) -> None:
    monkeypatch.setattr(privilege_desk, "PAGE_SIZE", 2)
    now = timezone.now()
    for number in range(5):
        made = customer_of(partner, services=["skype"], company_name=f"Firm {number}")
        if show == "expiring":
            made.privileges.update(expires_at=now + DAY)
        elif show == "ended":
            made.privileges.update(revoked_at=now)
        else:
            InvitationFactory(staff=staff, customer=made, services=["exchange"], created_at=now)
    seen: list[str] = []
    address = f"/privileges/?show={show}"
    for _page in range(3):
        page = client.get(address)
        seen += re.findall(r"Firm \d(?=</bdi>)", page.content.decode())
        address = page.context["next_url"]
    assert not address
    assert sorted(seen) == [f"Firm {number}" for number in range(5)]
    back = client.get(page.context["previous_url"]).content.decode()
    assert re.findall(r"Firm \d(?=</bdi>)", back) == seen[2:4]


@pytest.mark.parametrize("show", privilege_desk.PARTS)
def test_a_part_costs_the_same_however_many_there_are(
    client: Client, staff: Staff, partner: Partner, show: str
) -> None:
    def add() -> None:
        made = customer_of(partner, services=["skype", "sharepoint", *OFFICE])
        sold(partner, made, "Business")
        made.privileges.filter(service__code="skype").update(expires_at=timezone.now() + DAY)
        made.privileges.filter(service__code="sharepoint").update(revoked_at=timezone.now())
        InvitationFactory(staff=staff, customer=made, services=["exchange", "bookings"])

    add()
    few = queries(client, "/privileges/", {"show": show})
    for _time in range(4):
        add()
    assert queries(client, "/privileges/", {"show": show}) == few


def test_a_walk_that_finds_nothing_stops_and_can_be_gone_on_with(
    client: Client, partner: Partner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scan, "MOST_LOOKED_AT", 2)
    monkeypatch.setattr(scan, "AT_A_TIME", 2)
    for number in range(3):
        sold(partner, customer_of(partner, company_name=f"Firm {number}"), "Business Premium")
    lacking = customer_of(partner, services=[], company_name="Zenith")
    sold(partner, lacking, "Business Premium")
    page = client.get("/privileges/")
    assert "2 customers were looked at" in page.content.decode()
    assert "Zenith" in client.get(page.context["next_url"]).content.decode()


@pytest.mark.parametrize(
    "query",
    [
        {"show": "nonsense"},
        {"service": "nonsense"},
        {"service": "\x00"},
        {"show": "x" * 5_000},
        {"show": "expiring", "after": "x"},
        {"show": "ended", "before": "WyIyMDI2LTAxLTAxVDAwOjAwOjAwWiIsICJmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZiJd"},
    ],
)
def test_addresses_that_make_no_sense_do_no_harm(client: Client, query: dict[str, str]) -> None:
    assert client.get("/privileges/", query).status_code in {200, 400}


def test_the_desk_tells_of_what_expires_and_what_was_lost(client: Client, partner: Partner, customer: Customer) -> None:
    ours = DelegatedAdminPrivilege.objects.filter(customer=customer, partner=partner)
    ours.filter(service__code="skype").update(expires_at=timezone.now() + 20 * DAY)
    ours.filter(service__code="sharepoint").update(revoked_at=timezone.now(), ending=Ending.MOVED)
    ours.filter(service__code="bookings").update(revoked_at=timezone.now(), ending=Ending.GIVEN_UP)
    words = main(client, "/")
    assert re.search("Adatum Skype for Business Online expires in", words)
    assert re.search("Adatum SharePoint Online Given to another partner", words)
    assert "Bookings" not in words
    agent = signed_in(StaffFactory(partner=partner, roles=[Role.SALES_AGENT]))
    assert "Privileges expiring or lost" not in main(agent, "/")


def test_a_former_reseller_is_offered_no_request(client: Client, partner: Partner, customer: Customer) -> None:
    customer.relationships.update(has_ended=True, had_subscriptions=True)
    page = client.get(grid(customer)).content.decode()
    assert "one-click" not in page
    sent = {"services": [str(service("exchange").pk)], "key": str(uuid.uuid4())}
    answer = client.post(f"{grid(customer)}request/", sent, follow=True)
    assert "You have no reseller relationship with this customer" in answer.content.decode()
    ResellerRelationshipFactory(partner=PartnerFactory(), customer=customer)
