"""On the wire: the customers of a partner."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from ninja import Query, Router, Status

from api.faults import (
    DOMAIN,
    REGISTRATION_NUMBER,
    UNREADABLE,
    WireFault,
    members_fault,
    members_refused,
    refused,
)
from api.filters import FieldFilter, asked_filter
from api.paging import SeekQuery, asked_seek, seek_collection
from api.resources.profiles import (
    BILLING,
    BillingProfileIn,
    BillingProfileOut,
    CompanyProfileOut,
    Line,
    billing_profile,
    company_profile,
)
from api.serving import Call, CallRequest, serves
from api.shapes import Attributes, Collection, Links, RelationshipToPartner, WireIn, WireOut, links
from customers.addresses import CHINA
from customers.errors import DomainTaken
from customers.models import (
    HOST_NAME,
    BillingProfile,
    ContactDetails,
    Customer,
    DelegatedAdminPrivilege,
    ResellerRelationship,
)
from customers.naming import name_key
from customers.operations import CREATE, checked_billing, checked_company, create_customer
from customers.querysets import RelationshipQuerySet
from desk.paging import BY_NAME, gather
from partners.roles import Permission

router = Router()
TAG = "Customers"
NAME, DOMAIN_FIELD = "CompanyName", "Domain"
FIELDS = dict.fromkeys((NAME, DOMAIN_FIELD, "IndirectReseller", "IndirectCloudSolutionProvider"), "starts_with")
# A domain that is right, for the look at a company's other values.
STAND_IN = "contoso.example"


class CompanyProfileIn(WireIn):
    """What a new customer is called."""

    domain: str
    company_name: Line = ""
    organization_registration_number: str = ""


class CustomerIn(WireIn):
    """A customer that is to be."""

    company_profile: CompanyProfileIn
    billing_profile: BillingProfileIn

    @property
    def company_name(self) -> str:
        """What the company is called: as the bills say, unless it is said."""
        return self.company_profile.company_name.strip() or self.billing_profile.company_name


class CustomerOut(WireOut):
    """A customer; the billing profile and what follows from it are there where one customer is asked for."""

    id: str
    company_profile: CompanyProfileOut
    billing_profile: BillingProfileOut | None = None
    relationship_to_partner: RelationshipToPartner
    allow_delegated_access: bool | None = None
    custom_domains: list[str] | None = None
    links: Links
    attributes: Attributes = Attributes(object_type="Customer")


@serves(
    router,
    "GET",
    "/customers",
    may=Permission.SEE_CUSTOMERS,
    answer=Collection[CustomerOut],
    faults=(UNREADABLE,),
    tag=TAG,
)
def list_customers(request: CallRequest, query: Query[SeekQuery]) -> Collection[CustomerOut]:
    """The customers of the partner by name, those included whose relationship ended after something was sold."""
    seek = asked_seek(request, query)
    runs = _matching(request.call, asked_filter(query.filter, FIELDS))
    ordered = (part for run in runs for part in BY_NAME.runs(run, seek.place))
    found = gather(ordered, seek.size + 1)
    page = found[: seek.size]
    cursor = BY_NAME.cursor(page[-1]) if len(found) > seek.size else None
    return seek_collection(request, [_customer(relationship) for relationship in page], cursor=cursor)


@serves(
    router,
    "POST",
    "/customers",
    may=Permission.MANAGE_SUBSCRIPTIONS,
    answer=CustomerOut,
    status=201,
    faults=(REGISTRATION_NUMBER, DOMAIN),
    records=CREATE,
    tag=TAG,
)
def create_new_customer(request: CallRequest, body: CustomerIn) -> Status[CustomerOut]:
    """Make a customer, with the reseller relationship and the privileges for every service."""
    _refuse_registration_number(body)
    _refuse_wrong_values(body)
    call = request.call
    customer = create_customer(
        staff=call.caller,
        company_name=body.company_name,
        domain=body.company_profile.domain,
        billing=body.billing_profile.values,
        key=call.key,
    )
    relationship = ResellerRelationship.objects.select_related("customer").get(
        customer=customer, partner_id=call.partner.pk
    )
    return Status(201, _customer(relationship, billing=_billing_of(customer), allow_delegated_access=True))


@serves(router, "GET", "/customers/{customer_id}", may=Permission.SEE_CUSTOMERS, answer=CustomerOut, tag=TAG)
def get_customer(request: CallRequest, customer_id: str) -> CustomerOut:
    """One customer, with its billing profile where one is known."""
    call, customer = request.call, request.call.customer
    assert call.relationship is not None
    held = DelegatedAdminPrivilege.objects.held_by(call.partner.pk).filter(customer=customer)
    return _customer(
        call.relationship,
        contact=ContactDetails.objects.filter(pk=customer.pk).first(),
        billing=_billing_of(customer),
        allow_delegated_access=held.exists(),
        custom_domains=[customer.domain],
    )


@refused(DomainTaken)
def domain_taken(refusal: DomainTaken, call: Call) -> WireFault:
    """The domain is somebody's, whoever's."""
    return WireFault(DOMAIN, str(refusal), data=["companyProfile.domain"])


def _customer(
    relationship: ResellerRelationship,
    *,
    contact: ContactDetails | None = None,
    billing: BillingProfileOut | None = None,
    allow_delegated_access: bool | None = None,
    custom_domains: list[str] | None = None,
) -> CustomerOut:
    customer = relationship.customer
    return CustomerOut(
        id=str(customer.pk),
        company_profile=company_profile(customer, contact),
        billing_profile=billing,
        relationship_to_partner="none" if relationship.has_ended else "reseller",
        allow_delegated_access=allow_delegated_access,
        custom_domains=custom_domains,
        links=links(f"/customers/{customer.pk}"),
    )


def _billing_of(customer: Customer) -> BillingProfileOut | None:
    profile = BillingProfile.objects.filter(pk=customer.pk).first()
    return billing_profile(profile) if profile else None


def _matching(call: Call, asked: FieldFilter | None) -> Sequence[QuerySet[ResellerRelationship]]:
    """The relationships that the filter lets through, in runs that follow one another in the order of names."""
    partner_id = call.partner.pk
    visible = ResellerRelationship.objects.visible_to_partner(partner_id).select_related("customer")
    if asked is None or not name_key(asked.value):
        return [visible]
    # An index finds what contains the value; of that, what begins with it is looked for.
    found: list[RelationshipQuerySet] = [
        run.search(asked.value, partner_id=partner_id) for run in visible.runs_for(asked.value)
    ]
    if asked.field == NAME:
        return [run.filter(name_key__startswith=name_key(asked.value)) for run in found]
    if asked.field == DOMAIN_FIELD:
        return [run.filter(domain__startswith=asked.value.strip().lower()) for run in found]
    # Nobody sells through another partner here.
    return []


def _refuse_registration_number(body: CustomerIn) -> None:
    number = body.company_profile.organization_registration_number.strip()
    if number and body.billing_profile.default_address.country.upper() == CHINA:
        raise WireFault(REGISTRATION_NUMBER, data=["companyProfile.organizationRegistrationNumber"])


def _refuse_wrong_values(body: CustomerIn) -> None:
    """Raise a `WireFault` (400/3000) that names everything that no customer can be made of, by the wire's names."""
    company, billing = body.company_profile, {name: f"billingProfile.{path}" for name, path in BILLING.items()}
    named = "companyProfile.companyName" if company.company_name.strip() else billing["company_name"]
    names = {"domain": "companyProfile.domain", "company_name": named}
    wrong = _faults(partial(_check_domain, company.domain), names)
    wrong += _faults(partial(checked_company, company_name=body.company_name, domain=STAND_IN), names)
    wrong += _faults(partial(checked_billing, body.billing_profile.values), billing)
    if wrong:
        raise members_fault(list(dict.fromkeys(wrong)))


def _check_domain(domain: str) -> None:
    """Raise `ValidationError` for what is no whole host name: the wire completes none."""
    if not HOST_NAME.match(domain):
        raise ValidationError({"domain": _("must be a host name, such as contoso.partner.onmschina.cn")})


def _faults(check: Callable[[], object], names: Mapping[str, str]) -> list[str]:
    try:
        check()
    except ValidationError as error:
        return members_refused(error, names).data
    return []
