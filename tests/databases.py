"""A pytest plugin that decides, before Django is set up, which database the tests run on.

``pytest --database sqlite`` (the default) or ``pytest --database postgresql``. The
latter uses ``TEST_DATABASE_URL`` where that is set and starts a server otherwise.
The rest of the environment is fixed here too, so that a developer's ``.env`` or shell
changes no test.
"""

import os
import re
from collections.abc import Callable, Mapping
from urllib.parse import quote

import pytest

from scripts.places import ROOT
from scripts.postgresql import PostgreSQL

ENVIRONMENT = {
    "DEBUG": "1",
    "HTTPS": "0",
    "SECRET_KEY": "for-tests-only-" + "0" * 50,
    "ALLOWED_HOSTS": "127.0.0.1,localhost,testserver",
    "CSRF_TRUSTED_ORIGINS": "",
    "BEHIND_PROXY": "0",
    "TRUSTED_PROXY_COUNT": "0",
    "LOG_LEVEL": "CRITICAL",
}

_stop: list[Callable[[], None]] = []


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--database``."""
    parser.addoption("--database", choices=("sqlite", "postgresql"), default="sqlite", help="what the tests run on")


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Set the environment that the settings read, before pytest-django reads the settings."""
    # Whitenoise warns of a folder of collected files that isn't there.
    (ROOT / "var" / "static").mkdir(parents=True, exist_ok=True)
    os.environ.update(ENVIRONMENT)
    # A worker of pytest-xdist inherits the address from the process that started it.
    if "PYTEST_XDIST_WORKER" not in os.environ:
        os.environ["DATABASE_URL"] = _url(early_config.known_args_namespace.database)


def url_for_another_process() -> str:
    """The address of the running test's own database."""
    from django.db import connection

    name = quote(str(connection.settings_dict["NAME"]), safe="")
    return re.sub(r"^(\w+://[^/]*)/[^?]*", rf"\1/{name}", os.environ["DATABASE_URL"])


# What a portal never allows and tests must: to empty the tables of the activity log.
EMPTYING_TRIGGERS = {
    f"activity_{what}never_{done}": f"activity_{table}"
    for what, table in (
        ("", "activityrecord"),
        ("chain_", "activitychain"),
        ("seal_", "activityseal"),
        ("sealed_", "sealedchain"),
    )
    for done in ("removed", "emptied")
}


def allow_emptying() -> None:
    """Take away the triggers that keep a portal's activity log from being removed; changing it stays refused."""
    drop_triggers(EMPTYING_TRIGGERS)


def drop_triggers(table_by_name: Mapping[str, str]) -> None:
    """Take these triggers away, where they are."""
    from django.db import connection

    with connection.cursor() as cursor:
        for name, table in table_by_name.items():
            on_table = f" ON {table}" if connection.vendor == "postgresql" else ""
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}{on_table}")


def triggers() -> set[str]:
    """The names of all triggers that are there."""
    from django.db import connection

    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal")
        else:
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        return {name for (name,) in cursor.fetchall()}


def pytest_unconfigure() -> None:
    """End the server that was started for this run."""
    while _stop:
        _stop.pop()()


def _url(database: str) -> str:
    if database == "sqlite":
        return "sqlite://:memory:"
    if url := os.environ.get("TEST_DATABASE_URL"):
        return url
    server = PostgreSQL()
    server.__enter__()
    _stop.append(lambda: server.__exit__(None, None, None))
    return server.url
