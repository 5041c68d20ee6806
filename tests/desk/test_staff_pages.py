"""The pages of a partner's staff: who is there, whom one invites, what one decides; and what is refused in words."""

import datetime
import uuid
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from activity.models import ActivityRecord, Outcome
from partners.models import Partner, QueuedMail, Staff, StaffInvitation
from partners.roles import Role
from partners.staffing import change_roles
from tests.desk.conftest import queries
from tests.factories import StaffFactory, StaffInvitationFactory
from tests.partners.signing_in import set_up_app, sign_in

pytestmark = pytest.mark.django_db

URL = "/settings/staff/"
INVITE = f"{URL}invite/"


@pytest.fixture
def client(staff: Staff) -> Client:
    """Li Na's browser, in which she has just signed in."""
    client = Client()
    sign_in(client, staff)
    return client


@pytest.fixture
def agent(partner: Partner) -> Staff:
    made: Staff = StaffFactory(name="Wang Wei", email="wang@contoso.example", partner=partner, roles=[Role.SALES_AGENT])
    return made


def fresh(person: Staff) -> Staff:
    return Staff.objects.get(pk=person.pk)


def asked(**more: Any) -> dict[str, Any]:
    given = {"email": "chen@contoso.example", "name": "Chen Jing", "language": "es", "roles": ["sales_agent"]}
    return {**given, "key": "1", **more}


class TestTheList:
    def test_it_shows_roles_last_sign_in_and_second_factor(self, client: Client, staff: Staff, agent: Staff) -> None:
        set_up_app(client)
        page = client.get(URL)
        people = {person.name: person for person in page.context["people"]}
        assert people.keys() == {"Li Na", "Wang Wei"}
        assert people["Li Na"].has_second_factor
        assert not people["Wang Wei"].has_second_factor
        assertContains(page, "Sales agent")
        assertContains(page, "Never")

    def test_nobody_of_another_partner_is_on_it(self, client: Client) -> None:
        StaffFactory(name="Zhang Min")
        StaffInvitationFactory(email="theirs@fabrikam.example")
        assertNotContains(client.get(URL), "Zhang Min")
        assertNotContains(client.get(URL), "theirs@")
        assertNotContains(client.get(f"{URL}invitations/"), "theirs@")

    @pytest.mark.parametrize(
        ("query", "names"),
        [
            ({"state": "active"}, ["Li Na", "Wang Wei"]),
            ({"state": "deactivated"}, ["Zoe"]),
            ({"state": "nonsense"}, ["Li Na", "Wang Wei", "Zoe"]),
            ({"q": "wang@"}, ["Wang Wei"]),
            ({"q": " ZO "}, ["Zoe"]),
            ({"q": "x\0y"}, []),
            ({"q": "%"}, []),
            ({"q": "a" * 10_000}, []),
        ],
    )
    def test_it_is_filtered_and_searched(
        self, client: Client, agent: Staff, query: dict[str, str], names: list[str]
    ) -> None:
        StaffFactory(name="Zoe", partner=agent.partner, is_active=False)
        assert [person.name for person in client.get(URL, query).context["people"]] == names

    def test_it_goes_on_by_pages(self, client: Client, staff: Staff) -> None:
        for number in range(60):
            StaffFactory(name=f"Same {number % 2}", partner=staff.partner)
        first = client.get(URL)
        second = client.get(first.context["next_url"])
        names = [*first.context["people"], *second.context["people"]]
        assert len(set(names)) == len(names) == 61
        assert client.get(second.context["previous_url"]).context["people"] == first.context["people"]

    def test_the_number_of_queries_is_the_same_for_one_and_for_many(self, client: Client, staff: Staff) -> None:
        StaffInvitationFactory(invited_by=staff)
        few = queries(client, URL), queries(client, f"{URL}invitations/")
        for _number in range(20):
            person = StaffFactory(partner=staff.partner, roles=[Role.SALES_AGENT, Role.USER_ADMIN])
            StaffInvitationFactory(invited_by=person, roles=[Role.SALES_AGENT, Role.USER_ADMIN])
        assert (queries(client, URL), queries(client, f"{URL}invitations/")) == few

    def test_the_way_there_is_shown_to_those_who_may(self, client: Client, agent: Staff) -> None:
        assertContains(client.get("/settings/profile/"), f'href="{URL}"')
        theirs = Client()
        theirs.force_login(agent)
        assertNotContains(theirs.get("/settings/profile/"), f'href="{URL}"')

    def test_markup_in_a_name_stays_words(self, client: Client, staff: Staff) -> None:
        person = StaffFactory(name="<script>alert(1)</script>", partner=staff.partner)
        for url in (URL, f"{URL}{person.pk}/", f"{URL}{person.pk}/roles/", f"{URL}{person.pk}/deactivate/"):
            assertNotContains(client.get(url), "<script>alert")


class TestInviting:
    def test_an_invitation_is_on_its_way_and_listed(self, client: Client) -> None:
        answer = client.post(INVITE, asked(), follow=True)
        assertContains(answer, "The invitation is on its way to chen@contoso.example.")
        made = StaffInvitation.objects.get()
        assert made.roles == (Role.SALES_AGENT,)
        assert QueuedMail.objects.get().language == "es"
        assertContains(client.get(URL), "chen@contoso.example")
        # The link goes to the mail alone.
        token = QueuedMail.objects.get().context["link"].rstrip("/").rpartition("/")[2]
        assertNotContains(client.get(f"{URL}invitations/{made.pk}/"), token)

    def test_sent_twice_it_is_one(self, client: Client) -> None:
        for _time in range(2):
            assert client.post(INVITE, asked()).status_code == 302
        assert (StaffInvitation.objects.count(), QueuedMail.objects.count()) == (1, 1)

    @pytest.mark.parametrize(
        ("wrong", "said"),
        [
            ({"email": ""}, "required"),
            ({"email": "x" * 10_000 + "@a.example"}, "at most 254 characters"),
            ({"email": "a\x00@b.example"}, "Null characters"),
            ({"email": "<b>@x"}, "valid email address"),
            ({"email": "a@b.example\nBcc: c@d.example"}, "valid email address"),
            ({"name": "Li \u202eNa"}, "control characters"),
            ({"name": "x" * 10_000}, "at most 150 characters"),
            ({"roles": []}, "at least one role"),
            ({"roles": ["emperor"]}, "emperor is not one of the available choices"),
            ({"roles": ["sales_agent", "\x00"]}, "is not one of the available choices"),
            ({"language": "tlh"}, "tlh is not one of the available choices"),
        ],
    )
    def test_what_cannot_be_is_refused_in_words_and_kept(
        self, client: Client, wrong: dict[str, Any], said: str
    ) -> None:
        answer = client.post(INVITE, asked(**wrong))
        assert answer.status_code == 200
        assert said in str(answer.context["form"].errors)
        assertContains(answer, "Please look at this again")
        assert not StaffInvitation.objects.exists()
        if "name" not in wrong:
            assertContains(answer, 'value="Chen Jing"')

    def test_a_colleague_and_one_who_is_invited_are_named_with_a_way_there(self, client: Client, agent: Staff) -> None:
        answer = client.post(INVITE, asked(email="WANG@contoso.example"))
        assertContains(answer, "Wang Wei has an account at your company already", status_code=409)
        assertContains(answer, f"{URL}{agent.pk}/", status_code=409)
        made = StaffInvitationFactory(invited_by=agent, email="chen@contoso.example")
        answer = client.post(INVITE, asked(key="2"))
        assertContains(answer, f"{URL}invitations/{made.pk}/", status_code=409)
        assert answer.context["form"]["roles"].value() == ["sales_agent"]
        assert answer.context["form"]["key"].value() != "2"

    def test_an_address_of_another_partner_gets_the_same_answer_as_any(self, client: Client) -> None:
        StaffFactory(email="known@fabrikam.example")
        answers = [
            client.post(INVITE, asked(email=email, key=email), follow=True)
            for email in ("known@fabrikam.example", "nobody@fabrikam.example")
        ]
        pages = []
        for answer, made in zip(answers, StaffInvitation.objects.order_by("created_at"), strict=True):
            text = answer.content.decode()
            pages.append(text.replace(str(made.pk), "ID").replace(made.email, "EMAIL"))
        forms = ("csrfmiddlewaretoken", 'name="key"')
        known, nobody = ([line for line in page.splitlines() if not any(f in line for f in forms)] for page in pages)
        assert [line for line in known if "datetime" not in line] == [line for line in nobody if "datetime" not in line]

    def test_who_signed_in_long_ago_shows_first_who_they_are(self, client: Client) -> None:
        with time_machine.travel(timezone.now() + datetime.timedelta(minutes=6)):
            answer = client.post(INVITE, asked())
            assertRedirects(answer, f"/confirm/?next={INVITE}", fetch_redirect_response=False)
        assert not StaffInvitation.objects.exists()

    @pytest.mark.parametrize("role", [Role.HELPDESK_AGENT, Role.ADMIN_AGENT])
    def test_who_may_not_is_refused_and_that_is_recorded(self, partner: Partner, role: Role) -> None:
        theirs = Client()
        sign_in(theirs, StaffFactory(partner=partner, roles=[role]))
        assert theirs.post(INVITE, asked()).status_code == 403
        record = ActivityRecord.objects.get()
        assert (record.outcome, record.reasons) == (Outcome.REFUSED, ["role"])
        assert not QueuedMail.objects.exists()

    def test_a_user_admin_is_not_offered_a_global_admin(self, partner: Partner) -> None:
        theirs = Client()
        sign_in(theirs, StaffFactory(partner=partner, roles=[Role.USER_ADMIN]))
        assertNotContains(theirs.get(INVITE), 'value="global_admin"')
        answer = theirs.post(INVITE, asked(roles=["global_admin"]))
        assert "not one of the available choices" in str(answer.context["form"].errors)


class TestAnInvitation:
    @pytest.fixture
    def made(self, staff: Staff) -> StaffInvitation:
        made: StaffInvitation = StaffInvitationFactory(invited_by=staff)
        return made

    def url(self, made: StaffInvitation) -> str:
        return f"{URL}invitations/{made.pk}/"

    def test_it_is_sent_again_and_withdrawn(self, client: Client, made: StaffInvitation) -> None:
        answer = client.post(self.url(made), {"act": "send", "key": "1", "version": "1"}, follow=True)
        assertContains(answer, "on its way again")
        answer = client.post(self.url(made), {"act": "withdraw", "key": "2", "version": "2"}, follow=True)
        assertContains(answer, "The invitation is withdrawn.")
        assertNotContains(client.get(URL), made.email)
        assertContains(client.get(f"{URL}invitations/"), "Withdrawn")

    @pytest.mark.parametrize("version", ["7", "0"])
    def test_a_stale_page_is_refused(self, client: Client, made: StaffInvitation, version: str) -> None:
        answer = client.post(self.url(made), {"act": "withdraw", "key": "1", "version": version})
        assertContains(answer, "changed after you opened the page", status_code=409)
        assert StaffInvitation.objects.get().withdrawn_at is None

    @pytest.mark.parametrize("sent", [{}, {"act": "explode"}, {"act": "\0"}])
    def test_nothing_that_is_no_act_does_anything(
        self, client: Client, made: StaffInvitation, sent: dict[str, str]
    ) -> None:
        assert client.post(self.url(made), sent).status_code == 200
        assert StaffInvitation.objects.get().is_waiting

    def test_hostile_keys_and_versions_change_nothing_for_the_worse(
        self, client: Client, made: StaffInvitation
    ) -> None:
        sent = {"act": "withdraw", "key": "k\0" + "x" * 10_000, "version": "9" * 400}
        assert client.post(self.url(made), sent).status_code == 200
        assert StaffInvitation.objects.get().is_waiting

    def test_another_partners_is_not_there(self, client: Client) -> None:
        theirs = StaffInvitationFactory()
        assert client.get(self.url(theirs)).status_code == 404
        assert client.post(self.url(theirs), {"act": "withdraw", "key": "1", "version": "1"}).status_code == 404
        assert StaffInvitation.objects.get().is_waiting

    def test_a_user_admin_looks_at_that_of_a_global_admin(self, partner: Partner, staff: Staff) -> None:
        made = StaffInvitationFactory(invited_by=staff, roles=[Role.GLOBAL_ADMIN])
        theirs = Client()
        sign_in(theirs, StaffFactory(partner=partner, roles=[Role.USER_ADMIN]))
        assertContains(theirs.get(self.url(made)), "Only a global admin decides")
        answer = theirs.post(self.url(made), {"act": "withdraw", "key": "1", "version": "1"})
        assertContains(answer, "Only a global admin decides", status_code=409)


class TestOnePerson:
    def test_roles_are_saved(self, client: Client, agent: Staff) -> None:
        url = f"{URL}{agent.pk}/roles/"
        form = client.get(url).context["form"]
        assert form["roles"].value() == ["sales_agent"]
        sent = {"roles": ["billing_admin"], "key": form["key"].value(), "version": form["version"].value()}
        assertContains(client.post(url, sent, follow=True), "The roles of Wang Wei are saved; they are in force now.")
        assert fresh(agent).roles == (Role.BILLING_ADMIN,)

    def test_a_stale_form_shows_how_it_stands_and_keeps_what_was_ticked(
        self, client: Client, staff: Staff, agent: Staff
    ) -> None:
        change_roles(staff=staff, person_id=agent.pk, roles=["user_admin"], key="x")
        url = f"{URL}{agent.pk}/roles/"
        answer = client.post(url, {"roles": ["billing_admin"], "key": "1", "version": "1"})
        assertContains(answer, "Li Na changed the roles of Wang Wei to: User admin.", status_code=409)
        form = answer.context["form"]
        assert (form["roles"].value(), form["version"].value()) == (["billing_admin"], "2")
        sent = {"roles": form["roles"].value(), "key": form["key"].value(), "version": form["version"].value()}
        assert client.post(url, sent).status_code == 302
        assert fresh(agent).roles == (Role.BILLING_ADMIN,)

    @pytest.mark.parametrize("roles", [["emperor"], ["sales_agent", "'; DROP TABLE"], ["\0"]])
    def test_a_role_that_does_not_exist_is_refused(self, client: Client, agent: Staff, roles: list[str]) -> None:
        answer = client.post(f"{URL}{agent.pk}/roles/", {"roles": roles, "key": "1", "version": "1"})
        assertContains(answer, "is not one of the available choices")
        assert fresh(agent).roles == (Role.SALES_AGENT,)

    def test_who_takes_from_themselves_what_the_page_asks_for_lands_at_home(
        self, client: Client, staff: Staff, agent: Staff
    ) -> None:
        change_roles(staff=staff, person_id=agent.pk, roles=["global_admin"], key="x")
        answer = client.post(f"{URL}{staff.pk}/roles/", {"roles": ["sales_agent"], "key": "1", "version": "1"})
        assertRedirects(answer, "/settings/profile/")
        assert client.get(URL).status_code == 403

    def test_deactivating_asks_first_and_says_what_it_means(self, client: Client, agent: Staff) -> None:
        StaffInvitationFactory(invited_by=agent)
        url = f"{URL}{agent.pk}/deactivate/"
        page = client.get(url)
        assertContains(page, "All sessions of this person end at once")
        assertContains(page, "1 invitation that this person made")
        assert fresh(agent).is_active
        sent = {"key": page.context["key"], "version": "1"}
        assertContains(client.post(url, sent, follow=True), "Wang Wei may sign in no more.")
        assert not fresh(agent).is_active
        assertContains(client.get(URL), "Deactivated")

    def test_and_reactivating_too(self, client: Client, partner: Partner) -> None:
        agent = StaffFactory(partner=partner, is_active=False, roles=[Role.SALES_AGENT])
        url = f"{URL}{agent.pk}/reactivate/"
        assertContains(client.get(url), "The person can sign in again")
        assert client.post(url, {"key": "1", "version": "1"}).status_code == 302
        assert fresh(agent).is_active

    def test_who_deactivates_themselves_is_signed_out(self, client: Client, staff: Staff, partner: Partner) -> None:
        StaffFactory(partner=partner)
        url = f"{URL}{staff.pk}/deactivate/"
        assertContains(client.get(url), "You are signed out at once")
        answer = client.post(url, {"key": "1", "version": "1"}, follow=True)
        assert answer.redirect_chain[-1][0].startswith("/sign-in/")

    @pytest.mark.parametrize("act", ["roles/", "deactivate/"])
    def test_an_incomplete_form_takes_nothing_from_anybody(self, client: Client, agent: Staff, act: str) -> None:
        assert client.post(f"{URL}{agent.pk}/{act}", {"key": "1"}).status_code in {200, 400}
        assert (fresh(agent).is_active, fresh(agent).roles) == (True, (Role.SALES_AGENT,))

    def test_the_last_global_admin_is_told_why_not(self, client: Client, staff: Staff) -> None:
        StaffFactory(partner=staff.partner, roles=[Role.USER_ADMIN])
        for act, sent in (("roles", {"roles": ["sales_agent"]}), ("deactivate", {})):
            url = f"{URL}{staff.pk}/{act}/"
            assertContains(client.get(url), "The last global admin who may sign in")
            answer = client.post(url, {"key": act, "version": "1", **sent})
            assertContains(answer, "Make somebody else a global admin first.", status_code=409)
        assert fresh(staff).is_active
        assertNotContains(client.get(f"{URL}{staff.pk}/"), f"{URL}{staff.pk}/deactivate/")

    @pytest.mark.parametrize("act", ["", "roles/", "deactivate/", "reactivate/"])
    def test_nobody_of_another_partner_is_there(self, client: Client, act: str) -> None:
        other = StaffFactory()
        for pk in (other.pk, uuid.uuid4()):
            assert client.get(f"{URL}{pk}/{act}").status_code == 404
            if act:
                assert client.post(f"{URL}{pk}/{act}", {"roles": [], "key": "1"}).status_code == 404
        assert fresh(other).roles == (Role.GLOBAL_ADMIN,)

    @pytest.mark.parametrize("act", ["roles/", "deactivate/", "reactivate/"])
    def test_who_signed_in_long_ago_shows_first_who_they_are(self, client: Client, agent: Staff, act: str) -> None:
        url = f"{URL}{agent.pk}/{act}"
        with time_machine.travel(timezone.now() + datetime.timedelta(minutes=6)):
            answer = client.post(url, {"roles": [], "key": "1"})
            assertRedirects(answer, f"/confirm/?next={url}", fetch_redirect_response=False)
        assert fresh(agent).roles == (Role.SALES_AGENT,)

    def test_what_one_may_not_decide_is_said_on_the_page(self, partner: Partner, staff: Staff) -> None:
        person = StaffFactory(partner=partner, roles=[Role.USER_ADMIN])
        theirs = Client()
        sign_in(theirs, person)
        assertContains(theirs.get(f"{URL}{staff.pk}/roles/"), "Only a global admin decides about global admins")
        assertContains(theirs.get(f"{URL}{person.pk}/roles/"), "Nobody but a global admin decides about themselves")
        answer = theirs.post(f"{URL}{person.pk}/roles/", {"roles": ["admin_agent"], "key": "1", "version": "1"})
        assert answer.status_code == 409
        assert fresh(person).roles == (Role.USER_ADMIN,)
