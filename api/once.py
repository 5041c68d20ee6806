"""A change happens once, however often it is asked for: the key of a request, and the answer that is kept for it.

The reservation of the key, the change and its answer are written in one transaction, so that none of them can exist
without the others.
"""

import datetime
import hashlib
import json
from collections.abc import Callable

from django.db import OperationalError, connection, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _

from api.calls import Call, call_of
from api.etags import header_tags
from api.faults import BUSY, JSON, REUSED, WireFault, members_fault
from api.headers import CLIENT_REQUEST_ID, LONGEST, REQUEST_ID, is_id
from api.models import KeptAnswer
from api.reading import canonical

KEPT_FOR = datetime.timedelta(hours=24)
KEPT = frozenset({200, 201, 400, 404, 409, 412})
SECONDS_TO_WAIT = 10
# PostgreSQL's codes for a lock that was not had in time, and for two that wait for each other.
NOT_HAD = frozenset({"55P03", "40P01"})


def answered_once(request: HttpRequest, run: Callable[[], HttpResponseBase]) -> HttpResponseBase:
    """What `run` answers, or what it answered when it was asked for under this key before.

    Raises `WireFault`: 409/800002 where the key was used for something else, 409/800060 where somebody else's change
    takes too long, 400/3000 for a key that is none.
    """
    call = call_of(request)
    key = _asked_key(request)
    try:
        with transaction.atomic():
            _wait_for_locks_at_most(SECONDS_TO_WAIT)
            kept = _reserved(request, call, key) if key else KeptAnswer()
            if kept.status is not None:
                return _again(kept)
            call.key = str(kept.pk)
            response = run()
            _settle(call, kept, response)
            return response
    except OperationalError as error:
        if is_lock_not_had(error):
            raise WireFault(BUSY) from error
        raise


def is_lock_not_had(error: Exception) -> bool:
    """Whether the database gave up waiting for somebody else's change."""
    return getattr(error.__cause__, "sqlstate", None) in NOT_HAD or "locked" in str(error)


def _asked_key(request: HttpRequest) -> str:
    for name in (REQUEST_ID, CLIENT_REQUEST_ID):
        if sent := request.headers.get(name, "").strip():
            if not is_id(sent):
                raise members_fault([f"{name}: {_('must be 1 to %(most)s printable characters') % {'most': LONGEST}}"])
            return sent
    return ""


def _wait_for_locks_at_most(seconds: int) -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = '{seconds}s'")


def _reserved(request: HttpRequest, call: Call, key: str) -> KeptAnswer:
    """The row of this key: a new one, or the earlier one; whoever has it under way is waited for."""
    scope = _digest([key, call.partner.pk, call.client.pk, call.bearer.person_id, request.method, request.path_info])
    digest = _digest([canonical(call.body).decode(), *sorted(header_tags(request))])
    KeptAnswer.objects.filter(scope=scope, at__lt=timezone.now() - KEPT_FOR).delete()
    kept, is_first = KeptAnswer.objects.get_or_create(scope=scope, defaults={"digest": digest})
    if not is_first and kept.digest != digest:
        raise WireFault(REUSED)
    return kept


def _digest(parts: list[object]) -> str:
    return hashlib.sha256(json.dumps([str(part) for part in parts]).encode()).hexdigest()


def _again(kept: KeptAnswer) -> HttpResponse:
    headers = {"Location": kept.location, "ETag": kept.etag}
    return HttpResponse(
        kept.body,
        status=kept.status,
        content_type=JSON,
        headers={name: value for name, value in headers.items() if value},
    )


def _settle(call: Call, kept: KeptAnswer, response: HttpResponseBase) -> None:
    """Keep the answer, or only the change; where something went wrong, neither."""
    if response.status_code >= 500 or call.is_broken:
        transaction.set_rollback(True)
    elif kept.scope and response.status_code in KEPT and not _is_passing(call):
        store(kept, response)
    elif kept.scope:
        kept.delete()


def _is_passing(call: Call) -> bool:
    return call.fault is not None and call.fault.code == BUSY


def store(kept: KeptAnswer, response: HttpResponseBase) -> None:
    """Keep this answer for whoever asks under the same key again."""
    assert isinstance(response, HttpResponse)
    kept.status = response.status_code
    kept.body = response.content.decode()
    kept.location = response.get("Location", "")
    kept.etag = response.get("ETag", "")
    kept.save(update_fields=["status", "body", "location", "etag"])
