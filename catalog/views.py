"""The catalogue, for everyone who may see offers."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from catalog.models import Category, Offer
from partners.access import access
from partners.roles import Permission


@require_safe
@access(may=Permission.SEE_OFFERS, platform=True)
def offer_list(request: HttpRequest) -> HttpResponse:
    """All offers by category, each with its service plans and how many licences may be bought."""
    offers = list(Offer.objects.with_plans())
    sections = [(category, [offer for offer in offers if offer.category == category]) for category in Category]
    context = {
        "sections": [(category.label, found) for category, found in sections if found],
        "count": sum(offer.is_available for offer in offers),
    }
    return render(request, "catalog/offers.html", context)
