"""The upgrade matrix as a table, for everyone who may see offers."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from catalog.models import Offer
from partners.access import access
from partners.roles import Permission
from upgrades.footnotes import footnote_words
from upgrades.matrix import Cells, Matrix, read_matrix


@dataclass(frozen=True)
class Mark:
    """A ticked cell, with the number of its footnote where it has one."""

    target: Offer
    is_ticked: bool
    number: int | None


@dataclass(frozen=True)
class Row:
    """A source offer with one mark for each target."""

    source: Offer
    marks: list[Mark]


@require_safe
@access(may=Permission.SEE_OFFERS, platform=True)
def matrix(request: HttpRequest) -> HttpResponse:
    """What may be upgraded to what, with numbered footnotes."""
    grid = read_matrix()
    numbers = _numbers(grid)
    targets = grid.targets
    context = {
        "matrix": grid,
        "targets": targets,
        "rows": [Row(source, _marks(source, targets, grid.cells, numbers)) for source in grid.sources],
        "footnotes": [(number, footnote_words(footnote)) for footnote, number in numbers.items()],
    }
    return render(request, "upgrades/matrix.html", context)


def _numbers(grid: Matrix) -> dict[str, int]:
    """A number for each different footnote, in the order in which the table is read."""
    numbers: dict[str, int] = {}
    for source in grid.sources:
        for target in grid.targets:
            footnote = grid.cells.get((source.pk, target.pk))
            if footnote:
                numbers.setdefault(footnote, len(numbers) + 1)
    return numbers


def _marks(source: Offer, targets: list[Offer], cells: Cells, numbers: dict[str, int]) -> list[Mark]:
    return [
        Mark(target, (source.pk, target.pk) in cells, numbers.get(cells.get((source.pk, target.pk), "")))
        for target in targets
    ]
