"""The life of subscriptions against a plain model: whatever people, the clock and the nightly run do to them."""

import datetime
import itertools
from dataclasses import dataclass, replace
from typing import Any

import pytest
import time_machine
from django.db import transaction
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from activity.errors import Refused
from activity.models import ActivityRecord, Outcome
from subscriptions.deletion import end_suspensions
from subscriptions.models import Status, Subscription
from subscriptions.operations import Wanted, change_subscription
from tests.factories import StaffFactory, customer_of, offer, sold
from upgrades.models import Upgrade
from upgrades.operations import upgrade_subscription

START = datetime.datetime(2026, 1, 15, 9, tzinfo=datetime.UTC)
SIXTY_DAYS = datetime.timedelta(days=60)
LIMITS = {"Business": 300, "ProPlus": 10_000_000, "Exchange Online (Plan 1)": 10_000_000}
NAMES = ("parent", "add-on", "add-on of the add-on")


@dataclass(frozen=True)
class Plain:
    """What a subscription is, without a database."""

    offer: str
    parent: str | None = None
    quantity: int = 25
    status: str = "active"
    nickname: str = ""
    auto_renew: bool = True
    suspended_at: datetime.datetime | None = None
    with_parent: bool = False
    version: int = 1


class Life(RuleBasedStateMachine):
    """A Business with an add-on that has an add-on; what is refused leaves everything as it is."""

    @initialize()
    def begin(self) -> None:
        self.around = transaction.atomic()
        self.around.__enter__()
        self.clock = time_machine.travel(START, tick=False)
        self.traveller = self.clock.start()
        self.keys = itertools.count()
        self.staff = StaffFactory()
        customer = customer_of(self.staff.partner)
        self.plain = {
            "parent": Plain("Business"),
            "add-on": Plain("Exchange Online (Plan 1)", parent="parent"),
            "add-on of the add-on": Plain("Exchange Online (Plan 1)", parent="add-on"),
        }
        self.real: dict[str, Subscription] = {}
        for name, plain in self.plain.items():
            parent = self.real.get(plain.parent) if plain.parent else None
            self.real[name] = sold(self.staff.partner, customer, plain.offer, parent=parent, created_at=START)
        self.upgrades = 0

    def teardown(self) -> None:
        if hasattr(self, "around"):
            self.clock.stop()
            transaction.set_rollback(True)
            self.around.__exit__(None, None, None)

    # What people do.

    @rule(name=st.sampled_from(NAMES), quantity=st.sampled_from([-1, 0, 1, 24, 25, 26, 300, 301, 10_000_001]))
    def change_licences(self, name: str, quantity: int) -> None:
        now = self.plain[name]
        may = now.status == "active" and 1 <= quantity <= LIMITS[now.offer]
        self.change(name, may or (now.quantity == quantity), quantity=quantity)

    @rule(name=st.sampled_from(NAMES), nickname=st.sampled_from(["", "Depot", "仓库", "x" * 257, "a\x00"]))
    def rename(self, name: str, nickname: str) -> None:
        now = self.plain[name]
        may = now.status != "deleted" and len(nickname) <= 256 and "\x00" not in nickname
        self.change(name, may or now.nickname == nickname, nickname=nickname)

    @rule(name=st.sampled_from(NAMES), auto_renew=st.booleans())
    def renewal(self, name: str, auto_renew: bool) -> None:
        now = self.plain[name]
        self.change(name, now.status != "deleted" or now.auto_renew == auto_renew, auto_renew=auto_renew)

    @rule(name=st.sampled_from(NAMES))
    def suspend(self, name: str) -> None:
        if self.change(name, self.plain[name].status in {"active", "suspended"}, status=Status.SUSPENDED):
            self.goes_along(name, {"active"}, status="suspended", suspended_at=self.now, with_parent=True)

    @rule(name=st.sampled_from(NAMES))
    def reactivate(self, name: str) -> None:
        now = self.plain[name]
        parent = self.plain[now.parent] if now.parent else None
        in_time = now.suspended_at is not None and self.now < now.suspended_at + SIXTY_DAYS
        may = now.status == "suspended" and in_time and (parent is None or parent.status == "active")
        if self.change(name, may or now.status == "active", status=Status.ACTIVE):
            self.comes_back(name)

    @rule(name=st.sampled_from(NAMES))
    def cancel(self, name: str) -> None:
        if self.change(name, True, status=Status.DELETED):
            self.goes_along(name, {"active", "suspended"}, status="deleted")

    @rule(quantity=st.sampled_from([0, 25, 301, 10_000_001]), again=st.booleans())
    def upgrade(self, quantity: int, again: bool) -> None:
        now = self.plain["parent"]
        may = now.offer == "Business" and now.status == "active" and self.plain["add-on"].status == "deleted"
        key = f"upgrade {next(self.keys)}"
        for _time in range(1 + again):
            done = self.tried(
                lambda: upgrade_subscription(
                    staff=self.staff,
                    subscription_id=self.real["parent"].pk,
                    target_id=offer("ProPlus").pk,
                    quantity=quantity,
                    key=key,
                )
            )
            assert done is (may and 1 <= quantity <= LIMITS["ProPlus"])
        if done:
            self.upgrades += 1
            self.becomes("parent", offer="ProPlus", quantity=quantity)

    # What time does.

    @rule(days=st.sampled_from([1, 10, 29, 30, 31, 59, 60]))
    def days_pass(self, days: int) -> None:
        self.traveller.shift(datetime.timedelta(days=days))

    @rule()
    def night(self) -> None:
        end_suspensions(now=self.now)
        for name in NAMES:
            now = self.plain[name]
            if now.status == "suspended" and now.suspended_at and now.suspended_at + SIXTY_DAYS <= self.now:
                self.becomes(name, status="deleted")
                self.goes_along(name, {"active", "suspended"}, status="deleted")

    # The plain model.

    @property
    def now(self) -> datetime.datetime:
        return datetime.datetime.now(datetime.UTC)

    def tried(self, act: Any) -> bool:
        try:
            act()
        except Refused:
            return False
        return True

    def change(self, name: str, may: bool, **wanted: Any) -> bool:
        """Ask for it, expect what the model says, and tell whether anything changed."""
        key, pk = f"change {next(self.keys)}", self.real[name].pk
        done = self.tried(
            lambda: change_subscription(staff=self.staff, subscription_id=pk, wanted=Wanted(**wanted), key=key)
        )
        assert done is may, (name, wanted, self.plain[name])
        different = any(getattr(self.plain[name], field) != value for field, value in wanted.items())
        if done and different:
            self.becomes(name, **{field: str(value) if field == "status" else value for field, value in wanted.items()})
        return done and different

    def becomes(self, name: str, **fields: Any) -> None:
        if fields.get("status") == "suspended":
            fields = {"suspended_at": self.now, "with_parent": False} | fields
        elif fields.get("status") == "active":
            fields |= {"suspended_at": None, "with_parent": False}
        elif fields.get("status") == "deleted":
            fields |= {"with_parent": False}
        self.plain[name] = replace(self.plain[name], **fields, version=self.plain[name].version + 1)

    def below(self, name: str) -> list[str]:
        return [other for other in NAMES if self.plain[other].parent == name]

    def goes_along(self, name: str, which: set[str], **fields: Any) -> None:
        # An add-on of an add-on goes with it, whether its own parent had to go or had gone before.
        for child in self.below(name):
            if self.plain[child].status in which:
                self.becomes(child, **fields)
                self.goes_along(child, which, **fields)

    def comes_back(self, name: str) -> None:
        for child in self.below(name):
            if self.plain[child].status == "suspended" and self.plain[child].with_parent:
                self.becomes(child, status="active")
                self.comes_back(child)

    # What always holds.

    @invariant()
    def both_are_the_same(self) -> None:
        if not hasattr(self, "real"):
            return
        for name, plain in self.plain.items():
            real = Subscription.objects.select_related("offer").get(pk=self.real[name].pk)
            seen = Plain(
                offer=real.offer.short_name,
                parent=plain.parent,
                quantity=real.quantity,
                status=real.status,
                nickname=real.nickname,
                auto_renew=real.auto_renew,
                suspended_at=real.suspended_at,
                with_parent=real.suspended_with_parent,
                version=real.version,
            )
            assert seen == plain, name

    @invariant()
    def no_add_on_is_active_under_a_parent_that_is_not(self) -> None:
        live = Subscription.objects.filter(status=Status.ACTIVE, parent__isnull=False)
        assert not live.exclude(parent__status=Status.ACTIVE).exists()

    @invariant()
    def the_time_line_tells_the_truth(self) -> None:
        if not hasattr(self, "real"):
            return
        assert Upgrade.objects.count() == self.upgrades
        for name, real in self.real.items():
            done = ActivityRecord.objects.filter(resource_id=str(real.pk), outcome=Outcome.DONE)
            told = sorted(done.exclude(operation="warn_of_deletion"), key=lambda one: one.after["version"])
            assert [one.after["version"] for one in told] == list(range(2, self.plain[name].version + 1))
            known: dict[str, Any] = {"quantity": 25, "status": "active", "nickname": "", "auto_renew": True}
            for one in told:
                assert all(known[field] == one.before[field] for field in known if field in one.before)
                known |= {field: one.after[field] for field in known if field in one.after}
            plain = self.plain[name]
            assert known == {field: getattr(plain, field) for field in known}


@pytest.mark.django_db
def test_life_goes_as_the_plain_model_says() -> None:
    bounds = settings(max_examples=25, stateful_step_count=25, deadline=None)
    run_state_machine_as_test(Life, settings=bounds)
