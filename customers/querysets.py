"""Questions about many customers. Who may see which customer stands here and nowhere else."""

import datetime
import uuid
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Self

from django.db import connections, models
from django.db.models import Exists, OuterRef, Q
from django.db.models.expressions import RawSQL
from django.db.models.functions import Lower, Now
from django.db.models.lookups import Exact
from django.utils import timezone

from customers.naming import can_be_stored, indexed_part, name_key

if TYPE_CHECKING:
    from partners.models import Caller, Staff


# What comes before it are names that begin in another script than Chinese (U+2E80, the first of its radicals).
FIRST_CHINESE = "\u2e80"
# A relationship in force, or one that ended after the partner had sold something.
IN_SIGHT = Q(has_ended=False) | Q(had_subscriptions=True)
NAME_AND_DOMAIN = "customers_resellerrelationship.name_key || customers_resellerrelationship.domain"


class CustomerQuerySet(models.QuerySet[Any]):
    """Customers. Whichever way a name is changed here, its key is changed with it."""

    def update(self, **kwargs: Any) -> int:
        """Update; a company name, given as text, brings its key along."""
        name = kwargs.get("company_name")
        if isinstance(name, str):
            kwargs["name_key"] = name_key(name)
        return super().update(**kwargs)

    def bulk_update(self, objs: Iterable[Any], fields: Iterable[str], batch_size: int | None = None) -> int:
        """Update many; company names bring their keys along."""
        customers, names = list(objs), list(fields)
        if "company_name" in names:
            names = [*{*names, "name_key"}]
            for customer in customers:
                customer.name_key = name_key(customer.company_name)
        return super().bulk_update(customers, names, batch_size)

    def visible_to(self, staff: "Caller") -> Self:
        """Those with whom the person's partner has, or had subscriptions under, a reseller relationship."""
        return self.visible_to_partner(staff.partner_id)

    def visible_to_partner(self, partner_id: uuid.UUID | None) -> Self:
        """Those with whom this partner has, or had subscriptions under, a reseller relationship."""
        from customers.models import ResellerRelationship

        relationship = ResellerRelationship.objects.visible_to_partner(partner_id)
        return self.filter(Exists(relationship.filter(customer=OuterRef("pk"))))

    def with_domain(self, domain: str) -> Self:
        """The one customer, whoever's, whose primary domain this is, whatever its case."""
        return self.filter(Exact(Lower("domain"), domain.lower()))


class RelationshipQuerySet(models.QuerySet[Any]):
    """Reseller relationships: what a partner's customer list is made of."""

    def visible_to(self, staff: "Caller") -> Self:
        """Those through which the person's partner sees a customer."""
        return self.visible_to_partner(staff.partner_id)

    def visible_to_partner(self, partner_id: uuid.UUID | None) -> Self:
        """In force, or ended after this partner had sold the customer something."""
        return self.filter(IN_SIGHT, partner_id=partner_id)

    def visible_matches(self, text: str, *, partner_id: uuid.UUID) -> Self:
        """What `visible_to_partner` and `search` give together, for a question that needs all matches, as counting.

        The index of the letter pairs holds the partner already; told of the partner by its id, PostgreSQL reads
        another index of all its rows as well.
        """
        if connections[self.db].vendor != "postgresql" or not indexed_part(name_key(text)):
            return self.visible_to_partner(partner_id).search(text, partner_id=partner_id)
        is_of_partner = RawSQL(
            "customers_resellerrelationship.partner_id::text = %s",
            (str(partner_id),),
            output_field=models.BooleanField(),
        )
        return self.filter(IN_SIGHT, is_of_partner).search(text, partner_id=partner_id)

    def search(self, text: str, *, partner_id: uuid.UUID, by_pairs: bool = True) -> Self:
        """Those whose company name or domain contains this text, without regard to case, accents and width.

        On PostgreSQL an index of the letter pairs of each name, one set for each partner, finds the rows; the
        comparison of the text itself then decides. Elsewhere, or without `by_pairs`, the partner's rows are
        compared one by one.
        """
        key = name_key(text)
        if not key:
            return self
        if not can_be_stored(key):
            return self.none()
        found = self.filter(Q(name_key__contains=key) | Q(domain__contains=key))
        indexed = indexed_part(key)
        if connections[self.db].vendor != "postgresql" or not indexed or not by_pairs:
            return found
        pairs = RawSQL(
            "customers_resellerrelationship.search_pairs @> portal_search_pairs(%s, %s)",
            (partner_id, indexed),
            output_field=models.BooleanField(),
        )
        return found.filter(pairs)

    def runs_for(self, text: str) -> "list[Self]":
        """These in runs that follow one another in the order of names, each quick to search for this text.

        Names in Chinese come after all the others. A piece that most of them have would be looked for in vain
        along all the others first; on PostgreSQL those few others that are not ASCII have an index of their own.
        """
        if connections[self.db].vendor != "postgresql" or name_key(text).isascii():
            return [self]
        is_mixed = RawSQL(  # noqa: S611 - constant text
            f"octet_length({NAME_AND_DOMAIN}) > length({NAME_AND_DOMAIN})", (), output_field=models.BooleanField()
        )
        return [self.filter(is_mixed, name_key__lt=FIRST_CHINESE), self.filter(name_key__gte=FIRST_CHINESE)]

    def after(self, key: str, customer_id: uuid.UUID) -> Self:
        """Those that come later than this place in the order of names."""
        later = Q(name_key__gt=key) | Q(name_key=key, customer_id__gt=customer_id)
        # The redundant first bound lets the index start at the place instead of filtering from the beginning.
        return self.filter(later, name_key__gte=key).in_order()

    def before(self, key: str, customer_id: uuid.UUID) -> Self:
        """Those that come earlier than this place, the nearest first."""
        earlier = Q(name_key__lt=key) | Q(name_key=key, customer_id__lt=customer_id)
        return self.filter(earlier, name_key__lte=key).order_by("-name_key", "-customer_id")

    def no_later(self, key: str, customer_id: uuid.UUID) -> Self:
        """Those that come no later than this place."""
        return self.filter(Q(name_key__lt=key) | Q(name_key=key, customer_id__lte=customer_id), name_key__lte=key)

    def no_earlier(self, key: str, customer_id: uuid.UUID) -> Self:
        """Those that come no earlier than this place."""
        return self.filter(Q(name_key__gt=key) | Q(name_key=key, customer_id__gte=customer_id), name_key__gte=key)

    def in_order(self) -> Self:
        """By company name."""
        return self.order_by("name_key", "customer_id")


class PrivilegeQuerySet(models.QuerySet[Any]):
    """Delegated admin privileges."""

    def not_revoked(self) -> Self:
        """Those that nobody has written down as over: in force, or expired a short while ago. One a service at most."""
        return self.filter(revoked_at__isnull=True)

    def held(self) -> Self:
        """Those in force: not revoked, and not past their expiry.

        What time it is, the database says: SQL that is built once and kept must hold no moment.
        """
        return self.not_revoked().filter(Q(expires_at__isnull=True) | Q(expires_at__gt=Now()))

    def visible_to(self, staff: "Caller") -> Self:
        """Those that the person's partner holds or held, of customers that it sees."""
        from customers.models import ResellerRelationship

        seen = ResellerRelationship.objects.visible_to(staff).filter(customer_id=OuterRef("customer_id"))
        return self.filter(Exists(seen), partner_id=staff.partner_id)

    def expiring(self) -> Self:
        """Those that end soon or have, and whose end nobody has written down yet."""
        from customers.models.customers import SOON

        return self.not_revoked().filter(expires_at__lte=timezone.now() + SOON)

    def over(self) -> Self:
        """Those in force no more, written down or not."""
        return self.filter(Q(revoked_at__isnull=False) | Q(expires_at__lte=Now()))

    def ended_since(self, moment: datetime.datetime) -> Self:
        """Those whose end was written down since."""
        return self.filter(revoked_at__gte=moment)

    def lasting(self) -> Self:
        """Those in force that do not expire so soon that they may be asked for anew."""
        from customers.models.customers import SOON

        return self.held().filter(Q(expires_at__isnull=True) | Q(expires_at__gt=timezone.now() + SOON))

    def held_by(self, partner_id: uuid.UUID | None) -> Self:
        """Those that this partner holds."""
        return self.held().filter(partner_id=partner_id)


class DraftQuerySet(models.QuerySet[Any]):
    """Drafts of customers."""

    def of(self, staff: "Staff") -> Self:
        """Those that this person typed."""
        return self.filter(staff_id=staff.pk)

    def unfinished(self) -> Self:
        """Those whose customer is not added yet, the latest first."""
        return self.filter(customer__isnull=True).order_by("-changed_at", "id")

    def older_than(self, moment: datetime.datetime) -> Self:
        """Those that nobody has gone on with since."""
        return self.filter(changed_at__lt=moment)


class InvitationQuerySet(models.QuerySet[Any]):
    """Invitations of customers."""

    def visible_to(self, staff: "Caller") -> Self:
        """Those of the person's own partner."""
        return self.filter(partner_id=staff.partner_id)

    def waiting(self, now: datetime.datetime) -> Self:
        """Those that the customer can answer at this moment."""
        return self.filter(state__in=("sent", "opened"), expires_at__gt=now)

    def run_out(self, now: datetime.datetime) -> Self:
        """Those whose time was over at this moment, written down or not."""
        return self.filter(Q(state="expired") | Q(state__in=("sent", "opened"), expires_at__lte=now))

    def in_state(self, state: str, now: datetime.datetime) -> Self:
        """Those that are in this state at this moment, whatever the nightly command has written down."""
        if state == "expired":
            return self.run_out(now)
        found = self.filter(state=state)
        return found.filter(expires_at__gt=now) if state in {"sent", "opened"} else found

    def unanswered(self, now: datetime.datetime) -> Self:
        """Drafts, and those that the customer can answer at this moment."""
        return self.filter(Q(state="draft") | Q(state__in=("sent", "opened"), expires_at__gt=now))

    def for_privileges(self) -> Self:
        """Those that ask for the administration of services."""
        from customers.models import InvitedService

        return self.filter(Exists(InvitedService.objects.filter(invitation_id=OuterRef("pk"))))

    def with_parts(self) -> Self:
        """With all that pages say of them."""
        return self.with_names().prefetch_related("asked__service")

    def with_names(self) -> Self:
        """With partner, staff and customer; `is_in_sight` tells whether the partner sees the customer."""
        from customers.models import ResellerRelationship

        seen = ResellerRelationship.objects.filter(
            IN_SIGHT, partner_id=OuterRef("partner_id"), customer_id=OuterRef("customer_id")
        )
        return self.select_related("partner", "staff", "customer").annotate(is_in_sight=Exists(seen))
