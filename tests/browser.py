"""Fixtures for journeys: a real Chromium on Django's live server.

``page`` is a fresh one; ``open_page(…)`` makes more, for other people, widths, themes
and languages, or without scripts. A warning or an error in the browser's console (a
breach of the Content-Security-Policy is one), an uncaught exception or a request to
another host fails the test. ``axe(page)`` asserts that the page is accessible.
"""

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal, Protocol
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.db import connection
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright
from pytest_django.live_server_helper import LiveServer

from partners.models import Staff
from scripts.browser import launch_options

# Where Django keeps the rows that came with the migrations, for tests that empty the tables.
SERIALIZED = "_test_serialized_contents"
LOCALES = {"en": "en-GB", "es": "es-ES", "zh-hans": "zh-CN"}
# For a machine that does much else at the same time; what is there at once is found at once all the same.
PATIENCE = 30_000  # milliseconds
REFUSED = re.compile(r"Failed to load resource: the server responded with a status of (\d+)")


@dataclass
class Watch:
    """What the browser complained of during one test.

    A test that provokes an answer such as 409 adds it to ``expected_statuses``,
    because the browser reports every answer from 400 on as an error.
    """

    host: str
    complaints: list[str] = field(default_factory=list)
    expected_statuses: set[int] = field(default_factory=set)

    def over(self, context: BrowserContext) -> None:
        """Listen to everything that the pages of ``context`` report."""
        context.on("console", self._heard)
        context.on("weberror", lambda error: self.complaints.append(f"uncaught: {error.error}"))
        context.on("request", lambda request: self._asked(request.url))

    def _heard(self, message: ConsoleMessage) -> None:
        refused = REFUSED.match(message.text)
        if refused and int(refused[1]) in self.expected_statuses:
            return
        if message.type in {"error", "warning", "assert"}:
            self.complaints.append(f"{message.type}: {message.text} ({message.location['url']})")

    def _asked(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme in {"http", "https", "ws", "wss"} and parts.netloc != self.host:
            self.complaints.append(f"request to another host: {url}")


class OpenPage(Protocol):
    """Opens a page of a context of its own, whose addresses start at the live server's root."""

    def __call__(
        self,
        *,
        person: Staff | None = None,
        width: int = 1440,
        height: int = 900,
        theme: Literal["light", "dark"] = "light",
        language: str = "en",
        javascript: bool = True,
        base_url: str = "",
    ) -> Page:
        """Sign ``person`` in, if given; every other argument is as the browser's user has it.

        `base_url` is where the pages' addresses start instead, the live server's under another name.
        """
        ...


@pytest.fixture(scope="session")
def browser(django_db_setup: None) -> Iterator[Browser]:
    """One Chromium for all journeys of a worker."""
    # Playwright runs an event loop in this thread, in which Django refuses database
    # access as unsafe, although nothing here awaits anything.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    catalogue = getattr(connection, SERIALIZED, None)
    expect.set_options(timeout=PATIENCE)
    # Before Playwright starts: the first time, the browser is chosen by trying it, and Playwright does not nest.
    options = launch_options()
    with sync_playwright() as playwright:
        # Within that loop Django opens a connection of its own, which must know, too, what an emptied database
        # gets back.
        setattr(connection, SERIALIZED, catalogue)
        started = playwright.chromium.launch(**options)
        yield started
        started.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def watch(live_server: LiveServer) -> Iterator[Watch]:
    """Fails the test, once it is over, if the browser complained of anything."""
    watching = Watch(host=urlsplit(live_server.url).netloc)
    yield watching
    assert not watching.complaints


@pytest.fixture
def open_page(browser: Browser, live_server: LiveServer, watch: Watch) -> Iterator[OpenPage]:
    """The way to further pages; all are closed when the test ends."""
    contexts: list[BrowserContext] = []

    def opened(
        *,
        person: Staff | None = None,
        width: int = 1440,
        height: int = 900,
        theme: Literal["light", "dark"] = "light",
        language: str = "en",
        javascript: bool = True,
        base_url: str = "",
    ) -> Page:
        context = browser.new_context(
            base_url=base_url or live_server.url,
            viewport={"width": width, "height": height},
            color_scheme=theme,
            reduced_motion="reduce",
            locale=LOCALES[language],
            timezone_id="UTC",
            java_script_enabled=javascript,
        )
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        watch.over(context)
        if person is not None:
            _sign_in(context, person, live_server.url)
        return context.new_page()

    yield opened
    for context in contexts:
        context.close()


@pytest.fixture
def page(open_page: OpenPage) -> Page:
    """A page of nobody in particular, 1440 pixels wide, in English and light."""
    return open_page()


@pytest.fixture
def axe() -> Callable[[Page], None]:
    """Asserts that axe finds no violation on the page as it stands."""

    def check(page: Page) -> None:
        results = Axe().run(page)
        assert not results.response["violations"], f"{page.url}\n{results.generate_report()}"

    return check


def _sign_in(context: BrowserContext, person: Staff, url: str) -> None:
    client = Client()
    client.force_login(person)
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": url}])
