"""The order of checks, the same for every operation: token, rate, role, customer, body, idempotency, then the view.

Before it come the address and the method, which Django and ninja look up; after it the members of the body, which
ninja reads, and then resource, precondition and rule, which are the view's and the operation's.
"""

import datetime
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial, wraps
from typing import Any, TypeVar, cast

from django.db import transaction
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone, translation
from ninja import Router
from ninja.decorators import decorate_view

from activity.models import Outcome
from activity.operations import record
from activity.origin import named
from api.authentication import authenticate
from api.calls import Call, CallRequest, call_of
from api.faults import (
    BAD_TOKEN,
    BROKEN,
    BUSY,
    MEDIA,
    MEMBER,
    NO_CUSTOMER,
    NOT_ACCEPTABLE,
    OUT,
    REUSED,
    ROLE,
    TOO_LARGE,
    TOO_MANY,
    Code,
    FaultOut,
    WireFault,
    missing,
)
from api.headers import asked_language, program_of, refuse_other_media
from api.meaning import answer_of
from api.once import answered_once
from api.rates import count
from api.reading import read_body
from customers.models import ResellerRelationship
from partners.roles import Permission

__all__ = ["Call", "CallRequest", "Rule", "call_of", "id_in", "path_id", "serves"]

SAFE = frozenset({"GET", "HEAD"})
COMMON_FAULTS = (BAD_TOKEN, ROLE, NOT_ACCEPTABLE, TOO_MANY, BROKEN, OUT)
FAULTS_OF_READING = (MEMBER,)
FAULTS_OF_WRITING = (MEMBER, BUSY, REUSED, TOO_LARGE, MEDIA)

View = TypeVar("View", bound=Callable[..., Any])
Run = Callable[..., HttpResponseBase]


@dataclass(frozen=True)
class Rule:
    """What an operation asks of the caller (any role, where it names no permission), and how a refusal is recorded."""

    may: tuple[Permission, ...] = ()
    records: str = ""


def serves(
    router: Router,
    method: str,
    path: str,
    *,
    may: Permission | tuple[Permission, ...] | None,
    answer: Any,
    tag: str,
    status: int = 200,
    faults: tuple[Code, ...] = (),
    records: str = "",
) -> Callable[[View], View]:
    """Let this view answer this method at this path, after the checks.

    `may`: all the permissions that it takes; `None` lets every caller with a role in. `answer`: what it returns (a
    kind of `WireOut`), `None` for an answer without a body. `faults`: its own, beside those that all have. `records`:
    the operation's code in the activity log, which a change has to name. A path with `{customer_id}` is for
    customers that the partner sees.
    """
    permissions = (may,) if isinstance(may, Permission) else tuple(may or ())
    assert method in SAFE or records, f"{method} {path} does not say as what its refusals are recorded"
    rule = Rule(permissions, records)
    common = (*COMMON_FAULTS, *(FAULTS_OF_READING if method in SAFE else FAULTS_OF_WRITING), *faults)
    if "{customer_id}" in path:
        common = (*common, NO_CUSTOMER)
    answers = {status: answer} | {code.status: FaultOut for code in sorted(common, key=lambda code: code.status)}

    def declare(view: View) -> View:
        decorate_view(partial(_guarded, rule))(view)
        router.api_operation(
            [method],
            path,
            response=answers,
            by_alias=True,
            exclude_none=True,
            operation_id=view.__name__,
            tags=[tag],
            openapi_extra={"security": [{"bearer": []}], "x-permission": [one.value for one in permissions]},
        )(view)
        return view

    return declare


def id_in(text: str) -> uuid.UUID | None:
    """The id that a text holds, if it is one."""
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def path_id(text: str, code: Code) -> uuid.UUID:
    """The id that an address names. Raises `WireFault` (404, of the kind that `code` says) where it is none."""
    found = id_in(text)
    if found is None:
        raise missing(code, text)
    return found


def _guarded(rule: Rule, run: Run) -> Run:
    @wraps(run)
    def served(request: HttpRequest, **path: str) -> HttpResponseBase:
        with translation.override(asked_language(request)), timezone.override(datetime.UTC):
            try:
                return _answer(rule, run, cast("CallRequest", request), path)
            except Exception as error:  # noqa: BLE001 - whatever it is, the answer is one of the protocol
                return answer_of(request, error)

    return served


def _answer(rule: Rule, run: Run, request: CallRequest, path: dict[str, str]) -> HttpResponseBase:
    refuse_other_media(request)
    bearer = authenticate(request)
    is_write = request.method not in SAFE
    count(bearer.client, is_write=is_write)
    with named(application=str(bearer.client.pk), program=program_of(request)):
        request.call = call = Call(bearer)
        _refuse_role(rule, call, is_write=is_write)
        if "customer_id" in path:
            call.relationship = _visible(call, path["customer_id"])
        if not is_write:
            return run(request, **path)
        call.body = read_body(request)
        return answered_once(request, partial(run, request, **path))


def _refuse_role(rule: Rule, call: Call, *, is_write: bool) -> None:
    """Raise a `WireFault` (403) where the caller's roles do not allow it; an attempt to change is recorded."""
    caller = call.caller
    if caller.roles and all(caller.may(permission) for permission in rule.may):
        return
    if is_write:
        with transaction.atomic():
            record(actor=caller.actor, operation=rule.records, outcome=Outcome.REFUSED, reasons=["role"])
    raise WireFault(ROLE)


def _visible(call: Call, customer_id: str) -> ResellerRelationship:
    """The relationship through which the partner sees this customer. Raises `WireFault` (404/60003)."""
    visible = ResellerRelationship.objects.visible_to_partner(call.partner.pk)
    found: ResellerRelationship | None = (
        visible.filter(customer_id=path_id(customer_id, NO_CUSTOMER)).select_related("customer").first()
    )
    if found is None:
        raise missing(NO_CUSTOMER, customer_id)
    return found
