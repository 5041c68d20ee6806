"""A second factor: set up, asked for at sign-in, taken away; and who must have one."""

import json
import time
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.test import Client
from pytest_django import Settings
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from activity.models import ActivityRecord, Outcome
from activity.words import sentence
from partners.models import Partner, QueuedMail, Staff
from partners.operations import NotAllowed, require_second_factor
from partners.roles import Role
from tests.factories import PASSWORD, PlatformAdministratorFactory, StaffFactory
from tests.partners.signing_in import SECURITY, code_of, codes_on, is_signed_in, later, set_up_app, sign_in

pytestmark = pytest.mark.django_db

APP, CODES, FOR_ALL = f"{SECURITY}app/", f"{SECURITY}recovery-codes/", f"{SECURITY}second-factor-for-all/"
SECOND = "/sign-in/second-factor/"


@pytest.fixture
def staff() -> Staff:
    staff: Staff = StaffFactory.create(email="lina@partner.example", name="Li Na")
    return staff


@pytest.fixture
def at_work(client: Client, staff: Staff) -> Client:
    sign_in(client, staff)
    return client


def records(operation: str) -> list[ActivityRecord]:
    return list(ActivityRecord.objects.filter(operation=operation).order_by("at"))


def passkey_of(staff: Staff) -> Authenticator:
    """A row such as a passkey leaves; it can be listed and taken away, and opens nothing."""
    row: Authenticator = Authenticator.objects.create(
        user=staff, type=Authenticator.Type.WEBAUTHN, data={"name": "Laptop", "credential": {}}
    )
    return row


class TestSettingUp:
    def test_the_secret_is_shown_as_picture_and_as_text(self, at_work: Client) -> None:
        page = at_work.get(APP)
        assertContains(page, 'src="data:image/svg+xml;base64,')
        assertNotContains(page, "style=")

    def test_the_first_code_sets_it_up_and_leads_to_recovery_codes(self, at_work: Client, staff: Staff) -> None:
        set_up_app(at_work)
        page = at_work.get(CODES)
        assert len(set(codes_on(page.content.decode()))) == 10
        [record] = records("add_second_factor")
        assert sentence(record) == "Li Na set up an authenticator app."
        assert QueuedMail.objects.get().template == "second_factor_added"
        assert staff.has_second_factor

    def test_the_secret_stands_nowhere_readable(self, at_work: Client, staff: Staff) -> None:
        secret = set_up_app(at_work)
        kept = json.dumps(list(Authenticator.objects.values_list("data", flat=True)))
        assert secret not in kept
        assert secret not in json.dumps(list(ActivityRecord.objects.values_list("after", flat=True)))
        assert not any(code in kept for code in codes_on(at_work.get(CODES).content.decode()))

    @pytest.mark.parametrize("code", ["", "000000", "12345", "\0", "x" * 10_000, "<b>", "१२३४५६"])
    def test_a_wrong_code_sets_up_nothing(self, at_work: Client, staff: Staff, code: str) -> None:
        at_work.get(APP)
        answer = at_work.post(APP, {"code": code})
        assertContains(answer, "Please look at this again")
        assert not staff.has_second_factor

    def test_guessing_is_limited_and_recorded(self, at_work: Client) -> None:
        at_work.get(APP)
        answers = [at_work.post(APP, {"code": "000000"}).status_code for _ in range(6)]
        assert answers == [200] * 5 + [429]
        assert {record.outcome for record in records("add_second_factor")} == {Outcome.REFUSED}

    def test_a_second_app_is_none(self, at_work: Client, staff: Staff) -> None:
        set_up_app(at_work)
        assertRedirects(at_work.get(APP), f"{APP}remove/")
        assert Authenticator.objects.filter(type="totp").count() == 1


class TestSigningIn:
    @pytest.fixture
    def secret(self, client: Client, staff: Staff) -> str:
        sign_in(client, staff)
        secret = set_up_app(client)
        client.logout()
        return secret

    def test_the_password_alone_does_not_let_in(self, client: Client, staff: Staff, secret: str) -> None:
        assertRedirects(sign_in(client, staff), SECOND)
        assert not is_signed_in(client)
        assert "/sign-in/" in client.get("/settings/profile/")["Location"]

    def test_the_next_code_lets_in_to_where_one_wanted_to_go(self, client: Client, staff: Staff, secret: str) -> None:
        sign_in(client, staff, next="/settings/profile/")
        assertRedirects(client.post(SECOND, {"code": code_of(secret, 1)}), "/settings/profile/")

    def test_a_code_lets_in_once(self, client: Client, staff: Staff, secret: str) -> None:
        # At the beginning of a half minute, and in the next one, where it is still good for slow clocks.
        moment = (int(time.time()) // 30 + 10) * 30
        with time_machine.travel(moment + 1):
            code = code_of(secret)
            sign_in(client, staff)
            client.post(SECOND, {"code": code})
            assert is_signed_in(client)
        other = Client()
        with time_machine.travel(moment + 45):
            sign_in(other, staff)
            assertContains(other.post(SECOND, {"code": code}), "This code was used already.")
        assert not is_signed_in(other)

    def test_a_wrong_code_is_recorded_and_limited(self, client: Client, staff: Staff, secret: str) -> None:
        sign_in(client, staff)
        answers = [client.post(SECOND, {"code": "000000"}).status_code for _ in range(6)]
        assert answers == [200] * 5 + [429]
        refused = records("sign_in")
        assert [record.reasons for record in refused] == [["wrong_code"]] * 5 + [["too_many_attempts"]]
        assert {record.actor_id for record in refused} == {staff.pk}
        assert client.post(SECOND, {"code": code_of(secret, 1)}).status_code == 429

    @pytest.mark.parametrize(
        "sent",
        [
            {},
            {"code": ""},
            {"code": "\0"},
            {"code": "x" * 10_000},
            {"credential": ""},
            {"credential": "\0"},
            {"credential": "null"},
            {"credential": "[]"},
            {"credential": "1"},
            {"credential": "{}"},
            {"credential": '{"id": 1, "rawId": [], "response": null, "type": "public-key"}'},
            {"credential": '{"id": "AA", "rawId": "AA", "type": "public-key", "response": {"clientDataJSON": "AA",'
             ' "authenticatorData": "AA", "signature": "AA", "userHandle": "AA"}}'},
        ],
    )  # fmt: skip
    def test_odd_input_is_refused(self, client: Client, staff: Staff, secret: str, sent: dict[str, str]) -> None:
        for url in (SECOND, "/sign-in/passkey/"):
            if url == SECOND:
                sign_in(client, staff)
            client.get("/sign-in/passkey/", headers={"accept": "application/json"})
            assert client.post(url, sent).status_code in {200, 302}
            assert not is_signed_in(client)

    def test_without_a_password_there_is_no_second_step(self, client: Client, secret: str) -> None:
        assertRedirects(client.get(SECOND), "/sign-in/")
        assertRedirects(client.post(SECOND, {"code": code_of(secret, 1)}), "/sign-in/")

    def test_the_deactivated_do_not_get_in_by_a_code(self, client: Client, staff: Staff, secret: str) -> None:
        sign_in(client, staff)
        Staff.objects.update(is_active=False)
        client.post(SECOND, {"code": code_of(secret, 1)})
        assert "/sign-in/" in client.get("/settings/profile/")["Location"]

    def test_every_recovery_code_lets_in_once(self, client: Client, staff: Staff, secret: str) -> None:
        sign_in(client, staff)
        client.post(SECOND, {"code": code_of(secret, 1)})
        codes = codes_on(client.get(CODES).content.decode())
        assert len(codes) == 10
        for code in codes[:3]:
            other = Client()
            sign_in(other, staff)
            other.post(SECOND, {"code": code})
            assert is_signed_in(other)
        again = Client()
        sign_in(again, staff)
        assert again.post(SECOND, {"code": codes[0]}).status_code == 200
        assert not is_signed_in(again)
        assert [record.after for record in records("use_recovery_code")] == [{"left": left} for left in (9, 8, 7)]
        assert QueuedMail.objects.filter(template="recovery_code_used").count() == 3
        assert codes_on(client.get(CODES).content.decode()) == codes[3:]

    def test_refused_sign_ins_are_recorded_with_the_person_and_without_what_was_typed(
        self, client: Client, staff: Staff
    ) -> None:
        sign_in(client, staff, "not-the-password")
        client.post("/sign-in/", {"login": "nobody@partner.example", "password": "x"})
        first, second = records("sign_in")
        assert (first.actor_id, first.partner_id, first.reasons) == (staff.pk, staff.partner_id, ["wrong_password"])
        assert (second.actor_id, second.partner_id, second.after) == (None, None, None)
        assert sentence(first) == "Li Na was refused: Sign in."


class TestTakingAway:
    def test_the_app_and_its_recovery_codes(self, at_work: Client, staff: Staff) -> None:
        set_up_app(at_work)
        assertContains(at_work.get(f"{APP}remove/"), "Take it away")
        assertRedirects(at_work.post(f"{APP}remove/"), SECURITY)
        assert not Authenticator.objects.exists()
        assert sentence(records("remove_second_factor")[0]) == "Li Na took their authenticator app away."
        assert QueuedMail.objects.filter(template="second_factor_removed").count() == 1

    def test_a_passkey_of_ones_own_alone(self, at_work: Client, staff: Staff) -> None:
        own, other = passkey_of(staff), passkey_of(StaffFactory())
        assert at_work.post(f"{SECURITY}passkeys/{other.pk}/remove/").status_code == 404
        assertRedirects(at_work.post(f"{SECURITY}passkeys/{own.pk}/remove/"), SECURITY)
        assert list(Authenticator.objects.all()) == [other]
        assert sentence(records("remove_second_factor")[0]) == "Li Na took their passkey “Laptop” away."

    def test_never_the_last_one_of_who_needs_one(self, at_work: Client, staff: Staff) -> None:
        set_up_app(at_work)
        Partner.objects.update(requires_second_factor=True)
        for answer in (at_work.get(f"{APP}remove/"), at_work.post(f"{APP}remove/")):
            assertContains(answer, "this is your last one")
        assert records("remove_second_factor")[0].reasons == ["second_factor_needed"]
        own = passkey_of(staff)
        assertRedirects(at_work.post(f"{APP}remove/"), SECURITY)
        answer = at_work.post(f"{SECURITY}passkeys/{own.pk}/remove/")
        assertContains(answer, "this is your last one")
        assert staff.has_second_factor

    def test_new_recovery_codes_make_the_old_ones_worthless(self, at_work: Client) -> None:
        set_up_app(at_work)
        old = codes_on(at_work.get(CODES).content.decode())
        assertRedirects(at_work.post(f"{CODES}new/"), CODES)
        assert not set(old) & set(codes_on(at_work.get(CODES).content.decode()))
        assert at_work.get(f"{CODES}file/")["Content-Type"].startswith("text/plain")
        assert sentence(records("make_recovery_codes")[0]) == "Li Na made new recovery codes."

    def test_an_administrator_takes_them_from_who_has_lost_them(self, at_work: Client, staff: Staff) -> None:
        set_up_app(at_work)
        platform = Client()
        sign_in(platform, PlatformAdministratorFactory())
        asked = {"action": "take_second_factors", "_selected_action": [str(staff.pk)]}
        assertContains(platform.post("/admin/partners/staff/", asked), "lina@partner.example")
        assert staff.has_second_factor
        platform.post("/admin/partners/staff/", {**asked, "post": "yes"})
        assert not Authenticator.objects.exists()
        [record] = records("take_second_factors")
        assert record.partner_id == staff.partner_id
        assert "took away all second factors of lina@partner.example" in sentence(record)
        told = QueuedMail.objects.get(template="second_factors_taken")
        assert (told.to, told.context["address"]) == (["lina@partner.example"], "")

    def test_secrets_of_another_key_are_spoken_of_and_can_be_taken_away(
        self, at_work: Client, staff: Staff, settings: Settings
    ) -> None:
        set_up_app(at_work)
        settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another-key" * 5, [settings.SECRET_KEY]
        assert len(codes_on(at_work.get(CODES).content.decode())) == 10
        Authenticator.objects.filter(type="recovery_codes").update(data={"seed": "unreadable", "used_mask": 3})
        assertContains(at_work.get(SECURITY), "8 are left.")
        for url in (CODES, f"{CODES}new/", f"{CODES}file/"):
            assertContains(at_work.get(url, follow=True), "cannot be read any more")
        assertRedirects(at_work.post(f"{APP}remove/"), SECURITY)
        assert not Authenticator.objects.exists()


SENSITIVE = [
    APP,
    f"{SECURITY}passkeys/add/",
    f"{SECURITY}passkeys/1/remove/",
    CODES,
    f"{CODES}new/",
    f"{CODES}file/",
    FOR_ALL,
]
# Of Django admin: another person's account, their password, and the action on a list of people.
SENSITIVE_IN_ADMIN = [
    ("/admin/partners/staff/add/", {}),
    ("/admin/partners/staff/{pk}/change/", {}),
    ("/admin/partners/staff/{pk}/password/", {}),
    ("/admin/partners/staff/", {"action": "take_second_factors", "_selected_action": "{pk}"}),
]


class TestConfirming:
    @pytest.mark.parametrize("url", SENSITIVE)
    def test_sensitive_pages_ask_again_who_it_is(self, at_work: Client, url: str) -> None:
        with later():
            assertRedirects(at_work.get(url), f"/confirm/?next={url.replace('/', '%2F')}")
            assert at_work.post(url, {"code": "1"})["Location"].startswith("/confirm/")

    @pytest.mark.parametrize(("url", "sent"), SENSITIVE_IN_ADMIN)
    def test_so_does_django_admin_about_people(self, client: Client, staff: Staff, url: str, sent: Any) -> None:
        passkey_of(staff)
        sign_in(client, PlatformAdministratorFactory())
        url, fields = url.format(pk=staff.pk), {name: value.format(pk=staff.pk) for name, value in sent.items()}
        with later():
            assert client.post(url, {"post": "yes", "name": "Mine", **fields})["Location"].startswith("/confirm/")
        staff.refresh_from_db()
        assert staff.name == "Li Na"
        assert staff.has_second_factor
        assert Staff.objects.count() == 2

    def test_the_password_leads_on(self, at_work: Client) -> None:
        with later():
            assertRedirects(at_work.post("/confirm/", {"password": PASSWORD, "next": FOR_ALL}), FOR_ALL)

    def test_so_does_a_code(self, at_work: Client) -> None:
        secret = set_up_app(at_work)
        with later():
            answer = at_work.post("/confirm/code/", {"code": code_of(secret), "next": CODES})
            assertRedirects(answer, CODES)

    def test_a_wrong_answer_is_recorded_and_limited(self, at_work: Client) -> None:
        with later():
            answers = [at_work.post("/confirm/", {"password": "wrong"}).status_code for _ in range(6)]
            assert answers == [200] * 5 + [429]
            assert at_work.get(FOR_ALL).status_code == 302
        assert records("confirm_identity")[0].reasons == ["wrong_password"]

    @pytest.mark.parametrize("typed", ["", "\0", "x" * 10_000])
    def test_odd_passwords_are_refused(self, at_work: Client, typed: str) -> None:
        assertContains(at_work.post("/confirm/", {"password": typed}), "Please look at this again")

    @pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "\0"])
    def test_one_never_goes_on_to_another_site(self, at_work: Client, elsewhere: str) -> None:
        assertRedirects(at_work.post("/confirm/", {"password": PASSWORD, "next": elsewhere}), SECURITY)

    def test_the_password_that_was_posted_is_kept_nowhere(self, at_work: Client) -> None:
        with later():
            at_work.post(APP, {"code": "secret-thing"})
            assert "secret-thing" not in json.dumps(dict(at_work.session.items()), default=str)


class TestRequired:
    def test_who_has_none_is_led_there_before_anything_else(self, at_work: Client, staff: Staff) -> None:
        Partner.objects.update(requires_second_factor=True)
        for url in ("/", "/settings/profile/", "/customers/", FOR_ALL):
            assertRedirects(at_work.get(url), SECURITY)
        assertContains(at_work.get(SECURITY), "You need a second factor before you go on")
        assert at_work.get("/customers/", headers={"hx-request": "true"})["HX-Redirect"] == SECURITY
        set_up_app(at_work)
        assert at_work.get("/settings/profile/").status_code == 200

    def test_recovery_codes_alone_are_none(self, at_work: Client, staff: Staff) -> None:
        RecoveryCodes.activate(staff)
        Partner.objects.update(requires_second_factor=True)
        assertRedirects(at_work.get("/"), SECURITY)

    def test_in_production_global_admins_and_platform_administrators_need_one(self, settings: Settings) -> None:
        settings.REQUIRE_SECOND_FACTOR = True
        needs = {role: StaffFactory(roles=[role]).needs_second_factor for role in Role}
        assert needs == {role: role == Role.GLOBAL_ADMIN for role in Role}
        platform, client = PlatformAdministratorFactory(), Client()
        sign_in(client, platform)
        for url in ("/admin/", "/admin/partners/staff/", "/admin/nothing/", "/offers/"):
            assertRedirects(client.get(url), SECURITY)
            assert client.get(url, headers={"hx-request": "true"})["HX-Redirect"] == SECURITY
        assert client.post("/admin/partners/partner/add/", {"name": "Mine"})["Location"] == SECURITY
        assert not Partner.objects.filter(name="Mine").exists()
        set_up_app(client)
        assert client.get("/admin/").status_code == 200

    def test_a_global_admin_asks_it_of_everyone(self, at_work: Client, staff: Staff) -> None:
        colleague = StaffFactory(partner=staff.partner)
        StaffFactory(partner=staff.partner, is_active=False)
        assertContains(at_work.get(FOR_ALL), "2 of 2 have none yet.")
        assertRedirects(at_work.post(FOR_ALL, {"required": "on"}), SECURITY)
        assert Staff.objects.get(pk=colleague.pk).needs_second_factor
        at_work.post(FOR_ALL, {"required": "on"})
        [record] = records("require_second_factor")
        assert sentence(record) == "Li Na asks everyone for a second factor."
        assert (record.before, record.after) == ({"requires_second_factor": False}, {"requires_second_factor": True})

    def test_nobody_else_does(self) -> None:
        agent = StaffFactory(roles=[Role.ADMIN_AGENT, Role.USER_ADMIN])
        with pytest.raises(NotAllowed):
            require_second_factor(staff=agent, required=True)
        assert not Partner.objects.get().requires_second_factor
        assert records("require_second_factor")[0].reasons == ["role"]

    def test_platform_administrators_set_it_in_django_admin(self) -> None:
        partner = StaffFactory().partner
        platform = Client()
        platform.force_login(PlatformAdministratorFactory())
        assertContains(platform.get(f"/admin/partners/partner/{partner.pk}/change/"), 'name="requires_second_factor"')

    @pytest.mark.parametrize(
        "model", ["mfa/authenticator", "usersessions/usersession", "socialaccount/socialapp", "account/emailaddress"]
    )
    def test_the_packages_own_tables_are_not_in_django_admin(self, model: str) -> None:
        platform = Client()
        platform.force_login(PlatformAdministratorFactory())
        assert platform.get(f"/admin/{model}/").status_code == 404


class TestSessions:
    def test_they_are_listed_and_ended_but_for_this_one(self, at_work: Client, staff: Staff) -> None:
        firefox = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
        elsewhere = Client(headers={"user-agent": firefox})
        sign_in(elsewhere, staff)
        assertContains(at_work.get(f"{SECURITY}sessions/"), "Firefox, Windows")
        assertRedirects(at_work.post(f"{SECURITY}sessions/"), f"{SECURITY}sessions/")
        assert at_work.get("/settings/profile/").status_code == 200
        assert "/sign-in/" in elsewhere.get("/settings/profile/")["Location"]
        assertNotContains(at_work.get(f"{SECURITY}sessions/"), "Firefox")
        assert sentence(records("end_sessions")[0]) == "Li Na signed out everywhere else."

    def test_nobody_elses_are(self, at_work: Client) -> None:
        other = Client()
        sign_in(other, StaffFactory())
        at_work.post(f"{SECURITY}sessions/")
        assert is_signed_in(other)
        assert other.get("/settings/profile/").status_code == 200

    def test_a_changed_password_leaves_this_one_in_the_list(self, at_work: Client) -> None:
        new = "quite-another-passphrase"
        at_work.post(SECURITY, {"old_password": PASSWORD, "new_password1": new, "new_password2": new})
        assert at_work.get(f"{SECURITY}sessions/").content.count(b'scope="row"') == 1
        assert QueuedMail.objects.get().template == "password_changed"
