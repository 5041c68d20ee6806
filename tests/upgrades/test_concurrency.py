"""Many upgrades at once: the rules hold afterwards, and nothing is lost or doubled.

Rows that contend for one customer's lock exist on PostgreSQL alone; SQLite lets one write at a time anyway.
"""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from activity.models import ActivityRecord, Outcome
from catalog.models import Offer
from customers.models import Customer, DelegatedAdminPrivilege
from partners.models import Staff
from subscriptions.models import Status, Subscription
from tests.factories import StaffFactory, customer_of, offer, sold
from tests.upgrades.plain_judge import Contents, Held, Plan, clashing
from tests.upgrades.submitting import (
    THREADS,
    Answer,
    Asked,
    Pause,
    and_close,
    paused,
    submit,
    submit_at_once,
    wait_until_blocked,
)
from upgrades.errors import ConditionsUnmet, KeyReused, NoUpgradePath, SubscriptionChanged
from upgrades.explain import explain
from upgrades.models import Upgrade, UpgradeMatrix, UpgradePath
from upgrades.operations import tick_step
from upgrades.verdicts import CODES, judge

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]

TARGETS = ("Business Premium", "ProPlus", "E3")


@pytest.fixture
def staff() -> Staff:
    made: Staff = StaffFactory()
    assert made.permissions  # asked for here once: the threads share this person
    return made


def asked(staff: Staff, subscription: Subscription, target: str = "E3", **changed: Any) -> Asked:
    usual = {"staff": staff, "subscription_id": subscription.pk, "target_id": offer(target).pk, "quantity": 25}
    return usual | {"key": f"{subscription.pk} to {target}"} | changed


def made(answers: list[Answer]) -> list[Upgrade]:
    return [answer for answer in answers if isinstance(answer, Upgrade)]


def contents() -> Contents:
    return {
        one.name: frozenset(Plan(plan.service.code, plan.code) for plan in one.service_plans.all())
        for one in Offer.objects.with_plans()
    }


def assert_the_rules_hold(customer: Customer) -> None:
    """Replay the upgrades in the order of their proof: at each, nothing else of then stood in the way."""
    inside = contents()
    upgrades = list(Upgrade.objects.filter(customer=customer).order_by("created_at"))
    live = list(Subscription.objects.live().filter(customer=customer).select_related("offer"))
    now = {one.pk: Held(one.pk, one.offer.name) for one in live}
    for upgrade in reversed(upgrades):
        assert now[upgrade.subscription_id].offer == upgrade.target_name
        before, after = inside[upgrade.source_name], inside[upgrade.target_name]
        clash = clashing(before, after)
        others = [held for pk, held in now.items() if pk != upgrade.subscription_id]
        assert not any(clash(plan) for held in others for plan in inside[held.offer])
        assert upgrade.target_name not in {held.offer for held in others}
        now[upgrade.subscription_id] = Held(upgrade.subscription_id, upgrade.source_name)


def assert_nothing_is_lost_or_doubled(answers: list[Answer]) -> None:
    """Each upgrade has one proof and one record and is the state of its subscription; each refusal one record."""
    upgrades = {upgrade.pk: upgrade for upgrade in made(answers)}
    assert set(Upgrade.objects.values_list("pk", flat=True)) == upgrades.keys()
    done = ActivityRecord.objects.filter(outcome=Outcome.DONE)
    assert Counter(record.after["upgrade"] for record in done) == Counter(str(pk) for pk in upgrades)
    by_subscription = Counter(upgrade.subscription_id for upgrade in upgrades.values())
    for subscription in Subscription.objects.all():
        count = by_subscription[subscription.pk]
        assert subscription.version == 1 + count
        if count:
            last = Upgrade.objects.get(subscription=subscription, version_after=subscription.version)
            assert (last.target_offer_id, last.quantity_after) == (subscription.offer_id, subscription.quantity)


def test_of_one_customers_subscriptions_no_two_become_the_same(staff: Staff) -> None:
    customer = customer_of(staff.partner)
    held = [sold(staff.partner, customer, "Business") for _ in range(25)]
    many = [asked(staff, one, target) for one in held for target in ("E3", "ProPlus")]
    assert len(many) == THREADS
    answers = submit_at_once(many)
    assert len(made(answers)) >= 1
    assert_the_rules_hold(customer)
    assert_nothing_is_lost_or_doubled(answers)
    refused = ActivityRecord.objects.filter(outcome=Outcome.REFUSED)
    assert refused.count() == THREADS - len(made(answers))
    live = Subscription.objects.live().filter(customer=customer)
    assert live.filter(offer=offer("E3")).count() <= 1
    assert live.filter(offer=offer("ProPlus")).count() <= 1


def test_exactly_one_of_many_becomes_e3(staff: Staff) -> None:
    customer = customer_of(staff.partner)
    many = [asked(staff, sold(staff.partner, customer, "Business")) for _ in range(THREADS)]
    answers = submit_at_once(many)
    assert len(made(answers)) == 1
    for answer in answers:
        if isinstance(answer, ConditionsUnmet):
            assert answer.codes == ("conflicting_service_types", "subscription_target_offer_already_present")
        else:
            assert isinstance(answer, Upgrade)
    assert_the_rules_hold(customer)
    assert_nothing_is_lost_or_doubled(answers)


def test_any_mix_of_targets_leaves_the_rules_standing(staff: Staff) -> None:
    customer = customer_of(staff.partner)
    sources = ["Business"] * 20 + ["Business Essentials"] * 20 + ["Business Premium"] * 10
    held = [sold(staff.partner, customer, source) for source in sources]
    many = []
    for number, one in enumerate(held):
        targets = [cell.target for cell in UpgradePath.objects.filter(source=one.offer).order_by("target__name")]
        target = targets[number % len(targets)]
        many.append(asked(staff, one, target.short_name.removeprefix("Enterprise ")))
    answers = submit_at_once(many)
    assert_the_rules_hold(customer)
    assert_nothing_is_lost_or_doubled(answers)


def test_many_customers_do_not_hinder_each_other(staff: Staff) -> None:
    customers = [customer_of(staff.partner) for _ in range(THREADS)]
    held = [sold(staff.partner, customer, "Business Premium") for customer in customers]
    answers = submit_at_once([asked(staff, one) for one in held])
    assert len(made(answers)) == THREADS
    assert_nothing_is_lost_or_doubled(answers)


def test_the_same_key_from_many_threads_makes_one_upgrade(staff: Staff) -> None:
    held = sold(staff.partner, customer_of(staff.partner), "Business")
    answers = submit_at_once([asked(staff, held)] * THREADS)
    assert {answer.pk for answer in made(answers)} == set(Upgrade.objects.values_list("pk", flat=True))
    assert len(made(answers)) == THREADS
    assert Upgrade.objects.count() == ActivityRecord.objects.count() == 1
    held.refresh_from_db()
    assert held.version == 2


def test_the_same_key_for_different_customers_is_used_once(staff: Staff) -> None:
    held = [sold(staff.partner, customer_of(staff.partner), "Business") for _ in range(THREADS)]
    answers = submit_at_once([asked(staff, one, key="the same") for one in held])
    assert len(made(answers)) == 1
    assert sum(isinstance(answer, KeyReused) for answer in answers) == THREADS - 1
    assert Subscription.objects.filter(offer=offer("E3")).count() == 1
    assert_nothing_is_lost_or_doubled(answers)
    assert ActivityRecord.objects.filter(outcome=Outcome.REFUSED).count() == THREADS - 1


def test_of_two_targets_for_one_subscription_the_first_wins(staff: Staff) -> None:
    held = sold(staff.partner, customer_of(staff.partner), "Business")
    many = [asked(staff, held, TARGETS[number % 3], key=f"key {number}", version=1) for number in range(THREADS)]
    answers = submit_at_once(many)
    assert len(made(answers)) == 1
    assert sum(isinstance(answer, SubscriptionChanged) for answer in answers) == THREADS - 1
    assert_nothing_is_lost_or_doubled(answers)


def test_ticks_made_at_once_are_all_kept(staff: Staff) -> None:
    upgrade = submit(asked(staff, sold(staff.partner, customer_of(staff.partner), "Business")))
    assert isinstance(upgrade, Upgrade)
    numbers = range(len(upgrade.hand_over))

    def tick(number: int) -> Upgrade:
        return tick_step(staff=staff, upgrade_id=upgrade.pk, number=number, is_done=True)

    with ThreadPoolExecutor(max_workers=len(numbers)) as pool:
        list(pool.map(and_close(tick), numbers))
    upgrade.refresh_from_db()
    assert upgrade.steps_done == len(numbers)
    assert upgrade.is_finished
    assert ActivityRecord.objects.filter(operation="tick_hand_over_step").count() == len(numbers)


# What others write to the same customer at the same moment. A row that refers to the customer takes a share of
# the customer's row when the reference is checked, at the end of its transaction; an upgrade holds the customer's
# row for itself. So one waits for the other, and what was there first is seen.


def test_a_new_subscription_waits_for_an_upgrade_under_way(staff: Staff) -> None:
    customer = customer_of(staff.partner)
    held = sold(staff.partner, customer, "Business Premium")
    pause = Pause(before='UPDATE "subscriptions_subscription"')
    with ThreadPoolExecutor(max_workers=1) as pool:
        with paused(pause, lambda: submit(asked(staff, held))) as upgrading:
            adding = pool.submit(and_close(lambda: sold(None, customer, "Exchange Online (Plan 2)")))
            wait_until_blocked(adding, by=pause.process_id)
        assert isinstance(upgrading.result(), Upgrade)
        adding.result()
    assert Subscription.objects.filter(customer=customer).count() == 2


def test_an_upgrade_waits_for_a_new_subscription_under_way_and_then_sees_it(staff: Staff) -> None:
    customer = customer_of(staff.partner)
    held = sold(staff.partner, customer, "Business Premium")
    with ThreadPoolExecutor(max_workers=1) as pool:
        with transaction.atomic():
            sold(None, customer, "Exchange Online (Plan 2)")
            check_references()
            upgrading = pool.submit(and_close(lambda: submit(asked(staff, held))))
            wait_until_blocked(upgrading, by=backend_pid())
        refused = upgrading.result()
    assert isinstance(refused, ConditionsUnmet)
    assert refused.codes == ("conflicting_service_types",)


def test_a_privilege_given_to_another_waits_for_an_upgrade_under_way(staff: Staff) -> None:
    customer = customer_of(staff.partner, services=[])
    held = sold(staff.partner, customer, "Business Premium", status=Status.PENDING)
    service = held.offer.service_plans.all()[0].service
    pause = Pause(before='INSERT INTO "activity_activityrecord"')
    with ThreadPoolExecutor(max_workers=1) as pool:
        with paused(pause, lambda: lock_and_record(staff, held)):
            giving = pool.submit(
                and_close(
                    lambda: DelegatedAdminPrivilege.objects.create(
                        customer=customer, service=service, partner_id=held.reseller_of_record_id
                    )
                )
            )
            wait_until_blocked(giving, by=pause.process_id)
        giving.result()


def lock_and_record(staff: Staff, held: Subscription) -> None:
    """What an upgrade begins with: the customer's row, held until the transaction ends."""
    with transaction.atomic():
        Customer.objects.select_for_update().get(pk=held.customer_id)
        ActivityRecord.objects.create(actor_kind="staff", operation="upgrade_subscription", correlation_id=held.pk)


def test_an_upgrade_waits_for_a_revocation_that_holds_the_customer_and_then_sees_it(staff: Staff) -> None:
    customer = customer_of(staff.partner)
    held = sold(staff.partner, customer, "Business Premium")
    with ThreadPoolExecutor(max_workers=1) as pool:
        with transaction.atomic():
            Customer.objects.select_for_update().get(pk=customer.pk)
            DelegatedAdminPrivilege.objects.filter(service__code="exchange").update(revoked_at=timezone.now())
            upgrading = pool.submit(and_close(lambda: submit(asked(staff, held))))
            wait_until_blocked(upgrading, by=backend_pid())
        refused = upgrading.result()
    assert isinstance(refused, ConditionsUnmet)
    assert refused.codes == ("delegated_admin_permissions_disabled",)


def test_another_customer_is_upgraded_while_one_is_under_way(staff: Staff) -> None:
    first, other = (sold(staff.partner, customer_of(staff.partner), "Business Premium") for _ in range(2))
    pause = Pause(before='UPDATE "subscriptions_subscription"')
    with paused(pause, lambda: submit(asked(staff, first))):
        assert isinstance(submit(asked(staff, other)), Upgrade)
        first.refresh_from_db()
        assert first.version == 1
    first.refresh_from_db()
    assert first.version == 2


def test_an_upgrade_is_judged_again_by_the_matrix_that_came_meanwhile(staff: Staff) -> None:
    held = sold(staff.partner, customer_of(staff.partner), "Business Premium")
    pause = Pause(before='UPDATE "subscriptions_subscription"')
    with paused(pause, lambda: submit(asked(staff, held))) as upgrading, transaction.atomic():
        UpgradeMatrix.objects.update(version=2)
        UpgradePath.objects.filter(source=held.offer).update(footnote="Ask first")
    upgrade = upgrading.result()
    assert isinstance(upgrade, Upgrade)
    assert (upgrade.matrix_version, upgrade.footnote) == (2, "Ask first")


def test_a_path_that_goes_while_an_upgrade_takes_it_is_not_taken(staff: Staff) -> None:
    held = sold(staff.partner, customer_of(staff.partner), "Business Premium")
    pause = Pause(before='UPDATE "subscriptions_subscription"')
    with paused(pause, lambda: submit(asked(staff, held))) as upgrading, transaction.atomic():
        UpgradeMatrix.objects.update(version=2)
        UpgradePath.objects.filter(source=held.offer).delete()
    assert isinstance(upgrading.result(), NoUpgradePath)
    assert [record.reasons for record in ActivityRecord.objects.all()] == [list(NoUpgradePath.codes)]
    held.refresh_from_db()
    assert held.version == 1


def test_the_proof_names_the_matrix_that_judged(staff: Staff) -> None:
    held = sold(staff.partner, customer_of(staff.partner), "Business Premium")
    pause = Pause(before='INSERT INTO "upgrades_upgrade"')
    with paused(pause, lambda: submit(asked(staff, held))) as upgrading, transaction.atomic():
        UpgradeMatrix.objects.update(version=2)
        UpgradePath.objects.filter(source=held.offer).update(footnote="Ask first")
    upgrade = upgrading.result()
    assert isinstance(upgrade, Upgrade)
    assert (upgrade.matrix_version, upgrade.footnote) == (1, "")


@pytest.mark.parametrize("statements", [0, 1, 2, 3, 4])
def test_the_matrix_can_be_edited_while_a_page_judges(staff: Staff, statements: int) -> None:
    """Between any two of its statements."""
    customer = customer_of(staff.partner, services=[])
    held = sold(staff.partner, customer, "Business Premium")
    sold(None, customer, "E3")
    pause = Pause(before="EXECUTE portal_", after=statements)

    def page() -> list[str]:
        verdicts = judge(Subscription.objects.filter(pk=held.pk), partner=staff.partner)
        return [one.code for verdict in verdicts for one in explain(verdict) if not one.is_met]

    with paused(pause, page) as judging:
        UpgradePath.objects.all().delete()
        DelegatedAdminPrivilege.objects.all().delete()
    assert set(judging.result()) <= set(CODES)


def test_a_subscription_deleted_while_its_upgrade_is_under_way_is_not_moved(staff: Staff) -> None:
    """Whoever deletes it without holding the customer; the upgrade is refused, not broken."""
    held = sold(staff.partner, customer_of(staff.partner), "Business Premium")
    pause = Pause(before='UPDATE "subscriptions_subscription"')
    with paused(pause, lambda: submit(asked(staff, held))) as upgrading:
        Subscription.objects.filter(pk=held.pk).update(status=Status.DELETED)
    assert isinstance(upgrading.result(), SubscriptionChanged)
    assert not Upgrade.objects.exists()
    held.refresh_from_db()
    assert (held.offer, held.status) == (offer("Business Premium"), Status.DELETED)
    assert ActivityRecord.objects.get().reasons == ["subscription_changed"]


def test_a_change_made_while_an_upgrade_is_under_way_is_not_overwritten(staff: Staff) -> None:
    held = sold(staff.partner, customer_of(staff.partner), "Business Premium")
    pause = Pause(before='UPDATE "subscriptions_subscription"')
    with paused(pause, lambda: submit(asked(staff, held))) as upgrading:
        Subscription.objects.filter(pk=held.pk).update(quantity=99, version=2)
    assert isinstance(upgrading.result(), SubscriptionChanged)
    held.refresh_from_db()
    assert (held.quantity, held.version, held.offer) == (99, 2, offer("Business Premium"))


def check_references() -> None:
    """Do now what the end of the transaction does."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def backend_pid() -> int:
    connection.ensure_connection()
    pid: int = connection.connection.info.backend_pid
    return pid
