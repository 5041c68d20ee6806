"""`manage.py tend_upgrade_watches`: tell who waits for an upgrade that has become possible."""

from typing import Any

from django.core.management.base import BaseCommand

from upgrades.watching import sweep


class Command(BaseCommand):
    """Tells whoever was not told at once; safe to run twice or late."""

    help = "Tells staff who wait for an upgrade that it has become possible. Run it every night."

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it for all partners and say how many there were."""
        done = sweep()
        self.stdout.write(f"{done.told} told, {done.ended} waits in vain ended")
