"""Whose token is good for what."""

import datetime
from collections.abc import Callable

import pytest
import time_machine
from allauth.idp.oidc.models import Token
from django.utils import timezone

from partners.roles import Role
from tests.api.conftest import Api, token_of
from tests.factories import ApiClientFactory, OAuthClientFactory, PartnerFactory, StaffFactory

pytestmark = pytest.mark.django_db
START = datetime.datetime(2026, 3, 1, 8, tzinfo=datetime.UTC)


def is_let_in(asking: Api) -> bool:
    answer = asking.get("/profiles/mpn")
    assert answer.status == 200 or (answer.status, answer.json["code"]) == (401, 400)
    return answer.status == 200


def test_a_token_ends(api: Callable[..., Api]) -> None:
    with time_machine.travel(START, tick=False) as clock:
        asking = api(seconds=60)
        clock.shift(59)
        assert is_let_in(asking)
        clock.shift(1)
        assert not is_let_in(asking)


def test_only_access_tokens_are_good(api: Callable[..., Api]) -> None:
    asking = api()
    for kind in Token.Type:
        Token.objects.update(type=kind)
        assert is_let_in(asking) == (kind == Token.Type.ACCESS_TOKEN)


def test_a_token_that_never_ends_is_none_of_ours(api: Callable[..., Api]) -> None:
    asking = api()
    Token.objects.update(expires_at=None)
    assert not is_let_in(asking)


def test_a_revoked_client_is_shut_out_at_once(api: Callable[..., Api]) -> None:
    asking = api()
    asking.client.revoked_at = timezone.now()
    asking.client.save()
    assert not is_let_in(asking)


def test_a_client_that_is_no_partners_is_shut_out(api: Callable[..., Api]) -> None:
    asking = api()
    Token.objects.update(client=OAuthClientFactory())
    assert not is_let_in(asking)


def test_a_token_of_nobody_is_shut_out(api: Callable[..., Api]) -> None:
    asking = api()
    Token.objects.update(client=None)
    assert not is_let_in(asking)


def test_a_person_who_has_left_is_shut_out(api: Callable[..., Api]) -> None:
    person = StaffFactory()
    asking = api(staff=person)
    assert is_let_in(asking)
    person.is_active = False
    person.save()
    assert not is_let_in(asking)


def test_a_person_of_another_partner_is_shut_out(api: Callable[..., Api]) -> None:
    asking = api(staff=StaffFactory(), partner=PartnerFactory())
    assert not is_let_in(asking)


def test_the_roles_of_who_acts_count(api: Callable[..., Api]) -> None:
    person = StaffFactory(roles=[])
    assert api(staff=person, roles=[Role.GLOBAL_ADMIN]).get("/profiles/mpn").status == 403
    assert api(staff=StaffFactory(roles=[Role.HELPDESK_AGENT]), roles=[]).get("/profiles/mpn").status == 200


def test_a_token_is_stored_as_a_digest(api: Callable[..., Api]) -> None:
    client = ApiClientFactory()
    value = token_of(client)
    stored = Token.objects.get(client=client.oauth)
    assert value not in (stored.hash, str(stored.data))
    assert len(value) > 80
