"""Roles, deactivation and reactivation of colleagues: who may decide what, at once, once, and never the last one."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction
from django.http import Http404
from django.test import Client

from activity.errors import Refused, SubmissionReused
from activity.models import ActivityRecord, Outcome
from activity.words import sentence
from partners.errors import GlobalAdminsAlone, LastGlobalAdmin, NotAboutYourself, StaffChanged, UnknownRole
from partners.models import Partner, Staff, StaffInvitation, StaffInvitationState, StaffRole
from partners.roles import Role
from partners.staffing import change_roles, deactivate, may_decide_about, may_give, reactivate, roles_to_give
from tests.factories import PartnerFactory, PlatformAdministratorFactory, StaffFactory, StaffInvitationFactory
from tests.partners.signing_in import is_signed_in, sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def partner() -> Partner:
    made: Partner = PartnerFactory(name="Contoso Reseller")
    return made


@pytest.fixture
def staff(partner: Partner) -> Staff:
    made: Staff = StaffFactory(name="Li Na", partner=partner)
    return made


@pytest.fixture
def agent(partner: Partner) -> Staff:
    made: Staff = StaffFactory(name="Wang Wei", email="wang@contoso.example", partner=partner, roles=[Role.SALES_AGENT])
    return made


@pytest.fixture
def user_admin(partner: Partner) -> Staff:
    made: Staff = StaffFactory(name="Sofía", partner=partner, roles=[Role.USER_ADMIN])
    return made


def fresh(person: Staff) -> Staff:
    return Staff.objects.get(pk=person.pk)


def last_record() -> ActivityRecord:
    return ActivityRecord.objects.latest("at")


class TestRoles:
    def test_they_are_given_and_taken_and_recorded_with_before_and_after(self, staff: Staff, agent: Staff) -> None:
        change_roles(staff=staff, person_id=agent.pk, roles=["billing_admin", "admin_agent"], key="1")
        assert fresh(agent).roles == (Role.ADMIN_AGENT, Role.BILLING_ADMIN)
        record = last_record()
        assert (record.operation, record.resource_id, record.partner_id) == (
            "change_roles",
            str(agent.pk),
            staff.partner_id,
        )
        assert record.before is not None
        assert record.after is not None
        assert (record.before["roles"], record.before["version"]) == (["sales_agent"], 1)
        assert (record.after["roles"], record.after["version"]) == (["admin_agent", "billing_admin"], 2)
        assert sentence(record) == "Li Na changed the roles of Wang Wei to: Admin agent, Billing admin."

    def test_they_are_in_force_with_the_next_request(self, staff: Staff, agent: Staff, client: Client) -> None:
        client.force_login(agent)
        assert client.get("/offers/").status_code == 403
        change_roles(staff=staff, person_id=agent.pk, roles=["billing_admin"], key="1")
        assert client.get("/offers/").status_code == 200
        assert client.get("/customers/").status_code == 403

    def test_all_can_be_taken(self, staff: Staff, agent: Staff) -> None:
        change_roles(staff=staff, person_id=agent.pk, roles=[], key="1")
        assert fresh(agent).roles == ()
        assert sentence(last_record()) == "Li Na took all roles from Wang Wei."

    def test_saving_without_a_change_records_nothing(self, staff: Staff, agent: Staff) -> None:
        change_roles(staff=staff, person_id=agent.pk, roles=["sales_agent"], key="1")
        assert not ActivityRecord.objects.exists()
        assert fresh(agent).version == 1

    def test_the_same_key_does_it_once(self, staff: Staff, agent: Staff) -> None:
        for _time in range(2):
            change_roles(staff=staff, person_id=agent.pk, roles=["user_admin"], key="1", version=1)
        assert ActivityRecord.objects.count() == 1
        with pytest.raises(SubmissionReused):
            change_roles(staff=staff, person_id=agent.pk, roles=["admin_agent"], key="1", version=1)
        assert fresh(agent).roles == (Role.USER_ADMIN,)

    def test_a_stale_page_is_told_what_was_done_since_and_by_whom(
        self, staff: Staff, agent: Staff, user_admin: Staff
    ) -> None:
        change_roles(staff=user_admin, person_id=agent.pk, roles=["admin_agent"], key="1", version=1)
        with pytest.raises(StaffChanged) as refused:
            change_roles(staff=staff, person_id=agent.pk, roles=[], key="2", version=1)
        assert "Sofía changed the roles of Wang Wei to: Admin agent." in refused.value.message
        assert fresh(agent).roles == (Role.ADMIN_AGENT,)
        assert last_record().reasons == ["staff_changed"]

    @pytest.mark.parametrize("code", ["emperor", "", "Global_Admin", "global_admin ", "sales_agent,global_admin"])
    def test_a_role_that_does_not_exist_is_refused(self, staff: Staff, agent: Staff, code: str) -> None:
        with pytest.raises(UnknownRole) as refused:
            change_roles(staff=staff, person_id=agent.pk, roles=["sales_agent", code], key="1")
        assert f"“{code}”" in refused.value.message
        assert fresh(agent).roles == (Role.SALES_AGENT,)

    def test_the_database_knows_no_other_role_and_each_once(self, agent: Staff) -> None:
        for role in ("emperor", "sales_agent"):
            with pytest.raises(IntegrityError), transaction.atomic():
                StaffRole.objects.create(staff=agent, role=role)


class TestWhoMayDecide:
    @pytest.mark.parametrize("role", [role for role in Role if role not in {Role.GLOBAL_ADMIN, Role.USER_ADMIN}])
    @pytest.mark.parametrize("verb", [deactivate, reactivate, change_roles])
    def test_nobody_without_the_role_for_it(
        self, partner: Partner, agent: Staff, role: Role, verb: Callable[..., Any]
    ) -> None:
        intruder = StaffFactory(partner=partner, roles=[role])
        more = {"roles": ["global_admin"]} if verb is change_roles else {}
        with pytest.raises(PermissionDenied):
            verb(staff=intruder, person_id=agent.pk, key="1", **more)
        record = last_record()
        assert (record.outcome, record.reasons, record.resource_id) == (Outcome.REFUSED, ["role"], str(agent.pk))
        assert fresh(agent).is_active

    def test_nobody_of_another_partner_and_no_platform_administrator(self, agent: Staff) -> None:
        for intruder in (StaffFactory(), PlatformAdministratorFactory()):
            with pytest.raises(Http404):
                deactivate(staff=intruder, person_id=agent.pk, key="1")
        assert fresh(agent).is_active

    def test_whoever_has_just_lost_the_role(self, staff: Staff, agent: Staff, user_admin: Staff) -> None:
        assert user_admin.may("manage_staff")  # type: ignore[arg-type]
        change_roles(staff=staff, person_id=user_admin.pk, roles=[], key="1")
        with pytest.raises(PermissionDenied):
            deactivate(staff=user_admin, person_id=agent.pk, key="2")

    def test_a_user_admin_decides_about_all_but_global_admins_and_themselves(
        self, staff: Staff, agent: Staff, user_admin: Staff
    ) -> None:
        assert Role.GLOBAL_ADMIN not in roles_to_give(user_admin)
        assert [may_decide_about(user_admin, one) for one in (staff, agent, user_admin)] == [False, True, False]
        with pytest.raises(GlobalAdminsAlone):
            change_roles(staff=user_admin, person_id=agent.pk, roles=["global_admin"], key="1")
        with pytest.raises(GlobalAdminsAlone):
            deactivate(staff=user_admin, person_id=staff.pk, key="2")
        with pytest.raises(GlobalAdminsAlone):
            change_roles(staff=user_admin, person_id=staff.pk, roles=[], key="3")
        with pytest.raises(NotAboutYourself):
            change_roles(staff=user_admin, person_id=user_admin.pk, roles=["admin_agent"], key="4")
        assert deactivate(staff=user_admin, person_id=agent.pk, key="5").is_active is False

    def test_what_was_another_partners_is_given_by_nobody_else(self, staff: Staff) -> None:
        assert may_give(staff, [Role.SALES_AGENT], partner_id=staff.partner_id)
        assert not may_give(staff, [Role.SALES_AGENT], partner_id=PartnerFactory().pk)


class TestDeactivation:
    def test_all_sessions_end_at_once_and_stay_ended(self, staff: Staff, agent: Staff) -> None:
        theirs, other = Client(), Client()
        sign_in(theirs, agent)
        other.force_login(agent)
        deactivate(staff=staff, person_id=agent.pk, key="1")
        assert not UserSession.objects.filter(user=agent).exists()
        for client in (theirs, other):
            assert "/sign-in/" in client.get("/settings/profile/")["Location"]
        reactivate(staff=staff, person_id=agent.pk, key="2")
        for client in (theirs, other):
            assert "/sign-in/" in client.get("/settings/profile/")["Location"]
        sign_in(theirs, agent)
        assert is_signed_in(theirs)

    def test_a_session_that_nobody_knows_of_is_not_good_again(self, staff: Staff, agent: Staff) -> None:
        theirs = Client()
        theirs.force_login(agent)
        UserSession.objects.all().delete()
        deactivate(staff=staff, person_id=agent.pk, key="1")
        reactivate(staff=staff, person_id=agent.pk, key="2")
        assert "/sign-in/" in theirs.get("/settings/profile/")["Location"]

    def test_nobody_deactivated_signs_in_nor_gets_a_mail_for_a_new_password(self, staff: Staff, agent: Staff) -> None:
        deactivate(staff=staff, person_id=agent.pk, key="1")
        client = Client()
        assert "may not sign in any more" in sign_in(client, agent).content.decode()

    def test_it_is_recorded_and_told_in_words(self, staff: Staff, agent: Staff) -> None:
        deactivate(staff=staff, person_id=agent.pk, key="1")
        assert sentence(last_record()) == "Li Na deactivated Wang Wei, who may sign in no more."
        reactivate(staff=staff, person_id=agent.pk, key="2")
        assert sentence(last_record()) == "Li Na reactivated Wang Wei, who may sign in again."
        assert fresh(agent).roles == (Role.SALES_AGENT,)
        assert fresh(agent).version == 3

    def test_twice_is_once(self, staff: Staff, agent: Staff) -> None:
        deactivate(staff=staff, person_id=agent.pk, key="1")
        deactivate(staff=staff, person_id=agent.pk, key="1")
        deactivate(staff=staff, person_id=agent.pk, key="2")
        assert ActivityRecord.objects.count() == 1

    def test_invitations_that_they_made_and_could_not_make_any_more_are_withdrawn(
        self, staff: Staff, partner: Partner
    ) -> None:
        other = StaffFactory(partner=partner, roles=[Role.GLOBAL_ADMIN])
        admin = StaffInvitationFactory(invited_by=other, roles=[Role.GLOBAL_ADMIN])
        sales = StaffInvitationFactory(invited_by=other)
        used = StaffInvitationFactory(invited_by=other, accepted_at="2026-01-01T00:00:00Z")
        kept = StaffInvitationFactory(invited_by=staff)

        def states() -> list[str]:
            made = (admin, sales, used, kept)
            return [StaffInvitation.objects.get(pk=one.pk).present_state.value for one in made]

        change_roles(staff=staff, person_id=other.pk, roles=["user_admin"], key="1")
        assert states() == ["withdrawn", "sent", "accepted", "sent"]
        deactivate(staff=staff, person_id=other.pk, key="2")
        assert states() == ["withdrawn", "withdrawn", "accepted", "sent"]
        assert ActivityRecord.objects.filter(operation="withdraw_staff_invitation").count() == 2
        assert admin.state_at(admin.sent_at) == StaffInvitationState.SENT


class TestTheLastGlobalAdmin:
    @pytest.mark.parametrize(("verb", "more"), [(change_roles, {"roles": ["admin_agent"]}), (deactivate, {})])
    def test_stays_one_and_active(
        self, staff: Staff, partner: Partner, verb: Callable[..., Any], more: dict[str, Any]
    ) -> None:
        StaffFactory(partner=partner, is_active=False)
        StaffFactory()
        with pytest.raises(LastGlobalAdmin) as refused:
            verb(staff=staff, person_id=staff.pk, key="1", **more)
        assert "Li Na is the last global admin of Contoso Reseller" in refused.value.message
        assert fresh(staff).may("manage_staff")  # type: ignore[arg-type]
        assert last_record().reasons == ["last_global_admin"]

    def test_may_go_once_there_is_another(self, staff: Staff, agent: Staff) -> None:
        change_roles(staff=staff, person_id=agent.pk, roles=["global_admin"], key="1")
        change_roles(staff=staff, person_id=staff.pk, roles=["sales_agent"], key="2")
        with pytest.raises(PermissionDenied):
            deactivate(staff=staff, person_id=agent.pk, key="3")

    def test_other_roles_come_and_go(self, staff: Staff) -> None:
        change_roles(staff=staff, person_id=staff.pk, roles=["global_admin", "sales_agent"], key="1")
        assert fresh(staff).roles == (Role.GLOBAL_ADMIN, Role.SALES_AGENT)


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("verb", ["demote", "deactivate", "one of each"])
def test_two_who_remove_each_other_at_once_leave_one(partner: Partner, staff: Staff, verb: str) -> None:
    other = StaffFactory(partner=partner)
    ready, ended = threading.Barrier(2, timeout=20), []

    def remove(who: Staff, whom: Staff, *, demotes: bool) -> None:
        try:
            assert who.permissions
            ready.wait()
            if demotes:
                change_roles(staff=who, person_id=whom.pk, roles=[], key=f"by {who.pk}")
            else:
                deactivate(staff=who, person_id=whom.pk, key=f"by {who.pk}")
            ended.append("done")
        except (Refused, PermissionDenied) as refusal:
            ended.append(type(refusal).__name__)
        finally:
            connection.close()

    pairs = [(staff, other, verb != "deactivate"), (other, staff, verb == "demote")]
    threads = [threading.Thread(target=remove, args=(a, b), kwargs={"demotes": how}) for a, b, how in pairs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert sorted(ended) == ["PermissionDenied", "done"]
    assert Staff.objects.of_partner(partner.pk).global_admins().count() == 1
