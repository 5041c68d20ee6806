"""``manage.py run_worker``: do what the pages leave to be done in the background."""

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser

from partners.mail import resume_mails
from subscriptions.provisioning import resume_provisioning
from upgrades.watching import resume_watches

DAYS_KEPT = 30


class Command(BaseCommand):
    """Works off the queue until it is told to end (SIGTERM, Ctrl-C), finishing what it has begun.

    First it takes up what a killed worker left behind, and forgets what was done more than 30 days ago. Several
    may run side by side.
    """

    help = "Work off the queue: provision what was ordered, send mails."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add --batch."""
        parser.add_argument("--batch", action="store_true", help="end when nothing is left to do now")

    def handle(self, *, verbosity: int, batch: bool, **options: Any) -> None:
        """Take up, forget, work."""
        resume_provisioning()
        resume_mails()
        resume_watches()
        call_command("prune_db_task_results", min_age_days=DAYS_KEPT, verbosity=0)
        call_command("db_worker", batch=batch, reload=False, startup_delay=not batch, verbosity=verbosity)
