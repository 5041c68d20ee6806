"""API clients: who may make, change and end them, once, at once, and with no secret left behind."""

import threading
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from allauth.idp.oidc.models import Client, Token
from django.contrib.auth.hashers import identify_hasher
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.http import Http404

from activity.errors import Refused, SubmissionReused
from activity.models import ActivityRecord, ActorKind, Outcome, Submission
from activity.words import sentence
from api.authentication import new_token
from partners import api_clients
from partners.api_clients import (
    change_client_roles,
    checked_redirect_uris,
    clients_of,
    make_client,
    note_use,
    renew_secret,
    revoke_client,
)
from partners.errors import (
    ClientChanged,
    ClientNameTaken,
    ClientNeedsRole,
    ClientRevoked,
    TooManyClients,
    UnknownRole,
)
from partners.models import ApiClient, Partner, Staff
from partners.operations import change_password
from partners.roles import Role
from partners.staffing import deactivate, reactivate
from tests.factories import ApiClientFactory, PartnerFactory, PlatformAdministratorFactory, StaffFactory

pytestmark = pytest.mark.django_db
BACK = "https://program.example.cn/signed-in"


@pytest.fixture
def partner() -> Partner:
    made: Partner = PartnerFactory(name="Contoso Reseller")
    return made


@pytest.fixture
def staff(partner: Partner) -> Staff:
    made: Staff = StaffFactory(name="Li Na", partner=partner)
    return made


@pytest.fixture
def client(staff: Staff) -> ApiClient:
    made: ApiClient = ApiClientFactory(
        name="Nightly report", partner=staff.partner, made_by=staff, roles=[Role.SALES_AGENT], last_used_at=None
    )
    return made


def fresh(client: ApiClient) -> ApiClient:
    return ApiClient.objects.get(pk=client.pk)


def last_record() -> ActivityRecord:
    return ActivityRecord.objects.latest("at", "number")


def made_with(staff: Staff, **more: Any) -> ApiClient:
    asked: dict[str, Any] = {"name": "Nightly report", "roles": ["sales_agent"], "key": "1", **more}
    return make_client(staff=staff, **asked).client


class TestMaking:
    def test_it_has_a_secret_that_is_shown_once_and_kept_as_a_hash(self, staff: Staff) -> None:
        made = make_client(staff=staff, name=" Nightly  report ", roles=["billing_admin", "sales_agent"], key="1")
        client = fresh(made.client)
        assert (client.name, client.roles) == ("Nightly report", (Role.SALES_AGENT, Role.BILLING_ADMIN))
        assert (client.partner, client.made_by, client.version) == (staff.partner, staff, 1)
        assert len(made.secret) >= 43
        assert client.oauth.check_secret(made.secret)
        assert made.secret not in client.oauth.secret
        assert client.oauth.pk == str(client.pk)
        assert client.oauth.get_grant_types() == ["client_credentials"]
        assert client.oauth.get_scopes() == client.oauth.get_default_scopes() == ["user_impersonation"]

    def test_comparing_a_secret_costs_nothing_for_nobody_can_guess_it(self, staff: Staff) -> None:
        made = make_client(staff=staff, name="Nightly report", roles=["sales_agent"], key="1")
        renewed = renew_secret(staff=staff, client_id=made.client.pk, key="2")
        for kept in (made.client.oauth.secret, renewed.client.oauth.secret):
            assert identify_hasher(kept).decode(kept)["iterations"] == 1

    def test_it_is_recorded_without_the_secret(self, staff: Staff) -> None:
        made = make_client(staff=staff, name="Nightly report", roles=["sales_agent"], redirect_uris=[BACK], key="1")
        record = last_record()
        assert (record.operation, record.resource_type, record.resource_id) == (
            "make_api_client",
            "apiclient",
            str(made.client.pk),
        )
        assert record.after == {
            "name": "Nightly report",
            "roles": ["sales_agent"],
            "redirect_uris": [BACK],
            "in_force": True,
            "version": 1,
        }
        assert sentence(record) == "Li Na made the API client Nightly report, which is: Sales agent."
        kept = [*ActivityRecord.objects.values_list("after", flat=True), *Submission.objects.values()]
        assert made.secret not in str(kept)

    def test_with_addresses_to_come_back_to_it_may_act_in_the_name_of_people(self, staff: Staff) -> None:
        client = made_with(staff, redirect_uris=[BACK, f" {BACK} ", "", "http://127.0.0.1:8400/back"])
        assert client.oauth.get_redirect_uris() == [BACK, "http://127.0.0.1:8400/back"]
        assert client.oauth.get_grant_types() == ["client_credentials", "authorization_code", "refresh_token"]

    def test_the_same_key_makes_one_and_tells_no_secret_again(self, staff: Staff) -> None:
        first = make_client(staff=staff, name="Nightly report", roles=["sales_agent"], key="1")
        again = make_client(staff=staff, name="Nightly report", roles=["sales_agent"], key="1")
        assert (again.client, again.secret) == (first.client, "")
        assert (ApiClient.objects.count(), Client.objects.count(), ActivityRecord.objects.count()) == (1, 1, 1)
        with pytest.raises(SubmissionReused):
            make_client(staff=staff, name="Another", roles=["sales_agent"], key="1")
        assert last_record().reasons == ["idempotency_key_reused"]

    def test_one_of_another_name_is_another_and_a_name_is_had_once(self, staff: Staff, client: ApiClient) -> None:
        with pytest.raises(ClientNameTaken) as refused:
            made_with(staff, name="nightly REPORT")
        assert "“Nightly report”" in refused.value.message
        assert last_record().reasons == ["name_taken"]
        ApiClientFactory(name="Theirs")
        assert made_with(staff, name="Theirs", key="2").name == "Theirs"

    def test_the_name_of_a_revoked_one_is_free(self, staff: Staff, client: ApiClient) -> None:
        revoke_client(staff=staff, client_id=client.pk, key="r")
        assert made_with(staff).pk != client.pk

    @pytest.mark.parametrize("name", ["", "   ", "a\0b", "x" * 101, "Li \u202eNa", "half \ud800"])
    def test_a_name_that_cannot_be_is_refused_and_nothing_made(self, staff: Staff, name: str) -> None:
        with pytest.raises(ValidationError) as refused:
            made_with(staff, name=name)
        assert refused.value.message_dict.keys() == {"name"}
        assert not ApiClient.objects.exists()
        assert not Client.objects.exists()

    @pytest.mark.parametrize(
        ("roles", "refusal"), [([], ClientNeedsRole), (["emperor"], UnknownRole), (["sales_agent", ""], UnknownRole)]
    )
    def test_a_role_that_cannot_be_is_refused(self, staff: Staff, roles: list[str], refusal: type[Refused]) -> None:
        with pytest.raises(refusal):
            made_with(staff, roles=roles)
        assert not ApiClient.objects.exists()
        assert last_record().outcome == Outcome.REFUSED

    def test_there_is_an_end_to_how_many(self, staff: Staff, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(api_clients, "MOST_CLIENTS", 2)
        for number in range(2):
            made_with(staff, name=f"Program {number}", key=f"{number}")
        with pytest.raises(TooManyClients) as refused:
            made_with(staff, name="One more", key="3")
        assert "2 API clients" in refused.value.message


@pytest.mark.parametrize(
    "uri",
    [
        "http://program.example.cn/back",
        "ftp://program.example.cn/",
        "javascript:alert(1)",
        "https://",
        "https:///back",
        "//program.example.cn/back",
        "program.example.cn",
        "https://program.example.cn/#part",
        "https://*.example.cn/",
        "https://li:na@program.example.cn/",
        "https://li@program.example.cn/",
        "https://program.example.cn:port/",
        "https://[::1/",
        "https://program.example.cn/a b",
        "https://program.example.cn/\0",
        "https://program.example.cn/;script-src",
        "https://пример.example/",
        "https://program.example.cn/" + "x" * 500,
        "http://127.0.0.1.example.cn/",
    ],
)
def test_nobody_is_led_to_an_address_that_is_not_safe(uri: str) -> None:
    with pytest.raises(ValidationError):
        checked_redirect_uris([uri])


@pytest.mark.parametrize(
    "uri",
    [BACK, "https://a.example:8443/x?y=z", "http://127.0.0.1:1/", "http://[::1]:8400/x", "http://localhost:3000/"],
)
def test_addresses_that_people_may_be_led_to(uri: str) -> None:
    assert checked_redirect_uris([uri]) == [uri]


def test_there_is_an_end_to_how_many_addresses() -> None:
    with pytest.raises(ValidationError):
        checked_redirect_uris([f"{BACK}/{number}" for number in range(11)])


class TestRevoking:
    def test_its_tokens_and_its_secret_end_at_once_and_for_good(self, staff: Staff, client: ApiClient) -> None:
        new_token(client, seconds=3600)
        new_token(client, staff=staff, seconds=3600)
        other = new_token(ApiClientFactory(partner=staff.partner), seconds=3600)
        hashed = client.oauth.secret
        revoked = revoke_client(staff=staff, client_id=client.pk, key="1", version=1)
        assert not revoked.is_in_force
        assert list(Token.objects.all()) == list(Token.objects.by_value(other))
        assert fresh(client).oauth.secret != hashed
        assert not fresh(client).oauth.check_secret("")
        record = last_record()
        assert sentence(record) == "Li Na revoked the API client Nightly report, for good."
        assert record.before is not None
        assert record.after is not None
        assert (record.before["in_force"], record.after["in_force"], record.after["version"]) == (True, False, 2)

    def test_twice_is_once(self, staff: Staff, client: ApiClient) -> None:
        for _time in range(2):
            revoke_client(staff=staff, client_id=client.pk, key="1", version=1)
        assert ActivityRecord.objects.count() == 1
        with pytest.raises(ClientRevoked):
            revoke_client(staff=staff, client_id=client.pk, key="2")
        assert (last_record().outcome, last_record().reasons) == (Outcome.REFUSED, ["client_revoked"])

    @pytest.mark.parametrize("verb", [renew_secret, change_client_roles])
    def test_afterwards_nothing_is_decided_about_it(
        self, staff: Staff, client: ApiClient, verb: Callable[..., Any]
    ) -> None:
        revoke_client(staff=staff, client_id=client.pk, key="1")
        more = {"roles": ["global_admin"]} if verb is change_client_roles else {}
        with pytest.raises(ClientRevoked):
            verb(staff=staff, client_id=client.pk, key="2", **more)


class TestRenewing:
    def test_another_secret_and_no_token_of_before(self, staff: Staff, client: ApiClient) -> None:
        first = make_client(staff=staff, name="Another", roles=["sales_agent"], key="m")
        new_token(first.client, seconds=3600)
        renewed = renew_secret(staff=staff, client_id=first.client.pk, key="1", version=1)
        oauth = fresh(first.client).oauth
        assert oauth.check_secret(renewed.secret)
        assert not oauth.check_secret(first.secret)
        assert not Token.objects.exists()
        assert fresh(first.client).version == 2
        assert "renewed the secret of the API client Another" in sentence(last_record())
        assert renewed.secret not in str(list(ActivityRecord.objects.values()))

    def test_twice_is_once_and_the_secret_of_the_first_time_holds(self, staff: Staff, client: ApiClient) -> None:
        first = renew_secret(staff=staff, client_id=client.pk, key="1", version=1)
        again = renew_secret(staff=staff, client_id=client.pk, key="1", version=1)
        assert again.secret == ""
        assert fresh(client).oauth.check_secret(first.secret)
        assert ActivityRecord.objects.count() == 1


class TestRoles:
    def test_they_are_changed_and_recorded(self, staff: Staff, client: ApiClient) -> None:
        changed = change_client_roles(staff=staff, client_id=client.pk, roles=["admin_agent"], key="1", version=1)
        assert changed.roles == fresh(client).roles == (Role.ADMIN_AGENT,)
        record = last_record()
        assert sentence(record) == "Li Na changed the roles of the API client Nightly report to: Admin agent."
        assert record.before is not None
        assert record.after is not None
        assert (record.before["roles"], record.after["roles"]) == (["sales_agent"], ["admin_agent"])

    def test_the_same_again_changes_and_records_nothing(self, staff: Staff, client: ApiClient) -> None:
        change_client_roles(staff=staff, client_id=client.pk, roles=["sales_agent"], key="1")
        assert not ActivityRecord.objects.exists()
        assert fresh(client).version == 1

    def test_all_cannot_be_taken(self, staff: Staff, client: ApiClient) -> None:
        with pytest.raises(ClientNeedsRole):
            change_client_roles(staff=staff, client_id=client.pk, roles=[], key="1")
        assert fresh(client).roles == (Role.SALES_AGENT,)

    def test_a_stale_page_is_told_what_was_done_since(self, staff: Staff, client: ApiClient) -> None:
        colleague = StaffFactory(name="Sofía", partner=staff.partner)
        change_client_roles(staff=colleague, client_id=client.pk, roles=["admin_agent"], key="1", version=1)
        with pytest.raises(ClientChanged) as refused:
            revoke_client(staff=staff, client_id=client.pk, key="2", version=1)
        assert "Sofía changed the roles of the API client Nightly report to: Admin agent." in refused.value.message
        assert fresh(client).is_in_force
        assert last_record().reasons == ["client_changed"]


class TestWhoMay:
    def decide(self, staff: Staff, client: ApiClient) -> list[Callable[[], Any]]:
        return [
            lambda: made_with(staff, name="Mine", roles=["global_admin"]),
            lambda: revoke_client(staff=staff, client_id=client.pk, key="1"),
            lambda: renew_secret(staff=staff, client_id=client.pk, key="2"),
            lambda: change_client_roles(staff=staff, client_id=client.pk, roles=["global_admin"], key="3"),
        ]

    @pytest.mark.parametrize("role", [role for role in Role if role != Role.GLOBAL_ADMIN])
    def test_only_a_global_admin(self, staff: Staff, client: ApiClient, role: Role) -> None:
        intruder = StaffFactory(partner=staff.partner, roles=[role])
        for attempt in self.decide(intruder, client):
            with pytest.raises(PermissionDenied):
                attempt()
            assert (last_record().outcome, last_record().reasons) == (Outcome.REFUSED, ["role"])
        assert ApiClient.objects.count() == 1
        assert (fresh(client).version, fresh(client).roles) == (1, (Role.SALES_AGENT,))

    def test_who_was_one_when_the_page_was_asked_for_and_is_none_now(self, staff: Staff, client: ApiClient) -> None:
        assert staff.roles == (Role.GLOBAL_ADMIN,)
        staff.role_rows.all().delete()
        for attempt in self.decide(staff, client):
            with pytest.raises(PermissionDenied):
                attempt()

    def test_nobody_of_another_partner_finds_it(self, client: ApiClient) -> None:
        for intruder in (StaffFactory(), PlatformAdministratorFactory()):
            assert not clients_of(intruder)
            for attempt in self.decide(intruder, client)[1:]:
                with pytest.raises(Http404):
                    attempt()
        with pytest.raises(PermissionDenied):
            made_with(PlatformAdministratorFactory())

    def test_one_that_does_not_exist(self, staff: Staff) -> None:
        with pytest.raises(Http404):
            revoke_client(staff=staff, client_id=uuid.uuid4(), key="1")


class TestAsACaller:
    def test_it_is_named_in_the_log_as_what_it_is(self, client: ApiClient) -> None:
        actor = client.actor
        assert (actor.kind, actor.id, actor.name) == (ActorKind.CLIENT, client.pk, "Nightly report")

    def test_its_use_is_noted_once_a_minute(self, client: ApiClient, django_assert_num_queries: Any) -> None:
        note_use(client)
        noted = fresh(client).last_used_at
        assert noted is not None
        with django_assert_num_queries(0):
            note_use(client)
        note_use(fresh(client))
        assert fresh(client).last_used_at == noted


class TestTokensInTheNameOfPeople:
    @pytest.fixture
    def person(self, staff: Staff, client: ApiClient) -> Staff:
        person: Staff = StaffFactory(partner=staff.partner, roles=[Role.SALES_AGENT])
        new_token(client, staff=person, seconds=3600)
        new_token(client, seconds=3600)
        return person

    def left_of(self, person: Staff) -> int:
        return Token.objects.filter(user=person).count()

    def test_they_end_with_the_account_and_do_not_come_back(self, staff: Staff, person: Staff) -> None:
        deactivate(staff=staff, person_id=person.pk, key="1")
        assert self.left_of(person) == 0
        reactivate(staff=staff, person_id=person.pk, key="2")
        assert self.left_of(person) == 0
        assert Token.objects.count() == 1

    def test_they_end_with_a_new_password(self, person: Staff) -> None:
        change_password(staff=person, password="quite-another-passphrase")
        assert self.left_of(person) == 0
        assert Token.objects.count() == 1


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_of_two_who_press_at_once_one_secret_holds(staff: Staff, client: ApiClient) -> None:
    secrets: list[str] = []

    def press() -> None:
        try:
            secrets.append(renew_secret(staff=staff, client_id=client.pk, key="1", version=1).secret)
        finally:
            connection.close()

    threads = [threading.Thread(target=press) for _number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    shown = [secret for secret in secrets if secret]
    assert len(secrets) == 3
    assert len(shown) == 1
    assert fresh(client).oauth.check_secret(shown[0])
    assert ActivityRecord.objects.count() == 1
