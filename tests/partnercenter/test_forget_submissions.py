"""What the API remembers is forgotten when nobody needs it any more."""

import datetime
from io import StringIO

import pytest
from allauth.idp.oidc.models import Token
from django.core.management import call_command
from django.utils import timezone

from api.models import KeptAnswer, RequestCount

pytestmark = pytest.mark.django_db


def test_answers_and_counts_are_forgotten_after_a_day_and_tokens_when_they_expire() -> None:
    now = timezone.now()
    for hours in (1, 23, 25):
        then = now - datetime.timedelta(hours=hours)
        KeptAnswer.objects.create(scope=f"{hours} hours", digest="", status=200, at=then)
        RequestCount.once_more(client=f"{hours} hours", kind="read", minute=int(then.timestamp()) // 60)
        Token.objects.create(
            type="at", hash=f"{hours} hours", expires_at=now + datetime.timedelta(hours=24 - hours, minutes=1)
        )
    Token.objects.create(type="rt", hash="for good")
    told = StringIO()
    call_command("forget_submissions", stdout=told)
    assert told.getvalue() == "0 forgotten\n3 of the API\n"
    assert set(KeptAnswer.objects.values_list("scope", flat=True)) == {"1 hours", "23 hours"}
    assert set(RequestCount.objects.values_list("client", flat=True)) == {"1 hours", "23 hours"}
    assert set(Token.objects.values_list("hash", flat=True)) == {"1 hours", "23 hours", "for good"}
