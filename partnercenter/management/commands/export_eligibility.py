"""`manage.py export_eligibility --partner UUID`: every verdict of a partner, as JSON Lines."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from activity.snapshot import one_moment
from partnercenter.portfolio.arguments import asked_customer, asked_partner, output
from partnercenter.portfolio.eligibility import write_eligibility


class Command(BaseCommand):
    """Says of each upgrade path of each live subscription that the partner sold what stands in the way."""

    help = "Write, as JSON Lines, which subscriptions of a partner can be upgraded to what."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--partner", metavar="UUID", required=True, help="the partner whose subscriptions to judge")
        parser.add_argument("--customer", metavar="UUID", help="only this customer's")
        parser.add_argument("--output", metavar="FILE", help="the file to write; standard output if left out")

    def handle(self, *args: Any, **options: Any) -> None:
        with one_moment():
            partner = asked_partner(options["partner"])
            asked = options["customer"]
            customer_id = asked_customer(asked, partner=partner).pk if asked is not None else None
            with output(options["output"], self.stdout) as write:
                write_eligibility(partner, customer_id=customer_id, write=write)
