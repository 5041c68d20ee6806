"""On the wire: what can be bought, by itself or for a customer."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.utils.translation import get_language
from ninja import Query, Router

from api.faults import NOTHING, missing
from api.headers import locale_of
from api.paging import OffsetQuery, offset_collection, whole_collection
from api.serving import CallRequest, path_id, serves
from api.shapes import Attributes, BillingCycle, BillingType, Collection, Links, WireOut, links
from catalog.models import Category, Offer, OfferPrerequisite
from partners.roles import Permission
from upgrades.models import UpgradePath

router = Router()
TAG = "Offers"
COUNTRY = "CN"
UNIT = "Licenses"
FOR_CUSTOMER = (Permission.SEE_CUSTOMERS, Permission.SEE_OFFERS)


@dataclass(frozen=True)
class Shelf:
    """Where a category stands on the wire: its id there, and its rank."""

    id: str
    rank: int


SHELVES = {
    Category.ENTERPRISE: Shelf("Enterprise_Key", 20),
    Category.SMALL_BUSINESS: Shelf("SmallBusiness_Key", 30),
    Category.STANDALONE: Shelf("Standalone_Key", 50),
}


class CountryQuery(OffsetQuery):
    """For which country, and which part of the collection."""

    country: str | None = None


class OffersQuery(CountryQuery):
    """Which offers."""

    offer_category_id: str | None = None
    product_id: str | None = None


class OfferCategoryOut(WireOut):
    """A shelf of the catalogue."""

    id: str
    name: str
    rank: int
    locale: str
    country: str = COUNTRY
    attributes: Attributes = Attributes(object_type="OfferCategory")


class ProductOut(WireOut):
    """What an offer sells."""

    id: str | None
    name: str
    unit: str = UNIT


class OfferOut(WireOut):
    """What is sold: its limits, and what it leads to."""

    id: str
    name: str
    description: str
    minimum_quantity: int
    maximum_quantity: int
    rank: int
    uri: str
    locale: str
    country: str = COUNTRY
    category: OfferCategoryOut
    prerequisite_offers: list[str]
    is_add_on: bool
    has_add_ons: bool
    is_available_for_purchase: bool
    billing: BillingType = "license"
    supported_billing_cycles: list[BillingCycle] = ["monthly", "annual"]
    is_auto_renewable: bool = True
    is_internal: bool = False
    upgrade_target_offers: list[str]
    conversion_target_offers: list[str] = []
    is_trial: bool = False
    product: ProductOut
    unit_type: str = UNIT
    links: Links
    attributes: Attributes = Attributes(object_type="Offer")


def offer_uri(offer_id: uuid.UUID) -> str:
    """Where an offer is found."""
    return f"/offers/{offer_id}?country={COUNTRY}"


@dataclass
class _Relations:
    """What an offer leads to, by their ids in the catalogue's order."""

    targets: list[str] = field(default_factory=list)
    prerequisites: list[str] = field(default_factory=list)
    has_add_ons: bool = False


def offers_out(offers: Iterable[Offer]) -> list[OfferOut]:
    """These offers as they are sent: two queries, however many there are."""
    offers = list(offers)
    relations = _relations(offers)
    return [_offer_out(offer, relations[offer.pk]) for offer in offers]


def _relations(offers: Sequence[Offer]) -> dict[uuid.UUID, _Relations]:
    found = {offer.pk: _Relations() for offer in offers}
    paths = UpgradePath.objects.filter(source__in=found, target__is_available=True).order_by("target__rank", "target")
    for source, target in paths.values_list("source_id", "target_id"):
        found[source].targets.append(str(target))
    pairs = OfferPrerequisite.objects.order_by("prerequisite__rank", "prerequisite")
    for add_on, prerequisite, is_sold in pairs.values_list("offer_id", "prerequisite_id", "offer__is_available"):
        if add_on in found:
            found[add_on].prerequisites.append(str(prerequisite))
        if prerequisite in found:
            found[prerequisite].has_add_ons |= is_sold
    return found


def _offer_out(offer: Offer, relations: _Relations) -> OfferOut:
    return OfferOut(
        id=str(offer.pk),
        name=offer.name,
        description=offer.description or offer.name,
        minimum_quantity=offer.minimum_quantity,
        maximum_quantity=offer.maximum_quantity,
        rank=offer.rank,
        uri=offer_uri(offer.pk),
        locale=_locale(),
        category=_category_out(Category(offer.category)),
        prerequisite_offers=relations.prerequisites,
        is_add_on=bool(relations.prerequisites),
        has_add_ons=relations.has_add_ons,
        is_available_for_purchase=offer.is_available,
        upgrade_target_offers=relations.targets,
        product=ProductOut(id=str(offer.sku_id) if offer.sku_id else None, name=offer.name),
        links=links(offer_uri(offer.pk)),
    )


def _category_out(category: Category) -> OfferCategoryOut:
    shelf = SHELVES[category]
    return OfferCategoryOut(id=shelf.id, name=str(category.label), rank=shelf.rank, locale=_locale())


def _locale() -> str:
    return locale_of(get_language() or "")


def _is_sold_in(country: str | None) -> bool:
    return not country or country.strip().upper() == COUNTRY


def _on_sale(query: OffersQuery) -> list[OfferOut]:
    """What may be bought now, as far as it is asked for."""
    offers = offers_out(Offer.objects.available().order_by("rank", "pk"))
    if query.offer_category_id:
        offers = [offer for offer in offers if offer.category.id.casefold() == query.offer_category_id.casefold()]
    if query.product_id:
        offers = [offer for offer in offers if offer.product.id == query.product_id.lower()]
    return offers


def _categories() -> list[OfferCategoryOut]:
    return sorted((_category_out(category) for category in SHELVES), key=lambda category: category.rank)


def _known_offer(text: str) -> Offer:
    """The offer with this id, on sale or not."""
    offer: Offer | None = Offer.objects.filter(pk=path_id(text, NOTHING)).first()
    if offer is None:
        raise missing(NOTHING, text)
    return offer


def _add_ons(offer: Offer) -> list[OfferOut]:
    add_ons = Offer.objects.available().filter(prerequisites__prerequisite=offer).distinct()
    return offers_out(add_ons.order_by("rank", "pk"))


@serves(router, "GET", "/offers", may=Permission.SEE_OFFERS, answer=Collection[OfferOut], tag=TAG)
def get_offers(request: CallRequest, query: Query[OffersQuery]) -> Collection[OfferOut]:
    """What can be bought, in the catalogue's order."""
    offers = _on_sale(query) if _is_sold_in(query.country) else []
    return offset_collection(request, offers, offset=query.offset, size=query.size)


@serves(router, "GET", "/offers/{offer_id}", may=Permission.SEE_OFFERS, answer=OfferOut, faults=(NOTHING,), tag=TAG)
def get_offer(request: CallRequest, offer_id: str, query: Query[CountryQuery]) -> OfferOut:
    """One offer, on sale or not."""
    if not _is_sold_in(query.country):
        raise missing(NOTHING, offer_id)
    return offers_out([_known_offer(offer_id)])[0]


@serves(
    router,
    "GET",
    "/offers/{offer_id}/addons",
    may=Permission.SEE_OFFERS,
    answer=Collection[OfferOut],
    faults=(NOTHING,),
    tag=TAG,
)
def get_offer_add_ons(request: CallRequest, offer_id: str, query: Query[CountryQuery]) -> Collection[OfferOut]:
    """The add-ons that can be bought beside this offer."""
    add_ons = _add_ons(_known_offer(offer_id)) if _is_sold_in(query.country) else []
    return whole_collection(request, add_ons)


@serves(router, "GET", "/offercategories", may=Permission.SEE_OFFERS, answer=Collection[OfferCategoryOut], tag=TAG)
def get_offer_categories(request: CallRequest, query: Query[CountryQuery]) -> Collection[OfferCategoryOut]:
    """The shelves of the catalogue."""
    shelves = _categories() if _is_sold_in(query.country) else []
    return offset_collection(request, shelves, offset=query.offset, size=query.size)


@serves(router, "GET", "/customers/{customer_id}/offers", may=FOR_CUSTOMER, answer=Collection[OfferOut], tag=TAG)
def get_customer_offers(request: CallRequest, customer_id: str, query: Query[OffersQuery]) -> Collection[OfferOut]:
    """What can be bought for this customer."""
    return offset_collection(request, _on_sale(query), offset=query.offset, size=query.size)


@serves(
    router,
    "GET",
    "/customers/{customer_id}/offers/{offer_id}",
    may=FOR_CUSTOMER,
    answer=OfferOut,
    faults=(NOTHING,),
    tag=TAG,
)
def get_customer_offer(request: CallRequest, customer_id: str, offer_id: str) -> OfferOut:
    """One offer, for this customer."""
    return offers_out([_known_offer(offer_id)])[0]


@serves(
    router,
    "GET",
    "/customers/{customer_id}/offers/{offer_id}/addons",
    may=FOR_CUSTOMER,
    answer=Collection[OfferOut],
    faults=(NOTHING,),
    tag=TAG,
)
def get_customer_offer_add_ons(request: CallRequest, customer_id: str, offer_id: str) -> Collection[OfferOut]:
    """The add-ons that can be bought for this customer beside this offer."""
    return whole_collection(request, _add_ons(_known_offer(offer_id)))


@serves(
    router,
    "GET",
    "/customers/{customer_id}/offercategories",
    may=FOR_CUSTOMER,
    answer=Collection[OfferCategoryOut],
    tag=TAG,
)
def get_customer_offer_categories(
    request: CallRequest, customer_id: str, query: Query[OffsetQuery]
) -> Collection[OfferCategoryOut]:
    """The shelves of the catalogue, for this customer."""
    return offset_collection(request, _categories(), offset=query.offset, size=query.size)
