"""The same key sent again returns the first upgrade; the same key with other content is refused."""

import uuid
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from activity.models import ActivityRecord, Outcome
from catalog.models import Offer
from customers.models import DelegatedAdminPrivilege
from partners.models import Staff
from subscriptions.models import Status, Subscription
from tests.factories import StaffFactory, customer_of, offer, path, sold
from upgrades.errors import ConditionsUnmet, KeyReused, SubscriptionChanged
from upgrades.models import Upgrade
from upgrades.operations import tick_step, upgrade_subscription

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff() -> Staff:
    made: Staff = StaffFactory()
    return made


@pytest.fixture
def asked(staff: Staff) -> dict[str, Any]:
    subscription = sold(staff.partner, customer_of(staff.partner), "Business")
    return {
        "staff": staff,
        "subscription_id": subscription.pk,
        "target_id": offer("Business Premium").pk,
        "quantity": 25,
        "key": str(uuid.uuid4()),
        "version": 1,
    }


def test_the_same_again_returns_the_first_and_changes_nothing(asked: dict[str, Any]) -> None:
    first = upgrade_subscription(**asked)
    before = Subscription.objects.values().get(), Upgrade.objects.values().get()
    for _ in range(3):
        assert upgrade_subscription(**asked) == first
    assert (Subscription.objects.values().get(), Upgrade.objects.values().get()) == before
    assert ActivityRecord.objects.count() == 1


def test_a_late_repetition_returns_the_first_whatever_happened_since(asked: dict[str, Any]) -> None:
    first = upgrade_subscription(**asked)
    upgrade_subscription(**asked | {"target_id": offer("E3").pk, "key": "later", "version": 2})
    Subscription.objects.update(status=Status.SUSPENDED, suspended_at=timezone.now())
    DelegatedAdminPrivilege.objects.update(revoked_at=timezone.now())
    path("Business", "Business Premium").delete()
    assert upgrade_subscription(**asked) == first
    assert Subscription.objects.get().offer == offer("E3")


def test_a_colleague_who_sends_the_same_gets_the_first(asked: dict[str, Any], staff: Staff) -> None:
    first = upgrade_subscription(**asked)
    again = upgrade_subscription(**asked | {"staff": StaffFactory(partner=staff.partner)})
    assert again == first
    assert again.staff == staff


def test_the_ticks_made_since_are_in_the_first_result(asked: dict[str, Any], staff: Staff) -> None:
    first = upgrade_subscription(**asked)
    tick_step(staff=staff, upgrade_id=first.pk, number=0, is_done=True)
    assert upgrade_subscription(**asked).steps_done == 1


def other_target(asked: dict[str, Any]) -> dict[str, Any]:
    return {"target_id": offer("E3").pk}


def other_quantity(asked: dict[str, Any]) -> dict[str, Any]:
    return {"quantity": 26}


def impossible_quantity(asked: dict[str, Any]) -> dict[str, Any]:
    return {"quantity": 0}


def other_subscription(asked: dict[str, Any]) -> dict[str, Any]:
    customer = Subscription.objects.get().customer
    return {"subscription_id": sold(asked["staff"].partner, customer, "Business Essentials").pk}


def other_customer(asked: dict[str, Any]) -> dict[str, Any]:
    partner = asked["staff"].partner
    return {"subscription_id": sold(partner, customer_of(partner), "Business").pk}


@pytest.mark.parametrize(
    "other", [other_target, other_quantity, impossible_quantity, other_subscription, other_customer]
)
def test_the_same_key_with_other_content_is_refused(asked: dict[str, Any], other: Any) -> None:
    upgrade_subscription(**asked)
    changed = asked | other(asked)
    before = list(Subscription.objects.order_by("pk").values()), list(Upgrade.objects.values())
    with pytest.raises(KeyReused) as refused:
        upgrade_subscription(**changed)
    assert refused.value.codes == ("idempotency_key_reused",)
    assert (list(Subscription.objects.order_by("pk").values()), list(Upgrade.objects.values())) == before
    record = ActivityRecord.objects.get(outcome=Outcome.REFUSED)
    assert record.reasons == ["idempotency_key_reused"]
    assert record.resource_id == str(changed["subscription_id"])


def test_the_keys_of_different_partners_have_nothing_to_do_with_each_other(asked: dict[str, Any]) -> None:
    first = upgrade_subscription(**asked)
    rival = StaffFactory()
    held = sold(rival.partner, customer_of(rival.partner), "Business")
    other = upgrade_subscription(**asked | {"staff": rival, "subscription_id": held.pk, "quantity": 7})
    assert other != first
    assert {first.key} == {other.key}


def test_a_refused_attempt_does_not_use_its_key_up(asked: dict[str, Any]) -> None:
    customer = Subscription.objects.get().customer
    obstacle = sold(None, customer, "E3")
    with pytest.raises(ConditionsUnmet):
        upgrade_subscription(**asked)
    Subscription.objects.filter(pk=obstacle.pk).update(status=Status.DELETED)
    assert upgrade_subscription(**asked).key == asked["key"]


def test_another_key_asks_anew(asked: dict[str, Any]) -> None:
    upgrade_subscription(**asked | {"key": "abc"})
    with pytest.raises(SubscriptionChanged):
        upgrade_subscription(**asked | {"key": "ABC"})


def test_limits_that_change_at_the_same_moment_are_judged_again(asked: dict[str, Any]) -> None:
    changed: list[int] = []

    def change_limits(execute: Any, sql: str, *rest: Any) -> Any:
        if sql.startswith('UPDATE "subscriptions_subscription"') and not changed:
            changed.append(Offer.objects.filter(pk=asked["target_id"]).update(maximum_quantity=1))
        return execute(sql, *rest)

    with connection.execute_wrapper(change_limits):
        upgrade = upgrade_subscription(**asked)
    assert changed == [1]
    # The database refused the first try, and the limits with it; the second found them as they were.
    assert Upgrade.objects.get() == upgrade
    assert ActivityRecord.objects.count() == 1
