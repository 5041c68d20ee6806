"""Tokens in links: drawn at random, known to the portal by their digest alone."""

import hashlib
import hmac
import secrets
from typing import Any

from django.db.models import QuerySet

BYTES = 32


def new_token() -> str:
    """A token that nobody can guess."""
    return secrets.token_urlsafe(BYTES)


def digest_of(token: str) -> str:
    """What the portal keeps of a token."""
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()


def link_of(links: QuerySet[Any], token: str) -> Any | None:
    """The link among these that the token belongs to, or `None`.

    It is found by its digest, of which a guess tells nothing, and compared once more in constant time.
    """
    digest = digest_of(token)
    link = links.filter(digest=digest).first()
    return link if link is not None and hmac.compare_digest(link.digest, digest) else None
