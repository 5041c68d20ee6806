"""`manage.py load_demo`: the demo's partners, people and customers."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from partnercenter.demo.loading import load_demo
from partnercenter.portfolio.importing import PortfolioRefused
from partnercenter.portfolio.telling import refusal


class Command(BaseCommand):
    """Adds what of the demo is missing; refused where DEBUG is off, as everyone knows its password."""

    help = "Load the demo portfolio and its accounts; for trying the portal out, never for one that matters."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEBUG:
            raise CommandError(_("The demo's password is public: it is loaded only where DEBUG is on."))
        try:
            loaded = load_demo()
        except PortfolioRefused as refused:
            raise CommandError(refusal(_("The demo"), refused.faults)) from refused
        if not options["verbosity"]:
            return
        if not any(vars(loaded).values()):
            self.stdout.write(_("The demo is there already; nothing changed."))
        else:
            self.stdout.write(
                _("Added %(customers)d customers, %(accounts)d accounts and %(upgrades)d upgrades.") % vars(loaded)
            )
