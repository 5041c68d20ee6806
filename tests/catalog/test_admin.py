"""The catalogue in Django admin: who it touches is said first, what is in use stays, every change is recorded."""

import re
from typing import Any

import pytest
from django.core.signing import Signer
from django.test import Client
from django.urls import reverse

from activity.models import ActivityRecord, Outcome
from catalog.models import Category, Offer, OfferServicePlan, Service, ServicePlan
from partners.models import Staff
from subscriptions.models import Status
from tests.factories import (
    PartnerFactory,
    PlatformAdministratorFactory,
    UpgradeFactory,
    customer_of,
    offer,
    path,
    service,
    sold,
)
from upgrades.models import PathService

pytestmark = pytest.mark.django_db

HOSTILE = [
    "",
    " ",
    "x" * 10_000,
    "\x00",
    "a\x00b",
    "<script>alert(1)</script>",
    "'; DROP TABLE catalog_offer; --",
    "\u202ex",
]


class Page:
    """A form of Django admin, filled in as it is drawn and then changed."""

    def __init__(self, client: Client, url: str) -> None:
        self.client, self.url = client, url
        form = client.get(url).context["adminform"].form
        self.fields: dict[str, Any] = {}
        for bound in form:
            value = bound.value()
            if value is not None and value is not False:
                self.fields[bound.html_name] = "on" if value is True else value

    def send(self, **changes: Any) -> Any:
        sent = {name: value for name, value in (self.fields | changes).items() if value is not None}
        return self.client.post(self.url, sent)

    def confirm(self, **changes: Any) -> Any:
        """Send it, and once more with what the page that asks sends."""
        asked = self.send(**changes)
        assert "consequences" in asked.context, asked.content.decode()
        sent: dict[str, list[str]] = {}
        for name, value in asked.context["kept"]:
            sent.setdefault(name, []).append(value)
        return self.client.post(self.url, sent | {"_confirmed": "1"})


@pytest.fixture
def administrator(client: Client) -> Staff:
    person: Staff = PlatformAdministratorFactory(name="Pat")
    client.force_login(person)
    return person


@pytest.fixture
def business(client: Client, administrator: Staff) -> Page:
    return Page(client, change_url(offer("Business")))


def change_url(instance: Any) -> str:
    return reverse(f"admin:catalog_{instance._meta.model_name}_change", args=[instance.pk])


def errors(answer: Any) -> str:
    """All that the form complains of."""
    return " ".join(str(words) for words in answer.context["errors"])


# Offers -------------------------------------------------------------------------------------------------------


def test_an_offer_is_added_with_its_plans_and_recorded(client: Client, administrator: Staff) -> None:
    plans = ServicePlan.objects.filter(code__in=["MCOSTANDARD", "MCOIMP"])
    page = Page(client, reverse("admin:catalog_offer_add"))
    answer = page.send(
        name="Office 365 Phones",
        category=Category.ENTERPRISE,
        sku_part_number="PHONES",
        plans=[plan.pk for plan in plans],
    )
    assert answer.status_code == 302, errors(answer)
    added = Offer.objects.get(name="Office 365 Phones")
    assert set(added.service_plans.all()) == set(plans)
    record = ActivityRecord.objects.get()
    assert (record.operation, record.resource_id, record.actor_name) == ("add_offer", str(added.pk), "Pat")
    assert record.after is not None
    assert record.after["name"] == "Office 365 Phones"
    assert sorted(record.after["service_plans"]) == sorted(plan.name for plan in plans)


def test_a_change_is_recorded_with_before_and_after_of_what_changed(business: Page) -> None:
    assert business.send(name="Office 365 Business 2026").status_code == 302
    record = ActivityRecord.objects.get()
    assert record.operation == "change_offer"
    assert record.before == {"name": "Office 365 Business"}
    assert record.after == {"name": "Office 365 Business 2026"}


def test_saving_without_a_change_records_nothing(business: Page) -> None:
    assert business.send().status_code == 302
    assert not ActivityRecord.objects.exists()


def test_withdrawing_says_whom_it_touches_before_anything_changes(client: Client, administrator: Staff) -> None:
    ours, theirs = PartnerFactory(), PartnerFactory()
    first, second = customer_of(ours), customer_of(theirs)
    sold(ours, first, "Business Premium")
    sold(theirs, second, "Business Premium")
    sold(theirs, second, "Business Premium", status=Status.DELETED)
    sold(ours, first, "Business Essentials")
    sold(None, first, "Business")
    page = Page(client, change_url(offer("Business Premium")))

    asked = page.send(is_available=None)

    own, losing = asked.context["consequences"]
    assert (own.subscriptions, own.customers, own.partners) == (2, 2, 2)
    assert (losing.subscriptions, losing.customers, losing.partners) == (2, 1, 1)
    assert offer("Business Premium").is_available
    assert not ActivityRecord.objects.exists()
    assert page.confirm(is_available=None).status_code == 302
    assert not offer("Business Premium").is_available
    assert ActivityRecord.objects.get().after == {"is_available": False}


def test_from_the_question_one_goes_back_to_the_form_as_it_was(business: Page) -> None:
    answer = business.send(is_available=None, name="Another name", _back="1")
    assert answer.status_code == 200
    assert "Nothing is saved yet" in answer.content.decode()
    assert answer.context["adminform"].form["name"].value() == "Another name"
    assert offer("Business").is_available


def test_other_plans_ask_first_and_say_which_rules_change(business: Page) -> None:
    partner = PartnerFactory()
    sold(partner, customer_of(partner), "Business")
    exchange = ServicePlan.objects.get(code="EXCHANGE_S_STANDARD")
    plans = [*business.fields["plans"], exchange.pk]

    asked = business.send(plans=plans)

    words = [consequence.words for consequence in asked.context["consequences"]]
    assert any("Office 365 Business → Office 365 ProPlus" in text and "Exchange Online" in text for text in words)
    assert all(consequence.subscriptions == 1 for consequence in asked.context["consequences"])
    assert exchange not in offer("Business").service_plans.all()
    assert business.confirm(plans=plans).status_code == 302
    assert exchange in offer("Business").service_plans.all()
    assert PathService.objects.filter(path=path("Business", "ProPlus"), service=service("exchange")).exists()


def test_fewer_licences_than_live_subscriptions_have_are_refused_with_the_number(business: Page) -> None:
    sold(None, customer_of(PartnerFactory()), "Business", quantity=250)
    sold(None, customer_of(PartnerFactory()), "Business", quantity=200)
    sold(None, customer_of(PartnerFactory()), "Business", quantity=300, status=Status.DELETED)
    answer = business.send(maximum_quantity=100)
    assert "2 live subscriptions of this offer have more licences; the most that one has is 250." in errors(answer)
    assert offer("Business").maximum_quantity == 300
    assert business.send(maximum_quantity=250).status_code == 302


def test_more_licences_at_the_least_says_who_has_fewer(business: Page) -> None:
    sold(None, customer_of(PartnerFactory()), "Business", quantity=5)
    (consequence,) = business.send(minimum_quantity=10).context["consequences"]
    assert consequence.subscriptions == 1
    assert business.confirm(minimum_quantity=10).status_code == 302


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(
            ("name", value)
            for value in HOSTILE
            if value not in {"<script>alert(1)</script>", "'; DROP TABLE catalog_offer; --"}
        ),
        ("category", "x"),
        ("sku_id", "x"),
        ("sku_part_number", "\x00"),
        *(
            (field, value)
            for field in ("minimum_quantity", "maximum_quantity")
            for value in ("", "x", "0", "-1", "1.5", "1.000", "1_0", "9" * 10_000, "10000001", "\x00", "NaN")
        ),
        ("minimum_quantity", "301"),
        ("plans", ["x"]),
        ("plans", ["99999999999999999999"]),
        ("plans", ["\x00"]),
    ],
)
def test_what_an_offer_cannot_be_is_refused_in_words(business: Page, field: str, value: Any) -> None:
    answer = business.send(**{field: value})
    assert answer.status_code == 200
    assert answer.context["errors"]
    assert not ActivityRecord.objects.exists()


@pytest.mark.parametrize("value", ["<script>alert(1)</script>", "'; DROP TABLE catalog_offer; --", "两行 \u200f"])
def test_markup_is_shown_as_text(business: Page, value: str) -> None:
    assert business.send(name=value).status_code == 302
    page = business.client.get(reverse("desk:offer_list")).content.decode()
    assert "<script>alert" not in page


# Two at once --------------------------------------------------------------------------------------------------


def test_who_comes_second_overwrites_nothing_unseen(business: Page) -> None:
    Offer.objects.filter(pk=offer("Business").pk).update(maximum_quantity=200)
    answer = business.send(name="Mine")
    assert "Someone else saved this" in errors(answer)
    assert "Most licences: 300 → 200" in errors(answer)
    assert offer("Business").maximum_quantity == 200

    # Having seen it, one can save all the same.
    seen = answer.context["adminform"].form["seen"].value()
    assert business.send(name="Office 365 Business", maximum_quantity=200, seen=seen).status_code == 302


@pytest.mark.parametrize("seen", ["", "x", "x" * 10_000, "\x00", Signer().sign_object("no state")])
def test_a_form_without_what_was_seen_is_refused(business: Page, seen: str) -> None:
    answer = business.send(name="Mine", seen=seen)
    assert answer.status_code == 200
    assert offer("Business").name == "Office 365 Business"


def test_what_was_deleted_meanwhile_is_not_brought_back(client: Client, administrator: Staff) -> None:
    unused = Offer.objects.create(name="Unused", sku_part_number="UNUSED", category=Category.STANDALONE)
    page = Page(client, change_url(unused))
    unused.delete()
    page.send(name="Mine")
    assert not Offer.objects.filter(sku_part_number="UNUSED").exists()


# Deleting -----------------------------------------------------------------------------------------------------


def delete_url(instance: Any) -> str:
    return reverse(f"admin:catalog_{instance._meta.model_name}_delete", args=[instance.pk])


def test_an_offer_in_use_is_not_deleted_and_the_page_says_why(client: Client, administrator: Staff) -> None:
    sold(None, customer_of(PartnerFactory()), "Business")
    UpgradeFactory()
    url = delete_url(offer("Business"))
    for page in (client.get(url), client.post(url, {"post": "yes"})):
        text = page.content.decode()
        assert "Office 365 Business: Subscriptions (1)" in text
        assert "Office 365 Business: Upgrade paths (3)" in text
        assert "Office 365 Business: Upgrades (1)" in text
        assert "Withdraw from sale" in text
    assert Offer.objects.filter(name="Office 365 Business").exists()
    record = ActivityRecord.objects.get()
    assert (record.operation, record.outcome, record.reasons) == ("delete_offer", Outcome.REFUSED, ["in_use"])


def test_the_use_of_an_offer_is_counted_not_loaded(
    client: Client, administrator: Staff, django_assert_max_num_queries: Any
) -> None:
    customer = customer_of(PartnerFactory())
    for _number in range(20):
        sold(None, customer, "Business")
    # One for each kind of thing that can use an offer, beside those of any page.
    with django_assert_max_num_queries(11):
        client.get(delete_url(offer("Business")))


@pytest.fixture
def unused(administrator: Staff) -> Offer:
    unused = Offer.objects.create(name="Unused", sku_part_number="UNUSED", category=Category.STANDALONE)
    OfferServicePlan.objects.create(offer=unused, service_plan=ServicePlan.objects.get(code="MCOIMP"))
    return unused


def test_an_offer_that_nobody_uses_is_deleted_and_recorded(client: Client, unused: Offer) -> None:
    assert client.post(delete_url(unused), {"post": "yes"}).status_code == 302
    assert not Offer.objects.filter(pk=unused.pk).exists()
    record = ActivityRecord.objects.get()
    assert (record.operation, record.resource_id) == ("delete_offer", str(unused.pk))
    assert record.before is not None
    assert record.before["name"] == "Unused"


def act(client: Client, action: str, *offers: Offer, **fields: str) -> Any:
    sent = {"action": action, "_selected_action": [str(one.pk) for one in offers], **fields}
    return client.post(reverse("admin:catalog_offer_changelist"), sent)


def test_in_bulk_too_what_is_in_use_stays(client: Client, unused: Offer) -> None:
    page = act(client, "delete_selected", unused, offer("Business"), post="yes")
    text = page.content.decode()
    assert "Office 365 Business: Upgrade paths (3)" in text
    assert "Withdraw from sale" in text
    assert Offer.objects.filter(name="Unused").exists()


def test_in_bulk_what_nobody_uses_is_deleted_each_with_a_record(client: Client, unused: Offer) -> None:
    act(client, "delete_selected", unused, post="yes")
    assert not Offer.objects.filter(name="Unused").exists()
    assert ActivityRecord.objects.get().operation == "delete_offer"


def test_withdrawing_many_says_whom_it_touches_and_waits(client: Client, administrator: Staff) -> None:
    sold(None, customer_of(PartnerFactory()), "Business")
    asked = act(client, "withdraw_selected", offer("ProPlus"), offer("E3"))
    assert [row.subscriptions for row in asked.context["consequences"]] == [0, 1, 0, 1]
    assert Offer.objects.filter(is_available=False).count() == 0
    act(client, "withdraw_selected", offer("ProPlus"), offer("E3"), _confirmed="1")
    assert Offer.objects.filter(is_available=False).count() == 2
    assert [record.operation for record in ActivityRecord.objects.all()] == ["withdraw_offer"] * 2


@pytest.mark.parametrize("selected", ["x", "\x00", "", "99999999999999999999"])
@pytest.mark.parametrize("model", ["offer", "service"])
def test_ids_that_are_none_are_not_acted_on(client: Client, administrator: Staff, model: str, selected: str) -> None:
    sent = {"action": "delete_selected", "_selected_action": selected, "post": "yes"}
    answer = client.post(reverse(f"admin:catalog_{model}_changelist"), sent)
    assert answer.status_code in {302, 400}
    assert Service.objects.count() == 9


def test_what_is_withdrawn_already_is_not_withdrawn_again(client: Client, administrator: Staff) -> None:
    Offer.objects.update(is_available=False)
    act(client, "withdraw_selected", offer("ProPlus"), _confirmed="1")
    assert not ActivityRecord.objects.exists()


# Services and plans -------------------------------------------------------------------------------------------


def test_moving_a_plan_to_another_service_says_which_rules_change(client: Client, administrator: Staff) -> None:
    page = Page(client, change_url(ServicePlan.objects.get(code="MICROSOFTBOOKINGS")))
    asked = page.send(service=service("exchange").pk)
    assert asked.context["consequences"]
    assert not ActivityRecord.objects.exists()
    assert page.confirm(service=service("exchange").pk).status_code == 302
    assert ActivityRecord.objects.get().after == {"service": "Exchange Online"}


def test_another_name_changes_no_rule_and_asks_nothing(client: Client, administrator: Staff) -> None:
    page = Page(client, change_url(service("bookings")))
    assert page.send(name="Bookings with me").status_code == 302
    assert ActivityRecord.objects.get().operation == "change_service"


def test_a_service_in_use_is_not_deleted(client: Client, administrator: Staff) -> None:
    text = client.post(delete_url(service("exchange")), {"post": "yes"}).content.decode()
    assert re.search(r"Exchange Online: Service plans \(2\)", text)
    assert Service.objects.filter(code="exchange").exists()


@pytest.mark.parametrize("name", ["service", "serviceplan", "offer"])
@pytest.mark.parametrize("asked", ["x", "0", "-1", "99999999999999999999", "%00", "'%20OR%201=1--"])
def test_an_id_that_is_none_leads_back(client: Client, administrator: Staff, name: str, asked: str) -> None:
    assert client.get(f"/admin/catalog/{name}/{asked}/change/").status_code in {302, 404}


@pytest.mark.parametrize(
    "query",
    [
        "q=%00",
        "is_available__exact=%00",
        "category__exact=%00",
        "p=9999999999999999999999",
        "o=x",
        "nonsense=1",
        "q=" + "x" * 5000,
        "is_available__exact=x",
        "_facets=x",
    ],
)
def test_an_address_of_a_list_that_makes_no_sense_is_no_fault_of_ours(
    client: Client, administrator: Staff, query: str
) -> None:
    assert client.get(f"{reverse('admin:catalog_offer_changelist')}?{query}").status_code in {200, 302, 400}
