"""One request of the API, as far as it is known: who asks, of which customer, under which key, with what body."""

import uuid
from dataclasses import dataclass, field
from typing import Any, cast

from django.http import HttpRequest

from api.authentication import Bearer
from api.faults import WireFault
from customers.models import Customer, ResellerRelationship
from partners.models import ApiClient, Caller, Partner


@dataclass
class Call:
    """What the checks have found out. `key` is the key of the operation that a change calls."""

    bearer: Bearer
    relationship: ResellerRelationship | None = None
    key: str = field(default_factory=lambda: str(uuid.uuid4()))
    body: Any = None
    fault: WireFault | None = None
    is_broken: bool = False

    @property
    def caller(self) -> Caller:
        """Whoever acts: a person, or a program in its own name."""
        return self.bearer.caller

    @property
    def client(self) -> ApiClient:
        """The program that asks."""
        return self.bearer.client

    @property
    def partner(self) -> Partner:
        """The partner whose program asks."""
        partner: Partner = self.bearer.client.partner
        return partner

    @property
    def customer(self) -> Customer:
        """The customer that the address names, and the partner sees. Only where an address names one."""
        assert self.relationship is not None
        customer: Customer = self.relationship.customer
        return customer


class CallRequest(HttpRequest):
    """A request after the checks: what views are given."""

    call: Call


def call_of(request: HttpRequest) -> Call:
    """The call of a request that has one: whose token was found good."""
    return cast("CallRequest", request).call
