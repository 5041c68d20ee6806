"""What a partner's list of subscriptions can be sorted by: each is the order of an index, walked from any place."""

import datetime
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import BadRequest
from django.db.models import F, Q, QuerySet
from django.utils.dateparse import parse_date
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from catalog.models import LARGEST_QUANTITY, Offer
from desk.paging import Place, encode_cursor, read_moment
from subscriptions.models import Status

Beyond = Callable[[QuerySet[Any], Place | None, bool], list[QuerySet[Any]]]

COMPANY, OFFER, LICENCES, CREATED, RENEWAL, DELETION = "company", "offer", "licences", "created", "renewal", "deletion"
# In both directions; one that begins with a minus is turned round.
SORTS: dict[str, Promise] = {
    COMPANY: _("Company, A to Z"),
    f"-{COMPANY}": _("Company, Z to A"),
    OFFER: _("Offer, A to Z"),
    f"-{OFFER}": _("Offer, Z to A"),
    LICENCES: _("Licences, fewest first"),
    f"-{LICENCES}": _("Licences, most first"),
    CREATED: _("Created, oldest first"),
    f"-{CREATED}": _("Created, newest first"),
    RENEWAL: _("Renewal, soonest first"),
    f"-{RENEWAL}": _("Renewal, latest first"),
    DELETION: _("Deletion, soonest first"),
    f"-{DELETION}": _("Deletion, latest first"),
}


@dataclass(frozen=True)
class Sorting:
    """An order of subscriptions. `field` is the column whose values it follows, one after the other."""

    field: str
    beyond: Beyond
    place: Callable[[Any], Place]
    is_descending: bool = False

    @property
    def is_by_company(self) -> bool:
        """Whether it follows the names of companies, which stand in no column of subscriptions."""
        return not self.field

    def runs(self, rows: QuerySet[Any], place: Place | None, *, back: bool = False) -> Sequence[QuerySet[Any]]:
        """The rows beyond a place, or from the beginning, in runs that follow one another."""
        return self.beyond(rows, place, self.is_descending == back)

    def cursor(self, row: Any) -> str:
        """The cursor of this row's place."""
        return encode_cursor(*self.place(row))


def sorting(code: str, *, partner_id: uuid.UUID, offers: Sequence[Offer]) -> Sorting:
    """The order of one of `SORTS`, for this partner. `offers` are those that its subscriptions are of."""
    name, is_descending = code.removeprefix("-"), code.startswith("-")
    if name == COMPANY:
        return Sorting("", _by_company(partner_id), _company_place, is_descending)
    if name == OFFER:
        return _by_offer(offers, is_descending)
    return _COLUMNS[name](is_descending)


def _by_column(
    field: str, read: Callable[[str], Any], write: Callable[[Any], str], among: Q | None = None
) -> Callable[[bool], Sorting]:
    def beyond(rows: QuerySet[Any], place: Place | None, is_ascending: bool) -> list[QuerySet[Any]]:  # noqa: FBT001
        sign, way = ("", "gt") if is_ascending else ("-", "lt")
        if among is not None:
            rows = rows.filter(among)
        if place is None:
            return [rows.order_by(f"{sign}{field}", f"{sign}pk")]
        value = read(place[0])
        # As one question, whatever has the same value would be read through from its beginning.
        return [
            rows.filter(**{field: value, f"pk__{way}": place[1]}).order_by(f"{sign}pk"),
            rows.filter(**{f"{field}__{way}": value}).order_by(f"{sign}{field}", f"{sign}pk"),
        ]

    def place(row: Any) -> Place:
        return write(getattr(row, field)), row.pk

    return lambda is_descending: Sorting(field, beyond, place, is_descending)


def _read_day(text: str) -> datetime.date:
    try:
        day = parse_date(text)
    except ValueError:
        day = None
    if day is None:
        raise BadRequest("The cursor names no day.")
    return day


def _read_quantity(text: str) -> int:
    quantity = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
    if not 1 <= quantity <= LARGEST_QUANTITY:
        raise BadRequest("The cursor names no number of licences.")
    return quantity


def _write_moment(moment: datetime.datetime) -> str:
    return moment.astimezone(datetime.UTC).isoformat()


_COLUMNS = {
    LICENCES: _by_column("quantity", _read_quantity, str),
    CREATED: _by_column("created_at", read_moment, _write_moment),
    RENEWAL: _by_column("commitment_end", _read_day, datetime.date.isoformat),
    # Nothing else has a date of deletion.
    DELETION: _by_column(
        "suspended_at", read_moment, _write_moment, Q(status=Status.SUSPENDED, suspended_at__isnull=False)
    ),
}


def _by_company(partner_id: uuid.UUID) -> Beyond:
    """By the name that the partner's relationship carries, then by customer and subscription.

    All that is asked of the relationship stands in one `filter`: a second one would mean any other relationship
    of the same customer.
    """
    seen = "customer__relationships__"

    def beyond(rows: QuerySet[Any], place: Place | None, is_ascending: bool) -> list[QuerySet[Any]]:  # noqa: FBT001
        sign, way = ("", "gt") if is_ascending else ("-", "lt")
        order = (f"{sign}{seen}name_key", f"{sign}{seen}customer_id", f"{sign}pk")

        def named(wanted: Q) -> QuerySet[Any]:
            of_ours = rows.filter(wanted, **{f"{seen}partner_id": partner_id})
            carrying: QuerySet[Any] = of_ours.annotate(name_key=F(f"{seen}name_key"))
            return carrying

        if place is None:
            return [named(Q()).order_by(*order)]
        key, customer_id = read_company(place[0])
        later = Q(**{f"{seen}name_key__{way}": key}) | Q(
            **{f"{seen}name_key": key, f"{seen}customer_id__{way}": customer_id}
        )
        # The redundant bound lets the index start at the place instead of filtering from the beginning.
        bound = Q(**{f"{seen}name_key__{way}e": key})
        return [
            named(Q(**{f"{seen}name_key": key, "customer_id": customer_id, f"pk__{way}": place[1]})).order_by(order[2]),
            named(later & bound).order_by(*order),
        ]

    return beyond


def _company_place(row: Any) -> Place:
    return f"{row.customer_id.hex}{row.name_key}", row.pk


def read_company(text: str) -> Place:
    """The place of the customer in a place in the order by company. Raises `BadRequest` for anything else."""
    try:
        return text[32:], uuid.UUID(text[:32])
    except ValueError as error:
        raise BadRequest("The cursor names no customer.") from error


def offer_key(offer: Offer) -> tuple[str, str]:
    """What offers are sorted by: the name, without regard to case."""
    return _name_key(offer.name)


def _name_key(name: str) -> tuple[str, str]:
    return name.casefold(), name


def _by_offer(offers: Sequence[Offer], is_descending: bool) -> Sorting:  # noqa: FBT001
    """One run for each offer, by the offers' names: a name stands in no index of subscriptions."""
    names = {offer.pk: offer.name for offer in offers}

    def beyond(rows: QuerySet[Any], place: Place | None, is_ascending: bool) -> list[QuerySet[Any]]:  # noqa: FBT001
        sign, way = ("", "gt") if is_ascending else ("-", "lt")
        runs = []
        for offer in sorted(offers, key=offer_key, reverse=not is_ascending):
            run = rows.filter(offer_id=offer.pk).order_by(f"{sign}pk")
            if place is None or _is_beyond(offer.name, place[0], is_ascending=is_ascending):
                runs.append(run)
            elif offer.name == place[0]:
                runs.append(run.filter(**{f"pk__{way}": place[1]}))
        return runs

    return Sorting("offer_id", beyond, lambda row: (names.get(row.offer_id) or row.offer.name, row.pk), is_descending)


def _is_beyond(name: str, other: str, *, is_ascending: bool) -> bool:
    key, from_key = _name_key(name), _name_key(other)
    return key > from_key if is_ascending else key < from_key
