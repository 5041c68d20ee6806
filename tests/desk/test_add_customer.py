"""Adding a customer in three steps: back and forth without loss, all or nothing, once."""

import datetime
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.http import Http404
from django.test import Client
from django.utils import timezone
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from activity.models import ActivityRecord, Outcome
from catalog.models import Offer
from customers.drafts import start_draft
from customers.errors import DomainTaken
from customers.models import Customer, CustomerDraft
from partners.models import Partner, Staff
from partners.roles import Role
from subscriptions.adding import DraftChanged, DraftUnfinished, add_customer
from subscriptions.models import Order, Subscription
from tests.desk.conftest import queries, signed_in
from tests.factories import CustomerDraftFactory, CustomerFactory, StaffFactory, customer_of, offer

pytestmark = pytest.mark.django_db

START = "/customers/add/"


def account(**changed: str) -> dict[str, str]:
    """What is typed into the first step."""
    typed: dict[str, str] = CustomerDraftFactory.build(staff=None).account
    return typed | changed


def basket(name: str = "Business", quantity: Any = 25, **changed: str) -> dict[str, str]:
    """What is typed into the second step: one offer, unless that is emptied."""
    return {f"quantity-{offer(name).pk}": str(quantity), "billing_cycle": "monthly"} | changed


def step(draft: CustomerDraft, name: str = "") -> str:
    return f"{START}{draft.pk}/{f'{name}/' if name else ''}"


@pytest.fixture
def draft(staff: Staff) -> CustomerDraft:
    made: CustomerDraft = CustomerDraftFactory(staff=staff)
    return made


class TestOperation:
    def test_customer_and_first_order_are_there_together(self, staff: Staff, draft: CustomerDraft) -> None:
        CustomerDraft.objects.update(basket=basket(reference="PO-1"))
        customer = add_customer(staff=staff, draft_id=draft.pk)
        order = Order.objects.get()
        assert (order.customer, order.reference) == (customer, "PO-1")
        assert Subscription.objects.get().quantity == 25
        assert customer.billing_profile.company_name == "Woodgrove Bank"
        draft.refresh_from_db()
        assert (draft.customer, draft.account, draft.basket) == (customer, {}, {})

    def test_a_customer_may_have_no_subscriptions(self, staff: Staff, draft: CustomerDraft) -> None:
        assert add_customer(staff=staff, draft_id=draft.pk, version=1).company_name == "Woodgrove Bank"
        assert not Order.objects.exists()

    def test_sent_again_it_gives_the_same_customer(self, staff: Staff, draft: CustomerDraft) -> None:
        CustomerDraft.objects.update(basket=basket())
        first = add_customer(staff=staff, draft_id=draft.pk, version=1)
        records = ActivityRecord.objects.count()
        assert add_customer(staff=staff, draft_id=draft.pk, version=1) == first
        assert (Customer.objects.count(), Order.objects.count()) == (1, 1)
        assert ActivityRecord.objects.count() == records

    def test_a_domain_taken_meanwhile_leaves_nothing_but_a_record(self, staff: Staff, draft: CustomerDraft) -> None:
        CustomerDraft.objects.update(basket=basket())
        CustomerFactory(domain="WOODGROVE.partner.onmschina.cn")
        with pytest.raises(DomainTaken):
            add_customer(staff=staff, draft_id=draft.pk)
        assert (Customer.objects.count(), Order.objects.count()) == (1, 0)
        record = ActivityRecord.objects.get()
        assert (record.outcome, record.reasons) == (Outcome.REFUSED, ["domain_taken"])
        draft.refresh_from_db()
        assert draft.company_name == "Woodgrove Bank"

    def test_what_is_not_sold_any_more_leaves_no_customer(self, staff: Staff, draft: CustomerDraft) -> None:
        CustomerDraft.objects.update(basket=basket())
        Offer.objects.update(is_available=False)
        with pytest.raises(DraftUnfinished) as refusal:
            add_customer(staff=staff, draft_id=draft.pk)
        assert refusal.value.step == "basket"
        assert not Customer.objects.exists()

    def test_another_version_than_reviewed_is_refused(self, staff: Staff, draft: CustomerDraft) -> None:
        with pytest.raises(DraftChanged):
            add_customer(staff=staff, draft_id=draft.pk, version=2)
        assert not Customer.objects.exists()

    def test_another_persons_draft_is_not_there(self, staff: Staff, draft: CustomerDraft) -> None:
        colleague = StaffFactory(partner=staff.partner)
        with pytest.raises(Http404):
            add_customer(staff=colleague, draft_id=draft.pk)

    def test_who_may_not_is_refused_with_a_record(self, staff: Staff, draft: CustomerDraft) -> None:
        staff.give_roles([Role.HELPDESK_AGENT])
        with pytest.raises(PermissionDenied):
            add_customer(staff=staff, draft_id=draft.pk)
        assert ActivityRecord.objects.get().reasons == ["role"]

    def test_old_drafts_are_thrown_away(self, staff: Staff, draft: CustomerDraft) -> None:
        CustomerDraft.objects.update(changed_at=timezone.now() - datetime.timedelta(days=31))
        fresh = start_draft(staff=StaffFactory(), account=account())
        assert list(CustomerDraft.objects.all()) == [fresh]

    @pytest.mark.postgresql
    @pytest.mark.django_db(transaction=True)
    def test_submitted_many_times_at_once_it_is_one_customer(self, staff: Staff, draft: CustomerDraft) -> None:
        assert staff.permissions
        CustomerDraft.objects.update(basket=basket())

        def one(_number: int) -> uuid.UUID:
            try:
                return add_customer(staff=staff, draft_id=draft.pk, version=1).pk
            finally:
                connection.close()

        with ThreadPoolExecutor(8) as threads:
            assert len(set(threads.map(one, range(8)))) == 1
        assert (Customer.objects.count(), Order.objects.count()) == (1, 1)

    @pytest.mark.postgresql
    @pytest.mark.django_db(transaction=True)
    def test_two_people_who_want_one_domain_get_one_customer(self, staff: Staff, draft: CustomerDraft) -> None:
        other = StaffFactory()
        drafts = [(staff, draft), (other, CustomerDraftFactory(staff=other))]
        assert all(person.permissions for person, _draft in drafts)
        CustomerDraft.objects.update(basket=basket())

        def one(pair: tuple[Staff, CustomerDraft]) -> bool:
            try:
                add_customer(staff=pair[0], draft_id=pair[1].pk)
            except DomainTaken:
                return False
            finally:
                connection.close()
            return True

        with ThreadPoolExecutor(2) as threads:
            assert sorted(threads.map(one, drafts)) == [False, True]
        assert (Customer.objects.count(), Order.objects.count()) == (1, 1)


class TestWay:
    def test_from_the_list_to_what_to_hand_over(self, client: Client, staff: Staff) -> None:
        assertContains(client.get("/customers/"), f'href="{START}"')
        assertContains(client.get(START), "Add a customer")
        answer = client.post(START, account())
        draft = CustomerDraft.objects.get()
        assertRedirects(answer, step(draft, "subscriptions"))
        answer = client.post(step(draft, "subscriptions"), basket(reference="PO-7") | {"step": "review"})
        assertRedirects(answer, step(draft, "review"))
        review = client.get(step(draft, "review"))
        for words in ("Woodgrove Bank", "woodgrove.partner.onmschina.cn", "Na Li", "Office 365 Business", "PO-7"):
            assertContains(review, words)
        assert not Customer.objects.exists()
        answer = client.post(step(draft, "review"), {"version": review.context["draft"].version})
        customer = Customer.objects.get()
        assertRedirects(answer, f"/customers/{customer.pk}/added/", fetch_redirect_response=False)
        added = client.get(answer["Location"])
        for words in (str(customer.pk), customer.domain, "portal.partner.microsoftonline.cn", "PO-7", "Pending"):
            assertContains(added, words)

    def test_sent_twice_refreshed_or_gone_back_it_leads_to_the_customer(
        self, client: Client, draft: CustomerDraft
    ) -> None:
        for _ in range(2):
            answer = client.post(step(draft, "review"), {"version": "1"})
            added = f"/customers/{Customer.objects.get().pk}/added/"
            assertRedirects(answer, added)
        for name in ("", "subscriptions", "review"):
            assertRedirects(client.get(step(draft, name)), added)
            assertRedirects(client.post(step(draft, name), account() | basket()), added)
        assert Customer.objects.count() == 1

    def test_back_and_forth_nothing_is_lost(self, client: Client, draft: CustomerDraft) -> None:
        wrong = basket(quantity="many", reference="PO-9") | {"step": "back"}
        assertRedirects(client.post(step(draft, "subscriptions"), wrong), step(draft))
        page = client.get(step(draft))
        for value in ("Woodgrove Bank", "woodgrove", "Na", "200120"):
            assertContains(page, f'value="{value}"')
        client.post(step(draft), account(company_name="Woodgrove Ltd"))
        page = client.get(step(draft, "subscriptions"))
        assertContains(page, 'value="many"')
        assertContains(page, 'value="PO-9"')

    def test_what_is_typed_for_somebody_else_is_kept_while_the_bills_go_to_the_contact(
        self, client: Client, draft: CustomerDraft
    ) -> None:
        client.post(step(draft), account() | {"billing-last_name": "Wang", "billing-postal_code": "1"})
        assertContains(client.get(step(draft)), 'value="Wang"')

    def test_bills_may_go_to_somebody_else(self, client: Client, draft: CustomerDraft, staff: Staff) -> None:
        theirs = {
            name.replace("contact-", "billing-"): value for name, value in account().items() if "contact-" in name
        }
        theirs |= {"billing-email": "bills@woodgrove.example", "billing-company_name": "Woodgrove Finance"}
        client.post(step(draft), account(bills_to="elsewhere") | theirs)
        assertContains(client.get(step(draft, "review")), "bills@woodgrove.example")
        customer = add_customer(staff=staff, draft_id=draft.pk)
        assert customer.billing_profile.company_name == "Woodgrove Finance"
        assert customer.contact_details.email == "li.na@woodgrove.example"

    def test_it_survives_signing_out(self, staff: Staff, draft: CustomerDraft) -> None:
        page = signed_in(staff).get(START)
        assertContains(page, step(draft))
        assertContains(page, "Begun and not finished")

    def test_nobody_else_sees_a_draft(self, draft: CustomerDraft, partner: Partner) -> None:
        colleague = signed_in(StaffFactory(partner=partner))
        assertNotContains(colleague.get(START), step(draft))
        for name in ("", "subscriptions", "review"):
            assert colleague.get(step(draft, name)).status_code == 404
        assert colleague.post(step(draft, "discard")).status_code == 404

    def test_a_draft_can_be_discarded(self, client: Client, draft: CustomerDraft) -> None:
        assertRedirects(client.post(step(draft, "discard")), START)
        assert not CustomerDraft.objects.exists()
        assert client.get(step(draft)).status_code == 404

    def test_two_tabs_are_two_drafts(self, client: Client) -> None:
        client.post(START, account())
        client.post(START, account(company_name="Litware", domain="litware"))
        assert sorted(one.company_name for one in CustomerDraft.objects.all()) == ["Litware", "Woodgrove Bank"]

    def test_a_review_of_another_version_is_shown_anew(self, client: Client, draft: CustomerDraft) -> None:
        client.post(step(draft, "subscriptions"), basket() | {"step": "review"})
        for version in ("1", "", "x", "9" * 5000):
            answer = client.post(step(draft, "review"), {"version": version})
            assertContains(answer, "in another window", status_code=409)
            assertContains(answer, "Office 365 Business", status_code=409)
        assert not Customer.objects.exists()

    def test_a_domain_taken_meanwhile_is_said_on_the_review(self, client: Client, draft: CustomerDraft) -> None:
        CustomerFactory(company_name="Secret", domain="woodgrove.partner.onmschina.cn")
        answer = client.post(step(draft, "review"), {"version": "1"})
        assertContains(answer, "request a reseller relationship", status_code=409)
        assertNotContains(answer, "Secret", status_code=409)

    def test_a_step_that_does_not_hold_any_more_is_gone_back_to(self, client: Client, draft: CustomerDraft) -> None:
        client.post(step(draft, "subscriptions"), basket() | {"step": "review"})
        Offer.objects.filter(pk=offer("Business").pk).update(is_available=False)
        assertRedirects(client.get(step(draft, "review")), step(draft, "subscriptions"))
        assertRedirects(client.post(step(draft, "review"), {"version": "2"}), step(draft, "subscriptions"))
        CustomerDraft.objects.update(account={})
        assertRedirects(client.get(step(draft, "review")), step(draft))

    def test_however_long_the_catalogue_is_nothing_typed_is_forgotten(
        self, client: Client, draft: CustomerDraft
    ) -> None:
        offers = Offer.objects.bulk_create(
            Offer(name=f"Add-in {number:03}", sku_part_number=f"ADDIN_{number:03}", category=offer("Business").category)
            for number in range(200)
        )
        fields = {f"{name}-{one.pk}": "" for one in Offer.objects.all() for name in ("quantity", "nickname")}
        chosen = {f"quantity-{one.pk}": "3" for one in offers[-2:]}
        client.post(step(draft, "subscriptions"), fields | chosen | {"step": "review"})
        assertContains(client.get(step(draft, "review")), "Add-in 199")

    def test_the_search_keeps_what_was_typed(self, client: Client, draft: CustomerDraft) -> None:
        page = client.post(step(draft, "subscriptions"), basket(quantity=7) | {"step": "choose", "q": "exchange"})
        assertContains(page, 'value="7"')
        assertContains(page, "Exchange Online (Plan 1)")
        draft.refresh_from_db()
        assert draft.version == 1


class TestDuplicates:
    def test_a_customer_with_the_domain_is_linked_where_it_is_seen(self, client: Client, partner: Partner) -> None:
        there = customer_of(partner, company_name="Woodgrove", domain="woodgrove.partner.onmschina.cn")
        page = client.post(START, account())
        assertContains(page, "This customer already exists")
        assertContains(page, f'href="/customers/{there.pk}/subscriptions/"')
        assert not CustomerDraft.objects.exists()

    def test_of_one_out_of_sight_nothing_is_told(self, client: Client) -> None:
        there = CustomerFactory(company_name="Secret", domain="woodgrove.partner.onmschina.cn")
        page = client.post(START, account(company_name="Secret"))
        assertContains(page, "already exists: request a reseller relationship")
        assertNotContains(page, str(there.pk))

    def test_a_similar_name_is_asked_about_once(self, client: Client, partner: Partner) -> None:
        there = customer_of(partner, company_name="Woodgrove Bank Ltd.")
        page = client.post(START, account())
        assertContains(page, "Is it one of these?")
        assertContains(page, f'href="/customers/{there.pk}/subscriptions/"')
        assertContains(page, 'value="Woodgrove Bank"')
        assert not CustomerDraft.objects.exists()
        client.post(START, account(is_another="1"))
        draft = CustomerDraft.objects.get()
        assertRedirects(client.post(step(draft), account()), step(draft, "subscriptions"))
        assertContains(client.post(step(draft), account(company_name="WOODGROVE BANK, S.A.")), "Is it one of these?")


HOSTILE = ["", "\0", "x" * 10_000, "\u202eabc", "\x1b[31m"]


class TestHostileInput:
    @pytest.mark.parametrize("value", HOSTILE)
    @pytest.mark.parametrize(
        "field", ["company_name", "domain", "contact-last_name", "contact-email", "contact-city", "contact-postal_code"]
    )
    def test_what_cannot_be_held_is_refused_and_nothing_kept(self, client: Client, field: str, value: str) -> None:
        page = client.post(START, account(**{field: value}))
        assertContains(page, "Please look at this again")
        assert not CustomerDraft.objects.exists()

    @pytest.mark.parametrize("value", [*HOSTILE, "mars"])
    @pytest.mark.parametrize("field", ["bills_to", "language", "culture", "contact-country"])
    def test_what_is_no_choice_is_refused(self, client: Client, field: str, value: str) -> None:
        assertContains(client.post(START, account(**{field: value})), "Please look at this again")

    @pytest.mark.parametrize("value", ["-1", "0", "1.5", "\0", "9" * 10_000, "x" * 10_000, "٣", "<b>1</b>", "301"])
    def test_a_number_that_is_none_is_refused_and_kept(self, client: Client, draft: CustomerDraft, value: str) -> None:
        page = client.post(step(draft, "subscriptions"), basket(quantity=value) | {"step": "review"})
        if value == "٣":  # three, in another script's digits
            assert page.status_code == 302
            return
        assertContains(page, "Please look at this again")
        assert client.get(step(draft, "subscriptions")).status_code == 200
        if value != "\0":  # no database keeps that one
            assertRedirects(client.get(step(draft, "review")), step(draft, "subscriptions"))

    def test_an_empty_post_names_what_is_missing(self, client: Client) -> None:
        assertContains(client.post(START, {}), "This field is required.")

    @pytest.mark.parametrize("name", ["", "subscriptions", "review"])
    def test_a_draft_that_is_none_is_not_found(self, client: Client, name: str) -> None:
        nothing = CustomerDraft(pk=uuid.uuid4())
        assert client.get(step(nothing, name)).status_code == 404
        assert client.post(step(nothing, name), account()).status_code == 404


def test_the_pages_take_a_constant_number_of_queries(client: Client, staff: Staff, draft: CustomerDraft) -> None:
    def taken() -> list[int]:
        return [queries(client, path) for path in (START, step(draft, "subscriptions"), step(draft, "review"))]

    before = taken()
    for number in range(5):
        CustomerDraftFactory(staff=staff, account=account(company_name=f"Company {number}"))
    CustomerDraft.objects.filter(pk=draft.pk).update(basket=basket("E3"))
    assert taken() == before


def test_the_empty_list_leads_to_adding_a_customer(client: Client) -> None:
    assertContains(client.get("/customers/"), f'href="{START}"', count=2)


def test_who_may_not_add_sees_no_button(partner: Partner) -> None:
    helpdesk = signed_in(StaffFactory(partner=partner, roles=[Role.HELPDESK_AGENT]))
    assertNotContains(helpdesk.get("/customers/"), START)
