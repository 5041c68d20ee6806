"""The day on which a suspended subscription is deleted stands wherever its suspension does, whoever sold it."""

import datetime
from collections.abc import Callable

import pytest
from django.test import Client

from partners.models import Partner
from subscriptions.models import Order, OrderLine, Status, Subscription
from tests.factories import PartnerFactory, customer_of, sold
from tests.pages import numbers

SOLD_BY_ANYBODY = {
    "the customer's subscriptions": lambda one: f"/customers/{one.customer_id}/subscriptions/",
    "its details": lambda one: f"/customers/{one.customer_id}/subscriptions/{one.pk}/",
    "the details of its parent": lambda one: f"/customers/{one.customer_id}/subscriptions/{one.parent_id}/",
    "the opened row": lambda one: f"/customers/?open={one.customer_id}",
}
SOLD_BY_THE_PARTNER = {
    "what to hand over": lambda one: f"/customers/{one.customer_id}/added/",
    "all subscriptions": lambda one: "/subscriptions/?status=suspended",
}


def suspended(partner: Partner, seller: Partner, noon: datetime.datetime) -> Subscription:
    """An add-on that is deleted in two days."""
    customer = customer_of(partner, services=["exchange"])
    parent = sold(seller, customer, "Business Premium", status=Status.SUSPENDED)
    since = noon - datetime.timedelta(days=58)
    ends = {"status": Status.SUSPENDED, "suspended_at": since}
    add_on = sold(seller, customer, "E3", parent=parent, quantity=4321, nickname="Own", **ends)
    order = Order.objects.create(customer=customer, partner=seller)
    OrderLine.objects.create(order=order, number=0, offer=add_on.offer, quantity=4321, subscription=add_on)
    return add_on


@pytest.mark.parametrize("page", SOLD_BY_ANYBODY | SOLD_BY_THE_PARTNER)
def test_of_what_the_partner_sold(noon: datetime.datetime, client: Client, partner: Partner, page: str) -> None:
    held = suspended(partner, partner, noon)
    address: Callable[[Subscription], str] = (SOLD_BY_ANYBODY | SOLD_BY_THE_PARTNER)[page]
    content = client.get(address(held)).content.decode()
    assert 'pill-bad">deleted in 2 days</span>' in content


@pytest.mark.parametrize("page", SOLD_BY_ANYBODY)
def test_of_what_another_partner_sold_and_nothing_else(
    noon: datetime.datetime, client: Client, partner: Partner, page: str
) -> None:
    held = suspended(partner, PartnerFactory(name="Fabrikam Reseller"), noon)
    content = client.get(SOLD_BY_ANYBODY[page](held)).content.decode()
    assert 'pill-bad">deleted in 2 days</span>' in content
    assert not any(word in content for word in ("Own", "Fabrikam"))
    assert 4321 not in numbers(content)
