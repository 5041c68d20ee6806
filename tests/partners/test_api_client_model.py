"""A program of a partner: what it may, how it is named in records, and what the database holds about it."""

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from activity.models import ActorKind
from activity.operations import record
from partners.models import ApiClient, ApiClientRole, person_of
from partners.roles import Permission, Role
from tests.factories import SECRET, ApiClientFactory, StaffFactory

pytestmark = pytest.mark.django_db


def test_its_roles_say_what_it_may() -> None:
    client = ApiClientFactory(roles=[Role.USER_ADMIN, Role.HELPDESK_AGENT])
    assert client.roles == (Role.HELPDESK_AGENT, Role.USER_ADMIN)
    assert client.may(Permission.SEE_CUSTOMERS)
    assert not client.may(Permission.MANAGE_SUBSCRIPTIONS)


def test_without_a_role_or_revoked_it_may_nothing() -> None:
    without, revoked = ApiClientFactory(roles=[]), ApiClientFactory(revoked_at=timezone.now())
    assert revoked.roles == (Role.GLOBAL_ADMIN,)
    assert not revoked.is_in_force
    assert not any(client.may(permission) for client in (without, revoked) for permission in Permission)


def test_oauth_knows_it_by_the_same_id_and_its_secret_is_kept_by_nobody() -> None:
    client = ApiClientFactory()
    assert client.oauth.pk == str(client.pk)
    assert client.oauth.check_secret(SECRET)
    assert SECRET not in client.oauth.secret


def test_a_record_names_it_as_a_program_of_its_partner() -> None:
    client = ApiClientFactory(name="Nightly invoices")
    written = record(actor=client.actor, operation="change_billing")
    assert (written.actor_kind, written.actor_id) == (ActorKind.CLIENT, client.pk)
    assert (written.actor_name, written.partner_id) == ("Nightly invoices", client.partner_id)


def test_a_person_is_a_person_and_a_program_is_none() -> None:
    staff = StaffFactory()
    assert person_of(staff) == staff
    assert person_of(ApiClientFactory()) is None


def test_a_name_is_used_once_among_those_in_force_of_a_partner() -> None:
    first = ApiClientFactory(name="Invoices")
    ApiClientFactory(name="Invoices")
    with pytest.raises(IntegrityError), transaction.atomic():
        ApiClientFactory(name="INVOICES", partner=first.partner)
    ApiClient.objects.filter(pk=first.pk).update(revoked_at=timezone.now())
    assert ApiClientFactory(name="INVOICES", partner=first.partner).is_in_force


def test_a_role_is_known_and_given_once() -> None:
    client = ApiClientFactory(roles=[Role.SALES_AGENT])
    for role in (Role.SALES_AGENT, "emperor"):
        with pytest.raises(IntegrityError), transaction.atomic():
            ApiClientRole.objects.create(client=client, role=role)
