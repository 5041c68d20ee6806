"""Setting prices: what a new one does to those that are there, all in one transaction, each change recorded."""

import datetime
import hashlib
import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction

from activity.models import Outcome
from activity.operations import SYSTEM, record
from catalog.models import DEFAULT_CURRENCY, Offer, Price
from catalog.periods import Period, overlaid
from catalog.price_lists import PriceLine, PricesChanged, read_price_list
from partners.models import Staff

Track = tuple[uuid.UUID, str]


@dataclass(frozen=True)
class PriceChange:
    """What becomes of the prices of one offer in one currency."""

    offer: Offer
    currency: str
    before: tuple[Period, ...]
    after: tuple[Period, ...]

    @property
    def gone(self) -> list[Period]:
        """The periods that are no longer as they were."""
        return [period for period in self.before if period not in self.after]

    @property
    def come(self) -> list[Period]:
        """The periods that are new or other than before."""
        return [period for period in self.after if period not in self.before]


def set_price(
    *,
    staff: Staff | None,
    offer: Offer,
    amount: Decimal,
    valid_from: datetime.date,
    valid_until: datetime.date | None = None,
    currency: str = DEFAULT_CURRENCY,
) -> Price:
    """Make this the price of one licence and month from one day through another, or for good; return it as stored.

    Other prices of the offer in this currency give way on these days and stay before and after them. `staff` is
    `None` where the portal itself sets it. Raises `PermissionDenied` where the person may not set prices; the
    attempt is recorded.
    """
    _check_may(staff, "set_price")
    line = PriceLine(0, offer, currency, Period(valid_from, valid_until, amount))
    with transaction.atomic():
        for change in _changes([line], lock=True):
            _apply(change, staff)
        stored: Price = offer.prices.on(valid_from).get(currency=currency)
    return stored


def preview_prices(content: bytes) -> list[PriceChange]:
    """What importing this price list would change; raises `PriceListRefused` with all that is wrong with it."""
    return _changes(read_price_list(content), lock=False)


def import_prices(
    *, staff: Staff | None, content: bytes, source: str, expected: str | None = None
) -> list[PriceChange]:
    """Set the prices of a price list, all or none, and return what changed.

    `source` names the list in the record. Where `expected` is given, it is the `fingerprint` of the changes that a
    person has seen. Raises `PriceListRefused` with all that is wrong with the list, `PricesChanged` where other things
    would change than were expected, `PermissionDenied` where the person may not set prices.
    """
    _check_may(staff, "import_prices")
    with transaction.atomic():
        changes = _changes(read_price_list(content), lock=True)
        if expected is not None and fingerprint(changes) != expected:
            raise PricesChanged
        for change in changes:
            _apply(change, staff)
        if changes:
            record(
                actor=staff.actor if staff else SYSTEM,
                operation="import_prices",
                resource_type="price",
                after={"source": source, "offers": len({change.offer.pk for change in changes})},
            )
    return changes


def fingerprint(changes: Iterable[PriceChange]) -> str:
    """The same for the same changes, and for no others."""
    text = "\n".join(
        f"{change.offer.pk} {change.currency} {_plain(change.before)} > {_plain(change.after)}" for change in changes
    )
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(periods: Iterable[Period]) -> str:
    return " ".join(f"{one.valid_from}..{one.valid_until}={one.amount.normalize():f}" for one in periods)


def _check_may(staff: Staff | None, operation: str) -> None:
    if staff is None or staff.has_perm("catalog.add_price"):
        return
    record(
        actor=staff.actor, operation=operation, resource_type="price", outcome=Outcome.REFUSED, reasons=["permission"]
    )
    raise PermissionDenied


def _changes(lines: Sequence[PriceLine], *, lock: bool) -> list[PriceChange]:
    """What these lines change, by the offers' names; nothing of what is so already."""
    offers = {line.offer.pk: line.offer for line in lines}
    if lock:
        lock_offers(offers)
    before = _stored(offers)
    laid: dict[Track, list[Period]] = defaultdict(list)
    for line in lines:
        laid[line.track].append(line.period)
    changes = []
    for (offer_id, currency), periods in laid.items():
        stored = before.get((offer_id, currency), [])
        after = overlaid(stored, *periods)
        if after != stored:
            changes.append(PriceChange(offers[offer_id], currency, tuple(stored), tuple(after)))
    return sorted(changes, key=lambda change: (change.offer.name, change.currency))


def lock_offers(offer_ids: Iterable[uuid.UUID]) -> None:
    """Make others who set prices of these offers wait until the transaction of the caller ends."""
    wanted = Offer.objects.select_for_update(no_key=True).filter(pk__in=list(offer_ids))
    list(wanted.order_by("pk").values_list("pk"))


def _stored(offer_ids: Iterable[uuid.UUID]) -> Mapping[Track, list[Period]]:
    found: dict[Track, list[Period]] = {}
    for price in Price.objects.filter(offer_id__in=list(offer_ids)).order_by("valid_from"):
        found.setdefault((price.offer_id, price.currency), []).append(period_of(price))
    return found


def period_of(price: Price) -> Period:
    """A stored price as a period."""
    return Period(price.valid_from, price.valid_until, price.amount)


def _apply(change: PriceChange, staff: Staff | None) -> None:
    """Store a change and record it. A period is known by its first day, so that a row that only ends earlier stays."""
    wanted = {period.valid_from: period for period in change.after}
    rows = Price.objects.filter(offer=change.offer, currency=change.currency)
    # What goes makes room first; then rows grow or shrink up to their neighbours, which never overlap half-way.
    rows.exclude(valid_from__in=wanted).delete()
    kept = {row.valid_from: row for row in rows}
    for first, row in kept.items():
        row.valid_until, row.amount = wanted[first].valid_until, wanted[first].amount
    Price.objects.bulk_update(kept.values(), ["valid_until", "amount"])
    Price.objects.bulk_create(
        Price(
            offer=change.offer,
            currency=change.currency,
            amount=period.amount,
            valid_from=first,
            valid_until=period.valid_until,
        )
        for first, period in wanted.items()
        if first not in kept
    )
    record(
        actor=staff.actor if staff else SYSTEM,
        operation="set_price",
        resource=change.offer,
        before=_recorded(change, change.gone),
        after=_recorded(change, change.come),
    )


def _recorded(change: PriceChange, periods: Iterable[Period]) -> dict[str, Any]:
    return {
        "offer": change.offer.name,
        "currency": change.currency,
        "prices": [
            {"amount": period.amount, "valid_from": period.valid_from, "valid_until": period.valid_until}
            for period in periods
        ],
    }
