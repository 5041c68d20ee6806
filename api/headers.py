"""What the headers of a request ask for: ids, a language, a form of answer."""

import uuid

from django.http import HttpRequest
from django.utils.translation.trans_real import parse_accept_lang_header

from api.faults import MEDIA, NOT_ACCEPTABLE, WireFault

REQUEST_ID = "MS-RequestId"
CLIENT_REQUEST_ID = "x-ms-client-request-id"
LONGEST = 128
# The portal's language for each that a request may ask for; the rest is answered in English.
LANGUAGES = {"en": "en", "es": "es", "zh": "zh-hans"}


def is_id(text: str) -> bool:
    """Whether this may be the id of a request: 1 to 128 printable characters."""
    return 0 < len(text) <= LONGEST and text.isascii() and text.isprintable()


def sent_request_id(request: HttpRequest) -> str:
    """The id to be sent back: the request's own, or a new one."""
    sent = request.headers.get(REQUEST_ID, "").strip()
    return sent if is_id(sent) else str(uuid.uuid4())


def asked_language(request: HttpRequest) -> str:
    """The language to answer in: `X-Locale`, else `Accept-Language`, else English."""
    if locale := request.headers.get("X-Locale", "").strip():
        return LANGUAGES.get(_primary(locale), "en")
    accepted = parse_accept_lang_header(request.headers.get("Accept-Language", ""))
    return next((LANGUAGES[_primary(tag)] for tag, _weight in accepted if _primary(tag) in LANGUAGES), "en")


def _primary(tag: str) -> str:
    return tag.lower().replace("_", "-").split("-")[0]


def locale_of(language: str) -> str:
    """The wire's name of a language of the portal."""
    return {"es": "es-ES", "zh-hans": "zh-CN"}.get(language, "en-US")


def program_of(request: HttpRequest) -> str:
    """What the program that asks calls itself."""
    named = request.headers.get("MS-PartnerCenter-Client") or request.headers.get("MS-PartnerCenter-Application") or ""
    return named.strip()[:LONGEST]


def refuse_other_media(request: HttpRequest) -> None:
    """Raise a `WireFault` (406) where the request wants an answer that is no JSON."""
    if request.headers.get("Accept", "").strip() and not request.accepts("application/json"):
        raise WireFault(NOT_ACCEPTABLE)


def refuse_other_content(request: HttpRequest) -> None:
    """Raise a `WireFault` (415) where the body is not said to be JSON in UTF-8."""
    charset = (request.content_params or {}).get("charset", "utf-8").strip("\"' ").lower()
    if (request.content_type or "").lower() != "application/json" or charset not in ("utf-8", "utf8"):
        raise WireFault(MEDIA)
