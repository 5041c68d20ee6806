"""Why something about a customer is refused. Each refusal says so in a whole sentence in the reader's language."""

import datetime
from dataclasses import dataclass

from django.utils.translation import gettext as _

from activity.errors import Refused
from customers.models import Customer, Invitation


class DomainTaken(Refused):
    """Another customer has this domain; `customer` is that one where the person sees it."""

    codes = ("domain_taken",)

    def __init__(self, domain: str, customer: Customer | None = None) -> None:
        super().__init__()
        self.domain, self.customer = domain, customer

    @property
    def message(self) -> str:
        """The reason as a sentence; of a customer out of sight no more than that it exists."""
        if self.customer is not None:
            text = _("This customer already exists: %(company)s has the domain %(domain)s.")
            return text % {"company": self.customer.company_name, "domain": self.domain}
        text = _("A customer with the domain %(domain)s already exists: request a reseller relationship with it.")
        return text % {"domain": self.domain}


class FormerReseller(Refused):
    """The relationship of the person's partner with this customer has ended: look, but change nothing."""

    codes = ("relationship_ended",)

    @property
    def message(self) -> str:
        """The reason as a sentence."""
        return _("Your reseller relationship with this customer has ended; you can look, but change nothing.")


@dataclass(frozen=True)
class Changed:
    """A field that somebody else changed, in words."""

    field: str
    before: str
    after: str


class AccountChanged(Refused):
    """Somebody changed the same details after the page was drawn: what, when, and by whom as far as that is told."""

    codes = ("account_changed",)

    def __init__(self, changes: list[Changed], *, who: str = "", at: datetime.datetime | None = None) -> None:
        super().__init__()
        self.changes, self.who, self.at = changes, who, at

    @property
    def message(self) -> str:
        """The reason as a sentence."""
        if not self.who:
            return _("These details were changed after you opened the page. Look at how they stand now, then save.")
        text = _("%(who)s changed these details after you opened the page. Look at what changed, then save.")
        return text % {"who": self.who}


class NothingAsked(Refused):
    """An invitation that asks for nothing."""

    codes = ("nothing_asked",)

    @property
    def message(self) -> str:
        """The reason as a sentence."""
        return _("Choose what to ask for: a reseller relationship, the administration of services, or both.")


class NoCustomerWithDomain(Refused):
    """No customer has this domain."""

    codes = ("no_customer_with_domain",)

    def __init__(self, domain: str) -> None:
        super().__init__()
        self.domain = domain

    @property
    def message(self) -> str:
        """The reason as a sentence."""
        text = _("No customer has the domain %(domain)s. Leave it empty to invite a company that is no customer yet.")
        return text % {"domain": self.domain}


class NotTheCustomersAddress(Refused):
    """The mail would go to an address that the customer is not known by."""

    codes = ("not_the_customers_address",)

    def __init__(self, domain: str) -> None:
        super().__init__()
        self.domain = domain

    @property
    def message(self) -> str:
        """The reason as a sentence."""
        text = _(
            "Who answers speaks for the customer, so the mail goes to an address of its own: one that ends with "
            "@%(domain)s, or the one of its contact or billing details."
        )
        return text % {"domain": self.domain}


class NoAddressKnown(Refused):
    """Nobody at the customer can be written to: it has neither contact details nor a billing profile."""

    codes = ("no_address_known",)

    @property
    def message(self) -> str:
        """The reason as a sentence."""
        return _("Nobody at this customer can be written to yet. Enter its contact details first, then ask again.")


class AlreadyReseller(Refused):
    """The reseller relationship that is asked for is in force."""

    codes = ("relationship_in_force",)

    @property
    def message(self) -> str:
        """The reason as a sentence."""
        return _("You have a reseller relationship with this customer already; ask for the services alone.")


class NotYourCustomer(Refused):
    """Privileges are asked of a customer without a reseller relationship in force."""

    codes = ("no_relationship",)

    @property
    def message(self) -> str:
        """The reason as a sentence."""
        return _("You have no reseller relationship with this customer; ask for one together with the services.")


class ServicesHeldAlready(Refused):
    """The partner holds what it asks for."""

    codes = ("privileges_held",)

    def __init__(self, services: list[str]) -> None:
        super().__init__()
        self.services = services

    @property
    def message(self) -> str:
        """The reason as a sentence."""
        text = _("You may administer this already: %(services)s. Ask for the other services alone.")
        return text % {"services": _(", ").join(self.services)}


class NothingToGiveUp(Refused):
    """Nothing is named that could be given up."""

    codes = ("nothing_to_give_up",)

    @property
    def message(self) -> str:
        """The reason as a sentence."""
        return _("Tick at least one service to give up.")


class PrivilegesGone(Refused):
    """The partner does not hold, or not any more, what it would give up."""

    codes = ("privileges_not_held",)

    @property
    def message(self) -> str:
        """The reason as a sentence."""
        return _("You do not hold all of these any more; nothing was given up. Look at what you hold now.")


class ReviewOutdated(Refused):
    """What the person was shown before confirming is not what would happen now."""

    codes = ("review_outdated",)

    @property
    def message(self) -> str:
        """The reason as a sentence."""
        return _("What this blocks has changed since you opened the page. Look at it again, then confirm.")


class AlreadyAsked(Refused):
    """A draft, or an invitation that waits for its answer, asks for the same; `invitation` is that one."""

    codes = ("already_asked",)

    def __init__(self, invitation: Invitation) -> None:
        super().__init__()
        self.invitation = invitation

    @property
    def message(self) -> str:
        """The reason as a sentence."""
        text = _(
            "The same is being asked already, by an invitation to %(email)s. Send, remind of or withdraw that one."
        )
        return text % {"email": self.invitation.email}


class WrongState(Refused):
    """What is asked for cannot be done with an invitation in its present state."""

    codes = ("invitation_state",)

    def __init__(self, invitation: Invitation) -> None:
        super().__init__()
        self.invitation = invitation

    @property
    def message(self) -> str:
        """The reason as a sentence."""
        text = _("Nothing was done: this invitation is in the state “%(state)s” now.")
        return text % {"state": self.invitation.present_state.label}


class InvitationChanged(WrongState):
    """Something happened to the invitation after the page was drawn."""

    codes = ("invitation_changed",)


class RemindedLately(Refused):
    """The customer was written to within a day, or often enough."""

    codes = ("reminded_lately",)

    @property
    def message(self) -> str:
        """The reason as a sentence."""
        return _("The customer is reminded once a day at most, and five times in all.")


class MustComeByMail(Refused):
    """Somebody with a link that was not mailed to the customer's address accepts in the customer's name."""

    codes = ("not_by_mail",)

    @property
    def message(self) -> str:
        """The reason as a sentence."""
        return _("Have the link sent to your company's address first, and accept from there.")


class DomainUnavailable(Refused):
    """A company that becomes a customer by accepting names a domain that it cannot have."""

    codes = ("domain_taken",)

    @property
    def message(self) -> str:
        """The reason as a sentence; it tells nothing of who has the domain."""
        return _("This domain cannot be used here. Check its spelling, or ask the company that invited you.")


class NotYourReseller(Refused):
    """The partner that asks for privileges is no reseller of the customer any more."""

    codes = ("no_relationship",)

    @property
    def message(self) -> str:
        """The reason as a sentence."""
        return _("The company that asks is not your reseller any more, so that this cannot be accepted.")
