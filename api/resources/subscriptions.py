"""On the wire: what a customer bought, and its changes."""

import datetime
from collections.abc import Iterable, Mapping
from typing import Any, NoReturn

from django.db.models import Exists, OuterRef
from django.http import HttpResponse
from django.utils.translation import gettext as _
from ninja import Query, Router
from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from api.calls import Call
from api.etags import NEVER, Precondition, etag_of, precondition, set_etag
from api.faults import (
    BILLING_CYCLE,
    BUSY,
    IS_DELETED,
    LICENCES_FIXED,
    MEMBER,
    NO_SUBSCRIPTION,
    NOT_ALLOWED,
    OTHER_OFFER,
    PARENT,
    PARTNER_ON_RECORD,
    QUANTITY,
    SENTENCES,
    STALE_HEADER,
    STATUS_CHANGE,
    Code,
    WireFault,
    members_fault,
    missing,
    refused,
)
from api.paging import whole_collection
from api.resources.offers import UNIT, offer_uri
from api.serving import CallRequest, path_id, serves
from api.shapes import (
    Attributes,
    AttributesIn,
    BillingCycle,
    BillingType,
    Collection,
    ContractType,
    Link,
    Links,
    Moment,
    ProvisioningStatus,
    SubscriptionStatus,
    Whole,
    WireIn,
    WireOut,
    link,
)
from catalog.models import OfferPrerequisite
from partners.models import Partner
from partners.roles import Permission
from subscriptions.errors import (
    ChangedMeanwhile,
    ChangeRefused,
    IsDeleted,
    LicencesFixed,
    NicknameRefused,
    NotTheReseller,
    ParentNotActive,
    QuantityOutOfRange,
    StatusUnreachable,
    TooLateToReactivate,
)
from subscriptions.models import Order, OrderLine, Provisioning, Status, Subscription
from subscriptions.operations import Wanted, change_subscription, refuse_change
from subscriptions.querysets import SubscriptionQuerySet

router = Router()
TAG = "Subscriptions"
OPERATION = "change_subscription"
ONE = "/customers/{customer_id}/subscriptions/{subscription_id}"


class SubscriptionsQuery(BaseModel):
    """Which subscriptions of the customer."""

    model_config = ConfigDict(frozen=True)

    order_id: str | None = None
    mpn_id: str | None = None


class SubscriptionIn(WireIn):
    """A subscription as it shall be, or a part of one: of the members that may differ, and those that must not."""

    friendly_name: str | None = None
    quantity: Whole | None = None
    status: SubscriptionStatus | None = None
    auto_renew_enabled: bool | None = None
    offer_id: str | None = None
    partner_id: str | None = None
    billing_cycle: BillingCycle | None = None
    attributes: AttributesIn = AttributesIn()


class SubscriptionLinks(Links):
    """Where the subscription is, its offer, and what it is an add-on of."""

    offer: Link
    parent_subscription: Link | None = None


class SubscriptionOut(WireOut):
    """A subscription. Of one that this partner did not sell only what it may know."""

    id: str
    offer_id: str
    offer_name: str
    friendly_name: str | None = None
    quantity: int
    unit_type: str | None = None
    parent_subscription_id: str | None = None
    has_purchasable_addons: bool | None = None
    creation_date: Moment
    effective_start_date: Moment
    commitment_end_date: Moment
    status: SubscriptionStatus
    auto_renew_enabled: bool | None = None
    is_trial: bool | None = None
    billing_type: BillingType | None = None
    billing_cycle: BillingCycle | None = None
    term_duration: str | None = None
    actions: list[str]
    is_microsoft_product: bool | None = None
    publisher_name: str | None = None
    partner_id: str | None = None
    suspension_reasons: list[str] | None = None
    scheduled_deletion_date: Moment | None = None
    contract_type: ContractType | None = None
    order_id: str | None = None
    links: SubscriptionLinks
    attributes: Attributes


class ProvisioningStatusOut(WireOut):
    """How far the provisioning of a subscription has come."""

    sku_id: str | None
    status: ProvisioningStatus
    quantity: int
    end_date: Moment
    attributes: Attributes = Attributes(object_type="SubscriptionProvisioningStatus")


def visible_subscriptions(call: Call) -> SubscriptionQuerySet:
    """The subscriptions of the customer that the partner sold or administers, the newest first.

    Each carries what it is sent with: its offer, seller and order, whether its parent is visible too
    (`is_parent_visible`), and whether there are add-ons to buy for it (`has_add_on_offers`).
    """
    seen = Subscription.objects.filter(customer=call.customer).sold_or_administered_by(call.partner.pk)
    add_ons = OfferPrerequisite.objects.filter(prerequisite=OuterRef("offer"), offer__is_available=True)
    found: SubscriptionQuerySet = (
        seen.select_related("offer", "reseller_of_record", "order_line__order")
        .annotate(is_parent_visible=Exists(seen.filter(pk=OuterRef("parent_id"))), has_add_on_offers=Exists(add_ons))
        .order_by("-created_at", "-id")
    )
    return found


def visible_subscription(call: Call, subscription_id: str) -> Subscription:
    """The one that an address names. Raises `WireFault` (404/20003)."""
    found: Subscription | None = (
        visible_subscriptions(call).filter(pk=path_id(subscription_id, NO_SUBSCRIPTION)).first()
    )
    if found is None:
        raise missing(NO_SUBSCRIPTION, subscription_id)
    return found


def subscription_uri(subscription: Subscription) -> str:
    """Where a subscription is found."""
    return f"/customers/{subscription.customer_id}/subscriptions/{subscription.pk}"


def subscription_out(subscription: Subscription, partner: Partner) -> SubscriptionOut:
    """A subscription, read by `visible_subscriptions`, as this partner is told of it."""
    known = SubscriptionOut(
        id=str(subscription.pk),
        offer_id=str(subscription.offer_id),
        offer_name=subscription.offer.name,
        quantity=subscription.quantity,
        parent_subscription_id=_parent_id(subscription),
        creation_date=subscription.created_at,
        effective_start_date=_midnight(subscription.created_at.astimezone(datetime.UTC).date()),
        commitment_end_date=_midnight(subscription.commitment_end),
        status=subscription.status,
        scheduled_deletion_date=subscription.deletion_time,
        actions=[],
        links=_links(subscription),
        attributes=Attributes(object_type="Subscription"),
    )
    return known.model_copy(update=_of_the_seller(subscription, partner)) if subscription.is_sold_by(partner) else known


def _of_the_seller(subscription: Subscription, partner: Partner) -> dict[str, Any]:
    """What only the partner that sold it is told."""
    order = _own_order(subscription, partner)
    return {
        "friendly_name": subscription.nickname,
        "unit_type": UNIT,
        "has_purchasable_addons": subscription.has_add_on_offers,  # type: ignore[attr-defined]
        "auto_renew_enabled": subscription.auto_renew,
        "is_trial": False,
        "billing_type": "license",
        "billing_cycle": _billing_cycle(order),
        "term_duration": "P1Y",
        "actions": ["edit", "cancel"] if subscription.is_live else [],
        "is_microsoft_product": True,
        "publisher_name": "Microsoft",
        "partner_id": partner.mpn_id or None,
        "suspension_reasons": ["partner_request"] if subscription.status == Status.SUSPENDED else None,
        "contract_type": "subscription",
        "order_id": str(order.pk) if order else None,
        "attributes": Attributes(etag=etag_of(subscription.pk, subscription.version), object_type="Subscription"),
    }


def _parent_id(subscription: Subscription) -> str | None:
    return str(subscription.parent_id) if subscription.is_parent_visible else None  # type: ignore[attr-defined]


def _links(subscription: Subscription) -> SubscriptionLinks:
    parent_id = _parent_id(subscription)
    parent = link(f"/customers/{subscription.customer_id}/subscriptions/{parent_id}") if parent_id else None
    return SubscriptionLinks(
        self_=link(subscription_uri(subscription)),
        offer=link(offer_uri(subscription.offer_id)),
        parent_subscription=parent,
    )


def _midnight(day: datetime.date) -> datetime.datetime:
    return datetime.datetime.combine(day, datetime.time(), datetime.UTC)


def _order_line(subscription: Subscription) -> OrderLine | None:
    return getattr(subscription, "order_line", None)


def _own_order(subscription: Subscription, partner: Partner) -> Order | None:
    line = _order_line(subscription)
    return line.order if line and line.order.partner_id == partner.pk else None


def _billing_cycle(order: Order | None) -> str:
    return order.billing_cycle if order else "monthly"


def _collection(request: CallRequest, subscriptions: Iterable[Subscription]) -> Collection[SubscriptionOut]:
    return whole_collection(request, [subscription_out(one, request.call.partner) for one in subscriptions])


@serves(
    router,
    "GET",
    "/customers/{customer_id}/subscriptions",
    may=Permission.SEE_CUSTOMERS,
    answer=Collection[SubscriptionOut],
    tag=TAG,
)
def get_subscriptions(
    request: CallRequest, customer_id: str, query: Query[SubscriptionsQuery]
) -> Collection[SubscriptionOut]:
    """All subscriptions of a customer that the partner sold or administers, deleted ones too."""
    return _collection(request, _asked_for(request.call, query))


def _asked_for(call: Call, query: SubscriptionsQuery) -> SubscriptionQuerySet:
    found = visible_subscriptions(call)
    if query.mpn_id:
        if not (query.mpn_id.isascii() and query.mpn_id.isdigit()):
            raise members_fault([f"mpn_id: {_('must be digits')}"])
        # Who sold what another partner sold is not shown, by a filter neither.
        found = found.sold_by(call.partner.pk) if query.mpn_id == call.partner.mpn_id else found.none()
    if query.order_id:
        try:
            order_id = path_id(query.order_id, NO_SUBSCRIPTION)
        except WireFault:
            return found.none()
        found = found.filter(order_line__order=order_id, order_line__order__partner=call.partner)
    return found


@serves(router, "GET", ONE, may=Permission.SEE_CUSTOMERS, answer=SubscriptionOut, faults=(NO_SUBSCRIPTION,), tag=TAG)
def get_subscription(
    request: CallRequest, customer_id: str, subscription_id: str, response: HttpResponse
) -> SubscriptionOut:
    """One subscription."""
    return _sent(request.call, subscription_id, response)


def _sent(call: Call, subscription_id: str, response: HttpResponse) -> SubscriptionOut:
    """The subscription as it stands, with its ETag in the header too where it has one."""
    out = subscription_out(visible_subscription(call, subscription_id), call.partner)
    if out.attributes.etag:
        set_etag(response, out.attributes.etag)
    return out


@serves(
    router,
    "GET",
    ONE + "/addons",
    may=Permission.SEE_CUSTOMERS,
    answer=Collection[SubscriptionOut],
    faults=(NO_SUBSCRIPTION,),
    tag=TAG,
)
def get_subscription_add_ons(
    request: CallRequest, customer_id: str, subscription_id: str
) -> Collection[SubscriptionOut]:
    """The add-ons of a subscription."""
    parent = visible_subscription(request.call, subscription_id)
    return _collection(request, visible_subscriptions(request.call).filter(parent=parent))


@serves(
    router,
    "GET",
    ONE + "/provisioningstatus",
    may=Permission.SEE_CUSTOMERS,
    answer=ProvisioningStatusOut,
    faults=(NO_SUBSCRIPTION,),
    tag=TAG,
)
def get_provisioning_status(request: CallRequest, customer_id: str, subscription_id: str) -> ProvisioningStatusOut:
    """Whether the cloud has made what was bought."""
    subscription = visible_subscription(request.call, subscription_id)
    sku_id = subscription.offer.sku_id
    return ProvisioningStatusOut(
        sku_id=str(sku_id) if sku_id else None,
        status=_provisioning(subscription, request.call.partner),
        quantity=subscription.quantity,
        end_date=_midnight(subscription.commitment_end),
    )


def _provisioning(subscription: Subscription, partner: Partner) -> str:
    if subscription.status != Status.PENDING:
        return "success"
    line = _order_line(subscription)
    has_failed = line is not None and line.provisioning == Provisioning.FAILED
    return "failed" if has_failed and subscription.is_sold_by(partner) else "pending"


# What a change must not touch: the code of the protocol, and the reason in the activity log.
FIXED: Mapping[str, tuple[Code, str]] = {
    "offer_id": (OTHER_OFFER, "offer_fixed"),
    "partner_id": (PARTNER_ON_RECORD, "partner_fixed"),
    "billing_cycle": (BILLING_CYCLE, "billing_cycle_fixed"),
}
WRITABLE = {
    "quantity": "quantity",
    "friendly_name": "nickname",
    "auto_renew_enabled": "auto_renew",
    "status": "status",
}
# By which names the activity log tells what was asked for.
RECORDED = {**WRITABLE, "offer_id": "offer", "partner_id": "partner"}


class _Change:
    """A subscription, and how somebody wants it to be."""

    def __init__(self, call: Call, subscription: Subscription, body: SubscriptionIn) -> None:
        self.call = call
        self.subscription = subscription
        present = subscription_out(subscription, call.partner)
        # Absent, null, or as it is already: it means nothing.
        self.differing = {
            name: value
            for name in (*FIXED, *WRITABLE)
            if (value := getattr(body, name)) is not None and not _is_same(name, value, getattr(present, name))
        }

    def refuse(self, reason: str, fault: WireFault) -> NoReturn:
        """Record the attempt, and answer so."""
        asked = {RECORDED.get(name, name): value for name, value in self.differing.items()}
        refuse_change(staff=self.call.caller, subscription_id=self.subscription.pk, asked=asked, codes=(reason,))
        raise fault

    def carry_out(self, condition: Precondition, version: int | None) -> None:
        """Change it, by the rules that the pages use."""
        try:
            change_subscription(
                staff=self.call.caller,
                subscription_id=self.subscription.pk,
                wanted=self._wanted(),
                key=self.call.key,
                version=version,
                customer_id=self.call.customer.pk,
            )
        except ChangedMeanwhile as refusal:
            raise condition.stale(refusal) from refusal

    def _wanted(self) -> Wanted:
        fields = {WRITABLE[name]: value for name, value in self.differing.items()}
        if "status" in fields:
            fields["status"] = Status(fields["status"])
        return Wanted(**fields)


def _is_same(name: str, value: Any, present: Any) -> bool:
    if name == "offer_id":
        value = value.strip().lower()
    return bool(value == present or (name == "partner_id" and not value and not present))


@serves(
    router,
    "PATCH",
    ONE,
    may=Permission.MANAGE_SUBSCRIPTIONS,
    answer=SubscriptionOut,
    faults=(NO_SUBSCRIPTION, NOT_ALLOWED, STALE_HEADER, PARENT),
    records=OPERATION,
    tag=TAG,
)
def patch_subscription(
    request: CallRequest, customer_id: str, subscription_id: str, body: SubscriptionIn, response: HttpResponse
) -> SubscriptionOut:
    """Change what differs from the subscription as it is, all of it or nothing."""
    call = request.call
    subscription = visible_subscription(call, subscription_id)
    change = _Change(call, subscription, body)
    if not subscription.is_sold_by(call.partner):
        change.refuse("reseller_of_record", WireFault(NOT_ALLOWED, str(NotTheReseller())))
    condition = precondition(request, body.attributes.etag)
    version = condition.version_for(subscription.pk, subscription.version)
    if version == NEVER:
        change.refuse("subscription_changed", condition.stale())
    if change.differing:
        _refuse_what_is_fixed(change)
        change.carry_out(condition, version)
    return _sent(call, subscription_id, response)


def _refuse_what_is_fixed(change: _Change) -> None:
    if not change.subscription.is_live:
        change.refuse("subscription_deleted", WireFault(IS_DELETED))
    for name, (code, reason) in FIXED.items():
        if name in change.differing:
            change.refuse(reason, _fault_of_member(code, name))
    if change.differing.get("status") == "none":
        change.refuse("status_change_unknown", _fault_of_member(STATUS_CHANGE, "status"))


def _fault_of_member(code: Code, name: str, sentence: str = "") -> WireFault:
    """A fault that names the member it is about."""
    sentence = sentence or str(SENTENCES[code])
    return WireFault(code, sentence, data=[f"{to_camel(name)}: {sentence}"])


CODES: Mapping[type[ChangeRefused], tuple[Code, str]] = {
    NotTheReseller: (NOT_ALLOWED, ""),
    IsDeleted: (IS_DELETED, ""),
    LicencesFixed: (LICENCES_FIXED, "quantity"),
    QuantityOutOfRange: (QUANTITY, "quantity"),
    StatusUnreachable: (STATUS_CHANGE, "status"),
    TooLateToReactivate: (STATUS_CHANGE, "status"),
    ParentNotActive: (PARENT, "status"),
    NicknameRefused: (MEMBER, "friendly_name"),
    ChangedMeanwhile: (BUSY, ""),
}


@refused(*CODES)
def change_fault(refusal: ChangeRefused, call: Call) -> WireFault:
    """What the refusal of a change is on the wire, with the member that it is about."""
    code, member = next(CODES[kind] for kind in type(refusal).__mro__ if kind in CODES)
    return _fault_of_member(code, member, str(refusal)) if member else WireFault(code, str(refusal))
