"""Where the work of this moment comes from: the address and the correlation id of a request or command."""

import contextvars
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace


@dataclass(frozen=True)
class Origin:
    """One request's or command's address and the id that ties its records and log lines together.

    A program says with its request which one it is: `application` is the id of the API client, `program` what it
    calls itself. `correlation` is the correlation id as it was sent, where that was not a UUID as it is written here.
    """

    address: str = ""
    correlation_id: uuid.UUID = field(default_factory=uuid.uuid4)
    correlation: str = ""
    application: str = ""
    program: str = ""

    @property
    def said(self) -> str:
        """The correlation id as whoever asked knows it: the answer and the log lines have it."""
        return self.correlation or str(self.correlation_id)


_current: contextvars.ContextVar[Origin | None] = contextvars.ContextVar("origin", default=None)


def current_origin() -> Origin:
    """The origin of the work under way; a fresh one outside requests and commands."""
    return _current.get() or Origin()


def correlation_said() -> str:
    """The correlation id of the request or command under way, as it is said; nothing outside of them."""
    here = _current.get()
    return here.said if here else ""


@contextmanager
def origin(*, address: str = "", correlation_id: uuid.UUID | None = None, correlation: str = "") -> Iterator[Origin]:
    """Within this block every activity record carries this address and correlation id."""
    here = Origin(address=address, correlation_id=correlation_id or uuid.uuid4(), correlation=correlation)
    with _within(here):
        yield here


@contextmanager
def named(*, application: str, program: str) -> Iterator[Origin]:
    """Within this block every activity record also says which program asked, as soon as that is known."""
    here = replace(current_origin(), application=application, program=program)
    with _within(here):
        yield here


@contextmanager
def _within(here: Origin) -> Iterator[None]:
    token = _current.set(here)
    try:
        yield
    finally:
        _current.reset(token)
