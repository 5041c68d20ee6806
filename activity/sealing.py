"""Sealing the activity log, and finding what was altered or removed since."""

import hashlib
import uuid
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Sum

from activity.chain import chain_of, content_digest, linked
from activity.models import ActivityChain, ActivityRecord, ActivitySeal, SealedChain
from activity.snapshot import one_moment

ROWS_AT_ONCE = 2_000


@dataclass(frozen=True)
class Break:
    """Where the log does not hold, and why, for the operator who looks into it.

    Of a chain, that is the first such record; without one, `number` is the seal's.
    """

    chain_id: uuid.UUID | None
    number: int
    why: str

    def __str__(self) -> str:
        where = f"chain {self.chain_id}, record" if self.chain_id else "seal"
        return f"{where} {self.number}: {self.why}"


@dataclass(frozen=True)
class Copy:
    """A seal as it was printed and kept elsewhere."""

    number: int
    digest: str

    @classmethod
    def read(cls, line: str) -> "Copy":
        """What `printed` wrote. Raises `ValueError` for anything else."""
        number, *_between, digest = line.split()
        if len(digest) != hashlib.sha256().digest_size * 2:
            raise ValueError(line)
        return cls(int(number), digest)


def printed(seal: ActivitySeal) -> str:
    """A seal as one line, to be kept elsewhere."""
    return f"{seal.pk} {_moment(seal)} {seal.chains} chains {seal.records} records {seal.digest}"


def seal_activity() -> ActivitySeal:
    """Seal all chains as they are: from now on it is found when one of them is gone with its head.

    Whoever can write to the database can write a seal too: its digest is worth something where it was copied away.
    No head is locked: what is written meanwhile is sealed the next time. Raises `IntegrityError` where somebody else
    seals at the same moment.
    """
    with transaction.atomic():
        before = ActivitySeal.objects.first()
        seal = ActivitySeal(pk=before.pk + 1 if before else 1)
        sealed = SealedChain.objects.filter(chain_id=OuterRef("pk"), length__gte=OuterRef("length"))
        grown = ActivityChain.objects.exclude(Exists(sealed)).order_by("pk")
        rows = (
            SealedChain(seal=seal, chain_id=head.pk, length=head.length, digest=head.digest)
            for head in grown.iterator(ROWS_AT_ONCE)
        )
        seal.chains, content = _summed(_kept(rows))
        seal.records = ActivityChain.objects.aggregate(all=Sum("length", default=0))["all"]
        seal.digest = _digest(seal, before.digest if before else "", content)
        seal.save(force_insert=True)
    return seal


def _kept(rows: Iterator[SealedChain]) -> Iterator[SealedChain]:
    """Write these rows down, some at a time."""
    block: list[SealedChain] = []
    for row in rows:
        block.append(row)
        if len(block) == ROWS_AT_ONCE:
            yield from SealedChain.objects.bulk_create(block)
            block = []
    yield from SealedChain.objects.bulk_create(block)


def _summed(rows: Iterable[SealedChain]) -> tuple[int, str]:
    """How many chains these are, and one digest of them all."""
    count, digest = 0, hashlib.sha256()
    for row in rows:
        count += 1
        digest.update(f"{row.chain_id} {row.length} {row.digest}\n".encode())
    return count, digest.hexdigest()


def _digest(seal: ActivitySeal, before: str, content: str) -> str:
    told = f"{seal.pk} {_moment(seal)} {seal.chains} {seal.records}"
    return hashlib.sha256(f"{before}\n{told}\n{content}".encode()).hexdigest()


def _moment(seal: ActivitySeal) -> str:
    return seal.at.isoformat(timespec="microseconds")


def breaks(copies: Iterable[Copy] = ()) -> Generator[Break | int]:
    """Go through all records: each place where the log does not hold, and now and then how many were looked at.

    Of each chain the first place is told, then seals that are not as they were made, or not as these copies of them.
    All is looked at as it is at one moment, so that people may go on working. Memory does not grow with the log.
    """
    with one_moment():
        looked_at = 0
        for links in _Merged():
            for link in links:
                if isinstance(link, Break):
                    yield link
                    continue
                looked_at += 1
                if looked_at % ROWS_AT_ONCE == 0:
                    yield looked_at
        yield from _seal_breaks()
        yield from _copy_breaks(copies)
        yield looked_at


class _Merged:
    """All chains in the order of their ids, from three readings that advance side by side.

    Each chain comes as an iterator of its records, among them the break, where there is one; a chain has to be read
    to its end before the next.
    """

    def __init__(self) -> None:
        records = ActivityRecord.objects.order_by("chain_id", "number").iterator(ROWS_AT_ONCE)
        heads = ActivityChain.objects.order_by("pk").iterator(ROWS_AT_ONCE)
        sealed = SealedChain.objects.order_by("chain_id", "length").iterator(ROWS_AT_ONCE)
        self._records = _Side(groupby(records, key=lambda one: one.chain_id))
        self._heads = _Side(groupby(heads, key=lambda one: one.pk))
        self._sealed = _Side(groupby(sealed, key=lambda one: one.chain_id))

    def __iter__(self) -> Iterator[Iterator[ActivityRecord | Break]]:
        sides = (self._records, self._heads, self._sealed)
        while waiting := [side.chain_id for side in sides if side.chain_id is not None]:
            chain_id = min(waiting)
            head = next(iter(self._heads.take(chain_id)), None)
            yield _checked(chain_id, self._records.take(chain_id), head, iter(self._sealed.take(chain_id)))
            for side in sides:
                side.advance(chain_id)


class _Side:
    """One reading, grouped by chain."""

    def __init__(self, groups: Iterator[tuple[uuid.UUID, Iterator[Any]]]) -> None:
        self._groups = groups
        self.chain_id: uuid.UUID | None
        self._rows: Iterator[Any]
        self.chain_id, self._rows = next(groups, (None, iter(())))

    def take(self, chain_id: uuid.UUID) -> Iterator[Any]:
        """The rows of this chain, where it is next."""
        return self._rows if self.chain_id == chain_id else iter(())

    def advance(self, chain_id: uuid.UUID) -> None:
        """Go on to the next chain, where this one was next."""
        if self.chain_id == chain_id:
            self.chain_id, self._rows = next(self._groups, (None, iter(())))


def _checked(
    chain_id: uuid.UUID, records: Iterable[ActivityRecord], head: ActivityChain | None, sealed: Iterator[SealedChain]
) -> Iterator[ActivityRecord | Break]:
    """The records of a chain, and the first place where it does not hold."""
    digest, number, is_broken = "", 0, False
    seal = next(sealed, None)
    for record in records:
        if not is_broken:
            why = _why_not(record, number + 1, digest, seal)
            if why:
                is_broken = True
                yield Break(chain_id, number + 1, why)
            digest, number = record.digest, record.number
            if seal is not None and number >= seal.length:
                seal = next(sealed, None)
        yield record
    if not is_broken and (end := _why_no_end(head, number, digest, seal)):
        yield Break(chain_id, *end)


def _why_not(record: ActivityRecord, number: int, previous: str, seal: SealedChain | None) -> str:
    if record.number != number:
        return "it is missing"
    if record.digest != linked(previous, content_digest(record)) or record.chain_id != chain_of(record):
        return f"it was altered (id {record.pk})"
    if seal is not None and seal.length == number and seal.digest != record.digest:
        return f"it is not as it was sealed (seal {seal.seal_id})"
    return ""


def _why_no_end(
    head: ActivityChain | None, number: int, digest: str, seal: SealedChain | None
) -> tuple[int, str] | None:
    if head is not None and head.length > number:
        return number + 1, "it is missing"
    if seal is not None:
        return number + 1, f"it is missing since it was sealed (seal {seal.seal_id})"
    if head is None:
        return number, "the head of the chain is missing"
    if (head.length, head.digest) != (number, digest):
        return number, "the head of the chain is not as it was left"
    return None


def _seal_breaks() -> Iterator[Break]:
    before, number = "", 0
    for seal in ActivitySeal.objects.order_by("pk").iterator(ROWS_AT_ONCE):
        number += 1
        if seal.pk != number:
            yield Break(None, number, "it is missing")
            number = seal.pk
        else:
            count, content = _summed(seal.sealed.order_by("chain_id").iterator(ROWS_AT_ONCE))
            if count != seal.chains or seal.digest != _digest(seal, before, content):
                yield Break(None, number, "it is not as it was made")
        before = seal.digest


def _copy_breaks(copies: Iterable[Copy]) -> Iterator[Break]:
    for copy in copies:
        seal = ActivitySeal.objects.filter(pk=copy.number).first()
        if seal is None:
            yield Break(None, copy.number, "it is missing, of which there is a copy")
        elif seal.digest != copy.digest:
            yield Break(None, copy.number, "it is not as it was copied")
