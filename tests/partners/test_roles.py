"""Roles: the domain's table of who may what, once more, and the people who have them."""

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from partners.models import Partner, Staff, StaffRole
from partners.roles import MAY, Permission, Role
from tests.factories import PartnerFactory, PlatformAdministratorFactory, StaffFactory

pytestmark = pytest.mark.django_db

# The columns of the domain's table: global, admin, sales, helpdesk, billing, user.
TABLE = {
    Permission.SEE_CUSTOMERS: "yes yes yes yes - -",
    Permission.EDIT_CONTACT: "yes yes yes yes - -",
    Permission.EDIT_BILLING: "yes yes yes - - -",
    Permission.MANAGE_SUBSCRIPTIONS: "yes yes yes - - -",
    Permission.REQUEST_RELATIONSHIP: "yes yes yes - - -",
    Permission.REQUEST_PRIVILEGES: "yes yes - - - -",
    Permission.SEE_OFFERS: "yes yes - - yes -",
    Permission.MANAGE_STAFF: "yes - - - - yes",
    Permission.SEE_ACTIVITY: "yes yes - - - -",
    Permission.SECURE_SIGN_IN: "yes - - - - -",
    Permission.MANAGE_API_CLIENTS: "yes - - - - -",
}
CELLS = [
    (role, permission, cell == "yes")
    for permission, row in TABLE.items()
    for role, cell in zip(Role, row.split(), strict=True)
]


def test_the_table_is_complete() -> None:
    assert TABLE.keys() == set(Permission)
    assert MAY.keys() == set(Role)


@pytest.mark.parametrize(("role", "permission", "may"), CELLS)
def test_what_each_role_may(role: Role, permission: Permission, may: bool) -> None:
    assert StaffFactory(roles=[role]).may(permission) is may


def test_several_roles_add_up() -> None:
    staff = StaffFactory(roles=[Role.BILLING_ADMIN, Role.USER_ADMIN])
    assert staff.permissions == {Permission.SEE_OFFERS, Permission.MANAGE_STAFF}
    assert staff.roles == (Role.BILLING_ADMIN, Role.USER_ADMIN)


def test_without_a_role_one_may_nothing() -> None:
    staff = StaffFactory(roles=[])
    assert not any(staff.may(permission) for permission in Permission)


def test_who_may_not_sign_in_may_nothing() -> None:
    staff = StaffFactory(is_active=False)
    assert not any(staff.may(permission) for permission in Permission)


def test_a_platform_administrator_may_nothing_for_a_partner() -> None:
    staff = PlatformAdministratorFactory(roles=[Role.GLOBAL_ADMIN])
    assert not any(staff.may(permission) for permission in Permission)


def test_roles_are_given_and_taken() -> None:
    staff = StaffFactory(roles=[Role.SALES_AGENT])
    assert staff.may(Permission.MANAGE_SUBSCRIPTIONS)
    staff.give_roles([Role.USER_ADMIN, Role.BILLING_ADMIN])
    assert staff.roles == (Role.BILLING_ADMIN, Role.USER_ADMIN)
    assert not staff.may(Permission.MANAGE_SUBSCRIPTIONS)
    staff.give_roles([])
    assert Staff.objects.get(pk=staff.pk).roles == ()


def test_roles_given_twice_are_there_once() -> None:
    staff = StaffFactory(roles=[Role.SALES_AGENT])
    staff.give_roles([Role.SALES_AGENT, Role.SALES_AGENT])
    assert StaffRole.objects.filter(staff=staff).count() == 1


def test_a_signed_in_person_is_known_with_one_query() -> None:
    staff = StaffFactory(roles=[Role.USER_ADMIN, Role.HELPDESK_AGENT])
    with CaptureQueriesContext(connection) as queries:
        person = Staff.objects.signed_in(staff.pk)
        assert person is not None
        assert person.roles == (Role.HELPDESK_AGENT, Role.USER_ADMIN)
        assert person.may(Permission.SEE_CUSTOMERS)
        assert person.actor.partner_name == staff.partner.name
    assert len(queries) == 1


def test_a_person_without_roles_is_known_too() -> None:
    staff = StaffFactory(roles=[])
    person = Staff.objects.signed_in(staff.pk)
    assert person is not None
    assert person.roles == ()


def refused(work: object) -> None:
    assert callable(work)
    with pytest.raises(IntegrityError), transaction.atomic():
        work()


def test_an_unknown_role() -> None:
    staff = StaffFactory()
    refused(lambda: StaffRole.objects.bulk_create([StaffRole(staff=staff, role="owner")]))
    refused(lambda: StaffRole.objects.filter(staff=staff).update(role="owner"))


def test_a_role_twice() -> None:
    staff = StaffFactory(roles=[Role.SALES_AGENT])
    refused(lambda: StaffRole.objects.bulk_create([StaffRole(staff=staff, role=Role.SALES_AGENT)]))


def test_a_platform_administrator_with_a_partner() -> None:
    staff, administrator = StaffFactory(), PlatformAdministratorFactory()
    refused(lambda: Staff.objects.filter(pk=staff.pk).update(is_staff=True))
    refused(lambda: Staff.objects.filter(pk=administrator.pk).update(partner=staff.partner))


def test_an_address_twice_whatever_its_case() -> None:
    first, other = StaffFactory(email="Chen.Li@partner.example"), StaffFactory()
    assert first.email == "chen.li@partner.example"
    refused(lambda: Staff.objects.filter(pk=other.pk).update(email="CHEN.LI@partner.example"))
    refused(lambda: StaffFactory(email="chen.LI@PARTNER.example"))
    assert Staff.objects.get_by_natural_key("CHEN.li@partner.example") == first


@pytest.mark.parametrize("fields", [{"type": "friend"}, {"name": ""}])
def test_a_partner_that_makes_no_sense(fields: dict[str, str]) -> None:
    partner = PartnerFactory()
    refused(lambda: Partner.objects.filter(pk=partner.pk).update(**fields))


@pytest.mark.parametrize(
    ("name", "initials"), [("Chen Li", "CL"), ("Ana María Pérez", "AP"), ("Cher", "C"), ("李 明", "李明"), ("", "P")]
)
def test_initials(name: str, initials: str) -> None:
    assert Staff(name=name, email="person@partner.example").initials == initials
