"""What the demo adds to the catalogue: what each offer costs, and an add-on. The prices are invented."""

import datetime
import uuid
from decimal import Decimal

from catalog.models import Category, Offer, Price, ServicePlan
from catalog.operations import set_plans
from catalog.pricing import set_price
from partnercenter.demo.companies import (
    BUSINESS,
    E1,
    E3,
    ESSENTIALS,
    EXCHANGE_1,
    EXCHANGE_2,
    PREMIUM,
    PROPLUS,
    SHAREPOINT_1,
    SHAREPOINT_2,
)
from partnercenter.demo.portfolio import demo_id

ARCHIVING = "Exchange Online Archiving"
ARCHIVING_NUMBER = "EXCHANGEARCHIVE_ADDON"
# Skype for Business Online (Plan 1) has none, so that one sees how that looks.
PRICES = {
    BUSINESS: "57.50",
    ESSENTIALS: "33.50",
    PREMIUM: "83.50",
    PROPLUS: "80.00",
    E1: "53.50",
    E3: "133.50",
    EXCHANGE_1: "26.80",
    EXCHANGE_2: "53.50",
    SHAREPOINT_1: "33.50",
    SHAREPOINT_2: "67.00",
    "Skype for Business Online (Plan 2)": "36.80",
    ARCHIVING: "20.10",
}
# From the first of January to come.
NEXT_YEAR = {PREMIUM: "89.90"}


def add_catalogue(*, today: datetime.date) -> int:
    """Add the add-on where it is missing, and the prices where there are none at all; how many prices are new."""
    offers = {offer.name: offer for offer in Offer.objects.all()}
    if ARCHIVING not in offers and not Offer.objects.filter(sku_part_number=ARCHIVING_NUMBER).exists():
        offers[ARCHIVING] = _add_archiving()
    if Price.objects.exists():
        return 0
    wanted = [(name, amount, today.year) for name, amount in PRICES.items()]
    wanted += [(name, amount, today.year + 1) for name, amount in NEXT_YEAR.items()]
    known = [one for one in wanted if one[0] in offers]
    for name, amount, year in known:
        set_price(staff=None, offer=offers[name], amount=Decimal(amount), valid_from=datetime.date(year, 1, 1))
    return len(known)


def _add_archiving() -> Offer:
    exchange = ServicePlan.objects.get(code="EXCHANGE_S_STANDARD").service
    plan, _is_new = ServicePlan.objects.get_or_create(
        code="EXCHANGE_S_ARCHIVE_ADDON", defaults={"name": ARCHIVING, "service": exchange}
    )
    offer = Offer.objects.create(
        id=uuid.UUID(demo_id(ARCHIVING)),
        name=ARCHIVING,
        sku_part_number=ARCHIVING_NUMBER,
        category=Category.STANDALONE,
        description="An archive mailbox for each user, beside a plan with Exchange Online (Plan 1).",
    )
    set_plans(offer=offer, plans=[plan])
    offer.prerequisite_offers.set(Offer.objects.filter(name__in=[ESSENTIALS, PREMIUM, E1, EXCHANGE_1]))
    return offer
