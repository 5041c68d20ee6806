"""The words of facts, remedies and hand-over steps: one sentence a code, in the reader's language."""

import datetime
from collections.abc import Callable, Mapping
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from catalog.words import listed
from subscriptions.models import Status

Values = Mapping[str, Any]


def day(moment: datetime.datetime | str | None) -> str:
    """The day of a moment, in the reader's time zone and language; a stored moment is ISO 8601 text."""
    parsed = parse_datetime(moment) if isinstance(moment, str) else moment
    return date_format(timezone.localtime(parsed)) if parsed else _("an unknown day")


def _licences(count: int) -> str:
    return ngettext("%(count)s licence", "%(count)s licences", count) % {"count": number_format(count)}


def _own_subscription(values: Values) -> str:
    name = f"{values['offer']} ({values['nickname']})" if values["nickname"] else values["offer"]
    parts = [name, _licences(values["quantity"])]
    if values["status"] == Status.SUSPENDED:
        parts.append(_("suspended on %(day)s") % {"day": day(values["suspended"])})
    else:
        parts.append(str(Status(values["status"]).label).lower())
    if "services" in values:
        parts.append(_("contains %(services)s") % {"services": listed(values["services"])})
    parts.append(_("sold by you"))
    # Translators: the parts can hold lists of names, so this comma has to part more than that of a list.
    return pgettext("between the parts of a sentence", ", ").join(parts)


def _other_channel(values: Values) -> str:
    if "services" in values:
        return _("%(offer)s, bought from another reseller or channel, contains %(services)s") % {
            "offer": values["offer"],
            "services": listed(values["services"]),
        }
    return _("%(offer)s, bought from another reseller or channel") % {"offer": values["offer"]}


def _suspended_until(values: Values) -> str:
    return _("Suspended on %(suspended)s. It is deleted with its data on %(deleted)s unless it is reactivated.") % {
        "suspended": day(values["suspended"]),
        "deleted": day(values["deleted"]),
    }


FACTS: dict[str, Callable[[Values], str]] = {
    "status": lambda values: _("Its status is “%(status)s”.") % {"status": Status(values["status"]).label},
    "suspended": lambda values: _("It is suspended; since when is not known."),
    "suspended_until": _suspended_until,
    "privileges_missing": lambda values: _("Missing for: %(services)s") % {"services": listed(values["services"])},
    "privileges_held": lambda values: _("Held for: %(services)s") % {"services": listed(values["services"])},
    "own_subscription": _own_subscription,
    "other_channel": _other_channel,
    "nothing_added": lambda values: _("The upgrade adds no service plan."),
    "no_conflict": lambda values: _("Added, and nowhere else: %(services)s") % {"services": listed(values["services"])},
    "target_absent": lambda values: _("No other live subscription is of %(offer)s.") % values,
    "sold_elsewhere": lambda values: _("It was bought from another reseller or channel; you can look but not upgrade."),
    "sold_by": lambda values: _("Sold by %(partner)s") % values,
    "add_on": lambda values: (
        _("%(offer)s, %(status)s")
        % {
            "offer": values["offer"],
            "status": str(Status(values["status"]).label).lower(),
        }
    ),
    "no_add_ons": lambda values: _("No live subscription has this one as its parent."),
}

REMEDIES: dict[str, Callable[[Values], str]] = {
    "reactivate": lambda values: _("Reactivate the subscription; it can be upgraded as soon as it is active."),
    "seller_reactivates": lambda values: _("The reseller who sold it would have to reactivate it."),
    "wait_for_provisioning": lambda values: _("Wait until it is provisioned, then come back to this page."),
    "ask_for_privileges": lambda values: (
        _("Ask the customer to grant you delegated admin privileges for %(services)s.")
        % {"services": listed(values["services"])}
    ),
    "cancel_own": lambda values: _("Cancel %(offer)s first, or upgrade to another offer.") % values,
    "cancel_elsewhere": lambda values: (
        _("The customer must cancel %(offers)s where it was bought; you cannot do it from here.")
        % {"offers": listed(values["offers"])}
    ),
    "cancel_add_ons_elsewhere": lambda values: (
        _("The customer must cancel %(offers)s where it was bought; you cannot do it from here.")
        % {"offers": listed(values["offers"])}
    ),
    "only_the_seller": lambda values: _("Only the reseller who sold it can upgrade it."),
    "cancel_add_ons": lambda values: _("Cancel the add-ons first: %(offers)s.") % {"offers": listed(values["offers"])},
}

FOR_CUSTOMER: dict[str, Callable[[Values], str]] = {
    "ask_for_privileges": lambda values: (
        _(
            "To upgrade your subscription we need your permission to administer %(services)s for you. Please grant us "
            "delegated admin privileges for these services in the Office 365 admin centre operated by 21Vianet."
        )
        % {"services": listed(values["services"])}
    ),
    "cancel_add_ons_elsewhere": lambda values: (
        _(
            "To upgrade your subscription, its add-ons must be cancelled first: %(offers)s. They were not bought from "
            "us: please cancel them where you bought them and tell us when that is done."
        )
        % {"offers": listed(values["offers"])}
    ),
    "cancel_elsewhere": lambda values: (
        _(
            "To upgrade your subscription, %(offers)s must be cancelled first, as it holds the same services. It was "
            "not bought from us: please cancel it where you bought it and tell us when that is done."
        )
        % {"offers": listed(values["offers"])}
    ),
}


def _assign(values: Values) -> str:
    text = ngettext("Assign %(plan)s to the %(count)s user", "Assign %(plan)s to the %(count)s users", values["count"])
    return text % {"plan": values["plan"], "count": number_format(values["count"])}


def _assign_new(values: Values) -> str:
    text = ngettext("Assign the %(count)s new licence", "Assign the %(count)s new licences", values["count"])
    return text % {"count": number_format(values["count"])}


def _take_back(values: Values) -> str:
    text = ngettext(
        "Take the licence from %(count)s user: there is one fewer now",
        "Take the licence from %(count)s users: there are that many fewer now",
        values["count"],
    )
    return text % {"count": number_format(values["count"])}


STEPS: dict[str, Callable[[Values], str]] = {
    "reassign": lambda values: _("Reassign %(before)s users to %(after)s") % values,
    "assign": _assign,
    "assign_new": _assign_new,
    "take_back": _take_back,
    "lost": lambda values: _("%(plan)s is lost: save what its users need first") % values,
    "lost_bookings": lambda values: _("Bookings is lost: export the calendars first"),
    "lost_onedrive": lambda values: (
        _("%(plan)s is lost as a plan of its own: check where its users keep their files") % values
    ),
    "check": lambda values: _("Check that every user shows %(offer)s") % values,
}


def worded(table: Mapping[str, Callable[[Values], str]], code: str, values: Values) -> str:
    """The sentence of this code; a code of a later version of the portal is shown as it stands."""
    return table[code](values) if code in table else code
