"""What a condition is: one object that knows its code, its words, and how to say in SQL that it is unmet."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db.models import Exists, ExpressionWrapper, OuterRef, Q, QuerySet
from django.db.models.fields import BooleanField
from django.utils.functional import Promise

if TYPE_CHECKING:
    from upgrades.verdicts import Verdict


@dataclass(frozen=True)
class Option:
    """One subscription with one upgrade path: by reference to an outer query, or by its values."""

    subscription_id: Any
    customer_id: Any
    path_id: Any
    target_id: Any

    @classmethod
    def of(cls, row: Any) -> "Option":
        """The option that a row of a query of options stands for."""
        return cls(row.pk, row.customer_id, row.path_id, row.target_id)

    @property
    def inner(self) -> "Option":
        """The same option seen from a query nested one level deeper."""
        return Option(*(OuterRef(ref) if isinstance(ref, OuterRef) else ref for ref in vars(self).values()))


OUTER = Option(OuterRef("pk"), OuterRef("customer_id"), OuterRef("path_id"), OuterRef("target_id"))


@dataclass(frozen=True)
class Fact:
    """Something that a condition saw: a code with words of its own, and the values in them.

    It is stored in the evidence as it stands and worded when it is shown, in the reader's language.
    """

    code: str
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Remedy:
    """The one thing that mends an unmet condition.

    `subscription_id` names a subscription of this partner to open, on the page `page` of it; `for_customer` are
    words to pass on to the customer where only the customer can mend it. `services` are the services whose
    administration the customer can be asked for, by their ids.
    """

    code: str
    values: Mapping[str, Any] = field(default_factory=dict)
    subscription_id: uuid.UUID | None = None
    page: str = "desk:subscription_details"
    for_customer: bool = False
    services: tuple[int, ...] = ()


@dataclass(frozen=True)
class Condition:
    """One of the conditions for an upgrade (domain: "Eligibility")."""

    code: str
    met_words: Promise | str
    unmet_words: Promise | str
    obstacles: Callable[[Option, uuid.UUID], QuerySet[Any]] | None = None
    # For a whole partner on PostgreSQL, what `obstacles` says in the way in which it is told of many at once. Where
    # they are other live subscriptions of certain offers: `path_id` and `offer_id` of those offers.
    other_offers: Callable[[], QuerySet[Any, Any]] | None = None
    # Where it is a sub-query that can't become a join: SQL for the rows of `judged` that it stands in the way of.
    for_many: Callable[[uuid.UUID], tuple[str, list[Any]]] | None = None
    state: Callable[[uuid.UUID], Q] | None = None
    facts: Callable[["Verdict"], Sequence[Fact]] = lambda verdict: ()
    remedy: Callable[["Verdict"], Remedy | None] = lambda verdict: None

    @property
    def flag(self) -> str:
        """The name under which a query of options carries whether this is unmet."""
        return f"unmet_{self.code}"

    def unmet(self, partner_id: uuid.UUID) -> "Exists | ExpressionWrapper[Q]":
        """Whether it is unmet for this partner, as an expression over a query of options."""
        if self.obstacles is not None:
            return Exists(self.obstacles(OUTER, partner_id))
        assert self.state is not None
        return ExpressionWrapper(self.state(partner_id), output_field=BooleanField())
