"""People are invited by mail, and make their account by a link: once, in time, and by nobody else."""

import datetime
import threading
from typing import Any

import pytest
import time_machine
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, connection, transaction
from django.http import Http404
from django.utils import timezone

from activity.errors import Refused
from activity.models import ActivityRecord, Outcome
from activity.words import sentence
from partners.errors import (
    AlreadyColleague,
    AlreadyInvited,
    GlobalAdminsAlone,
    HasAccount,
    InvitationMoved,
    LinkOver,
    NoRole,
    SentLately,
    UnknownRole,
)
from partners.models import Partner, QueuedMail, Staff, StaffInvitation, StaffInvitationState
from partners.roles import Role
from partners.staff_inviting import accept, found_by_token, invite, send_again, withdraw
from partners.staffing import deactivate
from partners.tokens import digest_of
from tests.factories import PartnerFactory, StaffFactory, StaffInvitationFactory

pytestmark = pytest.mark.django_db

PASSWORD = "correct-horse-battery"


@pytest.fixture
def partner() -> Partner:
    made: Partner = PartnerFactory(name="Contoso Reseller")
    return made


@pytest.fixture
def staff(partner: Partner) -> Staff:
    made: Staff = StaffFactory(name="Li Na", email="li.na@contoso.example", partner=partner, time_zone="Asia/Tokyo")
    return made


def ask(staff: Staff, **more: Any) -> StaffInvitation:
    given = {"email": "Chen.Jing@Contoso.Example", "roles": ["sales_agent"], "key": "1", "name": " Chen Jing "}
    return invite(**{"staff": staff, "language": "en", **given, **more})


def token_of(invitation: StaffInvitation) -> str:
    link: str = QueuedMail.objects.get(pk=str(invitation.mail_id)).context["link"]
    return link.rstrip("/").rpartition("/")[2]


def take(invitation: StaffInvitation, **more: Any) -> Staff:
    return accept(**{"invitation": invitation, "name": "Chen Jing", "password": PASSWORD, "language": "es", **more})


def last_record() -> ActivityRecord:
    return ActivityRecord.objects.latest("at")


class TestInviting:
    def test_a_mail_with_a_link_is_queued_with_it(self, staff: Staff) -> None:
        made = ask(staff, roles=["billing_admin", "sales_agent"])
        assert (made.email, made.name) == ("chen.jing@contoso.example", "Chen Jing")
        assert made.roles == (Role.SALES_AGENT, Role.BILLING_ADMIN)
        mail = QueuedMail.objects.get()
        assert (mail.to, mail.language, mail.template) == (["chen.jing@contoso.example"], "en", "staff_invitation")
        assert mail.context["roles"] == ["Sales agent", "Billing admin"]
        assert made.expires_at - made.sent_at == datetime.timedelta(days=7)

    def test_of_the_token_the_digest_alone_is_kept(self, staff: Staff) -> None:
        made = ask(staff)
        token = token_of(made)
        assert len(token) == 43
        assert made.digest == digest_of(token)
        assert found_by_token(token) == made
        assert token not in str(ActivityRecord.objects.values_list("after"))

    def test_it_is_recorded_in_words(self, staff: Staff) -> None:
        ask(staff)
        assert sentence(last_record()) == "Li Na invited Chen Jing to the staff as: Sales agent."

    def test_the_same_key_invites_once(self, staff: Staff) -> None:
        assert ask(staff) == ask(staff)
        with pytest.raises(Refused):
            ask(staff, roles=["user_admin"])
        assert (StaffInvitation.objects.count(), QueuedMail.objects.count()) == (1, 1)

    @pytest.mark.parametrize("role", [Role.HELPDESK_AGENT, Role.SALES_AGENT, Role.ADMIN_AGENT, Role.BILLING_ADMIN])
    def test_nobody_invites_without_the_role_for_it(self, partner: Partner, role: Role) -> None:
        with pytest.raises(PermissionDenied):
            ask(StaffFactory(partner=partner, roles=[role]))
        record = last_record()
        assert (record.operation, record.outcome, record.reasons) == ("invite_staff", Outcome.REFUSED, ["role"])
        assert not StaffInvitation.objects.exists()

    def test_a_user_admin_invites_no_global_admin(self, partner: Partner) -> None:
        person = StaffFactory(partner=partner, roles=[Role.USER_ADMIN])
        with pytest.raises(GlobalAdminsAlone):
            ask(person, roles=["sales_agent", "global_admin"])
        assert ask(person, key="2").roles == (Role.SALES_AGENT,)

    @pytest.mark.parametrize(("roles", "refusal"), [([], NoRole), (["emperor"], UnknownRole)])
    def test_to_nothing_or_to_what_is_no_role_nobody_is_invited(
        self, staff: Staff, roles: list[str], refusal: type[Refused]
    ) -> None:
        with pytest.raises(refusal):
            ask(staff, roles=roles)
        assert not QueuedMail.objects.exists()

    @pytest.mark.parametrize(
        "wrong", [{"email": "nobody"}, {"email": ""}, {"name": "Li \u202eNa"}, {"name": "x" * 151}, {"language": "tlh"}]
    )
    def test_what_cannot_be_is_refused_by_field(self, staff: Staff, wrong: dict[str, str]) -> None:
        with pytest.raises(ValidationError) as refused:
            ask(staff, **wrong)
        assert refused.value.message_dict.keys() == wrong.keys()
        assert not StaffInvitation.objects.exists()

    def test_a_colleague_is_not_invited_again(self, staff: Staff, partner: Partner) -> None:
        there = StaffFactory(name="Chen Jing", email="chen.jing@contoso.example", partner=partner)
        with pytest.raises(AlreadyColleague) as refused:
            ask(staff)
        assert "has an account at your company already" in refused.value.message
        deactivate(staff=staff, person_id=there.pk, key="x")
        with pytest.raises(AlreadyColleague) as refused:
            ask(staff, key="2")
        assert "Reactivate it" in refused.value.message

    def test_who_works_elsewhere_is_invited_like_anybody(self, staff: Staff) -> None:
        StaffFactory(email="chen.jing@contoso.example")
        made = ask(staff)
        assert made.present_state == StaffInvitationState.SENT
        assert QueuedMail.objects.get().to == ["chen.jing@contoso.example"]
        with pytest.raises(HasAccount):
            take(made)
        record = last_record()
        assert (record.reasons, record.partner_id, record.actor_name) == (["has_account"], None, "")
        assert StaffInvitation.objects.get().present_state == StaffInvitationState.SENT

    def test_one_invitation_for_one_address_at_a_time(self, staff: Staff) -> None:
        first = ask(staff)
        with pytest.raises(AlreadyInvited) as refused:
            ask(staff, key="2", email="CHEN.JING@contoso.example")
        assert refused.value.invitation == first
        withdraw(staff=staff, invitation_id=first.pk, key="3")
        assert ask(staff, key="4") != first
        assert ask(StaffFactory(), key="5") != first

    def test_the_database_holds_what_must_hold(self, staff: Staff) -> None:
        made = StaffInvitationFactory(invited_by=staff, email="a@b.example")
        now = timezone.now()
        for wrong in (
            {"email": "A@b.example"},
            {"email": ""},
            {"language": "tlh"},
            {"accepted_at": now, "withdrawn_at": now},
        ):
            with pytest.raises(IntegrityError), transaction.atomic():
                StaffInvitationFactory(invited_by=staff, **wrong)
        with pytest.raises(IntegrityError), transaction.atomic():
            made.role_rows.create(role="emperor")


class TestSendingAgainAndWithdrawing:
    def test_another_mail_brings_another_link_and_ends_the_earlier(self, staff: Staff) -> None:
        made = ask(staff)
        first = token_of(made)
        with time_machine.travel(timezone.now() + datetime.timedelta(days=8)):
            assert made.present_state == StaffInvitationState.EXPIRED
            again = send_again(staff=staff, invitation_id=made.pk, key="2", version=1)
            assert again.present_state == StaffInvitationState.SENT
        assert found_by_token(first) is None
        assert found_by_token(token_of(again)) == made
        assert sentence(last_record()).endswith("sent the invitation to the staff to chen.jing@contoso.example again.")
        with pytest.raises(LinkOver):
            take(made)

    def test_not_within_minutes_of_the_last_unless_that_was_given_up(self, staff: Staff) -> None:
        made = ask(staff)
        with pytest.raises(SentLately):
            send_again(staff=staff, invitation_id=made.pk, key="2")
        QueuedMail.objects.update(next_attempt_at=None, sent_at=None)
        assert send_again(staff=staff, invitation_id=made.pk, key="3").version == 2

    def test_the_same_key_does_it_once(self, staff: Staff) -> None:
        made = StaffInvitationFactory(invited_by=staff)
        for _time in range(2):
            send_again(staff=staff, invitation_id=made.pk, key="2", version=1)
            withdraw(staff=staff, invitation_id=made.pk, key="3", version=2)
        assert QueuedMail.objects.count() == 1
        assert ActivityRecord.objects.count() == 2

    def test_what_has_moved_on_is_refused(self, staff: Staff) -> None:
        made = StaffInvitationFactory(invited_by=staff)
        with pytest.raises(InvitationMoved):
            withdraw(staff=staff, invitation_id=made.pk, key="2", version=7)
        withdraw(staff=staff, invitation_id=made.pk, key="3", version=1)
        for verb in (withdraw, send_again):
            with pytest.raises(InvitationMoved) as refused:
                verb(staff=staff, invitation_id=made.pk, key=f"4{verb}")
            assert "was withdrawn in the meantime" in refused.value.message

    def test_another_partners_is_none(self, staff: Staff) -> None:
        made = StaffInvitationFactory()
        for verb in (withdraw, send_again):
            with pytest.raises(Http404):
                verb(staff=staff, invitation_id=made.pk, key="1")

    def test_a_user_admin_leaves_invitations_of_global_admins_alone(self, staff: Staff, partner: Partner) -> None:
        made = StaffInvitationFactory(invited_by=staff, roles=[Role.GLOBAL_ADMIN])
        person = StaffFactory(partner=partner, roles=[Role.USER_ADMIN])
        for verb in (withdraw, send_again):
            with pytest.raises(GlobalAdminsAlone):
                verb(staff=person, invitation_id=made.pk, key=f"{verb}")


class TestAccepting:
    def test_an_account_with_what_was_promised(self, staff: Staff) -> None:
        made = ask(staff, roles=["user_admin", "sales_agent"])
        person = take(made, name=" 陈静 ")
        assert (person.email, person.name, person.language) == ("chen.jing@contoso.example", "陈静", "es")
        assert (person.partner, person.time_zone) == (staff.partner, "Asia/Tokyo")
        assert person.check_password(PASSWORD)
        assert Staff.objects.get(pk=person.pk).roles == (Role.SALES_AGENT, Role.USER_ADMIN)
        kept = StaffInvitation.objects.get()
        assert (kept.present_state, kept.person) == (StaffInvitationState.ACCEPTED, person)
        record = last_record()
        assert (record.actor_id, record.partner_id) == (person.pk, staff.partner_id)
        assert sentence(record) == "陈静 accepted an invitation and joined the staff as: Sales agent, User admin."
        assert PASSWORD not in f"{record.before}{record.after}"

    def test_works_once(self, staff: Staff) -> None:
        made = ask(staff)
        take(made)
        with pytest.raises(LinkOver):
            take(made, password="another-good-password")
        assert Staff.objects.count() == 2
        record = last_record()
        assert (record.outcome, record.reasons, record.partner_id) == (
            Outcome.REFUSED,
            ["invitation_state"],
            staff.partner_id,
        )

    def test_not_after_its_time_nor_when_withdrawn(self, staff: Staff) -> None:
        late = StaffInvitationFactory(expires_at=timezone.now())
        withdrawn = StaffInvitationFactory(withdrawn_at=timezone.now())
        for one in (late, withdrawn):
            with pytest.raises(LinkOver):
                take(one)
        assert not Staff.objects.filter(name="Chen Jing").exists()

    @pytest.mark.parametrize(
        "wrong",
        [
            {"password": "short"},
            {"password": "12345678901"},
            {"password": "chen.jing@contoso"},
            {"name": ""},
            {"name": "x" * 151},
            {"language": "tlh"},
        ],
    )
    def test_what_cannot_be_makes_no_account(self, staff: Staff, wrong: dict[str, str]) -> None:
        made = ask(staff)
        with pytest.raises(ValidationError):
            take(made, **wrong)
        assert Staff.objects.count() == 1
        assert StaffInvitation.objects.get().is_waiting


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    def together(self, *acts: Any) -> list[str]:
        ready, ended = threading.Barrier(len(acts), timeout=20), []

        def do(act: Any) -> None:
            try:
                ready.wait()
                act()
                ended.append("done")
            except Refused as refusal:
                ended.append(type(refusal).__name__)
            finally:
                connection.close()

        threads = [threading.Thread(target=do, args=(act,)) for act in acts]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=30)
        return sorted(ended)

    def test_a_link_used_twice_at_once_makes_one_account(self, staff: Staff) -> None:
        made = ask(staff)
        assert self.together(lambda: take(made), lambda: take(made)) == ["LinkOver", "done"]
        assert Staff.objects.count() == 2

    def test_two_partners_invitations_accepted_at_once_make_one_account(self, staff: Staff) -> None:
        mine, other = ask(staff), ask(StaffFactory())
        assert self.together(lambda: take(mine), lambda: take(other)) == ["HasAccount", "done"]
        assert Staff.objects.filter(email="chen.jing@contoso.example").count() == 1

    def test_accepted_and_withdrawn_at_once_is_one_of_both(self, staff: Staff) -> None:
        made = ask(staff)
        assert staff.permissions
        said = self.together(
            lambda: take(made), lambda: withdraw(staff=staff, invitation_id=made.pk, key="w", version=1)
        )
        assert said in (["InvitationMoved", "done"], ["LinkOver", "done"])
        kept = StaffInvitation.objects.get()
        assert (kept.accepted_at is None) != (kept.withdrawn_at is None)

    def test_the_same_address_invited_twice_at_once_is_invited_once(self, staff: Staff) -> None:
        assert staff.permissions
        assert self.together(lambda: ask(staff), lambda: ask(staff, key="2")) == ["AlreadyInvited", "done"]
        assert QueuedMail.objects.count() == 1
