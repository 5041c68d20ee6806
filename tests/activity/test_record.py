"""Activity records: what they hold, where they come from, and that none is changed or deleted."""

import datetime
import uuid
from contextlib import suppress
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from pytest_django import Settings

from activity.middleware import CORRELATION_HEADER, OriginMiddleware, client_address
from activity.models import ActivityRecord, ActorKind, Outcome
from activity.operations import SYSTEM, Actor, record
from activity.origin import Origin, current_origin, named, origin
from partners.models import Partner
from tests.factories import (
    ActivityRecordFactory,
    CustomerFactory,
    PartnerFactory,
    PlatformAdministratorFactory,
    StaffFactory,
    SubscriptionFactory,
)

pytestmark = pytest.mark.django_db


def test_it_holds_who_what_to_what_and_how_it_ended() -> None:
    staff = StaffFactory(name="Chen Li", partner__name="Contoso Reseller")
    held = SubscriptionFactory(customer__company_name="Fabrikam")
    made = record(
        actor=staff.actor,
        operation="suspend_subscription",
        resource=held,
        customer=held.customer,
        before={"status": "active"},
        after={"status": "suspended"},
        outcome=Outcome.REFUSED,
        reasons=("one", "two"),
    )
    stored = ActivityRecord.objects.get(pk=made.pk)
    assert (stored.actor_kind, stored.actor_id, stored.actor_name) == (ActorKind.STAFF, staff.pk, "Chen Li")
    assert (stored.partner_id, stored.partner_name) == (staff.partner.pk, "Contoso Reseller")
    assert (stored.customer_id, stored.customer_name) == (held.customer.pk, "Fabrikam")
    assert (stored.resource_type, stored.resource_id) == ("subscription", str(held.pk))
    assert (stored.before, stored.after) == ({"status": "active"}, {"status": "suspended"})
    assert (stored.outcome, stored.reasons) == (Outcome.REFUSED, ["one", "two"])


def test_it_outlives_what_it_names() -> None:
    held = SubscriptionFactory(customer__company_name="Fabrikam")
    made = record(actor=SYSTEM, operation="add_customer", resource=held, customer=held.customer)
    customer_id = held.customer.pk
    held.customer.delete()
    stored = ActivityRecord.objects.get(pk=made.pk)
    assert (stored.customer_id, stored.customer_name) == (customer_id, "Fabrikam")


def test_a_platform_administrator_has_no_partner_but_can_concern_one() -> None:
    partner = PartnerFactory(name="Contoso Reseller")
    administrator = PlatformAdministratorFactory()
    alone = record(actor=administrator.actor, operation="edit_matrix")
    about = record(actor=administrator.actor, operation="change_partner", resource=partner, partner=partner)
    assert (alone.actor_kind, alone.partner_id, alone.partner_name) == (ActorKind.PLATFORM, None, "")
    assert (about.partner_id, about.partner_name) == (partner.pk, "Contoso Reseller")
    assert list(ActivityRecord.objects.of_partner(partner.pk)) == [about]


def test_names_longer_than_their_columns_are_cut() -> None:
    actor = Actor(kind=ActorKind.STAFF, name="n" * 500, partner_name="p" * 500)
    made = record(actor=actor, operation="add_customer", partner=Partner(name="q" * 500))
    made.refresh_from_db()
    assert (len(made.actor_name), len(made.partner_name)) == (254, 200)


def test_moments_and_ids_can_be_held() -> None:
    held = SubscriptionFactory()
    made = record(actor=SYSTEM, operation="water_the_plants", after={"at": held.created_at, "id": held.pk})
    made.refresh_from_db()
    assert made.after is not None
    assert made.after["id"] == str(held.pk)


def test_without_a_resource_its_kind_may_still_be_told() -> None:
    made = record(actor=SYSTEM, operation="water_the_plants", resource_type="subscription")
    assert (made.resource_type, made.resource_id) == ("subscription", "")


# Written once.


def test_a_written_record_is_not_saved_again() -> None:
    made = ActivityRecordFactory()
    made.operation = "nothing_happened"
    for again in (made, ActivityRecord.objects.get(pk=made.pk)):
        with pytest.raises(TypeError):
            again.save()
    assert ActivityRecord.objects.get().operation == "import_portfolio"


def test_a_written_record_is_not_deleted() -> None:
    made = ActivityRecordFactory()
    with pytest.raises(TypeError):
        made.delete()
    assert ActivityRecord.objects.exists()


@pytest.mark.parametrize(
    "change",
    [
        lambda rows: rows.update(operation="nothing_happened"),
        lambda rows: rows.delete(),
        lambda rows: rows.filter(outcome="done").delete(),
        lambda rows: rows.of_partner(uuid.uuid4()).delete(),
        lambda rows: rows.bulk_update(list(rows.all()), ["operation"]),
    ],
)
def test_nor_are_many_at_once(change: Any) -> None:
    made = ActivityRecordFactory()
    with pytest.raises(TypeError), transaction.atomic():
        change(ActivityRecord.objects)
    assert ActivityRecord.objects.get().operation == made.operation


@pytest.mark.parametrize("fields", [{"outcome": "maybe"}, {"actor_kind": "somebody"}])
def test_the_database_knows_how_things_end_and_who_acts(fields: dict[str, str]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        ActivityRecord.objects.bulk_create([ActivityRecordFactory.build(**fields)])


def test_it_is_undone_with_what_it_records() -> None:
    with transaction.atomic():
        record(actor=SYSTEM, operation="add_customer", customer=CustomerFactory())
        transaction.set_rollback(True)
    assert not ActivityRecord.objects.exists()


def test_the_latest_comes_first() -> None:
    first = datetime.datetime(2026, 5, 4, tzinfo=datetime.UTC)
    made = [ActivityRecordFactory(at=first + datetime.timedelta(microseconds=number)) for number in range(3)]
    assert list(ActivityRecord.objects.all()) == made[::-1]


# Where it comes from.


def test_within_a_block_all_records_have_one_origin() -> None:
    with origin(address="203.0.113.7") as here:
        first, second = (record(actor=SYSTEM, operation="water_the_plants") for _ in range(2))
    outside = record(actor=SYSTEM, operation="water_the_plants")
    assert first.address == second.address == "203.0.113.7"
    assert first.correlation_id == second.correlation_id == here.correlation_id
    assert outside.correlation_id != here.correlation_id
    assert outside.address == ""


def test_blocks_nest_and_end_with_an_error_too() -> None:
    with origin(address="outer"):
        with suppress(ZeroDivisionError), origin(address="inner"):
            assert current_origin().address == "inner"
            raise ZeroDivisionError
        assert current_origin().address == "outer"
    assert current_origin().address == ""


def answer(factory: RequestFactory, **headers: str) -> tuple[HttpResponse, Origin]:
    seen: list[Origin] = []

    def view(request: HttpRequest) -> HttpResponse:
        seen.append(current_origin())
        return HttpResponse()

    response = OriginMiddleware(view)(factory.get("/", headers=headers))
    assert isinstance(response, HttpResponse)
    return response, seen[0]


def test_a_request_has_an_id_that_the_answer_tells(rf: RequestFactory) -> None:
    response, here = answer(rf)
    assert response[CORRELATION_HEADER] == str(here.correlation_id)
    assert here.address == "127.0.0.1"


def test_a_client_may_choose_the_id(rf: RequestFactory) -> None:
    wanted = uuid.uuid4()
    assert answer(rf, **{CORRELATION_HEADER: str(wanted)})[1].correlation_id == wanted


@pytest.mark.parametrize(
    "text", ["x", "1234", "' OR 1=1", "z" * 128, "Batch 7 of 2026", str(uuid.UUID(int=7)).upper() + "F"]
)
def test_it_may_be_any_readable_text(rf: RequestFactory, text: str) -> None:
    (response, first), (_again, second) = (answer(rf, **{CORRELATION_HEADER: text}) for _ in range(2))
    assert response[CORRELATION_HEADER] == first.correlation == text
    assert first.correlation_id == second.correlation_id


def test_a_uuid_comes_back_as_it_was_written(rf: RequestFactory) -> None:
    wanted = uuid.uuid4()
    response, here = answer(rf, **{CORRELATION_HEADER: str(wanted).upper()})
    assert (response[CORRELATION_HEADER], here.correlation_id) == (str(wanted).upper(), wanted)


def test_a_record_says_which_program_asked_and_under_which_id(rf: RequestFactory) -> None:
    written: list[ActivityRecord] = []

    def view(request: HttpRequest) -> HttpResponse:
        with named(application="an id", program="Invoices 2.1"):
            written.append(record(actor=SYSTEM, operation="water_the_plants"))
        written.append(record(actor=SYSTEM, operation="rest"))
        return HttpResponse()

    OriginMiddleware(view)(rf.get("/", headers={CORRELATION_HEADER: "Batch 7"}))
    first, second = written
    assert (first.application, first.program, first.correlation) == ("an id", "Invoices 2.1", "Batch 7")
    assert (second.application, second.program, second.correlation) == ("", "", "Batch 7")
    assert first.correlation_id == second.correlation_id


@pytest.mark.parametrize("nonsense", ["", " ", "z" * 129, "z" * 10_000, "a\x7fb", "北京"])
def test_an_id_that_is_none_is_not_taken_over(rf: RequestFactory, nonsense: str) -> None:
    response, here = answer(rf, **{CORRELATION_HEADER: nonsense})
    assert response[CORRELATION_HEADER] == str(here.correlation_id) != nonsense


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, "198.51.100.1", "127.0.0.1"),
        (1, "198.51.100.1", "198.51.100.1"),
        (1, "203.0.113.66, 198.51.100.1", "198.51.100.1"),
        (2, "203.0.113.66, 198.51.100.1, 10.0.0.1", "198.51.100.1"),
        (2, "198.51.100.1", "127.0.0.1"),
        (1, "", "127.0.0.1"),
        (1, "x" * 500, "x" * 45),
    ],
)
def test_the_address_is_the_one_that_trusted_proxies_tell(
    rf: RequestFactory, settings: Settings, proxies: int, forwarded: str, address: str
) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies
    assert client_address(rf.get("/", headers={"X-Forwarded-For": forwarded})) == address
