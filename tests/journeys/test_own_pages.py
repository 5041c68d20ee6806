"""Sign-in, a person's own pages, what partners read of the catalogue, and error pages: accessible in every look."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser import OpenPage, Watch
from tests.factories import PASSWORD, StaffFactory

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]

LOOKS = [
    (width, theme, language)
    for width in (360, 1440)
    for theme in ("light", "dark")
    for language in ("en", "es", "zh-hans")
]
SIGNED_OUT = ["/sign-in/", "/nothing/here/"]
SIGNED_IN = ["/settings/profile/", "/settings/security/", "/sign-out/", "/offers/", "/offers/matrix/", "/nothing/here/"]


@pytest.mark.parametrize(("width", "theme", "language"), LOOKS)
def test_accessible_in_every_look(
    open_page: OpenPage, axe: Callable[[Page], None], watch: Watch, width: int, theme: Any, language: str
) -> None:
    watch.expected_statuses.update({404})
    look: dict[str, Any] = {"width": width, "theme": theme, "language": language}
    person = StaffFactory(theme="auto", name="Li Na")
    for page, urls in ((open_page(**look), SIGNED_OUT), (open_page(person=person, **look), SIGNED_IN)):
        for url in urls:
            page.goto(url)
            assert page.locator("html").get_attribute("lang") == language
            axe(page)
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), url


def test_a_person_signs_in_lands_where_they_wanted_and_signs_out(open_page: OpenPage) -> None:
    person = StaffFactory(email="li.na@contoso.example")
    page = open_page()
    page.goto("/customers/")
    page.locator("[name=login]").fill("Li.Na@contoso.example")
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("main button[type=submit]").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Customers")
    page.get_by_role("button", name="Sign out").first.click()
    expect(page.get_by_text("You are signed out.")).to_be_visible()
    page.goto("/customers/")
    expect(page.locator("[name=password]")).to_be_visible()
    assert person.pk


@pytest.mark.parametrize("javascript", [True, False], ids=["with scripts", "without scripts"])
def test_language_and_theme_follow_the_person(open_page: OpenPage, javascript: bool) -> None:
    person = StaffFactory()
    page = open_page(person=person, javascript=javascript)
    page.goto("/settings/profile/")
    page.locator("details.menu summary").first.click()
    page.get_by_role("button", name="简体中文").click()
    expect(page.locator("html")).to_have_attribute("lang", "zh-hans")
    page.locator("details.menu summary").nth(1).click()
    page.locator("button[name=theme][value=dark]").click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    elsewhere = open_page(person=person)
    elsewhere.goto("/")
    expect(elsewhere.locator("html")).to_have_attribute("lang", "zh-hans")
    expect(elsewhere.locator("html")).to_have_attribute("data-bs-theme", "dark")
