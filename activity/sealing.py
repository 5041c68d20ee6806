"""Sealing the activity log, and finding what was altered or removed since."""

import hashlib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from django.db import transaction
from django.db.models import F

from activity.chain import content_digest, linked
from activity.models import ActivityChain, ActivityRecord, ActivitySeal

ROWS_AT_ONCE = 2_000


@dataclass(frozen=True)
class Break:
    """Where a chain does not hold: from which record on, and why, for the operator who looks into it."""

    chain_id: uuid.UUID
    number: int
    why: str

    def __str__(self) -> str:
        return f"chain {self.chain_id}, record {self.number}: {self.why}"


def seal_activity() -> ActivitySeal:
    """Seal all chains as they are: from now on it is found when one of them is gone with its head.

    Whoever can write to the database can write a seal too: its digest is worth something where it was copied away.
    """
    with transaction.atomic():
        unsealed = ActivityChain.objects.exclude(sealed_length=F("length"))
        unsealed.update(sealed_length=F("length"), sealed_digest=F("digest"))
        chains, records, digest = _sealed()
        return ActivitySeal.objects.create(chains=chains, records=records, digest=digest)


def _sealed() -> tuple[int, int, str]:
    """How many chains and records were sealed last, and the digest of them all."""
    digest, chains, records = hashlib.sha256(), 0, 0
    heads = ActivityChain.objects.filter(sealed_length__gt=0).order_by("pk")
    for pk, length, head in heads.values_list("pk", "sealed_length", "sealed_digest").iterator(ROWS_AT_ONCE):
        digest.update(f"{pk} {length} {head}\n".encode())
        chains, records = chains + 1, records + length
    return chains, records, digest.hexdigest()


def breaks() -> Iterator[Break | int]:
    """Go through all records: each place where a chain does not hold, and now and then how many were looked at.

    Of each chain the first place is told. Memory does not grow with the number of records.
    """
    looked_at = 0
    records = ActivityRecord.objects.order_by("chain_id", "number").iterator(ROWS_AT_ONCE)
    for chain_id, links in groupby(records, key=lambda record: record.chain_id):
        head = ActivityChain.objects.filter(pk=chain_id).first()
        broken: Break | None = None
        digest, number, sealed_digest = "", 0, ""
        for record in links:
            looked_at += 1
            if looked_at % ROWS_AT_ONCE == 0:
                yield looked_at
            if broken is not None:
                continue
            broken = _break_at(record, number + 1, digest)
            digest, number = record.digest, record.number
            if head is not None and number == head.sealed_length:
                sealed_digest = digest
        yield from filter(None, [broken or _break_at_the_end(chain_id, head, number, digest, sealed_digest)])
    yield from _without_records()
    yield from _seal_break()
    yield looked_at


def _break_at(record: ActivityRecord, number: int, previous: str) -> Break | None:
    if record.number != number:
        return Break(record.chain_id, number, "it is missing")
    if record.digest != linked(previous, content_digest(record)):
        return Break(record.chain_id, number, f"it was altered (id {record.pk})")
    return None


def _break_at_the_end(
    chain_id: uuid.UUID, head: ActivityChain | None, number: int, digest: str, sealed_digest: str
) -> Break | None:
    if head is None:
        return Break(chain_id, number, "the head of the chain is missing")
    if head.length > number:
        return Break(chain_id, number + 1, "it is missing")
    if (head.length, head.digest) != (number, digest):
        return Break(chain_id, number, "the head of the chain is not as it was left")
    if head.sealed_length and head.sealed_digest != sealed_digest:
        return Break(chain_id, head.sealed_length, "it is not as it was sealed")
    return None


def _without_records() -> Iterator[Break]:
    written = ActivityRecord.objects.order_by().values("chain_id")
    empty = ActivityChain.objects.exclude(pk__in=written).order_by("pk")
    for pk in empty.values_list("pk", flat=True).iterator(ROWS_AT_ONCE):
        yield Break(pk, 1, "it is missing")


def _seal_break() -> Iterator[Break]:
    seal = ActivitySeal.objects.order_by("-id").first()
    if seal is not None and _sealed() != (seal.chains, seal.records, seal.digest):
        yield Break(uuid.UUID(int=0), 0, f"the chains are not as they were sealed on {seal.at:%Y-%m-%d %H:%M} UTC")
