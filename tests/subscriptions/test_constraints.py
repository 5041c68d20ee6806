"""What the database itself refuses to store of a subscription, whichever way it comes."""

import datetime
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import ProtectedError
from django.utils import timezone

from catalog.models import LARGEST_QUANTITY, Offer
from partners.models import Partner
from subscriptions.models import Status, Subscription
from tests.factories import CustomerFactory, PartnerFactory, SubscriptionFactory, UpgradeFactory, offer
from upgrades.models import Upgrade, UpgradeMatrix, UpgradePath

pytestmark = pytest.mark.django_db


def refused(work: Callable[[], object]) -> None:
    """Nothing of it is stored."""
    before = list(Subscription.objects.order_by("pk").values())
    with pytest.raises(IntegrityError), transaction.atomic():
        work()
    assert list(Subscription.objects.order_by("pk").values()) == before


def make(**fields: Any) -> Subscription:
    made: Subscription = SubscriptionFactory(**fields)
    return made


def insert(**fields: Any) -> None:
    """Insert past every method of the model."""
    Subscription.objects.bulk_create([SubscriptionFactory.build(**{"commitment_end": TODAY, **fields})])


def update(subscription: Subscription, **fields: Any) -> None:
    """Update past every method of the model."""
    Subscription.objects.filter(pk=subscription.pk).update(**fields)


TODAY = datetime.date(2026, 11, 23)


# The number of licences.


@pytest.mark.parametrize("quantity", [0, LARGEST_QUANTITY + 1, 301])
def test_a_number_outside_the_offers_limits(quantity: int) -> None:
    business = offer("Business")
    held = make(offer=business)
    refused(lambda: update(held, quantity=quantity))
    refused(lambda: insert(customer=held.customer, offer=business, quantity=quantity))


def test_a_deleted_one_may_have_more_than_its_offer_takes_by_now() -> None:
    business = offer("Business")
    held = make(offer=business)
    deleted = {"customer": held.customer, "offer": business, "status": Status.DELETED}
    insert(**deleted, quantity=301)
    assert Subscription.objects.get(status=Status.DELETED).quantity == 301
    refused(lambda: insert(**deleted, quantity=LARGEST_QUANTITY + 1))


@pytest.mark.parametrize("quantity", [-1, 2**31])
def test_a_number_that_no_column_takes(quantity: int) -> None:
    held = make(offer=offer("E3"))
    with pytest.raises(Exception, match=r".+"), transaction.atomic():
        update(held, quantity=quantity)
    held.refresh_from_db()
    assert held.quantity == 25


@pytest.mark.parametrize("quantity", [1, 300])
def test_the_ends_of_the_range_are_in_it(quantity: int) -> None:
    held = make(quantity=quantity)
    update(held, quantity=301 - quantity)


def test_an_offer_that_takes_fewer() -> None:
    held = make(offer=offer("E3"), quantity=301)
    refused(lambda: update(held, offer=offer("Business")))
    update(held, offer=offer("Business"), quantity=300)


def test_a_limit_lowered_later_leaves_what_there_is_as_it_is() -> None:
    held = make(quantity=200)
    Offer.objects.filter(pk=held.offer_id).update(maximum_quantity=100)
    update(held, nickname="still changeable", auto_renew=False)
    refused(lambda: update(held, quantity=199))
    update(held, quantity=100)


# The status.


def test_an_unknown_status() -> None:
    held = make()
    refused(lambda: update(held, status="paused"))
    refused(lambda: insert(customer=held.customer, offer=held.offer, status="ACTIVE"))


@pytest.mark.parametrize("status", [Status.ACTIVE, Status.PENDING])
def test_a_day_of_suspension_without_suspension(status: Status) -> None:
    held = make(status=status)
    refused(lambda: update(held, suspended_at=timezone.now()))
    refused(lambda: insert(customer=held.customer, offer=held.offer, status=status, suspended_at=timezone.now()))


@pytest.mark.parametrize("status", [Status.ACTIVE, Status.PENDING])
def test_what_went_with_its_parent_is_not_active(status: Status) -> None:
    held = make(status=status)
    refused(lambda: update(held, suspended_with_parent=True))


@pytest.mark.parametrize("status", [Status.SUSPENDED, Status.DELETED])
@pytest.mark.parametrize("suspended_at", [None, timezone.now()])
def test_with_suspension_or_after_it_there_may_be_one(status: Status, suspended_at: datetime.datetime | None) -> None:
    assert make(status=status, suspended_at=suspended_at).pk


def test_reactivating_takes_the_day_with_it() -> None:
    held = make(status=Status.SUSPENDED)
    refused(lambda: update(held, status=Status.ACTIVE))
    update(held, status=Status.ACTIVE, suspended_at=None)


CHANGES: dict[str, Callable[[], Any]] = {
    "status": lambda: Status.ACTIVE,
    "nickname": lambda: "another",
    "quantity": lambda: 26,
    "offer": lambda: offer("E3"),
    "reseller_of_record": PartnerFactory,
    "customer": CustomerFactory,
    "parent": make,
    "created_at": lambda: timezone.now() + datetime.timedelta(days=1),
    "suspended_at": lambda: timezone.now() + datetime.timedelta(days=1),
    "suspended_with_parent": lambda: True,
    "commitment_end": lambda: datetime.date(2040, 1, 1),
    "auto_renew": lambda: False,
    "version": lambda: 2,
    "id": uuid.uuid4,
}


def test_every_column_is_tried() -> None:
    assert CHANGES.keys() == {field.name for field in Subscription._meta.concrete_fields}


@pytest.mark.parametrize("column", CHANGES)
def test_a_deleted_one_never_changes(column: str) -> None:
    held = make(status=Status.DELETED)
    value = CHANGES[column]()
    if column == "parent":
        Subscription.objects.filter(pk=value.pk).update(customer=held.customer)
    refused(lambda: update(held, **{column: value}))


def test_a_deleted_one_may_be_written_as_it_is() -> None:
    held = make(status=Status.DELETED, quantity=3)
    held.save()
    update(held, quantity=3, status=Status.DELETED)


def test_in_bulk_one_deleted_holds_back_all() -> None:
    make()
    make(status=Status.DELETED)
    refused(lambda: Subscription.objects.update(nickname="all"))


# Parents.


def test_its_own_parent() -> None:
    held = make()
    refused(lambda: update(held, parent=held))


def test_a_parent_of_another_customer() -> None:
    held, stranger = make(), make()
    refused(lambda: update(held, parent=stranger))
    refused(lambda: insert(customer=held.customer, offer=held.offer, parent=stranger))
    update(make(customer=held.customer), parent=held)


def test_a_parent_that_moves_to_another_customer() -> None:
    parent = make()
    add_on = make(customer=parent.customer, parent=parent)
    refused(lambda: update(parent, customer=CustomerFactory()))
    refused(lambda: update(add_on, customer=CustomerFactory()))


def test_a_new_parent_of_another_customer_for_an_add_on() -> None:
    parent, stranger = make(), make()
    add_on = make(customer=parent.customer, parent=parent)
    refused(lambda: update(add_on, parent=stranger))
    update(add_on, parent=None)
    update(add_on, customer=stranger.customer, parent=stranger)


def test_a_parent_with_add_ons_is_not_removed() -> None:
    parent = make()
    make(customer=parent.customer, parent=parent)

    def remove() -> None:
        Subscription.objects.filter(pk=parent.pk)._raw_delete(using="default")
        connection.check_constraints()

    refused(remove)


@pytest.mark.parametrize("column", ["customer_id", "offer_id", "reseller_of_record_id"])
def test_what_it_refers_to_is_there(column: str) -> None:
    held = make()

    def point_nowhere() -> None:
        update(held, **{column: uuid.uuid4()})
        connection.check_constraints()

    refused(point_nowhere)


# Offers, the matrix and upgrades.


@pytest.mark.parametrize(
    "limits",
    [
        {"minimum_quantity": 0},
        {"minimum_quantity": 301},
        {"maximum_quantity": LARGEST_QUANTITY + 1},
        {"minimum_quantity": 10, "maximum_quantity": 9},
    ],
)
def test_an_offer_with_limits_that_make_no_sense(limits: dict[str, int]) -> None:
    refused(lambda: Offer.objects.filter(pk=offer("Business").pk).update(**limits))


@pytest.mark.parametrize("column", ["name", "sku_part_number"])
def test_two_offers_of_one_name(column: str) -> None:
    business = offer("Business")
    refused(lambda: Offer.objects.filter(pk=offer("E3").pk).update(**{column: getattr(business, column)}))


def test_a_plan_twice_in_an_offer() -> None:
    content = offer("Business").contents.all()[0]
    content.pk = None
    refused(lambda: type(content).objects.bulk_create([content]))


def test_a_path_to_itself() -> None:
    business = offer("Business")
    refused(lambda: UpgradePath.objects.bulk_create([UpgradePath(source=business, target=business)]))
    refused(lambda: UpgradePath.objects.filter(target=offer("E3"), source=business).update(target=business))


def test_a_path_twice() -> None:
    refused(lambda: UpgradePath.objects.bulk_create([UpgradePath(source=offer("Business"), target=offer("E3"))]))


@pytest.mark.parametrize("number", [0, 2])
def test_a_second_matrix(number: int) -> None:
    refused(lambda: UpgradeMatrix.objects.bulk_create([UpgradeMatrix(id=number)]))


def test_the_matrix_twice() -> None:
    refused(lambda: UpgradeMatrix.objects.bulk_create([UpgradeMatrix()]))


@pytest.mark.parametrize(
    "fields",
    [
        {"quantity_before": 0},
        {"quantity_after": 0},
        {"quantity_after": LARGEST_QUANTITY + 1},
    ],
)
def test_an_upgrade_of_impossible_numbers(fields: dict[str, int]) -> None:
    upgrade = UpgradeFactory()
    refused(lambda: Upgrade.objects.filter(pk=upgrade.pk).update(**fields))


def test_an_upgrade_that_changes_nothing() -> None:
    upgrade = UpgradeFactory()
    refused(lambda: Upgrade.objects.filter(pk=upgrade.pk).update(target_offer=upgrade.source_offer))


def test_a_key_twice_for_one_partner() -> None:
    upgrade = UpgradeFactory()
    refused(lambda: UpgradeFactory(key=upgrade.key, staff=upgrade.staff))
    UpgradeFactory(key=upgrade.key)


@pytest.mark.parametrize("name", ["source_offer", "target_offer", "partner", "staff"])
def test_what_an_upgrade_proves_cannot_be_deleted(name: str) -> None:
    upgrade = UpgradeFactory()
    with pytest.raises(ProtectedError):
        getattr(upgrade, name).delete()


def test_a_partner_with_subscriptions_cannot_be_deleted() -> None:
    seller = PartnerFactory()
    make(reseller_of_record=seller)
    with pytest.raises(ProtectedError):
        Partner.objects.filter(pk=seller.pk).delete()
