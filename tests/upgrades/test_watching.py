"""Being told when an upgrade becomes possible: asked for, told once, and ended where it is in vain."""

import datetime
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.http import Http404
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django_tasks_db.models import DBTaskResult
from pytest_django import DjangoAssertNumQueries, Settings

from activity.errors import Refused
from activity.models import ActivityRecord, Outcome
from activity.operations import SYSTEM, record
from activity.words import sentence
from catalog.models import Offer, Service
from customers.answering import accept, found_invitation
from customers.models import Customer, DelegatedAdminPrivilege, Invitation, ResellerRelationship
from partners.models import Partner, QueuedMail, Staff
from partners.roles import Role
from subscriptions.deletion import end_suspensions
from subscriptions.models import Status, Subscription
from subscriptions.operations import Wanted, change_subscription
from subscriptions.provisioning import provision_due_lines
from tests.factories import (
    ContactDetailsFactory,
    DelegatedAdminPrivilegeFactory,
    InvitationFactory,
    OrderLineFactory,
    PartnerFactory,
    StaffFactory,
    UpgradeWatchFactory,
    customer_of,
    link_to,
    offer,
    path,
    service,
    sold,
)
from upgrades.conditions.privileges import DELEGATED
from upgrades.errors import NoUpgradePath, PossibleAlready
from upgrades.models import UpgradeWatch, WatchEnding
from upgrades.operations import upgrade_subscription
from upgrades.verdicts import judge
from upgrades.watching import look_at_customer, resume_watches, stop_watching, sweep, watch_upgrade

pytestmark = pytest.mark.django_db


@dataclass
class Scene:
    """Li Na's partner sold Adatum a Business Premium that may become E3, but for one service."""

    staff: Staff
    customer: Customer
    subscription: Subscription

    @property
    def partner(self) -> Partner:
        assert self.staff.partner is not None
        return self.staff.partner

    def watch(self, **changed: Any) -> UpgradeWatch:
        asked = {
            "staff": self.staff,
            "customer_id": self.customer.pk,
            "subscription_id": self.subscription.pk,
            "target_id": offer("E3").pk,
        }
        return watch_upgrade(**asked | changed)

    def mend(self) -> None:
        """Give the missing privilege without a word to anybody."""
        DelegatedAdminPrivilegeFactory(partner=self.partner, customer=self.customer, service=service("exchange"))


@pytest.fixture
def scene() -> Scene:
    staff = StaffFactory(name="Li Na", email="li.na@contoso.example", partner__name="Contoso Reseller")
    customer = customer_of(staff.partner, company_name="Adatum")
    DelegatedAdminPrivilege.objects.filter(customer=customer, service=service("exchange")).delete()
    subscription = sold(staff.partner, customer, "Business Premium", nickname="Head office")
    return Scene(staff, customer, subscription)


def tasks() -> list[str]:
    """What is queued for those who wait."""
    found = DBTaskResult.objects.filter(task_path__startswith="upgrades.").order_by("enqueued_at")
    return [one.task_path.rpartition(".")[2] for one in found]


def mails() -> list[QueuedMail]:
    return list(QueuedMail.objects.filter(template="upgrade_possible"))


# Asking.


def test_it_is_remembered_with_a_record(scene: Scene) -> None:
    watch = scene.watch()
    assert (watch.staff, watch.partner, watch.customer, watch.subscription, watch.target) == (
        scene.staff,
        scene.partner,
        scene.customer,
        scene.subscription,
        offer("E3"),
    )
    kept = ActivityRecord.objects.get(operation="watch_upgrade")
    assert sentence(kept) == (
        "Li Na asked to be told when Office 365 Business Premium of Adatum can be upgraded to Office 365 Enterprise E3."
    )


def test_asked_again_it_is_the_same(scene: Scene) -> None:
    assert scene.watch() == scene.watch()
    assert UpgradeWatch.objects.count() == 1
    assert ActivityRecord.objects.filter(operation="watch_upgrade").count() == 1


def test_of_any_offer_is_another(scene: Scene) -> None:
    scene.watch()
    scene.watch(target_id=None)
    scene.watch(target_id=None)
    assert UpgradeWatch.objects.open().count() == 2
    assert "can be upgraded." in sentence(
        ActivityRecord.objects.filter(operation="watch_upgrade").latest("at", "number")
    )


def test_it_can_be_stopped_and_asked_again(scene: Scene) -> None:
    scene.watch()
    names = {"staff": scene.staff, "customer_id": scene.customer.pk, "subscription_id": scene.subscription.pk}
    stop_watching(**names, target_id=offer("E3").pk)
    stop_watching(**names, target_id=offer("E3").pk)
    assert UpgradeWatch.objects.get().ending == WatchEnding.STOPPED
    assert ActivityRecord.objects.filter(operation="stop_watching_upgrade").count() == 1
    scene.watch()
    assert UpgradeWatch.objects.open().count() == 1
    scene.mend()
    assert look_at_customer(scene.customer.pk).told == 1


def test_what_is_possible_already_is_not_waited_for(scene: Scene) -> None:
    scene.mend()
    with pytest.raises(PossibleAlready):
        scene.watch()
    kept = ActivityRecord.objects.get(operation="watch_upgrade")
    assert (kept.outcome, kept.reasons) == (Outcome.REFUSED, ["upgrade_possible"])
    assert not UpgradeWatch.objects.exists()


def test_a_way_that_does_not_exist_is_refused(scene: Scene) -> None:
    for target_id in (offer("ProPlus").pk, uuid.uuid4()):
        with pytest.raises(NoUpgradePath):
            scene.watch(target_id=target_id)


def test_what_the_partner_cannot_see_does_not_exist(scene: Scene) -> None:
    with pytest.raises(Http404):
        scene.watch(staff=StaffFactory())
    with pytest.raises(Http404):
        scene.watch(customer_id=customer_of(scene.partner).pk)
    assert not UpgradeWatch.objects.exists()


def test_roles_decide(scene: Scene) -> None:
    with pytest.raises(PermissionDenied):
        scene.watch(staff=StaffFactory(partner=scene.partner, roles=[Role.HELPDESK_AGENT]))
    assert ActivityRecord.objects.get(operation="watch_upgrade").reasons == ["role"]
    assert scene.watch(staff=StaffFactory(partner=scene.partner, roles=[Role.SALES_AGENT]))


@pytest.mark.parametrize("change", ["sold elsewhere", "relationship ended"])
def test_what_can_never_be_is_refused(change: str, scene: Scene) -> None:
    if change == "sold elsewhere":
        Subscription.objects.update(reseller_of_record=None)
        expected = "reseller_of_record"
    else:
        ResellerRelationship.objects.update(has_ended=True, had_subscriptions=True)
        expected = "relationship_ended"
    with pytest.raises(Refused) as refused:
        scene.watch()
    assert refused.value.codes == (expected,)


# Telling.


def test_who_waits_is_told_once_by_mail_and_record(scene: Scene, settings: Settings) -> None:
    settings.PORTAL_URL = "https://portal.example"
    scene.watch()
    assert look_at_customer(scene.customer.pk).told == 0
    scene.mend()
    assert look_at_customer(scene.customer.pk).told == 1
    assert look_at_customer(scene.customer.pk).told == 0
    [mail] = mails()
    assert mail.to == ["li.na@contoso.example"]
    address = reverse("upgrades:upgrade_form", args=[scene.customer.pk, scene.subscription.pk])
    assert mail.context["link"] == f"https://portal.example{address}?target={offer('E3').pk}"
    watch = UpgradeWatch.objects.get()
    assert (watch.ending, watch.ended_at is not None) == (WatchEnding.TOLD, True)
    kept = ActivityRecord.objects.get(operation="tell_of_upgrade")
    assert kept.partner_id == scene.partner.pk
    assert sentence(kept) == (
        "The portal told Li Na that Office 365 Business Premium of Adatum can be upgraded to Office 365 Enterprise E3."
    )


def test_waits_for_one_subscription_are_told_in_one_mail(scene: Scene) -> None:
    scene.watch()
    scene.watch(target_id=None)
    colleague = StaffFactory(partner=scene.partner, language="es")
    scene.watch(staff=colleague)
    scene.mend()
    look_at_customer(scene.customer.pk)
    assert sorted(mail.to[0] for mail in mails()) == sorted([scene.staff.email, colleague.email])
    assert {mail.to[0]: mail.language for mail in mails()} == {scene.staff.email: "en", colleague.email: "es"}
    assert not UpgradeWatch.objects.open().exists()


def test_another_partners_wait_is_judged_by_its_own_rights(scene: Scene) -> None:
    scene.watch()
    other = StaffFactory()
    ResellerRelationship.objects.create(partner=other.partner, customer=scene.customer)
    DelegatedAdminPrivilegeFactory(partner=other.partner, customer=scene.customer, service=service("exchange"))
    assert look_at_customer(scene.customer.pk).told == 0


LEAVING: dict[str, Callable[[Scene], Any]] = {
    "deactivated": lambda scene: Staff.objects.filter(pk=scene.staff.pk).update(is_active=False),
    "lost the role": lambda scene: scene.staff.give_roles([Role.HELPDESK_AGENT]),
    "works elsewhere": lambda scene: Staff.objects.filter(pk=scene.staff.pk).update(partner=PartnerFactory()),
    "relationship ended": lambda scene: ResellerRelationship.objects.filter(customer=scene.customer).update(
        has_ended=True, had_subscriptions=True
    ),
    "sold by another": lambda scene: Subscription.objects.filter(pk=scene.subscription.pk).update(
        reseller_of_record=PartnerFactory()
    ),
}


@pytest.mark.parametrize("how", LEAVING)
@pytest.mark.parametrize("by", ["task", "sweep"])
def test_who_may_not_upgrade_any_more_is_told_nothing(how: str, by: str, scene: Scene) -> None:
    scene.watch()
    scene.mend()
    LEAVING[how](scene)
    done = look_at_customer(scene.customer.pk) if by == "task" else sweep()
    assert (done.told, done.ended) == (0, 1)
    assert mails() == []
    assert UpgradeWatch.objects.get().ending == WatchEnding.NOT_ALLOWED
    assert "may not upgrade" in sentence(ActivityRecord.objects.get(operation="end_upgrade_watch"))


@pytest.mark.parametrize("how", ["deleted", "upgraded", "no way", "not for sale"])
@pytest.mark.parametrize("by", ["task", "sweep"])
def test_an_upgrade_that_is_no_more_is_not_waited_for(how: str, by: str, scene: Scene) -> None:
    scene.watch()
    own = Subscription.objects.filter(pk=scene.subscription.pk)
    {
        "deleted": lambda: own.update(status=Status.DELETED),
        "upgraded": lambda: own.update(offer=offer("E3")),
        "no way": path("Business Premium", "E3").delete,
        "not for sale": lambda: Offer.objects.filter(pk=offer("E3").pk).update(is_available=False),
    }[how]()
    done = look_at_customer(scene.customer.pk) if by == "task" else sweep()
    assert (done.told, done.ended) == (0, 1)
    assert UpgradeWatch.objects.get().ending == WatchEnding.OVERTAKEN
    assert "does not exist any more" in sentence(ActivityRecord.objects.get(operation="end_upgrade_watch"))


# What leaves a task.


def given(scene: Scene) -> None:
    invitation = InvitationFactory(staff=scene.staff, customer=scene.customer, services=["exchange"])
    link = found_invitation(link_to(invitation))
    assert link is not None
    accept(link=link, services=[service("exchange").pk])


def other_sold(scene: Scene, **fields: Any) -> Subscription:
    """Another subscription of the customer that stands in the way, and nothing else does."""
    scene.mend()
    return sold(scene.partner, scene.customer, "E3", **fields)


def change(scene: Scene, subscription: Subscription, status: Status) -> None:
    change_subscription(
        staff=scene.staff,
        customer_id=scene.customer.pk,
        subscription_id=subscription.pk,
        wanted=Wanted(status=status),
        key="key",
        reason="Not needed any more",
    )


def cancelled(scene: Scene) -> Callable[[], None]:
    other = other_sold(scene)
    return lambda: change(scene, other, Status.DELETED)


def deleted_at_night(scene: Scene) -> Callable[[], Any]:
    other_sold(scene, status=Status.SUSPENDED, suspended_at=timezone.now() - datetime.timedelta(days=60, minutes=1))
    return lambda: end_suspensions(now=timezone.now())


def reactivated(scene: Scene) -> Callable[[], None]:
    scene.mend()
    now = timezone.now()
    Subscription.objects.filter(pk=scene.subscription.pk).update(status=Status.SUSPENDED, suspended_at=now)
    scene.subscription.refresh_from_db()
    return lambda: change(scene, scene.subscription, Status.ACTIVE)


def provisioned(scene: Scene) -> Callable[[], None]:
    scene.mend()
    Subscription.objects.filter(pk=scene.subscription.pk).update(status=Status.PENDING)
    line = OrderLineFactory(order__staff=scene.staff, order__customer=scene.customer, subscription=scene.subscription)
    return lambda: provision_due_lines(order_id=line.order_id)


WAYS: dict[str, Callable[[Scene], Callable[[], Any]]] = {
    "the customer grants": lambda scene: lambda: given(scene),
    "cancelled": cancelled,
    "deleted at night": deleted_at_night,
    "reactivated": reactivated,
    "provisioned": provisioned,
}


@pytest.mark.parametrize("way", WAYS)
def test_whatever_mends_the_last_condition_has_it_told(way: str, scene: Scene) -> None:
    mend = WAYS[way](scene)
    scene.watch()
    assert tasks() == []
    mend()
    assert tasks() == ["look_at_watches"]
    assert mails() == []
    run_tasks()
    assert [mail.to for mail in mails()] == [[scene.staff.email]]


def test_an_upgrade_ends_the_waits_for_others(scene: Scene) -> None:
    business = sold(scene.partner, customer := customer_of(scene.partner), "Business")
    sold(None, customer, "Exchange Online (Plan 2)")
    scene.watch(customer_id=customer.pk, subscription_id=business.pk)
    upgrade_subscription(
        staff=scene.staff, subscription_id=business.pk, target_id=offer("ProPlus").pk, quantity=25, key="key"
    )
    assert tasks() == ["look_at_watches"]
    run_tasks()
    assert UpgradeWatch.objects.get().ending == WatchEnding.OVERTAKEN


def run_tasks() -> None:
    """What the worker would do, in this transaction."""
    for one in DBTaskResult.objects.filter(task_path__startswith="upgrades."):
        one.task.func(*one.args_kwargs["args"])


@pytest.mark.parametrize("operation", ["import_portfolio", "edit_matrix", "change_offer", "change_serviceplan"])
def test_what_concerns_many_has_all_looked_at(operation: str, scene: Scene) -> None:
    scene.watch()
    scene.mend()
    record(actor=SYSTEM, operation=operation)
    assert tasks() == ["look_at_all_watches"]
    run_tasks()
    assert len(mails()) == 1


def test_where_nobody_waits_nothing_is_left_to_do(
    scene: Scene, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for operation in ("give_privilege", "import_portfolio"):
        record(actor=SYSTEM, operation=operation, customer=scene.customer)
    assert tasks() == []
    with CaptureQueriesContext(connection) as plain:
        record(actor=SYSTEM, operation="change_licences", customer=scene.customer)
    with django_assert_num_queries(len(plain) + 1):
        record(actor=SYSTEM, operation="upgrade_subscription", customer=scene.customer)


def test_what_was_refused_or_taken_back_leaves_no_task(scene: Scene) -> None:
    scene.watch()
    record(actor=SYSTEM, operation="give_privilege", customer=scene.customer, outcome=Outcome.REFUSED)
    with transaction.atomic():
        record(actor=SYSTEM, operation="give_privilege", customer=scene.customer)
        transaction.set_rollback(True)
    record(actor=SYSTEM, operation="give_privilege", customer=customer_of(scene.partner))
    assert tasks() == []


# The sweep.


def test_a_sweep_tells_what_left_no_task_once(scene: Scene) -> None:
    scene.watch()
    sweep()
    assert mails() == []
    scene.mend()
    call_command("tend_upgrade_watches", verbosity=0)
    call_command("tend_upgrade_watches", verbosity=0)
    assert len(mails()) == 1


def test_a_sweep_asks_as_often_for_many_as_for_few(scene: Scene, django_assert_num_queries: Any) -> None:
    scene.watch()
    with CaptureQueriesContext(connection) as few:
        sweep()
    for _ in range(4):
        watch = UpgradeWatchFactory(staff=scene.staff)
        DelegatedAdminPrivilege.objects.filter(customer=watch.customer).delete()
    with django_assert_num_queries(len(few)):
        assert sweep().told == 0


def test_a_worker_that_starts_takes_up_what_a_killed_one_left(scene: Scene) -> None:
    assert resume_watches() == 0
    scene.watch()
    assert resume_watches() == 1
    assert tasks() == ["look_at_all_watches"]


# What the database refuses.


def test_one_open_wait_for_a_person_subscription_and_target(scene: Scene) -> None:
    common = {"staff": scene.staff, "subscription": scene.subscription}
    for target in (offer("E3"), None):
        first = UpgradeWatchFactory(**common, target=target)
        with pytest.raises(IntegrityError), transaction.atomic():
            UpgradeWatchFactory(**common, target=target)
        UpgradeWatch.objects.filter(pk=first.pk).update(ended_at=timezone.now(), ending=WatchEnding.TOLD)
        UpgradeWatchFactory(**common, target=target)


@pytest.mark.parametrize(
    "fields", [{"ending": "told"}, {"ended_at": timezone.now()}, {"ending": "x", "ended_at": timezone.now()}]
)
def test_an_end_has_a_moment_and_a_reason(fields: dict[str, Any], scene: Scene) -> None:
    watch = scene.watch()
    with pytest.raises(IntegrityError), transaction.atomic():
        UpgradeWatch.objects.filter(pk=watch.pk).update(**fields)


# The pages.


@pytest.fixture
def signed_in(scene: Scene, client: Client) -> Client:
    client.force_login(scene.staff)
    return client


def details(scene: Scene) -> str:
    return reverse("desk:subscription_details", args=[scene.customer.pk, scene.subscription.pk])


def press(client: Client, scene: Scene, **sent: Any) -> str:
    answer = client.post(reverse("upgrades:watch", args=[scene.customer.pk, scene.subscription.pk]), sent, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_details_page_offers_it_and_takes_it_back(signed_in: Client, scene: Scene) -> None:
    target = str(offer("E3").pk)
    assert "Tell me when it is possible" in signed_in.get(details(scene)).content.decode()
    page = press(signed_in, scene, act="watch", target=target)
    assert "You get a mail as soon as the upgrade is possible." in page
    assert "Do not tell me" in page
    press(signed_in, scene, act="watch", target=target)
    assert UpgradeWatch.objects.open().count() == 1
    assert "You are told nothing more of this upgrade." in press(signed_in, scene, act="stop", target=target)
    assert not UpgradeWatch.objects.open().exists()


def test_several_offers_are_asked_for_in_one_place(signed_in: Client, scene: Scene) -> None:
    several = sold(scene.partner, scene.customer, "Business")
    DelegatedAdminPrivilege.objects.filter(customer=scene.customer).delete()
    address = reverse("desk:subscription_details", args=[scene.customer.pk, several.pk])
    watch = reverse("upgrades:watch", args=[scene.customer.pk, several.pk])
    assert [None, *(one.verdict.path.target for one in signed_in.get(address).context["cards"])] == offered(
        signed_in, address
    )
    page = signed_in.get(address).content.decode()
    assert page.count(f'action="{watch}"') == 1
    signed_in.post(watch, {"act": "watch", "target": ""})
    signed_in.post(watch, {"act": "watch", "target": str(offer("E3").pk)})
    assert None not in offered(signed_in, address)
    assert offer("E3") not in offered(signed_in, address)
    assert signed_in.get(address).content.decode().count("Do not tell me") == 2


def offered(client: Client, address: str) -> list[Any]:
    """What a details page offers to tell of."""
    return list(client.get(address).context["to_watch"])


def test_what_is_missing_is_named_in_one_order(signed_in: Client, scene: Scene) -> None:
    several = sold(scene.partner, scene.customer, "Business Essentials")
    DelegatedAdminPrivilege.objects.filter(customer=scene.customer).delete()
    for verdict in judge([several], partner=scene.partner):
        missing = verdict.facts(DELEGATED)[0].values["services"]
        order = list(Service.objects.filter(name__in=missing).order_by("pk").values_list("name", flat=True))
        assert list(missing) == order


HOSTILE = ["", "x", "watch\x00", "<script>", "9" * 10_000, "\u202ewatch", "'; DROP TABLE upgrades_upgradewatch; --"]


@pytest.mark.parametrize(
    ("member", "value"),
    [(member, value) for member in ("act", "target") for value in HOSTILE if value or member == "act"],
)
def test_hostile_input_changes_nothing(member: str, value: str, signed_in: Client, scene: Scene) -> None:
    page = press(signed_in, scene, **{"act": "watch", "target": str(offer("E3").pk), member: value})
    assert "This was not understood" in page
    assert not UpgradeWatch.objects.exists()


def test_a_refusal_is_said_on_the_page(signed_in: Client, scene: Scene) -> None:
    scene.mend()
    assert "It can be upgraded already" in press(signed_in, scene, act="watch", target=str(offer("E3").pk))


def test_who_may_not_upgrade_is_not_offered_it(scene: Scene, client: Client) -> None:
    client.force_login(StaffFactory(partner=scene.partner, roles=[Role.HELPDESK_AGENT]))
    assert "Tell me when" not in client.get(details(scene)).content.decode()


def test_what_is_possible_or_sold_elsewhere_is_not_offered(signed_in: Client, scene: Scene) -> None:
    scene.mend()
    assert "Tell me when" not in signed_in.get(details(scene)).content.decode()
    DelegatedAdminPrivilege.objects.filter(service=service("exchange")).delete()
    Subscription.objects.update(reseller_of_record=None)
    assert "Tell me when" not in signed_in.get(details(scene)).content.decode()


def request(client: Client, scene: Scene, **changed: Any) -> str:
    """Press the button beside the reason."""
    sent = {
        "key": "key",
        "services": service("exchange").pk,
        "subscription": str(scene.subscription.pk),
        "target": str(offer("E3").pk),
    }
    url = reverse("desk:request_privileges", args=[scene.customer.pk])
    answer = client.post(url, sent | changed, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def test_who_requests_what_is_missing_waits_for_the_upgrade(signed_in: Client, scene: Scene) -> None:
    ContactDetailsFactory(customer=scene.customer, email="wang@adatum.example")
    page = request(signed_in, scene)
    request(signed_in, scene)
    assert "You get a mail as soon as it is possible" in page
    watch = UpgradeWatch.objects.get()
    assert (watch.staff, watch.subscription, watch.target) == (scene.staff, scene.subscription, offer("E3"))
    assert Invitation.objects.count() == 1


def test_a_request_that_was_refused_is_not_waited_for(signed_in: Client, scene: Scene) -> None:
    # Nobody at the customer can be written to.
    request(signed_in, scene)
    assert not Invitation.objects.exists()
    assert not UpgradeWatch.objects.exists()


@pytest.mark.parametrize("member", ["subscription", "target"])
@pytest.mark.parametrize("value", [*HOSTILE, str(uuid.UUID(int=7))])
def test_a_request_for_no_upgrade_is_a_request_all_the_same(
    member: str, value: str, signed_in: Client, scene: Scene
) -> None:
    ContactDetailsFactory(customer=scene.customer, email="wang@adatum.example")
    request(signed_in, scene, **{member: value})
    assert Invitation.objects.count() == 1
    assert not UpgradeWatch.objects.exists()


def test_the_desk_says_it_as_long_as_it_is_so(signed_in: Client, scene: Scene) -> None:
    words = "can be upgraded now to Office 365 Enterprise E3"
    desk = reverse("desk:desk")
    scene.watch()
    assert words not in signed_in.get(desk).content.decode()
    scene.mend()
    assert words not in signed_in.get(desk).content.decode()
    look_at_customer(scene.customer.pk)
    page = signed_in.get(desk).content.decode()
    assert words in page
    assert f"?target={offer('E3').pk}" in page
    # It is only for who waited.
    colleague = Client()
    colleague.force_login(StaffFactory(partner=scene.partner))
    assert words not in colleague.get(desk).content.decode()
    # Broken again; mended; upgraded.
    held = DelegatedAdminPrivilege.objects.filter(customer=scene.customer, service=service("exchange"))
    held.update(revoked_at=timezone.now())
    assert words not in signed_in.get(desk).content.decode()
    held.update(revoked_at=None)
    assert words in signed_in.get(desk).content.decode()
    with time_machine.travel(timezone.now() + datetime.timedelta(days=31), tick=False):
        signed_in.force_login(scene.staff)
        assert words not in signed_in.get(desk).content.decode()
    signed_in.force_login(scene.staff)
    upgrade_subscription(
        staff=scene.staff, subscription_id=scene.subscription.pk, target_id=offer("E3").pk, quantity=25, key="key"
    )
    assert words not in signed_in.get(desk).content.decode()


def test_the_desk_asks_as_often_for_many_as_for_one(scene: Scene, django_assert_num_queries: Any) -> None:
    from desk.mended import mended_upgrades

    staff = Staff.objects.signed_in(scene.staff.pk)
    assert staff is not None
    with django_assert_num_queries(1):
        assert mended_upgrades(staff) == []
    for _ in range(3):
        UpgradeWatchFactory(staff=scene.staff, ending="told", ended_at=timezone.now())
    with django_assert_num_queries(3):
        assert len(mended_upgrades(staff)) == 3
