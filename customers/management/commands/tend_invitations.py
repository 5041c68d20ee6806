"""`manage.py tend_invitations`: let invitations expire whose time is over, remind of those that wait."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from customers.tending import tend_invitations


class Command(BaseCommand):
    """Expire and remind; safe to run twice or late."""

    help = "Lets invitations expire, and reminds customers of those that wait. Run it every night."

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it for all partners and say how many there were."""
        done = tend_invitations(now=timezone.now())
        self.stdout.write(f"{done.expired} expired, {done.reminded} reminded of")
