"""Submitting upgrades from many threads at once, and stopping one in the middle of its transaction."""

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from upgrades.errors import UpgradeRefused
from upgrades.models import Upgrade
from upgrades.operations import upgrade_subscription

THREADS = 50
Asked = dict[str, Any]
Answer = Upgrade | UpgradeRefused


def submit(asked: Asked) -> Answer:
    """The upgrade, or the refusal as a value."""
    try:
        return upgrade_subscription(**asked)
    except UpgradeRefused as refused:
        return refused


def submit_at_once(many: Iterable[Asked]) -> list[Answer]:
    """Submit all these, each from a thread of its own that starts when all are there."""
    waiting = list(many)
    start = threading.Barrier(len(waiting))

    def run(asked: Asked) -> Answer:
        connection.ensure_connection()
        start.wait()
        return submit(asked)

    with ThreadPoolExecutor(max_workers=len(waiting)) as pool:
        return list(pool.map(and_close(run), waiting))


def and_close(work: Callable[..., Any]) -> Callable[..., Any]:
    """The same work, ending with the thread's connection closed."""

    def run(*args: Any) -> Any:
        try:
            return work(*args)
        finally:
            connection.close()

    return run


@dataclass
class Pause:
    """Holds a thread just before its first statement with this text in it, or the first after so many of them."""

    before: str
    after: int = 0
    reached: threading.Event = field(default_factory=threading.Event)
    go_on: threading.Event = field(default_factory=threading.Event)
    process_id: int = 0

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        self.after -= self.before in sql
        if self.before in sql and self.after < 0 and not self.reached.is_set():
            self.process_id = context["connection"].connection.info.backend_pid
            self.reached.set()
            assert self.go_on.wait(60)
        return execute(sql, params, many, context)


@contextmanager
def paused(pause: Pause, work: Callable[[], Any]) -> Iterator[Future[Any]]:
    """Do this work in a thread that is held at the pause within the block, and let it end afterwards."""

    def run() -> Any:
        with connection.execute_wrapper(pause):
            return work()

    with ThreadPoolExecutor(max_workers=1) as pool:
        future = pool.submit(and_close(run))
        try:
            assert pause.reached.wait(60)
            yield future
        finally:
            pause.go_on.set()
        future.result()


def wait_until_blocked(work: "Future[Any]", *, by: int) -> None:
    """Return when some process of the database waits for this one; this work must not end before."""
    with connection.cursor() as cursor:
        while True:
            assert not work.done(), work.result()
            cursor.execute("SELECT count(*) FROM pg_locks WHERE %s = ANY(pg_blocking_pids(pid))", [by])
            [waiting] = cursor.fetchone()
            if waiting:
                return
