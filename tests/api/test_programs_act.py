"""A program calls the same operations as a person: with its own rights, in its own name, for its own partner."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404

from activity.models import ActivityRecord, ActorKind, Outcome
from activity.words import sentence
from customers.models import Customer, DelegatedAdminPrivilege
from customers.operations import change_billing, create_customer
from partners.models import ApiClient
from partners.roles import Role
from subscriptions.models import Order, Subscription
from subscriptions.operations import Wanted, change_subscription
from subscriptions.ordering import place_order
from subscriptions.sale import Line
from tests.customers.accounts import BILLING
from tests.factories import ApiClientFactory, PartnerFactory, customer_of, offer, sold
from upgrades.models import Upgrade
from upgrades.operations import upgrade_subscription
from upgrades.receipts import as_json

pytestmark = pytest.mark.django_db

Act = Callable[[ApiClient, Subscription], Any]


def create(client: ApiClient, subscription: Subscription) -> Any:
    return create_customer(staff=client, company_name="Woodgrove Bank", domain="woodgrove", billing=BILLING, key="key")


def bill(client: ApiClient, subscription: Subscription) -> Any:
    return change_billing(staff=client, customer_id=subscription.customer_id, values=BILLING, key="key")


def change(client: ApiClient, subscription: Subscription) -> Any:
    return change_subscription(staff=client, subscription_id=subscription.pk, wanted=Wanted(quantity=30), key="key")


def order(client: ApiClient, subscription: Subscription) -> Any:
    lines = [Line(offer("Exchange Online (Plan 1)").pk, 3)]
    return place_order(staff=client, customer_id=subscription.customer_id, lines=lines, key="key")


def upgrade(client: ApiClient, subscription: Subscription) -> Any:
    return upgrade_subscription(
        staff=client, subscription_id=subscription.pk, target_id=offer("E3").pk, quantity=25, key="key"
    )


ACTS: dict[str, Act] = {
    "add_customer": create,
    "change_billing": bill,
    "change_licences": change,
    "place_order": order,
    "upgrade_subscription": upgrade,
}
each = pytest.mark.parametrize("operation", ACTS)


@pytest.fixture
def client_() -> ApiClient:
    return ApiClientFactory(name="Nightly upgrades", roles=[Role.SALES_AGENT])


@pytest.fixture
def subscription(client_: ApiClient) -> Subscription:
    return sold(client_.partner, customer_of(client_.partner, company_name="Adatum"), "Business")


def the_record() -> ActivityRecord:
    [found] = ActivityRecord.objects.exclude(operation="create_subscription")
    return found


@each
def test_what_it_does_is_recorded_in_its_name(operation: str, client_: ApiClient, subscription: Subscription) -> None:
    done = ACTS[operation](client_, subscription)
    record = the_record()
    assert (record.operation, record.outcome) == (operation, Outcome.DONE)
    assert (record.actor_kind, record.actor_id) == (ActorKind.CLIENT, client_.pk)
    assert (record.actor_name, record.partner_id) == ("Nightly upgrades", client_.partner_id)
    assert "Nightly upgrades" in sentence(record)
    again = ACTS[operation](client_, subscription)
    assert again == done
    assert the_record() == record


@each
def test_its_roles_decide_and_a_refusal_is_recorded(
    operation: str, client_: ApiClient, subscription: Subscription
) -> None:
    reader = ApiClientFactory(partner=client_.partner, roles=[Role.HELPDESK_AGENT])
    with pytest.raises(PermissionDenied):
        ACTS[operation](reader, subscription)
    record = the_record()
    assert (record.actor_id, record.outcome, record.reasons) == (reader.pk, Outcome.REFUSED, ["role"])


@pytest.mark.parametrize("operation", sorted(ACTS.keys() - {"add_customer"}))
def test_another_partners_customers_are_not_there_for_it(operation: str, subscription: Subscription) -> None:
    before = Subscription.objects.values().get(), Customer.objects.count()
    with pytest.raises(Http404):
        ACTS[operation](ApiClientFactory(), subscription)
    assert (Subscription.objects.values().get(), Customer.objects.count()) == before


def test_a_customer_is_its_partners(client_: ApiClient, subscription: Subscription) -> None:
    customer = create(client_, subscription)
    assert Customer.objects.visible_to(client_).filter(pk=customer.pk).exists()
    assert not Customer.objects.visible_to(ApiClientFactory()).filter(pk=customer.pk).exists()
    assert set(DelegatedAdminPrivilege.objects.filter(customer=customer).values_list("partner_id", flat=True)) == {
        client_.partner_id
    }


def test_orders_and_upgrades_refer_to_nobody_and_say_its_name(client_: ApiClient, subscription: Subscription) -> None:
    order(client_, sold(client_.partner, customer_of(client_.partner)))
    made = Order.objects.get()
    assert (made.staff, made.partner) == (None, client_.partner)
    upgrade(client_, subscription)
    proof = Upgrade.objects.get()
    assert (proof.staff, proof.staff_name) == (None, "Nightly upgrades")
    assert as_json(proof)["staff"] == {"id": None, "name": "Nightly upgrades"}
    assert [*Upgrade.objects.visible_to(client_)] == [proof]
    assert not Upgrade.objects.visible_to(ApiClientFactory(partner=PartnerFactory())).exists()


def test_a_revoked_one_does_nothing_more(client_: ApiClient, subscription: Subscription) -> None:
    client_.revoked_at = subscription.created_at
    with pytest.raises(PermissionDenied):
        upgrade(client_, subscription)
    assert uuid.UUID(str(the_record().actor_id)) == client_.pk
