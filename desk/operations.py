"""The verbs of this room: what people keep of the lists, and what they take out of the portal."""

import uuid
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Value
from django.db.models.functions import Lower
from django.http import Http404
from django.utils.translation import gettext as _

from activity.errors import Refused
from activity.models import Outcome
from activity.operations import record
from desk.models import LONGEST_QUERY, List, SavedView
from partners.models import Staff
from partners.roles import Permission

MOST_VIEWS = 50


class TooManyViews(Refused):
    """The person keeps as many views as anyone may."""

    codes = ("too_many_views",)

    @property
    def message(self) -> str:
        """The reason as a sentence."""
        return _("You keep %(most)d views already: delete one of them first.") % {"most": MOST_VIEWS}


class QueryTooLong(Refused):
    """The filter has so many parts that it cannot be kept."""

    codes = ("query_too_long",)

    @property
    def message(self) -> str:
        """The reason as a sentence."""
        return _("This filter has too many parts to be kept: choose fewer offers.")


class NameTaken(Refused):
    """Another view of the same list has this name."""

    codes = ("name_taken",)

    @property
    def message(self) -> str:
        """The reason as a sentence."""
        return _("Another of your views has this name: choose another.")


def save_view(*, staff: Staff, name: str, query: str, is_default: bool = False) -> tuple[SavedView, bool]:
    """Keep this query under this name, in the place of what had the name before; tells whether the view is new.

    What is kept just so already leaves no record.

    Raises `ValidationError`, by field, for a name that is none, `TooManyViews` and `QueryTooLong`.
    """
    _permitted(staff, "save_view")
    if len(query) > LONGEST_QUERY:
        raise QueryTooLong
    with transaction.atomic():
        views = _locked_views(staff)
        view = _named(views, name).first()
        is_new = view is None
        if view is None:
            if views.count() >= MOST_VIEWS:
                raise TooManyViews
            view = SavedView(staff=staff, list=List.SUBSCRIPTIONS)
        before = None if is_new else _told(view)
        view.name, view.query = name, query
        if is_default:
            views.update(is_default=False)
            view.is_default = True
        view.clean_fields(exclude={"staff"})
        view.save()
        if before != _told(view):
            record(actor=staff.actor, operation="save_view", resource=view, before=before, after=_told(view))
    return view, is_new


def rename_view(*, staff: Staff, view_id: uuid.UUID, name: str) -> SavedView:
    """Give one of the person's views another name.

    Raises `ValidationError`, by field, for a name that is none, `NameTaken`, and `Http404` for a view of nobody or
    of somebody else.
    """
    _permitted(staff, "rename_view")
    with transaction.atomic():
        views = _locked_views(staff)
        view = _view(views, view_id)
        if _named(views, name).exclude(pk=view.pk).exists():
            raise NameTaken
        before, view.name = {"name": view.name}, name
        view.clean_fields(exclude={"staff"})
        if before["name"] != name:
            view.save(update_fields=["name"])
            record(actor=staff.actor, operation="rename_view", resource=view, before=before, after={"name": name})
    return view


def show_first(*, staff: Staff, view_id: uuid.UUID | None) -> SavedView | None:
    """Let the list open with this view, or with none of them. Raises `Http404` for a view of somebody else."""
    _permitted(staff, "show_view_first")
    with transaction.atomic():
        views = _locked_views(staff)
        view = None if view_id is None else _view(views, view_id)
        former = views.filter(is_default=True).first()
        if former != view:
            views.update(is_default=False)
            views.filter(pk=view_id).update(is_default=True)
            record(
                actor=staff.actor,
                operation="show_view_first",
                resource=view or former,
                before={"name": former.name if former else ""},
                after={"name": view.name if view else ""},
            )
    return view


def delete_view(*, staff: Staff, view_id: uuid.UUID) -> SavedView:
    """Keep one of the person's views no longer. Raises `Http404` for a view of nobody or of somebody else."""
    _permitted(staff, "delete_view")
    with transaction.atomic():
        view = _view(_locked_views(staff), view_id)
        record(actor=staff.actor, operation="delete_view", resource=view, before=_told(view))
        SavedView.objects.filter(pk=view.pk).delete()
    return view


def record_export(
    *, staff: Staff, exported: str, form: str, asked: dict[str, Any], columns: list[str], rows: int
) -> None:
    """Leave a record that the person took this list out of the portal.

    `exported` names the list, `form` the kind of file, `rows` how many rows the filter finds before verdicts leave
    some of them out.
    """
    after = {"format": form, "filter": asked, "columns": columns, "rows": rows}
    record(actor=staff.actor, operation=f"export_{exported}", resource_type="list", after=after)


def _permitted(staff: Staff, operation: str) -> None:
    if not staff.may(Permission.SEE_CUSTOMERS):
        record(actor=staff.actor, operation=operation, outcome=Outcome.REFUSED, reasons=("role",))
        raise PermissionDenied


def _locked_views(staff: Staff) -> Any:
    """The person's views; whoever changes them holds the person's row, so that their number stays in bounds."""
    Staff.objects.select_for_update().get(pk=staff.pk)
    return SavedView.objects.filter(staff=staff, list=List.SUBSCRIPTIONS)


def _named(views: Any, name: str) -> Any:
    """As the database compares names."""
    return views.alias(key=Lower("name")).filter(key=Lower(Value(name)))


def _view(views: Any, view_id: uuid.UUID) -> SavedView:
    view: SavedView | None = views.filter(pk=view_id).first()
    if view is None:
        raise Http404
    return view


def _told(view: SavedView) -> dict[str, Any]:
    return {"name": view.name, "query": view.query, "is_default": view.is_default}
