"""On the wire: the profiles of the token's own partner."""

from ninja import Query, Router
from pydantic import BaseModel, ConfigDict, Field

from api.faults import NO_MPN, WireFault
from api.serving import CallRequest, serves
from api.shapes import Attributes, Links, ProfileType, WireOut, links
from partners.models import Partner

router = Router()
TAG = "Partner profiles"


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


@serves(router, "GET", "/profiles/mpn", may=None, answer=MpnProfileOut, faults=(NO_MPN,), tag=TAG)
def get_mpn_profile(request: CallRequest, query: Query[MpnQuery]) -> MpnProfileOut:
    """The name of the partner that has this MPN id."""
    partner = _partner(request, query.mpn_id)
    return MpnProfileOut(mpn_id=partner.mpn_id or None, partner_name=partner.name, links=links("/profiles/mpn"))


def _partner(request: CallRequest, mpn_id: str | None) -> Partner:
    own = request.call.partner
    if not mpn_id or mpn_id == own.mpn_id:
        return own
    found = Partner.objects.filter(mpn_id=mpn_id).order_by("name", "id").first() if "\0" not in mpn_id else None
    if found is None:
        raise WireFault(NO_MPN)
    return found
