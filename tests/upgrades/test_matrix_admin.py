"""The grid of the matrix in Django admin: tick, see what changes, save; two people at once; bad input."""

import json
from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from activity.models import ActivityRecord, Outcome
from catalog.models import Category, Offer
from partners.models import Staff
from tests.factories import PartnerFactory, PlatformAdministratorFactory, StaffFactory, customer_of, offer, sold
from upgrades.matrix import edit_matrix, read_matrix
from upgrades.matrix_forms import cell_name, written
from upgrades.models import UpgradeMatrix, UpgradePath

pytestmark = pytest.mark.django_db

FORM = "application/x-www-form-urlencoded"


class Grid:
    """The page as an administrator uses it, field by field as the browser would send it."""

    def __init__(self, client: Client, administrator: Staff) -> None:
        self.client = client
        client.force_login(administrator)
        self.url = reverse("admin:upgrades_upgradematrix_changelist")
        self.open()

    def open(self) -> None:
        """Open the page afresh, ticks as stored."""
        matrix = read_matrix()
        self.version, self.base = str(matrix.version), written(matrix.cells)
        self.ticks = {cell_name(pair): footnote for pair, footnote in matrix.cells.items()}

    def tick(self, source: str, target: str, footnote: str = "") -> None:
        self.ticks[cell_name((offer(source).pk, offer(target).pk))] = footnote

    def untick(self, source: str, target: str) -> None:
        del self.ticks[cell_name((offer(source).pk, offer(target).pk))]

    def send(self, step: str = "preview", **fields: Any) -> Any:
        sent = [("step", step), ("version", self.version), ("base", self.base), *fields.items()]
        if step in {"preview", "widen"}:
            sent += [("cell", name) for name in self.ticks]
            sent += [(f"footnote:{name}", footnote) for name, footnote in self.ticks.items()]
        return self.post(sent)

    def post(self, pairs: Any) -> Any:
        return self.client.post(self.url, urlencode(pairs), content_type=FORM)

    def save(self, **fields: Any) -> Any:
        """See what changes, then save it."""
        preview = self.send()
        assert "carried" in preview.context, preview.content.decode()
        return self.send("save", cells=preview.context["carried"], **fields)


@pytest.fixture
def grid(client: Client) -> Grid:
    return Grid(client, PlatformAdministratorFactory(name="Pat"))


def untouched() -> bool:
    matrix = read_matrix()
    changed = ActivityRecord.objects.filter(outcome=Outcome.DONE).exists()
    return matrix.version == 1 and len(matrix.cells) == 7 and not changed


def test_it_shows_offers_with_paths_and_on_demand_all(grid: Grid) -> None:
    assert len(grid.client.get(grid.url).context["targets"]) == 6
    assert len(grid.client.get(grid.url, {"offers": "all"}).context["targets"]) == 12


def test_showing_all_offers_keeps_the_ticks(grid: Grid) -> None:
    grid.tick("Business Premium", "ProPlus", "Kept")
    page = grid.send("widen")
    assert len(page.context["targets"]) == 12
    assert "Kept" in page.content.decode()
    assert untouched()


def test_the_preview_says_what_changes_and_for_whom_and_saves_nothing(grid: Grid) -> None:
    partner = PartnerFactory()
    sold(partner, customer_of(partner), "Business Premium")
    sold(partner, customer_of(partner), "Business")
    grid.tick("Business Premium", "ProPlus")
    grid.untick("Business", "E3")
    page = grid.send().content.decode()
    assert "2 cells change." in page
    assert "1 gain a way" in page
    assert "1 lose a way" in page
    assert untouched()


def test_all_is_saved_in_one_go(grid: Grid) -> None:
    grid.tick("Business Premium", "ProPlus", "Line one\r\nline two")
    grid.untick("Business", "E3")
    answer = grid.save()
    assert answer.status_code == 302
    assert "saved as version 2: 2 cells changed" in grid.client.get(grid.url).content.decode()
    assert UpgradePath.objects.get(source=offer("Business Premium"), target=offer("ProPlus")).footnote == (
        "Line one\nline two"
    )
    assert not UpgradePath.objects.filter(source=offer("Business"), target=offer("E3")).exists()
    assert ActivityRecord.objects.get().actor_name == "Pat"


def test_back_from_the_preview_the_ticks_are_as_they_were(grid: Grid) -> None:
    grid.tick("Business Premium", "ProPlus", "Still here")
    carried = grid.send().context["carried"]
    page = grid.send("edit", cells=carried)
    assert "Still here" in page.content.decode()
    assert untouched()


def test_without_a_change_nothing_is_saved(grid: Grid) -> None:
    answer = grid.send()
    assert answer.status_code == 302
    assert "Nothing changed" in grid.client.get(grid.url).content.decode()
    assert untouched()


def test_saving_twice_is_saving_once(grid: Grid) -> None:
    grid.tick("Business Premium", "ProPlus")
    carried = grid.send().context["carried"]
    assert grid.send("save", cells=carried).status_code == 302
    again = grid.send("save", cells=carried)
    assert again.context["is_conflict"]
    assert UpgradeMatrix.objects.get().version == 2


def test_every_tick_can_be_taken_away_and_set_again(grid: Grid) -> None:
    grid.ticks = {}
    assert "7 cells change." in grid.send().content.decode()
    assert grid.save().status_code == 302
    assert not UpgradePath.objects.exists()
    assert len(grid.client.get(grid.url).context["targets"]) == 12
    grid.open()
    grid.tick("Business", "E3")
    assert grid.save().status_code == 302
    assert UpgradePath.objects.get().target == offer("E3")


def test_without_an_offer_in_the_catalogue_the_grid_is_empty(grid: Grid) -> None:
    UpgradePath.objects.all().delete()
    Offer.objects.all().delete()
    for query in ({}, {"offers": "all"}):
        page = grid.client.get(grid.url, query)
        assert page.status_code == 200
        assert page.context["rows"] == []


# Two at once --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("when", ["before the preview", "after the preview"])
def test_who_comes_second_sees_who_changed_what_and_keeps_their_ticks(grid: Grid, when: str) -> None:
    grid.tick("Business Premium", "ProPlus", "Mine")
    carried = grid.send().context["carried"]
    theirs = dict(read_matrix().cells)
    del theirs[offer("Business").pk, offer("E3").pk]
    edit_matrix(staff=PlatformAdministratorFactory(name="Kim"), cells=theirs, version=1)

    page = grid.send() if when == "before the preview" else grid.send("save", cells=carried)

    text = page.content.decode()
    assert "The matrix was saved after you opened it" in text
    assert "Kim saved version 2" in text
    assert "Office 365 Business → Office 365 Enterprise E3" in text
    assert ">\nMine</textarea>" in text
    assert UpgradeMatrix.objects.get().version == 2

    # Going on from that page saves mine on top of theirs.
    drawn = {cell.name: cell.footnote for _source, cells in page.context["rows"] for cell in cells if cell.is_ticked}
    grid.ticks, grid.version, grid.base = drawn, str(page.context["version"]), page.context["base"]
    assert grid.save().status_code == 302
    assert UpgradeMatrix.objects.get().version == 3
    assert not UpgradePath.objects.filter(source=offer("Business"), target=offer("E3")).exists()
    assert UpgradePath.objects.get(source=offer("Business Premium"), target=offer("ProPlus")).footnote == "Mine"


# Bad input ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "footnote", "said"),
    [
        ("nonsense", "", "not in the catalogue"),
        ("", "", "not in the catalogue"),
        ("\x00:\x00", "", "not in the catalogue"),
        ("'; DROP TABLE upgrades_upgradepath; --", "", "not in the catalogue"),
        ("x" * 10_000, "", "not in the catalogue"),
        ("11111111-1111-4111-8111-111111111111:22222222-2222-4222-8222-222222222222", "", "not in the catalogue"),
        ("{business}:{business}", "", "cannot be upgraded to itself"),
        ("{business}:{e3}", "x" * 10_000, "10000 characters are too many, 1000 are allowed"),
        ("{business}:{e3}", "a\x00b", "control characters"),
    ],
)
def test_a_cell_that_cannot_be_is_refused_in_words(grid: Grid, cell: str, footnote: str, said: str) -> None:
    grid.ticks[cell.format(business=offer("Business").pk, e3=offer("E3").pk) if "{" in cell else cell] = footnote
    page = grid.send()
    assert page.status_code == 200
    assert said in page.content.decode()
    assert untouched()


@pytest.mark.parametrize("version", ["", "x", "-1", "1.0", "9" * 11, "9" * 10_000, "²", "\x00"])
@pytest.mark.parametrize("step", ["preview", "save", "widen", "edit"])
def test_a_version_that_is_none_saves_nothing(grid: Grid, version: str, step: str) -> None:
    grid.tick("Business Premium", "ProPlus")
    grid.version = version
    page = grid.send(step, cells="{}")
    assert page.status_code == 200
    assert "The form was not complete, so nothing was saved" in page.content.decode()
    assert untouched()


def test_a_version_of_tomorrow_saves_nothing(grid: Grid) -> None:
    grid.tick("Business Premium", "ProPlus")
    grid.version = "7"
    assert grid.send().context["is_conflict"]
    assert untouched()


@pytest.mark.parametrize(
    "carried",
    ["", "x", "[]", "1", '{"a": 1}', '{"a:b": "c"}', "[" * 10_000, '{"x": NaN}', None],
)
@pytest.mark.parametrize("field", ["cells", "base"])
def test_cells_that_were_tampered_with_save_nothing(grid: Grid, carried: str | None, field: str) -> None:
    if carried is None:
        carried = json.dumps({cell_name((offer("Business").pk, offer("E3").pk)): "\ud800"})
    setattr(grid, "base", carried) if field == "base" else None
    page = grid.send("edit", cells=carried if field == "cells" else "{}")
    assert page.status_code == 200
    assert "Nothing was saved." in page.content.decode()
    assert untouched()


def test_a_step_that_is_none_is_taken_for_a_preview(grid: Grid) -> None:
    grid.tick("Business Premium", "ProPlus")
    pairs = [("step", "drop"), ("version", "1"), ("base", grid.base), *(("cell", name) for name in grid.ticks)]
    assert "changes" in grid.post(pairs).context
    assert untouched()


def test_a_hundred_offers_with_a_field_a_cell_are_read(grid: Grid) -> None:
    Offer.objects.bulk_create(
        Offer(name=f"Offer {number}", sku_part_number=f"SKU{number}", category=Category.ENTERPRISE)
        for number in range(88)
    )
    matrix = read_matrix()
    names = [cell_name((one, other)) for one in matrix.offers for other in matrix.offers if one != other]
    pairs = [("step", "preview"), ("version", "1"), ("base", grid.base)]
    pairs += [("cell", name) for name in names[:1500]]
    pairs += [(f"footnote:{name}", "") for name in names]
    page = grid.post(pairs)
    assert page.status_code == 200
    assert len(page.context["changes"]) > 1000


def test_more_fields_than_a_grid_can_have_are_refused(grid: Grid) -> None:
    assert grid.post([("cell", "x")] * 400).status_code == 400
    assert untouched()


@pytest.mark.parametrize("body", [b"\xff\xfe", b"cell=%FF&version=1", b"", b"&&&==="])
def test_bytes_that_are_no_form_are_refused(grid: Grid, body: bytes) -> None:
    assert grid.client.post(grid.url, body, content_type=FORM).status_code in {200, 400}
    assert untouched()


# Who may ------------------------------------------------------------------------------------------------------


def test_a_forged_form_is_refused() -> None:
    client = Client(enforce_csrf_checks=True)
    grid = Grid(client, PlatformAdministratorFactory())
    grid.tick("Business Premium", "ProPlus")
    assert grid.send("save", cells="{}").status_code == 403
    assert untouched()


def test_partners_staff_are_refused(client: Client) -> None:
    grid = Grid(client, StaffFactory())
    assert client.get(grid.url).status_code == 403
    assert grid.send("save", cells="{}").status_code == 403
    assert untouched()


def test_the_signed_out_are_asked_to_sign_in(client: Client) -> None:
    answer = client.get(reverse("admin:upgrades_upgradematrix_changelist"), follow=True)
    assert answer.request["PATH_INFO"] == reverse("account_login")


@pytest.mark.parametrize(
    ("codename", "status"), [("", 403), ("view_upgradematrix", 200), ("change_upgradematrix", 200)]
)
def test_an_administrator_who_is_no_superuser_may_what_is_ticked(client: Client, codename: str, status: int) -> None:
    administrator = PlatformAdministratorFactory(is_superuser=False)
    administrator.user_permissions.set(Permission.objects.filter(codename=codename))
    grid = Grid(client, administrator)
    page = client.get(grid.url)
    assert page.status_code == status
    if status == 200:
        assert page.context["may_edit"] is (codename == "change_upgradematrix")
    grid.tick("Business Premium", "ProPlus")
    assert grid.send().status_code == (200 if codename == "change_upgradematrix" else 403)
