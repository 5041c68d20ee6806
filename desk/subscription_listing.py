"""The list of all that a partner sold: a page of it, read in bounded steps, or the whole of it for a file.

A sort is the order of an index, and a filter on the column that is sorted by is a part of that index. Any other
filter is either asked first, and what it finds sorted, as long as that is little; or the list is walked in its
order and what does not fit is passed over, as far as a page may take.
"""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import batched
from typing import Any

from django.db.models import BooleanField, Exists, ExpressionWrapper, OuterRef, Q, QuerySet, prefetch_related_objects
from django.http import QueryDict

from catalog.models import Offer
from customers.models import Customer, ResellerRelationship
from customers.naming import has_key
from desk.columns import JUDGED, SoldLine, with_addresses
from desk.listing import count_up_to
from desk.named import NamedFirst
from desk.paging import Page, Runs
from desk.portfolio import Outlook, outlooks
from desk.scan import Pace, search_through
from desk.sheets import CHUNK
from desk.sorting import Sorting, offer_key, sorting
from desk.subscription_filter import ONE_STEP, POSSIBLE, Criterion, SubscriptionFilter
from partners.models import Staff
from partners.roles import Permission
from subscriptions.models import Subscription
from subscriptions.querysets import SubscriptionQuerySet
from upgrades.models import UpgradePath

PAGE_SIZE = 50
# What a filter of its own index finds is sorted at once up to so many; sorting them takes some milliseconds.
FEW = 2_000
PLAIN, JUDGING = Pace(first=100, most=2_000), Pace(first=100, most=500)


def offers_sold(partner_id: uuid.UUID) -> list[Offer]:
    """The offers that the partner's subscriptions are of, by name."""
    sold = Subscription.objects.sold_by(partner_id).filter(offer_id=OuterRef("pk"))
    return sorted(Offer.objects.filter(Exists(sold)), key=offer_key)


def offers_to_move_to() -> list[Offer]:
    """The offers that there is an upgrade to, by name."""
    paths = UpgradePath.objects.filter(target_id=OuterRef("pk"))
    return sorted(Offer.objects.available().filter(Exists(paths)), key=offer_key)


@dataclass(frozen=True)
class SubscriptionListing:
    """A page of the list; `looked_at` is how many a filter had to read, `matching` how many there are at all."""

    lines: list[SoldLine]
    page: Page
    looked_at: int | None = None
    is_cut_short: bool = False
    matching: int | None = None


@dataclass
class SubscriptionList:
    """What the person asks of the subscriptions that the partner sold."""

    staff: Staff
    asked: SubscriptionFilter
    offers: Sequence[Offer]
    _judged: dict[uuid.UUID, Outlook] = field(default_factory=dict)

    @property
    def partner_id(self) -> uuid.UUID:
        """The partner whose list it is; who may see customers has one."""
        assert self.staff.partner_id is not None
        return self.staff.partner_id

    @property
    def sold(self) -> SubscriptionQuerySet:
        """All that the partner sold."""
        return Subscription.objects.sold_by(self.partner_id)

    @property
    def order(self) -> Sorting:
        """How the list is sorted; by offer only those that are asked for are gone through."""
        chosen = set(self.asked.asked("offer"))
        offers = [offer for offer in self.offers if not chosen or str(offer.pk) in chosen]
        return sorting(self.asked.sorted_by, partner_id=self.partner_id, offers=offers)

    def page(self, query: QueryDict) -> SubscriptionListing:
        """The page that the address asks for. Raises `BadRequest` for a malformed place."""
        criteria = self.asked.criteria()
        rows, order = self._narrowed(criteria, self.order)
        flag = ExpressionWrapper(_all(criteria), output_field=BooleanField())
        pace = JUDGING if self.asked.is_judging else PLAIN
        found = search_through(rows.annotate(is_wanted=flag), order, query, self._pick, size=PAGE_SIZE, pace=pace)
        prefetch_related_objects(found.page.rows, "customer", "offer")
        lines = with_addresses(
            self._with_outlooks(found.page.rows), may_upgrade=self.staff.may(Permission.MANAGE_SUBSCRIPTIONS)
        )
        if self.asked.is_filtering:
            return SubscriptionListing(lines, found.page, found.looked_at, found.is_cut_short)
        matching = count_up_to(self.sold.live())
        return SubscriptionListing(lines, found.page, matching=matching, is_cut_short=found.is_cut_short)

    def _narrowed(self, criteria: Sequence[Criterion], order: Sorting) -> tuple[SubscriptionQuerySet, Runs]:
        """The rows to walk, and how: a part of the index that is sorted by, or the little that a filter finds."""
        own = [criterion for criterion in criteria if criterion.field == order.field and criterion.field]
        if own:
            return self.sold.filter(_all(own)), order
        found = [self.sold.filter(criterion.wanted) for criterion in criteria if criterion.field]
        for rows in found:
            ids = list(rows.order_by().values_list("pk", flat=True)[: FEW + 1])
            if len(ids) <= FEW:
                return self.sold.filter(pk__in=ids), order
        if order.is_by_company and has_key(self.asked.text):
            return self.sold, self._named_first(order) or order
        named = self._few_named() if self.asked.text else None
        return self.sold if named is None else self.sold.filter(pk__in=named), order

    def _named_first(self, order: Sorting) -> NamedFirst | None:
        """The walk along the names that a search finds; `None` where it finds many nicknames."""
        nicknamed = Subscription.objects.nicknamed(self.asked.text, partner_id=self.partner_id).order_by()
        others = list(nicknamed.values_list("customer_id", flat=True)[: FEW + 1])
        if len(others) > FEW:
            return None
        visible = ResellerRelationship.objects.visible_to(self.staff)
        return NamedFirst(order, visible, self.asked.text, set(others), self.partner_id)

    def _few_named(self) -> set[uuid.UUID] | None:
        """Those that a search finds by the customer's name and domain or by nickname; `None` where they are many."""
        text, partner_id = self.asked.text, self.partner_id
        relationships = ResellerRelationship.objects.visible_matches(text, partner_id=partner_id)
        customers = list(relationships.order_by().values_list("customer_id", flat=True)[: FEW + 1])
        if len(customers) > FEW:
            return None
        of_customers = self.sold.filter(customer_id__in=customers)
        ids: set[uuid.UUID] = set()
        for rows in (of_customers, Subscription.objects.nicknamed(text, partner_id=partner_id)):
            ids.update(rows.order_by().values_list("pk", flat=True)[: FEW + 1])
        return ids if len(ids) <= FEW else None

    def _pick(self, rows: list[Any]) -> list[Any]:
        """Those that are asked for, of customers whom the person sees."""
        wanted = [row for row in rows if row.is_wanted]
        if not wanted:
            return []
        seen = ResellerRelationship.objects.visible_to(self.staff)
        customers = set(
            seen.filter(customer_id__in={row.customer_id for row in wanted}).values_list("customer_id", flat=True)
        )
        return self.judged([row for row in wanted if row.customer_id in customers])

    def judged(self, rows: list[Any]) -> list[Any]:
        """Those of these rows whose verdicts are as asked for; all where no verdict is asked for."""
        if not self.asked.is_judging:
            return rows
        self._judged = outlooks([row.pk for row in rows], partner_id=self.partner_id) | self._judged
        return [row for row in rows if self._is_as_asked(self._judged.get(row.pk))]

    def _is_as_asked(self, outlook: Outlook | None) -> bool:
        if outlook is None:
            return False
        upgrade, code, nearest = self.asked.asked("upgrade"), self.asked.asked("blocked"), outlook.nearest
        if code and code not in nearest.codes:
            return False
        if upgrade in {POSSIBLE, ONE_STEP}:
            return nearest.steps == (0 if upgrade == POSSIBLE else 1)
        return not upgrade or outlook.is_possible(uuid.UUID(upgrade))

    def _with_outlooks(self, rows: Sequence[Subscription]) -> list[tuple[Subscription, Outlook | None]]:
        """These with how near an upgrade each is, where a column says so: at most one statement."""
        if JUDGED.isdisjoint(self.asked.chosen_columns):
            return [(row, None) for row in rows]
        missing = [row.pk for row in rows if row.pk not in self._judged and row.is_live]
        known = self._judged | outlooks(missing, partner_id=self.partner_id)
        return [(row, known.get(row.pk)) for row in rows]

    def every_row(self) -> list[QuerySet[Any]]:
        """All that is asked for, but for verdicts, in runs that follow one another in the order of the list."""
        seen = Customer.objects.visible_to(self.staff).filter(pk=OuterRef("customer_id"))
        rows = self.sold.filter(_all(self.asked.criteria()), Exists(seen))
        return list(self.order.runs(rows, None))

    def count(self) -> int:
        """How many rows a file of it has to be read from: verdicts still leave some of them out."""
        return sum(run.order_by().count() for run in self.every_row())

    def chunks(self) -> Iterator[list[SoldLine]]:
        """All of it, some hundred lines at a time, each judged by its own ids: the memory of one chunk, no more."""
        for run in self.every_row():
            rows = run.select_related("customer", "offer").iterator(chunk_size=CHUNK)
            for chunk in batched(rows, CHUNK):
                self._judged = {}
                yield [SoldLine(row, outlook) for row, outlook in self._with_outlooks(self.judged(list(chunk)))]


def _all(criteria: Sequence[Criterion]) -> Q:
    wanted = Q()
    for criterion in criteria:
        wanted &= criterion.wanted
    return wanted
