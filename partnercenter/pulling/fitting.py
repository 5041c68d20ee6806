"""Makes the record of a customer fit this portal: what it knows better stays, what it cannot hold is left out and told.

What may stand in a record is decided by the import of portfolios (`Checker`); here only the consequences are drawn.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from partnercenter.portfolio.checking import Catalogue, Checker
from partnercenter.portfolio.faults import SHOWN, Fault, Faults
from partnercenter.portfolio.members import UUID
from partnercenter.portfolio.reading import Record
from partnercenter.pulling.translate import customer_record, members, relationship
from subscriptions.models import Status, Subscription

ENTRY = re.compile(r"customers\[\d+\]\.(subscriptions|delegated_admin_privileges)\[(\d+)\]\.?(.*)")
BILLING = re.compile(r"customers\[\d+\]\.billing\b\.?(.*)")

type Held = Mapping[str, Mapping[str, Any]]


@dataclass
class Notes:
    """Sentences for whoever pulls: the first hundred, and the number of all."""

    count: int = 0
    first: list[str] = field(default_factory=list)

    def add(self, words: str) -> None:
        """Count this, and keep it where it is among the first."""
        self.count += 1
        if len(self.first) < SHOWN:
            self.first.append(words)


@dataclass(frozen=True)
class Answers:
    """What a server answered about one customer; `line` is that of the spool, `number` counts the customers."""

    line: int
    number: int
    value: Mapping[str, Any]


class Fitting:
    """Turns answers into records that the portal can take in; what is left out goes to `notes`."""

    def __init__(self, partner_id: str, *, refused: Mapping[int, Sequence[Sequence[Fault]]], notes: Notes) -> None:
        self.partner_id = partner_id
        # What an import refused of these lines before, an import after the other.
        self.refused = refused
        self.notes = notes
        self.catalogue = Catalogue.load()

    def records(self, batch: Sequence[Answers]) -> Iterator[Record]:
        """The records of these customers."""
        translated = [customer_record(answers.value, partner_id=self.partner_id) for answers in batch]
        held = _held(subscription for record in translated for subscription in record["subscriptions"])
        for answers, record in zip(batch, translated, strict=True):
            fitted = self._fit(answers, record, held)
            if fitted is not None:
                yield Record("customer", answers.line, answers.number, fitted, answers.line)

    def _fit(self, answers: Answers, record: dict[str, Any], held: Held) -> dict[str, Any] | None:
        what = relationship(members(answers.value["customer"]))
        if what not in {"reseller", "none"}:
            self._tell(record, _("the partner is no reseller of it, but %s") % what)
            return None
        if isinstance(services := answers.value["managed_services"], str):
            self._tell(record, services)
        record["subscriptions"] = [
            known for one in record["subscriptions"] for known in self._as_known(record, one, held)
        ]
        found: dict[str, Any] | None = record
        for faults in self.refused.get(answers.line, ()):
            found = found and self._without(found, faults)
        while found and (faults := self._faults(answers, found)):
            found = self._without(found, faults)
        return found and self._without_orphans(found, held)

    def _as_known(self, record: Mapping[str, Any], subscription: Any, held: Held) -> Iterator[Any]:
        """The subscription with what the portal knows and the protocol does not tell; nothing where it is to stay."""
        known = held.get(members(subscription).get("id", ""))
        if known is None or known["customer"] != record["id"]:
            yield subscription
        elif known["status"] == Status.DELETED:
            if subscription["status"] != Status.DELETED:
                self._tell(record, _("subscription %s is deleted here, and not at the source") % subscription["id"])
        elif subscription["partner"] is not None:
            yield {**subscription, **_kept_suspension(subscription, known)}
        elif known["partner"] in {None, self.partner_id}:
            kept = {name: known[name] for name in ("nickname", "auto_renew")}
            yield {**subscription, **kept, **_kept_suspension(subscription, known)}

    def _faults(self, answers: Answers, record: dict[str, Any]) -> list[Fault]:
        """What the import would refuse in this record alone."""
        faults = Faults()
        checker = Checker(catalogue=self.catalogue, stage=lambda table, row: None, faults=faults)
        checker.check(Record("customer", answers.line, answers.number, record))
        return faults.first

    def _without(self, record: dict[str, Any], faults: Iterable[Fault]) -> dict[str, Any] | None:
        """The record without what these faults are about; `None` where that is the customer itself."""
        dropped: dict[str, set[int]] = {"subscriptions": set(), "delegated_admin_privileges": set()}
        record = dict(record)
        for fault in faults:
            if entry := ENTRY.match(fault.place):
                name, index, member = entry[1], int(entry[2]), entry[3]
                if index not in dropped[name]:
                    self._tell(record, f"{_entry(name, record[name][index])}: {_joined(member, fault.words)}")
                dropped[name].add(index)
            elif billing := BILLING.match(fault.place):
                if record.pop("billing", None):
                    self._tell(record, _("billing profile: %s") % _joined(billing[1], fault.words))
            else:
                self._tell(record, _joined(fault.place.partition(".")[2], fault.words))
                return None
        for name, indexes in dropped.items():
            record[name] = [one for index, one in enumerate(record[name]) if index not in indexes]
        return record

    def _without_orphans(self, record: dict[str, Any], held: Held) -> dict[str, Any]:
        """The record without add-ons whose parent is neither in it nor in the portal."""
        while True:
            there = {one["id"] for one in record["subscriptions"]} | held.keys()
            orphans = [one for one in record["subscriptions"] if one["parent"] and one["parent"] not in there]
            if not orphans:
                return record
            for one in orphans:
                self._tell(record, _("subscription %(id)s: without its parent %(parent)s") % one)
            kept = [one for one in record["subscriptions"] if one not in orphans]
            record = {**record, "subscriptions": kept}

    def _tell(self, record: Mapping[str, Any], words: str) -> None:
        self.notes.add(f"{record['company_name'] or record['id']} ({record['domain'] or record['id']}): {words}")


def _kept_suspension(subscription: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    """Since when it is suspended, where only the portal knows that."""
    if subscription["status"] == known["status"] == Status.SUSPENDED and subscription["suspended"] is None:
        return {name: known[name] for name in ("suspended", "suspended_with_parent")}
    return {}


def _held(subscriptions: Iterable[Any]) -> Held:
    """What the portal has of these subscriptions and their parents."""
    ids = {members(one).get(name) for one in subscriptions for name in ("id", "parent")}
    rows = Subscription.objects.filter(pk__in=[one for one in ids if isinstance(one, str) and UUID.fullmatch(one)])
    return {
        str(row.pk): {
            "customer": str(row.customer_id),
            "status": row.status,
            "partner": row.reseller_of_record_id and str(row.reseller_of_record_id),
            "nickname": row.nickname,
            "auto_renew": row.auto_renew,
            "suspended": row.suspended_at and row.suspended_at.isoformat(),
            "suspended_with_parent": row.suspended_with_parent,
        }
        for row in rows
    }


def _entry(name: str, value: Any) -> str:
    if name == "subscriptions":
        return _("subscription %s") % members(value).get("id")
    return _("managed service %s") % members(value).get("service")


def _joined(member: str, words: str) -> str:
    return f"{member}: {words}" if member else words
