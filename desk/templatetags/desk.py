"""Tags of the list pages: how near an upgrade is, how soon a subscription is deleted."""

import datetime
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, cast

from django import template
from django.template.context import RequestContext
from django.template.loader import get_template
from django.utils import formats, timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from customers.models import DelegatedAdminPrivilege
from desk.drawing import draw_lines
from desk.portfolio import CustomerLine
from partners.templatetags.look import day, icon
from subscriptions.models import Subscription

register = template.Library()
SOON = 7


@register.simple_tag
def steps_pill(steps: int | None) -> SafeString:
    """How near an upgrade is, by colour, sign and word; nothing where there are no upgrade paths."""
    return SafeString("") if steps is None else _steps_pill(steps, get_language() or "")


@lru_cache(maxsize=64)
def _steps_pill(steps: int, language: str) -> SafeString:
    if steps == 0:
        words = _("Upgrade possible")
        return format_html('<span class="pill pill-good">{}{}</span>', icon("circle-arrow-up", 14), words)
    words = ngettext("%(steps)s step away", "%(steps)s steps away", steps) % {"steps": steps}
    return format_html('<span class="pill pill-warning">{}</span>', words)


def deletion_words(days: int) -> str:
    """When a suspended subscription is deleted, counted in days from today."""
    if days < 0:
        return _("deletion is due")
    if days == 0:
        return _("deleted today")
    return ngettext("deleted in %(days)s day", "deleted in %(days)s days", days) % {"days": days}


@register.simple_tag
def deletion_pill(subscription: Subscription) -> SafeString:
    """When a suspended subscription is deleted, the date on hover; nothing for any other."""
    days = subscription.days_until_deletion
    if days is None:
        return SafeString("")
    colour = "bad" if days <= SOON else "warning"
    # The date itself is in the title, and read out and printed beside the words.
    return format_html(
        '<span class="pill pill-{}">{}</span> <span class="visually-hidden">{}</span>',
        colour,
        deletion_words(days),
        day(subscription.deletion_time),
    )


@register.simple_tag
def expiry_pill(privilege: DelegatedAdminPrivilege) -> SafeString:
    """How soon a privilege expires, the date on hover; nothing for one that never does."""
    if privilege.expires_at is None:
        return SafeString("")
    days = (timezone.localdate(privilege.expires_at) - timezone.localdate()).days
    colour = "bad" if days <= SOON else "warning" if privilege.expires_soon else "quiet"
    date = formats.date_format(timezone.localtime(privilege.expires_at), "DATE_FORMAT")
    words = _("expired") if privilege.has_expired(timezone.now()) else expiry_words(days)
    return format_html('<span class="pill pill-{}" title="{}">{}</span>', colour, date, words)


def expiry_words(days: int) -> str:
    """When something expires, counted in days from today."""
    if days <= 0:
        return _("expires today")
    return ngettext("expires in %(days)s day", "expires in %(days)s days", days) % {"days": days}


@register.simple_tag
def waiting_words(since: datetime.datetime) -> SafeString:
    """For how many days something has waited, the moment since on hover."""
    days = (timezone.localdate() - timezone.localdate(since)).days
    words = ngettext("waits for %(days)s day", "waits for %(days)s days", days) % {"days": days}
    local = timezone.localtime(since)
    full = formats.date_format(local, "DATETIME_FORMAT")
    return format_html(
        '<time datetime="{}" title="{}">{}</time>', local.isoformat(), full, words if days > 0 else _("since today")
    )


@register.simple_tag
def renewal(subscription: Subscription) -> SafeString:
    """Until when a subscription is committed, and what happens then."""
    end = day(subscription.commitment_end)
    if subscription.auto_renew:
        return format_html('{} <span class="hint">{}</span>', end, _("renews by itself"))
    return format_html('{} <span class="hint">{}</span>', end, _("does not renew"))


@register.simple_tag
def shortly(value: datetime.datetime) -> SafeString:
    """The time of a moment of today, the day of an older one; both in full on hover."""
    local = timezone.localtime(value)
    is_today = local.date() == timezone.localdate()
    full = formats.date_format(local, "DATETIME_FORMAT")
    words = formats.date_format(local, "TIME_FORMAT" if is_today else "SHORT_DATE_FORMAT")
    return format_html('<time class="hint" datetime="{}" title="{}">{}</time>', local.isoformat(), full, words)


@register.simple_tag(takes_context=True)
def customer_lines(context: RequestContext, lines: Iterable[CustomerLine]) -> SafeString:
    """Each of these lines as the partial `line` of the customer list draws it."""
    partial = get_template("desk/customers.html#line")
    around = cast("dict[str, Any]", context.flatten())
    return draw_lines(lines, lambda line: partial.render({**around, "line": line}), open_id=str(context["open_id"]))
