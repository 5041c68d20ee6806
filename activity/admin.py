"""The activity log in Django admin: everybody's, to read."""

import json
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.core.paginator import Paginator
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from activity.models import ActivityRecord
from activity.words import operation_name, sentence

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[ActivityRecord]
    AnyPaginator = Paginator[Any]
else:
    ModelAdmin, AnyPaginator = admin.ModelAdmin, Paginator


class UncountedPaginator(AnyPaginator):
    """Counts no further than one can page; a log of millions is searched, not paged through."""

    @cached_property
    def count(self) -> int:
        """How many there are, at most 10,000."""
        rows: Any = self.object_list
        return len(rows.order_by()[:10_000].values_list("pk"))


@admin.register(ActivityRecord)
class ActivityRecordAdmin(ModelAdmin):
    """What everybody did, the latest first. Records are looked at, never added, changed or deleted."""

    list_display = ("at", "what", "partner_name", "customer_name", "outcome", "address")
    list_display_links = ("at", "what")
    list_filter = ("outcome", "actor_kind")
    search_fields = ("actor_name", "customer_name", "partner_name", "operation", "=resource_id")
    ordering = ("-at", "-id")
    sortable_by = ()
    paginator = UncountedPaginator
    show_full_result_count = False
    actions = None
    fieldsets = (
        (None, {"fields": ("at", "what", "outcome", "reasons")}),
        (_("Who"), {"fields": ("actor_name", "actor_kind", "actor_id", "partner_name", "partner_id", "address")}),
        (
            _("To what"),
            {"fields": ("operation_code", "resource_type", "resource_id", "customer_name", "customer_id")},
        ),
        (_("The request"), {"fields": ("correlation_id", "correlation", "application", "program")}),
        (_("Before and after"), {"fields": ("before_shown", "after_shown")}),
    )
    readonly_fields = ("what", "operation_code", "before_shown", "after_shown")

    @admin.display(description=_("What"))
    def what(self, row: ActivityRecord) -> str:
        """The sentence of the record."""
        return sentence(row)

    @admin.display(description=_("Operation"))
    def operation_code(self, row: ActivityRecord) -> str:
        """What was done, in words and as the code that programs use."""
        return f"{operation_name(row.operation)} ({row.operation})"

    @admin.display(description=_("Before"))
    def before_shown(self, row: ActivityRecord) -> SafeString | str:
        """How it stood before."""
        return _shown(row.before)

    @admin.display(description=_("After"))
    def after_shown(self, row: ActivityRecord) -> SafeString | str:
        """How it stood afterwards."""
        return _shown(row.after)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False


def _shown(state: Any) -> SafeString | str:
    if state is None:
        return "–"
    return format_html('<pre class="state">{}</pre>', json.dumps(state, ensure_ascii=False, indent=2))
