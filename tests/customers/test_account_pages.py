"""The account page and its two forms."""

import pytest
from django.test import Client
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from activity.models import ActivityRecord
from customers.models import BillingProfile, Customer, ResellerRelationship
from customers.operations import change_billing, change_contact
from partners.models import Staff
from partners.roles import Role
from tests.customers.accounts import BILLING, CONTACT
from tests.desk.conftest import queries
from tests.factories import BillingProfileFactory, ContactDetailsFactory, CustomerFactory, StaffFactory

KINDS = ("contact", "billing")
both = pytest.mark.parametrize("kind", KINDS)


def url(customer: Customer, kind: str = "") -> str:
    return f"/customers/{customer.pk}/account/{f'{kind}/' if kind else ''}"


def typed(kind: str, **changes: str) -> dict[str, str]:
    usual = CONTACT | {"company": "Woodgrove"} if kind == "contact" else BILLING
    return usual | {"key": "k", "version": "0"} | changes


def stored(kind: str, customer: Customer) -> object:
    found = Customer.objects.get(pk=customer.pk)
    return getattr(found, "contact_details" if kind == "contact" else "billing_profile", None)


class TestAccount:
    def test_it_shows_company_domain_contact_and_billing(self, at_work: Client, customer: Customer) -> None:
        ContactDetailsFactory(customer=customer, first_name="娜", last_name="李", district="浦东新区")
        BillingProfileFactory(customer=customer, email="bills@woodgrove.example")
        page = at_work.get(url(customer))
        for words in (
            "Woodgrove",
            customer.domain,
            str(customer.pk),
            "李娜",
            "浦东新区, Shanghai, 200120",
            "bills@woodgrove.example",
            "中文",
            "Chinese (China)",
        ):
            assertContains(page, words)

    def test_without_details_it_says_so(self, at_work: Client, customer: Customer) -> None:
        page = at_work.get(url(customer))
        assertContains(page, "No contact details were entered yet.")
        assertContains(page, "No billing profile was entered yet.")

    @pytest.mark.parametrize(
        ("role", "contact", "billing"),
        [(Role.SALES_AGENT, True, True), (Role.HELPDESK_AGENT, True, False)],
    )
    def test_what_one_may_edit_has_a_link(
        self, client: Client, staff: Staff, customer: Customer, role: Role, contact: bool, billing: bool
    ) -> None:
        client.force_login(StaffFactory(partner=staff.partner, roles=[role]))
        page = client.get(url(customer)).text
        assert (url(customer, "contact") in page, url(customer, "billing") in page) == (contact, billing)

    def test_a_former_reseller_looks_without_links(self, at_work: Client, customer: Customer) -> None:
        ResellerRelationship.objects.update(has_ended=True, had_subscriptions=True)
        page = at_work.get(url(customer))
        assertContains(page, "you can look, but change nothing")
        assertNotContains(page, url(customer, "contact"))
        for kind in KINDS:
            assertRedirects(at_work.get(url(customer, kind)), url(customer))
            assert at_work.post(url(customer, kind), typed(kind)).status_code == 409
            assert stored(kind, customer) is None

    def test_the_customers_pages_lead_to_it(self, at_work: Client, customer: Customer) -> None:
        for page in ("subscriptions", "activity"):
            assertContains(at_work.get(f"/customers/{customer.pk}/{page}/"), f'href="{url(customer)}"')

    def test_markup_in_a_name_is_words(self, at_work: Client, customer: Customer) -> None:
        ContactDetailsFactory(customer=customer, first_name="<b>Na</b>")
        assertContains(at_work.get(url(customer)), "&lt;b&gt;Na&lt;/b&gt;")

    def test_it_takes_a_constant_number_of_queries(self, at_work: Client, customer: Customer) -> None:
        without = queries(at_work, url(customer))
        ContactDetailsFactory(customer=customer)
        BillingProfileFactory(customer=customer)
        assert queries(at_work, url(customer)) == without <= 6


@both
class TestEdit:
    def test_it_opens_with_what_is_there(self, at_work: Client, customer: Customer, kind: str) -> None:
        (ContactDetailsFactory if kind == "contact" else BillingProfileFactory)(customer=customer, version=3)
        page = at_work.get(url(customer, kind))
        for value in ("li.na@adatum.example", "Shanghai", "Woodgrove", "200120"):
            assertContains(page, f'value="{value}"')
        assertContains(page, '<option value="CN" selected>China</option>')
        assertContains(page, '<input type="hidden" name="version" value="3"')

    def test_what_is_saved_is_shown(self, at_work: Client, customer: Customer, kind: str) -> None:
        answer = at_work.post(url(customer, kind), typed(kind, state="上海市"))
        assertRedirects(answer, url(customer), fetch_redirect_response=False)
        page = at_work.get(url(customer))
        assertContains(page, "+86 21 5555 0100")
        assertContains(page, "saved")

    def test_sent_twice_it_is_saved_once(self, at_work: Client, customer: Customer, kind: str) -> None:
        for _ in range(2):
            assertRedirects(at_work.post(url(customer, kind), typed(kind)), url(customer))
        assert ActivityRecord.objects.count() == 1

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("last_name", ""),
            ("last_name", "x" * 10_000),
            ("first_name", "Na\0"),
            ("first_name", "Na\x1b[31m"),
            ("first_name", "Na\u202e"),
            ("email", "li.na"),
            ("email", "x" * 10_000),
            ("email", "a@b.example\0"),
            ("email", "<script>@b.example"),
            ("email", "a@b.example\nBcc: c@d.example"),
            ("phone_number", "12345"),
            ("phone_number", "1" * 10_000),
            ("phone_number", "\0"),
            ("phone_number", "<b>1</b>"),
            ("country", "XX"),
            ("country", "x" * 10_000),
            ("country", "\0"),
            ("state", "Mars"),
            ("state", ""),
            ("state", "x" * 10_000),
            ("city", "x" * 10_000),
            ("city", "\u2066"),
            ("address_line1", "x" * 201),
            ("address_line1", "\0"),
            ("postal_code", "20012"),
            ("postal_code", "-200120"),
            ("postal_code", "2" * 10_000),
            ("postal_code", "\0"),
            ("version", "-1"),
            ("version", "one"),
            ("version", "9" * 10_000),
            ("key", "k" * 10_000),
        ],
    )
    def test_what_cannot_be_held_is_refused_and_kept(
        self, at_work: Client, customer: Customer, kind: str, field: str, value: str
    ) -> None:
        page = at_work.post(url(customer, kind), typed(kind, city="Kept in the form") | {field: value})
        assertContains(page, "Please look at this again")
        if field != "city":
            assertContains(page, 'value="Kept in the form"')
        if field not in {"version", "key"}:
            assertContains(page, 'aria-invalid="true"')
        assert stored(kind, customer) is None
        assert not ActivityRecord.objects.exists()

    def test_an_empty_form_names_what_is_missing(self, at_work: Client, customer: Customer, kind: str) -> None:
        page = at_work.post(url(customer, kind), {})
        assertContains(page, "This field is required.")
        assertNotContains(page, "Constraint")

    def test_a_stale_form_shows_who_changed_what_and_keeps_what_was_typed(
        self, at_work: Client, staff: Staff, customer: Customer, kind: str
    ) -> None:
        colleague = StaffFactory(partner=staff.partner, name="Wang Wei")
        operation, values = (change_contact, CONTACT) if kind == "contact" else (change_billing, BILLING)
        operation(staff=colleague, customer_id=customer.pk, values=values | {"city": "Minhang"}, key="theirs")
        answer = at_work.post(url(customer, kind), typed(kind, city="Xuhui"))
        assertContains(answer, "Wang Wei changed these details", status_code=409)
        assertContains(answer, "Minhang", status_code=409)
        assertContains(answer, 'value="Xuhui"', status_code=409)
        assertContains(answer, 'name="version" value="1"', status_code=409)
        again = typed(kind, city="Xuhui", key="again", version="1")
        assertRedirects(at_work.post(url(customer, kind), again), url(customer))

    def test_another_partners_customer_is_not_found(self, at_work: Client, kind: str) -> None:
        other = CustomerFactory()
        assert at_work.get(url(other, kind)).status_code == 404
        assert at_work.post(url(other, kind), typed(kind)).status_code == 404

    def test_it_takes_no_other_method(self, at_work: Client, customer: Customer, kind: str) -> None:
        assert at_work.put(url(customer, kind)).status_code == 405


def test_the_companys_name_is_edited_with_the_contact(at_work: Client, customer: Customer) -> None:
    at_work.post(url(customer, "contact"), typed("contact", company="Woodgrove Bank"))
    customer.refresh_from_db()
    assert customer.company_name == "Woodgrove Bank"


@pytest.mark.parametrize("name", ["", "  ", "n" * 10_000, "Wood\0grove", "Wood\u202egrove"])
def test_a_companys_name_that_cannot_be_held_is_refused(at_work: Client, customer: Customer, name: str) -> None:
    page = at_work.post(url(customer, "contact"), typed("contact", company=name))
    assertContains(page, "Please look at this again")
    assert stored("contact", customer) is None


@pytest.mark.parametrize("language", ["", "xx", "\0", "z" * 10_000])
@pytest.mark.parametrize("field", ["language", "culture"])
def test_how_bills_are_written_is_chosen_from_what_there_is(
    at_work: Client, customer: Customer, field: str, language: str
) -> None:
    page = at_work.post(url(customer, "billing"), typed("billing", **{field: language}))
    assertContains(page, "Please look at this again")


def test_a_language_that_a_program_chose_stays(at_work: Client, customer: Customer) -> None:
    BillingProfileFactory(customer=customer, language="fr")
    assertContains(at_work.get(url(customer, "billing")), '<option value="fr" selected>')
    assertContains(at_work.get(url(customer)), "fr")


def test_the_page_keeps_what_only_programs_say(at_work: Client, customer: Customer) -> None:
    of_programs = {"middle_name": "Wei", "region": "East", "profile_first_name": "Jing", "profile_last_name": "Chen"}
    BillingProfileFactory(customer=customer, **of_programs)
    at_work.post(url(customer, "billing"), typed("billing", version="1", city="Suzhou"))
    kept = BillingProfile.objects.get()
    assert (kept.city, kept.version) == ("Suzhou", 2)
    assert kept.values.items() >= of_programs.items()


class TestDomainCheck:
    ADDRESS = "/customers/add/domain/"

    def test_a_free_domain_is_free(self, at_work: Client) -> None:
        page = at_work.get(self.ADDRESS, {"domain": " NewCo "})
        assertContains(page, "newco.partner.onmschina.cn is free.")

    @pytest.mark.parametrize("domain", ["woodgrove", "WOODGROVE.partner.onmschina.cn"])
    def test_a_taken_one_is_taken_and_no_more_is_told(self, at_work: Client, domain: str) -> None:
        CustomerFactory(company_name="Secret", domain="Woodgrove.partner.onmschina.cn")
        page = at_work.get(self.ADDRESS, {"domain": domain})
        assertContains(page, "woodgrove.partner.onmschina.cn is taken.")
        assertNotContains(page, "Secret")

    @pytest.mark.parametrize("domain", ["公司", "a b", "\0", "x" * 10_000, "<script>", "\u202e"])
    def test_what_is_none_is_said_to_be_none(self, at_work: Client, domain: str) -> None:
        page = at_work.get(self.ADDRESS, {"domain": domain})
        assert page.status_code == 200
        assertNotContains(page, "is free")
        assertNotContains(page, "<script>")

    @pytest.mark.parametrize("query", [{}, {"domain": ""}, {"domain": "  "}])
    def test_nothing_typed_nothing_said(self, at_work: Client, query: dict[str, str]) -> None:
        assert at_work.get(self.ADDRESS, query).text.strip() == ""
