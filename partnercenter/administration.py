"""Django admin as this portal has it: behind the portal's own sign-in, in the portal's look."""

from functools import update_wrapper
from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.admin.apps import AdminConfig
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse, reverse_lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop, ngettext_lazy

# The rooms in the order in which an administrator's work meets them.
ROOMS = ("upgrades", "catalog", "partners", "activity")

# Words of Django's own pages that Django has not translated into every language of the portal, or that address
# people otherwise than the portal does; the portal's translations come before Django's.
DJANGO_WORDS = (
    gettext_noop("- Select an option -"),
    gettext_noop("Run"),
    gettext_noop("Search %(name)s"),
    gettext_noop("Pagination %(name)s"),
    gettext_noop("Pagination %(name)s entries"),
    gettext_noop(
        "Are you sure you want to delete the %(object_name)s “%(escaped_object)s”? All of the following related items "
        "will be deleted:"
    ),
    gettext_noop(
        "Deleting the %(object_name)s “%(escaped_object)s” would require deleting the following protected related "
        "objects:"
    ),
    gettext_noop("None available"),
    gettext_noop("Your old password was entered incorrectly. Please enter it again."),
    gettext_noop("Your password can’t be too similar to your other personal information."),
    gettext_noop("Your password can’t be a commonly used password."),
    gettext_noop("Your password can’t be entirely numeric."),
    ngettext_lazy(
        "Your password must contain at least %(min_length)d character.",
        "Your password must contain at least %(min_length)d characters.",
        "min_length",
    ),
)


class AdministrationConfig(AdminConfig):
    """Puts the site below in the place of Django's own."""

    default_site = "partnercenter.administration.AdministrationSite"

    def ready(self) -> None:
        """Find the administration of each room; the queue's rows say nothing that the orders do not.

        Programs and their tokens are made and ended by their partners, where it is recorded.
        """
        super().ready()
        from allauth.idp.oidc.models import Client, Token
        from django.contrib import admin
        from django_tasks_db.models import DBTaskResult

        for model in (DBTaskResult, Client, Token):
            admin.site.unregister(model)


class AdministrationSite(AdminSite):
    """For platform administrators (`is_staff`); what each may do there, Django's permissions say."""

    site_header = _("Partner portal administration")
    site_title = _("Partner portal")
    index_title = _("Administration")
    # The desk is for partners; a platform administrator sees of the portal the offers and the matrix.
    site_url = reverse_lazy("desk:offer_list")  # type: ignore[assignment]

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:  # noqa: FBT001, FBT002
        """Also refuse those who are signed in but no platform administrators, and addresses that make no sense."""
        guarded = super().admin_view(view, cacheable)

        from partners.middleware import record_refused_page

        def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            if request.user.is_authenticated and not self.has_permission(request):
                record_refused_page(request, request.user)
                raise PermissionDenied
            if any("\x00" in value for values in request.GET.lists() for value in values[1]):
                raise BadRequest
            if not all(map(_is_asked_by_filters, request.GET)):
                raise BadRequest
            return guarded(request, *args, **kwargs)

        return update_wrapper(inner, guarded)

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Off to the portal's own page, where sign-in attempts are limited."""
        from django.contrib.auth.views import redirect_to_login

        if not request.user.is_authenticated:
            return redirect_to_login(request.GET.get(REDIRECT_FIELD_NAME) or reverse("admin:index"))
        if self.has_permission(request):
            return redirect("admin:index")
        raise PermissionDenied

    def password_change(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """Off to the portal's own page."""
        return redirect("partners:security")

    def index(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """The start page, with the matrix in front."""
        from upgrades.models import UpgradeMatrix

        matrix = UpgradeMatrix.objects.first()
        return super().index(request, {"matrix": matrix, **(extra_context or {})})

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """The rooms in the order of the work."""
        apps = super().get_app_list(request, app_label)
        return sorted(apps, key=lambda app: ROOMS.index(app["app_label"]) if app["app_label"] in ROOMS else len(ROOMS))


def _is_asked_by_filters(name: str) -> bool:
    """Whether the lists may be filtered so; by other lookups one asks what no database answers, as a bad pattern."""
    _field, lookups, last = name.rpartition("__")
    return not lookups or last in {"exact", "isnull"}
