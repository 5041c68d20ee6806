"""The main job in a real browser: from the customer list to the receipt."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page, expect

from activity.models import ActivityRecord
from customers.models import Customer
from partners.models import Partner, Staff
from subscriptions.models import Subscription
from tests.browser import OpenPage, Watch
from tests.factories import PartnerFactory, StaffFactory, customer_of, offer, sold
from upgrades.models import Upgrade

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def partner() -> Partner:
    made: Partner = PartnerFactory(name="Contoso Reseller")
    return made


@pytest.fixture
def staff(partner: Partner) -> Staff:
    made: Staff = StaffFactory(partner=partner, name="Li Na", theme="auto")
    return made


@pytest.fixture
def customer(partner: Partner) -> Customer:
    return customer_of(partner, company_name="Adatum Trading", domain="adatum.partner.onmschina.cn")


@pytest.fixture
def subscription(partner: Partner, customer: Customer) -> Subscription:
    """Its one eligible target is ProPlus."""
    sold(None, customer, "Exchange Online (Plan 2)")
    return sold(partner, customer, nickname="Head office")


class Counted:
    """Clicks that are counted."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.clicks = 0

    def click(self, role: str, name: str) -> None:
        self.clicks += 1
        self.page.get_by_role(role, name=name, exact=True).first.click()  # type: ignore[arg-type]


def walk(page: Page) -> int:
    """From the customer list to the receipt; how many clicks it took."""
    counted = Counted(page)
    page.goto("/customers/")
    counted.click("link", "Adatum Trading")
    counted.page.locator("main").get_by_role("link", name="Office 365 Business").first.click()
    counted.clicks += 1
    counted.click("link", "Upgrade now")
    page.get_by_label("Number of licences").fill("30")
    counted.click("button", "Review")
    counted.click("button", "Submit")
    expect(page.get_by_role("heading", level=1)).to_have_text("Upgraded to Office 365 ProPlus")
    return counted.clicks


@pytest.mark.parametrize("javascript", [True, False], ids=["with scripts", "without scripts"])
def test_five_clicks_and_one_number_lead_to_the_receipt(
    open_page: OpenPage, staff: Staff, subscription: Subscription, javascript: bool
) -> None:
    page = open_page(person=staff, javascript=javascript)
    assert walk(page) == 5
    upgrade = Upgrade.objects.get()
    assert (upgrade.subscription_id, upgrade.target_offer, upgrade.quantity_after) == (
        subscription.pk,
        offer("ProPlus"),
        30,
    )
    assert ActivityRecord.objects.filter(operation="upgrade_subscription", outcome="done").count() == 1


def test_choosing_among_targets_takes_one_click_more(
    open_page: OpenPage, staff: Staff, partner: Partner, customer: Customer
) -> None:
    sold(partner, customer)
    page = open_page(person=staff)
    counted = Counted(page)
    page.goto("/customers/")
    counted.click("link", "Adatum Trading")
    page.locator("main").get_by_role("link", name="Office 365 Business").first.click()
    counted.clicks += 1
    counted.click("link", "Upgrade now")
    page.get_by_role("radio", name="Office 365 Enterprise E3").click()
    counted.clicks += 1
    counted.click("button", "Review")
    counted.click("button", "Submit")
    expect(page.get_by_role("heading", level=1)).to_have_text("Upgraded to Office 365 Enterprise E3")
    assert counted.clicks == 6


def press(page: Page, words: str, *, limit: int = 120) -> None:
    """Tab to what has these words and press Enter, as someone without a mouse does."""
    for _step in range(limit):
        page.keyboard.press("Tab")
        focused = page.evaluate("document.activeElement.innerText || document.activeElement.value || ''")
        if focused.strip().startswith(words):
            page.keyboard.press("Enter")
            return
    raise AssertionError(f"The keyboard does not reach {words!r}.")


def test_the_keyboard_alone_leads_to_the_receipt(open_page: OpenPage, staff: Staff, subscription: Subscription) -> None:
    page = open_page(person=staff)
    page.goto("/customers/")
    press(page, "Adatum Trading")
    page.wait_for_url("**/subscriptions/")
    press(page, "Office 365 Business")
    page.wait_for_url(f"**/{subscription.pk}/")
    press(page, "Upgrade now")
    page.wait_for_url("**/upgrade/")
    press(page, "Review")
    page.wait_for_url("**/review/**")
    press(page, "Submit")
    expect(page.get_by_role("heading", level=1)).to_have_text("Upgraded to Office 365 ProPlus")


def test_a_refused_form_takes_the_focus_and_keeps_what_was_typed(
    open_page: OpenPage, staff: Staff, subscription: Subscription
) -> None:
    page = open_page(person=staff)
    page.goto(reverse("upgrades:upgrade_form", args=[subscription.customer_id, subscription.pk]))
    page.get_by_label("Number of licences").fill("many")
    page.get_by_role("button", name="Review").click()
    expect(page.get_by_role("alert")).to_be_focused()
    expect(page.get_by_role("alert")).to_contain_text("Enter the number of licences as a whole number")
    expect(page.get_by_label("Number of licences")).to_have_value("many")


def test_a_double_click_on_submit_upgrades_once(open_page: OpenPage, staff: Staff, subscription: Subscription) -> None:
    page = open_page(person=staff, javascript=False)
    page.goto(reverse("upgrades:upgrade_form", args=[subscription.customer_id, subscription.pk]))
    page.get_by_role("button", name="Review").click()
    page.get_by_role("button", name="Submit").dblclick()
    expect(page.get_by_role("heading", level=1)).to_have_text("Upgraded to Office 365 ProPlus")
    assert Upgrade.objects.count() == 1
    assert Subscription.objects.get(pk=subscription.pk).version == 2


def test_back_and_submit_again_leads_to_the_same_receipt(
    open_page: OpenPage, staff: Staff, subscription: Subscription
) -> None:
    page = open_page(person=staff)
    page.goto(reverse("upgrades:upgrade_form", args=[subscription.customer_id, subscription.pk]))
    page.get_by_role("button", name="Review").click()
    page.wait_for_url("**/review/**")
    review = page.url
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Upgraded to Office 365 ProPlus")
    receipt = page.url
    page.goto(review)
    expect(page.get_by_role("button", name="Submit")).to_have_count(0)
    page.goto(receipt)
    assert Upgrade.objects.count() == 1


def test_two_browsers_the_second_is_told_who_was_first(
    open_page: OpenPage, staff: Staff, partner: Partner, subscription: Subscription, watch: Watch
) -> None:
    watch.expected_statuses.add(409)
    page = open_page(person=staff)
    page.goto(reverse("upgrades:upgrade_form", args=[subscription.customer_id, subscription.pk]))
    page.get_by_role("button", name="Review").click()
    expect(page.get_by_role("button", name="Submit")).to_be_visible()
    colleague = StaffFactory(partner=partner, name="Wang Wei")
    other = Client()
    other.force_login(colleague)
    url = reverse("upgrades:upgrade_form", args=[subscription.customer_id, subscription.pk])
    other.post(url, {"target": offer("ProPlus").pk, "quantity": 25, "key": "first", "version": 1})
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_role("alert")).to_contain_text("was changed after you opened the page")
    expect(page.get_by_text("Wang Wei upgraded it")).to_be_visible()
    assert Upgrade.objects.count() == 1


def test_ticking_a_step_off_stays_ticked(open_page: OpenPage, staff: Staff, subscription: Subscription) -> None:
    page = open_page(person=staff)
    walk(page)
    page.get_by_role("checkbox").first.click()
    expect(page.get_by_role("checkbox", checked=True)).to_have_count(1)
    expect(page.get_by_text("Finishing: 1 of")).to_be_visible()


LOOKS = [
    (width, theme, language)
    for width in (360, 1440)
    for theme in ("light", "dark")
    for language in ("en", "es", "zh-hans")
]


@pytest.mark.parametrize(("width", "theme", "language"), LOOKS)
def test_every_page_of_the_upgrade_is_accessible(
    open_page: OpenPage,
    staff: Staff,
    subscription: Subscription,
    axe: Callable[[Page], None],
    width: int,
    theme: str,
    language: str,
) -> None:
    page = open_page(person=staff, width=width, theme=theme, language=language)  # type: ignore[arg-type]
    arguments = [subscription.customer_id, subscription.pk]
    client = Client()
    client.force_login(staff)
    form = reverse("upgrades:upgrade_form", args=arguments)
    review = reverse("upgrades:upgrade_review", args=arguments, query={"target": offer("ProPlus").pk, "quantity": 30})
    refused = reverse("upgrades:upgrade_review", args=arguments, query={"quantity": "x"})
    for url in (reverse("desk:subscription_details", args=arguments), form, review, refused):
        visit(page, url, axe)
    sent = {"target": offer("ProPlus").pk, "quantity": 30, "key": "k", "version": 1}
    visit(page, client.post(form, sent)["Location"], axe)


def test_on_paper_the_receipt_starts_with_the_change_and_the_whole_id(
    open_page: OpenPage, staff: Staff, subscription: Subscription
) -> None:
    page = open_page(person=staff)
    walk(page)
    whole_id = page.get_by_text(str(subscription.pk), exact=True)
    expect(whole_id).to_be_hidden()
    page.emulate_media(media="print")
    expect(whole_id).to_be_visible()
    assert top(page, "aside") < top(page, "#hand-over")
    expect(page.get_by_role("list", name="Steps")).to_be_hidden()


def test_nothing_moves_when_scripts_show_their_buttons(
    open_page: OpenPage, staff: Staff, subscription: Subscription
) -> None:
    page = open_page(person=staff)
    page.goto(reverse("desk:subscription_details", args=[subscription.customer_id, subscription.pk]))
    expect(page.locator(".copy").first).to_be_visible()
    shown = top(page, ".note")
    page.evaluate("document.querySelectorAll('.copy').forEach((button) => { button.hidden = true; })")
    expect(page.locator(".copy").first).to_be_hidden()
    assert top(page, ".note") == shown


def top(page: Page, selector: str) -> float:
    """How far below the top of the page this begins."""
    box = page.locator(selector).first.bounding_box()
    assert box
    return box["y"]


def visit(page: Page, url: str, axe: Callable[[Page], None]) -> None:
    """Open a page, its folds too; axe finds nothing and nothing sticks out at the side."""
    page.goto(url)
    page.evaluate("document.querySelectorAll('main details').forEach((fold) => { fold.open = true; })")
    axe(page)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), url
