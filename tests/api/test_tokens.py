"""How programs get tokens, in their own name and in people's; what is refused, and how; and when a token ends."""

import base64
import datetime
import re
import uuid
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import time_machine
from allauth.idp.oidc.internal.oauthlib import authorization_codes
from allauth.idp.oidc.models import Token
from django.core.cache import cache
from django.db import connection
from django.test import Client, RequestFactory
from django.utils import timezone
from pytest_django import Settings

from activity.models import ActivityRecord, ActorKind, Outcome
from activity.words import sentence
from api.authentication import authenticate, new_token
from api.models import RequestCount
from partners.api_clients import make_client, renew_secret, revoke_client
from partners.models import ApiClient, Staff
from partners.roles import Role
from partners.staffing import deactivate
from tests.factories import PartnerFactory, PlatformAdministratorFactory, StaffFactory

pytestmark = pytest.mark.django_db

BACK = "https://program.example.cn/signed-in"
GUESS = "a-guess-that-is-wrong"


class Program:
    """A program with its credentials, that asks for tokens."""

    def __init__(self, client: ApiClient, secret: str) -> None:
        self.client, self.secret = client, secret
        self.http = Client()

    @property
    def credentials(self) -> dict[str, str]:
        return {"client_id": str(self.client.pk), "client_secret": self.secret}

    def post(self, tenant: object = None, **sent: Any) -> Any:
        """Ask at the token address of the tenant (the program's own partner) with this form."""
        form = {name: value for name, value in sent.items() if value is not None}
        return self.http.post(
            f"/{tenant or self.client.partner_id}/oauth2/token",
            urlencode(form, doseq=True),
            content_type="application/x-www-form-urlencoded",
        )

    def ask(self, grant_type: str | None = "client_credentials", tenant: object = None, **more: Any) -> Any:
        """Ask for a token in this way, with the program's own credentials where no others are given."""
        return self.post(tenant, **{"grant_type": grant_type, **self.credentials, **more})

    def token(self) -> str:
        token: str = self.ask().json()["access_token"]
        return token


@pytest.fixture
def staff() -> Staff:
    made: Staff = StaffFactory(name="Li Na", partner__name="Contoso Reseller")
    return made


@pytest.fixture
def program(staff: Staff) -> Program:
    made = make_client(staff=staff, name="Nightly report", roles=["admin_agent"], redirect_uris=[BACK], key="1")
    return Program(made.client, made.secret)


def asks(token: str, path: str = "/v1/profiles/mpn") -> int:
    """What the API answers to this token."""
    status: int = Client().get(path, headers={"Authorization": f"Bearer {token}"}).status_code
    return status


def recorded(operation: str = "get_token") -> list[ActivityRecord]:
    """What the log says of this operation, the first first."""
    return list(ActivityRecord.objects.filter(operation=operation).order_by("at", "number"))


def refused(answer: Any, error: str, status: int = 400) -> None:
    """It is refused as RFC 6749 has it, kept by nobody, and recorded with the reason alone."""
    assert (answer.status_code, answer.json()["error"]) == (status, error), answer.content
    assert set(answer.json()) <= {"error", "error_description"}
    assert re.fullmatch(r"[\x20-\x21\x23-\x5b\x5d-\x7e]+", answer.json()["error_description"])
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"
    record = recorded()[-1]
    assert (record.outcome, record.reasons) == (Outcome.REFUSED, [error])
    assert (record.before, record.after) == (None, None)


@pytest.mark.parametrize(
    "resource",
    ["https://graph.windows.net", "https://portal.example.cn", "no address", "https://a/../b", "https://a#b", ""],
)
def test_d03_any_resource_gets_a_token(program: Program, resource: str) -> None:
    answer = program.ask(resource=resource, scope="openid profile")
    assert answer.status_code == 200
    assert answer.json()["resource"] == (resource or "http://127.0.0.1:8000")
    assert asks(answer.json()["access_token"]) == 200


def test_d05_app_only_reads_what_the_pages_call_app_and_user(program: Program, staff: Staff) -> None:
    in_a_name = new_token(program.client, staff=staff, seconds=60)
    for path in ("/v1/auditrecords", "/v1/profiles/support", "/v1/profiles/organization"):
        assert (asks(program.token(), path), asks(in_a_name, path)) == (200, 200)


class TestInItsOwnName:
    def test_a_program_gets_a_token_in_the_form_that_clients_know(self, program: Program, settings: Settings) -> None:
        with time_machine.travel(datetime.datetime(2026, 5, 4, 4, 0, tzinfo=datetime.UTC), tick=False):
            answer = program.ask()
        now = datetime.datetime(2026, 5, 4, 4, 0, tzinfo=datetime.UTC).timestamp()
        assert answer.status_code == 200
        said = answer.json()
        assert len(said.pop("access_token")) >= 43
        assert said == {
            "token_type": "Bearer",
            "expires_in": "3600",
            "ext_expires_in": "3600",
            "expires_on": str(int(now) + 3600),
            "not_before": str(int(now)),
            "resource": settings.PORTAL_URL,
        }
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Pragma"] == "no-cache"
        assert answer.headers["MS-RequestId"]
        assert answer.headers["MS-CorrelationId"]

    def test_the_token_is_good_at_the_api(self, program: Program) -> None:
        assert asks(program.token()) == 200

    def test_several_resources_and_a_strange_one(self, program: Program) -> None:
        assert program.ask(resource=["https://a.example", "https://b.example"]).json()["resource"]
        assert program.ask(resource="x\0y").json()["resource"].startswith("http")

    def test_addresses_in_any_case_with_a_last_slash_and_a_query(self, program: Program) -> None:
        for path in ("/{}/oauth2/token/", "/{}/OAuth2/Token", "/{}/oauth2/token?api-version=1.0&grant_type=password"):
            address = path.format(str(program.client.partner_id).upper())
            answer = program.http.post(address, {"grant_type": "client_credentials", **program.credentials})
            assert answer.status_code == 200, path

    def test_the_id_in_capitals_is_found(self, program: Program) -> None:
        assert program.ask(client_id=str(program.client.pk).upper()).status_code == 200

    def test_credentials_in_the_header(self, program: Program) -> None:
        def with_header(secret: str, **form: str) -> Any:
            shown = base64.b64encode(f"{program.client.pk}:{secret}".encode()).decode()
            return program.http.post(
                f"/{program.client.partner_id}/oauth2/token",
                {"grant_type": "client_credentials", **form},
                headers={"Authorization": f"Basic {shown}"},
            )

        assert with_header(program.secret).status_code == 200
        wrong = with_header(GUESS)
        refused(wrong, "invalid_client", 401)
        assert wrong.headers["WWW-Authenticate"] == 'Basic realm="partnerportal"'
        refused(with_header(program.secret, client_id=str(uuid.uuid4())), "invalid_request")

    def test_the_id_of_the_request_comes_back_where_that_is_asked(self, program: Program) -> None:
        def with_id(**headers: str) -> Any:
            form = {"grant_type": "client_credentials", **program.credentials}
            return program.http.post(f"/{program.client.partner_id}/oauth2/token", form, headers=headers)

        wanted = {"client-request-id": "abc", "return-client-request-id": "true"}
        assert with_id(**wanted).headers["client-request-id"] == "abc"
        assert "client-request-id" not in with_id(**{"client-request-id": "abc"}).headers
        assert "client-request-id" not in with_id(**{**wanted, "client-request-id": "x" * 129}).headers

    def test_its_use_is_noted(self, program: Program) -> None:
        program.ask()
        assert ApiClient.objects.get(pk=program.client.pk).last_used_at is not None


class TestRefused:
    @pytest.mark.parametrize(
        ("changed", "error", "status"),
        [
            ({"client_secret": GUESS}, "invalid_client", 401),
            ({"client_secret": ""}, "invalid_client", 401),
            ({"client_secret": None}, "invalid_client", 401),
            ({"client_secret": "x" * 500}, "invalid_client", 401),
            ({"client_secret": "x" * 5000}, "invalid_request", 400),
            ({"client_secret": "a\0b"}, "invalid_request", 400),
            ({"client_secret": "пароль"}, "invalid_request", 400),
            ({"client_id": None}, "invalid_client", 401),
            ({"client_id": "nobody"}, "invalid_client", 401),
            ({"client_id": str(uuid.uuid4())}, "invalid_client", 401),
            ({"client_id": "a\0b"}, "invalid_request", 400),
            ({"client_id": "' OR 1=1 --"}, "invalid_client", 401),
            ({"client_id": [str(uuid.uuid4()), str(uuid.uuid4())]}, "invalid_request", 400),
            ({"grant_type": None}, "invalid_request", 400),
            ({"grant_type": "password", "username": "li", "password": GUESS}, "unsupported_grant_type", 400),
            ({"grant_type": "jwt_token"}, "unsupported_grant_type", 400),
            ({"grant_type": "urn:ietf:params:oauth:grant-type:device_code"}, "unsupported_grant_type", 400),
            ({"grant_type": "implicit\0"}, "invalid_request", 400),
            ({"grant_type": "authorization_code"}, "invalid_request", 400),
            ({"grant_type": "authorization_code", "code": GUESS}, "invalid_grant", 400),
            ({"grant_type": "authorization_code", "code": "x" * 400}, "invalid_grant", 400),
            ({"grant_type": "authorization_code", "code": "a b"}, "invalid_grant", 400),
            ({"grant_type": "refresh_token"}, "invalid_request", 400),
            ({"grant_type": "refresh_token", "refresh_token": GUESS}, "invalid_grant", 400),
        ],
    )
    def test_in_the_words_of_rfc_6749(self, program: Program, changed: dict[str, Any], error: str, status: int) -> None:
        refused(program.ask(**changed), error, status)
        assert not Token.objects.exists()

    def test_what_the_specification_says_of_a_wrong_secret(self, program: Program) -> None:
        assert program.ask(client_secret=GUESS).json() == {
            "error": "invalid_client",
            "error_description": "The client id or secret is not valid.",
        }

    def test_the_record_names_the_program_that_was_named_and_else_nobody(self, program: Program) -> None:
        program.ask(client_secret=GUESS)
        record = recorded()[0]
        assert (record.actor_kind, record.actor_id, record.partner_id) == (
            ActorKind.CLIENT,
            program.client.pk,
            program.client.partner_id,
        )
        assert sentence(record) == "Nightly report was refused: Get a token for the API."
        program.ask(client_id=str(uuid.uuid4()))
        record = recorded()[1]
        assert (record.actor_kind, record.actor_id, record.partner_id) == (ActorKind.CLIENT, None, None)

    def test_at_the_address_of_another_partner_or_of_none(self, program: Program) -> None:
        for tenant in (PartnerFactory().pk, uuid.uuid4(), "common", "contoso.partner.onmschina.cn", "a%00b"):
            refused(program.ask(tenant=tenant), "invalid_client", 401)

    def test_a_revoked_one(self, program: Program, staff: Staff) -> None:
        revoke_client(staff=staff, client_id=program.client.pk, key="r")
        refused(program.ask(), "invalid_client", 401)

    def test_the_secret_of_before_once_it_is_renewed(self, program: Program, staff: Staff) -> None:
        before = program.secret
        program.secret = renew_secret(staff=staff, client_id=program.client.pk, key="r").secret
        assert program.ask().status_code == 200
        refused(program.ask(client_secret=before), "invalid_client", 401)

    def test_one_without_an_address_to_come_back_to_gets_none_in_a_persons_name(self, staff: Staff) -> None:
        made = make_client(staff=staff, name="Script", roles=["admin_agent"], key="2")
        script = Program(made.client, made.secret)
        refused(script.ask("authorization_code", code=GUESS), "unauthorized_client")
        refused(script.ask("refresh_token", refresh_token=GUESS), "unauthorized_client")

    @pytest.mark.parametrize("method", ["get", "put", "delete", "patch"])
    def test_only_post(self, program: Program, method: str) -> None:
        answer = getattr(program.http, method)(f"/{program.client.partner_id}/oauth2/token")
        assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
        assert answer.json()["error"] == "invalid_request"
        assert not recorded()

    @pytest.mark.parametrize(
        ("body", "kind", "error", "status"),
        [
            (b"", "application/x-www-form-urlencoded", "invalid_request", 400),
            (b"\xff\xfe\x00", "application/x-www-form-urlencoded", "invalid_request", 400),
            (b"grant_type=%FF%FE&client_id=%ED%A0%80", "application/x-www-form-urlencoded", "invalid_request", 400),
            (b"a=1&" * 5_000, "application/x-www-form-urlencoded", "invalid_request", 400),
            (b"x" * 40_000, "application/x-www-form-urlencoded", "invalid_request", 413),
            (b'{"grant_type": "client_credentials"}', "application/json", "invalid_request", 400),
            (b"broken", "multipart/form-data; boundary=x", "invalid_request", 400),
            (b"broken", "multipart/form-data", "invalid_request", 400),
        ],
    )
    def test_bodies_that_are_no_form(self, program: Program, body: bytes, kind: str, error: str, status: int) -> None:
        answer = program.http.post(f"/{program.client.partner_id}/oauth2/token", body, content_type=kind)
        refused(answer, error, status)

    def test_a_charset_that_is_none(self, program: Program) -> None:
        answer = program.http.post(
            f"/{program.client.partner_id}/oauth2/token",
            b"grant_type=password",
            content_type="application/x-www-form-urlencoded; charset=utf-16",
        )
        refused(answer, "invalid_request")

    def test_too_many_requests_are_refused_before_any_secret_is_hashed(
        self, program: Program, settings: Settings, django_assert_num_queries: Any
    ) -> None:
        settings.TOKEN_REQUESTS_PER_MINUTE = 2
        with time_machine.travel(datetime.datetime(2026, 5, 4, 4, 0, 20, tzinfo=datetime.UTC), tick=False):
            assert [program.ask(client_secret=GUESS).status_code for _time in range(2)] == [401, 401]
            with django_assert_num_queries(1):
                answer = program.ask()
            assert (answer.status_code, answer.headers["Retry-After"]) == (429, "40")
            assert answer.json()["error"] == "temporarily_unavailable"
            elsewhere = program.http.post(
                f"/{program.client.partner_id}/oauth2/token",
                {"grant_type": "client_credentials", **program.credentials},
                REMOTE_ADDR="192.0.2.7",
            )
            assert elsewhere.status_code == 200
        with time_machine.travel(datetime.datetime(2026, 5, 4, 4, 1, tzinfo=datetime.UTC), tick=False):
            assert program.ask().status_code == 200
        assert RequestCount.objects.filter(kind="token").count() == 2
        assert len(recorded()) == 2


class TestInAPersonsName:
    @pytest.fixture
    def person(self, staff: Staff) -> Staff:
        made: Staff = StaffFactory(name="Wang Wei", partner=staff.partner, roles=[Role.SALES_AGENT])
        return made

    @pytest.fixture
    def browser(self, person: Staff) -> Client:
        browser = Client()
        browser.force_login(person)
        return browser

    def address(self, program: Program, tenant: object = "common", **changed: Any) -> str:
        asked: dict[str, Any] = {
            "client_id": program.client.pk,
            "response_type": "code",
            "redirect_uri": BACK,
            "state": "s t&a",
            **changed,
        }
        sent = {name: value for name, value in asked.items() if value is not None}
        return f"/{tenant}/oauth2/authorize?{urlencode(sent, doseq=True)}"

    def told(self, answer: Any) -> dict[str, str]:
        """What a redirect tells the program."""
        assert answer.status_code == 302, answer.content
        assert answer["Location"].startswith(f"{BACK}?")
        return {name: values[0] for name, values in parse_qs(urlsplit(answer["Location"]).query).items()}

    def code(self, browser: Client, program: Program, **changed: Any) -> str:
        return self.told(browser.post(self.address(program, **changed), {"act": "allow"}))["code"]

    def test_from_the_consent_to_the_token_and_on(self, program: Program, person: Staff, browser: Client) -> None:
        address = self.address(program)
        page = browser.get(address)
        assert "May Nightly report act in your name?" in page.content.decode()
        assert "program.example.cn" in page.content.decode()
        assert page["Cache-Control"].startswith("max-age=0")
        assert "form-action 'self' https://program.example.cn;" in page["Content-Security-Policy"] + ";"
        told = self.told(browser.post(address, {"act": "allow"}))
        assert told["state"] == "s t&a"
        answer = program.ask("authorization_code", code=told["code"], redirect_uri=BACK, resource="https://x.example")
        said = answer.json()
        assert (said["scope"], said["resource"], said["expires_in"]) == (
            "user_impersonation",
            "https://x.example",
            "3600",
        )
        assert Token.objects.get(type="at").user == person
        assert asks(said["access_token"]) == 200
        again = program.ask("refresh_token", refresh_token=said["refresh_token"], scope="openid").json()
        assert again["scope"] == "user_impersonation"
        assert asks(again["access_token"]) == 200
        assert again["access_token"] != said["access_token"]

    def test_it_is_recorded(self, program: Program, person: Staff, browser: Client) -> None:
        self.code(browser, program)
        [record] = recorded("let_client_act")
        assert sentence(record) == "Wang Wei let the API client Nightly report act in their name."
        assert (record.actor_id, record.resource_id) == (person.pk, str(program.client.pk))

    def test_the_person_acts_and_not_the_program(self, program: Program, person: Staff, browser: Client) -> None:
        said = program.ask("authorization_code", code=self.code(browser, program)).json()
        for token, caller in ((program.token(), program.client), (said["access_token"], person)):
            request = RequestFactory().get("/v1/offers", headers={"Authorization": f"Bearer {token}"})
            bearer = authenticate(request)
            assert (bearer.caller, bearer.client) == (caller, program.client)

    def test_a_code_is_good_once_for_this_program_and_this_address(
        self, program: Program, staff: Staff, browser: Client
    ) -> None:
        other = make_client(staff=staff, name="Other", roles=["admin_agent"], redirect_uris=[BACK], key="2")
        code = self.code(browser, program)
        refused(Program(other.client, other.secret).ask("authorization_code", code=code), "invalid_grant")
        refused(program.ask("authorization_code", code=code, redirect_uri=f"{BACK}/x"), "invalid_request")
        assert program.ask("authorization_code", code=code).status_code == 200
        refused(program.ask("authorization_code", code=code), "invalid_grant")

    def test_of_those_who_send_a_code_at_once_one_gets_a_token(self, program: Program, browser: Client) -> None:
        code = self.code(browser, program)
        seen = authorization_codes.cache_key(str(program.client.pk), code)
        known = cache.get(seen)
        assert program.ask("authorization_code", code=code).status_code == 200
        # As whoever has looked the code up before the other was through still sees it.
        cache.set(seen, known)
        refused(program.ask("authorization_code", code=code), "invalid_grant")
        assert Token.objects.filter(type="at").count() == 1

    def test_a_code_ends_after_a_minute(self, program: Program, browser: Client) -> None:
        code = self.code(browser, program)
        with time_machine.travel(timezone.now() + datetime.timedelta(seconds=61)):
            refused(program.ask("authorization_code", code=code), "invalid_grant")

    def test_with_proof_that_the_same_program_asks(self, program: Program, browser: Client) -> None:
        challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
        more = {"code_challenge": challenge, "code_challenge_method": "S256"}
        refused(program.ask("authorization_code", code=self.code(browser, program, **more)), "invalid_request")
        code = self.code(browser, program, **more)
        refused(program.ask("authorization_code", code=code, code_verifier="x" * 43), "invalid_grant")
        assert program.ask("authorization_code", code=code, code_verifier=verifier).status_code == 200

    def test_by_form(self, program: Program, browser: Client) -> None:
        page = browser.post(self.address(program, response_mode="form_post"), {"act": "allow"})
        markup = page.content.decode()
        assert page.status_code == 200
        assert f'action="{BACK}"' in markup
        assert 'name="state" value="s t&amp;a"' in markup
        assert "form-action 'self' https://program.example.cn" in page["Content-Security-Policy"]
        found = re.search(r'name="code" value="([^"]+)"', markup)
        assert found
        assert program.ask("authorization_code", code=found[1]).status_code == 200

    def test_who_does_not_allow_it_goes_back_with_that(self, program: Program, browser: Client) -> None:
        told = self.told(browser.post(self.address(program), {"act": "refuse"}))
        assert told == {"error": "access_denied", "state": "s t&a"}
        assert not recorded("let_client_act")

    @pytest.mark.parametrize(
        ("changed", "error"),
        [
            ({"response_type": "token"}, "unsupported_response_type"),
            ({"response_type": "code id_token", "scope": "openid"}, "unsupported_response_type"),
            ({"response_type": None}, "invalid_request"),
            ({"response_mode": "fragment"}, "invalid_request"),
            ({"response_type": ["code", "code"]}, "invalid_request"),
        ],
    )
    def test_what_the_program_does_wrong_it_is_told(
        self, program: Program, browser: Client, changed: dict[str, Any], error: str
    ) -> None:
        for answer in (browser.get(self.address(program, **changed)), browser.post(self.address(program, **changed))):
            assert self.told(answer)["error"] == error

    @pytest.mark.parametrize(
        "changed",
        [
            {"redirect_uri": "https://elsewhere.example/"},
            {"redirect_uri": f"{BACK}/more"},
            {"redirect_uri": f"{BACK}?to=https://elsewhere.example/"},
            {"redirect_uri": f"{BACK}#part"},
            {"redirect_uri": None},
            {"redirect_uri": "https://[::1"},
            {"redirect_uri": f"{BACK}\r\nSet-Cookie: a=b"},
            {"redirect_uri": BACK + "?" + "x" * 3000},
            {"client_id": uuid.uuid4()},
            {"client_id": "a\0b"},
            {"client_id": None},
        ],
    )
    def test_nobody_is_led_where_the_program_is_not_known(
        self, program: Program, browser: Client, changed: dict[str, Any]
    ) -> None:
        for answer in (
            browser.get(self.address(program, **changed)),
            browser.post(self.address(program, **changed), {"act": "allow"}),
        ):
            assert answer.status_code == 400
            assert "This program is not known" in answer.content.decode()

    def test_programs_of_other_partners_and_revoked_ones_are_not_known(
        self, program: Program, staff: Staff, browser: Client
    ) -> None:
        stranger = Client()
        stranger.force_login(StaffFactory())
        assert stranger.get(self.address(program)).status_code == 400
        assert browser.get(self.address(program, tenant=PartnerFactory().pk)).status_code == 400
        assert browser.get(self.address(program, tenant=staff.partner_id)).status_code == 200
        revoke_client(staff=staff, client_id=program.client.pk, key="r")
        assert browser.get(self.address(program)).status_code == 400

    def test_one_signs_in_first_and_has_a_partner(self, program: Program) -> None:
        answer = Client().get(self.address(program))
        assert answer["Location"].startswith("/sign-in/?next=/common/oauth2/authorize%3F")
        administrator = Client()
        administrator.force_login(PlatformAdministratorFactory())
        assert administrator.get(self.address(program)).status_code == 403

    def test_another_site_cannot_press_the_button(self, program: Program, person: Staff) -> None:
        browser = Client(enforce_csrf_checks=True)
        browser.force_login(person)
        assert browser.post(self.address(program), {"act": "allow"}).status_code == 403
        assert not recorded("let_client_act")

    def test_the_deactivated_get_nothing_and_have_nothing(
        self, program: Program, staff: Staff, person: Staff, browser: Client
    ) -> None:
        said = program.ask("authorization_code", code=self.code(browser, program)).json()
        code = self.code(browser, program)
        deactivate(staff=staff, person_id=person.pk, key="d")
        assert asks(said["access_token"]) == 401
        refused(program.ask("refresh_token", refresh_token=said["refresh_token"]), "invalid_grant")
        refused(program.ask("authorization_code", code=code), "invalid_grant")

    def test_a_refresh_token_is_good_for_this_program_alone_and_ninety_days(
        self, program: Program, staff: Staff, browser: Client
    ) -> None:
        other = make_client(staff=staff, name="Other", roles=["admin_agent"], redirect_uris=[BACK], key="2")
        refresh = program.ask("authorization_code", code=self.code(browser, program)).json()["refresh_token"]
        refused(Program(other.client, other.secret).ask("refresh_token", refresh_token=refresh), "invalid_grant")
        # The same one, so that an answer that got lost takes nobody's only one.
        assert program.ask("refresh_token", refresh_token=refresh).json()["refresh_token"] == refresh
        with time_machine.travel(timezone.now() + datetime.timedelta(days=89)):
            assert program.ask("refresh_token", refresh_token=refresh).status_code == 200
        with time_machine.travel(timezone.now() + datetime.timedelta(days=90, minutes=1)):
            refused(program.ask("refresh_token", refresh_token=refresh), "invalid_grant")

    def test_an_access_token_is_no_refresh_token_nor_the_other_way_round(
        self, program: Program, browser: Client
    ) -> None:
        said = program.ask("authorization_code", code=self.code(browser, program)).json()
        refused(program.ask("refresh_token", refresh_token=said["access_token"]), "invalid_grant")
        assert asks(said["refresh_token"]) == 401


class TestWhenATokenEnds:
    def test_after_an_hour(self, program: Program) -> None:
        token = program.token()
        with time_machine.travel(timezone.now() + datetime.timedelta(minutes=59)):
            assert asks(token) == 200
        with time_machine.travel(timezone.now() + datetime.timedelta(minutes=61)):
            assert asks(token) == 401

    def test_with_its_program_at_once(self, program: Program, staff: Staff) -> None:
        token = program.token()
        revoke_client(staff=staff, client_id=program.client.pk, key="r")
        assert asks(token) == 401

    def test_also_one_that_was_made_while_the_program_was_revoked(self, program: Program, staff: Staff) -> None:
        revoke_client(staff=staff, client_id=program.client.pk, key="r")
        assert asks(new_token(program.client, seconds=3600)) == 401

    def test_with_the_secret_by_which_it_was_got(self, program: Program, staff: Staff) -> None:
        token = program.token()
        renew_secret(staff=staff, client_id=program.client.pk, key="r")
        assert asks(token) == 401

    @pytest.mark.parametrize("token", ["", GUESS, "x" * 100_000, "a\x80b", "Bearer", "' OR 1=1"])
    def test_what_is_none_never_began(self, program: Program, token: str) -> None:
        assert asks(token) == 401


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"grant_type=jwt_token", "application/x-www-form-urlencoded"),
        (b'"jwt_token"', "application/json; charset=utf-8"),
        (b"", "application/json; charset=utf-8"),
        (b"\x00\xff", "text/plain"),
    ],
)
def test_d04_generatetoken_takes_a_form_a_string_and_nothing(program: Program, body: bytes, kind: str) -> None:
    token = new_token(program.client, seconds=1800)
    for address in ("/generatetoken", "/GenerateToken", "/generatetoken/"):
        answer = Client().post(address, body, content_type=kind, headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 200, answer.content
        said = answer.json()
        assert set(said) == {"token_type", "expires_in", "access_token"}
        assert said["token_type"] == "Bearer"
        assert 1700 < int(said["expires_in"]) <= 1800
        assert answer.headers["Cache-Control"] == "no-store"
        assert asks(said["access_token"]) == 200


class TestExchange:
    def exchange(self, token: str, body: bytes = b"", kind: str = "application/json") -> Any:
        return Client().post("/generatetoken", body, content_type=kind, headers={"Authorization": f"Bearer {token}"})

    def test_it_stands_for_the_same_and_ends_no_later(self, program: Program, staff: Staff) -> None:
        token = new_token(program.client, staff=staff, seconds=1800)
        value = self.exchange(token).json()["access_token"]
        first, second = Token.objects.by_value(token).get(), Token.objects.by_value(value).get()
        assert (second.user, second.client) == (staff, program.client.oauth)
        assert first.expires_at is not None
        assert second.expires_at is not None
        assert second.expires_at <= first.expires_at

    def test_what_is_refused(self, program: Program, staff: Staff) -> None:
        for token in ("", GUESS):
            answer = self.exchange(token)
            assert answer.status_code == 401
            assert answer.json()["code"] == (400 if token else 800001)
            assert answer.headers["WWW-Authenticate"] == 'Bearer realm="partnerportal"'
        assert Client().get("/generatetoken").status_code == 405
        token = program.token()
        revoke_client(staff=staff, client_id=program.client.pk, key="r")
        assert self.exchange(token).status_code == 401

    def test_it_counts_as_a_change(self, program: Program, settings: Settings) -> None:
        settings.API_WRITES_PER_MINUTE = 1
        token = program.token()
        with time_machine.travel(timezone.now(), tick=False):
            assert [self.exchange(token).status_code for _time in range(2)] == [200, 429]


def everything_in_the_database() -> str:
    """Every value of every table, as text."""
    with connection.cursor() as cursor:
        texts = []
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            texts.append(str(cursor.fetchall()))
    return "\n".join(texts)


def test_no_secret_and_no_token_stands_in_the_database_or_the_log(
    staff: Staff, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    browser = Client()
    browser.force_login(staff)
    made = make_client(staff=staff, name="Nightly report", roles=["admin_agent"], redirect_uris=[BACK], key="1")
    program = Program(made.client, made.secret)
    of_people = TestInAPersonsName()
    said = program.ask("authorization_code", code=of_people.code(browser, program)).json()
    tokens = [program.token(), said["access_token"], said["refresh_token"]]
    tokens.append(TestExchange().exchange(tokens[0]).json()["access_token"])
    renewed = renew_secret(staff=staff, client_id=made.client.pk, key="2").secret
    program.ask(client_secret=GUESS)
    program.ask("refresh_token", refresh_token=tokens[2])
    kept = everything_in_the_database()
    assert made.client.oauth.secret.split("$")[0] in kept
    for hidden in [made.secret, renewed, GUESS, *tokens]:
        assert hidden not in kept
        assert hidden not in caplog.text
