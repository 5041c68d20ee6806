"""`manage.py seal_activity`: seal the activity log as it is."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import IntegrityError

from activity.sealing import printed, seal_activity


class Command(BaseCommand):
    """Seal all chains of activity records and print the seal, to be kept elsewhere."""

    help = "Seals the activity log. Run it every night and keep what it prints on another machine."

    def handle(self, *args: Any, **options: Any) -> None:
        """Seal, and say what was sealed. Raises `CommandError` where it is being sealed already."""
        try:
            seal = seal_activity()
        except IntegrityError as error:
            raise CommandError("The activity log is being sealed by somebody else.") from error
        self.stdout.write(printed(seal))
