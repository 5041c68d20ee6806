"""An upgrade: what it changes, what it leaves as it is, what refuses it, and what it leaves behind."""

import datetime
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.forms.models import model_to_dict
from django.http import Http404
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from activity.models import ActivityRecord, Outcome
from activity.origin import origin
from catalog.models import LARGEST_QUANTITY, Offer
from customers.models import Customer, DelegatedAdminPrivilege, ResellerRelationship
from partners.models import Partner, Staff
from partners.roles import Permission, Role
from subscriptions.models import Status, Subscription
from tests.factories import PartnerFactory, StaffFactory, customer_of, offer, path, sold
from upgrades.errors import ConditionsUnmet, NoUpgradePath, QuantityRefused, SubscriptionChanged, UpgradeRefused
from upgrades.models import Upgrade, UpgradeMatrix
from upgrades.operations import refuse_upgrade, tick_step, upgrade_subscription

pytestmark = pytest.mark.django_db


@dataclass
class Scene:
    """A person, their partner, its customer, and a Business Premium subscription that can become E3."""

    staff: Staff
    partner: Partner
    customer: Customer
    subscription: Subscription

    def upgrade(self, **changed: Any) -> Upgrade:
        """Upgrade to E3 with as many licences as there are, unless said otherwise."""
        asked = {
            "staff": self.staff,
            "subscription_id": self.subscription.pk,
            "target_id": offer("E3").pk,
            "quantity": self.subscription.quantity,
            "key": "key",
        }
        return upgrade_subscription(**asked | changed)


@pytest.fixture
def scene() -> Scene:
    staff = StaffFactory(name="Chen Li", partner__name="Contoso Reseller", roles=[Role.SALES_AGENT])
    customer = customer_of(staff.partner, company_name="Diseño 北京")
    subscription = sold(
        staff.partner,
        customer,
        "Business Premium",
        nickname="Head office",
        quantity=40,
        created_at=timezone.now() - datetime.timedelta(days=100),
        commitment_end=datetime.date(2031, 3, 1),
        auto_renew=False,
        version=7,
    )
    return Scene(staff, staff.partner, customer, subscription)


MODELS = (Subscription, Upgrade, Customer, DelegatedAdminPrivilege, ResellerRelationship, UpgradeMatrix, Offer)


PROOF = (
    "partner customer subscription staff source_offer target_offer quantity_before quantity_after version_after "
    "matrix_version footnote nickname partner_name company_name staff_name source_name target_name"
).split()


def everything() -> list[Any]:
    """All that an upgrade could touch, but for the activity log."""
    return [list(model._default_manager.order_by("pk").values()) for model in MODELS]


def refused_record() -> ActivityRecord:
    """The one record that a refused attempt left."""
    [record] = ActivityRecord.objects.all()
    assert record.outcome == Outcome.REFUSED
    assert record.operation == "upgrade_subscription"
    return record


def test_the_offer_the_number_and_the_version_change_and_nothing_else(scene: Scene) -> None:
    before = Subscription.objects.values().get(pk=scene.subscription.pk)
    scene.upgrade(quantity=45)
    after = Subscription.objects.values().get(pk=scene.subscription.pk)
    assert after == before | {"offer_id": offer("E3").pk, "quantity": 45, "version": 8}


def test_other_subscriptions_stay_as_they_are(scene: Scene) -> None:
    sold(scene.partner, scene.customer, "Business Premium")
    sold(None, scene.customer, "Exchange Online (Plan 1)")
    others = Subscription.objects.exclude(pk=scene.subscription.pk).order_by("pk")
    before = list(others.values())
    scene.upgrade()
    assert list(others.values()) == before


def test_the_proof_holds_before_and_after(scene: Scene) -> None:
    upgrade = Upgrade.objects.get(pk=scene.upgrade(quantity=45, key="a key").pk)
    assert model_to_dict(upgrade, fields=PROOF) == {
        "partner": scene.partner.pk,
        "customer": scene.customer.pk,
        "subscription": scene.subscription.pk,
        "staff": scene.staff.pk,
        "source_offer": offer("Business Premium").pk,
        "target_offer": offer("E3").pk,
        "quantity_before": 40,
        "quantity_after": 45,
        "version_after": 8,
        "matrix_version": 1,
        "footnote": "",
        "nickname": "Head office",
        "partner_name": "Contoso Reseller",
        "company_name": "Diseño 北京",
        "staff_name": "Chen Li",
        "source_name": "Office 365 Business Premium",
        "target_name": "Office 365 Enterprise E3",
    }
    assert upgrade.key == "a key"
    assert upgrade.finished_at is None


def test_the_proof_holds_gained_replaced_and_lost(scene: Scene) -> None:
    upgrade = Upgrade.objects.get(pk=scene.upgrade().pk)
    assert upgrade.gained == ["Azure Rights Management"]
    assert {(pair["before"], pair["after"]) for pair in upgrade.replaced} == {
        ("Exchange Online (Plan 1)", "Exchange Online (Plan 2)"),
        ("SharePoint Online (Plan 1)", "SharePoint Online (Plan 2)"),
        ("Office 365 Business apps", "Office 365 ProPlus apps"),
    }
    assert upgrade.lost == ["Microsoft Bookings"]


def test_the_footnote_of_the_path_and_the_version_of_the_matrix_are_kept(scene: Scene) -> None:
    UpgradeMatrix.objects.update(version=12)
    held = sold(scene.partner, customer_of(scene.partner), "Business")
    upgrade = scene.upgrade(subscription_id=held.pk, target_id=offer("Business Premium").pk)
    assert upgrade.footnote == path("Business", "Business Premium").footnote != ""
    assert upgrade.matrix_version == 12


def test_it_is_recorded(scene: Scene) -> None:
    with origin(address="203.0.113.9") as here:
        upgrade = scene.upgrade(quantity=45)
    [record] = ActivityRecord.objects.all()
    assert (record.operation, record.outcome, record.reasons) == ("upgrade_subscription", Outcome.DONE, [])
    assert (record.partner_id, record.partner_name) == (scene.partner.pk, "Contoso Reseller")
    assert (record.actor_kind, record.actor_id, record.actor_name) == ("staff", scene.staff.pk, "Chen Li")
    assert (record.customer_id, record.customer_name) == (scene.customer.pk, "Diseño 北京")
    assert (record.resource_type, record.resource_id) == ("subscription", str(scene.subscription.pk))
    source, target = (str(offer(name).pk) for name in ("Business Premium", "E3"))
    assert record.before == {
        "offer": "Office 365 Business Premium",
        "offer_id": source,
        "quantity": 40,
        "version": 7,
    }
    assert record.after == {
        "offer": "Office 365 Enterprise E3",
        "offer_id": target,
        "quantity": 45,
        "version": 8,
        "upgrade": str(upgrade.pk),
    }
    assert (record.address, record.correlation_id) == ("203.0.113.9", here.correlation_id)


def test_upgrade_and_record_stand_or_fall_together(scene: Scene) -> None:
    before = everything()
    with transaction.atomic():
        scene.upgrade()
        transaction.set_rollback(True)
    assert everything() == before
    assert not ActivityRecord.objects.exists()


def test_without_a_number_it_keeps_the_licences_that_it_has_by_then(scene: Scene) -> None:
    Subscription.objects.filter(pk=scene.subscription.pk).update(quantity=43)
    upgrade = scene.upgrade(quantity=None)
    assert (upgrade.quantity_before, upgrade.quantity_after) == (43, 43)
    scene.subscription.refresh_from_db()
    assert scene.subscription.quantity == 43
    assert scene.upgrade(quantity=None) == upgrade


def test_without_a_number_those_that_it_has_must_fit_the_target(scene: Scene) -> None:
    essentials = sold(scene.partner, customer_of(scene.partner), "E1", quantity=350)
    Subscription.objects.filter(pk=essentials.pk).update(offer=offer("Business Essentials"), quantity=300)
    Offer.objects.filter(pk=offer("Business Premium").pk).update(maximum_quantity=200)
    with pytest.raises(QuantityRefused):
        scene.upgrade(subscription_id=essentials.pk, target_id=offer("Business Premium").pk, quantity=None)
    asked = refused_record().after
    assert asked == {"target": str(offer("Business Premium").pk)}


def test_what_is_refused_before_it_can_be_judged_is_recorded(scene: Scene) -> None:
    before = everything()
    asked = {"target": "no offer", "quantity": None}
    refuse_upgrade(staff=scene.staff, subscription_id=scene.subscription.pk, asked=asked, codes=("unknown_offer",))
    record = refused_record()
    assert (record.after, record.reasons, record.customer_id) == (
        {"target": "no offer"},
        ["unknown_offer"],
        scene.customer.pk,
    )
    assert everything() == before


def test_fewer_licences_are_allowed(scene: Scene) -> None:
    upgrade = scene.upgrade(quantity=1)
    assert upgrade.difference == -39


def test_one_after_the_other_up_the_matrix(scene: Scene) -> None:
    subscription = sold(scene.partner, customer_of(scene.partner), "Business Essentials", version=1)
    for version, name in [(2, "Business Premium"), (3, "E3")]:
        upgrade = scene.upgrade(
            subscription_id=subscription.pk, target_id=offer(name).pk, quantity=25, key=name, version=version - 1
        )
        assert upgrade.version_after == version
    subscription.refresh_from_db()
    assert (subscription.offer, subscription.version) == (offer("E3"), 3)


@pytest.mark.parametrize("target", ["Business Premium", "ProPlus", "E3"])
def test_each_target_of_an_offer_can_be_reached(scene: Scene, target: str) -> None:
    """Not the nearest alone."""
    subscription = sold(scene.partner, customer_of(scene.partner), "Business")
    scene.upgrade(subscription_id=subscription.pk, target_id=offer(target).pk, quantity=25)
    subscription.refresh_from_db()
    assert subscription.offer == offer(target)


def test_a_target_is_reached_though_others_are_nearer(scene: Scene) -> None:
    subscription = sold(scene.partner, scene.customer, "Business Essentials")
    with pytest.raises(ConditionsUnmet) as refused:
        scene.upgrade(subscription_id=subscription.pk, target_id=offer("Business Premium").pk)
    assert refused.value.verdict.path.target == offer("Business Premium")
    assert "subscription_target_offer_already_present" in refused.value.codes


# Each changes the scene, and says what is asked for beyond the usual and with which codes it is refused.
Refusal = tuple[dict[str, Any], type[UpgradeRefused], tuple[str, ...]]


def suspended(scene: Scene) -> Refusal:
    Subscription.objects.filter(pk=scene.subscription.pk).update(status=Status.SUSPENDED, suspended_at=timezone.now())
    return {}, ConditionsUnmet, ("subscription_status_not_active",)


def pending(scene: Scene) -> Refusal:
    Subscription.objects.filter(pk=scene.subscription.pk).update(status=Status.PENDING)
    return {}, ConditionsUnmet, ("subscription_not_provisioned",)


def deleted(scene: Scene) -> Refusal:
    Subscription.objects.filter(pk=scene.subscription.pk).update(status=Status.DELETED)
    return {}, ConditionsUnmet, ("subscription_status_not_active",)


def without_privilege(scene: Scene) -> Refusal:
    DelegatedAdminPrivilege.objects.filter(service__code="exchange").update(revoked_at=timezone.now())
    return {}, ConditionsUnmet, ("delegated_admin_permissions_disabled",)


def with_a_conflict(scene: Scene) -> Refusal:
    sold(None, scene.customer, "SharePoint Online (Plan 2)")
    return {}, ConditionsUnmet, ("conflicting_service_types",)


def with_the_target_there(scene: Scene) -> Refusal:
    sold(None, scene.customer, "E3", status=Status.PENDING)
    return {}, ConditionsUnmet, ("conflicting_service_types", "subscription_target_offer_already_present")


def sold_by_another(scene: Scene) -> Refusal:
    Subscription.objects.filter(pk=scene.subscription.pk).update(reseller_of_record=PartnerFactory())
    return {}, ConditionsUnmet, ("other",)


def bought_directly(scene: Scene) -> Refusal:
    Subscription.objects.filter(pk=scene.subscription.pk).update(reseller_of_record=None)
    return {}, ConditionsUnmet, ("other",)


def with_an_add_on(scene: Scene) -> Refusal:
    sold(scene.partner, scene.customer, "Exchange Online (Plan 1)", parent=scene.subscription)
    return {}, ConditionsUnmet, ("subscription_add_ons_present",)


def without_a_path(scene: Scene) -> Refusal:
    return {"target_id": offer("E1").pk}, NoUpgradePath, ("subscription_does_not_have_any_upgrade_paths",)


def from_an_offer_without_paths(scene: Scene) -> Refusal:
    held = sold(scene.partner, scene.customer, "E1")
    asked = {"subscription_id": held.pk, "target_id": offer("Business").pk}
    return asked, NoUpgradePath, ("subscription_does_not_have_any_upgrade_paths",)


def to_an_offer_that_is_not(scene: Scene) -> Refusal:
    return {"target_id": uuid.uuid4()}, NoUpgradePath, ("subscription_does_not_have_any_upgrade_paths",)


def to_itself(scene: Scene) -> Refusal:
    asked = {"target_id": offer("Business Premium").pk}
    return asked, NoUpgradePath, ("subscription_does_not_have_any_upgrade_paths",)


def with_the_path_taken_away(scene: Scene) -> Refusal:
    path("Business Premium", "E3").delete()
    return {}, NoUpgradePath, ("subscription_does_not_have_any_upgrade_paths",)


def with_the_target_off_sale(scene: Scene) -> Refusal:
    Offer.objects.filter(pk=offer("E3").pk).update(is_available=False)
    return {}, NoUpgradePath, ("subscription_does_not_have_any_upgrade_paths",)


def with_one_of_several_targets_off_sale(scene: Scene) -> Refusal:
    held = sold(scene.partner, customer_of(scene.partner), "Business")
    Offer.objects.filter(pk=offer("ProPlus").pk).update(is_available=False)
    asked = {"subscription_id": held.pk, "target_id": offer("ProPlus").pk}
    return asked, NoUpgradePath, ("subscription_does_not_have_any_upgrade_paths",)


def changed_meanwhile(scene: Scene) -> Refusal:
    return {"version": 6}, SubscriptionChanged, ("subscription_changed",)


def upgraded_meanwhile(scene: Scene) -> Refusal:
    Subscription.objects.filter(pk=scene.subscription.pk).update(offer=offer("E3"), version=8)
    return {"version": 7}, SubscriptionChanged, ("subscription_changed",)


def a_number(quantity: int, target: str = "E3") -> Callable[[Scene], Refusal]:
    def refuse(scene: Scene) -> Refusal:
        held = scene.subscription if target == "E3" else sold(scene.partner, customer_of(scene.partner), "Business")
        asked = {"quantity": quantity, "subscription_id": held.pk, "target_id": offer(target).pk}
        return asked, QuantityRefused, ("quantity_out_of_range",)

    refuse.__name__ = f"quantity {quantity} of {target}"
    return refuse


REFUSALS = [
    suspended,
    pending,
    deleted,
    without_privilege,
    with_a_conflict,
    with_the_target_there,
    sold_by_another,
    bought_directly,
    with_an_add_on,
    without_a_path,
    from_an_offer_without_paths,
    to_an_offer_that_is_not,
    to_itself,
    with_the_path_taken_away,
    with_the_target_off_sale,
    with_one_of_several_targets_off_sale,
    changed_meanwhile,
    upgraded_meanwhile,
    a_number(0),
    a_number(-1),
    a_number(LARGEST_QUANTITY + 1),
    a_number(2**31),
    a_number(10**40),
    a_number(-(10**40)),
    a_number(0, "Business Premium"),
    a_number(301, "Business Premium"),
]


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: refusal.__name__)
def test_a_refused_attempt_leaves_its_reasons_and_changes_nothing_else(
    scene: Scene, refusal: Callable[[Scene], Refusal]
) -> None:
    asked, error, codes = refusal(scene)
    before = everything()
    with pytest.raises(error) as refused:
        scene.upgrade(**asked)
    assert refused.value.codes == codes
    assert str(refused.value).endswith(".")
    assert everything() == before
    record = refused_record()
    assert record.reasons == list(codes)
    assert (record.actor_id, record.partner_id) == (scene.staff.pk, scene.partner.pk)
    assert record.resource_id == str(asked.get("subscription_id", scene.subscription.pk))
    assert record.customer_id == Subscription.objects.get(pk=record.resource_id).customer_id
    assert record.after is not None
    assert record.after["quantity"] == asked.get("quantity", 40)


def test_all_that_stands_in_the_way_is_told_at_once(scene: Scene) -> None:
    for change in (suspended, without_privilege, with_the_target_there, bought_directly, with_an_add_on):
        change(scene)
    with pytest.raises(ConditionsUnmet) as refused:
        scene.upgrade(quantity=0)
    assert refused.value.codes == (
        "conflicting_service_types",
        "delegated_admin_permissions_disabled",
        "other",
        "subscription_add_ons_present",
        "subscription_status_not_active",
        "subscription_target_offer_already_present",
    )
    assert len(str(refused.value).split(";")) == 6


@pytest.mark.parametrize("role", Role)
def test_only_some_roles_may(scene: Scene, role: Role) -> None:
    staff = StaffFactory(partner=scene.partner, roles=[role])
    if role in {Role.GLOBAL_ADMIN, Role.ADMIN_AGENT, Role.SALES_AGENT}:
        assert scene.upgrade(staff=staff).staff == staff
        return
    before = everything()
    with pytest.raises(PermissionDenied):
        scene.upgrade(staff=staff)
    assert everything() == before
    assert refused_record().reasons == ["role"]


def test_who_may_no_longer_sign_in_may_not(scene: Scene) -> None:
    scene.staff.is_active = False
    assert not scene.staff.may(Permission.MANAGE_SUBSCRIPTIONS)
    with pytest.raises(PermissionDenied):
        scene.upgrade()


def test_a_refusal_by_role_tells_nothing_of_another_partners_customer(scene: Scene) -> None:
    stranger = StaffFactory(roles=[Role.HELPDESK_AGENT])
    with pytest.raises(PermissionDenied):
        scene.upgrade(staff=stranger)
    record = refused_record()
    assert (record.customer_id, record.customer_name, record.resource_id) == (None, "", "")


def unseen_by_a_stranger(scene: Scene) -> dict[str, Any]:
    return {"staff": StaffFactory()}


def unseen_where_the_relationship_ended(scene: Scene) -> dict[str, Any]:
    ResellerRelationship.objects.update(has_ended=True)
    return {}


def unseen_where_it_is_not(scene: Scene) -> dict[str, Any]:
    return {"subscription_id": uuid.uuid4()}


def unseen_without_any_privilege(scene: Scene) -> dict[str, Any]:
    """Another partner of the same customer, which did not sell the subscription."""
    stranger = StaffFactory()
    ResellerRelationship.objects.create(partner=stranger.partner, customer=scene.customer)
    return {"staff": stranger}


@pytest.mark.parametrize(
    "unseen",
    [
        unseen_by_a_stranger,
        unseen_where_the_relationship_ended,
        unseen_where_it_is_not,
        unseen_without_any_privilege,
    ],
)
def test_what_a_partner_does_not_see_does_not_exist_for_it(
    scene: Scene, unseen: Callable[[Scene], dict[str, Any]]
) -> None:
    asked = unseen(scene)
    before = everything()
    for target in (offer("E3").pk, offer("E1").pk, uuid.uuid4()):
        with pytest.raises(Http404):
            scene.upgrade(**asked, target_id=target)
    assert everything() == before


def test_one_that_is_only_administered_is_seen_but_not_upgraded(scene: Scene) -> None:
    rival = StaffFactory()
    ResellerRelationship.objects.create(partner=rival.partner, customer=scene.customer)
    DelegatedAdminPrivilege.objects.update(partner=rival.partner)
    with pytest.raises(ConditionsUnmet) as refused:
        scene.upgrade(staff=rival)
    assert refused.value.codes == ("other",)


def test_an_upgrade_takes_the_same_number_of_queries_however_much_the_customer_has(scene: Scene) -> None:
    assert scene.staff.may(Permission.MANAGE_SUBSCRIPTIONS)  # asks for the roles once
    with CaptureQueriesContext(connection) as few:
        scene.upgrade()
    busy = customer_of(scene.partner)
    held = sold(scene.partner, busy, "Business Premium")
    for _ in range(20):
        sold(PartnerFactory(), busy, "Exchange Online (Plan 1)")
    with CaptureQueriesContext(connection) as many:
        scene.upgrade(subscription_id=held.pk, quantity=25, key="other")
    assert len(many) == len(few)


# Ticking off the hand-over list.


def test_ticking_all_steps_finishes_the_upgrade(scene: Scene) -> None:
    upgrade = scene.upgrade()
    for number in range(len(upgrade.hand_over)):
        assert not upgrade.is_finished
        upgrade = tick_step(staff=scene.staff, upgrade_id=upgrade.pk, number=number, is_done=True)
        assert upgrade.steps_done == number + 1
    stored = Upgrade.objects.get(pk=upgrade.pk)
    assert stored.is_finished
    assert stored.finished_at == parse_datetime(stored.hand_over[-1]["done_at"])
    assert {step["done_by_name"] for step in stored.hand_over} == {"Chen Li"}
    assert {step["done_by"] for step in stored.hand_over} == {str(scene.staff.pk)}


def test_taking_a_tick_back_makes_it_unfinished_again(scene: Scene) -> None:
    upgrade = scene.upgrade()
    for number in range(len(upgrade.hand_over)):
        tick_step(staff=scene.staff, upgrade_id=upgrade.pk, number=number, is_done=True)
    tick_step(staff=scene.staff, upgrade_id=upgrade.pk, number=0, is_done=False)
    stored = Upgrade.objects.get(pk=upgrade.pk)
    assert not stored.is_finished
    first = stored.hand_over[0]
    assert (first["done_at"], first["done_by"], first["done_by_name"]) == (None, None, "")
    assert stored.steps_done == len(stored.hand_over) - 1


@pytest.mark.parametrize("is_done", [True, False])
def test_ticking_what_is_ticked_changes_nothing(scene: Scene, is_done: bool) -> None:
    upgrade = scene.upgrade()
    other = StaffFactory(partner=scene.partner)
    tick_step(staff=scene.staff, upgrade_id=upgrade.pk, number=1, is_done=True)
    tick_step(staff=scene.staff, upgrade_id=upgrade.pk, number=1, is_done=is_done)
    before = Upgrade.objects.values().get()
    records = ActivityRecord.objects.count()
    tick_step(staff=other, upgrade_id=upgrade.pk, number=1, is_done=is_done)
    assert Upgrade.objects.values().get() == before
    assert ActivityRecord.objects.count() == records


def test_each_tick_is_recorded(scene: Scene) -> None:
    upgrade = scene.upgrade()
    tick_step(staff=scene.staff, upgrade_id=upgrade.pk, number=0, is_done=True)
    tick_step(staff=scene.staff, upgrade_id=upgrade.pk, number=0, is_done=False)
    ticked = ActivityRecord.objects.get(operation="tick_hand_over_step")
    assert ActivityRecord.objects.filter(operation="untick_hand_over_step").count() == 1
    assert (ticked.resource_type, ticked.resource_id) == ("upgrade", str(upgrade.pk))
    assert ticked.customer_id == scene.customer.pk
    assert ticked.after == {
        "step": 0,
        "code": upgrade.hand_over[0]["code"],
        "values": upgrade.hand_over[0]["values"],
        "finished": False,
    }


@pytest.mark.parametrize("number", [-1, 99, 10**30])
def test_a_step_that_is_not_there_is_not_found(scene: Scene, number: int) -> None:
    upgrade = scene.upgrade()
    with pytest.raises(Http404):
        tick_step(staff=scene.staff, upgrade_id=upgrade.pk, number=number, is_done=True)


def test_another_partner_cannot_tick(scene: Scene) -> None:
    upgrade = scene.upgrade()
    before = everything()
    for staff, upgrade_id in [(StaffFactory(), upgrade.pk), (scene.staff, uuid.uuid4())]:
        with pytest.raises(Http404):
            tick_step(staff=staff, upgrade_id=upgrade_id, number=0, is_done=True)
    assert everything() == before


@pytest.mark.parametrize("role", [Role.HELPDESK_AGENT, Role.BILLING_ADMIN, Role.USER_ADMIN])
def test_who_may_not_upgrade_may_not_tick(scene: Scene, role: Role) -> None:
    upgrade = scene.upgrade()
    with pytest.raises(PermissionDenied):
        tick_step(
            staff=StaffFactory(partner=scene.partner, roles=[role]), upgrade_id=upgrade.pk, number=0, is_done=True
        )
    assert Upgrade.objects.get().steps_done == 0
