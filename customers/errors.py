"""Why something about a customer is refused. Each refusal says so in a whole sentence in the reader's language."""

import datetime
from dataclasses import dataclass

from django.utils.translation import gettext as _

from activity.errors import Refused
from customers.models import Customer


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
