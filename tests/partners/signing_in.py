"""What a person does at the pages for signing in: give a code, show once more who they are, open a mailed link."""

import base64
import datetime
import hashlib
import hmac
import re
import struct
import time
from email.message import EmailMessage
from typing import Any

import time_machine
from django.test import Client
from django.utils import timezone

from partners.models import Staff
from tests.factories import PASSWORD

SECURITY = "/settings/security/"


def sign_in(client: Client, staff: Staff, password: str = PASSWORD, **more: str) -> Any:
    """Give address and password."""
    return client.post("/sign-in/", {"login": staff.email, "password": password, **more})


def is_signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def later(minutes: float = 10) -> time_machine.travel:
    """The clock so many minutes on, in a `with`."""
    return time_machine.travel(timezone.now() + datetime.timedelta(minutes=minutes))


def code_of(secret: str, ahead: int = 0) -> str:
    """What an authenticator app shows now, or shows `ahead` half minutes later (RFC 6238)."""
    counter = struct.pack(">Q", int(time.time()) // 30 + ahead)
    digest = hmac.new(base64.b32decode(secret), counter, hashlib.sha1).digest()
    start = digest[-1] & 15
    number = int.from_bytes(digest[start : start + 4]) & 0x7FFFFFFF
    return f"{number % 1_000_000:06}"


def secret_on(markup: str) -> str:
    """The secret that a page shows as text."""
    found = re.search(r'data-copy="([A-Z2-7]{32})"', markup)
    assert found
    return found[1]


def set_up_app(client: Client) -> str:
    """Set up an authenticator app; its secret."""
    secret = secret_on(client.get(f"{SECURITY}app/").content.decode())
    assert client.post(f"{SECURITY}app/", {"code": code_of(secret)}).status_code == 302
    return secret


def codes_on(markup: str) -> list[str]:
    """The recovery codes that a page shows."""
    return re.findall(r"<code>(\d{8})</code>", markup)


def text_of(mail: EmailMessage) -> str:
    """What a mail says, as text."""
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def link_in(mail: EmailMessage) -> str:
    """The path of the link that a mail holds."""
    found = re.search(r"http://127\.0\.0\.1:8000(/\S+)", text_of(mail))
    assert found
    return found[1]
