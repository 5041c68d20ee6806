"""What was asked once is done once: a key sent again gets the first result, and nothing changes.

An operation asks `first_result` after it has locked what it changes, and calls `remember` before its transaction
ends. Upgrades keep their key on the `Upgrade` itself.
"""

import hashlib
import json
import uuid
from dataclasses import dataclass
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import IntegrityError, transaction

from activity.errors import SubmissionReused
from activity.models import Submission


@dataclass(frozen=True)
class Asked:
    """Something that a partner asks for under a key: the operation, and all that decides what it does."""

    partner_id: uuid.UUID
    key: str
    operation: str
    content: dict[str, Any]

    @property
    def digest(self) -> str:
        """The same for the same content, whatever the order of its members."""
        text = json.dumps([self.operation, self.content], cls=DjangoJSONEncoder, sort_keys=True)
        return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def first_result(asked: Asked) -> dict[str, Any] | None:
    """What came of it when it was asked before, or `None`. Raises `SubmissionReused` for other content."""
    first = Submission.objects.filter(partner_id=asked.partner_id, key=asked.key).first()
    if first is None:
        return None
    if first.digest != asked.digest:
        raise SubmissionReused
    result: dict[str, Any] = first.result
    return result


def remember(asked: Asked, result: dict[str, Any]) -> None:
    """Keep the result for whoever asks the same again, in the transaction of the caller.

    Raises `SubmissionReused` where the same key was used for something else at the same moment.
    """
    try:
        with transaction.atomic():
            Submission.objects.create(
                partner_id=asked.partner_id,
                key=asked.key,
                operation=asked.operation,
                digest=asked.digest,
                result=result,
            )
    except IntegrityError as error:
        raise SubmissionReused from error
