"""Changing contact details and the billing profile: what is recorded, who may, and whose change wins."""

import datetime
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, connection, transaction
from django.http import Http404

from activity.errors import SubmissionReused
from activity.models import ActivityRecord, Outcome
from customers.errors import AccountChanged, FormerReseller
from customers.models import BillingProfile, ContactDetails, Customer, ResellerRelationship
from customers.operations import change_billing, change_contact
from partners.models import Staff
from partners.roles import MAY, Permission, Role
from tests.customers.accounts import BILLING, CONTACT
from tests.factories import (
    ActivityRecordFactory,
    BillingProfileFactory,
    ContactDetailsFactory,
    ResellerRelationshipFactory,
    StaffFactory,
)

pytestmark = pytest.mark.django_db

CHANGES: dict[str, tuple[Callable[..., Any], dict[str, str], Permission]] = {
    "contact": (change_contact, CONTACT, Permission.EDIT_CONTACT),
    "billing": (change_billing, BILLING, Permission.EDIT_BILLING),
}
both = pytest.mark.parametrize("kind", CHANGES)


def change(kind: str, staff: Staff, customer: Customer, **changed: Any) -> Any:
    operation, values, _permission = CHANGES[kind]
    values = values | changed.pop("values", {})
    key = changed.pop("key", str(uuid.uuid4()))
    return operation(staff=staff, customer_id=customer.pk, values=values, key=key, **changed)


def stored(kind: str, customer: Customer) -> Any:
    model = ContactDetails if kind == "contact" else BillingProfile
    return model.objects.filter(pk=customer.pk).first()


@both
def test_the_first_time_they_are_version_1(kind: str, staff: Staff, customer: Customer) -> None:
    change(kind, staff, customer, version=0)
    assert (stored(kind, customer).version, stored(kind, customer).email) == (1, CONTACT["email"])
    record = ActivityRecord.objects.get()
    assert record.before is not None
    assert record.after is not None
    assert (record.operation, record.resource_id) == (f"change_{kind}", str(customer.pk))
    assert (record.before["version"], record.after["version"]) == (0, 1)


@both
def test_a_record_holds_what_differs_before_and_after(kind: str, staff: Staff, customer: Customer) -> None:
    change(kind, staff, customer)
    change(kind, staff, customer, values={"city": "Pudong"}, version=1)
    record = ActivityRecord.objects.order_by("at")[1]
    assert record.before == {"city": "Shanghai", "version": 1}
    assert record.after == {"city": "Pudong", "version": 2}
    assert stored(kind, customer).version == 2


@both
def test_what_is_not_given_is_emptied(kind: str, staff: Staff, customer: Customer) -> None:
    change(kind, staff, customer, values={"district": "Pudong"})
    change(kind, staff, customer)
    assert stored(kind, customer).district == ""


@both
def test_saving_what_is_already_so_changes_and_records_nothing(kind: str, staff: Staff, customer: Customer) -> None:
    change(kind, staff, customer)
    assert change(kind, staff, customer, version=1).version == 1
    assert ActivityRecord.objects.count() == 1


@both
def test_a_stale_form_is_told_what_changed_and_by_whom(kind: str, staff: Staff, customer: Customer) -> None:
    change(kind, staff, customer)
    colleague = StaffFactory(partner=staff.partner, name="Wang Wei")
    change(kind, colleague, customer, values={"city": "Pudong"}, version=1)
    change(kind, colleague, customer, values={"city": "Minhang", "email": "new@woodgrove.example"}, version=2)
    with pytest.raises(AccountChanged) as refusal:
        change(kind, staff, customer, values={"city": "Xuhui"}, version=1)
    assert refusal.value.who == "Wang Wei"
    assert [(one.field, one.before, one.after) for one in refusal.value.changes] == [
        ("e-mail address", CONTACT["email"], "new@woodgrove.example"),
        ("city", "Shanghai", "Minhang"),
    ]
    assert stored(kind, customer).city == "Minhang"
    assert ActivityRecord.objects.filter(outcome=Outcome.REFUSED).get().reasons == ["account_changed"]


@both
def test_of_another_partners_people_no_name_is_told(kind: str, staff: Staff, customer: Customer) -> None:
    change(kind, staff, customer)
    other = StaffFactory(name="Somebody Else")
    ResellerRelationshipFactory(partner=other.partner, customer=customer)
    change(kind, other, customer, values={"city": "Pudong"})
    with pytest.raises(AccountChanged) as refusal:
        change(kind, staff, customer, version=1)
    assert "Somebody Else" not in refusal.value.message
    assert refusal.value.message.startswith("Another partner")


@both
def test_changed_without_a_record_it_still_says_that_it_changed(kind: str, staff: Staff, customer: Customer) -> None:
    (ContactDetailsFactory if kind == "contact" else BillingProfileFactory)(customer=customer, version=7)
    with pytest.raises(AccountChanged) as refusal:
        change(kind, staff, customer, version=3)
    assert refusal.value.changes == []


@both
def test_an_import_that_overtook_it_is_told_with_its_day(kind: str, staff: Staff, customer: Customer) -> None:
    noon = datetime.datetime(2026, 5, 4, 4, 0, tzinfo=datetime.UTC)
    (ContactDetailsFactory if kind == "contact" else BillingProfileFactory)(
        customer=customer, version=7, changed_at=noon
    )
    counted = {"contact_details": {"updated": 2}, "billing_profiles": {"updated": 1}}
    for days in (-1, 0, 1):
        at = noon + datetime.timedelta(days=days, seconds=1)
        ActivityRecordFactory(operation="import_portfolio", actor_kind="system", at=at, after=counted)
    with pytest.raises(AccountChanged) as refusal:
        change(kind, staff, customer, version=6)
    assert refusal.value.message.startswith("An import of 4 May 2026 changed these details")


@both
def test_the_same_key_again_changes_nothing_more(kind: str, staff: Staff, customer: Customer) -> None:
    change(kind, staff, customer, key="k", version=0)
    change(kind, staff, customer, values={"city": "Pudong"}, version=1)
    assert change(kind, staff, customer, key="k", version=0).city == "Pudong"
    assert stored(kind, customer).version == 2


@both
def test_the_same_key_for_something_else_is_refused(kind: str, staff: Staff, customer: Customer) -> None:
    change(kind, staff, customer, key="k")
    with pytest.raises(SubmissionReused):
        change(kind, staff, customer, key="k", values={"city": "Pudong"})
    assert stored(kind, customer).city == "Shanghai"


@both
def test_a_former_reseller_may_look_but_not_edit(kind: str, staff: Staff, customer: Customer) -> None:
    ResellerRelationship.objects.update(has_ended=True, had_subscriptions=True)
    with pytest.raises(FormerReseller):
        change(kind, staff, customer)
    assert stored(kind, customer) is None
    assert ActivityRecord.objects.get().reasons == ["relationship_ended"]


@both
def test_another_partners_customer_is_not_there(kind: str, staff: Staff, customer: Customer) -> None:
    with pytest.raises(Http404):
        change(kind, StaffFactory(), customer)
    assert stored(kind, customer) is None


@both
@pytest.mark.parametrize("role", Role)
def test_who_may_is_as_the_role_table_says(kind: str, role: Role, staff: Staff, customer: Customer) -> None:
    person = StaffFactory(partner=staff.partner, roles=[role])
    if CHANGES[kind][2] in MAY[role]:
        assert change(kind, person, customer).version == 1
        return
    with pytest.raises(PermissionDenied):
        change(kind, person, customer)
    record = ActivityRecord.objects.get()
    assert (record.reasons, record.customer_id) == (["role"], customer.pk)
    assert stored(kind, customer) is None


def test_the_companys_name_is_changed_with_the_contact(staff: Staff, customer: Customer) -> None:
    change("contact", staff, customer, company_name=" Woodgrove Bank ")
    assert Customer.objects.get(pk=customer.pk).company_name == "Woodgrove Bank"
    assert ResellerRelationship.objects.get().name_key == "woodgrove bank"
    record = ActivityRecord.objects.get()
    assert record.before is not None
    assert record.after is not None
    assert (record.before["company"], record.after["company"]) == ("Woodgrove", "Woodgrove Bank")


def test_the_name_alone_counts_as_a_change(staff: Staff, customer: Customer) -> None:
    change("contact", staff, customer)
    assert change("contact", staff, customer, company_name="Woodgrove Bank", version=1).version == 2


@pytest.mark.parametrize("name", ["", "  ", "n" * 201, "Wood\0grove", "Wood\u2066grove"])
def test_a_name_that_cannot_be_held_is_refused(staff: Staff, customer: Customer, name: str) -> None:
    with pytest.raises(ValidationError):
        change("contact", staff, customer, company_name=name)
    assert stored("contact", customer) is None


def test_an_address_is_there_as_a_whole_or_not_at_all(staff: Staff, customer: Customer) -> None:
    person = {name: CONTACT[name] for name in ("first_name", "last_name", "email")}
    details = change_contact(staff=staff, customer_id=customer.pk, values=person | {"country": "CN"}, key="1")
    assert (details.country, details.address) == ("", [])
    with pytest.raises(ValidationError) as error:
        change_contact(staff=staff, customer_id=customer.pk, values=person | {"city": "Shanghai"}, key="2")
    assert set(error.value.message_dict) == {"country", "address_line1"}


@pytest.mark.parametrize(
    "fields",
    [{"email": ""}, {"city": ""}, {"country": ""}, {"address_line1": ""}, {"company_name": ""}, {"version": 0}],
)
def test_the_database_refuses_a_billing_profile_that_reaches_nobody(customer: Customer, fields: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        BillingProfileFactory(customer=customer, **fields)


def test_the_database_refuses_an_unknown_culture(customer: Customer) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        BillingProfileFactory(customer=customer, culture="xx-YY")


def test_the_database_refuses_contact_details_without_an_address(customer: Customer) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        ContactDetailsFactory(customer=customer, email="")


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_of_many_who_saw_the_same_version_one_saves(staff: Staff, customer: Customer) -> None:
    ContactDetailsFactory(customer=customer)

    def one(number: int) -> bool:
        try:
            change("contact", staff, customer, values={"city": f"City {number}"}, version=1)
        except AccountChanged:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(one, range(8))) == 1
    assert stored("contact", customer).version == 2
    assert ActivityRecord.objects.filter(outcome=Outcome.DONE).count() == 1
