"""The offers: find one, compare some, see all of one."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from catalog.models import Category
from desk.offers import (
    FEWEST_COMPARED,
    MOST_COMPARED,
    Catalogue,
    OfferLine,
    compare_plans,
    read_catalogue,
    sections,
)
from partners.access import access
from partners.roles import Permission

LONGEST_SEARCH = 200


@dataclass(frozen=True)
class Asked:
    """What the list is asked for: words to find, categories to show, and the offers ticked for comparison."""

    text: str
    categories: frozenset[str]
    ticked: Sequence[uuid.UUID]
    has_unknown: bool

    def shows(self, line: OfferLine) -> bool:
        """Whether the list shows this offer."""
        is_in_category = not self.categories or line.offer.category in self.categories
        return is_in_category and line.is_found_by(self.text.casefold().split())


def _asked(query: QueryDict, catalogue: Catalogue) -> Asked:
    ticked: dict[uuid.UUID, None] = {}
    has_unknown = False
    for text in query.getlist("offer"):
        try:
            offer_id = uuid.UUID(text)
        except ValueError:
            has_unknown = True
            continue
        if offer_id in catalogue:
            ticked[offer_id] = None
        else:
            has_unknown = True
    return Asked(
        text=query.get("q", "")[:LONGEST_SEARCH].replace("\x00", "").strip(),
        categories=frozenset(query.getlist("category")) & frozenset(Category.values),
        ticked=list(ticked),
        has_unknown=has_unknown,
    )


@require_safe
@access(may=Permission.SEE_OFFERS, platform=True)
def offer_list(request: HttpRequest) -> HttpResponse:
    """The offers by category: `?q=` finds by name, number, plan or service, `?category=` shows some categories."""
    catalogue = read_catalogue(on=timezone.localdate())
    return _list(request, catalogue, _asked(request.GET, catalogue))


def _list(request: HttpRequest, catalogue: Catalogue, asked: Asked, problem: str = "") -> HttpResponse:
    shown = [line for line in catalogue.values() if asked.shows(line)]
    context = {
        "sections": sections(shown),
        "asked": asked,
        "problem": problem,
        "categories": [(value, label, value in asked.categories) for value, label in Category.choices],
        "is_filtered": bool(asked.text or asked.categories),
        # What is ticked stays ticked while one looks for more.
        "out_of_sight": [catalogue[pk].offer for pk in asked.ticked if catalogue[pk] not in shown],
        "count": sum(line.offer.is_available for line in catalogue.values()),
        "is_empty": not catalogue,
    }
    return render(request, "desk/offers.html", context)


@require_safe
@access(may=Permission.SEE_OFFERS, platform=True)
def offer_compare(request: HttpRequest) -> HttpResponse:
    """Two to four offers side by side, plan by plan: `?offer=…&offer=…`; otherwise the list, which says why."""
    catalogue = read_catalogue(on=timezone.localdate())
    asked = _asked(request.GET, catalogue)
    if problem := _problem(asked):
        return _list(request, catalogue, asked, problem)
    lines = [catalogue[pk] for pk in asked.ticked]
    context = {
        "lines": lines,
        "columns": [(line, _without(asked.ticked, line)) for line in lines],
        "services": compare_plans(lines),
        "width": len(lines) + 1,
        "may_leave_out": len(lines) > FEWEST_COMPARED,
        "back": _address(asked.ticked),
    }
    return render(request, "desk/offer_compare.html", context)


def _problem(asked: Asked) -> str:
    """Why these offers cannot be compared, if so."""
    if asked.has_unknown:
        return _("An offer that was to be compared is not in the catalogue (any more). Tick two to four offers.")
    if len(asked.ticked) < FEWEST_COMPARED:
        return _("Tick at least two offers to compare them.")
    if len(asked.ticked) > MOST_COMPARED:
        return _("At most four offers stand side by side. Untick some of them.")
    return ""


def _without(ticked: Iterable[uuid.UUID], line: OfferLine) -> str:
    return _address(pk for pk in ticked if pk != line.offer.pk)


def _address(offer_ids: Iterable[uuid.UUID]) -> str:
    query = QueryDict(mutable=True)
    query.setlist("offer", [str(pk) for pk in offer_ids])
    return f"?{query.urlencode()}"


@require_safe
@access(may=Permission.SEE_OFFERS, platform=True)
def offer_details(request: HttpRequest, offer_id: uuid.UUID) -> HttpResponse:
    """One offer: its services, limits, prices of all days, what leads to and from it, its add-ons."""
    today = timezone.localdate()
    line = read_catalogue(on=today).get(offer_id)
    if line is None:
        raise Http404
    prices = list(line.offer.prices.order_by("currency", "-valid_from"))
    context = {
        "line": line,
        "offer": line.offer,
        "prices": [(price, price.is_valid_on(today), price.valid_from > today) for price in prices],
    }
    return render(request, "desk/offer_details.html", context)
