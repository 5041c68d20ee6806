"""Every line of the log says which request it is about."""

import logging
import uuid

import pytest
from django.conf import settings
from django.test import Client

from activity.origin import origin
from partnercenter.logs import WithCorrelation


def line() -> str:
    """A line as the settings have it written, without when."""
    record = logging.LogRecord("api.request", logging.INFO, __file__, 1, "GET /v1/customers 200", (), None)
    assert WithCorrelation().filter(record)
    formatter = logging.Formatter(settings.LOGGING["formatters"]["line"]["format"].removeprefix("%(asctime)s "))
    return formatter.format(record)


@pytest.mark.parametrize("correlation", ["", "Batch 7"])
def test_a_line_has_the_correlation_id_of_its_request(correlation: str) -> None:
    wanted = uuid.uuid4()
    with origin(correlation_id=wanted, correlation=correlation):
        assert line() == f"INFO {correlation or wanted} api.request GET /v1/customers 200"
    assert line() == "INFO - api.request GET /v1/customers 200"


@pytest.mark.django_db
def test_what_is_logged_of_an_answer_has_it_too(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, logger="django.request"):
        client.get("/nothing/", headers={"MS-CorrelationId": "Batch 7"})
    [record] = caplog.records
    assert WithCorrelation().filter(record)
    assert (record.getMessage(), record.correlation) == ("Not Found: /nothing/", "Batch 7")  # type: ignore[attr-defined]


def test_every_handler_of_the_settings_gives_it_to_its_lines() -> None:
    assert all("correlation" in handler["filters"] for handler in settings.LOGGING["handlers"].values())
