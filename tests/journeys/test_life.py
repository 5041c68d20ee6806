"""The life of a subscription in a real browser: licences, name, renewal, suspension, cancellation, the time line."""

from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from activity.models import ActivityRecord
from customers.models import Customer
from partners.models import Partner, Staff
from subscriptions.models import Status, Subscription
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
    expect(page.get_by_text("deleted in 60 days")).to_be_visible()
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
    submit = page.get_by_role("button", name="Submit")
    for _step in range(60):
        page.keyboard.press("Tab")
        if submit.evaluate("button => button === document.activeElement"):
            break
    page.keyboard.press("Enter")
    expect(page.get_by_text("It has 28 licences now.")).to_be_visible()


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
