"""`manage.py forget_submissions`: forget under which keys something was asked for long ago."""

import datetime
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from activity.models import Submission

DAYS_KEPT = 30


class Command(BaseCommand):
    """Forget submissions of more than 30 days ago: nobody sends the same form again so late."""

    help = "Forgets the idempotency keys of more than 30 days ago. Run it every night."

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it and say how many there were."""
        before = timezone.now() - datetime.timedelta(days=DAYS_KEPT)
        count, _by_model = Submission.objects.filter(at__lt=before).delete()
        self.stdout.write(f"{count} forgotten")
