"""The page behind the link of a colleague's invitation, and every way to come there that is none."""

import re
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from activity.models import ActivityRecord, Outcome
from partners.models import Partner, QueuedMail, Staff, StaffInvitation
from partners.roles import Role
from partners.staff_inviting import invite
from partners.tokens import new_token
from tests.factories import StaffFactory, StaffInvitationFactory
from tests.mailbox import Mailbox
from tests.partners.signing_in import is_signed_in, link_in, sign_in, text_of
from tests.subscriptions.working import work

pytestmark = pytest.mark.django_db

PASSWORD = "correct-horse-battery"


@pytest.fixture(autouse=True)
def _fresh_limits() -> None:
    cache.clear()


@pytest.fixture
def token() -> str:
    return new_token()


@pytest.fixture
def invitation(token: str) -> StaffInvitation:
    made: StaffInvitation = StaffInvitationFactory(
        token=token, email="chen@contoso.example", invited_by__partner__name="Contoso Reseller"
    )
    return made


def filled(**more: Any) -> dict[str, Any]:
    return {"name": "Chen Jing", "password1": PASSWORD, "password2": PASSWORD, "language": "en", **more}


@pytest.mark.parametrize("language", ["en", "es", "zh-hans"])
@pytest.mark.django_db(transaction=True)
def test_the_mail_is_in_their_language_and_its_link_makes_the_account(
    mailbox: Mailbox, client: Client, language: str
) -> None:
    staff = StaffFactory(name="Li Na", partner__name="Contoso <b>Reseller</b>")
    invite(staff=staff, email="chen@contoso.example", roles=["user_admin"], language=language, key="1", name="Chen")
    work()
    [mail] = mailbox.mails
    assert mail["To"] == "chen@contoso.example"
    assert "Contoso <b>Reseller</b>" in mail["Subject"]
    assert "Li Na" in text_of(mail)
    markup = mail.get_body(("html",))
    assert markup is not None
    assert "Contoso <b>" not in markup.get_content()
    link = link_in(mail)
    page = client.get(link)
    assert f'lang="{language}"' in page.content.decode()
    assertRedirects(client.post(link, filled(language=language)), "/")
    assert is_signed_in(client)
    assert Staff.objects.get(email="chen@contoso.example").language == language
    assert QueuedMail.objects.get().context == {}


def test_it_says_who_invites_whom_to_what(client: Client, invitation: StaffInvitation, token: str) -> None:
    page = client.get(f"/join/{token}/")
    for words in ("Contoso Reseller", invitation.invited_by.name, "chen@contoso.example", "Sales agent", "Chen Jing"):
        assertContains(page, words)
    assert page["Cache-Control"].startswith("max-age=0, no-cache, no-store")
    assert (page["Referrer-Policy"], page["X-Robots-Tag"]) == ("strict-origin", "noindex, nofollow")
    assert StaffInvitation.objects.get().opened_at is not None
    assert StaffInvitation.objects.get().version == 1


def test_a_program_that_only_asks_whether_it_is_there_does_not_open_it(
    client: Client, invitation: StaffInvitation, token: str
) -> None:
    assert client.head(f"/join/{token}/").status_code == 200
    assert StaffInvitation.objects.get().opened_at is None


def test_the_account_is_made_and_signed_in_and_has_its_roles(
    client: Client, invitation: StaffInvitation, token: str
) -> None:
    answer = client.post(f"/join/{token}/", filled(), follow=True)
    assertContains(answer, "Welcome, Chen Jing. Your account is ready.")
    person = Staff.objects.get(email="chen@contoso.example")
    assert (person.partner, person.roles) == (invitation.partner, (Role.SALES_AGENT,))
    assert client.get("/customers/").status_code == 200
    assert person.last_login is not None
    other = Client()
    sign_in(other, person, PASSWORD)
    assert is_signed_in(other)


def test_where_a_second_factor_is_asked_of_everyone_it_comes_first(
    client: Client, invitation: StaffInvitation, token: str
) -> None:
    Partner.objects.update(requires_second_factor=True)
    answer = client.post(f"/join/{token}/", filled(), follow=True)
    assertContains(answer, "You need a second factor before you go on")
    # Who has just chosen a password need not give it once more.
    assert client.get("/settings/security/app/").status_code == 200


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"name": ""}, "required"),
        ({"name": "x" * 10_000}, "at most 150 characters"),
        ({"name": "Chen \u202eJing"}, "control characters"),
        ({"name": "Chen\x00"}, "Null characters"),
        ({"password1": ""}, "required"),
        ({"password1": "short", "password2": "short"}, "too short"),
        ({"password1": "12345678901", "password2": "12345678901"}, "entirely numeric"),
        ({"password1": "chen@contoso.example", "password2": "chen@contoso.example"}, "too similar"),
        ({"password1": "x" * 10_000, "password2": "x" * 10_000}, "at most 1000 characters"),
        ({"password2": "something-else-here"}, "not the same"),
        ({"language": "tlh"}, "not one of the available choices"),
    ],
)
def test_what_cannot_be_is_refused_in_words(
    client: Client, invitation: StaffInvitation, token: str, wrong: dict[str, str], said: str
) -> None:
    answer = client.post(f"/join/{token}/", filled(**wrong))
    assert answer.status_code == 400
    assert said in str(answer.context["form"].errors)
    assert not Staff.objects.filter(email="chen@contoso.example").exists()
    assertNotContains(answer, PASSWORD, status_code=400)
    assert StaffInvitation.objects.get().is_waiting


class TestLinksThatAreNone:
    def tries(self, token: str) -> list[str]:
        return [
            token[:20],
            token[1:],
            token + "a",
            token.upper() if token.upper() != token else token.lower(),
            token.swapcase(),
            token[::-1],
            new_token(),
            "%00",
            "%2e%2e",
            "x" * 3000,
        ]

    def test_guessed_cut_and_in_capitals_they_open_nothing(
        self, client: Client, invitation: StaffInvitation, token: str
    ) -> None:
        for tried in self.tries(token):
            cache.clear()
            assert client.get(f"/join/{tried}/").status_code == 404
            assert client.post(f"/join/{tried}/", filled()).status_code == 404
        assert not Staff.objects.filter(email="chen@contoso.example").exists()

    def test_who_guesses_waits_also_with_a_good_one(
        self, client: Client, invitation: StaffInvitation, token: str
    ) -> None:
        statuses = [client.get(f"/join/{new_token()}/").status_code for _try in range(22)]
        assert statuses[0] == 404
        assert statuses[-1] == 429
        assert client.get(f"/join/{token}/").status_code == 429

    def test_expired_it_says_so(self, client: Client, token: str) -> None:
        StaffInvitationFactory(token=token, expires_at=timezone.now())
        for answer in (client.get(f"/join/{token}/"), client.post(f"/join/{token}/", filled())):
            assertContains(answer, "Its time has run out", status_code=410)

    def test_withdrawn_it_says_so_and_nothing_of_whom(self, client: Client, token: str) -> None:
        made = StaffInvitationFactory(token=token, withdrawn_at=timezone.now())
        for answer in (client.get(f"/join/{token}/"), client.post(f"/join/{token}/", filled())):
            assertContains(answer, "It was taken back", status_code=410)
            assertNotContains(answer, made.email, status_code=410)

    def test_used_twice_it_makes_one_account(self, client: Client, invitation: StaffInvitation, token: str) -> None:
        client.post(f"/join/{token}/", filled())
        other = Client()
        answer = other.post(f"/join/{token}/", filled(password1="another-good-password", name="Mallory"))
        assertContains(answer, "It was used already", status_code=410)
        assert not is_signed_in(other)
        person = Staff.objects.get(email="chen@contoso.example")
        assert (person.name, person.check_password(PASSWORD)) == ("Chen Jing", True)
        record = ActivityRecord.objects.latest("at")
        assert (record.outcome, record.reasons) == (Outcome.REFUSED, ["invitation_state"])

    def test_no_email_no_role_and_no_partner_can_be_chosen(
        self, client: Client, invitation: StaffInvitation, token: str
    ) -> None:
        more = {"email": "boss@contoso.example", "roles": ["global_admin"], "is_staff": "on", "partner": "x"}
        client.post(f"/join/{token}/", filled(**more))
        person = Staff.objects.get(name="Chen Jing")
        assert (person.email, person.roles, person.is_staff) == ("chen@contoso.example", (Role.SALES_AGENT,), False)


class TestAnAddressThatHasAnAccount:
    def test_who_opens_the_link_is_told_and_nobody_else(self, client: Client, token: str) -> None:
        theirs = StaffFactory(email="chen@contoso.example", partner__name="Fabrikam")
        made = StaffInvitationFactory(token=token, email="chen@contoso.example")
        for answer in (client.get(f"/join/{token}/"), client.post(f"/join/{token}/", filled())):
            assertContains(answer, "You have an account already", status_code=409)
            assertNotContains(answer, "Fabrikam", status_code=409)
        assert Staff.objects.get(pk=theirs.pk).partner != made.partner
        assert not ActivityRecord.objects.filter(partner_id=made.partner_id).exists()
        assert StaffInvitation.objects.get().opened_at is None

    def test_a_deactivated_account_is_an_account(self, client: Client, token: str) -> None:
        StaffFactory(email="chen@contoso.example", is_active=False)
        StaffInvitationFactory(token=token, email="chen@contoso.example")
        assert client.post(f"/join/{token}/", filled()).status_code == 409


def test_who_is_signed_in_makes_no_account_with_it(client: Client, invitation: StaffInvitation, token: str) -> None:
    client.force_login(StaffFactory(name="Wang Wei"))
    assertContains(client.get(f"/join/{token}/"), "signed in as")
    assertContains(client.post(f"/join/{token}/", filled()), "Wang Wei", status_code=409)
    assert StaffInvitation.objects.get().is_waiting
    assert StaffInvitation.objects.get().opened_at is None


def test_a_form_of_another_site_is_refused(invitation: StaffInvitation, token: str) -> None:
    careful = Client(enforce_csrf_checks=True)
    assert careful.post(f"/join/{token}/", filled()).status_code == 403
    assert StaffInvitation.objects.get().is_waiting


def test_the_language_chosen_in_the_browser_goes_before_that_of_the_mail(
    client: Client, invitation: StaffInvitation, token: str
) -> None:
    client.cookies[django_settings.LANGUAGE_COOKIE_NAME] = "es"
    page = client.get(f"/join/{token}/").content.decode()
    assert 'lang="es"' in page
    assert re.search(r'value="es"\s+selected', page)


def test_logs_hold_no_token(client: Client, token: str, caplog: pytest.LogCaptureFixture) -> None:
    client.get(f"/join/{token}/")
    assert token not in caplog.text
    assert "/join/…" in caplog.text
