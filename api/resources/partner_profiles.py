"""On the wire: the profiles of the token's own partner, as far as the portal knows it."""

import zlib
from typing import Annotated
from urllib.parse import urlencode

from django.http import HttpResponse
from ninja import Query, Router
from pydantic import BaseModel, ConfigDict, Field

from api.etags import etag_of, set_etag
from api.faults import NO_MPN, WireFault
from api.serving import CallRequest, serves
from api.shapes import Attributes, Links, ProfileType, VettingStatus, WireOut, choice, links
from customers.naming import can_be_stored
from partners.models import Partner

router = Router()
TAG = "Partner profiles"
# What everything is paid in.
CURRENCY = "CNY"


class MpnQuery(BaseModel):
    """Which partner is meant: one's own, if none is named."""

    model_config = ConfigDict(frozen=True)

    mpn_id: str | None = Field(None, alias="mpnId")


class MpnProfileOut(WireOut):
    """What a partner is called and by which number it is known."""

    mpn_id: str | None = None
    partner_name: str
    profile_type: ProfileType = "mpn_profile"
    links: Links
    attributes: Attributes = Attributes(object_type="MpnProfile")


class OrganizationProfileOut(WireOut):
    """Who a partner is."""

    id: str
    company_name: str
    tenant_id: str
    profile_type: ProfileType = "organization_profile"
    links: Links
    attributes: Attributes


class LegalBusinessProfileOut(WireOut):
    """Who a partner is before the law: whoever is in the portal has been looked at."""

    company_name: str
    vetting_status: VettingStatus = "authorized"
    vetting_sub_status: Annotated[str, choice("none")] = "none"
    profile_type: ProfileType = "legal_business_profile"
    links: Links
    attributes: Attributes = Attributes(object_type="LegalBusinessProfile")


class PartnerBillingProfileOut(WireOut):
    """How a partner pays."""

    company_name: str
    billing_currency: str = CURRENCY
    profile_type: ProfileType = "billing_profile"
    links: Links
    attributes: Attributes


class SupportProfileOut(WireOut):
    """Where customers of a partner get help; nobody has entered that yet."""

    profile_type: ProfileType = "support_profile"
    links: Links
    attributes: Attributes = Attributes(object_type="PartnerSupportProfile")


@serves(router, "GET", "/profiles/organization", may=None, answer=OrganizationProfileOut, tag=TAG)
def get_organization_profile(request: CallRequest, response: HttpResponse) -> OrganizationProfileOut:
    """Who the partner is."""
    partner = request.call.partner
    return OrganizationProfileOut(
        id=str(partner.pk),
        company_name=partner.name,
        tenant_id=str(partner.pk),
        links=links("/profiles/organization"),
        attributes=Attributes(etag=_tagged(partner, response), object_type="OrganizationProfile"),
    )


@serves(router, "GET", "/profiles/mpn", may=None, answer=MpnProfileOut, faults=(NO_MPN,), tag=TAG)
def get_mpn_profile(request: CallRequest, query: Query[MpnQuery]) -> MpnProfileOut:
    """The name of the partner that has this MPN id."""
    return _mpn_profile(request, query.mpn_id)


@serves(router, "GET", "/profiles/partnernetworkprofile", may=None, answer=MpnProfileOut, faults=(NO_MPN,), tag=TAG)
def get_partner_network_profile(request: CallRequest, query: Query[MpnQuery]) -> MpnProfileOut:
    """The same by its older name."""
    return _mpn_profile(request, query.mpn_id)


@serves(router, "GET", "/profiles/legalbusiness", may=None, answer=LegalBusinessProfileOut, tag=TAG)
def get_legal_business_profile(request: CallRequest) -> LegalBusinessProfileOut:
    """Who the partner is before the law."""
    return LegalBusinessProfileOut(company_name=request.call.partner.name, links=links("/profiles/legalbusiness"))


@serves(router, "GET", "/profiles/billing", may=None, answer=PartnerBillingProfileOut, tag=TAG)
def get_partner_billing_profile(request: CallRequest, response: HttpResponse) -> PartnerBillingProfileOut:
    """How the partner pays."""
    partner = request.call.partner
    return PartnerBillingProfileOut(
        company_name=partner.name,
        links=links("/profiles/billing"),
        attributes=Attributes(etag=_tagged(partner, response), object_type="BillingProfile"),
    )


@serves(router, "GET", "/profiles/support", may=None, answer=SupportProfileOut, tag=TAG)
def get_support_profile(request: CallRequest) -> SupportProfileOut:
    """Where customers of the partner get help."""
    return SupportProfileOut(links=links("/profiles/support"))


def _tagged(partner: Partner, response: HttpResponse) -> str:
    """The ETag of what is told of the partner, which has no version of its own: it changes as the content does."""
    etag = etag_of(partner.pk, zlib.crc32(partner.name.encode()))
    set_etag(response, etag)
    return etag


def _mpn_profile(request: CallRequest, mpn_id: str | None) -> MpnProfileOut:
    own = request.call.partner
    partner = _partner(own, mpn_id)
    query = "" if partner == own else f"?{urlencode({'mpnId': partner.mpn_id})}"
    return MpnProfileOut(mpn_id=partner.mpn_id or None, partner_name=partner.name, links=links(f"/profiles/mpn{query}"))


def _partner(own: Partner, mpn_id: str | None) -> Partner:
    if not mpn_id or mpn_id == own.mpn_id:
        return own
    named = Partner.objects.filter(mpn_id=mpn_id) if can_be_stored(mpn_id) else Partner.objects.none()
    found = named.order_by("name", "id").first()
    if found is None:
        raise WireFault(NO_MPN)
    return found
