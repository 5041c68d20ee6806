"""Running the real worker within a test, and provisioners that fail."""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management import call_command

from subscriptions.models import OrderLine
from subscriptions.provisioning import ProvisioningFailed

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGQUIT)


def work() -> None:
    """Do all that is queued for now. The worker closes connections, so the test is one that empties the tables."""
    with _signals_kept():
        call_command("run_worker", batch=True, verbosity=0)


@contextmanager
def _signals_kept() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class FailsTwice:
    """Refuses each subscription twice, then provisions it; `asked` are the subscriptions in the order asked for."""

    asked: list[str] = []

    def provision(self, line: OrderLine) -> None:
        self.asked.append(str(line.subscription_id))
        if self.asked.count(str(line.subscription_id)) < 3:
            raise ProvisioningFailed("The tenant is being moved.")


class AlwaysFails:
    def provision(self, line: OrderLine) -> None:
        raise ProvisioningFailed(f"No licence pool for line {line.number}.\x00\u202e")


class BreaksOff:
    def provision(self, line: OrderLine) -> None:
        raise ConnectionError("nobody answers")


class StandsStill:
    """Says that it was asked, and never answers."""

    def provision(self, line: OrderLine) -> None:
        os.write(sys.stdout.fileno(), b"asked\n")
        threading.Event().wait()
