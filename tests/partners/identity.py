"""A small identity provider (OpenID Connect) that listens on this machine, and the portal's addresses for one."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt

from partnercenter.urls import handler400, handler403, handler404, handler500
from partnercenter.urls import urlpatterns as all_others
from partners.urls import identity_provider

__all__ = ["IdentityProvider", "handler400", "handler403", "handler404", "handler500", "serving", "urlpatterns"]

CLIENT = "portal"
urlpatterns = [*identity_provider, *all_others]


@dataclass
class IdentityProvider:
    """Says of everyone who comes what `claims` say."""

    url: str = ""
    claims: dict[str, Any] = field(default_factory=lambda: {"sub": "1", "email_verified": True})
    token_claims: dict[str, Any] = field(default_factory=dict)
    code_verifier: str = ""
    fails: bool = False

    def configuration(self) -> dict[str, Any]:
        """What stands at its well-known address."""
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "userinfo_endpoint": f"{self.url}/userinfo",
            "jwks_uri": f"{self.url}/keys",
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
        }

    def token(self, sent: dict[str, list[str]]) -> dict[str, Any]:
        """What a code is worth."""
        self.code_verifier = sent["code_verifier"][0]
        said = {"iss": self.url, "aud": CLIENT, "exp": 4_000_000_000, "iat": 0, **self.claims, **self.token_claims}
        signed = jwt.encode(said, "a-key-that-only-the-provider-knows-" + "x" * 32, algorithm="HS256")
        return {"access_token": "access", "token_type": "Bearer", "id_token": signed}


@contextmanager
def serving(provider: IdentityProvider) -> Iterator[IdentityProvider]:
    """The provider, listening at `provider.url`."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            if parts.path == "/authorize":
                asked = parse_qs(parts.query)
                self.send_response(302)
                self.send_header("Location", f"{asked['redirect_uri'][0]}?code=abc&state={asked['state'][0]}")
                self.send_header("Content-Length", "0")
                self.end_headers()
            elif parts.path == "/userinfo":
                self._answer(provider.claims)
            else:
                self._answer(provider.configuration())

        def do_POST(self) -> None:
            sent = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            self._answer({"error": "server_error"} if provider.fails else provider.token(sent))

        def _answer(self, body: dict[str, Any]) -> None:
            content = json.dumps(body).encode()
            self.send_response(500 if provider.fails else 200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *args: Any) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        provider.url = f"http://127.0.0.1:{server.server_port}"
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield provider
        finally:
            server.shutdown()
            thread.join()
