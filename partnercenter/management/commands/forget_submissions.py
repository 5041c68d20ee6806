"""`manage.py forget_submissions`: forget under which keys something was asked for long ago, and what has expired."""

import datetime
from typing import Any

from allauth.idp.oidc.models import Token
from django.core.management.base import BaseCommand
from django.utils import timezone

from activity.models import Submission
from api.models import KeptAnswer, RequestCount

DAYS_KEPT = 30
ANSWERS_KEPT = datetime.timedelta(days=1)


class Command(BaseCommand):
    """Forget submissions of more than 30 days ago: nobody sends the same form again so late.

    Of the API, the answers that were kept for programs that ask again, and counts of requests, go after a day, and
    tokens when they have expired.
    """

    help = "Forgets the idempotency keys of more than 30 days ago, and what expired of the API. Run it every night."

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it and say how many there were."""
        now = timezone.now()
        yesterday = now - ANSWERS_KEPT
        of_pages = Submission.objects.filter(at__lt=now - datetime.timedelta(days=DAYS_KEPT))
        of_the_api = (
            KeptAnswer.objects.filter(at__lt=yesterday),
            RequestCount.objects.filter(minute__lt=int(yesterday.timestamp()) // 60),
            Token.objects.expired(),
        )
        self.stdout.write(f"{of_pages.delete()[0]} forgotten")
        self.stdout.write(f"{sum(rows.delete()[0] for rows in of_the_api)} of the API")
