"""The page about the API in a browser."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser import OpenPage
from tests.journeys.test_own_pages import LOOKS

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize(("width", "theme", "language"), LOOKS)
def test_accessible_in_every_look(
    open_page: OpenPage, axe: Callable[[Page], None], width: int, theme: Any, language: str
) -> None:
    page = open_page(person=None, width=width, theme=theme, language=language)
    page.goto("/v1/docs")
    for operation in page.locator("details.operation > summary").all()[:3]:
        operation.click()
    expect(page.locator("details.operation[open]").first).to_be_visible()
    axe(page)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_an_operation_opens_by_keyboard_without_scripts(open_page: OpenPage) -> None:
    page = open_page(person=None, javascript=False)
    page.goto("/v1/docs")
    page.locator("#get_mpn_profile > summary").press("Enter")
    expect(page.locator("#get_mpn_profile table").first).to_contain_text("mpnId")
