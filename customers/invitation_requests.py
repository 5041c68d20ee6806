"""Companies that ask to be invited, by a partner's general link."""

from django.db import transaction

from customers.actors import customer_actor
from customers.inviting import record_of
from customers.models import Invitation, InvitationState
from partners.models import Language, Partner

# Anybody can ask; a partner's list must not be flooded by those who do.
MOST_UNANSWERED = 200


def ask_for_invitation(*, partner: Partner, email: str, contact_name: str = "", language: str = "en") -> None:
    """Make a draft for the partner's staff to send, with a reseller relationship and nothing else.

    Who asks twice, or after too many others, is told the same and leaves no second draft.
    """
    with transaction.atomic():
        Partner.objects.select_for_update().get(pk=partner.pk)
        asked = Invitation.objects.filter(partner=partner, staff__isnull=True, state=InvitationState.DRAFT)
        if asked.filter(email__iexact=email).exists() or asked.count() >= MOST_UNANSWERED:
            return
        made = Invitation(partner=partner, email=email, contact_name=contact_name, language=_known(language))
        made.clean_fields(exclude={"staff"})
        made.save(force_insert=True)
        record_of(customer_actor(contact_name or email, partner), "ask_for_invitation", made, after={"version": 1})


def _known(language: str) -> str:
    return language if language in Language.values else Language.ENGLISH
