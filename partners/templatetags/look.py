"""Tags and filters that every page draws with: permissions, icons, navigation, moments in time."""

import datetime
import re
from collections.abc import Iterable
from functools import lru_cache

from django import template
from django.forms.boundfield import BoundField, BoundWidget
from django.forms.utils import flatatt
from django.http import HttpRequest
from django.template.loader import get_template
from django.urls import reverse
from django.utils import formats, timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from lucide.templatetags.lucide import lucide

from partners.models import Staff, Theme
from partners.preferences import theme_of
from partners.roles import Permission

register = template.Library()
_NAMES_ONE = re.compile(r"/(?=[^/]*[0-9])")


@register.filter
def may(person: object, permission: str) -> bool:
    """Whether this person, if anybody, may do it: `{% if request.user|may:"see_customers" %}`."""
    return isinstance(person, Staff) and person.may(Permission(permission))


@lru_cache(maxsize=256)
def _drawn(name: str, size: int, classes: str) -> SafeString:
    attributes = {"class": f"glyph {classes}".strip(), "aria_hidden": "true", "focusable": "false"}
    return mark_safe(lucide(name, size=size, **attributes))  # noqa: S308 - the package's own drawings


@register.simple_tag
def icon(name: str, size: int = 20, classes: str = "") -> SafeString:
    """A lucide icon as decoration, hidden from screen readers: `{% icon "copy" 16 %}`."""
    return _drawn(str(name), size, str(classes))


@lru_cache(maxsize=4096, typed=True)
def _drawn_once(template_name: str, language: str, **arguments: object) -> SafeString:
    return SafeString(get_template(template_name).render(arguments))


@register.simple_tag
def draw_once(template_name: str, **arguments: object) -> SafeString:
    """Include a template with these arguments only, drawn once for each set of them and each language.

    For what a page is made of again and again: `{% draw_once "partials/seats.html" fewest=1 largest=300 %}`. The
    template may depend on nothing but its arguments, which are hashable and never change, and the language: not on
    the request or the person, nor on the time zone or what day it is. Raises `TypeError` for what is not hashable.
    """
    return _drawn_once(template_name, get_language() or "", **arguments)


@register.simple_tag
def plans_included(plans: Iterable[object]) -> SafeString:
    """The service plans of an offer, or their names, each with a tick."""
    return draw_once("partials/plans_included.html", plans=tuple(map(str, plans)))


@register.simple_tag(takes_context=True)
def page_theme(context: template.Context) -> str:
    """The theme this page is drawn in: light, dark or auto."""
    request: HttpRequest | None = context.get("request")
    return theme_of(request) if request is not None else Theme.AUTO


@register.simple_tag(takes_context=True)
def navigation(context: template.Context) -> SafeString:
    """The main navigation: the entries that this person may open, and which of them this page stands under."""
    request = context["request"]
    person: Staff = request.user
    # What names a single thing makes no difference here.
    place = _NAMES_ONE.split(request.path, 1)
    return draw_once(
        "partials/navigation.html",
        path=place[0] + ("/…" if len(place) > 1 else ""),
        has_partner=person.partner_id is not None,
        permissions=person.permissions if person.partner_id is not None else frozenset(),
        is_platform=person.is_staff,
    )


@register.simple_tag(takes_context=True)
def nav_link(context: template.Context, url_name: str, text: str, icon_name: str, under: str = "") -> SafeString:
    """One entry of the navigation, marked "page" where it is this page and "true" where this page stands under it."""
    url, path = reverse(url_name), context["path"]
    below = path.startswith(under or url) and url != "/"
    here = "page" if path == url else "true" if below else ""
    return draw_once("partials/nav_link.html", url=url, text=text, icon_name=icon_name, here=here)


@register.simple_tag
def draw_control(field: BoundField) -> SafeString:
    """The control of a form field in the look of the portal; Django ties help and errors to it."""
    kind = getattr(field.field.widget, "input_type", "")
    look = {"select": "form-select", "checkbox": "form-check-input", "radio": "form-check-input"}.get(
        kind, "form-control"
    )
    given = str(field.field.widget.attrs.get("class", ""))
    classes = " ".join(filter(None, [look, given, "is-invalid" if field.errors else ""]))
    return field.as_widget(attrs={"class": classes})


@register.simple_tag
def draw_choice(choice: BoundWidget) -> SafeString:
    """One box or button of a field with several choices, without its label."""
    attributes = {**choice.data["attrs"], "class": "form-check-input"}
    if choice.data["selected"]:
        attributes["checked"] = True
    return format_html(
        '<input type="{}" name="{}" value="{}"{}>',
        choice.data["type"],
        choice.data["name"],
        choice.data["value"],
        flatatt(attributes),
    )


@register.simple_tag
def crumb(text: str, url: str = "") -> SafeString:
    """One step of the breadcrumb: with an address a link, without one the page itself."""
    # The space at the end is where a narrow page breaks the line.
    if url:
        return format_html('<li><a href="{}">{}</a></li> ', url, text)
    return format_html('<li aria-current="page">{}</li> ', text)


@register.simple_tag
def moment(value: datetime.datetime | None) -> SafeString:
    """Date and time in the person's zone and language, absolute, for people and for programs."""
    if value is None:
        return SafeString("")
    local = timezone.localtime(value)
    words = formats.date_format(local, "DATETIME_FORMAT")
    return format_html('<time datetime="{}" title="{}">{}</time>', local.isoformat(), f"{words} ({local:%Z})", words)


@register.simple_tag
def day(value: datetime.date | None) -> SafeString:
    """A date in the person's zone and language, with the time on hover where there is one."""
    if value is None:
        return SafeString("")
    local = timezone.localtime(value) if isinstance(value, datetime.datetime) else value
    words = formats.date_format(local, "DATE_FORMAT")
    precise = formats.date_format(local, "DATETIME_FORMAT") if isinstance(local, datetime.datetime) else words
    return format_html('<time datetime="{}" title="{}">{}</time>', local.isoformat(), precise, words)
