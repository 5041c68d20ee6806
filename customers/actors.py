"""Who acts for a customer, as records name them."""

from activity.models import ActorKind
from activity.operations import Actor
from partners.models import Partner


def customer_actor(name: str, partner: Partner) -> Actor:
    """Somebody of a customer as a record for this partner names them."""
    return Actor(kind=ActorKind.CUSTOMER, name=name, partner_id=partner.pk, partner_name=partner.name)
