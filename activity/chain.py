"""Chains of activity records: whoever alters or removes one breaks a chain, and `verify_activity` finds where.

The records of a customer are one chain, those of a partner that name no customer another, and the platform's own a
third kind. Upgrades of different customers so never wait for each other. Each record carries its number in the chain
and a digest of its content and of the digest before it; the head of a chain knows how long it is.
"""

import datetime
import hashlib
import json
import math
import uuid
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connections, router

if TYPE_CHECKING:
    from activity.models import ActivityRecord

# The chain of what concerns neither a customer nor a partner.
PLATFORM = uuid.UUID(int=0)
# What a record says, in this order for ever: the digests of all records depend on it.
CONTENT = (
    "id",
    "at",
    "partner_id",
    "partner_name",
    "actor_kind",
    "actor_id",
    "actor_name",
    "address",
    "operation",
    "customer_id",
    "customer_name",
    "resource_type",
    "resource_id",
    "before",
    "after",
    "outcome",
    "reasons",
    "correlation_id",
)
# What was added to it later: a part of the digest where any of it is said, so that earlier digests hold.
ADDED = ("application", "program", "correlation")
_HEADS = "activity_activitychain"
_NEXT = """
    INSERT INTO {heads} (id, length, digest) VALUES (%s, 1, {first})
    ON CONFLICT (id) DO UPDATE SET length = {heads}.length + 1, digest = {later}
    RETURNING length, digest
"""


def chain_of(record: "ActivityRecord") -> uuid.UUID:
    """The chain that a record belongs to."""
    return record.customer_id or record.partner_id or PLATFORM


def content_digest(record: "ActivityRecord") -> str:
    """A digest of what the record says, the same before and after any database has held it."""
    values = [_plain(getattr(record, name)) for name in CONTENT]
    # Migrations ask for digests of records that have not these columns yet.
    added = [_plain(getattr(record, name, "")) for name in ADDED]
    values += added if any(added) else []
    text = json.dumps(values, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def make_storable(record: "ActivityRecord") -> None:
    """Let the record say what any database gives back: no text and no number is left in it that one refuses."""
    for name in (*CONTENT, *ADDED):
        value = getattr(record, name)
        if isinstance(value, str | dict | list | tuple):
            setattr(record, name, _as_json(value))


def linked(previous: str, content: str) -> str:
    """The digest of a record: of the digest before it (none for the first) and of its content."""
    return hashlib.sha256(f"{previous}{content}".encode()).hexdigest()


def append(record: "ActivityRecord") -> None:
    """Give a new record its place at the end of its chain, within the transaction that writes it.

    One statement: it waits for whoever else appends to the same chain.
    """
    make_storable(record)
    record.chain_id = chain_of(record)
    content = content_digest(record)
    connection = connections[router.db_for_write(type(record))]
    digest = "encode(sha256(convert_to({}, 'UTF8')), 'hex')" if connection.vendor == "postgresql" else "SHA256({})"
    statement = _NEXT.format(heads=_HEADS, first=digest.format("%s"), later=digest.format(f"{_HEADS}.digest || %s"))
    key = record.chain_id if connection.vendor == "postgresql" else record.chain_id.hex
    with connection.cursor() as cursor:
        cursor.execute(statement, [key, content, content])
        record.number, record.digest = cursor.fetchone()


def _plain(value: Any) -> Any:
    """A value as every database gives it back: JSON's own kinds, whole numbers without a fraction."""
    if isinstance(value, datetime.datetime):
        return value.astimezone(datetime.UTC).isoformat(timespec="microseconds")
    return str(value) if isinstance(value, uuid.UUID) else _as_json(value)


def _as_json(value: Any) -> Any:
    if value is None:
        return None
    return _kept(value if isinstance(value, str) else json.loads(json.dumps(value, cls=DjangoJSONEncoder)))


def _kept(value: Any) -> Any:
    """As databases keep it: 1.0 may become 1 and 1e22 a whole number; NUL, half a character and NaN are refused."""
    if isinstance(value, str):
        return value.replace("\0", "\ufffd").encode("utf-8", "replace").decode()
    if isinstance(value, float):
        if not math.isfinite(value):
            return str(value)
        # By its digits, as a database keeps it: the float itself may stand for a number a little beside them.
        return int(Decimal(repr(value))) if value.is_integer() else value
    if isinstance(value, list):
        return [_kept(one) for one in value]
    if isinstance(value, dict):
        return {_kept(name): _kept(one) for name, one in value.items()}
    return value
