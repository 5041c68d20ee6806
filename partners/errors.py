"""Why something about a partner's staff is refused. Each refusal says so in a whole sentence."""

from collections.abc import Sequence

from django.utils.translation import gettext as _

from activity.errors import Refused
from activity.models import ActivityRecord
from activity.words import sentence
from partners.models import ApiClient, Staff, StaffInvitation, StaffInvitationState


class LastGlobalAdmin(Refused):
    """Nobody else of the partner who may sign in is a global admin."""

    codes = ("last_global_admin",)

    def __init__(self, person: Staff) -> None:
        super().__init__()
        self.person = person

    @property
    def message(self) -> str:
        """The reason as a sentence."""
        text = _(
            "%(name)s is the last global admin of %(partner)s who may sign in. Make somebody else a global admin first."
        )
        return text % {"name": self.person, "partner": self.person.partner}


class GlobalAdminsAlone(Refused):
    """Only a global admin decides about global admins, and who becomes one."""

    codes = ("global_admins_alone",)

    @property
    def message(self) -> str:
        """The reason as a sentence."""
        return _("Only a global admin decides about global admins, and about who becomes one.")


class NotAboutYourself(Refused):
    """Who is no global admin decides nothing about themselves."""

    codes = ("not_about_yourself",)

    @property
    def message(self) -> str:
        """The reason as a sentence."""
        return _("Nobody but a global admin decides about themselves. Ask a colleague who manages staff.")


class UnknownRole(Refused):
    """There is no such role."""

    codes = ("unknown_role",)

    def __init__(self, code: str) -> None:
        super().__init__()
        self.code = code

    @property
    def message(self) -> str:
        """The reason as a sentence."""
        return _("There is no role “%(role)s”. Choose from those on the page.") % {"role": self.code[:40]}


class NoRole(Refused):
    """An invitation that promises no role."""

    codes = ("no_role",)

    @property
    def message(self) -> str:
        """The reason as a sentence."""
        return _("Choose at least one role: without one a person may do nothing.")


class StaffChanged(Refused):
    """Somebody changed this person's account after the page was drawn; `records` tell what, newest first."""

    codes = ("staff_changed",)

    def __init__(self, records: Sequence[ActivityRecord]) -> None:
        super().__init__()
        self.records = records

    @property
    def message(self) -> str:
        """The reason as a sentence, after what was done."""
        told = [sentence(record) for record in self.records]
        return " ".join([*told, _("That was after you opened the page. Look at how things stand now, then decide.")])


class ClientChanged(StaffChanged):
    """Somebody changed this API client after the page was drawn."""

    codes = ("client_changed",)


class ClientRevoked(Refused):
    """The API client was revoked, which is for good."""

    codes = ("client_revoked",)

    @property
    def message(self) -> str:
        """The reason as a sentence."""
        return _("This API client is revoked, and that is for good. Make another one.")


class ClientNameTaken(Refused):
    """Another API client of the partner that is in force has this name."""

    codes = ("name_taken",)

    def __init__(self, client: ApiClient) -> None:
        super().__init__()
        self.client = client

    @property
    def message(self) -> str:
        """The reason as a sentence."""
        return _("Your company has an API client called “%(name)s” already. Choose another name.") % {
            "name": self.client.name
        }


class ClientNeedsRole(NoRole):
    """An API client that would have no role."""

    @property
    def message(self) -> str:
        """The reason as a sentence."""
        return _("Choose at least one role: without one a program may do nothing.")


class TooManyClients(Refused):
    """The partner has as many API clients in force as it can have."""

    codes = ("too_many_clients",)

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most

    @property
    def message(self) -> str:
        """The reason as a sentence."""
        text = _("Your company has %(most)d API clients. Revoke one that nobody needs before you make another.")
        return text % {"most": self.most}


class AlreadyColleague(Refused):
    """Somebody of the same partner has this e-mail address."""

    codes = ("already_colleague",)

    def __init__(self, person: Staff) -> None:
        super().__init__()
        self.person = person

    @property
    def message(self) -> str:
        """The reason as a sentence."""
        if self.person.is_active:
            text = _("%(name)s has an account at your company already, with this address.")
        else:
            text = _("%(name)s has this address and an account that was deactivated. Reactivate it instead.")
        return text % {"name": self.person}


class AlreadyInvited(Refused):
    """The partner has invited this address already, and nobody has answered."""

    codes = ("already_invited",)

    def __init__(self, invitation: StaffInvitation) -> None:
        super().__init__()
        self.invitation = invitation

    @property
    def message(self) -> str:
        """The reason as a sentence."""
        return _("Your company has invited this address already. Send that invitation again, or withdraw it.")


class InvitationMoved(Refused):
    """The invitation is not any more what the page showed, or not in a state for what was asked."""

    codes = ("invitation_changed",)

    def __init__(self, invitation: StaffInvitation) -> None:
        super().__init__()
        self.invitation = invitation

    @property
    def message(self) -> str:
        """The reason as a sentence."""
        said = {
            StaffInvitationState.ACCEPTED: _("The invitation was accepted in the meantime: the person has an account."),
            StaffInvitationState.WITHDRAWN: _("The invitation was withdrawn in the meantime."),
        }
        other = _("The invitation was changed after you opened the page. Look at how it stands now.")
        return said.get(self.invitation.present_state, other)


class SentLately(Refused):
    """The invitation was mailed a moment ago."""

    codes = ("sent_lately",)

    def __init__(self, minutes: int) -> None:
        super().__init__()
        self.minutes = minutes

    @property
    def message(self) -> str:
        """The reason as a sentence."""
        text = _("The mail was sent a moment ago. Send it again after %(minutes)d minutes, if it has not arrived.")
        return text % {"minutes": self.minutes}


class LinkOver(Refused):
    """The invitation behind the link cannot be accepted any more."""

    codes = ("invitation_state",)

    def __init__(self, invitation: StaffInvitation) -> None:
        super().__init__()
        self.invitation = invitation


class HasAccount(Refused):
    """The invited address has an account, at whatever company."""

    codes = ("has_account",)
