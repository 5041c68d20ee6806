"""Run by a test in a process of its own, which the test kills: submits upgrades on the test's database.

``python -m tests.upgrades.submit_until_killed all`` submits them one after the other and says which it began.
With ``each-statement`` a thread for each takes one statement more than the one before it, then stands still in
the middle of its transaction; when all stand still it says so. Both read the upgrades to submit as JSON, a line
each, and wait to be killed.
"""

import json
import os
import sys
import threading
import uuid
from collections.abc import Callable
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "partnercenter.settings")


def say(words: str) -> None:
    """One line for the test, in one piece whatever other threads say."""
    os.write(sys.stdout.fileno(), f"{words}\n".encode())


def submit(asked: dict[str, Any]) -> None:
    """Make one upgrade."""
    from partners.models import Staff
    from upgrades.operations import upgrade_subscription

    upgrade_subscription(
        staff=Staff.objects.get(pk=asked["staff"]),
        subscription_id=uuid.UUID(asked["subscription"]),
        target_id=uuid.UUID(asked["target"]),
        quantity=asked["quantity"],
        key=asked["key"],
    )


def one_after_the_other(many: list[dict[str, Any]]) -> None:
    """Submit all, saying before each which one it is."""
    for number, asked in enumerate(many):
        say(str(number))
        submit(asked)


def stop_after(statements: int, has_stopped: threading.Semaphore) -> Callable[..., Any]:
    """A wrapper that lets a connection make so many statements and none after."""
    left = statements

    def execute_or_stop(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal left
        if left == 0:
            has_stopped.release()
            threading.Event().wait()
        left -= 1
        return execute(sql, params, many, context)

    return execute_or_stop


def one_at_each_statement(many: list[dict[str, Any]]) -> None:
    """Stop the first before its first statement, the second after that, and so on; the last ones end."""
    from django.db import connection

    has_stopped = threading.Semaphore(0)

    def run(number: int, asked: dict[str, Any]) -> None:
        try:
            with connection.execute_wrapper(stop_after(number, has_stopped)):
                submit(asked)
            say(f"ended {number}")
        finally:
            has_stopped.release()

    for number, asked in enumerate(many):
        threading.Thread(target=run, args=(number, asked), daemon=True).start()
    for _ in many:
        has_stopped.acquire()


def main() -> None:
    """Do as the first argument says, say that all is done, and wait."""
    django.setup()
    many = [json.loads(line) for line in sys.stdin]
    {"all": one_after_the_other, "each-statement": one_at_each_statement}[sys.argv[1]](many)
    say("all")
    threading.Event().wait()


if __name__ == "__main__":
    main()
