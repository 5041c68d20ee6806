"""Changing a subscription: what it changes, what goes along, what refuses it, and what it leaves behind."""

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils import timezone

from activity.errors import Refused, SubmissionReused
from activity.models import ActivityRecord, ActorKind, Outcome
from customers.models import Customer
from partners.models import Partner, Staff
from partners.roles import Permission, Role
from subscriptions.errors import (
    ChangedMeanwhile,
    IsDeleted,
    LicencesFixed,
    NicknameRefused,
    NotTheReseller,
    ParentNotActive,
    QuantityOutOfRange,
    ReasonRefused,
    StatusUnreachable,
    TooLateToReactivate,
)
from subscriptions.models import Status, Subscription
from subscriptions.operations import Change, Wanted, change_subscription, change_subscriptions, refuse_change
from tests.factories import PartnerFactory, StaffFactory, customer_of, sold

pytestmark = pytest.mark.django_db


@dataclass
class Scene:
    """A person, their partner, its customer, and a Business subscription with 25 licences."""

    staff: Staff
    partner: Partner
    customer: Customer
    subscription: Subscription

    def change(self, subscription: Subscription | None = None, **asked: Any) -> Subscription:
        """Change this one, or the scene's, with a key of its own unless one is given."""
        other = {
            name: asked.pop(name) for name in ("staff", "key", "version", "customer_id", "reason") if name in asked
        }
        first = {"staff": self.staff, "key": f"key {ActivityRecord.objects.count()}"}
        target = subscription or self.subscription
        return change_subscription(**(first | other), subscription_id=target.pk, wanted=Wanted(**asked))

    def add_on(self, **fields: Any) -> Subscription:
        """An add-on of the scene's subscription, sold by the same partner unless said otherwise."""
        seller = fields.pop("seller", self.partner)
        parent = fields.pop("parent", self.subscription)
        return sold(seller, self.customer, "Exchange Online (Plan 1)", parent=parent, **fields)


@pytest.fixture
def scene() -> Scene:
    staff = StaffFactory(name="Li Na", roles=[Role.SALES_AGENT])
    customer = customer_of(staff.partner, company_name="Adatum 软件")
    return Scene(staff, staff.partner, customer, sold(staff.partner, customer, nickname="Head office"))


def status_of(subscription: Subscription) -> str:
    status: str = Subscription.objects.values_list("status", flat=True).get(pk=subscription.pk)
    return status


def suspended_since(days: float, subscription: Subscription) -> None:
    Subscription.objects.filter(pk=subscription.pk).update(
        status=Status.SUSPENDED, suspended_at=timezone.now() - datetime.timedelta(days=days)
    )


# What it changes, and what it leaves behind.


def test_licences_are_added(scene: Scene) -> None:
    changed = scene.change(quantity=40)
    assert (changed.quantity, changed.version) == (40, 2)
    kept = ActivityRecord.objects.get()
    assert (kept.operation, kept.outcome, kept.actor_name) == ("change_licences", Outcome.DONE, "Li Na")
    assert (kept.resource_id, kept.customer_id) == (str(changed.pk), scene.customer.pk)
    named = {
        "offer": "Office 365 Business",
        "offer_id": str(scene.subscription.offer_id),
        "nickname": "Head office",
    }
    assert kept.before == named | {"quantity": 25, "version": 1}
    assert kept.after == named | {"quantity": 40, "version": 2}


@pytest.mark.parametrize(
    ("wanted", "operation"),
    [
        ({"nickname": "仓库"}, "rename_subscription"),
        ({"nickname": ""}, "rename_subscription"),
        ({"auto_renew": False}, "change_renewal"),
        ({"quantity": 30, "auto_renew": False}, "change_subscription"),
        ({"status": Status.SUSPENDED}, "suspend_subscription"),
        ({"status": Status.DELETED}, "cancel_subscription"),
    ],
)
def test_each_change_is_called_by_what_it_does(scene: Scene, wanted: dict[str, Any], operation: str) -> None:
    changed = scene.change(**wanted)
    assert {name: getattr(changed, name) for name in wanted} == wanted
    assert ActivityRecord.objects.get().operation == operation


def test_a_suspension_starts_its_sixty_days_and_keeps_its_reason(scene: Scene) -> None:
    before = timezone.now()
    changed = scene.change(status=Status.SUSPENDED, reason="The customer has not paid")
    assert changed.suspended_at is not None
    assert before <= changed.suspended_at <= timezone.now()
    after = ActivityRecord.objects.get().after
    assert after is not None
    assert after["reason"] == "The customer has not paid"
    assert after["deletion"][:10] == (changed.suspended_at + datetime.timedelta(days=60)).date().isoformat()


def test_reactivating_takes_the_day_of_suspension_away(scene: Scene) -> None:
    suspended_since(59.9, scene.subscription)
    changed = scene.change(status=Status.ACTIVE)
    assert (changed.status, changed.suspended_at) == (Status.ACTIVE, None)


def test_reactivated_and_given_licences_in_one_act(scene: Scene) -> None:
    suspended_since(3, scene.subscription)
    assert scene.change(status=Status.ACTIVE, quantity=30).quantity == 30


def test_what_is_so_already_changes_nothing_and_leaves_no_record(scene: Scene) -> None:
    changed = scene.change(quantity=25, nickname="Head office", auto_renew=True, status=Status.ACTIVE)
    assert changed.version == 1
    assert not ActivityRecord.objects.exists()


# What goes along.


def test_add_ons_go_with_their_parent_and_come_back_with_it(scene: Scene) -> None:
    active, own_way = scene.add_on(), scene.add_on(status=Status.SUSPENDED)
    deleted, below = scene.add_on(status=Status.DELETED), scene.add_on(parent=active)
    scene.change(status=Status.SUSPENDED)
    assert [status_of(one) for one in (active, own_way, below, deleted)] == [*[Status.SUSPENDED] * 3, Status.DELETED]
    scene.change(status=Status.ACTIVE)
    assert [status_of(one) for one in (active, below)] == [Status.ACTIVE] * 2
    assert status_of(own_way) == Status.SUSPENDED


def test_a_cancellation_takes_every_live_add_on(scene: Scene) -> None:
    add_ons = [scene.add_on(status=status) for status in (Status.ACTIVE, Status.PENDING, Status.SUSPENDED)]
    scene.change(status=Status.DELETED)
    assert {status_of(one) for one in add_ons} == {Status.DELETED}
    assert ActivityRecord.objects.filter(operation="cancel_subscription").count() == 4


def test_each_add_on_has_a_record_that_names_its_parent(scene: Scene) -> None:
    add_on = scene.add_on()
    scene.change(status=Status.SUSPENDED)
    kept = ActivityRecord.objects.get(resource_id=str(add_on.pk))
    assert kept.after is not None
    assert kept.after["with"] == "Office 365 Business"


def test_the_seller_of_an_add_on_learns_what_happened_but_not_who_did_it(scene: Scene) -> None:
    other = PartnerFactory()
    add_on = scene.add_on(seller=other)
    scene.change(status=Status.SUSPENDED, reason="secret")
    kept = ActivityRecord.objects.get(resource_id=str(add_on.pk))
    assert (kept.partner_id, kept.actor_kind, kept.actor_name) == (other.pk, ActorKind.SYSTEM, "")
    assert kept.after is not None
    assert "reason" not in kept.after


def test_add_ons_of_each_other_end_too(scene: Scene) -> None:
    first = scene.add_on()
    second = scene.add_on(parent=first)
    Subscription.objects.filter(pk=first.pk).update(parent=second)
    scene.change(first, status=Status.SUSPENDED)
    assert [status_of(one) for one in (first, second)] == [Status.SUSPENDED] * 2


# What refuses it.

Refusing = tuple[dict[str, Any], dict[str, Any], type[Refused]]
REFUSED: dict[str, Refusing] = {
    "fewer licences than the offer takes": ({}, {"quantity": 0}, QuantityOutOfRange),
    "less than none": ({}, {"quantity": -5}, QuantityOutOfRange),
    "more than the offer takes": ({}, {"quantity": 301}, QuantityOutOfRange),
    "endlessly many": ({}, {"quantity": 10**40}, QuantityOutOfRange),
    "licences while suspended": ({"status": Status.SUSPENDED}, {"quantity": 30}, LicencesFixed),
    "licences while pending": ({"status": Status.PENDING}, {"quantity": 30}, LicencesFixed),
    "licences of what is suspended with it": ({}, {"quantity": 30, "status": Status.SUSPENDED}, LicencesFixed),
    "suspending what is pending": ({"status": Status.PENDING}, {"status": Status.SUSPENDED}, StatusUnreachable),
    "activating what is pending": ({"status": Status.PENDING}, {"status": Status.ACTIVE}, StatusUnreachable),
    "back to pending": ({}, {"status": Status.PENDING}, StatusUnreachable),
    "reactivating what is deleted": ({"status": Status.DELETED}, {"status": Status.ACTIVE}, IsDeleted),
    "renaming what is deleted": ({"status": Status.DELETED}, {"nickname": "x"}, IsDeleted),
    "an endless nickname": ({}, {"nickname": "x" * 257}, NicknameRefused),
    "a nickname with a NUL": ({}, {"nickname": "a\x00b"}, NicknameRefused),
    "a nickname that turns the text": ({}, {"nickname": "a\u202eb"}, NicknameRefused),
    "half a character": ({}, {"nickname": "\ud800"}, NicknameRefused),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_it_changes_nothing_and_leaves_its_reason(scene: Scene, case: str) -> None:
    fields, wanted, refusal = REFUSED[case]
    subscription = sold(scene.partner, scene.customer, **fields)
    before = Subscription.objects.values().get(pk=subscription.pk)
    with pytest.raises(refusal) as raised:
        scene.change(subscription, **wanted)
    assert raised.value.message
    assert Subscription.objects.values().get(pk=subscription.pk) == before
    kept = ActivityRecord.objects.get()
    assert (kept.outcome, kept.resource_id) == (Outcome.REFUSED, str(subscription.pk))
    assert tuple(kept.reasons) == raised.value.codes


def test_an_attempt_to_change_what_nobody_may_change_is_recorded(scene: Scene) -> None:
    before = Subscription.objects.values().get()
    asked = {"offer_id": "\x00" * 100}
    refuse_change(staff=scene.staff, subscription_id=scene.subscription.pk, asked=asked, codes=("offer_fixed",))
    kept = ActivityRecord.objects.get()
    assert (kept.operation, kept.outcome, kept.reasons) == ("change_subscription", Outcome.REFUSED, ["offer_fixed"])
    assert (kept.resource_id, kept.customer_id) == (str(scene.subscription.pk), scene.customer.pk)
    assert kept.after is not None
    [told] = kept.after["asked"].values()
    assert told["offer_id"].startswith("\\x00\\x00")
    assert len(told["offer_id"]) < 100
    assert Subscription.objects.values().get() == before


@pytest.mark.parametrize("reason", ["x" * 501, "a\x00b", "a\u202eb", "\ud800", "a\rb"])
def test_a_reason_that_cannot_be_kept_is_refused(scene: Scene, reason: str) -> None:
    with pytest.raises(ReasonRefused) as raised:
        scene.change(status=Status.SUSPENDED, reason=reason)
    assert raised.value.message
    assert status_of(scene.subscription) == Status.ACTIVE
    assert ActivityRecord.objects.get().reasons == ["reason_invalid"]


def test_after_sixty_days_it_is_too_late(scene: Scene) -> None:
    suspended_since(60, scene.subscription)
    with pytest.raises(TooLateToReactivate):
        scene.change(status=Status.ACTIVE)


@pytest.mark.parametrize("parent", [Status.PENDING, Status.SUSPENDED, Status.DELETED])
def test_an_add_on_is_not_reactivated_under_a_parent_that_is_not_active(scene: Scene, parent: Status) -> None:
    add_on = scene.add_on(parent=sold(scene.partner, scene.customer, status=parent), status=Status.SUSPENDED)
    with pytest.raises(ParentNotActive):
        scene.change(add_on, status=Status.ACTIVE)


@pytest.mark.parametrize("seller", [PartnerFactory, lambda: None])
def test_what_was_bought_elsewhere_is_read_only(scene: Scene, seller: Callable[[], Partner | None]) -> None:
    other = sold(seller(), scene.customer)
    with pytest.raises(NotTheReseller):
        scene.change(other, quantity=30)


def test_what_another_partner_sees_alone_is_not_found(scene: Scene) -> None:
    elsewhere = StaffFactory()
    with pytest.raises(Http404):
        scene.change(staff=elsewhere, quantity=30)


def test_under_another_customer_it_is_not_found(scene: Scene) -> None:
    with pytest.raises(Http404):
        scene.change(customer_id=customer_of(scene.partner).pk, quantity=30)


@pytest.mark.parametrize("role", [role for role in Role if Permission.MANAGE_SUBSCRIPTIONS])
def test_only_who_manages_subscriptions_changes_them(scene: Scene, role: Role) -> None:
    person = StaffFactory(partner=scene.partner, roles=[role])
    if person.may(Permission.MANAGE_SUBSCRIPTIONS):
        assert scene.change(staff=person, quantity=30).quantity == 30
        return
    with pytest.raises(PermissionDenied):
        scene.change(staff=person, quantity=30)
    assert ActivityRecord.objects.get().reasons == ["role"]


def test_a_stale_page_is_told_what_changed_and_by_whom(scene: Scene) -> None:
    scene.change(quantity=30)
    scene.change(nickname="Warehouse")
    with pytest.raises(ChangedMeanwhile) as raised:
        scene.change(version=1, quantity=40)
    told = [(record.operation, record.actor_name) for record in raised.value.changes]
    assert told == [("rename_subscription", "Li Na"), ("change_licences", "Li Na")]
    assert Subscription.objects.get().quantity == 30


def test_the_version_that_one_saw_is_enough(scene: Scene) -> None:
    assert scene.change(version=1, quantity=40).version == 2


# Once and for all.


def test_the_same_again_changes_nothing(scene: Scene) -> None:
    for _ in range(3):
        assert scene.change(key="one", version=1, quantity=30).version == 2
    assert ActivityRecord.objects.count() == 1


def test_a_late_repetition_does_not_bring_the_old_back(scene: Scene) -> None:
    scene.change(key="one", quantity=30)
    scene.change(key="two", quantity=50)
    assert scene.change(key="one", quantity=30).quantity == 50


def test_the_same_key_for_something_else_is_refused(scene: Scene) -> None:
    scene.change(key="one", quantity=30)
    with pytest.raises(SubmissionReused):
        scene.change(key="one", quantity=31)
    assert Subscription.objects.get().quantity == 30


# Several at once.


def test_several_change_together(scene: Scene) -> None:
    other = sold(scene.partner, scene.customer, "E3", quantity=5)
    wanted = {scene.subscription: 26, other: 6}
    changes = [Change(subscription_id=one.pk, wanted=Wanted(quantity=count)) for one, count in wanted.items()]
    changed = change_subscriptions(staff=scene.staff, changes=changes, key="one", customer_id=scene.customer.pk)
    assert [one.quantity for one in changed] == [26, 6]
    assert ActivityRecord.objects.count() == 2


def test_several_or_none(scene: Scene) -> None:
    other = sold(scene.partner, scene.customer, quantity=5, status=Status.SUSPENDED)
    changes = [
        Change(subscription_id=one.pk, wanted=Wanted(quantity=30), version=1) for one in (scene.subscription, other)
    ]
    with pytest.raises(LicencesFixed) as raised:
        change_subscriptions(staff=scene.staff, changes=changes, key="one")
    assert raised.value.subscription == other
    assert set(Subscription.objects.values_list("quantity", flat=True)) == {25, 5}
    assert ActivityRecord.objects.get().outcome == Outcome.REFUSED


def test_of_two_customers_nothing_is_found(scene: Scene) -> None:
    other = sold(scene.partner, customer_of(scene.partner))
    changes = [Change(subscription_id=one.pk, wanted=Wanted(quantity=30)) for one in (scene.subscription, other)]
    with pytest.raises(Http404):
        change_subscriptions(staff=scene.staff, changes=changes, key="one")


def test_one_twice_makes_no_sense(scene: Scene) -> None:
    twice = [Change(subscription_id=scene.subscription.pk, wanted=Wanted(quantity=n)) for n in (30, 31)]
    with pytest.raises(ValueError, match="once"):
        change_subscriptions(staff=scene.staff, changes=twice, key="one")
