"""Where the work of this moment comes from: the address and the correlation id of a request or command."""

import contextvars
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Origin:
    """One request's or command's address and the id that ties its records and log lines together."""

    address: str = ""
    correlation_id: uuid.UUID = field(default_factory=uuid.uuid4)


_current: contextvars.ContextVar[Origin | None] = contextvars.ContextVar("origin", default=None)


def current_origin() -> Origin:
    """The origin of the work under way; a fresh one outside requests and commands."""
    return _current.get() or Origin()


@contextmanager
def origin(*, address: str = "", correlation_id: uuid.UUID | None = None) -> Iterator[Origin]:
    """Within this block every activity record carries this address and correlation id."""
    here = Origin(address=address, correlation_id=correlation_id or uuid.uuid4())
    token = _current.set(here)
    try:
        yield here
    finally:
        _current.reset(token)
