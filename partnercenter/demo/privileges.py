"""A privilege of the demo that its customer gives to another partner, so that there is one to have lost."""

from catalog.models import Service
from customers.actors import customer_actor
from customers.models import Customer, DelegatedAdminPrivilege
from customers.privileges import give
from partnercenter.demo.portfolio import FABRIKAM, demo_id
from partners.models import Partner

DOMAIN, SERVICE = "hermanos-garcia", "exchange"


def move_privileges() -> None:
    """Let Contoso lose a service to Fabrikam, as when the customer accepts what Fabrikam asks for."""
    customer = Customer.objects.get(pk=demo_id(DOMAIN))
    fabrikam = Partner.objects.get(pk=FABRIKAM)
    service = Service.objects.get(code=SERVICE)
    if not DelegatedAdminPrivilege.objects.held_by(fabrikam.pk).filter(customer=customer, service=service).exists():
        give(customer, fabrikam, [service], actor=customer_actor(customer.company_name, fabrikam))
