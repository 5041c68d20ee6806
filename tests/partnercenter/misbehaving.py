"""A small server of the Partner Center protocol that holds what a test gives it, and misbehaves when it is told to."""

import json
import socket
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.partnercenter.portfolios import BUSINESS, OURS, number

CLIENT, SECRET = "00000000-0000-4000-8000-00000000c11e", "open-sesame"


def a_wire_subscription(value: int = 1, **members: Any) -> dict[str, Any]:
    """As the protocol shows a subscription that the partner sold."""
    return {
        "id": number(value),
        "offerId": BUSINESS,
        "friendlyName": "Head office",
        "quantity": 25,
        "status": "active",
        "creationDate": "2018-03-01T08:00:00Z",
        "commitmentEndDate": "2019-03-01T00:00:00Z",
        "autoRenewEnabled": True,
        "actions": ["edit", "cancel"],
        "attributes": {"etag": "e", "objectType": "Subscription"},
        **members,
    }


def a_wire_customer(customer_id: str, **members: Any) -> dict[str, Any]:
    return {
        "id": customer_id,
        "companyProfile": {"companyName": f"Customer {customer_id[:2]}", "domain": f"c-{customer_id[:8]}.example.cn"},
        "relationshipToPartner": "reseller",
        **members,
    }


def a_list(items: list[Any], **members: Any) -> dict[str, Any]:
    return {
        "totalCount": len(items),
        "items": items,
        "links": {},
        "attributes": {"objectType": "Collection"},
        **members,
    }


Misdeed = Callable[["Answering"], None]


class Wire:
    """What the server holds, what it is to do wrong, and what it was asked."""

    def __init__(self) -> None:
        self.partner = {"id": OURS, "companyName": "Contoso Reseller"}
        self.mpn: Any = {"mpnId": "1234567", "partnerName": "Contoso Reseller"}
        self.offers: list[Any] = []
        self.customers: list[Any] = []
        self.subscriptions: dict[str, Any] = defaultdict(list)
        self.services: dict[str, Any] = defaultdict(list)
        # By path, the next misdeeds, one a request; "*" for any path of /v1.
        self.misdeeds: dict[str, list[Misdeed]] = defaultdict(list)
        self.asked: list[str] = []
        self.tokens = 0
        # Tokens up to this number are not accepted any more.
        self.revoked = 0
        self.token_seconds: Any = "3600"
        self.url = ""
        # Set when the test is over: whoever does not answer waits for that.
        self.is_over = threading.Event()
        self.is_silent = threading.Event()

    def holds(self, customer_id: str, *subscriptions: Any, services: tuple[str, ...] = (), **members: Any) -> None:
        """Let the server have this customer."""
        self.customers.append(a_wire_customer(customer_id, **members))
        self.subscriptions[customer_id] = list(subscriptions)
        self.services[customer_id] = [{"id": service} for service in services]

    def customer(self, customer_id: str) -> dict[str, Any] | None:
        found = [one for one in self.customers if isinstance(one, dict) and one.get("id") == customer_id]
        return found[0] if found else None


class Answering(BaseHTTPRequestHandler):
    """Answers one question."""

    protocol_version = "HTTP/1.1"
    # Head and body in one piece: else the kernel waits for each other's acknowledgement.
    wbufsize = -1
    wire: Wire

    def log_message(self, *words: Any) -> None:
        pass

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        path = urlsplit(self.path).path
        self.wire.asked.append(f"POST {path}")
        if self._misbehaves(path):
            return
        if path != f"/{OURS}/oauth2/token":
            self.fault(404, 1000)
        elif (form["client_id"], form["client_secret"]) != ([CLIENT], [SECRET]):
            words = {"error": "invalid_client", "error_description": "The client id or secret is not valid."}
            self.say(401, words)
        else:
            self.wire.tokens += 1
            self.say(200, {"access_token": f"token-{self.wire.tokens}", "expires_in": self.wire.token_seconds})

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        path = parts.path.removeprefix("/v1")
        self.wire.asked.append(f"GET {path}")
        self.query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if self._misbehaves(path):
            return
        token = int(self.headers["Authorization"].removeprefix("Bearer token-"))
        if token <= self.wire.revoked:
            self.fault(401, 400)
        else:
            self._answer(path)

    def _misbehaves(self, path: str) -> bool:
        for name in (path, "*"):
            if self.wire.misdeeds[name]:
                self.wire.misdeeds[name].pop(0)(self)
                return True
        return False

    def _answer(self, path: str) -> None:
        wire = self.wire
        plain = {"/profiles/organization": wire.partner, "/profiles/mpn": wire.mpn, "/offers": a_list(wire.offers)}
        if path in plain:
            self.say(200, plain[path])
            return
        _empty, _customers, customer_id, *rest = [*path.split("/"), "", ""][:4]
        if not customer_id:
            self._page()
        elif (customer := wire.customer(customer_id)) is None:
            self.fault(404, 60003)
        else:
            held = {"subscriptions": wire.subscriptions, "managedservices": wire.services}
            self.say(200, a_list(held[rest[0]][customer_id]) if rest[0] else customer)

    def _page(self) -> None:
        """A page of customers; the token is the number of those before it."""
        start = int(self.headers["MS-ContinuationToken"]) if "seekOperation" in self.query else 0
        end = start + int(self.query["size"])
        has_next = end < len(self.wire.customers)
        self.say(200, a_list(self.wire.customers[start:end], **({"continuationToken": str(end)} if has_next else {})))

    def fault(self, status: int, code: int, **headers: str) -> None:
        self.say(status, {"code": code, "description": "No.", "data": [], "source": "PartnerPortal"}, **headers)

    def say(self, status: int, content: Any, **headers: str) -> None:
        self.write(status, json.dumps(content).encode(), content_type="application/json; charset=utf-8", **headers)

    def write(self, status: int, body: bytes, *, content_type: str, length: int | None = None, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()


def refuses(status: int, code: int = 0, **headers: str) -> Misdeed:
    return lambda answering: answering.fault(status, code, **headers)


def says(content: Any) -> Misdeed:
    return lambda answering: answering.say(200, content)


def says_text(body: bytes, *, status: int = 200, content_type: str = "text/html", **headers: str) -> Misdeed:
    return lambda answering: answering.write(status, body, content_type=content_type, **headers)


def hangs_up(answering: Answering) -> None:
    """Close the connection without a word."""
    answering.connection.shutdown(socket.SHUT_RDWR)
    answering.close_connection = True


def breaks_off(answering: Answering) -> None:
    """Promise more than is sent, and close the connection in the middle of it."""
    answering.write(200, b'{"totalCount": 1, "items": [{"id"', content_type="application/json", length=500)
    hangs_up(answering)


def sends_half(answering: Answering) -> None:
    """Send half of an answer as if it were all."""
    answering.write(200, b'{"totalCount": 1, "items": [{"id"', content_type="application/json")


def stays_silent(answering: Answering) -> None:
    """Take the question and never answer."""
    answering.wire.is_silent.set()
    answering.wire.is_over.wait(60)
    answering.close_connection = True


@contextmanager
def serving(wire: Wire) -> Iterator[Wire]:
    """The server, at a port of its own of this machine."""
    handler = type("Handler", (Answering,), {"wire": wire})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    wire.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield wire
    finally:
        wire.is_over.set()
        server.shutdown()
        server.server_close()
        thread.join()
