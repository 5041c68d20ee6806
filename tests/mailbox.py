"""A real mail server on this machine, with the mails that it took."""

from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, cast

import pytest
from aiosmtpd.controller import Controller
from pytest_django import Settings


class Mailbox:
    """Takes mails as an SMTP server does; `answer` says what it answers to each."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.answer = "250 taken"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        """Keep the mail, unless the answer is a refusal."""
        if self.answer.startswith("250"):
            self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        return self.answer


class _AnyPort(Controller):
    """Listens at a port that the system chose, and knows which."""

    def _trigger_server(self) -> None:
        self.port = cast("Any", self.server).sockets[0].getsockname()[1]
        super()._trigger_server()


@pytest.fixture
def mailbox(settings: Settings) -> Iterator[Mailbox]:
    """The mails of this test, sent over SMTP."""
    box = Mailbox()
    controller = _AnyPort(box, hostname="127.0.0.1", port=0)
    controller.start()
    try:
        through(settings, controller.port)
        yield box
    finally:
        controller.stop()


def through(settings: Settings, port: int) -> None:
    """Send mails through the SMTP server at this port of this machine."""
    options = {"host": "127.0.0.1", "port": port, "timeout": 5}
    settings.MAILERS = {"default": {"BACKEND": "django.core.mail.backends.smtp.EmailBackend", "OPTIONS": options}}
