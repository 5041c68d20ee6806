"""An API of its own, as small as can be: plants are watered, so that what holds for all operations can be shown.

`settings.ROOT_URLCONF = "tests.api.plants"` puts it in the place of the portal's.
"""

from django.core.exceptions import PermissionDenied
from django.db import OperationalError, connection
from django.http import Http404, HttpResponse
from django.urls import path
from ninja import Query, Router, Status

from activity.errors import Refused
from activity.operations import record
from api.assembly import addresses, assemble
from api.etags import etag_of, precondition, set_etag
from api.faults import NO_SUBSCRIPTION, NOTHING, WireFault, refused
from api.filters import asked_filter
from api.paging import OffsetQuery, SeekQuery, asked_seek, offset_collection, seek_collection, self_links
from api.serving import Call, CallRequest, path_id, serves
from api.shapes import Attributes, BillingCycle, Collection, Links, Moment, Whole, WireIn, WireOut
from customers.models import ResellerRelationship
from desk.paging import BY_NAME, gather
from partners.roles import Permission

OPERATION = "water_the_plants"
VERSION = 3
router = Router()


class PotIn(WireIn):
    quantity: Whole


class PlantIn(WireIn):
    name: str
    is_thirsty: bool = True
    cycle: BillingCycle = "monthly"
    at: Moment | None = None
    line_items: list[PotIn] = []
    etag: str | None = None


class PlantOut(WireOut):
    id: str
    name: str
    cycle: str = "monthly"
    at: Moment | None = None
    links: Links
    attributes: Attributes = Attributes(object_type="Plant")


class Withered(Refused):
    codes = ("withered",)


class BadlyWithered(Withered):
    pass


class OutOfSeason(Refused):
    @property
    def message(self) -> str:
        return "It is winter."


@refused(Withered)
def withered(refusal: Withered, call: Call) -> WireFault:
    return WireFault(NO_SUBSCRIPTION, f"Withered for {call.partner}")


def _break_a_statement() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nothing FROM nowhere")


FAILURES = {
    "withered": BadlyWithered(),
    "winter": OutOfSeason(),
    "forbidden": PermissionDenied(),
    "lost": Http404(),
    "broken": RuntimeError("secret words"),
    "locked": OperationalError("database is locked"),
    "away": OperationalError("no connection"),
}


def watered(request: CallRequest, body: PlantIn, response: HttpResponse) -> PlantOut:
    """Leave a record, then fail if the name asks for it."""
    call = request.call
    row = record(actor=call.caller.actor, operation=OPERATION, resource_type="plant", after={"key": call.key})
    if body.name == "statement":
        _break_a_statement()
    if body.name in FAILURES:
        raise FAILURES[body.name]
    set_etag(response, etag_of(row.pk, VERSION))
    return PlantOut(id=str(row.pk), name=body.name, cycle=body.cycle, at=body.at, links=self_links(request))


@serves(
    router,
    "POST",
    "/plants",
    may=Permission.MANAGE_SUBSCRIPTIONS,
    answer=PlantOut,
    status=201,
    records=OPERATION,
    tag="Plants",
)
def water_plant(request: CallRequest, body: PlantIn, response: HttpResponse) -> Status[PlantOut]:
    """Water a plant."""
    plant = watered(request, body, response)
    response["Location"] = f"/v1/plants/{plant.id}"
    return Status(201, plant)


@serves(
    router,
    "PUT",
    "/customers/{customer_id}/plants/{subscription_id}",
    may=Permission.MANAGE_SUBSCRIPTIONS,
    answer=PlantOut,
    records=OPERATION,
    tag="Plants",
)
def put_plant(
    request: CallRequest, customer_id: str, subscription_id: str, body: PlantIn, response: HttpResponse
) -> PlantOut:
    """Water a plant of a customer."""
    asked = path_id(subscription_id, NOTHING)
    before = precondition(request, body.etag)
    if before.version_for(asked, VERSION) not in (None, VERSION):
        raise before.stale()
    return watered(request, body, response)


@serves(router, "GET", "/plants", may=Permission.SEE_CUSTOMERS, answer=Collection[PlantOut], tag="Plants")
def list_plants(request: CallRequest, query: Query[SeekQuery]) -> Collection[PlantOut]:
    """One plant for each customer."""
    seek = asked_seek(request, query)
    asked_filter(query.filter, {"CompanyName": "starts_with"})
    rows = ResellerRelationship.objects.visible_to_partner(request.call.partner.pk)
    found = gather(BY_NAME.runs(rows.select_related("customer"), seek.place), seek.size + 1)
    page = found[: seek.size]
    plants = [PlantOut(id=str(row.customer_id), name=str(row.customer), links=self_links(request)) for row in page]
    return seek_collection(request, plants, cursor=BY_NAME.cursor(page[-1]) if len(found) > seek.size else None)


@serves(router, "GET", "/pots", may=None, answer=Collection[PlantOut], tag="Plants")
def list_pots(request: CallRequest, query: Query[OffsetQuery]) -> Collection[PlantOut]:
    """Five pots."""
    pots = [PlantOut(id=str(number), name="pot", links=self_links(request)) for number in range(5)]
    return offset_collection(request, pots, offset=query.offset, size=query.size)


@serves(
    router,
    "GET",
    "/customers/{customer_id}/plants/{subscription_id}",
    may=Permission.SEE_CUSTOMERS,
    answer=PlantOut,
    tag="Plants",
)
def get_plant(request: CallRequest, customer_id: str, subscription_id: str) -> PlantOut:
    """The plant of a customer; of any other id, none."""
    customer = request.call.customer
    if path_id(subscription_id, NO_SUBSCRIPTION) != customer.pk:
        raise Http404
    return PlantOut(id=str(customer.pk), name=customer.company_name, links=self_links(request))


@serves(router, "HEAD", "/plants/{name}", may=None, answer=None, tag="Plants")
def has_plant(request: CallRequest, name: str) -> None:
    """Whether there is such a plant."""
    if name != "fern":
        raise WireFault(NOTHING)


portal = assemble([router])
urlpatterns = [path("v1/", addresses(portal))]
