"""Partners and staff in Django admin: accounts, roles, passwords, who may touch whom, and the record of it all."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse

from activity.models import ActivityRecord, Outcome
from partners.models import Partner, QueuedMail, Staff, StaffInvitation
from partners.roles import Permission as PortalPermission
from partners.roles import Role
from tests.factories import (
    PASSWORD,
    PartnerFactory,
    PlatformAdministratorFactory,
    StaffFactory,
    StaffInvitationFactory,
    UpgradeFactory,
    customer_of,
)
from tests.partners.signing_in import sign_in

pytestmark = pytest.mark.django_db

ADD = "/admin/partners/staff/add/"


@pytest.fixture
def administrator(client: Client) -> Staff:
    person: Staff = PlatformAdministratorFactory(name="Pat")
    sign_in(client, person)
    return person


@pytest.fixture
def someone(administrator: Staff) -> Staff:
    person: Staff = StaffFactory(name="Li Na", roles=[Role.SALES_AGENT])
    return person


def url_of(instance: Any, page: str = "change") -> str:
    return reverse(f"admin:partners_{instance._meta.model_name}_{page}", args=[instance.pk])


def filled(client: Client, url: str) -> dict[str, Any]:
    """What the form of this page holds, as a browser would send it."""
    form = client.get(url).context["adminform"].form
    values = {bound.html_name: bound.value() for bound in form if bound.name != "password"}
    return {name: "on" if value is True else value for name, value in values.items() if value not in (None, False)}


def send(client: Client, url: str, **changes: Any) -> Any:
    fields = {name: value for name, value in (filled(client, url) | changes).items() if value is not None}
    return client.post(url, fields)


def errors(answer: Any) -> str:
    return " ".join(str(words) for words in answer.context["errors"])


def new_person(**changes: Any) -> dict[str, Any]:
    return {
        "email": "New@Partner.Example",
        "name": "New Person",
        "password1": "correct-horse-battery",
        "password2": "correct-horse-battery",
        "roles": [Role.SALES_AGENT, Role.BILLING_ADMIN],
        **changes,
    }


# Making accounts ----------------------------------------------------------------------------------------------


def test_a_person_is_added_with_roles_and_can_sign_in(client: Client, administrator: Staff) -> None:
    partner = PartnerFactory()
    answer = send(client, ADD, **new_person(partner=partner.pk))
    assert answer.status_code == 302, errors(answer)
    person = Staff.objects.get(email="new@partner.example")
    assert person.roles == (Role.SALES_AGENT, Role.BILLING_ADMIN)
    assert Client().login(email="new@partner.example", password="correct-horse-battery")
    record = ActivityRecord.objects.get()
    assert (record.operation, record.actor_name, record.partner_id) == ("add_staff", "Pat", partner.pk)
    assert record.after is not None
    assert record.after["roles"] == ["sales_agent", "billing_admin"]
    assert "correct-horse" not in str(record.after)
    assert "password" not in record.after


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"email": "LI@partner.example"}, "has an account already"),
        ({"email": "x"}, "valid email address"),
        ({"email": "\x00@partner.example"}, ""),
        ({"email": "a" * 10_000 + "@partner.example"}, "at most 254 characters"),
        ({"name": ""}, "required"),
        ({"name": "x" * 10_000}, "at most 150 characters"),
        ({"name": "a\x00b"}, "Null characters"),
        ({"name": "Li \u202eNa"}, "control characters"),
        ({"name": "Li\x1bNa"}, "control characters"),
        ({"password2": "something-else-here"}, "match"),
        ({"password1": "12345678", "password2": "12345678"}, "entirely numeric"),
        ({"password1": "x" * 10_000, "password2": "x" * 10_000}, "at most 1000 characters"),
        ({"password1": "", "password2": ""}, "required"),
        ({"password1": "new@partner.example", "password2": "new@partner.example"}, "too similar"),
        ({"roles": ["emperor"]}, "emperor"),
        ({"partner": ""}, "Choose the partner"),
        ({"partner": "x"}, "valid"),
        ({"partner": "\x00"}, "Null characters"),
        ({"time_zone": "Mars/Olympus"}, "valid choice"),
        ({"language": "tlh"}, "valid choice"),
        ({"is_staff": "on"}, "belongs to no partner"),
        ({"is_staff": "on", "partner": ""}, "Roles are for a partner"),
        ({"is_superuser": "on"}, "Only a platform administrator"),
        ({"user_permissions": ["99999999999999999999"]}, "valid choice"),
    ],
)
def test_an_account_that_cannot_be_is_refused_in_words(
    client: Client, administrator: Staff, changes: dict[str, Any], said: str
) -> None:
    StaffFactory(email="li@partner.example")
    answer = send(client, ADD, **{**new_person(partner=str(PartnerFactory().pk)), **changes})
    assert answer.status_code == 200
    assert said in errors(answer)
    assert Staff.objects.count() == 2
    assert not ActivityRecord.objects.exists()


def test_a_platform_administrator_is_added_without_partner_and_roles(client: Client, administrator: Staff) -> None:
    matrix = Permission.objects.get(codename="change_upgradematrix")
    answer = send(client, ADD, **new_person(partner="", roles=None, is_staff="on", user_permissions=[matrix.pk]))
    assert answer.status_code == 302, errors(answer)
    person = Staff.objects.get(email="new@partner.example")
    assert person.is_staff
    assert person.has_perm("upgrades.change_upgradematrix")
    assert not person.has_perm("partners.change_staff")


# Changing them ------------------------------------------------------------------------------------------------


def test_a_change_of_roles_is_recorded_for_the_partner_to_see(client: Client, someone: Staff) -> None:
    answer = send(client, url_of(someone), roles=[Role.ADMIN_AGENT])
    assert answer.status_code == 302, errors(answer)
    assert Staff.objects.get(pk=someone.pk).roles == (Role.ADMIN_AGENT,)
    record = ActivityRecord.objects.get()
    assert (record.operation, record.partner_id) == ("change_staff", someone.partner_id)
    assert (record.before, record.after) == ({"roles": ["sales_agent"]}, {"roles": ["admin_agent"]})


def test_saving_without_a_change_records_nothing(client: Client, someone: Staff) -> None:
    assert send(client, url_of(someone)).status_code == 302
    assert not ActivityRecord.objects.exists()


def test_whoever_may_not_sign_in_any_more_is_out_at_once(client: Client, someone: Staff) -> None:
    theirs = Client()
    theirs.force_login(someone)
    assert theirs.get(reverse("partners:profile")).status_code == 200
    assert send(client, url_of(someone), is_active=None).status_code == 302
    assert "/sign-in/" in theirs.get(reverse("partners:profile"))["Location"]
    assert ActivityRecord.objects.get().after == {"is_active": False}


def test_a_new_password_ends_their_sessions_and_only_that_is_recorded(client: Client, someone: Staff) -> None:
    theirs = Client()
    theirs.force_login(someone)
    url = reverse("admin:auth_user_password_change", args=[someone.pk])
    sent = {"password1": "correct-horse-battery", "password2": "correct-horse-battery"}
    assert client.post(url, sent).status_code == 302
    assert Client().login(email=someone.email, password="correct-horse-battery")
    assert "/sign-in/" in theirs.get(reverse("partners:profile"))["Location"]
    record = ActivityRecord.objects.get()
    assert (record.operation, record.after) == ("change_staff", {"password": "changed"})
    told = QueuedMail.objects.get()
    assert (told.to, told.template, told.context["address"]) == ([someone.email], "password_changed", "")
    assert client.get("/admin/").status_code == 200


def test_another_address_is_told_to_the_old_one(client: Client, someone: Staff) -> None:
    assert send(client, url_of(someone), email="other@partner.example").status_code == 302
    told = QueuedMail.objects.get()
    assert (told.to, told.template) == ([someone.email], "address_changed")
    assert "as other@partner.example from now on" in render_to_string("mail/address_changed.txt", told.context)


@pytest.mark.parametrize("password", ["", "short", "12345678901", "password1234"[:8], "x" * 10_000])
def test_a_password_that_the_validators_refuse_is_not_set(client: Client, someone: Staff, password: str) -> None:
    url = reverse("admin:auth_user_password_change", args=[someone.pk])
    assert client.post(url, {"password1": password, "password2": password}).status_code == 200
    assert Client().login(email=someone.email, password=PASSWORD)
    assert not ActivityRecord.objects.exists()


def test_nobody_locks_themselves_out(client: Client, administrator: Staff) -> None:
    for name in ("is_active", "is_staff", "is_superuser"):
        assert "cannot take this from yourself" in errors(send(client, url_of(administrator), **{name: None}))
    assert Staff.objects.get(pk=administrator.pk).is_superuser


def test_the_hash_of_a_password_is_not_shown(client: Client, someone: Staff) -> None:
    page = client.get(url_of(someone)).content.decode()
    assert someone.password.split("$")[-1] not in page


def test_who_comes_second_overwrites_nothing_unseen(client: Client, someone: Staff) -> None:
    fields = filled(client, url_of(someone))
    someone.give_roles([Role.HELPDESK_AGENT])
    answer = client.post(url_of(someone), fields | {"name": "Mine"})
    assert "Someone else saved this" in errors(answer)
    assert Staff.objects.get(pk=someone.pk).name == "Li Na"


# Deleting -----------------------------------------------------------------------------------------------------


def test_who_has_done_something_is_not_deleted(client: Client, someone: Staff) -> None:
    UpgradeFactory(staff=someone)
    text = client.post(url_of(someone, "delete"), {"post": "yes"}).content.decode()
    assert "Li Na: Upgrades (1)" in text
    assert "sessions end at once" in text
    assert Staff.objects.filter(pk=someone.pk).exists()


def test_who_stands_in_the_activity_log_is_not_deleted(client: Client, someone: Staff) -> None:
    theirs = Client()
    theirs.force_login(someone)
    theirs.post(reverse("partners:profile"), {"name": "L. Na", "language": "", "time_zone": "UTC", "theme": "auto"})
    assert ActivityRecord.objects.filter(actor_id=someone.pk).exists()
    client.post(url_of(someone, "delete"), {"post": "yes"})
    assert Staff.objects.filter(pk=someone.pk).exists()


def test_an_account_that_was_never_used_is_deleted_and_recorded(client: Client, someone: Staff) -> None:
    assert client.post(url_of(someone, "delete"), {"post": "yes"}).status_code == 302
    assert not Staff.objects.filter(pk=someone.pk).exists()
    record = ActivityRecord.objects.get()
    assert (record.operation, record.partner_id) == ("delete_staff", someone.partner_id)


def test_nobody_deletes_themselves(client: Client, administrator: Staff) -> None:
    assert client.post(url_of(administrator, "delete"), {"post": "yes"}).status_code == 403
    sent = {"action": "delete_selected", "_selected_action": str(administrator.pk), "post": "yes"}
    client.post(reverse("admin:partners_staff_changelist"), sent)
    assert Staff.objects.filter(pk=administrator.pk).exists()


def test_a_partner_with_people_or_customers_is_not_deleted(client: Client, administrator: Staff) -> None:
    partner = StaffFactory().partner
    customer_of(partner)
    text = client.post(url_of(partner, "delete"), {"post": "yes"}).content.decode()
    assert f"{partner}: Staff (1)" in text
    assert f"{partner}: Delegated admin privileges (9)" in text
    assert Partner.objects.filter(pk=partner.pk).exists()


def test_a_partner_is_added_changed_and_deleted_with_a_record_each(client: Client, administrator: Staff) -> None:
    send(client, "/admin/partners/partner/add/", name="Tailspin")
    partner = Partner.objects.get(name="Tailspin")
    send(client, url_of(partner), name="Tailspin Toys")
    client.post(url_of(partner, "delete"), {"post": "yes"})
    records = ActivityRecord.objects.all()
    assert {record.operation for record in records} == {"add_partner", "change_partner", "delete_partner"}
    assert len(records) == 3
    assert all(record.partner_id == partner.pk for record in records)


# Who may ------------------------------------------------------------------------------------------------------


@pytest.fixture
def limited(client: Client) -> Staff:
    """An administrator who may change staff and is no superuser."""
    person: Staff = PlatformAdministratorFactory(is_superuser=False)
    codes = ["view_staff", "add_staff", "change_staff", "delete_staff"]
    person.user_permissions.set(Permission.objects.filter(codename__in=codes))
    sign_in(client, person)
    return person


def test_an_administrator_may_what_is_ticked_and_no_more(client: Client, limited: Staff) -> None:
    assert client.get(url_of(StaffFactory())).status_code == 200
    assert client.get(reverse("admin:partners_partner_changelist")).status_code == 403
    assert client.get(reverse("admin:upgrades_upgradematrix_changelist")).status_code == 403


def test_who_may_add_but_not_change_people_is_led_to_no_page_that_refuses(client: Client, limited: Staff) -> None:
    assert ADD in client.get("/admin/").content.decode()
    limited.user_permissions.set(Permission.objects.filter(codename="add_staff"))
    assert ADD not in client.get("/admin/").content.decode()
    assert client.get(ADD).status_code == 403


def test_nobody_but_a_superuser_makes_administrators(client: Client, limited: Staff) -> None:
    person = StaffFactory()
    send(client, url_of(person), is_staff="on", is_superuser="on", partner="", roles=None)
    sent = new_person(partner="", roles=None, is_staff="on", is_superuser="on")
    send(client, ADD, **sent)
    assert Staff.objects.filter(is_staff=True).count() == 1


def test_nobody_but_a_superuser_touches_an_administrators_account(client: Client, limited: Staff) -> None:
    superuser = PlatformAdministratorFactory()
    assert client.post(url_of(superuser), {"name": "Mine"}).status_code == 403
    assert client.post(url_of(superuser, "delete"), {"post": "yes"}).status_code == 403
    url = reverse("admin:auth_user_password_change", args=[superuser.pk])
    sent = {"password1": "correct-horse-battery", "password2": "correct-horse-battery"}
    assert client.post(url, sent).status_code == 403
    sent = {"action": "delete_selected", "_selected_action": str(superuser.pk), "post": "yes"}
    client.post(reverse("admin:partners_staff_changelist"), sent)
    assert Client().login(email=superuser.email, password=PASSWORD)


def test_who_may_only_look_sees_roles_and_no_form(client: Client) -> None:
    person = PlatformAdministratorFactory(is_superuser=False)
    person.user_permissions.set(Permission.objects.filter(codename="view_staff"))
    sign_in(client, person)
    page = client.get(url_of(StaffFactory(roles=[Role.BILLING_ADMIN]))).content.decode()
    assert "Billing admin" in page
    assert 'name="name"' not in page


@pytest.mark.parametrize("address", ["/admin/", "/admin/login/", "/admin/partners/staff/", "/admin/nothing/"])
def test_a_partners_staff_are_refused(client: Client, address: str) -> None:
    client.force_login(StaffFactory())
    assert client.get(address).status_code == 403


def test_what_a_partners_staff_try_to_change_there_is_recorded(client: Client) -> None:
    staff = StaffFactory()
    client.force_login(staff)
    assert client.post(ADD, new_person()).status_code == 403
    record = ActivityRecord.objects.get()
    assert (record.actor_id, record.outcome) == (staff.pk, Outcome.REFUSED)


@pytest.mark.parametrize("address", ["/admin/", "/admin/partners/staff/"])
def test_the_signed_out_go_to_the_portals_own_sign_in_page_and_come_back(client: Client, address: str) -> None:
    administrator = PlatformAdministratorFactory()
    answer = client.get(address, follow=True)
    sign_in, _code = answer.redirect_chain[-1]
    assert sign_in.startswith(reverse("account_login"))
    answer = client.post(sign_in, {"login": administrator.email, "password": PASSWORD})
    assert answer["Location"] == address


def test_djangos_own_sign_in_form_takes_no_password(client: Client) -> None:
    administrator = PlatformAdministratorFactory()
    answer = client.post("/admin/login/", {"username": administrator.email, "password": PASSWORD})
    assert answer.status_code == 302
    assert client.get("/admin/").status_code == 302


def test_ones_own_password_is_changed_on_the_portals_own_page(client: Client, administrator: Staff) -> None:
    assert client.get("/admin/password_change/")["Location"] == reverse("partners:security")


def test_the_activity_log_is_read_and_nothing_else(client: Client, someone: Staff) -> None:
    send(client, url_of(someone), name="Li Na Wang")
    record = ActivityRecord.objects.get()
    page = client.get(f"/admin/activity/activityrecord/{record.pk}/change/")
    assert "Li Na Wang" in page.content.decode()
    assert client.get("/admin/activity/activityrecord/").status_code == 200
    assert client.get("/admin/activity/activityrecord/add/").status_code == 403
    assert client.post(f"/admin/activity/activityrecord/{record.pk}/delete/", {"post": "yes"}).status_code == 403
    assert client.post(f"/admin/activity/activityrecord/{record.pk}/change/", {"operation": "x"}).status_code == 403
    assert ActivityRecord.objects.get().operation == "change_staff"


@pytest.mark.parametrize("language", ["es", "zh-hans"])
def test_the_administration_speaks_the_persons_language(client: Client, language: str) -> None:
    client.force_login(PlatformAdministratorFactory(language=language))
    assert f'lang="{language}"' in client.get("/admin/").content.decode()


# The last global admin, and what a deactivation entails ------------------------------------------------------


@pytest.fixture
def last(administrator: Staff) -> Staff:
    """The one global admin of a partner who may sign in."""
    person: Staff = StaffFactory(name="Li Na", partner__name="Contoso Reseller")
    StaffFactory(partner=person.partner, is_active=False)
    StaffFactory(partner=person.partner, roles=[Role.USER_ADMIN])
    return person


@pytest.mark.parametrize("change", ["is_active", "roles", "partner"])
def test_a_partner_keeps_its_last_global_admin(client: Client, last: Staff, change: str) -> None:
    to: dict[str, Any] = {"is_active": None, "roles": [Role.SALES_AGENT], "partner": str(PartnerFactory().pk)}
    changes = {change: to[change]}
    said = errors(send(client, url_of(last), **changes))
    assert "Li Na is the last global admin of Contoso Reseller who may sign in." in said
    assert Staff.objects.get(pk=last.pk).may(PortalPermission.MANAGE_STAFF)
    StaffFactory(partner=last.partner)
    assert send(client, url_of(last), **changes).status_code == 302


def test_nor_is_the_last_one_deleted_alone_or_with_all_the_others(client: Client, last: Staff) -> None:
    other = StaffFactory(partner=last.partner)
    everyone = {"action": "delete_selected", "_selected_action": [str(last.pk), str(other.pk)], "post": "yes"}
    page = client.post("/admin/partners/staff/", everyone).content.decode()
    assert "is the last global admin of Contoso Reseller" in page
    assert Staff.objects.filter(pk__in=[last.pk, other.pk]).count() == 2
    assert client.post(url_of(other, "delete"), {"post": "yes"}).status_code == 302
    page = client.post(url_of(last, "delete"), {"post": "yes"}).content.decode()
    assert "is the last global admin of Contoso Reseller" in page
    assert Staff.objects.filter(pk=last.pk).exists()


def test_who_is_deactivated_here_has_no_session_and_no_open_invitation_left(client: Client, someone: Staff) -> None:
    made = StaffInvitationFactory(invited_by=someone)
    theirs = Client()
    theirs.force_login(someone)
    send(client, url_of(someone), is_active=None)
    send(client, url_of(someone), is_active="on")
    assert "/sign-in/" in theirs.get(reverse("partners:profile"))["Location"]
    person = Staff.objects.get(pk=someone.pk)
    assert person.is_active
    assert person.deactivated_at is not None
    assert person.version == 3
    assert StaffInvitation.objects.get(pk=made.pk).withdrawn_at is not None
    record = ActivityRecord.objects.get(operation="withdraw_staff_invitation")
    assert (record.actor_name, record.partner_id) == ("Pat", someone.partner_id)


def test_a_change_of_the_name_alone_ends_nothing(client: Client, someone: Staff) -> None:
    someone.give_roles([Role.USER_ADMIN])
    made = StaffInvitationFactory(invited_by=someone)
    send(client, url_of(someone), name="Li Na Wang")
    assert Staff.objects.get(pk=someone.pk).version == 1
    assert StaffInvitation.objects.get(pk=made.pk).is_waiting
