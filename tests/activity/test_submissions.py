"""What was asked once is done once: a key sent again gets the first result."""

import datetime
import uuid
from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone

from activity.errors import SubmissionReused
from activity.models import Submission
from activity.submissions import Asked, first_result, remember

pytestmark = pytest.mark.django_db


def asked(**other: object) -> Asked:
    """The licences of one subscription, unless `other` says otherwise."""
    values = {"partner_id": uuid.UUID(int=1), "key": "a", "operation": "change_licences", "content": {"quantity": 5}}
    return Asked(**(values | other))  # type: ignore[arg-type]


def test_what_was_never_asked_has_no_result() -> None:
    assert first_result(asked()) is None


def test_the_same_again_gets_the_first_result() -> None:
    remember(asked(content={"quantity": 5, "of": uuid.UUID(int=7)}), {"subscription": "x"})
    assert first_result(asked(content={"of": uuid.UUID(int=7), "quantity": 5})) == {"subscription": "x"}


@pytest.mark.parametrize("other", [{"content": {"quantity": 6}}, {"operation": "rename_subscription"}])
def test_the_same_key_for_something_else_is_refused(other: dict[str, object]) -> None:
    remember(asked(), {})
    with pytest.raises(SubmissionReused):
        first_result(asked(**other))


def test_a_key_is_the_partners_own() -> None:
    remember(asked(), {})
    assert first_result(asked(partner_id=uuid.UUID(int=2))) is None


def test_a_key_that_is_taken_at_the_same_moment_is_refused() -> None:
    remember(asked(), {})
    with pytest.raises(SubmissionReused):
        remember(asked(content={"quantity": 6}), {})


def test_after_thirty_days_they_are_forgotten() -> None:
    for days in (0, 29, 31):
        remember(asked(key=str(days)), {})
        Submission.objects.filter(key=str(days)).update(at=timezone.now() - datetime.timedelta(days=days))
    told = StringIO()
    call_command("forget_submissions", stdout=told)
    assert told.getvalue() == "1 forgotten\n0 of the API\n"
    assert set(Submission.objects.values_list("key", flat=True)) == {"0", "29"}
