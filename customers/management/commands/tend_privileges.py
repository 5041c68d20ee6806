"""`manage.py tend_privileges`: warn of privileges that expire soon, and write down which have."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from customers.privilege_expiry import tend_privileges


class Command(BaseCommand):
    """Warn and expire; safe to run twice or late."""

    help = "Warns of delegated admin privileges that expire soon and ends those that have. Run it every night."

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it for all partners and say how many there were."""
        done = tend_privileges(now=timezone.now())
        self.stdout.write(f"{done.expired} expired, {done.warned} warned of")
