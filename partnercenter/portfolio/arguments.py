"""What the export commands are told: ids and the file to write."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.db import DatabaseError
from django.utils.translation import gettext as _

from customers.models import Customer
from partnercenter.portfolio.faults import shown
from partnercenter.portfolio.output import Write, written_to
from partners.models import Partner


def _uuid(option: str, value: str) -> uuid.UUID:
    try:
        found = uuid.UUID(value)
    except ValueError:
        found = None
    if found is None or str(found) != value.lower():
        raise CommandError(
            _("%(option)s: expected a UUID such as 9a1f0c5e-0d7b-4f3a-8f0e-5d2c6b7a8e90, not %(value)s.")
            % {"option": option, "value": shown(value)}
        )
    return found


def asked_partner(value: str) -> Partner:
    """The partner with this id; raises `CommandError` where the portal has none."""
    partner = Partner.objects.filter(pk=_uuid("--partner", value)).first()
    if partner is None:
        raise CommandError(_("--partner: the portal has no partner %s.") % shown(value))
    return partner


def asked_customer(value: str, *, partner: Partner) -> Customer:
    """The customer with this id; raises `CommandError` where this partner has none."""
    found = Customer.objects.visible_to_partner(partner.pk).filter(pk=_uuid("--customer", value)).first()
    if not isinstance(found, Customer):
        raise CommandError(
            _("--customer: %(partner)s has no customer %(value)s.") % {"partner": partner, "value": shown(value)}
        )
    return found


@contextmanager
def output(path: str | None, standard_output: Any) -> Iterator[Write]:
    """Where to write; what goes wrong there is said in words."""
    try:
        with written_to(Path(path) if path is not None else None, standard_output) as write:
            yield write
    except BrokenPipeError:
        # Whoever read the output has enough of it.
        raise CommandError(_("Nobody reads the output any more.")) from None
    except (OSError, ValueError) as error:
        raise CommandError(_("The output cannot be written: %s") % error) from error
    except DatabaseError as error:
        raise CommandError(_("The database refused. (%s)") % error) from error
