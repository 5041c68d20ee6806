"""What went wrong, whatever it was, as an answer of the protocol."""

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja.errors import HttpError
from ninja.errors import ValidationError as MembersWrong

from activity.errors import Refused
from activity.origin import current_origin
from api.calls import Call, call_of
from api.faults import (
    BROKEN,
    BUSY,
    ENUMERATION,
    MEMBER,
    NO_ORDER,
    NO_SUBSCRIPTION,
    NOTHING,
    OUT,
    ROLE,
    UNREADABLE,
    Code,
    WireFault,
    fault_answer,
    fault_of,
    members_fault,
    members_refused,
)
from api.once import is_lock_not_had

logger = logging.getLogger("api.request")
SECONDS_OUT = 30


def answer_of(request: HttpRequest, error: Exception | type[Exception]) -> HttpResponse:
    """The answer to a request that ended so; the call, if there is one, is told."""
    assert isinstance(error, Exception)
    fault = fault_meant(request, error)
    call: Call | None = getattr(request, "call", None)
    if call is not None:
        call.fault = fault
        call.is_broken = isinstance(error, OperationalError | InterfaceError) or fault.code.status >= 500
    return fault_answer(fault)


def fault_meant(request: HttpRequest, error: Exception) -> WireFault:
    """What this exception is on the wire. What nobody expected goes to the log, and no further."""
    kind = next(kind for kind in type(error).__mro__ if kind in _MEANINGS)
    return _MEANINGS[kind](request, error)


def _of_database(request: HttpRequest, error: Exception) -> WireFault:
    """Somebody else's change took too long, or the database is away."""
    if is_lock_not_had(error):
        return WireFault(BUSY)
    _log(request, error)
    return WireFault(OUT, headers={"Retry-After": str(SECONDS_OUT)})


def _unexpected(request: HttpRequest, error: Exception) -> WireFault:
    _log(request, error)
    return broken()


def _log(request: HttpRequest, error: Exception) -> None:
    logger.error("%s %s failed", request.method, in_one_line(request.path_info), exc_info=error)


def in_one_line(text: str) -> str:
    """Text of a request as it stands in the log, where it must not begin a line of its own."""
    return text.encode("unicode_escape").decode("ascii")


def broken() -> WireFault:
    """The fault that says no more than where to look in the log."""
    words = _("Something went wrong on our side. Reference: %(reference)s")
    return WireFault(BROKEN, words % {"reference": current_origin().said})


def _missing(request: HttpRequest) -> Code:
    names = request.resolver_match.kwargs if request.resolver_match else {}
    if "order_id" in names:
        return NO_ORDER
    return NO_SUBSCRIPTION if "subscription_id" in names else NOTHING


_MEANINGS: Mapping[type[BaseException], Callable[[HttpRequest, Any], WireFault]] = {
    WireFault: lambda request, error: error,
    MembersWrong: lambda request, error: members_wrong(error.errors),
    Refused: lambda request, error: fault_of(error, call_of(request)),
    ValidationError: lambda request, error: members_refused(error, {}),
    PermissionDenied: lambda request, error: WireFault(ROLE),
    Http404: lambda request, error: WireFault(_missing(request)),
    HttpError: lambda request, error: WireFault(UNREADABLE),
    OperationalError: _of_database,
    InterfaceError: _of_database,
    Exception: _unexpected,
}


def members_wrong(errors: Sequence[Mapping[str, Any]]) -> WireFault:
    """The fault of members that are missing or of the wrong type; the first decides between 3000 and 900126."""
    data = [f"{_path(error['loc'])}: {_sentence(error)}" for error in errors]
    return members_fault(data, code=ENUMERATION if errors[0]["type"] == "enumeration" else MEMBER)


def _path(location: Sequence[str | int]) -> str:
    """`lineItems[0].quantity`, from what ninja says: where it was sent, the view's name of the body, then the path."""
    source, *parts = location
    if source == "body" and len(parts) > 1:
        del parts[0]
    elif source == "body":
        parts = ["body"]
    path = ""
    for part in parts:
        path += f"[{part}]" if isinstance(part, int) else f".{part}"
    return path.removeprefix(".")


def _sentence(error: Mapping[str, Any]) -> str:
    """What is wrong with a member, by pydantic's kind of error."""
    limits = error.get("ctx", {})
    said = {
        "missing": lambda: _("is required"),
        "int_type": lambda: _("must be a whole number"),
        "int_from_float": lambda: _("must be a whole number"),
        "int_parsing": lambda: _("must be a whole number"),
        "int_parsing_size": lambda: _("must be a whole number"),
        "string_type": lambda: _("must be text"),
        "bool_type": lambda: _("must be true or false"),
        "bool_parsing": lambda: _("must be true or false"),
        "list_type": lambda: _("must be a list"),
        "model_type": lambda: _("must be an object"),
        "model_attributes_type": lambda: _("must be an object"),
        "dict_type": lambda: _("must be an object"),
        "moment": lambda: _("must be a date and time"),
        "enumeration": lambda: _("must be one of: %(names)s") % {"names": limits["members"]},
        "greater_than_equal": lambda: _("must be at least %(least)s") % {"least": limits["ge"]},
        "less_than_equal": lambda: _("must be at most %(most)s") % {"most": limits["le"]},
        "string_too_long": lambda: _("must have at most %(most)s characters") % {"most": limits["max_length"]},
        "string_too_short": lambda: _("must have at least %(least)s characters") % {"least": limits["min_length"]},
        "too_long": lambda: _("must have at most %(most)s items") % {"most": limits["max_length"]},
        "too_short": lambda: _("must have at least %(least)s items") % {"least": limits["min_length"]},
    }
    words = said.get(error["type"])
    return words() if words else str(error["msg"])
