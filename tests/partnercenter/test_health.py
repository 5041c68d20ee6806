"""Whether the process lives and whether it can serve, as probes ask it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client

from scripts.places import ROOT

ASK = """
import django, json, time
django.setup()
from django.test import Client
begun = time.monotonic()
answers = {path: Client().get(path).status_code for path in ("/healthz", "/readyz")}
print(json.dumps(answers | {"is_soon": time.monotonic() - begun < 25}))
"""


@pytest.mark.django_db
def test_ready_with_every_migration_applied(client: Client) -> None:
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["migrations"]) == (200, "applied")


@pytest.mark.django_db
def test_not_ready_while_a_migration_is_missing(client: Client) -> None:
    MigrationRecorder.Migration.objects.filter(app="desk").delete()
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (
        503,
        {"status": "unavailable", "database": "up", "migrations": "pending"},
    )
    assert client.get("/healthz").status_code == 200


@pytest.mark.parametrize("pool", ["0", "2"], ids=["without a pool", "with a pool"])
def test_alive_but_not_ready_without_its_database(tmp_path: Path, pool: str) -> None:
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "partnercenter.settings",
        "DATABASE_URL": f"postgres://nobody@/nothing?host={tmp_path}",
        "DATABASE_POOL_SIZE": pool,
    }
    asked = subprocess.run(
        [sys.executable, "-c", ASK], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert json.loads(asked.stdout) == {"/healthz": 200, "/readyz": 503, "is_soon": True}
