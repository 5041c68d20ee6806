"""The customer list as an address asks for it: which customers, in which order, with what said about them."""

import unicodedata
import uuid
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet, Subquery
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from customers.models import ResellerRelationship
from customers.querysets import RelationshipQuerySet
from desk.paging import BY_NAME, LAST_NAME_FIRST, Order, Page, Place, asked_place, first_page, take_page
from desk.portfolio import CustomerLine, ListedRelationship, customer_lines, soon_deleted, with_customers
from desk.scan import Judge, Pick, lacking, of_customers, search_through, with_steps
from partners.models import Staff
from upgrades.conditions import CONDITIONS
from upgrades.prepared import Prepared

PAGE_SIZE = 50
LONGEST_SEARCH = 200
# Read through in a thousandth of a second or two.
NEAREST = 3_000
MOST_COUNTED = 1_000
# Invisible marks that turn the direction of writing come along when a name is copied, and no name is found by them.
DIRECTION_MARKS = dict.fromkeys([0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)])

UPGRADABLE, ONE_STEP, SOON_DELETED = "upgradable", "one_step", "soon_deleted"
FILTERS: dict[str, Promise] = {
    "": _("All customers"),
    UPGRADABLE: _("Upgrade possible"),
    ONE_STEP: _("1 step away"),
}
# Filters that other pages lead to; the list offers them only while they are on.
HELD_UP = {condition.code: condition.unmet_words for condition in CONDITIONS}
FURTHER_FILTERS: dict[str, Promise | str] = {SOON_DELETED: _("Deleted within 7 days"), **HELD_UP}
LAST_FIRST = "-company"
ORDERS: dict[str, Order] = {"": BY_NAME, LAST_FIRST: LAST_NAME_FIRST}


# What everybody's day begins with.
_FIRST = Prepared(
    lambda ids, partner_id: ListedRelationship.of_all(
        BY_NAME.first(ResellerRelationship.objects.visible_to_partner(partner_id).filter(partner_id__in=ids))
    )[: PAGE_SIZE + 1]
)


@dataclass(frozen=True)
class CustomerSearch:
    """What the person asks of the list."""

    text: str = ""
    is_cut: bool = False
    show: str = ""
    is_unknown_filter: bool = False
    sort: str = ""
    is_unknown_sort: bool = False

    @classmethod
    def of(cls, query: QueryDict) -> "CustomerSearch":
        """Read an address; what makes no sense in it is left out and told."""
        text, is_cut = clean(query.get("q", ""))
        show = query.get("show", "")
        known = show in FILTERS or show in FURTHER_FILTERS
        sort = query.get("sort", "").removeprefix("company")
        return cls(
            text=text,
            is_cut=is_cut,
            show=show if known else "",
            is_unknown_filter=not known,
            sort=sort if sort in ORDERS else "",
            is_unknown_sort=sort not in ORDERS,
        )

    @property
    def order(self) -> Order:
        """How the list is to be sorted."""
        return ORDERS[self.sort]

    @property
    def filters(self) -> tuple[tuple[str, Promise | str], ...]:
        """The filters to offer, by their code."""
        offered: dict[str, Promise | str] = {**FILTERS}
        if self.show in FURTHER_FILTERS:
            offered[self.show] = FURTHER_FILTERS[self.show]
        return tuple(offered.items())


def clean(text: str) -> tuple[str, bool]:
    """A search without control characters and direction marks, and whether it had to be cut."""
    plain = "".join(" " if unicodedata.category(char) in {"Cc", "Cs"} else char for char in text)
    plain = plain.translate(DIRECTION_MARKS).strip()
    return plain[:LONGEST_SEARCH].strip(), len(plain) > LONGEST_SEARCH


@dataclass(frozen=True)
class CustomerListing:
    """A page of the customer list.

    `matching` is how many customers a search finds, `None` where that was not asked, and above `MOST_COUNTED`
    only says that there are more. `looked_at` is how many a filter had to judge.
    """

    lines: list[CustomerLine]
    page: Page
    matching: int | None = None
    looked_at: int | None = None
    is_cut_short: bool = False

    @property
    def is_many(self) -> bool:
        """Whether there are more matches than are counted."""
        return self.matching is not None and self.matching > MOST_COUNTED


def list_customers(staff: Staff, search: CustomerSearch, query: QueryDict) -> CustomerListing:
    """The page of the person's customers that the address asks for. Raises `BadRequest` for a malformed place."""
    assert staff.partner_id is not None
    visible = _shown(staff, search)
    rows = visible.search(search.text, partner_id=staff.partner_id)
    pick = picked_by(search, staff.partner_id)
    if pick is not None:
        return _filtered(rows, pick, search.order, query, staff.partner_id)
    matching, runs = None, [rows]
    if search.show:
        matching = count_up_to(rows)
    elif search.text:
        matching = _count_matches(visible, search.text, staff.partner_id)
        if matching > MOST_COUNTED:
            before, after = asked_place(query)
            runs = near_and_far(
                visible, search.text, search.order, before or after, partner_id=staff.partner_id, back=bool(before)
            )
            # Whoever pages back is read the runs from the last to the first.
            runs = runs[::-1] if before else runs
    if search == CustomerSearch() and not any(asked_place(query)):
        first = _FIRST.ask([staff.partner_id], partner_id=staff.partner_id)
        page = first_page([ListedRelationship(*row) for row in first], BY_NAME, size=PAGE_SIZE)
    else:
        page = take_page(runs, search.order, query, size=PAGE_SIZE)
        with_customers(page.rows, partner_id=staff.partner_id)
    lines = customer_lines(page.rows, partner_id=staff.partner_id)
    return CustomerListing(lines=lines, page=page, matching=matching)


def all_matches(staff: Staff, search: CustomerSearch) -> QuerySet[Any]:
    """All that the address asks for, in its order, but for what `picked_by` picks of it."""
    assert staff.partner_id is not None
    rows = _shown(staff, search).search(search.text, partner_id=staff.partner_id)
    return search.order.first(rows).select_related("customer")


def picked_by(search: CustomerSearch, partner_id: uuid.UUID) -> Pick | None:
    """Picks what this filter shows, where the customers have to be judged for it."""
    if search.show in {"", SOON_DELETED}:
        return None
    return of_customers(_judge(search.show, partner_id))


def _shown(staff: Staff, search: CustomerSearch) -> RelationshipQuerySet:
    assert staff.partner_id is not None
    visible = ResellerRelationship.objects.visible_to(staff)
    if search.show == SOON_DELETED:
        visible = visible.filter(customer_id__in=soon_deleted(staff.partner_id).order_by().values("customer_id"))
    return visible


def count_up_to(rows: QuerySet[Any]) -> int:
    """How many there are, or one more than `MOST_COUNTED` where there are more."""
    return rows.order_by()[: MOST_COUNTED + 1].count()


def _count_matches(visible: RelationshipQuerySet, text: str, partner_id: uuid.UUID) -> int:
    """How many of all customers a search finds, or one more than `MOST_COUNTED` where there are more.

    Of two Chinese characters that most names have, the nearest names tell it; the index of letter pairs would
    gather all of them first.
    """
    runs = visible.runs_for(text)
    if len(runs) > 1:
        names = runs[-1].in_order()
        last = Subquery(names.values("name_key")[NEAREST - 1 : NEAREST])
        near = names.filter(name_key__lte=last).search(text, partner_id=partner_id, by_pairs=False)
        if (found := near[: MOST_COUNTED + 1].count()) > MOST_COUNTED:
            return found
    return count_up_to(ResellerRelationship.objects.visible_matches(text, partner_id=partner_id))


def near_and_far(
    visible: RelationshipQuerySet,
    text: str,
    order: Order,
    place: Place | None,
    *,
    partner_id: uuid.UUID,
    back: bool = False,
) -> list[RelationshipQuerySet]:
    """The many matches of a piece beyond a place, in runs that follow one another.

    What many names have soon fills a page if one just reads on from its beginning; only beyond the nearest names
    the letter pairs are asked, which gather all matches before the first can be told.
    """
    is_onward = (order is BY_NAME) != back
    runs: list[RelationshipQuerySet] = []
    by_name = visible.runs_for(text)
    for run in by_name if is_onward else by_name[::-1]:
        (way,) = order.runs(run, place, back=back)
        bound = list(way.values_list("name_key", "customer_id")[NEAREST - 1 : NEAREST])
        near = run.search(text, partner_id=partner_id, by_pairs=False)
        far = run.search(text, partner_id=partner_id)
        if not bound:
            runs.append(near)
        elif is_onward:
            runs += [near.no_later(*bound[0]), far.after(*bound[0])]
        else:
            runs += [near.no_earlier(*bound[0]), far.before(*bound[0])]
    return runs


def _judge(show: str, partner_id: uuid.UUID) -> Judge:
    if show in HELD_UP:
        return lacking(show, partner_id)
    return with_steps(0 if show == UPGRADABLE else 1, partner_id)


def _filtered(
    rows: QuerySet[Any], pick: Pick, order: Order, query: QueryDict, partner_id: uuid.UUID
) -> CustomerListing:
    found = search_through(rows, order, query, pick, size=PAGE_SIZE)
    with_customers(found.page.rows, partner_id=partner_id)
    lines = customer_lines(found.page.rows, partner_id=partner_id)
    return CustomerListing(lines=lines, page=found.page, looked_at=found.looked_at, is_cut_short=found.is_cut_short)
