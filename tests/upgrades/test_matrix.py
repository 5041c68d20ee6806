"""The matrix as a whole: what an edit would do, what it does, and what it refuses."""

import uuid

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from activity.models import ActivityRecord, ActorKind, Outcome
from partners.roles import Role
from subscriptions.models import Status
from tests.factories import (
    PartnerFactory,
    PlatformAdministratorFactory,
    StaffFactory,
    customer_of,
    offer,
    path,
    sold,
)
from upgrades.matrix import (
    Cells,
    Kind,
    MatrixChanged,
    edit_matrix,
    edits_since,
    preview_edit,
    read_matrix,
    rebased,
    tidy_footnote,
)
from upgrades.models import PathConflict, PathService, UpgradeMatrix, UpgradePath
from upgrades.verdicts import options

pytestmark = pytest.mark.django_db


def pair(source: str, target: str) -> tuple[uuid.UUID, uuid.UUID]:
    return offer(source).pk, offer(target).pk


def cells() -> Cells:
    return dict(read_matrix().cells)


def edited(*, add: dict[tuple[str, str], str] | None = None, remove: list[tuple[str, str]] | None = None) -> Cells:
    after = cells()
    for names, footnote in (add or {}).items():
        after[pair(*names)] = footnote
    for names in remove or []:
        del after[pair(*names)]
    return after


def test_it_comes_with_the_seven_paths_of_21vianet() -> None:
    matrix = read_matrix()
    assert len(matrix.cells) == 7
    assert [source.short_name for source in matrix.sources] == ["Business", "Business Essentials", "Business Premium"]
    assert [target.short_name for target in matrix.targets] == [
        "Business Premium",
        "Enterprise E1",
        "Enterprise E3",
        "ProPlus",
    ]


# Preview ------------------------------------------------------------------------------------------------------


def test_a_preview_says_what_changes_and_how_many_live_subscriptions_that_reaches() -> None:
    partner = PartnerFactory()
    first, second = customer_of(partner), customer_of(partner)
    sold(partner, first, "Business Premium")
    sold(None, first, "Business Premium", status=Status.SUSPENDED)
    sold(PartnerFactory(), second, "Business Premium", status=Status.PENDING)
    sold(partner, second, "Business Premium", status=Status.DELETED)
    sold(partner, second, "Business")
    after = edited(add={("Business Premium", "ProPlus"): ""}, remove=[("Business", "ProPlus")])

    added, removed = sorted(preview_edit(cells=after), key=lambda change: change.kind)

    assert (added.kind, added.name) == (Kind.ADDED, "Office 365 Business Premium → Office 365 ProPlus")
    assert (added.reach.subscriptions, added.reach.customers) == (3, 2)
    assert (removed.kind, removed.name) == (Kind.REMOVED, "Office 365 Business → Office 365 ProPlus")
    assert (removed.reach.subscriptions, removed.reach.customers) == (1, 1)


def test_another_footnote_reaches_nobody() -> None:
    sold(None, customer_of(PartnerFactory()), "Business")
    (change,) = preview_edit(cells=edited(add={("Business", "E3"): "Only until spring"}))
    assert (change.kind, change.before, change.after) == (Kind.REWORDED, "", "Only until spring")
    assert change.reach.subscriptions == 0


def test_a_path_to_an_offer_that_is_not_for_sale_reaches_nobody() -> None:
    sold(None, customer_of(PartnerFactory()), "Business Premium")
    target = offer("ProPlus")
    target.is_available = False
    target.save()
    (change,) = preview_edit(cells=edited(add={("Business Premium", "ProPlus"): ""}))
    assert change.kind is Kind.ADDED
    assert change.reach.subscriptions == 0


def test_a_preview_writes_nothing() -> None:
    preview_edit(cells={})
    assert UpgradePath.objects.count() == 7
    assert UpgradeMatrix.objects.get().version == 1
    assert not ActivityRecord.objects.exists()


def test_a_preview_asks_as_often_for_many_cells_as_for_one(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    everything = {(one, other): "" for one in read_matrix().offers for other in read_matrix().offers if one != other}
    with django_assert_num_queries(4):
        assert len(preview_edit(cells=everything)) > 100


# Edit ---------------------------------------------------------------------------------------------------------


def test_an_edit_writes_all_cells_the_version_the_rules_and_one_record() -> None:
    administrator = PlatformAdministratorFactory(name="Pat")
    after = edited(
        add={("Business Premium", "ProPlus"): "New", ("Business", "E3"): "Other words"},
        remove=[("Business", "ProPlus")],
    )

    changes = edit_matrix(staff=administrator, cells=after, version=1)

    assert [change.kind for change in changes] == [Kind.REWORDED, Kind.REMOVED, Kind.ADDED]
    assert read_matrix().cells == after
    matrix = UpgradeMatrix.objects.get()
    assert matrix.version == 2
    record = ActivityRecord.objects.get()
    assert (record.operation, record.actor_kind, record.actor_name) == ("edit_matrix", ActorKind.PLATFORM, "Pat")
    assert record.before == {
        "version": 1,
        "cells": {
            "Office 365 Business → Office 365 Enterprise E3": "",
            "Office 365 Business → Office 365 ProPlus": "",
            "Office 365 Business Premium → Office 365 ProPlus": None,
        },
    }
    assert record.after == {
        "version": 2,
        "cells": {
            "Office 365 Business → Office 365 Enterprise E3": "Other words",
            "Office 365 Business → Office 365 ProPlus": None,
            "Office 365 Business Premium → Office 365 ProPlus": "New",
        },
    }
    added = path("Business Premium", "ProPlus")
    assert PathService.objects.filter(path=added).count() == len(
        {plan.service_id for name in ("Business Premium", "ProPlus") for plan in offer(name).service_plans.all()}
    )
    assert PathConflict.objects.filter(path=added).exists()


def test_what_is_ticked_can_be_taken_at_once() -> None:
    partner = PartnerFactory()
    subscription = sold(partner, customer_of(partner), "Business Premium")
    after = edited(add={("Business Premium", "ProPlus"): ""})
    edit_matrix(staff=PlatformAdministratorFactory(), cells=after, version=1)
    targets = options(type(subscription).objects.filter(pk=subscription.pk), partner_id=partner.pk)
    assert offer("ProPlus").pk in {row.target_id for row in targets}


def test_an_edit_that_changes_nothing_writes_nothing() -> None:
    before = UpgradeMatrix.objects.get().changed_at
    assert edit_matrix(staff=PlatformAdministratorFactory(), cells=cells(), version=1) == []
    matrix = UpgradeMatrix.objects.get()
    assert (matrix.version, matrix.changed_at) == (1, before)
    assert not ActivityRecord.objects.exists()


def test_an_edit_from_an_older_version_writes_nothing() -> None:
    administrator = PlatformAdministratorFactory()
    edit_matrix(staff=administrator, cells=edited(remove=[("Business", "E3")]), version=1)
    with pytest.raises(MatrixChanged):
        edit_matrix(staff=administrator, cells={}, version=1)
    assert len(read_matrix().cells) == 6
    assert ActivityRecord.objects.filter(outcome=Outcome.DONE).count() == 1
    assert ActivityRecord.objects.get(outcome=Outcome.REFUSED).reasons == ["matrix_changed"]


def test_the_rules_are_drawn_once_however_many_cells_change(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    administrator = PlatformAdministratorFactory()
    offers = [row.pk for row in read_matrix().all_offers[:6]]
    everything = {(one, other): "" for one in offers for other in offers if one != other}
    # One statement a cell; rules, version and record beside them.
    with django_assert_max_num_queries(2 * len(everything) + 20):
        edit_matrix(staff=administrator, cells=everything, version=1)


@pytest.mark.parametrize(
    "footnote",
    ["x" * 1001, "a\x00b", "\x1b[31m", "a\u202eb", "\ud800"],
    ids=["too long", "NUL", "escape", "turned", "half a character"],
)
def test_a_footnote_that_cannot_be_kept_is_refused(footnote: str) -> None:
    after = edited(add={("Business", "E3"): footnote})
    with pytest.raises(ValidationError, match="Footnote of Business → Enterprise E3"):
        edit_matrix(staff=PlatformAdministratorFactory(), cells=after, version=1)
    assert UpgradeMatrix.objects.get().version == 1
    assert ActivityRecord.objects.get().reasons == ["cells_invalid"]


@pytest.mark.parametrize(
    "footnote",
    ["x" * 1000, "两行\n第二行", "<script>alert(1)</script>", "'; DROP TABLE upgrades_upgradepath; --", "\u200fעברית"],
)
def test_any_text_can_be_a_footnote(footnote: str) -> None:
    edit_matrix(staff=PlatformAdministratorFactory(), cells=edited(add={("Business", "E3"): footnote}), version=1)
    assert path("Business", "E3").footnote == footnote


def test_unknown_offers_are_refused() -> None:
    with pytest.raises(ValidationError, match="not in the catalogue"):
        preview_edit(cells={(uuid.uuid4(), offer("E3").pk): ""})


def test_an_offer_is_not_upgraded_to_itself() -> None:
    with pytest.raises(ValidationError, match="cannot be upgraded to itself"):
        preview_edit(cells={pair("Business", "Business"): ""})


def test_footnotes_are_compared_without_what_browsers_do_to_lines() -> None:
    assert tidy_footnote("  one\r\ntwo \r\n") == "one\ntwo"


# Two at once --------------------------------------------------------------------------------------------------


def test_what_others_saved_is_told_with_who_and_what() -> None:
    edit_matrix(staff=PlatformAdministratorFactory(name="Kim"), cells=edited(remove=[("Business", "E3")]), version=1)
    (edit,) = edits_since(1)
    assert (edit.who, edit.version) == ("Kim", 2)
    assert edit.cells == [("Office 365 Business → Office 365 Enterprise E3", Kind.REMOVED, "")]
    assert edits_since(2) == []


def test_mine_goes_on_top_of_theirs() -> None:
    one, two, three, four = (("a", str(number)) for number in range(4))
    base = {one: "", two: "", three: "same"}
    mine = {one: "", three: "mine", four: "new"}  # I took two away, reworded three, ticked four.
    theirs = {two: "", three: "theirs", ("a", "9"): "also new"}  # They took one away.
    assert rebased(base=base, mine=mine, current=theirs) == {  # type: ignore[arg-type]
        three: "mine",
        four: "new",
        ("a", "9"): "also new",
    }


# What partners see --------------------------------------------------------------------------------------------


def test_partners_read_the_matrix_with_numbered_footnotes(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    UpgradePath.objects.filter(pk=path("Business", "E3").pk).update(footnote="Only <b>until</b> spring")
    client.force_login(StaffFactory(roles=[Role.BILLING_ADMIN]))
    with django_assert_num_queries(5):
        page = client.get(reverse("upgrades:matrix")).content.decode()
    assert "version 1, in force since" in page
    assert 'id="footnote-2"' in page
    assert "Only &lt;b&gt;until&lt;/b&gt; spring" in page
    assert page.count("#footnote-1") == 2
    assert "admin" not in page.split("<main")[1]


def test_an_empty_matrix_says_what_would_stand_there(client: Client) -> None:
    edit_matrix(staff=PlatformAdministratorFactory(), cells={}, version=1)
    client.force_login(StaffFactory())
    assert "No upgrade is possible yet" in client.get(reverse("upgrades:matrix")).content.decode()


def test_a_platform_administrator_reads_it_too_and_finds_the_way_to_edit(client: Client) -> None:
    client.force_login(PlatformAdministratorFactory())
    assert reverse("admin:upgrades_upgradematrix_changelist") in client.get(reverse("upgrades:matrix")).content.decode()


def test_who_may_not_see_offers_does_not_see_the_matrix(client: Client) -> None:
    client.force_login(StaffFactory(roles=[Role.HELPDESK_AGENT]))
    assert client.get(reverse("upgrades:matrix")).status_code == 403
