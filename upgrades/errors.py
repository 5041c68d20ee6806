"""Why an upgrade is refused. Each says so in a whole sentence in the reader's language."""

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from activity.errors import Refused
from subscriptions.errors import ChangedMeanwhile, quantity_words

if TYPE_CHECKING:
    from upgrades.verdicts import Verdict


class UpgradeRefused(Refused):
    """An upgrade that was not made; nothing has changed. `codes` say why, as on the wire."""

    @property
    def message(self) -> str:
        """The reason as a sentence."""
        return _("The upgrade was refused.")


class NoUpgradePath(UpgradeRefused):
    """The matrix has no path from this offer to that target, or the target cannot be bought any more."""

    codes = ("subscription_does_not_have_any_upgrade_paths",)

    @property
    def message(self) -> str:
        """The reason as a sentence."""
        return _("This subscription cannot be upgraded to that offer any more. Choose one of the offers below.")


class ConditionsUnmet(UpgradeRefused):
    """At least one condition does not hold now; `verdict` has them all, with what they saw."""

    def __init__(self, verdict: "Verdict") -> None:
        super().__init__()
        self.verdict = verdict
        self.codes = tuple(verdict.codes)

    @property
    def message(self) -> str:
        """The reason as a sentence."""
        reasons = _("; ").join(str(condition.unmet_words) for condition in self.verdict.unmet)
        return _("%(offer)s cannot be chosen now: %(reasons)s.") % {
            "offer": self.verdict.path.target.name,
            "reasons": reasons,
        }


class QuantityRefused(UpgradeRefused):
    """The number of licences is outside what the target offer allows."""

    codes = ("quantity_out_of_range",)

    def __init__(self, *, offer: str, quantity: int, minimum: int, maximum: int) -> None:
        super().__init__()
        self.offer, self.quantity, self.minimum, self.maximum = offer, quantity, minimum, maximum

    @property
    def message(self) -> str:
        """The reason as a sentence."""
        return quantity_words(offer=self.offer, quantity=self.quantity, minimum=self.minimum, maximum=self.maximum)


class SubscriptionChanged(ChangedMeanwhile, UpgradeRefused):
    """Somebody changed the subscription after the page was drawn; `changes` are the records of what was done."""


class MatrixOvertaken(UpgradeRefused):
    """The upgrade matrix changed between judging and writing, so that another version than the proof's would count."""

    codes = ("matrix_changed",)

    @property
    def message(self) -> str:
        """The reason as a sentence."""
        return _("The upgrade matrix was changed at the same moment. Look at what is possible now, then choose again.")


class KeyReused(UpgradeRefused):
    """The idempotency key already belongs to an upgrade with other content."""

    codes = ("idempotency_key_reused",)

    @property
    def message(self) -> str:
        """The reason as a sentence."""
        return _("This form was already used for another upgrade. Open the upgrade page afresh and choose again.")


class PossibleAlready(UpgradeRefused):
    """Somebody asks to be told of an upgrade that is possible now."""

    codes = ("upgrade_possible",)

    @property
    def message(self) -> str:
        """The reason as a sentence."""
        return _("It can be upgraded already; there is nothing to wait for.")
