"""The life of a subscription in a real browser: licences, name, renewal, suspension, cancellation, the time line."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from activity.models import ActivityRecord
from customers.models import Customer
from partners.models import Partner, Staff
from subscriptions.models import Status, Subscription
from subscriptions.operations import Wanted, change_subscription
from tests.browser import OpenPage, Watch
from tests.factories import PartnerFactory, StaffFactory, customer_of, offer, sold

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]

WAYS = pytest.mark.parametrize("javascript", [True, False], ids=["with scripts", "without scripts"])
LOOKS = [
    (width, theme, language)
    for width in (360, 1440)
    for theme in ("light", "dark")
    for language in ("en", "es", "zh-hans")
]


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
    return sold(partner, customer, nickname="Head office")


def details(subscription: Subscription) -> str:
    return reverse("desk:subscription_details", args=[subscription.customer_id, subscription.pk])


def now(subscription: Subscription) -> Subscription:
    return Subscription.objects.get(pk=subscription.pk)


@WAYS
def test_licences_are_added_after_a_look(
    open_page: OpenPage, staff: Staff, subscription: Subscription, javascript: bool
) -> None:
    page = open_page(person=staff, javascript=javascript)
    page.goto(details(subscription))
    page.get_by_role("link", name="Change licences").click()
    page.get_by_label("Number of licences").fill("301")
    page.get_by_role("button", name="Review").click()
    expect(page.get_by_role("alert")).to_contain_text("301 is not accepted")
    page.get_by_label("Number of licences").fill("40")
    page.get_by_role("button", name="Review").click()
    expect(page.locator("main")).to_contain_text("15 licences are added")
    page.get_by_role("button", name="Submit").dblclick()
    expect(page.get_by_text("It has 40 licences now.")).to_be_visible()
    assert now(subscription).version == 2
    assert ActivityRecord.objects.count() == 1


@WAYS
def test_several_are_changed_together(
    open_page: OpenPage, staff: Staff, partner: Partner, subscription: Subscription, javascript: bool
) -> None:
    other = sold(partner, subscription.customer, "E3", quantity=5)
    page = open_page(person=staff, javascript=javascript)
    page.goto(reverse("desk:subscription_list", args=[subscription.customer_id]))
    page.get_by_role("link", name="Change licences").click()
    page.get_by_label("Office 365 Business").fill("30")
    page.get_by_label("Office 365 Enterprise E3").fill("4")
    page.get_by_role("button", name="Review").click()
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_text("The licences of 2 subscriptions are as you wanted them.")).to_be_visible()
    assert [now(subscription).quantity, now(other).quantity] == [30, 4]


@WAYS
def test_back_from_the_review_of_several_nothing_typed_is_lost(
    open_page: OpenPage, staff: Staff, partner: Partner, subscription: Subscription, javascript: bool
) -> None:
    sold(partner, subscription.customer, "E3", quantity=5)
    page = open_page(person=staff, javascript=javascript)
    page.goto(reverse("subscriptions:many_licences", args=[subscription.customer_id]))
    page.get_by_label("Office 365 Business").fill("30")
    page.get_by_role("button", name="Review").click()
    page.get_by_role("button", name="Back").click()
    expect(page.get_by_label("Office 365 Business")).to_have_value("30")
    expect(page.get_by_label("Office 365 Enterprise E3")).to_have_value("5")
    page.get_by_role("button", name="Review").click()
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_text("The licences of 1 subscription are as you wanted them.")).to_be_visible()
    assert now(subscription).quantity == 30


@WAYS
def test_suspended_and_brought_back(
    open_page: OpenPage, watch: Watch, staff: Staff, subscription: Subscription, javascript: bool
) -> None:
    watch.expected_statuses.add(400)
    page = open_page(person=staff, javascript=javascript)
    page.goto(details(subscription))
    page.get_by_role("link", name="Suspend").click()
    page.get_by_role("button", name="Suspend").click()
    expect(page.get_by_role("alert")).to_contain_text("Say why")
    page.get_by_label("Reason").fill("The customer has not paid")
    page.get_by_role("button", name="Suspend").click()
    expect(page.get_by_text("deleted in 60 days").first).to_be_visible()
    expect(page.locator(".timeline")).to_contain_text("The customer has not paid")
    assert now(subscription).status == Status.SUSPENDED
    page.get_by_role("link", name="Reactivate").first.click()
    page.get_by_role("button", name="Reactivate").click()
    expect(page.get_by_text("The subscription is active again.")).to_be_visible()
    assert now(subscription).status == Status.ACTIVE


@WAYS
def test_what_stands_in_the_way_is_cancelled_from_the_reason_itself(
    open_page: OpenPage, staff: Staff, partner: Partner, subscription: Subscription, javascript: bool
) -> None:
    in_the_way = sold(partner, subscription.customer, "E3")
    page = open_page(person=staff, javascript=javascript)
    page.goto(details(in_the_way))
    expect(page.locator("main")).to_contain_text("This blocks the upgrade of Office 365 Business – Head office")
    page.goto(details(subscription))
    card = page.locator("section.card").filter(has=page.get_by_role("heading", name="Office 365 Enterprise E3"))
    card.get_by_role("link", name="Cancel it").first.click()
    page.get_by_label("Reason").fill("Replaced by an upgrade")
    page.get_by_label("I know that this is final").check()
    page.get_by_role("button", name="Cancel the subscription").click()
    expect(page.get_by_text("The subscription is cancelled.")).to_be_visible()
    page.goto(details(subscription))
    page.get_by_role("link", name="Upgrade now").click()
    page.get_by_role("radio", name="Office 365 Enterprise E3").check()
    page.get_by_role("button", name="Review").click()
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Upgraded to Office 365 Enterprise E3")
    assert now(subscription).offer == offer("E3")


@WAYS
def test_nickname_and_renewal(open_page: OpenPage, staff: Staff, subscription: Subscription, javascript: bool) -> None:
    page = open_page(person=staff, javascript=javascript)
    page.goto(details(subscription))
    page.get_by_role("link", name="Nickname and renewal").click()
    page.get_by_label("Nickname").fill("仓库")
    page.get_by_label("Renews by itself").uncheck()
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".head")).to_contain_text("仓库")
    assert not now(subscription).auto_renew
    page.get_by_role("link", name="Everything that happened").click()
    expect(page.locator(".timeline")).to_contain_text("changed Office 365 Business of Adatum Trading")


def test_by_keyboard_alone(open_page: OpenPage, staff: Staff, subscription: Subscription) -> None:
    page = open_page(person=staff)
    page.goto(reverse("subscriptions:licences", args=[subscription.customer_id, subscription.pk]))
    page.get_by_label("Number of licences").focus()
    page.keyboard.press("Control+A")
    page.keyboard.type("28")
    page.keyboard.press("Enter")
    page.wait_for_url("**/licences/review/**")
    tab_to(page, page.get_by_role("button", name="Submit"))
    page.keyboard.press("Enter")
    expect(page.get_by_text("It has 28 licences now.")).to_be_visible()


def tab_to(page: Page, control: Locator) -> None:
    """Press Tab until the focus is on this control."""
    for _step in range(60):
        page.keyboard.press("Tab")
        if control.evaluate("control => control === document.activeElement"):
            return
    raise AssertionError(control)


def test_several_by_keyboard_alone(open_page: OpenPage, staff: Staff, subscription: Subscription) -> None:
    page = open_page(person=staff)
    page.goto(reverse("subscriptions:many_licences", args=[subscription.customer_id]))
    number = page.get_by_label("Office 365 Business")
    tab_to(page, number)
    page.keyboard.type("28")
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_role("button", name="Back"))
    page.keyboard.press("Enter")
    expect(number).to_have_value("28")
    tab_to(page, number)
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_role("button", name="Submit"))
    page.keyboard.press("Enter")
    expect(page.get_by_text("are as you wanted them.")).to_be_visible()
    assert now(subscription).quantity == 28


def test_refused_forms_by_keyboard_alone(
    open_page: OpenPage, watch: Watch, staff: Staff, subscription: Subscription
) -> None:
    watch.expected_statuses.update({400, 409})
    of = [subscription.customer_id, subscription.pk]
    page = open_page(person=staff)
    page.goto(reverse("subscriptions:suspend", args=of))
    tab_to(page, page.get_by_role("button", name="Suspend"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_be_focused()
    tab_to(page, page.get_by_role("alert").get_by_role("link"))
    page.keyboard.press("Enter")
    expect(page.get_by_label("Reason")).to_be_focused()
    page.goto(reverse("subscriptions:edit", args=of))
    somebody_renames(subscription)
    tab_to(page, page.get_by_label("Nickname"))
    page.keyboard.type("Warehouse")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_be_focused()
    expect(page.get_by_role("heading", name="What happened in the meantime")).to_be_visible()
    tab_to(page, page.get_by_role("button", name="Save"))
    page.keyboard.press("Enter")
    expect(page.get_by_text("Saved.")).to_be_visible()
    assert now(subscription).nickname == "Warehouse"


def somebody_renames(subscription: Subscription, name: str = "Depot") -> None:
    """A colleague changes it meanwhile."""
    assert subscription.reseller_of_record is not None
    colleague = StaffFactory(partner=subscription.reseller_of_record, name="Wang Fang")
    change_subscription(
        staff=colleague, subscription_id=subscription.pk, wanted=Wanted(nickname=name), key=f"{subscription.pk} {name}"
    )


@pytest.mark.parametrize(("width", "theme", "language"), LOOKS)
def test_accessible_in_every_look(
    open_page: OpenPage,
    axe: Callable[[Page], None],
    staff: Staff,
    partner: Partner,
    subscription: Subscription,
    width: int,
    theme: Any,
    language: str,
) -> None:
    of = [subscription.customer_id, subscription.pk]
    sold(partner, subscription.customer, "Exchange Online (Plan 1)", parent=subscription)
    suspended = sold(
        partner, subscription.customer, "E3", status=Status.SUSPENDED, suspended_at=timezone.now(), nickname="x" * 80
    )
    pages = [
        reverse("subscriptions:licences", args=of),
        reverse("subscriptions:licences_review", args=of, query={"quantity": 30}),
        reverse("subscriptions:licences_review", args=of, query={"quantity": 301}),
        reverse("subscriptions:many_licences", args=of[:1]),
        reverse("subscriptions:suspend", args=of),
        reverse("subscriptions:cancel", args=of),
        reverse("subscriptions:reactivate", args=[suspended.customer_id, suspended.pk]),
        reverse("subscriptions:reactivate", args=of),
        reverse("subscriptions:edit", args=of),
        reverse("desk:subscription_history", args=of),
        details(subscription),
        details(suspended),
    ]
    page = open_page(person=staff, width=width, theme=theme, language=language)
    for url in pages:
        page.goto(url)
        assert page.locator("html").get_attribute("lang") == language
        axe(page)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), url


@dataclass
class Forms:
    """A person's page on which forms of one subscription are filled in and sent, and what answers is looked at."""

    page: Page
    axe: Callable[[Page], None]
    subscription: Subscription

    def send(self, name: str, *, status: int, **typed: str) -> None:
        """Fill the form of this page in and send it; where it shall be stale, once somebody has made it so."""
        of = [self.subscription.customer_id, self.subscription.pk]
        self.page.goto(reverse(f"subscriptions:{name}", args=of if name != "many_licences" else of[:1]))
        if status == 409:
            somebody_renames(self.subscription, name=f"Depot of {name}")
        for field, text in typed.items():
            self.page.locator(f"main [name={field}]").fill(text)
        self.press("main form button:is(.btn-primary, .btn-danger)", status=status)

    def press(self, button: str, *, status: int) -> None:
        """Send the form as it stands."""
        with self.page.expect_navigation() as navigation:
            self.page.locator(button).first.click()
        assert navigation.value.status == status
        self.look()

    def look(self) -> None:
        """It is accessible and as wide as the window."""
        self.axe(self.page)
        assert self.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), self.page.url


@pytest.fixture
def forms(
    open_page: OpenPage,
    axe: Callable[[Page], None],
    watch: Watch,
    staff: Staff,
    subscription: Subscription,
    look: tuple[int, Any, str],
) -> Forms:
    watch.expected_statuses.update({400, 409})
    width, theme, language = look
    return Forms(open_page(person=staff, width=width, theme=theme, language=language), axe, subscription)


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: "-".join(map(str, look)))
def test_refused_forms_accessible_in_every_look(forms: Forms) -> None:
    forms.send("suspend", status=400)
    forms.send("cancel", status=400, reason="Not paid")
    forms.send("edit", status=400, nickname="a\u202eb")
    forms.send("suspend", status=409, reason="Not paid")
    forms.send("edit", status=409, nickname="Warehouse")
    expect(forms.page.locator("#meanwhile")).to_be_visible()


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: "-".join(map(str, look)))
def test_licences_reviewed_together_and_the_time_line_accessible_in_every_look(forms: Forms, partner: Partner) -> None:
    subscription = forms.subscription
    sold(partner, subscription.customer, "E3", nickname="x" * 80)
    forms.send("many_licences", status=200, **{f"quantity-{subscription.pk}": "30"})
    somebody_renames(subscription)
    forms.press("main button[name=submit]", status=409)
    expect(forms.page.locator("#meanwhile")).to_be_visible()
    forms.page.goto(details(subscription))
    forms.look()
    forms.page.goto(reverse("desk:subscription_history", args=[subscription.customer_id, subscription.pk]))
    forms.look()
    # What is ahead, the new name, the licences that were refused, the beginning.
    expect(forms.page.locator(".timeline li")).to_have_count(4)
