"""On the wire: a customer's company profile and its billing profile."""

from collections.abc import Mapping
from typing import Annotated

import phonenumbers
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.utils.translation import gettext as _
from ninja import Router
from pydantic import Field

from api.etags import etag_of, precondition, set_etag
from api.faults import NOT_ALLOWED, NOTHING, STALE_BODY, STALE_HEADER, WireFault, members_refused, refused
from api.serving import Call, CallRequest, serves
from api.shapes import Attributes, AttributesIn, Links, WireIn, WireOut, links
from customers.errors import AccountChanged, FormerReseller
from customers.models import BillingProfile, ContactDetails, Culture, Customer
from customers.models.accounts import Recipient
from customers.operations import CHANGE_BILLING, change_billing
from partners.roles import Permission

router = Router()
TAG = "Customer profiles"

Line = Annotated[str, Field(max_length=200)]
Place = Annotated[str, Field(max_length=100)]
PersonName = Annotated[str, Field(max_length=50)]
# The members of an address by the columns that hold them.
ADDRESS = {
    "country": "country",
    "region": "region",
    "city": "city",
    "state": "state",
    "district": "district",
    "address_line1": "addressLine1",
    "address_line2": "addressLine2",
    "address_line3": "addressLine3",
    "postal_code": "postalCode",
    "first_name": "firstName",
    "middle_name": "middleName",
    "last_name": "lastName",
    "phone_number": "phoneNumber",
}
# The members of a billing profile by the columns that hold them.
BILLING = {
    "profile_first_name": "firstName",
    "profile_last_name": "lastName",
    "email": "email",
    "culture": "culture",
    "language": "language",
    "company_name": "companyName",
    **{column: f"defaultAddress.{member}" for column, member in ADDRESS.items()},
}
# What is told of a company's address.
COMPANY_ADDRESS = ("country", "region", "city", "address_line1", "postal_code")
CULTURES = {culture.casefold(): culture for culture in Culture.values}


class PostalAddressIn(WireIn):
    """Where, and to whom, bills are sent."""

    country: Annotated[str, Field(max_length=2)]
    region: Place = ""
    city: Place
    state: Place = ""
    district: Place = ""
    address_line1: Line
    address_line2: Line = ""
    address_line3: Line = ""
    postal_code: Annotated[str, Field(max_length=20)] = ""
    first_name: PersonName
    middle_name: PersonName = ""
    last_name: PersonName
    phone_number: Annotated[str, Field(max_length=40)] = ""


class BillingProfileIn(WireIn):
    """A billing profile as it is to be, as a whole."""

    first_name: PersonName = ""
    last_name: PersonName = ""
    email: Annotated[str, Field(max_length=254)]
    culture: Annotated[str, Field(max_length=5)]
    language: Annotated[str, Field(max_length=2)]
    company_name: Line
    default_address: PostalAddressIn
    attributes: AttributesIn = AttributesIn()

    @property
    def values(self) -> dict[str, str]:
        """What it says, as the operations take it."""
        address = self.default_address.model_dump(by_alias=False)
        return {
            **address,
            "country": self.default_address.country.upper(),
            "profile_first_name": self.first_name,
            "profile_last_name": self.last_name,
            "email": self.email,
            "culture": CULTURES.get(self.culture.casefold(), self.culture),
            "language": self.language.lower(),
            "company_name": self.company_name,
        }


class AddressOut(WireOut):
    """An address, and whom it is the address of, as far as that is known."""

    country: str | None = None
    region: str | None = None
    city: str | None = None
    state: str | None = None
    district: str | None = None
    address_line1: str | None = None
    address_line2: str | None = None
    address_line3: str | None = None
    postal_code: str | None = None
    first_name: str | None = None
    middle_name: str | None = None
    last_name: str | None = None
    phone_number: str | None = None


class CompanyProfileOut(WireOut):
    """What a customer is called, and how to reach it as far as that is known."""

    tenant_id: str
    domain: str
    company_name: str
    address: AddressOut | None = None
    email: str | None = None
    links: Links
    attributes: Attributes = Attributes(object_type="CustomerCompanyProfile")


class BillingProfileOut(WireOut):
    """To whom a customer's bills go, and how they are written."""

    id: str
    first_name: str | None = None
    last_name: str | None = None
    email: str
    culture: str
    language: str
    company_name: str
    default_address: AddressOut
    links: Links
    attributes: Attributes


@serves(
    router,
    "GET",
    "/customers/{customer_id}/profiles/company",
    may=Permission.SEE_CUSTOMERS,
    answer=CompanyProfileOut,
    tag=TAG,
)
def get_company_profile(request: CallRequest, customer_id: str) -> CompanyProfileOut:
    """What a customer is called, and how to reach it."""
    customer = request.call.customer
    return company_profile(customer, ContactDetails.objects.filter(pk=customer.pk).first())


@serves(
    router,
    "GET",
    "/customers/{customer_id}/profiles/billing",
    may=Permission.SEE_CUSTOMERS,
    answer=BillingProfileOut,
    faults=(NOTHING,),
    tag=TAG,
)
def get_billing_profile(request: CallRequest, customer_id: str, response: HttpResponse) -> BillingProfileOut:
    """To whom a customer's bills go."""
    profile = _profile_of(request.call.customer)
    if profile is None:
        raise WireFault(NOTHING, _("No billing profile was entered for this customer yet."))
    return _sent(profile, response)


@serves(
    router,
    "PUT",
    "/customers/{customer_id}/profiles/billing",
    may=Permission.EDIT_BILLING,
    answer=BillingProfileOut,
    faults=(NOT_ALLOWED, STALE_HEADER, STALE_BODY),
    records=CHANGE_BILLING,
    tag=TAG,
)
def put_billing_profile(
    request: CallRequest, customer_id: str, body: BillingProfileIn, response: HttpResponse
) -> BillingProfileOut:
    """Make this the billing profile of a customer; what is not sent is emptied."""
    call, asked = request.call, precondition(request, body.attributes.etag)
    present = _profile_of(call.customer)
    version = asked.version_for(call.customer.pk, present.version if present else None)
    try:
        profile = change_billing(
            staff=call.caller, customer_id=call.customer.pk, values=body.values, key=call.key, version=version
        )
    except ValidationError as error:
        raise members_refused(error, BILLING) from error
    except AccountChanged as refusal:
        raise asked.stale(refusal) from refusal
    return _sent(profile, response)


@refused(FormerReseller)
def former_reseller(refusal: FormerReseller, call: Call) -> WireFault:
    """Who has been a reseller may look."""
    return WireFault(NOT_ALLOWED, str(refusal))


def company_profile(customer: Customer, contact: ContactDetails | None) -> CompanyProfileOut:
    """The company profile of a customer, with these contact details where there are any."""
    return CompanyProfileOut(
        tenant_id=str(customer.pk),
        domain=customer.domain,
        company_name=customer.company_name,
        address=_company_address(contact) if contact else None,
        email=contact.email if contact else None,
        links=links(f"/customers/{customer.pk}/profiles/company"),
    )


def billing_profile(profile: BillingProfile) -> BillingProfileOut:
    """A billing profile as it is sent."""
    return BillingProfileOut(
        id=str(profile.pk),
        first_name=profile.profile_first_name or None,
        last_name=profile.profile_last_name or None,
        email=profile.email,
        culture=profile.culture,
        language=profile.language,
        company_name=profile.company_name,
        default_address=_address(profile, ADDRESS),
        links=links(f"/customers/{profile.pk}/profiles/billing"),
        attributes=Attributes(etag=_etag(profile), object_type="CustomerBillingProfile"),
    )


def wire_phone(number: str, country: str) -> str:
    """A number as it is dialled within this country; one of another country as it is dialled from anywhere."""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return number
    national = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL)
    digits = "".join(letter for letter in national if letter.isdecimal())
    if _is_same(digits, country, parsed):
        return digits
    return number if parsed.extension else phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def _is_same(digits: str, country: str, number: phonenumbers.PhoneNumber) -> bool:
    """Whether these digits are this number to whoever reads them in this country."""
    try:
        return bool(phonenumbers.parse(digits, country) == number)
    except phonenumbers.NumberParseException:
        return False


def _address(recipient: Recipient, columns: Mapping[str, str] | tuple[str, ...]) -> AddressOut:
    values = {column: getattr(recipient, column) or None for column in columns}
    return AddressOut(**values | {"phone_number": wire_phone(recipient.phone_number, recipient.country) or None})


def _company_address(contact: ContactDetails) -> AddressOut | None:
    return _address(contact, COMPANY_ADDRESS) if contact.has_address or contact.phone_number else None


def _profile_of(customer: Customer) -> BillingProfile | None:
    found: BillingProfile | None = BillingProfile.objects.filter(pk=customer.pk).first()
    return found


def _etag(profile: BillingProfile) -> str:
    return etag_of(profile.pk, profile.version)


def _sent(profile: BillingProfile, response: HttpResponse) -> BillingProfileOut:
    set_etag(response, _etag(profile))
    return billing_profile(profile)
