"""On the wire: the link by which customers ask for a relationship, and what of a customer the partner administers."""

from django.conf import settings
from ninja import Router

from api.paging import whole_collection
from api.serving import CallRequest, serves
from api.shapes import Attributes, Collection, Link, WireOut
from catalog.models import Service
from customers.invitation_mail import general_path
from customers.models import DelegatedAdminPrivilege
from partners.mail import absolute
from partners.roles import Permission

router = Router()
TAG = "Relationships"
GROUP = "Office"
# Ids and names of services as programs know them; others go by the catalogue's code and name.
SERVICES = {
    "exchange": ("Exchange", "Exchange"),
    "skype": ("MicrosoftCommunicationsOnline", "SkypeforBusiness"),
    "sharepoint": ("SharePoint", "SharePoint"),
    "onedrive": ("OneDrive", "OneDrive for Business"),
    "office-web": ("OfficeWeb", "Office for the web"),
    "office-mobile": ("OfficeMobile", "Office mobile apps"),
    "office-desktop": ("OfficeDesktop", "Office desktop apps"),
    "information-protection": ("InformationProtection", "Azure Information Protection"),
    "bookings": ("Bookings", "Microsoft Bookings"),
}


class RelationshipRequestOut(WireOut):
    """Where a customer says yes."""

    url: str
    attributes: Attributes = Attributes(object_type="RelationshipRequest")


class ServiceLinks(WireOut):
    """Where a service is administered."""

    admin_service: Link | None = None
    service_health: Link | None = None
    service_ticket: Link | None = None


class ManagedServiceOut(WireOut):
    """A service of a customer that the partner may administer."""

    id: str
    name: str
    group_name: str = GROUP
    links: ServiceLinks
    attributes: Attributes = Attributes(object_type="ManagedService")


@serves(
    router,
    "GET",
    "/customers/relationshiprequests",
    may=Permission.REQUEST_RELATIONSHIP,
    answer=RelationshipRequestOut,
    tag=TAG,
)
def get_relationship_request(request: CallRequest) -> RelationshipRequestOut:
    """The page of the portal to send to a customer, the same for all of them."""
    return RelationshipRequestOut(url=absolute(general_path(request.call.partner.pk)))


@serves(
    router,
    "GET",
    "/customers/{customer_id}/managedservices",
    may=Permission.SEE_CUSTOMERS,
    answer=Collection[ManagedServiceOut],
    tag=TAG,
)
def list_managed_services(request: CallRequest, customer_id: str) -> Collection[ManagedServiceOut]:
    """The services of a customer that the partner may administer, in the catalogue's order."""
    call = request.call
    held = DelegatedAdminPrivilege.objects.held_by(call.partner.pk).filter(customer=call.customer)
    privileges = held.select_related("service").order_by("service")
    return whole_collection(request, [_managed(privilege.service) for privilege in privileges])


def _managed(service: Service) -> ManagedServiceOut:
    wire_id, name = SERVICES.get(service.code, (service.code, service.name))
    centre = Link(uri=settings.ADMIN_CENTRE_URL) if settings.ADMIN_CENTRE_URL else None
    return ManagedServiceOut(
        id=wire_id, name=name, links=ServiceLinks(admin_service=centre, service_health=centre, service_ticket=centre)
    )
