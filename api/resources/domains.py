"""On the wire: whether a domain is free."""

from django.conf import settings
from django.utils.translation import gettext as _
from ninja import Router

from api.faults import MEMBER, NOTHING, WireFault, members_fault
from api.serving import CallRequest, serves
from customers.domains import is_domain_available
from customers.models import HOST_NAME
from partners.roles import Permission

router = Router()
TAG = "Domains"


@serves(
    router,
    "HEAD",
    "/domains/{domain}",
    may=Permission.MANAGE_SUBSCRIPTIONS,
    answer=None,
    faults=(MEMBER, NOTHING),
    tag=TAG,
)
def look_for_domain(request: CallRequest, domain: str) -> None:
    """200 where somebody has this domain, 404 where nobody has."""
    if _is_free(domain, "domain"):
        raise WireFault(NOTHING)


@serves(
    router,
    "GET",
    "/validations/checkdomainavailability/{prefix}",
    may=Permission.MANAGE_SUBSCRIPTIONS,
    answer=bool,
    tag=TAG,
)
def is_prefix_available(request: CallRequest, prefix: str) -> bool:
    """Whether the domain of this name below the cloud's own is free."""
    return _is_free(f"{prefix}.{settings.CUSTOMER_DOMAIN}", "prefix")


def _is_free(domain: str, name: str) -> bool:
    if not HOST_NAME.match(domain):
        raise members_fault([f"{name}: {_('must be a host name, such as contoso.partner.onmschina.cn')}"])
    return is_domain_available(domain)
