"""The verb that adds a customer: the customer and its first order, all or nothing."""

import uuid
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from activity.errors import Refused
from customers.drafts import locked_draft
from customers.models import Customer, CustomerDraft
from customers.new_customer import AccountForm
from customers.operations import CREATE, create_customer, record_refusal
from partners.models import Staff
from partners.roles import Permission
from subscriptions.basket import BasketForm
from subscriptions.ordering import place_order
from subscriptions.sale import Sale, sale_to


class DraftChanged(Refused):
    """The draft was changed, in another tab or window, after its review was drawn."""

    codes = ("draft_changed",)

    @property
    def message(self) -> str:
        """The reason as a sentence."""
        return _("You changed this customer in another window after you opened the review. Look at it once more.")


class DraftUnfinished(Refused):
    """A step of the draft cannot be carried out as it stands; `step` names it: `account` or `basket`."""

    codes = ("draft_unfinished",)

    def __init__(self, step: str) -> None:
        super().__init__()
        self.step = step

    @property
    def message(self) -> str:
        """The reason as a sentence."""
        return _("Something about this customer has to be looked at again before it can be added.")


def add_customer(*, staff: Staff, draft_id: uuid.UUID, version: int | None = None) -> Customer:
    """Create the customer of this person's draft and place its first order, or neither.

    `version` is the version of the draft that the person reviewed. The draft makes it idempotent: sent again, it
    gives the customer that it became. A draft without offers becomes a customer without subscriptions.

    Raises `Refused` (each kind says why; the attempt is recorded), `PermissionDenied` where the roles do not
    allow it, `Http404` where the person has no such draft.
    """
    if not staff.may(Permission.MANAGE_SUBSCRIPTIONS):
        record_refusal(staff, CREATE, ("role",))
        raise PermissionDenied
    asked: dict[str, Any] = {}
    try:
        with transaction.atomic():
            return _add(staff, locked_draft(staff, draft_id), version, asked)
    except Refused as refusal:
        # What create_customer or place_order recorded went with the transaction.
        record_refusal(staff, CREATE, refusal.codes, asked=asked)
        raise


def sale_to_new(staff: Staff) -> Sale:
    """What this person's partner may sell to a customer that has nothing yet."""
    assert staff.partner_id is not None
    return sale_to(partner_id=staff.partner_id, customer_id=None)


def basket_of(draft: CustomerDraft, *, sale: Sale) -> BasketForm:
    """The basket of a draft as a form that is checked; nothing has to be in it."""
    return BasketForm(draft.basket, sale=sale, may_be_empty=True)


def _add(staff: Staff, draft: CustomerDraft, version: int | None, asked: dict[str, Any]) -> Customer:
    if draft.customer is not None:
        return draft.customer
    asked |= {name: draft.account.get(name, "") for name in ("company_name", "domain")}
    if version not in {None, draft.version}:
        raise DraftChanged
    account, basket = AccountForm(draft.account), basket_of(draft, sale=sale_to_new(staff))
    for step, form in (("account", account), ("basket", basket)):
        if not form.is_valid():
            raise DraftUnfinished(step)
    customer = create_customer(staff=staff, **account.values, key=str(draft.pk))
    if basket.lines:
        place_order(
            staff=staff,
            customer_id=customer.pk,
            lines=basket.lines,
            key=f"{draft.pk}/order",
            billing_cycle=basket.cleaned_data["billing_cycle"],
            reference=basket.cleaned_data["reference"],
        )
    draft.customer, draft.account, draft.basket = customer, {}, {}
    draft.version, draft.changed_at = draft.version + 1, timezone.now()
    draft.save()
    return customer
