"""Who asks in the measurements: a person who signs in as anyone does, a program with a token; and how long it took."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from statistics import median
from types import TracebackType
from typing import Any, Self

import aiohttp

from benchmarks.database import PASSWORD

REQUESTS = 30
WARM_UP = 5


@dataclass(frozen=True)
class Answer:
    """What the server answered, and after how many seconds."""

    status: int
    seconds: float
    location: str
    body: bytes


async def _ask(session: aiohttp.ClientSession, method: str, url: str, **more: Any) -> Answer:
    begin = time.perf_counter()
    async with session.request(method, url, allow_redirects=False, **more) as response:
        body = await response.read()
        location = response.headers.get("Location", "")
        return Answer(response.status, time.perf_counter() - begin, location, body)


def _session(**more: Any) -> aiohttp.ClientSession:
    # The server ends a connection after two idle seconds; a form sent on one just then would be lost.
    connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=1)
    return aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(120), **more)


@dataclass
class Program:
    """A program with a token of its own; `async with` opens its connections."""

    address: str
    token: str
    _session: aiohttp.ClientSession = field(init=False)

    async def __aenter__(self) -> Self:
        self._session = _session(headers={"Authorization": f"Bearer {self.token}"})
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    async def get(self, path: str, **query: str) -> Answer:
        """Ask for what stands there."""
        return await _ask(self._session, "GET", self.address + path, params=query)

    async def post(self, path: str, body: dict[str, Any], *, request_id: str = "") -> Answer:
        """Send JSON, under a key of its own."""
        headers = {"MS-RequestId": request_id} if request_id else {}
        return await _ask(self._session, "POST", self.address + path, json=body, headers=headers)


@dataclass
class Visitor:
    """A signed-in person; `async with` signs in."""

    address: str
    email: str
    _session: aiohttp.ClientSession = field(init=False)
    _csrf: str = field(init=False, default="")

    async def __aenter__(self) -> Self:
        self._session = _session(cookie_jar=aiohttp.CookieJar(unsafe=True))
        await self.get("/sign-in/")
        self._take_token()
        answer = await self.post("/sign-in/", {"login": self.email, "password": PASSWORD})
        if answer.status != 302:
            await self._session.close()
            raise RuntimeError(f"Signing in as {self.email} answered {answer.status}")
        self._take_token()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    def _take_token(self) -> None:
        self._csrf = next(cookie.value for cookie in self._session.cookie_jar if cookie.key == "csrftoken")

    async def get(self, path: str, **query: str) -> Answer:
        """Open a page."""
        return await _ask(self._session, "GET", self.address + path, params=query)

    async def post(self, path: str, fields: dict[str, Any]) -> Answer:
        """Submit a form."""
        form = {**fields, "csrfmiddlewaretoken": self._csrf}
        return await _ask(self._session, "POST", self.address + path, data=form)


Open = Callable[[], Awaitable[Answer]]


async def compare(*pages: Open, requests: int = REQUESTS, status: int = 200) -> list[float]:
    """The median seconds of each page, opened in turn so that all meet the same state of the machine."""
    times: list[list[float]] = [[] for _page in pages]
    for number in range(WARM_UP + requests):
        for page, taken in zip(pages, times, strict=True):
            answer = await page()
            if answer.status != status:
                raise RuntimeError(f"A page answered {answer.status}: {answer.body[:300]!r}")
            if number >= WARM_UP:
                taken.append(answer.seconds)
    return [median(taken) for taken in times]


async def at_once[Result](calls: Sequence[Callable[[], Awaitable[Result]]], *, clients: int) -> list[Result]:
    """What these calls return, made by so many clients, each one call after the other."""
    waiting: Iterator[Callable[[], Awaitable[Result]]] = iter(calls)
    results: list[Result] = []

    async def client() -> None:
        for call in waiting:
            results.append(await call())  # noqa: PERF401 - each waits for the one before

    async with asyncio.TaskGroup() as group:
        for _number in range(clients):
            group.create_task(client())
    return results
