"""What a change of the catalogue does to those who hold offers.

This room does not know who does. Rooms above it do, and answer the signals given away here.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.dispatch import Signal

from catalog.models import Offer


@dataclass(frozen=True)
class Consequence:
    """Something that a change does, in a whole sentence, and how many it touches."""

    words: str
    subscriptions: int = 0
    customers: int = 0
    partners: int = 0


Tell = Callable[[], Iterable[Consequence]]

# Sent before something of the catalogue changes. A receiver looks at how things stand and answers with a
# function (`Tell`) that, called after the change and inside its transaction, tells what follows from it.
change_begins = Signal()

# Sent with `offer` and its new `maximum_quantity` before that is saved. A receiver refuses by raising
# `ValidationError`.
limits_checked = Signal()


def watch() -> Tell:
    """Begin to watch; call what you get after the change, in the same transaction, for what follows from it."""
    answers: list[Any] = [answer for _receiver, answer in change_begins.send(sender=Offer)]
    return lambda: [consequence for tell in answers for consequence in tell()]


def consequences_of(change: Callable[[], object]) -> list[Consequence]:
    """What this change would do: it is made, looked at, and taken back."""
    with transaction.atomic():
        tell = watch()
        change()
        found = list(tell())
        transaction.set_rollback(True)
    return found
