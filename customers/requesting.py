"""One click asks a customer for the privileges that are missing: an invitation for them, made and sent at once."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.http import Http404
from django.utils import timezone

from activity.submissions import Asked, first_result, remember
from customers.errors import NoAddressKnown, ServicesHeldAlready
from customers.inviting import invite, send_invitation
from customers.models import Customer, DelegatedAdminPrivilege, Invitation
from customers.privileges import about_privileges
from partners.models import Language, Staff

REQUEST = "request_privileges"
# The language of a customer's bills is the only one that is known of it.
LANGUAGES = {"zh": Language.CHINESE, "en": Language.ENGLISH, "es": Language.SPANISH}


@dataclass(frozen=True)
class Requested:
    """The invitation that asks for the privileges, and whether it was made for this request or waited already."""

    invitation: Invitation
    is_new: bool


def request_privileges(*, staff: Staff, customer_id: uuid.UUID, services: Collection[int], key: str) -> Requested:
    """Ask the customer, by a mail to its contact in its language, for those of these services that are missing.

    A service that an unanswered invitation of the partner asks for already is not asked for again: where that
    leaves nothing, that invitation is the result. `key` makes it idempotent for the partner.

    Raises what `customers.inviting.invite` raises, and `NoAddressKnown`; all of it is recorded.
    """
    wanted = sorted(set(services))
    with about_privileges(staff, REQUEST, customer_id=customer_id, services=wanted, key=key) as asked:
        return _request(staff, customer_id, frozenset(wanted), asked)


def _request(staff: Staff, customer_id: uuid.UUID, wanted: frozenset[int], asked: Asked) -> Requested:
    customer: Customer | None = Customer.objects.select_for_update().visible_to(staff).filter(pk=customer_id).first()
    if customer is None:
        raise Http404
    first = first_result(asked)
    if first is not None:
        return Requested(_invitation(staff, first["invitation"]), first["is_new"])
    missing = wanted - _held(customer, asked.partner_id, wanted)
    waiting = {pk: one for pk, one in unanswered_requests(customer_id, asked.partner_id).items() if pk in missing}
    is_new = not waiting or len(waiting) < len(missing)
    made = _invite(staff, customer, missing - waiting.keys(), asked.key) if is_new else next(iter(waiting.values()))
    remember(asked, {"invitation": str(made.pk), "is_new": is_new})
    return Requested(made, is_new)


def _held(customer: Customer, partner_id: uuid.UUID, wanted: frozenset[int]) -> frozenset[int]:
    """The services that need no asking. Raises `ServicesHeldAlready` where those are all that are wanted."""
    held = DelegatedAdminPrivilege.objects.lasting().filter(
        partner_id=partner_id, customer=customer, service__in=wanted
    )
    names = dict(held.order_by("service").values_list("service", "service__name"))
    if wanted and wanted <= names.keys():
        raise ServicesHeldAlready(list(names.values()))
    return frozenset(names)


def _invite(staff: Staff, customer: Customer, services: Collection[int], key: str) -> Invitation:
    """Make and send it; both under keys that follow from the request's own."""
    made = invite(
        staff=staff,
        customer_id=customer.pk,
        services=services,
        with_relationship=False,
        key=_following(key, "invite"),
        **addressee(customer),
    )
    return send_invitation(staff=staff, invitation_id=made.pk, key=_following(key, "send")).invitation


def _following(key: str, step: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{step} {key}"))


def addressee(customer: Customer) -> dict[str, Any]:
    """Whom to write to at a customer, and in which language. Raises `NoAddressKnown`."""
    billing = getattr(customer, "billing_profile", None)
    person = getattr(customer, "contact_details", None) or billing
    if person is None:
        raise NoAddressKnown
    language = Language.CHINESE if billing is None else LANGUAGES.get(billing.language, Language.ENGLISH)
    return {"email": person.email, "contact_name": person.person, "language": language}


def unanswered_requests(customer_id: uuid.UUID, partner_id: uuid.UUID) -> dict[int, Invitation]:
    """By service, the invitation of this partner that asks the customer for it and has no answer yet."""
    return unanswered_requests_of([customer_id], partner_id).get(customer_id, {})


def unanswered_requests_of(
    customer_ids: Collection[uuid.UUID], partner_id: uuid.UUID
) -> dict[uuid.UUID, dict[int, Invitation]]:
    """The same for each of these customers: one statement, or three where there are any."""
    of_partner = Invitation.objects.filter(customer_id__in=customer_ids, partner_id=partner_id)
    asked = of_partner.unanswered(timezone.now())
    found: dict[uuid.UUID, dict[int, Invitation]] = {}
    for one in asked.with_parts().order_by("created_at", "id"):
        assert one.customer_id is not None
        found.setdefault(one.customer_id, {}).update({part.service_id: one for part in one.asked_services})
    return found


def _invitation(staff: Staff, invitation_id: str) -> Invitation:
    found: Invitation = Invitation.objects.visible_to(staff).with_parts().get(pk=invitation_id)
    return found
