"""The pages that change a subscription: form, review, submit, and every way in which they refuse."""

import datetime
import uuid
import zoneinfo
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import connection
from django.db.models import F
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from activity.models import ActivityRecord, Outcome
from customers.models import Customer
from partners.models import Partner, Staff
from partners.roles import Role
from subscriptions.models import Status, Subscription
from subscriptions.operations import Wanted, change_subscription
from tests.factories import ActivityRecordFactory, PartnerFactory, StaffFactory, customer_of, offer, sold

pytestmark = pytest.mark.django_db

HOSTILE_NUMBERS = [
    "",
    " ",
    "x",
    "-1",
    "0",
    "1.5",
    "1.000",
    "1e3",
    "301",
    "9" * 30,
    "9" * 10_000,
    "\x00",
    "25\x00",
    "\x1b[31m",
    "\u202e25",
    "<script>alert(1)</script>",
    "'; DROP TABLE subscriptions_subscription; --",
    "NaN",
    "∞",
]
HOSTILE_NAMES = ["x" * 257, "x" * 10_000, "a\x00b", "\x1b[31m", "a\u202eb"]
STATUS_PAGES = {"suspend": Status.ACTIVE, "reactivate": Status.SUSPENDED, "cancel": Status.ACTIVE}


@dataclass
class Portal:
    """A partner's person, signed in, with one customer who has one Office 365 Business with 25 licences."""

    client: Client
    staff: Staff
    partner: Partner
    customer: Customer
    subscription: Subscription

    def url(self, name: str = "licences", subscription: Subscription | None = None, **query: Any) -> str:
        """The address of a page of the scene's subscription, or of another one."""
        of = subscription or self.subscription
        return reverse(f"subscriptions:{name}", args=[of.customer_id, of.pk], query=query)

    @property
    def details(self) -> str:
        """The address of the details page."""
        return reverse("desk:subscription_details", args=[self.customer.pk, self.subscription.pk])

    @property
    def many(self) -> str:
        """The address of the page for all of the customer's licences."""
        return reverse("subscriptions:many_licences", args=[self.customer.pk])

    def send(self, name: str = "licences", **values: Any) -> Any:
        """Send the form of a page, with a key and the first version unless said otherwise."""
        return self.client.post(self.url(name), {"key": "a-key", "version": 1} | values)

    def somebody_renames_it(self) -> None:
        """A colleague changes the subscription meanwhile."""
        colleague = StaffFactory(partner=self.partner, name="Wang Fang")
        change_subscription(
            staff=colleague, subscription_id=self.subscription.pk, wanted=Wanted(nickname="Depot"), key="other"
        )


@pytest.fixture
def portal(client: Client) -> Portal:
    staff = StaffFactory(roles=[Role.SALES_AGENT])
    customer = customer_of(staff.partner, company_name="Adatum")
    client.force_login(staff)
    return Portal(client, staff, staff.partner, customer, sold(staff.partner, customer))


def now(subscription: Subscription) -> Subscription:
    """The subscription as it stands."""
    return Subscription.objects.get(pk=subscription.pk)


# Licences.


def test_the_form_opens_with_todays_number_and_the_limits(portal: Portal) -> None:
    page = portal.client.get(portal.url()).content.decode()
    assert 'value="25"' in page
    assert "1 – 300 licences" in page


@pytest.mark.parametrize(
    ("quantity", "words"), [(30, "5 licences are added"), (26, "1 licence is added"), (20, "loses 5 licences")]
)
def test_the_review_says_the_difference_in_words(portal: Portal, quantity: int, words: str) -> None:
    page = portal.client.get(portal.url("licences_review", quantity=quantity, version=1, key="k"))
    assert words in page.content.decode()
    assert now(portal.subscription).quantity == 25


def test_submitted_it_has_the_new_number_and_says_so(portal: Portal) -> None:
    answer = portal.client.post(portal.url(), {"quantity": 30, "key": "k", "version": 1}, follow=True)
    assert answer.redirect_chain == [(portal.details, 302)]
    assert "It has 30 licences now." in answer.content.decode()
    assert now(portal.subscription).quantity == 30


def test_pressed_twice_it_is_done_once(portal: Portal) -> None:
    answers = [portal.send(quantity=30) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [302] * 3
    assert now(portal.subscription).version == 2
    assert ActivityRecord.objects.count() == 1


@pytest.mark.parametrize("of", ["one", "several"])
def test_sent_again_after_the_offer_got_other_limits_it_gets_the_first_answer(portal: Portal, of: str) -> None:
    url, name = (portal.url(), "quantity") if of == "one" else (portal.many, f"quantity-{portal.subscription.pk}")
    sent = {name: 30, "key": "k", "submit": 1}
    assert portal.client.post(url, sent).status_code == 302
    business = portal.subscription.offer
    business.minimum_quantity = 31
    business.save()
    assert portal.client.post(url, sent).status_code == 302
    assert now(portal.subscription).quantity == 30
    assert not ActivityRecord.objects.filter(outcome=Outcome.REFUSED).exists()
    # The same number asked for anew is held against the limits of now.
    answer = portal.client.post(url, sent | {"key": "another", name: 29})
    assert answer.status_code == 400
    assert "29 is not accepted" in answer.content.decode()


@pytest.mark.parametrize("sent", HOSTILE_NUMBERS)
@pytest.mark.parametrize("way", ["review", "submit"])
def test_a_number_that_is_none_is_refused_beside_its_field(portal: Portal, sent: str, way: str) -> None:
    if way == "review":
        answer = portal.client.get(portal.url("licences_review"), {"quantity": sent})
    else:
        answer = portal.send(quantity=sent)
    assert answer.status_code == (200 if way == "review" else 400)
    assert 'id="id_quantity_error"' in answer.content.decode()
    assert now(portal.subscription).quantity == 25


def test_as_many_as_today_is_nothing_to_review(portal: Portal) -> None:
    page = portal.client.get(portal.url("licences_review", quantity=25))
    assert "that many licences already" in page.content.decode()


def test_a_stale_form_says_what_changed_and_by_whom_and_keeps_what_was_typed(portal: Portal) -> None:
    portal.somebody_renames_it()
    answer = portal.send(quantity=40)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "was changed after you opened the page" in page
    assert "Wang Fang gave Office 365 Business of Adatum the nickname “Depot”." in page
    assert 'value="40"' in page
    assert now(portal.subscription).quantity == 25
    form = answer.context["form"]
    assert form["version"].value() == "2"
    again = portal.send(quantity=40, key=form["key"].value(), version=2)
    assert again.status_code == 302
    assert now(portal.subscription).quantity == 40


@dataclass
class Import:
    """An import that changed what it names, as the command leaves it: one record, and another version."""

    at: datetime.datetime

    def of(self, *changed: Subscription) -> None:
        """Change these."""
        for one in changed:
            Subscription.objects.filter(pk=one.pk).update(version=F("version") + 1, quantity=20)
        after = {"source": "fabrikam-secret.json", "subscriptions": {"added": 0, "updated": len(changed)}}
        ActivityRecordFactory(operation="import_portfolio", actor_kind="system", actor_name="", at=self.at, after=after)


@pytest.mark.parametrize("name", ["licences", "suspend", "edit"])
def test_a_form_that_an_import_overtook_says_so(portal: Portal, name: str) -> None:
    Import(at=timezone.now()).of(portal.subscription)
    answer = portal.send(name, quantity=40, reason="Not paid", nickname="Depot")
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "The portal imported a portfolio." in page
    assert "fabrikam" not in page


def test_of_several_an_import_overtook_it_says_so(portal: Portal) -> None:
    Import(at=timezone.now()).of(portal.subscription)
    pk = portal.subscription.pk
    answer = portal.client.post(portal.many, {f"quantity-{pk}": 40, f"version-{pk}": 1, "submit": 1})
    assert answer.status_code == 409
    assert "The portal imported a portfolio." in answer.content.decode()


def test_an_import_is_told_only_where_it_accounts_for_a_version(portal: Portal) -> None:
    hour = datetime.timedelta(hours=1)
    Import(at=portal.subscription.created_at - hour).of(portal.subscription)
    Import(at=portal.subscription.created_at + hour).of()
    portal.somebody_renames_it()
    page = portal.send(quantity=40, version=2).content.decode()
    assert "Wang Fang gave" in page
    assert "imported" not in page


def test_of_an_import_and_other_changes_all_are_told_newest_first(portal: Portal) -> None:
    portal.somebody_renames_it()
    Import(at=timezone.now()).of(portal.subscription)
    changes = portal.send(quantity=40).context["changes"]
    assert [record.operation for record, _words in changes] == ["import_portfolio", "rename_subscription"]


@pytest.mark.parametrize("status", [Status.SUSPENDED, Status.PENDING, Status.DELETED])
def test_while_it_is_not_active_there_is_no_form(portal: Portal, status: Status) -> None:
    other = sold(portal.partner, portal.customer, status=status)
    page = portal.client.get(portal.url(subscription=other)).content.decode()
    assert "Licences can be changed while a subscription is active" in page
    refused = portal.client.post(portal.url(subscription=other), {"quantity": 30, "version": 1})
    assert refused.status_code == 409
    assert now(other).quantity == 25


def test_while_it_is_not_active_there_is_nothing_to_review(portal: Portal) -> None:
    suspended(portal)
    page = portal.client.get(portal.url("licences_review", quantity=30, version=1, key="k"))
    assert page.templates[0].name == "subscriptions/licences.html"


def test_an_incomplete_form_does_not_end_the_renewal(portal: Portal) -> None:
    for sent in ({}, {"key": "k", "version": 1}, {"auto_renew": "on"}):
        answer = portal.client.post(portal.url("edit"), sent)
        assert answer.status_code == 400
        assert "arrived incomplete" in answer.content.decode()
    assert now(portal.subscription).auto_renew
    assert portal.send("edit", nickname="", auto_renew="on").status_code == 302


# Several at once.


def test_all_active_ones_stand_on_one_page(portal: Portal) -> None:
    shown = sold(portal.partner, portal.customer, "E3", nickname="Depot")
    hidden = sold(portal.partner, portal.customer, status=Status.SUSPENDED)
    elsewhere = sold(PartnerFactory(), portal.customer)
    page = portal.client.get(portal.many).content.decode()
    for one, is_there in ((portal.subscription, True), (shown, True), (hidden, False), (elsewhere, False)):
        assert (f"quantity-{one.pk}" in page) is is_there


def test_reviewed_and_submitted_they_change_together(portal: Portal) -> None:
    other = sold(portal.partner, portal.customer, "E3", quantity=5)
    kept = sold(portal.partner, portal.customer, "E1", quantity=7)
    numbers = {f"quantity-{portal.subscription.pk}": 30, f"quantity-{other.pk}": 4, f"quantity-{kept.pk}": 7}
    versions = {f"version-{one.pk}": 1 for one in (portal.subscription, other, kept)}
    review = portal.client.post(portal.many, numbers | versions | {"key": "k"})
    page = review.content.decode()
    assert str(kept.pk) not in page
    assert now(other).quantity == 5
    sent = {
        f"{name}-{line['subscription'].pk}": line[name]
        for line in review.context["lines"]
        for name in ("quantity", "version")
    }
    for _ in range(2):
        assert portal.client.post(portal.many, sent | {"key": "k", "submit": 1}).status_code == 302
    assert [now(one).quantity for one in (portal.subscription, other, kept)] == [30, 4, 7]
    assert ActivityRecord.objects.count() == 2


def test_what_was_suspended_meanwhile_is_not_left_out_without_a_word(portal: Portal) -> None:
    other = sold(portal.partner, portal.customer, "E3", quantity=5)
    sent = {f"quantity-{one.pk}": 9 for one in (portal.subscription, other)}
    Subscription.objects.filter(pk=other.pk).update(status=Status.SUSPENDED, suspended_at=timezone.now())
    answer = portal.client.post(portal.many, sent | {"key": "k", "submit": 1})
    assert answer.status_code == 409
    assert "Office 365 Enterprise E3" in answer.content.decode()
    assert now(portal.subscription).quantity == 25


def test_what_was_suspended_meanwhile_is_told_beside_its_number_before_the_review(portal: Portal) -> None:
    other = sold(portal.partner, portal.customer, "E3", quantity=5)
    sent = {f"quantity-{one.pk}": 9 for one in (portal.subscription, other)}
    Subscription.objects.filter(pk=other.pk).update(status=Status.SUSPENDED, suspended_at=timezone.now())
    answer = portal.client.post(portal.many, sent)
    assert answer.status_code == 400
    assert list(answer.context["form"].errors) == [f"quantity-{other.pk}"]
    # Left as it is, it is in nobody's way.
    assert portal.client.post(portal.many, sent | {f"quantity-{other.pk}": 5}).status_code == 200


@pytest.mark.parametrize("submit", [{}, {"submit": 1}])
def test_what_another_partner_took_over_meanwhile_is_not_left_out_without_a_word(
    portal: Portal, submit: dict[str, int]
) -> None:
    other = sold(portal.partner, portal.customer, "E3", quantity=5)
    sent = {f"quantity-{one.pk}": 9 for one in (portal.subscription, other)}
    Subscription.objects.filter(pk=other.pk).update(reseller_of_record=PartnerFactory())
    answer = portal.client.post(portal.many, sent | submit)
    assert answer.status_code == 409
    assert "not among those that you sold" in answer.content.decode()
    assert now(portal.subscription).quantity == 25


def test_sent_again_after_one_was_suspended_it_is_still_the_same(portal: Portal) -> None:
    other = sold(portal.partner, portal.customer, "E3", quantity=5)
    sent = {f"quantity-{one.pk}": 9 for one in (portal.subscription, other)} | {"key": "k", "submit": 1}
    assert portal.client.post(portal.many, sent).status_code == 302
    change_subscription(
        staff=portal.staff, subscription_id=portal.subscription.pk, wanted=Wanted(status=Status.SUSPENDED), key="later"
    )
    assert portal.client.post(portal.many, sent).status_code == 302
    assert not ActivityRecord.objects.filter(outcome=Outcome.REFUSED).exists()


def test_back_from_the_review_the_form_has_what_was_typed(portal: Portal) -> None:
    other = sold(portal.partner, portal.customer, "E3", quantity=5)
    numbers = {f"quantity-{portal.subscription.pk}": "30", f"version-{portal.subscription.pk}": "1"}
    assert 'name="back"' in portal.client.post(portal.many, numbers | {"key": "k"}).content.decode()
    form = portal.client.post(portal.many, numbers | {"key": "k", "back": 1}).context["form"]
    assert [form.line_of(one.pk).value() for one in (portal.subscription, other)] == [30, 5]
    assert form["key"].value() != "k"
    assert now(portal.subscription).quantity == 25


@pytest.mark.parametrize("sent", HOSTILE_NUMBERS)
def test_back_with_a_number_that_is_none_has_todays(portal: Portal, sent: str) -> None:
    answer = portal.client.post(portal.many, {f"quantity-{portal.subscription.pk}": sent, "back": 1})
    assert answer.status_code == 200
    assert answer.context["form"].line_of(portal.subscription.pk).value() == 25


def test_refused_together_those_that_nobody_changed_keep_todays_number(portal: Portal) -> None:
    other = sold(portal.partner, portal.customer, "E3", quantity=5)
    portal.somebody_renames_it()
    sent = {f"quantity-{portal.subscription.pk}": 30, f"version-{portal.subscription.pk}": 1, "submit": 1}
    answer = portal.client.post(portal.many, sent)
    assert answer.status_code == 409
    form = answer.context["form"]
    assert [form.line_of(one.pk).value() for one in (portal.subscription, other)] == ["30", "5"]


@pytest.mark.parametrize("sent", [one for one in HOSTILE_NUMBERS if one.strip()])
@pytest.mark.parametrize("submit", [{}, {"submit": 1}])
def test_one_number_that_is_none_holds_all_back(portal: Portal, sent: str, submit: dict[str, int]) -> None:
    other = sold(portal.partner, portal.customer, "E3", quantity=5)
    numbers = {f"quantity-{portal.subscription.pk}": sent, f"quantity-{other.pk}": 6}
    answer = portal.client.post(portal.many, numbers | submit)
    assert answer.status_code == 400
    assert f'id="id_quantity-{portal.subscription.pk}_error"' in answer.content.decode()
    assert now(other).quantity == 5


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({}, 400),
        ({"quantity-x": " "}, 400),
        ({"quantity-x": "5"}, 409),
        ({"quantity-" + "x" * 500: "5"}, 409),
        ({"quantity-" + "x" * 10_000: "5"}, 400),
        ({f"quantity-{uuid.UUID(int=0)}": "5"}, 409),
    ],
)
def test_nothing_to_change_is_said(portal: Portal, sent: dict[str, str], status: int) -> None:
    assert portal.client.post(portal.many, sent).status_code == status
    assert portal.client.post(portal.many, sent | {"submit": 1}).status_code == status


def test_another_customers_subscription_is_not_changed_from_here(portal: Portal) -> None:
    other = sold(portal.partner, customer_of(portal.partner))
    answer = portal.client.post(portal.many, {f"quantity-{other.pk}": 9, "submit": 1})
    assert answer.status_code == 409
    assert now(other).quantity == 25


# Status.


def suspended(portal: Portal) -> None:
    Subscription.objects.update(status=Status.SUSPENDED, suspended_at=timezone.now())


@pytest.mark.parametrize(
    ("name", "sent", "after"),
    [
        ("suspend", {"reason": "Unpaid"}, Status.SUSPENDED),
        ("reactivate", {}, Status.ACTIVE),
        ("cancel", {"reason": "Gone", "is_final": "on"}, Status.DELETED),
    ],
)
def test_asked_and_answered_it_is_done_once(portal: Portal, name: str, sent: dict[str, str], after: Status) -> None:
    if name == "reactivate":
        suspended(portal)
    assert portal.client.get(portal.url(name)).status_code == 200
    assert [portal.send(name, **sent).status_code for _ in range(2)] == [302] * 2
    assert now(portal.subscription).status == after
    kept = ActivityRecord.objects.get()
    assert kept.after is not None
    assert kept.after.get("reason", "") == sent.get("reason", "")


def test_the_question_names_the_day_of_deletion_and_the_add_ons(portal: Portal) -> None:
    sold(portal.partner, portal.customer, "Exchange Online (Plan 1)", parent=portal.subscription)
    page = portal.client.get(portal.url("suspend"))
    # In the person's own time zone it may be the next day already.
    day = timezone.localtime(page.context["deletion"], zoneinfo.ZoneInfo(portal.staff.time_zone)).date()
    assert day.isoformat() in page.content.decode()
    assert "Its add-on Exchange Online (Plan 1) is suspended with it" in page.content.decode()


@pytest.mark.parametrize("name", ["suspend", "cancel"])
def test_without_a_reason_it_is_not_done(portal: Portal, name: str) -> None:
    answer = portal.send(name, reason=" ", is_final="on")
    assert answer.status_code == 400
    assert "Say why, in a few words." in answer.content.decode()
    assert now(portal.subscription).status == Status.ACTIVE


def test_a_cancellation_has_to_be_meant(portal: Portal) -> None:
    answer = portal.send("cancel", reason="Gone")
    assert answer.status_code == 400
    assert "Tick this to cancel the subscription." in answer.content.decode()
    assert now(portal.subscription).status == Status.ACTIVE


@pytest.mark.parametrize("reason", ["x" * 501, "a\x00b", "\x1b[31m", "a\u202eb"])
def test_a_reason_that_cannot_be_kept_is_refused(portal: Portal, reason: str) -> None:
    assert portal.send("suspend", reason=reason).status_code == 400
    assert now(portal.subscription).status == Status.ACTIVE


def test_a_reason_may_have_lines(portal: Portal) -> None:
    assert portal.send("suspend", reason="Unpaid.\r\nCalled twice.").status_code == 302
    kept = ActivityRecord.objects.get().after
    assert kept is not None
    assert kept["reason"] == "Unpaid.\nCalled twice."


def test_an_end_of_a_line_counts_as_one_character_as_in_the_browser(portal: Portal) -> None:
    assert portal.send("suspend", reason="x\r\n" * 249 + "xx").status_code == 302


def test_the_time_line_shows_the_lines_of_a_reason(portal: Portal) -> None:
    portal.send("suspend", reason="Unpaid.\r\n<b>Called</b> twice.")
    page = portal.client.get(portal.details).content.decode()
    assert '<span class="quiet as-typed"><bdi>“Unpaid.\n&lt;b&gt;Called&lt;/b&gt; twice.”</bdi></span>' in page


@pytest.mark.parametrize(
    ("fields", "is_said", "is_not"),
    [
        ({"status": Status.ACTIVE}, ["lose access at once", "suspend it instead"], ["reactivate it instead"]),
        ({"status": Status.SUSPENDED}, ["no access already", "reactivate it instead"], ["lose access at once"]),
        ({"status": Status.PENDING}, ["Nobody uses it yet"], ["lose access at once", "instead"]),
        (
            {"status": Status.SUSPENDED, "suspended_at": timezone.now() - datetime.timedelta(days=61)},
            ["no access already"],
            ["instead"],
        ),
    ],
)
def test_a_cancellation_says_what_it_does_to_one_in_that_state(
    portal: Portal, fields: dict[str, Any], is_said: list[str], is_not: list[str]
) -> None:
    page = portal.client.get(portal.url("cancel", sold(portal.partner, portal.customer, **fields))).content.decode()
    assert all(words in page for words in is_said)
    assert not any(words in page for words in is_not)


def test_a_suspended_add_on_says_on_its_parents_page_when_it_is_deleted(portal: Portal) -> None:
    sold(portal.partner, portal.customer, "Exchange Online (Plan 1)", parent=portal.subscription, status="suspended")
    assert "deleted in" in portal.client.get(portal.details).content.decode()


@pytest.mark.parametrize("name", STATUS_PAGES)
@pytest.mark.parametrize("status", Status)
def test_what_cannot_be_is_said_before_it_is_asked(portal: Portal, name: str, status: Status) -> None:
    other = sold(portal.partner, portal.customer, status=status)
    possible = {"suspend": {"active"}, "reactivate": {"suspended"}, "cancel": {"pending", "active", "suspended"}}
    page = portal.client.get(portal.url(name, other))
    assert ("<textarea" in page.content.decode()) is (status in possible[name])
    answer = portal.client.post(portal.url(name, other), {"reason": "x", "is_final": "on", "version": 1})
    # What already is so stays so, without a word of refusal.
    is_so = status == {"suspend": "suspended", "reactivate": "active", "cancel": "deleted"}[name]
    assert answer.status_code == (302 if is_so or status in possible[name] else 409)


@pytest.mark.parametrize("name", STATUS_PAGES)
def test_a_stale_question_is_asked_again(portal: Portal, name: str) -> None:
    if name == "reactivate":
        suspended(portal)
    portal.somebody_renames_it()
    before = now(portal.subscription).status
    answer = portal.send(name, reason="Because & why", is_final="on")
    assert answer.status_code == 409
    assert "Wang Fang" in answer.content.decode()
    assert "Because &amp; why" in answer.content.decode()
    assert now(portal.subscription).status == before


# Nickname and renewal.


def test_nickname_and_renewal_are_saved_once(portal: Portal) -> None:
    for _ in range(2):
        assert portal.send("edit", nickname="  仓库 ").status_code == 302
    subscription = now(portal.subscription)
    assert (subscription.nickname, subscription.auto_renew, subscription.version) == ("仓库", False, 2)


def test_the_record_says_what_really_changed(portal: Portal) -> None:
    portal.send("edit", nickname="Depot", auto_renew="on")
    assert ActivityRecord.objects.get().operation == "rename_subscription"


@pytest.mark.parametrize("nickname", HOSTILE_NAMES)
def test_a_nickname_that_is_none_is_refused_beside_its_field(portal: Portal, nickname: str) -> None:
    answer = portal.send("edit", nickname=nickname)
    assert answer.status_code == 400
    assert 'id="id_nickname_error"' in answer.content.decode()
    assert now(portal.subscription).version == 1


# For whom.

PAGES: list[str] = ["licences", "licences_review", "suspend", "reactivate", "cancel", "edit"]


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize(
    "other",
    [
        lambda portal: sold(PartnerFactory(), portal.customer),
        lambda portal: sold(None, portal.customer),
        lambda portal: sold(PartnerFactory(), customer_of(PartnerFactory())),
    ],
    ids=["another reseller's", "bought directly", "another partner's customer's"],
)
def test_what_was_not_sold_here_has_no_such_page(
    portal: Portal, name: str, other: Callable[[Portal], Subscription]
) -> None:
    url = portal.url(name, other(portal))
    assert portal.client.get(url).status_code == 404
    if name != "licences_review":
        assert portal.client.post(url, {"quantity": 5, "reason": "x"}).status_code == 404


@pytest.mark.parametrize("name", PAGES)
def test_under_another_customers_address_it_is_not_found(portal: Portal, name: str) -> None:
    elsewhere = customer_of(portal.partner)
    url = reverse(f"subscriptions:{name}", args=[elsewhere.pk, portal.subscription.pk])
    assert portal.client.get(url).status_code == 404


@pytest.mark.parametrize("key", ["x" * 101, "\x00", "\u202e"])
def test_a_key_that_is_none_changes_nothing(portal: Portal, key: str) -> None:
    assert portal.send(quantity=30, key=key).status_code == 400
    assert now(portal.subscription).quantity == 25


@pytest.mark.parametrize("version", ["x", "-1", "9" * 30, "1.5"])
def test_a_version_that_is_none_changes_nothing(portal: Portal, version: str) -> None:
    assert portal.send(quantity=30, version=version).status_code == 400
    assert now(portal.subscription).quantity == 25


# The details page around them.


def test_what_blocks_an_upgrade_says_so_and_where(portal: Portal) -> None:
    in_the_way = sold(portal.partner, portal.customer, "E3")
    url = reverse("desk:subscription_details", args=[portal.customer.pk, in_the_way.pk])
    page = portal.client.get(url).content.decode()
    assert f'This blocks the upgrade of <a href="{portal.details}">Office 365 Business</a> to ' in page
    Subscription.objects.filter(pk=in_the_way.pk).update(status=Status.DELETED)
    assert "This blocks the upgrade" not in portal.client.get(url).content.decode()


def test_a_reason_leads_to_the_page_that_mends_it(portal: Portal) -> None:
    in_the_way = sold(portal.partner, portal.customer, "E3")
    page = portal.client.get(portal.details).content.decode()
    assert f'href="{portal.url("cancel", in_the_way)}">Cancel it</a>' in page


def test_who_may_only_look_gets_no_buttons(portal: Portal) -> None:
    helpdesk = StaffFactory(partner=portal.partner, roles=[Role.HELPDESK_AGENT])
    sold(portal.partner, portal.customer, "E3")
    portal.client.force_login(helpdesk)
    page = portal.client.get(portal.details).content.decode()
    for name in ("licences", "edit", "suspend", "cancel"):
        assert portal.url(name) not in page
    assert "/cancel/" not in page


# The time line.


def history(portal: Portal) -> str:
    return reverse("desk:subscription_history", args=[portal.customer.pk, portal.subscription.pk])


def test_the_time_line_tells_everything_newest_first(portal: Portal) -> None:
    portal.send(quantity=30, key="1")
    portal.send("suspend", reason="Unpaid", key="2", version=2)
    page = portal.client.get(history(portal)).content.decode()
    told = ["Is deleted with its data", "suspended Office 365 Business", "“Unpaid”", "from 25 to 30", "Created"]
    places = [page.index(words) for words in told]
    assert places == sorted(places)


@pytest.mark.parametrize(("days", "is_ahead"), [(-3, False), (3, True)])
def test_the_end_of_a_term_is_ahead_until_it_is_over(portal: Portal, days: int, *, is_ahead: bool) -> None:
    end = timezone.localdate() + datetime.timedelta(days=days)
    Subscription.objects.update(commitment_end=end)
    page = portal.client.get(history(portal)).content.decode()
    assert ("Renews for another year" in page) is is_ahead


def test_what_was_refused_is_told_to_who_sees_the_activity_log(portal: Portal) -> None:
    portal.send(quantity=301)
    assert ActivityRecord.objects.get().outcome == Outcome.REFUSED
    assert "was refused" not in portal.client.get(history(portal)).content.decode()
    portal.client.force_login(StaffFactory(partner=portal.partner, roles=[Role.ADMIN_AGENT]))
    assert "was refused" in portal.client.get(history(portal)).content.decode()


def test_the_time_line_pages_on(portal: Portal) -> None:
    for number in range(55):
        portal.send(quantity=26 + number, key=str(number), version=number + 1)
    first = portal.client.get(history(portal))
    assert "Created" not in first.content.decode()
    second = portal.client.get(first.context["next_url"])
    assert "Created" in second.content.decode()
    assert len(second.context["events"]) == 6


def test_other_subscriptions_are_not_in_it(portal: Portal) -> None:
    other = sold(portal.partner, portal.customer, "E3")
    portal.client.post(portal.url("edit", other), {"nickname": "Elsewhere", "key": "k"})
    assert "Elsewhere" not in portal.client.get(history(portal)).content.decode()


@pytest.mark.parametrize("page", ["details", "many", "history"])
def test_queries_do_not_grow(portal: Portal, page: str) -> None:
    def count() -> int:
        url = history(portal) if page == "history" else getattr(portal, page)
        with CaptureQueriesContext(connection) as queries:
            assert portal.client.get(url).status_code == 200
        return len(queries)

    portal.send(quantity=30, key="1")
    few = count()
    for number in range(8):
        sold(portal.partner, portal.customer, "E3", nickname=str(number))
        portal.send(quantity=31 + number, key=f"more {number}", version=2 + number)
    # The first conflict brings the queries that explain it; a second brings none.
    assert count() <= few + 8
    many = count()
    for number in range(8):
        sold(portal.partner, portal.customer, "E3", nickname=f"x{number}")
        portal.send(quantity=51 + number, key=f"even more {number}", version=10 + number)
    assert count() == many


def test_the_offer_named_in_a_limit_is_the_subscriptions_own(portal: Portal) -> None:
    answer = portal.send(quantity=301)
    assert f"{offer('Business').name} takes 1 to 300 licences; 301 is not accepted." in answer.content.decode()
