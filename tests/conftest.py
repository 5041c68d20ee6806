"""What every test starts from: the database with the catalogue in it, and quick passwords."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.db.models.signals import post_save
from django.utils import timezone, translation
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from pytest_django import DjangoDbBlocker, Settings
from pytest_django.live_server_helper import LiveServer

from activity.models import ActivityRecord, Outcome
from activity.words import OPERATIONS, SENTENCES
from tests.databases import allow_emptying

pytest_plugins = ["tests.browser", "tests.mailbox"]

# The same examples in every run, however slow the machine. `--hypothesis-profile default` tries others.
hypothesis_settings.register_profile(
    "same", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
hypothesis_settings.load_profile("same")

# What tests of the log itself record: no portal does.
MADE_UP_OPERATIONS = {"water_the_plants", "rest"}
# Fixtures after which pytest-django empties the tables, since a rollback can't undo the test.
EMPTYING_FIXTURES = {"transactional_db", "live_server", "django_db_reset_sequences"}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what the chosen database can't show, and give emptied tables their data back."""
    if config.getoption("database") == "sqlite":
        left_out = [item for item in items if item.get_closest_marker("postgresql")]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]
    for item in items:
        if isinstance(item, pytest.Function) and _empties_tables(item):
            # The catalogue and the matrix come with the migrations: a test that emptied
            # the tables must not take them from the next one.
            marker = item.get_closest_marker("django_db")
            kwargs = {"transaction": True, **(marker.kwargs if marker else {}), "serialized_rollback": True}
            item.add_marker(pytest.mark.django_db(**kwargs), append=False)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Put SQLite's test database into a file: one in memory has a single connection for all threads."""
    database = django_settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        folder: Path = tmp_path_factory.mktemp("database")
        database.setdefault("TEST", {})["NAME"] = str(folder / "portal.sqlite3")


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """Allow the tests to empty the tables, which no portal ever may: the activity log's database refuses it."""
    with django_db_blocker.unblock():
        allow_emptying()


@pytest.fixture(autouse=True, scope="session")
def _every_operation_has_words() -> Iterator[None]:
    """Let a test fail that records what has no words in the activity log."""

    def check(sender: type[ActivityRecord], instance: ActivityRecord, **more: object) -> None:
        code = instance.operation
        needed = OPERATIONS if instance.outcome == Outcome.REFUSED else SENTENCES
        assert code in MADE_UP_OPERATIONS or code in needed, f"{code} has no words"

    post_save.connect(check, sender=ActivityRecord)
    yield
    post_save.disconnect(check, sender=ActivityRecord)


@pytest.fixture(scope="session")
def live_server(django_db_setup: None, live_server: LiveServer) -> LiveServer:
    """The live server, started once the test database is there.

    Started before, it would take the database for one in memory and use the connection of the tests in all its
    threads, which closes it under them or ends Python.
    """
    return live_server


@pytest.fixture(autouse=True)
def _own_language_and_time_zone() -> Iterator[None]:
    # A page that was asked for leaves its language and time zone to whatever runs next in the thread.
    with translation.override(django_settings.LANGUAGE_CODE), timezone.override(None):
        yield


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Settings) -> None:
    # The real hashers are slow by design, which proves nothing in a test.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", *settings.PASSWORD_HASHERS[1:]]


def _empties_tables(item: pytest.Function) -> bool:
    marker = item.get_closest_marker("django_db")
    return bool(EMPTYING_FIXTURES.intersection(item.fixturenames)) or bool(
        marker and (marker.kwargs.get("transaction") or marker.kwargs.get("reset_sequences"))
    )
