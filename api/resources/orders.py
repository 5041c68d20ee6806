"""On the wire: orders."""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from django.http import HttpResponse
from django.utils.translation import gettext as _
from ninja import Query, Router, Status
from pydantic import BaseModel, ConfigDict, Field

from api.etags import etag_of, set_etag
from api.faults import (
    ADD_ON,
    CONFLICTING,
    LINE_NUMBERS,
    MEMBER,
    NO_LONGER_SOLD,
    NO_ORDER,
    NOT_ALLOWED,
    QUANTITY,
    UNKNOWN_OFFER,
    Code,
    WireFault,
    members_fault,
    missing,
    refused,
)
from api.paging import whole_collection
from api.serving import Call, CallRequest, id_in, path_id, serves
from api.shapes import (
    Attributes,
    BillingCycle,
    Collection,
    Link,
    Links,
    Moment,
    OrderStatus,
    Whole,
    WireIn,
    WireOut,
    link,
    links,
)
from partners.roles import Permission
from subscriptions import sale
from subscriptions.models import Order, OrderLine
from subscriptions.ordering import (
    MOST_LINES,
    PLACE,
    LinesRefused,
    OrderContentRefused,
    RelationshipEnded,
    place_order,
    refuse_order,
)
from subscriptions.querysets import OrderQuerySet
from subscriptions.sale import Line, Objection

router = Router()
TAG = "Orders"
# What stands where an offer's id should, and is none: no offer has it.
NO_ID = uuid.UUID(int=0)
# The members of an order and of its lines, by the names that the operation has for them.
MEMBERS = {"lines": "lineItems", "billing_cycle": "billingCycle", "nickname": "friendlyName"}
# What an objection against a line is on the wire; the first one of the first line decides.
OBJECTIONS: dict[str, Code] = {
    sale.UNKNOWN_OFFER: UNKNOWN_OFFER,
    sale.NOT_AVAILABLE: NO_LONGER_SOLD,
    sale.CONFLICT: CONFLICTING,
    sale.ALREADY_PRESENT: CONFLICTING,
    sale.QUANTITY: QUANTITY,
    sale.NO_PARENT: ADD_ON,
}


class LineItemIn(WireIn):
    """One offer that is to be bought."""

    line_item_number: Whole | None = None
    offer_id: str
    quantity: Whole
    friendly_name: str = ""
    partner_id_on_record: str | None = None
    parent_subscription_id: str | None = None


class NewOrderIn(WireIn):
    """What is to be bought, all of it or nothing."""

    reference_customer_id: str | None = None
    billing_cycle: BillingCycle = "monthly"
    line_items: list[LineItemIn] = Field(min_length=1, max_length=MOST_LINES)


class LineLinks(Links):
    """Where the subscription of a line is, and how far its provisioning has come."""

    subscription: Link
    provisioning_status: Link


class LineItemOut(WireOut):
    """One offer that was bought, and the subscription that it became."""

    line_item_number: int
    offer_id: str
    subscription_id: str
    friendly_name: str
    quantity: int
    transaction_type: str = "new"
    links: LineLinks


class OrderOut(WireOut):
    """What was bought for a customer in one act."""

    id: str
    reference_customer_id: str
    billing_cycle: BillingCycle
    currency_code: str = "CNY"
    currency_symbol: str = "¥"
    line_items: list[LineItemOut]
    creation_date: Moment
    status: OrderStatus
    transaction_type: str = "UserPurchase"
    links: Links
    attributes: Attributes


class OrderQuery(BaseModel):
    """Which orders are meant: those of one billing cycle, if it is named."""

    model_config = ConfigDict(frozen=True)

    billing_type: BillingCycle | None = Field(None, alias="billingType")


@dataclass(frozen=True)
class AskedOrder:
    """An order as it was asked for. `places` has, for each of its lines, which of the line items it is, from 0."""

    body: NewOrderIn
    customer_id: uuid.UUID

    @cached_property
    def places(self) -> list[int]:
        """The line items in the order of their numbers, by the place in which they came."""
        items = self.body.line_items
        return sorted(range(len(items)), key=lambda place: items[place].line_item_number or 0)

    @cached_property
    def lines(self) -> list[Line]:
        """What the operation is given."""
        items = [self.body.line_items[place] for place in self.places]
        return [Line(id_in(item.offer_id) or NO_ID, item.quantity, item.friendly_name) for item in items]

    def faults(self) -> Iterator[WireFault]:
        """What is wrong with it, whoever the customer is and whatever is sold."""
        reference = self.body.reference_customer_id
        if reference is not None and id_in(reference) != self.customer_id:
            yield members_fault([f"referenceCustomerId: {_('must be the customer of the address, or left out')}"])
        if wrong := [*self._wrong_members()]:
            yield members_fault(wrong)
        if not self._is_numbered():
            said = _("must be numbered from 0 to %(last)s, each once, or not at all") % {"last": len(self.places) - 1}
            yield members_fault([f"lineItems.lineItemNumber: {said}"], code=LINE_NUMBERS)

    def _wrong_members(self) -> Iterator[str]:
        for place, item in enumerate(self.body.line_items):
            if item.partner_id_on_record is not None:
                yield f"lineItems[{place}].partnerIdOnRecord: {_('is not served')}"
            if item.parent_subscription_id is not None:
                yield f"lineItems[{place}].parentSubscriptionId: {_('is not served: an add-on finds its parent')}"

    def _is_numbered(self) -> bool:
        numbers = [item.line_item_number for item in self.body.line_items]
        is_bare = all(number is None for number in numbers)
        return is_bare or {*numbers} == {*range(len(numbers))}

    def fault_of_lines(self, refusal: LinesRefused) -> WireFault:
        """What is against its lines: all of it in `data`, and the first as the answer's own code."""
        against = [(place, one) for place, objections in self._objections(refusal) for one in objections]
        data = dict.fromkeys(f"lineItems[{place}].{_member(one)}: {one.message}" for place, one in against)
        first = against[0][1]
        return WireFault(OBJECTIONS[first.code], first.message, data=list(data))

    def _objections(self, refusal: LinesRefused) -> Sequence[tuple[int, Sequence[Objection]]]:
        return list(zip(self.places, refusal.objections, strict=True))

    def fault_of_content(self, refusal: OrderContentRefused) -> WireFault:
        """Which member is not as it must be."""
        within = "" if refusal.line is None else f"lineItems[{self.places[refusal.line]}]."
        return members_fault([f"{within}{MEMBERS[refusal.field]}: {refusal.message}"])


@serves(
    router,
    "POST",
    "/customers/{customer_id}/orders",
    may=Permission.MANAGE_SUBSCRIPTIONS,
    answer=OrderOut,
    status=201,
    faults=(MEMBER, QUANTITY, UNKNOWN_OFFER, LINE_NUMBERS, ADD_ON, NOT_ALLOWED, NO_LONGER_SOLD, CONFLICTING),
    records=PLACE,
    tag=TAG,
)
def create_order(request: CallRequest, customer_id: str, body: NewOrderIn, response: HttpResponse) -> Status[OrderOut]:
    """Buy all these offers for the customer, or none."""
    placed = _placed(request.call, AskedOrder(body, request.call.customer.pk))
    answer = order_out(_orders(request.call).get(pk=placed.pk))
    set_etag(response, str(answer.attributes.etag))
    response["Location"] = f"/v1{_path(placed)}"
    return Status(201, answer)


@serves(
    router,
    "GET",
    "/customers/{customer_id}/orders",
    may=Permission.SEE_CUSTOMERS,
    answer=Collection[OrderOut],
    tag=TAG,
)
def list_orders(request: CallRequest, customer_id: str, query: Query[OrderQuery]) -> Collection[OrderOut]:
    """What this partner bought for the customer, the newest first."""
    orders = _orders(request.call)
    if query.billing_type is not None:
        orders = orders.filter(billing_cycle=query.billing_type)
    return whole_collection(request, [order_out(order) for order in orders])


@serves(
    router,
    "GET",
    "/customers/{customer_id}/orders/{order_id}",
    may=Permission.SEE_CUSTOMERS,
    answer=OrderOut,
    faults=(NO_ORDER,),
    tag=TAG,
)
def get_order(request: CallRequest, customer_id: str, order_id: str, response: HttpResponse) -> OrderOut:
    """One order of this partner."""
    order = _orders(request.call).filter(pk=path_id(order_id, NO_ORDER)).first()
    if order is None:
        raise missing(NO_ORDER, order_id)
    answer = order_out(order)
    set_etag(response, str(answer.attributes.etag))
    return answer


@refused(RelationshipEnded)
def relationship_ended(refusal: RelationshipEnded, call: Call) -> WireFault:
    """A former reseller may look, and sell nothing more."""
    return WireFault(NOT_ALLOWED, refusal.message)


def order_out(order: Order) -> OrderOut:
    """An order as it is sent; its lines were read with it."""
    return OrderOut(
        id=str(order.pk),
        reference_customer_id=str(order.customer_id),
        billing_cycle=order.billing_cycle,
        line_items=[_line_out(order, line) for line in order.lines.all()],
        creation_date=order.created_at,
        status=order.status.value,
        links=links(_path(order)),
        attributes=Attributes(etag=etag_of(order.pk, order.version), object_type="Order"),
    )


def _line_out(order: Order, line: OrderLine) -> LineItemOut:
    path = f"/customers/{order.customer_id}/subscriptions/{line.subscription_id}"
    return LineItemOut(
        line_item_number=line.number,
        offer_id=str(line.offer_id),
        subscription_id=str(line.subscription_id),
        friendly_name=line.nickname,
        quantity=line.quantity,
        links=LineLinks(subscription=link(path), provisioning_status=link(f"{path}/provisioningstatus")),
    )


def _path(order: Order) -> str:
    return f"/customers/{order.customer_id}/orders/{order.pk}"


def _orders(call: Call) -> OrderQuerySet:
    return Order.objects.visible_to(call.caller).filter(customer=call.customer).with_lines()


def _placed(call: Call, asked: AskedOrder) -> Order:
    """The order, placed. Raises `WireFault`, after the refusal was recorded."""
    customer_id = asked.customer_id
    for fault in asked.faults():
        refuse_order(staff=call.caller, customer_id=customer_id, lines=asked.lines)
        raise fault
    try:
        return place_order(
            staff=call.caller,
            customer_id=customer_id,
            lines=asked.lines,
            key=call.key,
            billing_cycle=asked.body.billing_cycle,
        )
    except LinesRefused as refusal:
        raise asked.fault_of_lines(refusal) from refusal
    except OrderContentRefused as refusal:
        raise asked.fault_of_content(refusal) from refusal


def _member(objection: Objection) -> str:
    return "quantity" if objection.code == sale.QUANTITY else "offerId"
