"""The orders of a customer, a member that a file has only where the portal knows of any: checked, and written out."""

import itertools
import uuid
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from catalog.models import LARGEST_QUANTITY
from partnercenter.portfolio import members
from partnercenter.portfolio.faults import shown
from partnercenter.portfolio.members import Member, Shape, one_of, text, whole_number
from partnercenter.portfolio.staging import ORDER_LINES, ORDERS
from subscriptions.models import LONGEST_NICKNAME, LONGEST_REFERENCE, BillingCycle, Failure, OrderLine, Provisioning

if TYPE_CHECKING:
    from partnercenter.portfolio.checking import Checker

MOST_ATTEMPTS = 1_000_000
ORDER = Shape(
    {
        "id": Member(members.uuid),
        "partner": Member(members.uuid),
        "reference": Member(text(LONGEST_REFERENCE, may_be_blank=True), left_out=""),
        "billing_cycle": Member(one_of(BillingCycle.values, ", ".join(BillingCycle.values))),
        "created": Member(members.time),
        "lines": Member(members.items),
    }
)
COLUMNS = (
    "order__customer_id",
    "order_id",
    "order__partner_id",
    "order__reference",
    "order__billing_cycle",
    "order__created_at",
    "subscription_id",
    "offer_id",
    "quantity",
    "nickname",
    "provisioning",
    "attempts",
    "next_attempt_at",
    "failure_code",
    "failure",
    "provisioned_at",
)


def line_shape(offer: Callable[[Any], str]) -> Shape:
    """The members of a line; `offer` checks that the catalogue has it."""
    return Shape(
        {
            "subscription": Member(members.uuid),
            "offer": Member(offer),
            "quantity": Member(whole_number),
            "nickname": Member(text(LONGEST_NICKNAME, may_be_blank=True), left_out=""),
            "provisioning": Member(one_of(Provisioning.values, ", ".join(Provisioning.values))),
            "attempts": Member(whole_number, left_out=0),
            "next_attempt": Member(members.time, left_out=None),
            "failure_code": Member(one_of(Failure.values, ", ".join(Failure.values)), left_out=""),
            "failure": Member(text(OrderLine._meta.get_field("failure").max_length or 0), left_out=""),
            "provisioned": Member(members.time, left_out=None),
        }
    )


def stage_orders(checker: "Checker", customer_id: str | None, orders: Iterable[Any]) -> None:
    """Stage the orders of the record that is checked, and report what is wrong with them."""
    record = checker.record
    for number, value in enumerate(orders):
        place = f"{record.place}.orders[{number}]"
        order = ORDER.read(value, place, checker.report)
        lines = order.pop("lines")
        if lines == []:
            checker.report(f"{place}.lines", _("must not be empty"))
        if order["id"] and customer_id:
            checker.stage(ORDERS, (record.sequence, record.number, number, *order.values(), customer_id))
        for count, line in enumerate(lines or ()):
            row = _line(checker, line, f"{place}.lines[{count}]", order)
            if order["id"] and customer_id and row["subscription"]:
                columns = (*row.values(), order["id"], count, customer_id)
                checker.stage(ORDER_LINES, (record.sequence, record.number, number, *columns))


def _line(checker: "Checker", value: Any, place: str, order: dict[str, Any]) -> dict[str, Any]:
    line = checker.order_line.read(value, place, checker.report)
    _check_range(checker, line, place, name="quantity", least=1, most=LARGEST_QUANTITY)
    _check_range(checker, line, place, name="attempts", least=0, most=MOST_ATTEMPTS)
    provisioning = line["provisioning"]
    if (provisioning == Provisioning.SUCCEEDED) != (line["provisioned"] is not None) and provisioning:
        checker.report(f"{place}.provisioned", _("a line that succeeded has such a time, and no other"))
    if line["next_attempt"] and provisioning not in {Provisioning.PENDING, None}:
        checker.report(f"{place}.next_attempt", _("only a pending line has such a time"))
    if provisioning == Provisioning.FAILED and not line["failure_code"]:
        checker.report(f"{place}.failure_code", _("missing"))
    if provisioning == Provisioning.PENDING and line["next_attempt"] is None:
        line["next_attempt"] = order["created"]
    return line


def _check_range(checker: "Checker", line: dict[str, Any], place: str, *, name: str, least: int, most: int) -> None:
    value = line[name]
    if value is not None and not least <= value <= most:
        line[name] = None
        words = _("expected a number from %(least)d to %(most)d, not %(value)s")
        checker.report(f"{place}.{name}", words % {"least": least, "most": most, "value": shown(value)})


def order_rows(partner_id: uuid.UUID | None, subscriptions: QuerySet[Any]) -> QuerySet[Any, tuple[Any, ...]]:
    """The lines of all orders, by customer, or of those that this partner placed."""
    lines: QuerySet[Any] = OrderLine.objects.all()
    if partner_id is not None:
        lines = lines.filter(order__partner_id=partner_id, subscription__in=subscriptions)
    return lines.order_by("order__customer_id", "order_id", "number").values_list(*COLUMNS)


def order_records(rows: Iterable[tuple[Any, ...]], time: Callable[[Any], str]) -> Iterator[dict[str, Any]]:
    """The orders that these rows of one customer are the lines of."""
    for order, lines in itertools.groupby(rows, key=lambda row: row[1:6]):
        yield {
            "id": str(order[0]),
            "partner": str(order[1]),
            **({"reference": order[2]} if order[2] else {}),
            "billing_cycle": order[3],
            "created": time(order[4]),
            "lines": [_line_record(row[6:], time) for row in lines],
        }


def _line_record(row: tuple[Any, ...], time: Callable[[Any], str]) -> dict[str, Any]:
    optional = {
        "attempts": row[5],
        "next_attempt": row[6] and time(row[6]),
        "failure_code": row[7],
        "failure": row[8],
        "provisioned": row[9] and time(row[9]),
    }
    return {
        "subscription": str(row[0]),
        "offer": str(row[1]),
        "quantity": row[2],
        **({"nickname": row[3]} if row[3] else {}),
        "provisioning": row[4],
        **{name: value for name, value in optional.items() if value},
    }
