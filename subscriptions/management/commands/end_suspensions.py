"""`manage.py end_suspensions`: delete what has been suspended for 60 days, warn of what soon will be."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from subscriptions.deletion import end_suspensions


class Command(BaseCommand):
    """End suspensions that are over, and warn 30, 14, 7 and 1 days before; safe to run twice or late."""

    help = "Deletes subscriptions 60 days after their suspension, and warns before. Run it every night."

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it for all partners and say how many there were."""
        done = end_suspensions(now=timezone.now())
        self.stdout.write(f"{done.deleted} deleted, {done.warned} warned of")
