"""What people do with their drafts of customers. Nobody else sees them, so nothing of it is recorded."""

import datetime
import uuid

from django.db import transaction
from django.http import Http404
from django.utils import timezone

from customers.models import CustomerDraft
from customers.models.drafts import DAYS_KEPT
from partners.models import Staff


def start_draft(*, staff: Staff, account: dict[str, str]) -> CustomerDraft:
    """A new draft with what was typed as the account; old drafts of everybody are thrown away by the way."""
    CustomerDraft.objects.older_than(timezone.now() - datetime.timedelta(days=DAYS_KEPT)).delete()
    draft: CustomerDraft = CustomerDraft.objects.create(staff=staff, account=account)
    return draft


def save_draft(
    *,
    staff: Staff,
    draft_id: uuid.UUID,
    account: dict[str, str] | None = None,
    basket: dict[str, str] | None = None,
) -> CustomerDraft:
    """Keep what was typed into a step; one whose customer is added stays as it is. Raises `Http404` for others'."""
    with transaction.atomic():
        draft = locked_draft(staff, draft_id)
        if draft.customer_id is not None:
            return draft
        draft.account = draft.account if account is None else account
        draft.basket = draft.basket if basket is None else basket
        draft.version += 1
        draft.changed_at = timezone.now()
        draft.save()
    return draft


def discard_draft(*, staff: Staff, draft_id: uuid.UUID) -> None:
    """Throw a draft away; one that is not there any more is left at that."""
    CustomerDraft.objects.of(staff).unfinished().filter(pk=draft_id).delete()


def locked_draft(staff: Staff, draft_id: uuid.UUID) -> CustomerDraft:
    """This person's draft, held until the transaction ends. Raises `Http404` where there is none."""
    found: CustomerDraft | None = (
        CustomerDraft.objects.select_for_update(of=("self",)).of(staff).filter(pk=draft_id).first()
    )
    if found is None:
        raise Http404
    return found
