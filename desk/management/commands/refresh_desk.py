"""`manage.py refresh_desk`: count what the desks of large partners show."""

import uuid
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from desk.portfolio import own_live
from desk.summary import COUNTED_AT_ONCE, refresh
from partners.models import Partner


class Command(BaseCommand):
    """Count for the desk of one partner, or of every partner that is too large to be counted at each visit."""

    help = "Counts what the desks of large partners show. Run it from time to time, for example every hour."

    def add_arguments(self, parser: CommandParser) -> None:
        """`--partner UUID` for one."""
        parser.add_argument("--partner", type=uuid.UUID, help="the id of one partner; otherwise all large ones")

    def handle(self, *args: Any, **options: Any) -> None:
        """Refresh and say what was counted; `CommandError` where there is no such partner."""
        for partner in self._partners(options["partner"]):
            counts = refresh(partner.pk).counts
            self.stdout.write(
                f"{partner.pk} {partner}: {counts['possible']} possible, {counts['one_step']} one step away"
            )

    def _partners(self, partner_id: uuid.UUID | None) -> list[Partner]:
        if partner_id is None:
            return [partner for partner in Partner.objects.all() if _is_large(partner)]
        partner = Partner.objects.filter(pk=partner_id).first()
        if partner is None:
            raise CommandError(f"There is no partner {partner_id}.")
        return [partner]


def _is_large(partner: Partner) -> bool:
    return own_live(partner.pk).order_by()[: COUNTED_AT_ONCE + 1].count() > COUNTED_AT_ONCE
