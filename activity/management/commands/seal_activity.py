"""`manage.py seal_activity`: seal the activity log as it is."""

from typing import Any

from django.core.management.base import BaseCommand

from activity.sealing import seal_activity


class Command(BaseCommand):
    """Seal all chains of activity records and print the seal, to be kept elsewhere."""

    help = "Seals the activity log. Run it every night and keep what it prints on another machine."

    def handle(self, *args: Any, **options: Any) -> None:
        """Seal, and say what was sealed."""
        seal = seal_activity()
        self.stdout.write(f"{seal.at.isoformat()} {seal.chains} chains {seal.records} records {seal.digest}")
