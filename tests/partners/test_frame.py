"""The frame that all pages share, and the pages for what went wrong."""

import pytest
from allauth.mfa.models import Authenticator
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from pytest_django import DjangoAssertNumQueries, Settings
from pytest_django.asserts import assertContains, assertNotContains

from partnercenter.errors import EXPLAINED, error_page, server_error
from partners.models import Partner
from partners.roles import Role
from tests.factories import StaffFactory

pytestmark = pytest.mark.django_db

PROFILE = "/settings/profile/"
ENTRIES = {
    "Customers": {Role.GLOBAL_ADMIN, Role.ADMIN_AGENT, Role.SALES_AGENT, Role.HELPDESK_AGENT},
    "Upgrades": {Role.GLOBAL_ADMIN, Role.ADMIN_AGENT, Role.SALES_AGENT, Role.HELPDESK_AGENT},
    "Offers": {Role.GLOBAL_ADMIN, Role.ADMIN_AGENT, Role.BILLING_ADMIN},
    "Activity": {Role.GLOBAL_ADMIN, Role.ADMIN_AGENT},
    "Desk": set(Role),
    "Settings": set(Role),
}


@pytest.mark.parametrize("role", Role)
def test_the_navigation_offers_what_the_role_may(client: Client, role: Role) -> None:
    client.force_login(StaffFactory.create(roles=[role]))
    page = client.get(PROFILE)
    for entry, roles in ENTRIES.items():
        shown = f"<span>{entry}</span></a>" in page.content.decode()
        assert shown == (role in roles), entry


@pytest.mark.parametrize("role", Role)
def test_finding_a_customer_is_offered_to_those_who_may(client: Client, role: Role) -> None:
    client.force_login(StaffFactory.create(roles=[role]))
    offered = 'role="search"' in client.get(PROFILE).content.decode()
    assert offered == (role in ENTRIES["Customers"])


def test_every_page_names_the_person_their_partner_and_their_roles(client: Client) -> None:
    staff = StaffFactory.create(name="Li Na", roles=[Role.SALES_AGENT, Role.BILLING_ADMIN])
    client.force_login(staff)
    page = client.get(PROFILE)
    for words in ("Li Na", ">LN<", staff.partner.name, "Sales agent", "Billing admin"):
        assertContains(page, words)


def test_a_page_has_one_heading_a_way_past_the_navigation_and_marks_where_it_stands(client: Client) -> None:
    client.force_login(StaffFactory.create())
    page = client.get("/settings/security/")
    assertContains(page, "<h1", count=1)
    assertContains(page, '<a class="skip" href="#main">')
    assertContains(page, 'href="/settings/security/" aria-current="page"')
    assertContains(page, f'href="{PROFILE}" aria-current="true"')


def test_a_page_carries_no_script_or_style_of_its_own(client: Client) -> None:
    client.force_login(StaffFactory.create())
    page = client.get(PROFILE)
    for inline in ("<style", " style=", " onclick=", "<script>"):
        assertNotContains(page, inline)
    assert "script-src 'self'" in page["Content-Security-Policy"]


def test_the_frame_costs_no_queries_beyond_session_and_person(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client.force_login(StaffFactory.create())
    with django_assert_num_queries(2):
        client.get(PROFILE)


def test_nor_does_it_cost_any_that_a_second_factor_is_needed(
    client: Client, settings: Settings, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    settings.REQUIRE_SECOND_FACTOR = True
    staff = StaffFactory.create(roles=[Role.GLOBAL_ADMIN])
    Partner.objects.update(requires_second_factor=True)
    client.force_login(staff)
    with django_assert_num_queries(2):
        assert client.get(PROFILE).status_code == 302
    Authenticator.objects.create(user=staff, type=Authenticator.Type.TOTP, data={})
    with django_assert_num_queries(2):
        assert client.get(PROFILE).status_code == 200


@pytest.mark.parametrize("status", sorted(EXPLAINED))
def test_each_error_has_a_page_of_its_own_also_for_the_signed_out(rf: RequestFactory, status: int) -> None:
    page = error_page(rf.get("/somewhere/"), status)
    assert page.status_code == status
    assertContains(page, "<h1", count=1, status_code=status)
    assertContains(page, f"Error {status}", status_code=status)


def test_the_signed_in_keep_their_navigation_on_an_error_page(client: Client) -> None:
    client.force_login(StaffFactory.create())
    assertContains(client.get("/no/such/page/"), "<span>Customers</span></a>", status_code=404)


def test_the_page_for_an_error_of_our_own_asks_no_database(
    rf: RequestFactory, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        page = server_error(rf.get("/"))
    assertContains(page, "Something broke on our side", status_code=500)


def test_a_form_that_is_too_old_says_how_to_send_it_again() -> None:
    client = Client(enforce_csrf_checks=True)
    assertContains(client.post("/sign-in/", {"login": "x"}), "This form is too old", status_code=403)


def test_plan_chips_say_by_words_too_what_is_gained_replaced_and_lost() -> None:
    change = {
        "gained": ["Bookings"],
        "replaced": [{"before": "Exchange Online (Plan 1)", "after": "Exchange Online (Plan 2)"}],
        "lost": ["OneDrive"],
    }
    chips = " ".join(render_to_string("partials/plan_chips.html", {"change": change}).split())
    assert "Gained:</span> Bookings" in chips
    assert "Replaced:</span> Exchange Online (Plan 1)" in chips
    assert "Lost:</span> OneDrive" in chips
