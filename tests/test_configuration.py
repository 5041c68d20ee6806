"""What a person who runs the portal reads about its configuration is true."""

import re

import pytest
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.management import call_command
from pytest_django import Settings

from scripts.places import ROOT

# Read by gunicorn's command line and by make.
NOT_FOR_THE_SETTINGS = {"PORT", "WEB_CONCURRENCY", "WEB_THREADS"}


def test_every_variable_of_the_settings_is_described_once() -> None:
    settings = (ROOT / "partnercenter" / "settings.py").read_text()
    read = set(re.findall(r"env(?:\.\w+)?\(\s*\"([A-Z_]+)\"", settings))
    described = re.findall(r"^([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE)
    assert sorted(described) == sorted(read | NOT_FOR_THE_SETTINGS)


@pytest.fixture
def _collected(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> None:
    settings.STATIC_ROOT = tmp_path_factory.mktemp("static")
    settings.STORAGES = {
        **settings.STORAGES,
        # As in production, less the compression, which takes many seconds.
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"},
    }
    call_command("collectstatic", interactive=False, verbosity=0)


@pytest.mark.usefixtures("_collected")
def test_every_static_file_of_the_templates_has_a_hashed_name() -> None:
    templates = [path.read_text() for path in ROOT.glob("*/templates/**/*.html")]
    templates += [path.read_text() for path in (ROOT / "templates").rglob("*.html")]
    names = {name for text in templates for name in re.findall(r"{% static ['\"]([^'\"]+)['\"]", text)}
    assert names
    for name in names:
        hashed = staticfiles_storage.stored_name(name)  # type: ignore[attr-defined]
        assert hashed != name
        assert staticfiles_storage.exists(hashed)
