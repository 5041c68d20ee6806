"""Who administers which service of one customer, as far as a partner may know it."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from catalog.models import Service
from customers.models import DelegatedAdminPrivilege, Invitation
from customers.requesting import unanswered_requests
from desk.missing import HeldUpUpgrade, Missing, missing_privileges

# Of a service given and taken back again and again, only the latest end is told.
MOST_ENDED = 200


class Holder(models.TextChoices):
    """Who may administer a service; of another partner no more than that there is one."""

    US = "us", _("You")
    OTHER = "other", _("Another partner")
    NOBODY = "nobody", _("Nobody")


@dataclass(frozen=True)
class GridLine:
    """One service: who holds its privilege, what is being done about it, and the upgrades that wait for it.

    `privilege` is the partner's own in force, `ended` the latest of its own that is over where it has none.
    """

    service: Service
    holder: Holder
    privilege: DelegatedAdminPrivilege | None
    ended: DelegatedAdminPrivilege | None
    request: Invitation | None
    upgrades: list[HeldUpUpgrade]

    @property
    def service_ids(self) -> list[int]:
        """The service as a list, as the button that requests takes it."""
        return [self.service.pk]

    @property
    def can_be_requested(self) -> bool:
        """Whether asking the customer for it makes sense: it is missing or ends soon, and is not being asked for."""
        return self.request is None and (self.privilege is None or self.privilege.expires_soon)


def privilege_grid(customer_id: uuid.UUID, *, partner_id: uuid.UUID) -> list[GridLine]:
    """A line for every service of the catalogue, in its order; as many statements for all customers."""
    of_customer = DelegatedAdminPrivilege.objects.filter(customer_id=customer_id)
    facts = _Facts(
        held={one.service_id: one for one in of_customer.held()},
        ended=_latest(of_customer.over().filter(partner_id=partner_id)),
        requests=unanswered_requests(customer_id, partner_id),
        missing=missing_privileges([customer_id], partner_id=partner_id).get(customer_id, Missing({})),
    )
    return [facts.line(service, partner_id) for service in Service.objects.order_by("pk")]


def _latest(privileges: Any) -> dict[int, DelegatedAdminPrivilege]:
    newest_first = list(privileges.order_by("-pk")[:MOST_ENDED])
    return {one.service_id: one for one in reversed(newest_first)}


@dataclass(frozen=True)
class _Facts:
    """What is known of a customer, by service: who holds it, the partner's own latest that is over, and so on."""

    held: Mapping[int, DelegatedAdminPrivilege]
    ended: Mapping[int, DelegatedAdminPrivilege]
    requests: Mapping[int, Invitation]
    missing: Missing

    def line(self, service: Service, partner_id: uuid.UUID) -> GridLine:
        """The line of one service, as this partner may know it."""
        there = self.held.get(service.pk)
        is_ours = there is not None and there.partner_id == partner_id
        return GridLine(
            service=service,
            holder=Holder.US if is_ours else Holder.NOBODY if there is None else Holder.OTHER,
            privilege=there if is_ours else None,
            ended=None if is_ours else self.ended.get(service.pk),
            request=self.requests.get(service.pk),
            upgrades=self.missing.upgrades_for([service.pk]),
        )
