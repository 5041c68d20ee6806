"""The upgrade matrix in Django admin: a grid that is edited, previewed and saved as a whole."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from catalog.models import Offer
from partners.administration import administrator
from upgrades.matrix import (
    LONGEST_FOOTNOTE,
    Cells,
    Matrix,
    MatrixChanged,
    edit_matrix,
    edits_since,
    in_catalogue_order,
    latest_edits,
    preview_edit,
    read_matrix,
    rebased,
)
from upgrades.matrix_forms import (
    carried_cells,
    carried_version,
    cell_name,
    read_large_form,
    ticked_cells,
    written,
)
from upgrades.models import UpgradeMatrix

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[UpgradeMatrix]
else:
    ModelAdmin = admin.ModelAdmin


@dataclass(frozen=True)
class Square:
    """One cell of the grid as the page draws it; without a name it lies on the diagonal."""

    name: str
    target: Offer
    is_ticked: bool = False
    footnote: str = ""
    is_changed: bool = False


@admin.register(UpgradeMatrix)
class UpgradeMatrixAdmin(ModelAdmin):
    """The grid in the place of a list: step 1 tick, step 2 see what changes and for whom, step 3 save."""

    def get_urls(self) -> list[Any]:
        """One page; there is only one matrix."""
        return [path("", self.grid, name="upgrades_upgradematrix_changelist")]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """There is one matrix, always."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """There is one matrix, always."""
        return False

    @property
    def grid(self) -> Callable[..., HttpResponse]:
        """The page, behind the site's guard. Forgery is checked within, once the large form has been read."""
        return self.admin_site.admin_view(csrf_exempt(self._grid))

    def _grid(self, request: HttpRequest) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        if request.method == "POST":
            if not self.has_change_permission(request):
                raise PermissionDenied
            read_large_form(request, offers=Offer.objects.count())
        return self._guarded(request)

    @method_decorator(csrf_protect)
    def _guarded(self, request: HttpRequest) -> HttpResponse:
        if request.method != "POST":
            matrix = read_matrix()
            return self._show_grid(request, matrix, matrix.cells)
        steps = {"preview": self._preview, "save": self._save, "edit": self._edit, "widen": self._widen}
        try:
            return steps.get(request.POST.get("step", ""), self._preview)(request)
        except ValidationError as refused:
            return self._refuse(request, refused)

    # The steps ------------------------------------------------------------------------------------------------

    def _preview(self, request: HttpRequest) -> HttpResponse:
        """Step 2: exactly what changes, and how many live subscriptions gain or lose a way."""
        matrix, cells = read_matrix(), ticked_cells(request.POST)
        if carried_version(request.POST) != matrix.version:
            return self._show_conflict(request, matrix, cells)
        changes = preview_edit(cells=cells)
        if not changes:
            return self._nothing_changed(request)
        context = {
            "title": _("Save these changes?"),
            "changes": changes,
            "carried": written(cells),
            "base": request.POST.get("base", ""),
            "version": matrix.version,
        }
        return self._page(request, "admin/upgrades/matrix_preview.html", context)

    def _save(self, request: HttpRequest) -> HttpResponse:
        """Step 3."""
        cells, version = carried_cells(request.POST, "cells"), carried_version(request.POST)
        try:
            changes = edit_matrix(staff=administrator(request), cells=cells, version=version)
        except MatrixChanged:
            return self._show_conflict(request, read_matrix(), cells)
        if not changes:
            return self._nothing_changed(request)
        words = ngettext(
            "The matrix is saved as version %(version)d: %(count)d cell changed.",
            "The matrix is saved as version %(version)d: %(count)d cells changed.",
            len(changes),
        )
        messages.success(request, words % {"version": version + 1, "count": len(changes)})
        return HttpResponseRedirect(request.path)

    def _edit(self, request: HttpRequest) -> HttpResponse:
        """Back from the preview, with the ticks as they were."""
        return self._show_kept(request, carried_cells(request.POST, "cells"))

    def _widen(self, request: HttpRequest) -> HttpResponse:
        """The same grid with every offer of the catalogue, so that any pair can be ticked."""
        return self._show_kept(request, ticked_cells(request.POST), wide=True)

    def _nothing_changed(self, request: HttpRequest) -> HttpResponse:
        messages.info(request, _("Nothing changed, so nothing was saved."))
        return HttpResponseRedirect(request.path)

    def _refuse(self, request: HttpRequest, refused: ValidationError) -> HttpResponse:
        """The grid again, with what is wrong and, as far as they can be read, the ticks."""
        try:
            form = request.POST
            cells = carried_cells(form, "cells") if form.get("step") == "save" else ticked_cells(form)
            return self._show_kept(request, cells, errors=refused.messages)
        except ValidationError:
            matrix = read_matrix()
            return self._show_grid(request, matrix, matrix.cells, errors=refused.messages)

    # The pages ------------------------------------------------------------------------------------------------

    def _show_conflict(self, request: HttpRequest, matrix: Matrix, mine: Cells) -> HttpResponse:
        """Somebody saved in between: say who and what, and put this edit on top of theirs."""
        base = carried_cells(request.POST, "base")
        others = edits_since(carried_version(request.POST))
        cells = rebased(base=base, mine=mine, current=matrix.cells)
        return self._show_grid(request, matrix, cells, others=others, is_conflict=True)

    def _show_kept(self, request: HttpRequest, cells: Cells, **context: Any) -> HttpResponse:
        """The grid with these ticks, still starting from the version that the edit started from."""
        base, version = carried_cells(request.POST, "base"), carried_version(request.POST)
        return self._show_grid(request, read_matrix(), cells, base=written(base), version=version, **context)

    def _show_grid(
        self, request: HttpRequest, matrix: Matrix, cells: Cells, *, wide: bool = False, **context: Any
    ) -> HttpResponse:
        wide = wide or request.GET.get("offers") == "all"
        # Of a matrix without paths no offer would be drawn, and there would be nothing to tick.
        drawn = matrix.all_offers if wide else _offers_of(matrix, cells) or matrix.all_offers
        rows = [(source, [_square(source, target, matrix, cells) for target in drawn]) for source in drawn]
        given = {
            "title": _("Upgrade matrix"),
            "matrix": matrix,
            "version": matrix.version,
            "base": written(matrix.cells),
            "targets": drawn,
            "rows": rows,
            "is_wide": len(drawn) == len(matrix.offers),
            "may_edit": self.has_change_permission(request),
            "longest_footnote": LONGEST_FOOTNOTE,
            "latest": latest_edits(5),
        }
        return self._page(request, "admin/upgrades/matrix_grid.html", given | context)

    def _page(self, request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
        request.current_app = self.admin_site.name
        return TemplateResponse(
            request, template, {**self.admin_site.each_context(request), "opts": self.opts, **context}
        )


def _offers_of(matrix: Matrix, cells: Cells) -> list[Offer]:
    """The offers that have a path, now or as ticked."""
    ids = {offer_id for pair in (*matrix.cells, *cells) for offer_id in pair}
    return in_catalogue_order(matrix.offers[offer_id] for offer_id in ids if offer_id in matrix.offers)


def _square(source: Offer, target: Offer, matrix: Matrix, cells: Cells) -> Square:
    if source == target:
        return Square("", target)
    pair = (source.pk, target.pk)
    changed = cells.get(pair) != matrix.cells.get(pair)
    return Square(cell_name(pair), target, pair in cells, cells.get(pair, ""), changed)
