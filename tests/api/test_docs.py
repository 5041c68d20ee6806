"""The page about the API is true: what it shows to be run is run, as it stands there."""

import argparse
import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from string import Template
from typing import Any

import httpx
import pytest
from django.conf import settings

from api.etags import etag_of
from subscriptions.models import Subscription
from tests.api.worlds import ADATUM, BUSINESS, CONTOSO

PRO_PLUS = "be57ff4c-100c-4f1f-b82d-f1c5ab63a665"


def page() -> str:
    return (Path(settings.BASE_DIR) / "docs" / "api.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """What the page shows in this language, piece by piece."""
    return re.findall(rf"^```{language}\n(.*?)^```", page(), re.MULTILINE | re.DOTALL)


def options() -> argparse.ArgumentParser:
    """What the page uses of curl's options."""
    parser = argparse.ArgumentParser(exit_on_error=False)
    parser.add_argument("url")
    parser.add_argument("-sS", action="store_true", required=True)
    parser.add_argument("-G", action="store_true")
    parser.add_argument("-X", default="GET")
    parser.add_argument("-H", action="append", default=[])
    parser.add_argument("-d", action="append", default=[])
    parser.add_argument("--data-urlencode", action="append", default=[])
    return parser


def asked_by(command: str, variables: dict[str, str]) -> httpx.Request:
    """The request that curl makes of this command."""
    name, *words = (Template(word).substitute(variables) for word in shlex.split(command.replace("\\\n", " ")))
    assert name == "curl"
    read = options().parse_args(words)
    headers = dict(header.split(": ", 1) for header in read.H)
    if read.G:
        params = dict(pair.split("=", 1) for pair in read.d + read.data_urlencode)
        return httpx.Request("GET", read.url, params=params, headers=headers)
    if not read.d:
        return httpx.Request(read.X, read.url, headers=headers)
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    return httpx.Request("POST", read.url, content="&".join(read.d).encode(), headers=kind | headers)


@pytest.fixture
def variables(served: str, credentials: dict[str, str]) -> dict[str, str]:
    """What the page's commands take from the environment."""
    return {
        "PORTAL": served,
        "TENANT": CONTOSO,
        "CLIENT_ID": credentials["client_id"],
        "CLIENT_SECRET": credentials["client_secret"],
    }


def test_the_commands_upgrade_a_subscription(variables: dict[str, str]) -> None:
    commands: Iterator[str] = iter(blocks("sh"))

    def run() -> Any:
        with httpx.Client(timeout=60) as http:
            answer = http.send(asked_by(next(commands), variables))
        assert answer.status_code == 200, answer.text
        return answer.json()

    variables["TOKEN"] = run()["access_token"]
    (customer,) = run()["items"]
    variables["CUSTOMER"] = customer["id"]
    assert customer["id"] == ADATUM
    (ours,) = [one for one in run()["items"] if one["actions"]]
    variables |= {"SUBSCRIPTION": ours["id"], "ETAG": ours["attributes"]["etag"]}
    assert ours["attributes"]["etag"] == etag_of(BUSINESS, 1)
    assert PRO_PLUS in [option["targetOffer"]["id"] for option in run()["items"] if option["isEligible"]]
    assert run()["upgradeErrors"] == []
    there = run()
    assert (there["id"], there["offerId"], there["quantity"]) == (BUSINESS, PRO_PLUS, 30)
    (record,) = run()["items"]
    assert (record["operationType"], record["applicationId"]) == ("upgrade_subscription", variables["CLIENT_ID"])
    assert next(commands, None) is None


def test_the_program_upgrades_a_subscription(
    variables: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    (program,) = blocks("python")
    names: dict[str, Any] = {"__name__": "__main__"}
    exec(compile(program, "docs/api.md", "exec"), names)
    names["client"]._client.close()
    *told, last = capsys.readouterr().out.splitlines()
    assert "Office 365 ProPlus []" in told
    assert last == "upgraded"
    assert str(Subscription.objects.get(pk=BUSINESS).offer_id) == PRO_PLUS


def test_what_is_shown_as_json_is_json() -> None:
    assert [json.loads(block) for block in blocks("json")]
