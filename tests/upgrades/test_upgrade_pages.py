"""The upgrade on the pages: choose, review, submit, receipt, and every way in which it is refused."""

import uuid
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from activity.models import ActivityRecord, Outcome
from customers.models import Customer
from partners.models import Partner, Staff
from partners.roles import Role
from subscriptions.models import Status, Subscription
from subscriptions.operations import Wanted, change_subscription
from tests.factories import PartnerFactory, StaffFactory, customer_of, offer, path, sold
from tests.pages import numbers
from upgrades.models import Upgrade

pytestmark = pytest.mark.django_db

HOSTILE = [
    "",
    " ",
    "x",
    "-1",
    "0",
    "1.5",
    "1.000",
    "25.0",
    "2_5",
    "1e3",
    "301",
    "9" * 30,
    "9" * 10_000,
    "x" * 10_000,
    "\x00",
    "25\x00",
    "\x1b[31m",
    "\u202e25",
    "<script>alert(1)</script>",
    "'; DROP TABLE upgrades_upgrade; --",
    "NaN",
    "∞",
]


@dataclass
class Portal:
    """A partner's person, signed in, with one customer who has one Office 365 Business."""

    client: Client
    staff: Staff
    partner: Partner
    customer: Customer
    subscription: Subscription

    def url(self, name: str = "upgrade_form", **query: Any) -> str:
        """The address of a page of the upgrade."""
        return reverse(f"upgrades:{name}", args=[self.customer.pk, self.subscription.pk], query=query)

    @property
    def details(self) -> str:
        """The address of the details page."""
        return reverse("desk:subscription_details", args=[self.customer.pk, self.subscription.pk])

    def submit(self, **values: Any) -> Any:
        """Send the reviewed form."""
        sent = {"target": offer("Business Premium").pk, "quantity": 30, "key": "a-key", "version": 1} | values
        return self.client.post(self.url(), sent)


@pytest.fixture
def portal(client: Client) -> Portal:
    staff = StaffFactory(roles=[Role.SALES_AGENT])
    customer = customer_of(staff.partner)
    client.force_login(staff)
    return Portal(client, staff, staff.partner, customer, sold(staff.partner, customer))


def unchanged(subscription: Subscription) -> bool:
    """Whether nothing of the subscription was changed and no upgrade made."""
    now = Subscription.objects.get(pk=subscription.pk)
    same = (now.offer_id, now.quantity, now.version) == (
        subscription.offer_id,
        subscription.quantity,
        subscription.version,
    )
    return same and not Upgrade.objects.filter(subscription=subscription).exists()


def test_details_say_that_it_can_be_upgraded(portal: Portal) -> None:
    page = portal.client.get(portal.details).content.decode()
    assert "This subscription can be upgraded." in page
    assert page.count("Upgrade now") == 1
    assert portal.url() in page


def test_details_count_what_the_nearest_target_lacks(portal: Portal) -> None:
    sold(None, portal.customer, "Exchange Online (Plan 2)")
    Subscription.objects.filter(pk=portal.subscription.pk).update(status=Status.PENDING)
    page = portal.client.get(portal.details).content.decode()
    assert "Not upgradable yet: 1 thing to fix" in page
    assert "for the nearest offer, Office 365 ProPlus" in page
    assert "Upgrade now" not in page


def test_details_without_paths_carry_no_note(portal: Portal) -> None:
    alone = sold(portal.partner, portal.customer, "E1")
    page = portal.client.get(reverse("desk:subscription_details", args=[portal.customer.pk, alone.pk]))
    assert "can be upgraded" not in page.content.decode()
    assert "Not upgradable" not in page.content.decode()


def test_a_helpdesk_agent_sees_the_verdict_without_the_way(portal: Portal) -> None:
    portal.staff.give_roles([Role.HELPDESK_AGENT])
    page = portal.client.get(portal.details).content.decode()
    assert "This subscription can be upgraded." in page
    assert portal.url() not in page


def test_another_partners_subscription_in_the_way_tells_offer_and_services_only(portal: Portal) -> None:
    rival = PartnerFactory(name="Rival Cloud")
    theirs = sold(rival, portal.customer, "E3", nickname="secret nickname", quantity=4711)
    page = portal.client.get(portal.details).content.decode()
    assert "Office 365 Enterprise E3, bought from another reseller or channel" in page
    for secret in ("Rival Cloud", "secret nickname", str(theirs.pk)):
        assert secret not in page
    assert 4711 not in numbers(page)


def test_the_form_keeps_the_present_number_and_chooses_nothing_by_itself(portal: Portal) -> None:
    page = portal.client.get(portal.url())
    assert page.context["form"].initial["quantity"] == 25
    assert b" checked" not in page.content


def test_the_only_eligible_target_is_chosen(portal: Portal) -> None:
    sold(None, portal.customer, "Exchange Online (Plan 2)")
    page = portal.client.get(portal.url())
    assert page.context["chosen"] == str(offer("ProPlus").pk)
    assert page.content.count(b" checked") == 1


def test_the_target_whose_button_was_pressed_is_chosen(portal: Portal) -> None:
    page = portal.client.get(portal.url(target=offer("E3").pk))
    assert page.context["chosen"] == str(offer("E3").pk)


@pytest.mark.parametrize("asked", ["not-a-uuid", str(uuid.UUID(int=4)), "\x00", "<b>"])
def test_an_unknown_target_in_the_address_chooses_nothing(portal: Portal, asked: str) -> None:
    page = portal.client.get(portal.url(target=asked))
    assert page.status_code == 200
    assert page.context["chosen"] == ""


def test_ineligible_targets_stand_there_with_their_reasons(portal: Portal) -> None:
    sold(None, portal.customer, "Exchange Online (Plan 2)")
    page = portal.client.get(portal.url()).content.decode()
    assert page.count('type="radio"') == 1
    assert page.count("Another subscription of this customer already contains services that the upgrade adds") == 2


def test_without_paths_the_form_leads_back_to_the_details(portal: Portal) -> None:
    alone = sold(portal.partner, portal.customer, "E1")
    page = portal.client.get(reverse("upgrades:upgrade_form", args=[portal.customer.pk, alone.pk]))
    assert page.status_code == 302


def test_the_review_shows_the_difference_and_changes_nothing(portal: Portal) -> None:
    page = portal.client.get(portal.url("upgrade_review", target=offer("E3").pk, quantity=20, key="k", version=1))
    text = page.content.decode()
    assert "The subscription loses 5 licences." in text
    assert "OneDrive for Business (Plan 1) is lost" in text
    assert unchanged(portal.subscription)


def test_the_review_names_what_other_subscriptions_can_no_longer_do(portal: Portal) -> None:
    sold(portal.partner, portal.customer, "Business", quantity=5)
    page = portal.client.get(portal.url("upgrade_review", target=offer("E3").pk, quantity=25))
    sentence = (
        "The customer’s other Office 365 Business subscription (5 licences) can then no longer be upgraded to "
        "Office 365 Business Premium, Office 365 Enterprise E3, Office 365 ProPlus."
    )
    assert sentence in page.content.decode()
    assert unchanged(portal.subscription)


@pytest.mark.parametrize("quantity", HOSTILE)
def test_a_bad_number_is_refused_by_the_review_and_kept(portal: Portal, quantity: str) -> None:
    page = portal.client.get(portal.url("upgrade_review", target=offer("Business Premium").pk, quantity=quantity))
    assert page.status_code == 200
    assert page.templates[0].name == "upgrades/choose.html"
    assert page.context["form"].errors["quantity"]
    assert b"<script>alert" not in page.content
    assert unchanged(portal.subscription)


def test_a_number_out_of_range_names_the_limits(portal: Portal) -> None:
    page = portal.client.get(portal.url("upgrade_review", target=offer("Business Premium").pk, quantity=350))
    assert "Office 365 Business Premium takes 1 to 300 licences; 350 is not accepted." in page.content.decode()


def test_a_number_as_long_as_a_page_is_not_repeated_in_the_refusal(portal: Portal) -> None:
    page = portal.submit(quantity="9" * 4_000)
    assert page.status_code == 409
    assert "takes 1 to 300 licences; 999999999999… is not accepted." in page.content.decode()
    assert unchanged(portal.subscription)


@pytest.mark.parametrize("target", [*HOSTILE, str(uuid.UUID(int=4))])
def test_a_bad_target_is_refused_by_the_review(portal: Portal, target: str) -> None:
    page = portal.client.get(portal.url("upgrade_review", target=target, quantity=25))
    assert page.status_code == 200
    assert page.context["form"].errors["target"]
    assert unchanged(portal.subscription)


def test_submitting_makes_the_upgrade_and_leads_to_its_receipt(portal: Portal) -> None:
    page = portal.submit()
    upgrade = Upgrade.objects.get()
    assert page.status_code == 302
    assert page["Location"] == reverse("upgrades:receipt", args=[portal.customer.pk, upgrade.pk])
    assert (upgrade.quantity_before, upgrade.quantity_after) == (25, 30)


def test_submitting_twice_leads_to_the_same_receipt(portal: Portal) -> None:
    first, second = portal.submit(), portal.submit()
    assert first["Location"] == second["Location"]
    assert Upgrade.objects.count() == 1
    assert Subscription.objects.get().version == 2


def test_the_same_key_for_another_upgrade_is_a_conflict(portal: Portal) -> None:
    portal.submit()
    page = portal.submit(quantity=31)
    assert page.status_code == 409
    assert "already used for another upgrade" in page.content.decode()
    assert Upgrade.objects.count() == 1


def test_a_stale_form_is_a_conflict_that_tells_who_was_first(portal: Portal) -> None:
    colleague = StaffFactory(partner=portal.partner, name="Wang Wei")
    Client().force_login(colleague)
    other = Client()
    other.force_login(colleague)
    other.post(portal.url(), {"target": offer("E3").pk, "quantity": 25, "key": "theirs", "version": 1})
    page = portal.submit()
    text = page.content.decode()
    assert page.status_code == 409
    assert "was changed after you opened the page" in text
    assert "Wang Wei upgraded it from Office 365 Business to Office 365 Enterprise E3" in text
    assert Upgrade.objects.count() == 1


def test_a_stale_form_tells_what_else_was_changed_and_by_whom(portal: Portal) -> None:
    colleague = StaffFactory(partner=portal.partner, name="Wang Wei")
    change_subscription(
        staff=colleague, subscription_id=portal.subscription.pk, wanted=Wanted(quantity=31), key="theirs"
    )
    page = portal.submit()
    assert page.status_code == 409
    assert "Wang Wei changed the licences of Office 365 Business" in page.content.decode()
    assert not Upgrade.objects.exists()


def test_a_target_that_left_the_matrix_meanwhile_is_a_conflict(portal: Portal) -> None:
    path("Business", "Business Premium").delete()
    page = portal.submit()
    assert page.status_code == 409
    assert "cannot be upgraded to that offer any more" in page.content.decode()
    assert unchanged(portal.subscription)


def test_a_target_withdrawn_from_sale_meanwhile_is_a_conflict(portal: Portal) -> None:
    target = offer("Business Premium")
    target.is_available = False
    target.save()
    assert portal.submit().status_code == 409
    assert unchanged(portal.subscription)


def test_a_condition_that_fails_meanwhile_is_a_conflict_with_its_reason(portal: Portal) -> None:
    sold(None, portal.customer, "Exchange Online (Plan 2)")
    page = portal.submit()
    assert page.status_code == 409
    assert "already contains services that the upgrade adds" in page.content.decode()
    refused = ActivityRecord.objects.get(outcome=Outcome.REFUSED)
    assert refused.reasons == ["conflicting_service_types"]
    assert unchanged(portal.subscription)


@pytest.mark.parametrize("quantity", [value for value in HOSTILE if value != "301"])
def test_a_tampered_number_is_refused_by_the_submit(portal: Portal, quantity: str) -> None:
    page = portal.submit(quantity=quantity)
    assert page.status_code in {400, 409}
    assert unchanged(portal.subscription)


@pytest.mark.parametrize("name", ["target", "key", "version"])
@pytest.mark.parametrize("value", ["x" * 10_000, "\x00", "-5", "9" * 400])
def test_other_tampered_fields_are_refused_by_the_submit(portal: Portal, name: str, value: str) -> None:
    page = portal.submit(**{name: value})
    assert page.status_code in {302, 400, 409}
    assert name == "key" or unchanged(portal.subscription)


@pytest.mark.parametrize("name", ["upgrade_form", "upgrade_review"])
def test_another_customers_subscription_under_this_customers_address_is_not_found(portal: Portal, name: str) -> None:
    other = customer_of(portal.partner)
    url = reverse(f"upgrades:{name}", args=[other.pk, portal.subscription.pk])
    assert portal.client.get(url).status_code == 404
    assert portal.client.post(url, {"target": offer("E3").pk, "quantity": 25}).status_code in {404, 405}
    assert unchanged(portal.subscription)


def test_another_partners_customer_is_not_found(portal: Portal) -> None:
    stranger = Client()
    stranger.force_login(StaffFactory())
    for url in (portal.details, portal.url(), portal.url("upgrade_review", target=offer("E3").pk, quantity=25)):
        assert stranger.get(url).status_code == 404
    page = stranger.post(portal.url(), {"target": offer("E3").pk, "quantity": 25, "key": "k"})
    assert page.status_code == 404
    assert unchanged(portal.subscription)


def test_a_subscription_sold_elsewhere_can_be_looked_at_but_not_upgraded(portal: Portal) -> None:
    theirs = sold(PartnerFactory(name="Rival Cloud"), portal.customer, "Business Essentials", quantity=4711 // 47)
    url = reverse("upgrades:upgrade_form", args=[portal.customer.pk, theirs.pk])
    page = portal.client.get(reverse("desk:subscription_details", args=[portal.customer.pk, theirs.pk]))
    assert "You are not the reseller of record" in page.content.decode()
    assert "Rival Cloud" not in page.content.decode()
    answer = portal.client.post(url, {"target": offer("E1").pk, "quantity": 5, "key": "k", "version": 1})
    assert answer.status_code == 409
    assert unchanged(theirs)


def test_the_receipt_shows_change_evidence_and_hand_over(portal: Portal) -> None:
    page = portal.client.get(portal.submit()["Location"])
    text = page.content.decode()
    assert "Upgraded to Office 365 Business Premium" in text
    assert "Finishing: 0 of 7 done" in text
    assert text.count("condition-holds") == 7
    assert "admin centre operated by 21Vianet" in text


def test_the_receipt_stands_when_everything_it_names_has_changed(portal: Portal) -> None:
    url = portal.submit()["Location"]
    Customer.objects.filter(pk=portal.customer.pk).update(company_name="Renamed")
    Partner.objects.filter(pk=portal.partner.pk).update(name="Renamed too")
    path("Business", "Business Premium").delete()
    page = portal.client.get(url).content.decode()
    assert portal.customer.company_name in page
    assert portal.partner.name in page


def test_ticking_every_step_finishes_the_upgrade(portal: Portal) -> None:
    portal.submit()
    upgrade = Upgrade.objects.get()
    for number in range(len(upgrade.hand_over)):
        portal.client.post(reverse("upgrades:tick", args=[portal.customer.pk, upgrade.pk, number]), {"done": "1"})
    upgrade.refresh_from_db()
    assert upgrade.is_finished
    assert upgrade.hand_over[0]["done_by_name"] == portal.staff.name


@pytest.mark.parametrize("number", [7, 99, 10**30])
def test_a_step_that_is_not_there_is_not_found(portal: Portal, number: int) -> None:
    portal.submit()
    upgrade = Upgrade.objects.get()
    url = reverse("upgrades:tick", args=[portal.customer.pk, upgrade.pk, number])
    assert portal.client.post(url, {"done": "1"}).status_code == 404


def test_the_receipt_as_json_holds_the_evidence(portal: Portal) -> None:
    portal.submit()
    upgrade = Upgrade.objects.get()
    answer = portal.client.get(reverse("upgrades:receipt_json", args=[portal.customer.pk, upgrade.pk])).json()
    assert answer["after"] == {
        "offer": {"id": str(offer("Business Premium").pk), "name": "Office 365 Business Premium"},
        "quantity": 30,
    }
    assert [item["met"] for item in answer["evidence"]] == [True] * 7


def test_details_take_the_same_number_of_queries_however_much_there_is(
    portal: Portal, django_assert_max_num_queries: Any
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    sold(None, portal.customer, "Exchange Online (Plan 2)")
    with CaptureQueriesContext(connection) as few:
        portal.client.get(portal.details)
    for name in ("Exchange Online (Plan 1)", "SharePoint Online (Plan 2)", "Skype for Business Online (Plan 2)") * 3:
        sold(None, portal.customer, name)
    with CaptureQueriesContext(connection) as many:
        portal.client.get(portal.details)
    assert len(many) == len(few)
    assert len(few) <= 20
