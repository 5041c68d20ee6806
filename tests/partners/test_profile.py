"""A person's own pages: profile, password, language and theme."""

import pytest
from django.test import Client
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from activity.models import ActivityRecord
from partners.models import Staff
from partners.operations import update_profile
from tests.factories import PASSWORD, PlatformAdministratorFactory, StaffFactory
from tests.partners.signing_in import later, sign_in

pytestmark = pytest.mark.django_db

PROFILE, SECURITY = "/settings/profile/", "/settings/security/"
NEW_PASSWORD = "quite-another-passphrase"


@pytest.fixture
def staff() -> Staff:
    staff: Staff = StaffFactory.create(name="Li Na", language="en", time_zone="Asia/Shanghai", theme="auto")
    return staff


@pytest.fixture
def at_work(client: Client, staff: Staff) -> Client:
    client.force_login(staff)
    return client


def typed(**changes: str) -> dict[str, str]:
    return {"name": "Li Na", "language": "en", "time_zone": "Asia/Shanghai", "theme": "auto"} | changes


def new_password(**changes: str) -> dict[str, str]:
    return {"old_password": PASSWORD, "new_password1": NEW_PASSWORD, "new_password2": NEW_PASSWORD} | changes


class TestProfile:
    def test_it_shows_the_partner_and_the_roles(self, at_work: Client, staff: Staff) -> None:
        page = at_work.get(PROFILE)
        for words in (staff.email, str(staff.partner), "Direct reseller", "Global admin"):
            assertContains(page, words)

    def test_what_is_saved_is_kept_and_recorded_with_what_it_was(self, at_work: Client, staff: Staff) -> None:
        assertRedirects(at_work.post(PROFILE, typed(name="Li Na Wang", time_zone="Europe/Madrid")), PROFILE)
        staff.refresh_from_db()
        assert (staff.name, staff.time_zone) == ("Li Na Wang", "Europe/Madrid")
        record = ActivityRecord.objects.get(operation="update_profile")
        assert record.before == {"name": "Li Na", "time_zone": "Asia/Shanghai"}
        assert record.after == {"name": "Li Na Wang", "time_zone": "Europe/Madrid"}
        assert (record.actor_id, record.resource_id) == (staff.pk, str(staff.pk))

    def test_saving_what_is_already_so_records_nothing(self, at_work: Client) -> None:
        at_work.post(PROFILE, typed())
        assert not ActivityRecord.objects.exists()

    def test_the_next_page_speaks_the_new_language(self, at_work: Client) -> None:
        page = at_work.post(PROFILE, typed(language="zh-hans"), follow=True)
        assertContains(page, '<html lang="zh-hans"')

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("name", ""),
            ("name", "   "),
            ("name", "\0"),
            ("name", "n" * 10_000),
            ("name", "Li\x1b[31m"),
            ("name", "Li\nNa"),
            ("name", "Li \u202eNa"),
            ("time_zone", "Mars/Olympus"),
            ("time_zone", "../../etc/passwd"),
            ("time_zone", ""),
            ("language", "tlh"),
            ("language", "\0"),
            ("theme", "pink"),
            ("theme", ""),
        ],
    )
    def test_what_the_profile_cannot_hold_is_refused_and_changes_nothing(
        self, at_work: Client, staff: Staff, field: str, value: str
    ) -> None:
        page = at_work.post(PROFILE, typed(**{"name": "Somebody Else", field: value}))
        assertContains(page, "Please look at this again")
        assertContains(page, 'aria-invalid="true"')
        staff.refresh_from_db()
        assert staff.preferences == typed()
        assert not ActivityRecord.objects.exists()

    def test_a_refused_form_keeps_what_was_typed(self, at_work: Client) -> None:
        page = at_work.post(PROFILE, typed(name="Somebody Else", time_zone="Mars/Olympus"))
        assertContains(page, 'value="Somebody Else"')

    def test_markup_in_a_name_is_words(self, at_work: Client) -> None:
        page = at_work.post(PROFILE, typed(name="<b>Li</b> Na"), follow=True)
        assertContains(page, "&lt;b&gt;Li&lt;/b&gt;")

    def test_a_platform_administrator_has_one_too(self, client: Client) -> None:
        client.force_login(PlatformAdministratorFactory.create())
        assertContains(client.get(PROFILE), "You belong to no partner.")

    def test_the_operation_refuses_what_a_page_would_not_send(self, staff: Staff) -> None:
        with pytest.raises(Exception, match="Mars/Olympus"):
            update_profile(staff=staff, time_zone="Mars/Olympus")
        assert not ActivityRecord.objects.exists()


class TestPassword:
    def test_the_new_one_is_recorded_but_not_written_down(self, at_work: Client, staff: Staff) -> None:
        assertRedirects(at_work.post(SECURITY, new_password()), SECURITY)
        staff.refresh_from_db()
        assert staff.check_password(NEW_PASSWORD)
        record = ActivityRecord.objects.get(operation="change_password")
        assert (record.before, record.after) == (None, None)

    def test_this_session_goes_on_and_every_other_ends(self, at_work: Client, staff: Staff) -> None:
        elsewhere = Client()
        elsewhere.force_login(staff)
        at_work.post(SECURITY, new_password())
        assert at_work.get(SECURITY).status_code == 200
        assertRedirects(elsewhere.get(SECURITY), f"/sign-in/?next={SECURITY}")

    @pytest.mark.parametrize(
        "refused",
        [
            {"old_password": "wrong"},
            {"new_password2": "something else"},
            {"new_password1": "short", "new_password2": "short"},
            {"new_password1": "password123", "new_password2": "password123"},
            {"new_password1": "7391046582", "new_password2": "7391046582"},
            {"new_password1": "", "new_password2": ""},
            {"new_password1": "\0" * 20, "new_password2": "\0" * 20},
        ],
    )
    def test_a_wrong_or_weak_one_changes_nothing(self, at_work: Client, staff: Staff, refused: dict[str, str]) -> None:
        page = at_work.post(SECURITY, new_password(**refused))
        assertContains(page, "Please look at this again")
        assertNotContains(page, PASSWORD)
        staff.refresh_from_db()
        assert staff.check_password(PASSWORD)
        reasons = [record.reasons for record in ActivityRecord.objects.filter(operation="change_password")]
        assert reasons == ([["wrong_password"]] if "old_password" in refused else [])

    def test_guessing_the_old_one_is_limited_together_with_signing_in(self, at_work: Client, staff: Staff) -> None:
        answers = [at_work.post(SECURITY, new_password(old_password="wrong")).status_code for _ in range(6)]
        assert answers == [200] * 5 + [429]
        with later(2):
            assert at_work.post(SECURITY, new_password()).status_code == 429
            assert sign_in(Client(), staff).status_code == 429
        assert not Staff.objects.get().check_password(NEW_PASSWORD)


class TestSwitches:
    def test_signed_in_the_language_is_kept_with_the_person(self, at_work: Client, staff: Staff) -> None:
        page = at_work.post("/language/", {"language": "es", "next": PROFILE}, follow=True)
        assertContains(page, '<html lang="es"')
        staff.refresh_from_db()
        assert staff.language == "es"
        assert ActivityRecord.objects.get().after == {"language": "es"}

    def test_signed_out_the_language_is_kept_in_the_browser(self, client: Client) -> None:
        page = client.post("/language/", {"language": "zh-hans", "next": "/sign-in/"}, follow=True)
        assertContains(page, '<html lang="zh-hans"')

    def test_each_language_stands_under_its_own_name(self, client: Client) -> None:
        page = client.get("/sign-in/")
        for code, name in (("en", "English"), ("es", "Español"), ("zh-hans", "简体中文")):
            assertContains(page, f'value="{code}" lang="{code}"')
            assertContains(page, name)

    def test_the_theme_is_drawn_by_the_server(self, at_work: Client, client: Client) -> None:
        assertContains(at_work.get(PROFILE), 'data-bs-theme="light" data-theme-choice="auto"')
        page = at_work.post("/theme/", {"theme": "dark", "next": PROFILE}, follow=True)
        assertContains(page, 'data-bs-theme="dark" data-theme-choice="dark"')

    def test_signed_out_the_theme_is_kept_in_the_browser(self, client: Client) -> None:
        page = client.post("/theme/", {"theme": "dark", "next": "/sign-in/"}, follow=True)
        assertContains(page, 'data-bs-theme="dark"')

    @pytest.mark.parametrize(
        "elsewhere",
        [
            "https://evil.example/",
            "//evil.example",
            "",
            "\0",
            "javascript:alert(1)",
            "customers",
            "account_login",
            "?",
            " /",
        ],
    )
    def test_a_switch_leads_back_to_a_page_of_the_portal_only(self, client: Client, elsewhere: str) -> None:
        assert client.post("/theme/", {"theme": "dark", "next": elsewhere})["Location"] == "/"

    @pytest.mark.parametrize(("url", "field"), [("/language/", "language"), ("/theme/", "theme")])
    @pytest.mark.parametrize("value", ["", "tlh", "\0", "x" * 10_000])
    def test_what_does_not_exist_is_a_bad_request(
        self, at_work: Client, staff: Staff, url: str, field: str, value: str
    ) -> None:
        assert at_work.post(url, {field: value}).status_code == 400
        staff.refresh_from_db()
        assert staff.preferences == typed()

    @pytest.mark.parametrize("url", ["/language/", "/theme/"])
    def test_a_switch_takes_no_other_method(self, client: Client, url: str) -> None:
        assertContains(client.get(url), "This page cannot be used that way", status_code=405)
