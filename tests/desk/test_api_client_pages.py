"""The pages of a partner's API clients: what is listed, a secret that shows once, and what is asked before it ends."""

import re
import uuid
from typing import Any

import pytest
from django.test import Client
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from activity.models import ActivityRecord, Outcome
from activity.operations import record
from partners.api_clients import change_client_roles, note_use, revoke_client
from partners.models import ApiClient, Staff
from partners.roles import Role
from tests.desk.conftest import queries
from tests.factories import ApiClientFactory, StaffFactory
from tests.partners.signing_in import later, sign_in

pytestmark = pytest.mark.django_db

URL = "/settings/api-clients/"
MAKE = f"{URL}make/"


@pytest.fixture
def client(staff: Staff) -> Client:
    """Li Na's browser, in which she has just signed in."""
    client = Client()
    sign_in(client, staff)
    return client


@pytest.fixture
def program(staff: Staff) -> ApiClient:
    made: ApiClient = ApiClientFactory(
        name="Nightly report", partner=staff.partner, made_by=staff, roles=[Role.SALES_AGENT], last_used_at=None
    )
    return made


def fresh(program: ApiClient) -> ApiClient:
    return ApiClient.objects.get(pk=program.pk)


def asked(**more: Any) -> dict[str, Any]:
    return {"name": "Nightly report", "roles": ["sales_agent"], "redirect_uris": "", "key": "1", **more}


def secret_on(markup: str) -> str:
    """The secret that a page shows, to be copied."""
    found = re.findall(r'data-copy="([A-Za-z0-9_-]{43})"', markup)
    assert len(found) == 1
    return str(found[0])


class TestTheList:
    def test_empty_it_says_what_would_stand_here(self, client: Client) -> None:
        page = client.get(URL)
        assertContains(page, "No program works for your company yet")
        assertContains(page, f'href="{MAKE}"')
        assertNotContains(page, 'name="state"')

    def test_it_shows_roles_maker_last_use_and_state(self, client: Client, staff: Staff, program: ApiClient) -> None:
        used = ApiClientFactory(name="Stock", partner=staff.partner, made_by=StaffFactory(name="Sofía"))
        note_use(used)
        gone = ApiClientFactory(name="Old", partner=staff.partner, made_by=staff)
        revoke_client(staff=staff, client_id=gone.pk, key="r")
        page = client.get(URL)
        assert [one.name for one in page.context["clients"]] == ["Old", "Stock", "Nightly report"]
        for words in ("Sales agent", "Sofía", "Never", "Revoked", "In force"):
            assertContains(page, words)

    @pytest.mark.parametrize(
        ("state", "names"),
        [("in_force", ["Nightly report"]), ("revoked", ["Old"]), ("nonsense", ["Old", "Nightly report"])],
    )
    def test_it_is_filtered_by_state(
        self, client: Client, staff: Staff, program: ApiClient, state: str, names: list[str]
    ) -> None:
        gone = ApiClientFactory(name="Old", partner=staff.partner, made_by=staff)
        revoke_client(staff=staff, client_id=gone.pk, key="r")
        assert [one.name for one in client.get(URL, {"state": state}).context["clients"]] == names

    def test_a_filter_that_finds_nothing_leads_back(self, client: Client, program: ApiClient) -> None:
        assertContains(client.get(URL, {"state": "revoked"}), "All API clients")

    def test_none_of_another_partner_is_on_it(self, client: Client) -> None:
        theirs = ApiClientFactory(name="Theirs")
        assertNotContains(client.get(URL), "Theirs")
        for act in ("", "roles/", "renew/", "revoke/"):
            assert client.get(f"{URL}{theirs.pk}/{act}").status_code == 404
            assert client.post(f"{URL}{theirs.pk}/{act}", {"key": "1", "version": 1}).status_code in {404, 405}

    def test_it_goes_on_by_pages(self, client: Client, staff: Staff) -> None:
        for number in range(60):
            ApiClientFactory(name=f"Program {number}", partner=staff.partner, made_by=staff)
        first = client.get(URL)
        second = client.get(first.context["next_url"])
        assert len({*first.context["clients"], *second.context["clients"]}) == 60

    def test_the_number_of_queries_is_the_same_for_one_and_for_many(self, client: Client, staff: Staff) -> None:
        one = ApiClientFactory(partner=staff.partner, made_by=staff)
        few = queries(client, URL), queries(client, f"{URL}{one.pk}/")
        for _number in range(20):
            roles = [Role.SALES_AGENT, Role.USER_ADMIN]
            ApiClientFactory(partner=staff.partner, made_by=StaffFactory(partner=staff.partner), roles=roles)
        assert (queries(client, URL), queries(client, f"{URL}{one.pk}/")) == few

    def test_the_way_there_is_shown_to_those_who_may(self, client: Client, staff: Staff) -> None:
        assertContains(client.get("/settings/profile/"), f'href="{URL}"')
        theirs = Client()
        theirs.force_login(StaffFactory(partner=staff.partner, roles=[Role.USER_ADMIN]))
        assertNotContains(theirs.get("/settings/profile/"), f'href="{URL}"')

    def test_markup_in_a_name_stays_words(self, client: Client, staff: Staff) -> None:
        made = ApiClientFactory(name="<script>alert(1)</script>", partner=staff.partner, made_by=staff)
        for act in ("", f"{made.pk}/", f"{made.pk}/roles/", f"{made.pk}/renew/", f"{made.pk}/revoke/"):
            assertNotContains(client.get(f"{URL}{act}"), "<script>alert")


class TestMaking:
    def test_the_secret_shows_once_with_all_that_a_program_needs(self, client: Client, staff: Staff) -> None:
        page = client.post(MAKE, asked())
        made = ApiClient.objects.get()
        markup = page.content.decode()
        secret = secret_on(markup)
        assert made.oauth.check_secret(secret)
        for line in (f"http://127.0.0.1:8000/{made.partner_id}/oauth2/token", str(made.pk), secret):
            assert f'data-copy="{line}"' in markup
        assert "no-store" in page["Cache-Control"]
        assertNotContains(client.get(f"{URL}{made.pk}/"), secret)
        assertNotContains(client.get(URL), secret)

    def test_sent_twice_it_is_one_and_the_secret_shows_no_more(self, client: Client) -> None:
        client.post(MAKE, asked())
        made = ApiClient.objects.get()
        again = client.post(MAKE, asked(), follow=True)
        assertRedirects(again, f"{URL}{made.pk}/")
        assertContains(again, "The secret was shown when it was made")

    @pytest.mark.parametrize(
        ("wrong", "said"),
        [
            ({"name": ""}, "required"),
            ({"name": "x" * 10_000}, "at most 100 characters"),
            ({"name": "a\x00b"}, "Null characters"),
            ({"name": "Li \u202eNa"}, "control characters"),
            ({"roles": []}, "at least one role"),
            ({"roles": ["emperor"]}, "emperor is not one of the available choices"),
            ({"redirect_uris": "http://program.example.cn/"}, "is no address to come back to"),
            ({"redirect_uris": "https://a.example/\r\nnonsense"}, "“nonsense” is no address"),
            ({"redirect_uris": "https://a.example/" + "x" * 600}, "is too long"),
            ({"redirect_uris": "\r\n".join(f"https://a.example/{n}" for n in range(11))}, "at most 10 addresses"),
            ({"redirect_uris": "x" * 10_000}, "at most"),
        ],
    )
    def test_what_cannot_be_is_refused_in_words_and_kept(
        self, client: Client, wrong: dict[str, Any], said: str
    ) -> None:
        page = client.post(MAKE, asked(**wrong))
        assertContains(page, said)
        assert not ApiClient.objects.exists()
        assert page.context["form"]["name"].value() == asked(**wrong)["name"]

    def test_a_name_that_is_had_is_refused_and_what_was_typed_kept(self, client: Client, program: ApiClient) -> None:
        page = client.post(MAKE, asked(roles=["sales_agent", "billing_admin"]))
        assertContains(page, "has an API client called “Nightly report” already", status_code=409)
        assert page.context["form"]["roles"].value() == ["sales_agent", "billing_admin"]
        assertContains(client.post(MAKE, asked(name="Another", key=page.context["form"]["key"].value())), "is made")

    @pytest.mark.parametrize("act", ["make/", "{}/roles/", "{}/renew/", "{}/revoke/"])
    def test_one_shows_first_who_one_is(self, client: Client, program: ApiClient, act: str) -> None:
        address = f"{URL}{act.format(program.pk)}"
        with later(minutes=10):
            for answer in (client.get(address), client.post(address, asked())):
                assert answer.status_code == 302
                assert "/confirm/" in answer["Location"]
        assert ApiClient.objects.count() == 1
        assert (fresh(program).version, fresh(program).is_in_force) == (1, True)


class TestOne:
    def test_its_page_says_what_it_may_and_needs_and_no_secret(self, client: Client, program: ApiClient) -> None:
        page = client.get(f"{URL}{program.pk}/")
        for words in ("May:", "Token address", str(program.pk), "The secret was shown when it was made"):
            assertContains(page, words)
        assertContains(page, f"/activity/?person={program.pk}")

    def test_its_roles_are_changed(self, client: Client, program: ApiClient) -> None:
        address = f"{URL}{program.pk}/roles/"
        answer = client.post(address, {"roles": ["admin_agent"], "key": "1", "version": 1}, follow=True)
        assertContains(answer, "they are in force now")
        assert fresh(program).roles == (Role.ADMIN_AGENT,)
        assertContains(client.post(address, {"roles": [], "key": "2", "version": 2}), "at least one role")
        assertContains(client.post(address, {"roles": ["admin_agent"], "key": "3"}), "arrived incomplete")

    def test_a_stale_page_says_what_happened_and_is_good_afterwards(
        self, client: Client, staff: Staff, program: ApiClient
    ) -> None:
        colleague = StaffFactory(name="Sofía", partner=staff.partner)
        change_client_roles(staff=colleague, client_id=program.pk, roles=["user_admin"], key="s")
        address = f"{URL}{program.pk}/roles/"
        page = client.post(address, {"roles": ["admin_agent"], "key": "1", "version": 1})
        assertContains(page, "Sofía changed the roles of the API client Nightly report", status_code=409)
        form = page.context["form"]
        sent = {"roles": form["roles"].value(), "key": form["key"].value(), "version": form["version"].value()}
        assert client.post(address, sent).status_code == 302
        assert fresh(program).roles == (Role.ADMIN_AGENT,)

    def test_renewing_shows_another_secret_once(self, client: Client, program: ApiClient) -> None:
        address = f"{URL}{program.pk}/renew/"
        assertContains(client.get(address), "end at once")
        page = client.post(address, {"key": "1", "version": 1})
        assert fresh(program).oauth.check_secret(secret_on(page.content.decode()))
        again = client.post(address, {"key": "1", "version": 1}, follow=True)
        assertContains(again, "cannot be shown again")

    def test_revoking_is_asked_first_and_is_for_good(self, client: Client, program: ApiClient) -> None:
        address = f"{URL}{program.pk}/revoke/"
        assertContains(client.get(address), "for good")
        assert fresh(program).is_in_force
        answer = client.post(address, {"key": "1", "version": 1}, follow=True)
        assertContains(answer, "Nightly report is revoked; it may ask for nothing any more.")
        assert not fresh(program).is_in_force
        assertNotContains(client.get(f"{URL}{program.pk}/"), "Change roles")
        for act in ("roles/", "renew/", "revoke/"):
            assertContains(client.get(f"{URL}{program.pk}/{act}"), "revoked already")
        page = client.post(address, {"key": "2", "version": 2})
        assertContains(page, "that is for good. Make another one.", status_code=409)

    @pytest.mark.parametrize("act", ["renew", "revoke"])
    @pytest.mark.parametrize("sent", [{}, {"key": "1"}, {"key": "1", "version": "x"}])
    def test_a_decision_that_is_not_whole_is_none(
        self, client: Client, program: ApiClient, act: str, sent: dict[str, str]
    ) -> None:
        assert client.post(f"{URL}{program.pk}/{act}/", sent).status_code == 400
        assert fresh(program).version == 1

    def test_an_id_that_is_none(self, client: Client) -> None:
        assert client.get(f"{URL}{uuid.uuid4()}/").status_code == 404


class TestInTheLog:
    def test_what_it_did_is_found_by_its_name(self, client: Client, staff: Staff, program: ApiClient) -> None:
        record(actor=program.actor, operation="place_order", outcome=Outcome.REFUSED, reasons=["role"])
        record(actor=staff.actor, operation="update_profile")
        page = client.get("/activity/", {"person": str(program.pk)})
        assertContains(page, "Nightly report was refused: Place an order.")
        assertNotContains(page, "changed their own profile")
        assertContains(page, '<optgroup label="API clients">')

    def test_who_has_none_is_offered_none(self, client: Client) -> None:
        ApiClientFactory(name="Theirs")
        page = client.get("/activity/")
        assertNotContains(page, "optgroup")
        assertNotContains(page, "Theirs")

    def test_what_was_changed_is_told_in_words(self, client: Client, staff: Staff, program: ApiClient) -> None:
        change_client_roles(staff=staff, client_id=program.pk, roles=["admin_agent"], key="1")
        page = client.get("/activity/", {"operation": "change_api_roles"})
        assertContains(page, "Li Na changed the roles of the API client Nightly report to: Admin agent.")
        assert ActivityRecord.objects.count() >= 1
