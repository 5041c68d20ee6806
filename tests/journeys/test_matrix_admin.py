"""A platform administrator changes the matrix in a browser: tick, see what changes, save."""

from collections.abc import Callable
from typing import Literal

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from tests.browser import OpenPage
from tests.factories import PartnerFactory, PlatformAdministratorFactory, StaffFactory, customer_of, offer, sold
from upgrades.matrix import edit_matrix, read_matrix
from upgrades.models import UpgradePath

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]

TICK = "Business Premium to ProPlus"


@pytest.mark.parametrize("javascript", [True, False], ids=["scripts", "no scripts"])
def test_tick_look_save(open_page: OpenPage, javascript: bool) -> None:
    partner = PartnerFactory()
    sold(partner, customer_of(partner), "Business Premium")
    page = open_page(person=PlatformAdministratorFactory(name="Pat"), javascript=javascript)

    page.goto("/admin/")
    page.get_by_role("link", name="Open the matrix").click()
    page.get_by_role("checkbox", name=TICK).check()
    page.get_by_role("textbox", name=f"Footnote of {TICK}").fill("Only this spring")
    page.get_by_role("button", name="See what changes").click()
    row = page.get_by_role("row", name="Added Office 365 Business Premium")
    expect(row).to_contain_text("Only this spring")
    expect(row).to_contain_text("1 gain a way")
    page.get_by_role("button", name="Save the matrix").click()

    expect(page.get_by_text("The matrix is saved as version 2: 1 cell changed.")).to_be_visible()
    expect(page.get_by_role("checkbox", name=TICK)).to_be_checked()
    added = UpgradePath.objects.get(source=offer("Business Premium"), target=offer("ProPlus"))
    assert added.footnote == "Only this spring"


def test_by_keyboard_alone(open_page: OpenPage) -> None:
    page = open_page(person=PlatformAdministratorFactory())
    page.goto(reverse("admin:upgrades_upgradematrix_changelist"))
    tick = page.get_by_role("checkbox", name=TICK)
    for _press in range(120):
        if tick.evaluate("one => one === document.activeElement"):
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.type("Typed")
    page.get_by_role("button", name="See what changes").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("row", name="Added Office 365 Business Premium")).to_contain_text("Typed")


def test_whoever_comes_second_sees_what_the_first_did_and_goes_on(open_page: OpenPage) -> None:
    page = open_page(person=PlatformAdministratorFactory(name="Pat"))
    page.goto(reverse("admin:upgrades_upgradematrix_changelist"))
    page.get_by_role("checkbox", name=TICK).check()
    theirs = dict(read_matrix().cells)
    del theirs[offer("Business").pk, offer("E3").pk]
    edit_matrix(staff=PlatformAdministratorFactory(name="Kim"), cells=theirs, version=1)

    page.get_by_role("button", name="See what changes").click()
    note = page.get_by_role("alert")
    expect(note).to_contain_text("Kim saved version 2")
    expect(note).to_contain_text("Office 365 Business → Office 365 Enterprise E3")
    expect(page.get_by_role("checkbox", name=TICK)).to_be_checked()
    page.get_by_role("button", name="See what changes").click()
    expect(page.get_by_text("1 cell changes.")).to_be_visible()
    page.get_by_role("button", name="Save the matrix").click()
    expect(page.get_by_text("The matrix is saved as version 3")).to_be_visible()


@pytest.mark.parametrize("language", ["en", "es", "zh-hans"])
@pytest.mark.parametrize(("width", "theme"), [(1440, "light"), (360, "dark")])
def test_the_administration_is_accessible(
    open_page: OpenPage,
    axe: Callable[[Page], None],
    width: int,
    theme: Literal["light", "dark"],
    language: str,
) -> None:
    partner = PartnerFactory()
    staff = StaffFactory(partner=partner)
    sold(partner, customer_of(partner), "Business")
    business = offer("Business").pk
    matrix = reverse("admin:upgrades_upgradematrix_changelist")
    page = open_page(
        person=PlatformAdministratorFactory(language=language), width=width, theme=theme, language=language
    )
    for address in (
        reverse("admin:index"),
        f"{matrix}?offers=all",
        reverse("admin:catalog_offer_changelist"),
        reverse("admin:catalog_offer_change", args=[business]),
        reverse("admin:catalog_offer_delete", args=[business]),
        reverse("admin:partners_staff_add"),
        reverse("admin:partners_staff_change", args=[staff.pk]),
        reverse("admin:activity_activityrecord_changelist"),
        reverse("desk:offer_list"),
        reverse("upgrades:matrix"),
        matrix,
    ):
        page.goto(address)
        axe(page)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), address
    page.locator("input[name=cell]:not(:checked)").first.check()
    page.locator("button[value=preview]").click()
    expect(page.locator("button[value=save]")).to_be_visible()
    axe(page)
    page.goto(reverse("admin:catalog_offer_change", args=[business]))
    page.locator("#id_is_available").uncheck()
    page.locator("input[name=_save]").click()
    expect(page.locator("button[name=_confirmed]")).to_be_visible()
    axe(page)
