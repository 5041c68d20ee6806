"""The views of a list that a person keeps: to name, to let show first, to delete."""

import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from activity.errors import Refused
from desk.forms import SaveViewForm, ViewNameForm
from desk.models import List, SavedView
from desk.operations import delete_view, rename_view, save_view, show_first
from desk.views.all_subscriptions import filter_of
from partners.access import access
from partners.requests import StaffRequest
from partners.roles import Permission


@require_http_methods(["GET", "HEAD", "POST"])
@access(may=Permission.SEE_CUSTOMERS)
def saved_views(request: StaffRequest) -> HttpResponseBase:
    """The person's views; a form says by `do` what it asks: to save, rename, show first or delete one."""
    if request.method != "POST":
        return _page(request)
    verb = VERBS.get(request.POST.get("do", ""))
    if verb is None:
        raise BadRequest(f"“do” is one of {', '.join(VERBS)}.")
    return verb(request)


def _save(request: StaffRequest) -> HttpResponseBase:
    form = SaveViewForm(request.POST, prefix="view")
    if not form.is_valid():
        return _page(request, save_form=form)
    query = filter_of(request.user, QueryDict(form.cleaned_data["query"])).as_query().urlencode()
    name, is_default = form.cleaned_data["name"], form.cleaned_data["is_default"]
    try:
        view, is_new = save_view(staff=request.user, name=name, query=query, is_default=is_default)
    except Refused as refusal:
        form.add_error(None, refusal.message)
        return _page(request, save_form=form, status=409)
    words = _("The view “%(name)s” is saved.") if is_new else _("The view “%(name)s” is saved anew.")
    messages.success(request, words % {"name": view.name})
    return redirect(f"{reverse('desk:all_subscriptions')}?{view.query or 'all=1'}")


def _rename(request: StaffRequest) -> HttpResponseBase:
    view_id = _view_id(request)
    assert view_id is not None
    form = ViewNameForm(request.POST, prefix=str(view_id))
    if not form.is_valid():
        return _page(request, name_form=form)
    try:
        rename_view(staff=request.user, view_id=view_id, name=form.cleaned_data["name"])
    except Refused as refusal:
        form.add_error("name", refusal.message)
        return _page(request, name_form=form, status=409)
    messages.success(request, _("The view has its new name."))
    return redirect("desk:saved_views")


def _show_first(request: StaffRequest) -> HttpResponseBase:
    view = show_first(staff=request.user, view_id=_view_id(request, may_be_none=True))
    if view is None:
        messages.success(request, _("The list opens with all subscriptions."))
    else:
        messages.success(request, _("The list opens with “%(name)s”.") % {"name": view.name})
    return redirect("desk:saved_views")


def _delete(request: StaffRequest) -> HttpResponseBase:
    view_id = _view_id(request)
    assert view_id is not None
    view = delete_view(staff=request.user, view_id=view_id)
    messages.success(request, _("The view “%(name)s” is deleted.") % {"name": view.name})
    return redirect("desk:saved_views")


VERBS: dict[str, Callable[[StaffRequest], HttpResponseBase]] = {
    "save": _save,
    "rename": _rename,
    "first": _show_first,
    "delete": _delete,
}


def _view_id(request: StaffRequest, *, may_be_none: bool = False) -> uuid.UUID | None:
    asked = request.POST.get("view", "")
    if not asked and may_be_none:
        return None
    try:
        return uuid.UUID(asked)
    except ValueError as error:
        raise BadRequest("A view's id is a UUID.") from error


def _page(
    request: StaffRequest,
    *,
    save_form: SaveViewForm | None = None,
    name_form: ViewNameForm | None = None,
    status: int = 200,
) -> HttpResponse:
    path = reverse("desk:all_subscriptions")
    views = SavedView.objects.filter(staff=request.user, list=List.SUBSCRIPTIONS)
    context: dict[str, Any] = {
        "save_form": save_form,
        "wrong_form": save_form or name_form,
        "entries": [
            {"view": view, "url": f"{path}?{view.query or 'all=1'}", "form": _name_form(view, name_form)}
            for view in views
        ],
    }
    return render(request, "desk/saved_views.html", context, status=status)


def _name_form(view: SavedView, sent: ViewNameForm | None) -> ViewNameForm:
    if sent is not None and sent.prefix == str(view.pk):
        return sent
    return ViewNameForm(initial={"name": view.name}, prefix=str(view.pk))
