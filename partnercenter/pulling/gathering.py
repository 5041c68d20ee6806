"""Asks a server for all that a partner has there: the partner, the offers, the customers and what each holds."""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from partnercenter.portfolio.faults import shown
from partnercenter.pulling.paging import all_at_once, by_continuation, by_offset
from partnercenter.pulling.source import Malformed, Refused, Source, SourceFailed, Unanswered
from partnercenter.pulling.spool import CUSTOMER, END, Spool

PARTNER, OFFERS = "partner", "offers"
COUNTRY = "CN"
# So many customers in a row without an answer, and it is the server that does not answer.
MOST_UNANSWERED = 3
# What a server may keep from an API client, or not have at all, without the rest being worthless.
KEPT_BACK = {403, 404, 501}
# What is answered about one customer so is the answer about all.
FOR_ALL = {401, 403}


def _nothing(number: int) -> None:
    pass


@dataclass(frozen=True)
class Progress:
    """Whom to tell how many customers there are to read, and how many were read."""

    to_read: Callable[[int], None] = _nothing
    read: Callable[[int], None] = _nothing


@dataclass
class _Missing:
    """What could not be read: customers that went while they were read, and others with why."""

    gone: list[str] = field(default_factory=list)
    left_out: list[tuple[str, str]] = field(default_factory=list)
    in_a_row: int = 0

    def leave_out(self, customer_id: str, error: SourceFailed) -> None:
        """Go on without this customer; raises `SourceFailed` where it is the server that does not answer."""
        self.left_out.append((customer_id, str(error)))
        self.in_a_row += not isinstance(error, Malformed)
        if self.in_a_row >= MOST_UNANSWERED:
            raise SourceFailed(str(error)) from error


def gather(source: Source, spool: Spool, *, size: int, progress: Progress | None = None) -> None:
    """Fill the spool with what it does not have yet; one that came to its end is left as it is.

    Raises `SourceFailed`; what was read until then stays in the spool.
    """
    if spool.is_complete:
        return
    progress = progress or Progress()
    missing = _Missing()
    spool.add(PARTNER, {"organization": _one(source, "/profiles/organization"), "mpn": _one(source, "/profiles/mpn")})
    spool.add(OFFERS, _offers(source, size))
    ids = list(_customer_ids(source, size, missing))
    progress.to_read(len(ids))
    for customer_id in ids:
        if customer_id not in spool.customer_ids:
            _gather_customer(source, spool, customer_id, missing)
        progress.read(1)
    spool.add(END, {"gone": missing.gone, "left_out": missing.left_out})


def _one(source: Source, path: str) -> dict[str, Any] | None:
    try:
        return source.get(path)
    except Refused as refused:
        if refused.status not in KEPT_BACK:
            raise
        return None


def _offers(source: Source, size: int) -> list[Any] | str:
    """The offers of the source, or why they cannot be had: they are compared, and nothing depends on them."""
    try:
        return list(by_offset(source, "/offers", query={"country": COUNTRY}, size=size))
    except (Refused, Malformed) as error:
        return str(error)


def _customer_ids(source: Source, size: int, missing: _Missing) -> Iterator[str]:
    """The customers of the source; an item without a proper id is told."""
    for item in by_continuation(source, "/customers", size=size):
        found = item.get("id") if isinstance(item, dict) else item
        try:
            yield str(uuid.UUID(found if isinstance(found, str) else ""))
        except ValueError:
            missing.left_out.append(("", _("a customer whose id is no UUID: %s") % shown(found)))


def _gather_customer(source: Source, spool: Spool, customer_id: str, missing: _Missing) -> None:
    try:
        answers = _customer(source, customer_id)
    except (Malformed, Refused, Unanswered) as error:
        status = error.status if isinstance(error, Refused) else 0
        if status in FOR_ALL:
            raise
        if status == 404:
            missing.gone.append(customer_id)
        else:
            missing.leave_out(customer_id, error)
            return
    else:
        spool.add(CUSTOMER, answers)
    missing.in_a_row = 0


def _customer(source: Source, customer_id: str) -> dict[str, Any]:
    path = f"/customers/{customer_id}"
    customer = source.get(path)
    if str(customer.get("id")).lower() != customer_id:
        raise Malformed(
            _("%(path)s answers with another customer, %(id)s.") % {"path": path, "id": shown(customer.get("id"))}
        )
    subscriptions = all_at_once(source, f"{path}/subscriptions")
    try:
        services: list[Any] | str = all_at_once(source, f"{path}/managedservices")
    except Refused as refused:
        if refused.status not in {403, 501}:
            raise
        services = str(refused)
    return {"id": customer_id, "customer": customer, "subscriptions": subscriptions, "managed_services": services}
