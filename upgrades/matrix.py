"""The upgrade matrix as a whole: read it, see what an edit would do, and edit it.

Cells are named by the ids of their two offers; a cell that is there is ticked, its text is its footnote.
"""

import datetime
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from activity.models import ActivityRecord, Outcome
from activity.operations import record
from catalog.models import Category, Offer
from partners.legible import is_illegible
from partners.models import Staff
from subscriptions.models import Subscription
from upgrades.models import UpgradeMatrix, UpgradePath
from upgrades.reach import NOBODY, Reach, reach_by_offer
from upgrades.rules import rules_rebuilt_once

OPERATION = "edit_matrix"
LONGEST_FOOTNOTE = 1000

Pair = tuple[uuid.UUID, uuid.UUID]
Cells = dict[Pair, str]

_CATEGORY_ORDER = {str(category.value): place for place, category in enumerate(Category)}


def in_catalogue_order(offers: Iterable[Offer]) -> list[Offer]:
    """Offers by category as the catalogue has them, then by name."""
    return sorted(offers, key=lambda offer: (_CATEGORY_ORDER[offer.category], offer.name))


@dataclass(frozen=True)
class Matrix:
    """The matrix at one version."""

    version: int
    changed_at: datetime.datetime
    cells: Cells
    offers: Mapping[uuid.UUID, Offer]

    @cached_property
    def sources(self) -> list[Offer]:
        """The offers that can be upgraded to another."""
        return self._named({source for source, _target in self.cells})

    @cached_property
    def targets(self) -> list[Offer]:
        """The offers that another can be upgraded to."""
        return self._named({target for _source, target in self.cells})

    @cached_property
    def all_offers(self) -> list[Offer]:
        """Every offer of the catalogue."""
        return in_catalogue_order(self.offers.values())

    def _named(self, offer_ids: set[uuid.UUID]) -> list[Offer]:
        return in_catalogue_order(self.offers[offer_id] for offer_id in offer_ids)


class Kind(StrEnum):
    """What happens to a cell."""

    ADDED = "added"
    REMOVED = "removed"
    REWORDED = "reworded"


@dataclass(frozen=True)
class CellChange:
    """A cell that an edit changes; `before` and `after` are footnotes, `None` where there is no path."""

    source: Offer
    target: Offer
    before: str | None
    after: str | None
    reach: Reach = NOBODY

    @property
    def kind(self) -> Kind:
        """Whether the path comes, goes, or has another footnote."""
        if self.before is None:
            return Kind.ADDED
        return Kind.REMOVED if self.after is None else Kind.REWORDED

    @property
    def name(self) -> str:
        """The cell as activity records name it."""
        return f"{self.source} → {self.target}"


class MatrixChanged(Exception):
    """Someone else saved the matrix after this edit was begun; nothing was written."""


def read_matrix() -> Matrix:
    """The matrix as it stands, with every offer of the catalogue."""
    stored = UpgradeMatrix.objects.get()
    paths = UpgradePath.objects.values_list("source_id", "target_id", "footnote")
    cells = {(source_id, target_id): footnote for source_id, target_id, footnote in paths}
    # Read last: an offer that comes in between is then known, and one with a path can't go.
    return Matrix(stored.version, stored.changed_at, cells, Offer.objects.in_bulk())


def changes_between(before: Cells, after: Cells, offers: Mapping[uuid.UUID, Offer]) -> list[CellChange]:
    """The cells that differ, in the order of the grid."""
    order = {offer.pk: place for place, offer in enumerate(in_catalogue_order(offers.values()))}
    pairs = [pair for pair in before.keys() | after.keys() if before.get(pair) != after.get(pair)]
    pairs.sort(key=lambda pair: (order[pair[0]], order[pair[1]]))
    return [CellChange(offers[pair[0]], offers[pair[1]], before.get(pair), after.get(pair)) for pair in pairs]


def preview_edit(*, cells: Cells) -> list[CellChange]:
    """What would change if these became the ticked cells, with whom each change reaches.

    A path gained or lost reaches the live subscriptions of its source offer, from any partner or channel; one
    to an offer that is not for sale reaches nobody, nor does another footnote. Raises `ValidationError` for
    cells that cannot be.
    """
    matrix = read_matrix()
    check_cells(cells, matrix.offers)
    changes = changes_between(matrix.cells, cells, matrix.offers)
    moved = [change for change in changes if change.kind is not Kind.REWORDED and change.target.is_available]
    live = Subscription.objects.live().filter(offer__in={change.source.pk for change in moved})
    reached = reach_by_offer(live) if moved else {}
    return [
        CellChange(change.source, change.target, change.before, change.after, reached.get(change.source.pk, NOBODY))
        if change in moved
        else change
        for change in changes
    ]


def edit_matrix(*, staff: Staff, cells: Cells, version: int) -> list[CellChange]:
    """Make these, and only these, the ticked cells; return what changed.

    `version` is the one that the edit started from. Writes one activity record and raises the version; an edit
    that changes nothing writes nothing. Raises `MatrixChanged` where the matrix has another version by now,
    and `ValidationError` for cells that cannot be; of a refused edit only the record of the attempt stays.
    """
    try:
        return _edit(staff, cells, version)
    except MatrixChanged:
        _record_refusal(staff, version, "matrix_changed")
        raise
    except ValidationError:
        _record_refusal(staff, version, "cells_invalid")
        raise


@transaction.atomic
def _edit(staff: Staff, cells: Cells, version: int) -> list[CellChange]:
    matrix = UpgradeMatrix.objects.select_for_update().get()
    if matrix.version != version:
        raise MatrixChanged
    now = read_matrix()
    check_cells(cells, now.offers)
    changes = changes_between(now.cells, cells, now.offers)
    if changes:
        _write(changes)
        matrix.version, matrix.changed_at = version + 1, timezone.now()
        matrix.save(update_fields=["version", "changed_at"])
        _record(staff, matrix, changes)
    return changes


def _write(changes: list[CellChange]) -> None:
    with rules_rebuilt_once():
        for change in changes:
            cell = {"source": change.source, "target": change.target}
            if change.after is None:
                UpgradePath.objects.filter(**cell).delete()
            elif change.before is None:
                UpgradePath.objects.create(**cell, footnote=change.after)
            else:
                UpgradePath.objects.filter(**cell).update(footnote=change.after)


def _record(staff: Staff, matrix: UpgradeMatrix, changes: list[CellChange]) -> None:
    before: dict[str, Any] = {"version": matrix.version - 1, "cells": {one.name: one.before for one in changes}}
    after: dict[str, Any] = {"version": matrix.version, "cells": {one.name: one.after for one in changes}}
    record(actor=staff.actor, operation=OPERATION, resource=matrix, before=before, after=after)


def _record_refusal(staff: Staff, version: int, reason: str) -> None:
    matrix = UpgradeMatrix.objects.get()
    after = {"version": version}
    record(
        actor=staff.actor, operation=OPERATION, resource=matrix, after=after, outcome=Outcome.REFUSED, reasons=[reason]
    )


def check_cells(cells: Cells, offers: Mapping[uuid.UUID, Offer]) -> None:
    """Raise `ValidationError`, with every reason, for cells that cannot be."""
    problems: list[str] = []
    for (source_id, target_id), footnote in cells.items():
        if source_id not in offers or target_id not in offers:
            problems.append(_("A ticked cell belongs to an offer that is not in the catalogue (any more)."))
        elif source_id == target_id:
            problems.append(_("“%(offer)s” cannot be upgraded to itself.") % {"offer": offers[source_id]})
        elif problem := _footnote_problem(footnote):
            values = {
                "source": offers[source_id].short_name,
                "target": offers[target_id].short_name,
                "problem": problem,
            }
            problems.append(_("Footnote of %(source)s → %(target)s: %(problem)s") % values)
    if problems:
        raise ValidationError(sorted(set(problems)))


def _footnote_problem(footnote: str) -> str:
    if len(footnote) > LONGEST_FOOTNOTE:
        limits = {"length": len(footnote), "limit": LONGEST_FOOTNOTE}
        return _("%(length)d characters are too many, %(limit)d are allowed.") % limits
    if any(is_illegible(character) for character in footnote if character != "\n"):
        return _("It contains control characters, which cannot be shown.")
    return ""


def tidy_footnote(text: str) -> str:
    """A footnote as it is kept: lines end in one way, nothing blank around it."""
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ").strip()


def rebased(*, base: Cells, mine: Cells, current: Cells) -> Cells:
    """My edit, begun at `base`, on top of what others have saved since: where both changed a cell, mine stays."""
    merged = dict(current)
    for pair in base.keys() | mine.keys():
        if base.get(pair) == mine.get(pair):
            continue
        if pair in mine:
            merged[pair] = mine[pair]
        else:
            merged.pop(pair, None)
    return merged


@dataclass(frozen=True)
class Edit:
    """An edit that was made, as the activity log has it."""

    who: str
    at: datetime.datetime
    version: int
    cells: list[tuple[str, Kind, str]]


def edits_since(version: int) -> list[Edit]:
    """What was saved after this version, the oldest first."""
    return [_told(row) for row in _edit_records().filter(after__version__gt=version).order_by("at", "id")]


def latest_edits(count: int) -> list[Edit]:
    """The last edits, the latest first."""
    return [_told(row) for row in _edit_records().order_by("-at", "-id")[:count]]


def _edit_records() -> Any:
    # Platform administrators have no partner; asking for that lets an index find their records.
    return ActivityRecord.objects.filter(partner_id__isnull=True, operation=OPERATION, outcome=Outcome.DONE)


def _told(row: ActivityRecord) -> Edit:
    before, after = (row.before or {}).get("cells", {}), (row.after or {}).get("cells", {})
    cells = [
        (name, Kind.ADDED if before.get(name) is None else Kind.REMOVED if text is None else Kind.REWORDED, text or "")
        for name, text in after.items()
    ]
    return Edit(who=row.actor_name, at=row.at, version=(row.after or {}).get("version", 0), cells=cells)
