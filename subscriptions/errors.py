"""Why a change of a subscription is refused. Each refusal says so in a whole sentence in the reader's language."""

from collections.abc import Sequence

from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from activity.errors import Refused
from activity.models import ActivityRecord
from catalog.models import Offer
from subscriptions.models import DAYS_UNTIL_DELETION, Status, Subscription


class ChangeRefused(Refused):
    """A change of a subscription that was not made; nothing has changed. `subscription` is the one it is about."""

    subscription: Subscription | None = None


class NotTheReseller(ChangeRefused):
    """The partner may look at the subscription but did not sell it."""

    codes = ("reseller_of_record",)

    @property
    def message(self) -> str:
        """The reason as a sentence."""
        return _("It was bought from another reseller or channel; you can look at it but not change it.")


class IsDeleted(ChangeRefused):
    """A deleted subscription never changes again."""

    codes = ("subscription_deleted",)

    @property
    def message(self) -> str:
        """The reason as a sentence."""
        return _("This subscription is deleted. It never changes again.")


class LicencesFixed(ChangeRefused):
    """Licences can be changed while a subscription is active, and only then."""

    codes = ("subscription_status_not_active",)

    def __init__(self, status: Status) -> None:
        super().__init__()
        self.status = status

    @property
    def message(self) -> str:
        """The reason as a sentence."""
        return _("Licences can be changed while the subscription is active, and only then; it is “%(status)s” now.") % {
            "status": self.status.label
        }


class QuantityOutOfRange(ChangeRefused):
    """The number of licences is outside what the offer allows."""

    codes = ("quantity_out_of_range",)

    def __init__(self, offer: Offer, quantity: int) -> None:
        super().__init__()
        self.offer, self.quantity = offer, quantity

    @property
    def message(self) -> str:
        """The reason as a sentence."""
        return quantity_words(
            offer=self.offer.name,
            quantity=self.quantity,
            minimum=self.offer.minimum_quantity,
            maximum=self.offer.maximum_quantity,
        )


class StatusUnreachable(ChangeRefused):
    """There is no way from the present status to the one asked for."""

    codes = ("status_change_unknown",)

    def __init__(self, before: Status, after: Status) -> None:
        super().__init__()
        self.before, self.after = before, after

    @property
    def message(self) -> str:
        """The reason as a sentence."""
        return _("The subscription is “%(before)s”; it cannot become “%(after)s” from there.") % {
            "before": self.before.label,
            "after": self.after.label,
        }


class TooLateToReactivate(ChangeRefused):
    """The 60 days after the suspension are over."""

    codes = ("past_deletion",)

    def __init__(self, subscription: Subscription) -> None:
        super().__init__()
        self.when = subscription.deletion_time

    @property
    def message(self) -> str:
        """The reason as a sentence."""
        return _(
            "It can be reactivated within %(days)s days of its suspension; they were over on %(day)s, and its data "
            "may be gone."
        ) % {"days": DAYS_UNTIL_DELETION, "day": date_format(timezone.localtime(self.when)) if self.when else ""}


class ParentNotActive(ChangeRefused):
    """An add-on cannot be active under a parent that is not."""

    codes = ("parent_not_active",)

    def __init__(self, parent: Subscription) -> None:
        super().__init__()
        self.parent = parent

    @property
    def message(self) -> str:
        """The reason as a sentence."""
        return _("It is an add-on of %(offer)s, which is not active: reactivate that one first.") % {
            "offer": self.parent.offer.name
        }


class TextRefused(ChangeRefused):
    """A text is too long or holds characters that cannot be shown."""

    def __init__(self, message: str) -> None:
        super().__init__()
        self._message = message

    @property
    def message(self) -> str:
        """The reason as a sentence."""
        return self._message


class NicknameRefused(TextRefused):
    """The nickname is too long or holds characters that do not belong into a name."""

    codes = ("nickname_invalid",)


class ReasonRefused(TextRefused):
    """The reason given for a change is too long or holds characters that cannot be shown."""

    codes = ("reason_invalid",)


class ChangedMeanwhile(ChangeRefused):
    """Somebody changed the subscription after the page was drawn; `changes` are the records of what was done."""

    codes = ("subscription_changed",)

    def __init__(self, changes: Sequence[ActivityRecord] = ()) -> None:
        super().__init__()
        self.changes = list(changes)

    @property
    def message(self) -> str:
        """The reason as a sentence."""
        return _(
            "This subscription was changed after you opened the page. Look at how it stands now, then choose again."
        )


def quantity_words(*, offer: str, quantity: int | str, minimum: int, maximum: int) -> str:
    """What is wrong with this number of licences, and which are accepted."""
    text = ngettext(
        "%(offer)s takes %(minimum)s to %(maximum)s licence; %(quantity)s is not accepted.",
        "%(offer)s takes %(minimum)s to %(maximum)s licences; %(quantity)s is not accepted.",
        maximum,
    )
    return text % {
        "offer": offer,
        "minimum": number_format(minimum),
        "maximum": number_format(maximum),
        "quantity": shown_quantity(quantity),
    }


def shown_quantity(quantity: int | str) -> str:
    """A number as it was asked for; of an endless one its beginning."""
    if isinstance(quantity, str):
        return quantity
    return number_format(quantity) if abs(quantity) < 10**12 else f"{str(quantity)[:12]}…"
