"""The words of what was done: one sentence a record, in the reader's language.

A sentence is drawn from the record alone, so that it still stands when person, customer and resource are gone.
An operation without words of its own gets a plain sentence that names its code.
"""

from collections.abc import Callable
from typing import Any

from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from activity.models import ActivityRecord, ActorKind, Outcome

Pattern = Callable[[ActivityRecord], tuple[str, dict[str, Any]]]

# What an operation is called where it stands alone: in a filter, and in a sentence of its own.
OPERATIONS: dict[str, Promise] = {
    "upgrade_subscription": gettext_lazy("Upgrade a subscription"),
    "watch_upgrade": gettext_lazy("Wait to be told of an upgrade"),
    "stop_watching_upgrade": gettext_lazy("Wait no more to be told of an upgrade"),
    "tell_of_upgrade": gettext_lazy("Tell that an upgrade is possible"),
    "end_upgrade_watch": gettext_lazy("End a wait for an upgrade"),
    "tick_hand_over_step": gettext_lazy("Tick off a hand-over step"),
    "untick_hand_over_step": gettext_lazy("Take back a tick of the hand-over list"),
    "edit_matrix": gettext_lazy("Change the upgrade matrix"),
    "import_portfolio": gettext_lazy("Import a portfolio"),
    "add_customer": gettext_lazy("Add a customer"),
    "change_customer": gettext_lazy("Change a customer"),
    "invite_customer": gettext_lazy("Invite a customer"),
    "ask_for_invitation": gettext_lazy("Ask to be invited"),
    "request_privileges": gettext_lazy("Request delegated admin privileges"),
    "send_invitation": gettext_lazy("Send an invitation"),
    "remind_of_invitation": gettext_lazy("Remind of an invitation"),
    "renew_invitation_link": gettext_lazy("Make a new link to an invitation"),
    "mail_invitation_link": gettext_lazy("Have the link to an invitation mailed"),
    "withdraw_invitation": gettext_lazy("Withdraw an invitation"),
    "open_invitation": gettext_lazy("Open an invitation"),
    "accept_invitation": gettext_lazy("Accept an invitation"),
    "decline_invitation": gettext_lazy("Decline an invitation"),
    "expire_invitation": gettext_lazy("An invitation expires"),
    "begin_relationship": gettext_lazy("Begin a reseller relationship"),
    "give_privilege": gettext_lazy("Give a delegated admin privilege"),
    "lose_privilege": gettext_lazy("Lose a delegated admin privilege"),
    "revoke_privilege": gettext_lazy("Revoke a delegated admin privilege"),
    "give_up_privilege": gettext_lazy("Give up a delegated admin privilege"),
    "extend_privilege": gettext_lazy("Change how long a delegated admin privilege lasts"),
    "expire_privilege": gettext_lazy("A delegated admin privilege expires"),
    "warn_of_expiry": gettext_lazy("Warn of an expiry"),
    "place_order": gettext_lazy("Place an order"),
    "retry_provisioning": gettext_lazy("Try provisioning again"),
    "provision_subscription": gettext_lazy("Provision a subscription"),
    "provisioning_failed": gettext_lazy("Provisioning fails"),
    "change_contact": gettext_lazy("Change contact details"),
    "change_billing": gettext_lazy("Change a billing profile"),
    "create_subscription": gettext_lazy("Create a subscription"),
    "change_subscription": gettext_lazy("Change a subscription"),
    "change_licences": gettext_lazy("Change licences"),
    "rename_subscription": gettext_lazy("Change a nickname"),
    "change_renewal": gettext_lazy("Change automatic renewal"),
    "delete_subscription": gettext_lazy("Delete a subscription after its suspension"),
    "warn_of_deletion": gettext_lazy("Warn of a deletion"),
    "suspend_subscription": gettext_lazy("Suspend a subscription"),
    "reactivate_subscription": gettext_lazy("Reactivate a subscription"),
    "cancel_subscription": gettext_lazy("Cancel a subscription"),
    "add_offer": gettext_lazy("Add an offer"),
    "change_offer": gettext_lazy("Change an offer"),
    "withdraw_offer": gettext_lazy("Withdraw an offer from sale"),
    "delete_offer": gettext_lazy("Delete an offer"),
    "set_price": gettext_lazy("Set the price of an offer"),
    "change_price": gettext_lazy("Change a price"),
    "delete_price": gettext_lazy("Delete a price"),
    "import_prices": gettext_lazy("Import a price list"),
    "add_service": gettext_lazy("Add a service"),
    "change_service": gettext_lazy("Change a service"),
    "delete_service": gettext_lazy("Delete a service"),
    "add_serviceplan": gettext_lazy("Add a service plan"),
    "change_serviceplan": gettext_lazy("Change a service plan"),
    "delete_serviceplan": gettext_lazy("Delete a service plan"),
    "add_partner": gettext_lazy("Add a partner"),
    "change_partner": gettext_lazy("Change a partner"),
    "delete_partner": gettext_lazy("Delete a partner"),
    "add_staff": gettext_lazy("Add a staff member"),
    "change_staff": gettext_lazy("Change a staff member"),
    "delete_staff": gettext_lazy("Delete a staff member"),
    "invite_staff": gettext_lazy("Invite a colleague"),
    "send_staff_invitation": gettext_lazy("Send the invitation of a colleague again"),
    "withdraw_staff_invitation": gettext_lazy("Withdraw the invitation of a colleague"),
    "accept_staff_invitation": gettext_lazy("Join the staff by an invitation"),
    "change_roles": gettext_lazy("Change the roles of a staff member"),
    "deactivate_staff": gettext_lazy("Deactivate a staff member"),
    "reactivate_staff": gettext_lazy("Reactivate a staff member"),
    "make_api_client": gettext_lazy("Make an API client"),
    "renew_api_secret": gettext_lazy("Renew the secret of an API client"),
    "change_api_roles": gettext_lazy("Change the roles of an API client"),
    "revoke_api_client": gettext_lazy("Revoke an API client"),
    "let_client_act": gettext_lazy("Let an API client act in one's name"),
    "get_token": gettext_lazy("Get a token for the API"),
    "update_profile": gettext_lazy("Change one's own profile"),
    "change_password": gettext_lazy("Change one's own password"),
    "save_view": gettext_lazy("Save a view of a list"),
    "rename_view": gettext_lazy("Rename a view of a list"),
    "show_view_first": gettext_lazy("Choose which view shows first"),
    "delete_view": gettext_lazy("Delete a view of a list"),
    "export_subscriptions": gettext_lazy("Export subscriptions"),
    "export_customers": gettext_lazy("Export customers"),
    "reset_password": gettext_lazy("Choose a new password by mail"),
    "add_second_factor": gettext_lazy("Add a second factor"),
    "remove_second_factor": gettext_lazy("Take a second factor away"),
    "take_second_factors": gettext_lazy("Take away all second factors of a staff member"),
    "make_recovery_codes": gettext_lazy("Make new recovery codes"),
    "use_recovery_code": gettext_lazy("Use a recovery code"),
    "require_second_factor": gettext_lazy("Decide who needs a second factor"),
    "end_sessions": gettext_lazy("Sign out everywhere else"),
    "sign_in": gettext_lazy("Sign in"),
    "confirm_identity": gettext_lazy("Show once more who one is"),
    "open_page": gettext_lazy("Use a page that the roles do not allow"),
}


def operation_name(code: str) -> str:
    """What this operation is called; one of a later version of the portal by its code."""
    return str(OPERATIONS.get(code) or code.replace("_", " ").capitalize())


def who(record: ActivityRecord) -> str:
    """Who did it, by the name of that day."""
    if record.actor_name:
        return record.actor_name
    return _("The portal") if record.actor_kind == ActorKind.SYSTEM else _("Somebody")


def sentence(record: ActivityRecord) -> str:
    """What was done, as plain text."""
    text, values = _worded(record)
    return text % values


def sentence_with_link(record: ActivityRecord, address: str = "") -> SafeString:
    """What was done, as markup in which the customer's name leads to this address, where one is given."""
    text, values = _worded(record)
    safe: dict[str, str] = {name: conditional_escape(value) for name, value in values.items()}
    if address and safe.get("customer"):
        safe["customer"] = f'<a href="{conditional_escape(address)}">{safe["customer"]}</a>'
    return mark_safe(conditional_escape(text) % safe)  # noqa: S308 - each part is escaped above


def _worded(record: ActivityRecord) -> tuple[str, dict[str, Any]]:
    values = {"who": who(record), "customer": record.customer_name}
    words = _refused if record.outcome == Outcome.REFUSED else SENTENCES.get(record.operation, _plain)
    try:
        text, more = words(record)
    except (AttributeError, KeyError, TypeError, ValueError):
        # A record of another version of the portal may lack what the sentence needs; it is shown all the same.
        text, more = _plain(record)
    return text, values | more


def _plain(record: ActivityRecord) -> tuple[str, dict[str, Any]]:
    values = {"operation": operation_name(record.operation)}
    if record.customer_name:
        return _("%(who)s: %(operation)s, %(customer)s."), values
    return _("%(who)s: %(operation)s."), values


def _refused(record: ActivityRecord) -> tuple[str, dict[str, Any]]:
    values = {"operation": operation_name(record.operation)}
    if record.customer_name and record.operation == "upgrade_subscription":
        return _("%(who)s was refused an upgrade of a subscription of %(customer)s."), {}
    if record.customer_name:
        return _("%(who)s was refused: %(operation)s, %(customer)s."), values
    return _("%(who)s was refused: %(operation)s."), values


def _upgraded(record: ActivityRecord) -> tuple[str, dict[str, Any]]:
    before, after = record.before or {}, record.after or {}
    quantity = after["quantity"]
    text = ngettext(
        "%(who)s moved %(count)s licence of %(customer)s from %(before)s to %(after)s.",
        "%(who)s moved %(count)s licences of %(customer)s from %(before)s to %(after)s.",
        quantity,
    )
    return text, {
        "count": number_format(quantity),
        "before": before["offer"],
        "after": after["offer"],
    }


def _name(state: dict[str, Any], member: str) -> str:
    """A name out of a record. Raises `TypeError` where there is none, `KeyError` where there is no such member."""
    if not isinstance(state[member], str):
        raise TypeError(member)
    return str(state[member])


def _licences(record: ActivityRecord) -> tuple[str, dict[str, Any]]:
    before, after = record.before or {}, record.after or {}
    text = _("%(who)s changed the licences of %(offer)s of %(customer)s from %(before)s to %(after)s.")
    return text, {
        "offer": _name(after, "offer"),
        "before": number_format(before["quantity"]),
        "after": number_format(after["quantity"]),
    }


def _renamed(record: ActivityRecord) -> tuple[str, dict[str, Any]]:
    after = record.after or {}
    values = {"offer": _name(after, "offer"), "nickname": after["nickname"]}
    if values["nickname"]:
        return _("%(who)s gave %(offer)s of %(customer)s the nickname “%(nickname)s”."), values
    return _("%(who)s took the nickname of %(offer)s of %(customer)s away."), values


def _renewal(record: ActivityRecord) -> tuple[str, dict[str, Any]]:
    after = record.after or {}
    if after["auto_renew"]:
        return _("%(who)s set %(offer)s of %(customer)s to renew by itself."), {"offer": _name(after, "offer")}
    return _("%(who)s set %(offer)s of %(customer)s to end with its term."), {"offer": _name(after, "offer")}


def _of_offer(text: Callable[[], str], with_parent: Callable[[], str]) -> Pattern:
    """What happens to a subscription, or to an add-on together with its parent."""

    def pattern(record: ActivityRecord) -> tuple[str, dict[str, Any]]:
        after = record.after or {}
        values = {"offer": _name(after, "offer"), "parent": after.get("with", "")}
        return (with_parent() if values["parent"] else text()), values

    return pattern


def _warned(record: ActivityRecord) -> tuple[str, dict[str, Any]]:
    after = record.after or {}
    text = ngettext(
        "%(who)s warned: %(offer)s of %(customer)s is deleted with its data within %(days)s day unless somebody "
        "reactivates it.",
        "%(who)s warned: %(offer)s of %(customer)s is deleted with its data within %(days)s days unless somebody "
        "reactivates it.",
        after["days"],
    )
    return text, {"offer": _name(after, "offer"), "days": number_format(after["days"])}


def _warned_of_expiry(record: ActivityRecord) -> tuple[str, dict[str, Any]]:
    after = record.after or {}
    text = ngettext(
        "%(who)s warned: your delegated admin privilege for %(service)s of %(customer)s expires within %(days)s day.",
        "%(who)s warned: your delegated admin privilege for %(service)s of %(customer)s expires within %(days)s days.",
        after["days"],
    )
    return text, {"service": _name(after, "service"), "days": number_format(after["days"])}


def _waits(record: ActivityRecord) -> tuple[str, dict[str, Any]]:
    after = record.after or {}
    values = {"offer": _name(after, "offer"), "target": _name(after, "target")}
    if values["target"]:
        return _("%(who)s asked to be told when %(offer)s of %(customer)s can be upgraded to %(target)s."), values
    return _("%(who)s asked to be told when %(offer)s of %(customer)s can be upgraded."), values


def _told_of_upgrade(record: ActivityRecord) -> tuple[str, dict[str, Any]]:
    after = record.after or {}
    values = {"staff": _name(after, "staff"), "offer": _name(after, "offer"), "targets": _(", ").join(after["targets"])}
    return _("%(who)s told %(staff)s that %(offer)s of %(customer)s can be upgraded to %(targets)s."), values


def _wait_ended(record: ActivityRecord) -> tuple[str, dict[str, Any]]:
    after = record.after or {}
    values = {"staff": _name(after, "staff"), "offer": _name(after, "offer")}
    if after["ending"] == "overtaken":
        return _("The upgrade of %(offer)s of %(customer)s that %(staff)s waited for does not exist any more."), values
    return _("%(staff)s may not upgrade %(offer)s of %(customer)s any more, and is told nothing of it."), values


def _ticked(record: ActivityRecord) -> tuple[str, dict[str, Any]]:
    if (record.after or {}).get("finished"):
        return _("%(who)s ticked off the last hand-over step of an upgrade of %(customer)s."), {}
    return _("%(who)s ticked off a hand-over step of an upgrade of %(customer)s."), {}


def _added_staff(record: ActivityRecord) -> tuple[str, dict[str, Any]]:
    return _("%(who)s added %(email)s to the staff."), {"email": (record.after or {})["email"]}


def _created(record: ActivityRecord) -> tuple[str, dict[str, Any]]:
    after = record.after or {}
    if "offer" not in after:
        return _("%(who)s ordered a subscription for %(customer)s."), {}
    text = ngettext(
        "%(who)s ordered %(offer)s with %(count)s licence for %(customer)s.",
        "%(who)s ordered %(offer)s with %(count)s licences for %(customer)s.",
        after["quantity"],
    )
    return text, {"offer": after["offer"], "count": number_format(after["quantity"])}


def _ordered(record: ActivityRecord) -> tuple[str, dict[str, Any]]:
    count = len((record.after or {})["lines"])
    text = ngettext(
        "%(who)s placed an order of %(count)s subscription for %(customer)s.",
        "%(who)s placed an order of %(count)s subscriptions for %(customer)s.",
        count,
    )
    return text, {"count": number_format(count)}


def _provisioned(record: ActivityRecord) -> tuple[str, dict[str, Any]]:
    return _("%(who)s provisioned %(offer)s of %(customer)s."), {"offer": (record.after or {})["offer"]}


def _not_provisioned(record: ActivityRecord) -> tuple[str, dict[str, Any]]:
    after = record.after or {}
    if after["next_attempt"]:
        text = _("%(who)s could not provision %(offer)s of %(customer)s, and tries again by itself.")
    else:
        text = _("%(who)s could not provision %(offer)s of %(customer)s; somebody has to have it tried again.")
    return text, {"offer": after["offer"]}


def _price_set(record: ActivityRecord) -> tuple[str, dict[str, Any]]:
    after = record.after or {}
    return _("%(who)s set prices of %(offer)s in %(currency)s."), {
        "offer": after["offer"],
        "currency": after["currency"],
    }


def _prices_imported(record: ActivityRecord) -> tuple[str, dict[str, Any]]:
    after = record.after or {}
    offers = after["offers"]
    text = ngettext(
        "%(who)s imported the price list %(source)s: the prices of %(count)s offer changed.",
        "%(who)s imported the price list %(source)s: the prices of %(count)s offers changed.",
        offers,
    )
    return text, {"source": after["source"], "count": number_format(offers)}


def _showed_first(record: ActivityRecord) -> tuple[str, dict[str, Any]]:
    name = (record.after or {})["name"]
    if name:
        return _("%(who)s chose that the list opens with the view “%(view)s”."), {"view": name}
    return _("%(who)s chose that the list opens with all."), {}


def _of_view(text: Callable[[], str], *, at: str) -> Pattern:
    return lambda record: (text(), {"view": (getattr(record, at) or {})["name"]})


def _exported(text: Callable[[], str]) -> Pattern:
    kinds = {"csv": "CSV", "xlsx": "Excel"}
    return lambda record: (text(), {"kind": kinds[(record.after or {})["format"]]})


def _invitation(text: Callable[[], str]) -> Pattern:
    return lambda record: (text(), {"email": _name(record.after or {}, "email")})


def _service(text: Callable[[], str]) -> Pattern:
    return lambda record: (text(), {"service": _name(record.after or {}, "service")})


def _factor(of_app: Callable[[], str], of_passkey: Callable[[], str]) -> Pattern:
    """What was done with an authenticator app, or with a passkey of a name."""

    def pattern(record: ActivityRecord) -> tuple[str, dict[str, Any]]:
        after = record.after or {}
        return (of_app(), {}) if after["factor"] == "totp" else (of_passkey(), {"passkey": _name(after, "called")})

    return pattern


def _named(text: Callable[[], str], *, at: str = "after") -> Pattern:
    return lambda record: (text(), {"name": _name(getattr(record, at) or {}, "name")})


def _of_price(text: Callable[[], str], *, at: str) -> Pattern:
    def pattern(record: ActivityRecord) -> tuple[str, dict[str, Any]]:
        price = getattr(record, at) or {}
        return text(), {"offer": _name(price, "offer"), "currency": _name(price, "currency")}

    return pattern


def _took_factors(record: ActivityRecord) -> tuple[str, dict[str, Any]]:
    return _("%(who)s took away all second factors of %(email)s."), {"email": _name(record.before or {}, "email")}


def _second_factor_for_all(record: ActivityRecord) -> tuple[str, dict[str, Any]]:
    if (record.after or {})["requires_second_factor"]:
        return _("%(who)s asks everyone for a second factor."), {}
    return _("%(who)s leaves it to everyone whether they have a second factor."), {}


def _roles(state: dict[str, Any]) -> str:
    """The roles in a record, as they are called; their codes are made of the words of their English names."""
    return _(", ").join(_(code.replace("_", " ").capitalize()) for code in state["roles"])


def _of_roles(text: Callable[[], str], without: Callable[[], str]) -> Pattern:
    """What was done with the roles of somebody, or said where there are none."""

    def pattern(record: ActivityRecord) -> tuple[str, dict[str, Any]]:
        after = record.after or {}
        name = after.get("name") or _name(after, "email")
        roles = _roles(after)
        return (text() if roles else without()), {"name": name, "roles": roles}

    return pattern


def _colleague(text: Callable[[], str]) -> Pattern:
    return lambda record: (text(), {"name": _name(record.after or {}, "name")})


def _says(text: Callable[[], str]) -> Pattern:
    return lambda record: (text(), {})


SENTENCES: dict[str, Pattern] = {
    "upgrade_subscription": _upgraded,
    "watch_upgrade": _waits,
    "stop_watching_upgrade": lambda record: (
        _("%(who)s does not wait any more to be told of an upgrade of %(offer)s of %(customer)s."),
        {"offer": _name(record.after or {}, "offer")},
    ),
    "tell_of_upgrade": _told_of_upgrade,
    "end_upgrade_watch": _wait_ended,
    "tick_hand_over_step": _ticked,
    "untick_hand_over_step": _says(
        lambda: _("%(who)s took back the tick of a hand-over step of an upgrade of %(customer)s.")
    ),
    "change_licences": _licences,
    "rename_subscription": _renamed,
    "change_renewal": _renewal,
    "change_subscription": _of_offer(
        lambda: _("%(who)s changed %(offer)s of %(customer)s."),
        lambda: _("%(who)s changed %(offer)s of %(customer)s with %(parent)s."),
    ),
    "suspend_subscription": _of_offer(
        lambda: _("%(who)s suspended %(offer)s of %(customer)s."),
        lambda: _("%(who)s suspended %(offer)s of %(customer)s with %(parent)s, whose add-on it is."),
    ),
    "reactivate_subscription": _of_offer(
        lambda: _("%(who)s reactivated %(offer)s of %(customer)s."),
        lambda: _("%(who)s reactivated %(offer)s of %(customer)s with %(parent)s, whose add-on it is."),
    ),
    "cancel_subscription": _of_offer(
        lambda: _("%(who)s cancelled %(offer)s of %(customer)s."),
        lambda: _("%(who)s cancelled %(offer)s of %(customer)s with %(parent)s, whose add-on it is."),
    ),
    "delete_subscription": _of_offer(
        lambda: _("%(who)s deleted %(offer)s of %(customer)s with its data, 60 days after its suspension."),
        lambda: _("%(who)s deleted %(offer)s of %(customer)s with %(parent)s, whose add-on it was."),
    ),
    "warn_of_deletion": _warned,
    "create_subscription": _created,
    "invite_customer": _invitation(lambda: _("%(who)s wrote an invitation to %(email)s.")),
    "ask_for_invitation": _invitation(lambda: _("%(who)s asked to be invited, at %(email)s.")),
    "send_invitation": _invitation(lambda: _("%(who)s sent the invitation to %(email)s.")),
    "remind_of_invitation": _invitation(lambda: _("%(who)s reminded %(email)s of an invitation.")),
    "renew_invitation_link": _invitation(lambda: _("%(who)s made a new link to the invitation of %(email)s.")),
    "mail_invitation_link": _invitation(lambda: _("%(who)s had the link to the invitation mailed to %(email)s.")),
    "withdraw_invitation": _invitation(lambda: _("%(who)s withdrew the invitation to %(email)s.")),
    "open_invitation": _invitation(lambda: _("%(who)s opened the invitation to %(email)s.")),
    "accept_invitation": _invitation(lambda: _("%(who)s accepted the invitation to %(email)s.")),
    "decline_invitation": _invitation(lambda: _("%(who)s declined the invitation to %(email)s.")),
    "expire_invitation": _invitation(lambda: _("The invitation to %(email)s expired without an answer.")),
    "begin_relationship": _says(lambda: _("%(who)s made you the reseller of %(customer)s.")),
    "give_privilege": _service(lambda: _("%(who)s let you administer %(service)s of %(customer)s.")),
    "lose_privilege": _service(
        lambda: _("%(customer)s gave the administration of %(service)s to somebody else; it is yours no more.")
    ),
    "revoke_privilege": _service(lambda: _("%(who)s took the administration of %(service)s of %(customer)s back.")),
    "give_up_privilege": _service(lambda: _("%(who)s gave up the administration of %(service)s of %(customer)s.")),
    "extend_privilege": _service(
        lambda: _("%(who)s changed until when you may administer %(service)s of %(customer)s.")
    ),
    "expire_privilege": _service(
        lambda: _("Your delegated admin privilege for %(service)s of %(customer)s expired; it is yours no more.")
    ),
    "warn_of_expiry": _warned_of_expiry,
    "place_order": _ordered,
    "provision_subscription": _provisioned,
    "provisioning_failed": _not_provisioned,
    "retry_provisioning": _says(lambda: _("%(who)s had the provisioning for %(customer)s tried again.")),
    "set_price": _price_set,
    "import_prices": _prices_imported,
    "add_customer": _says(lambda: _("%(who)s added the customer %(customer)s.")),
    "add_staff": _added_staff,
    "change_contact": _says(lambda: _("%(who)s changed the contact details of %(customer)s.")),
    "change_billing": _says(lambda: _("%(who)s changed the billing profile of %(customer)s.")),
    "change_customer": _says(lambda: _("%(who)s changed the customer %(customer)s.")),
    "add_offer": _named(lambda: _("%(who)s added the offer %(name)s to the catalogue.")),
    "change_offer": _named(lambda: _("%(who)s changed the offer %(name)s.")),
    "withdraw_offer": _says(lambda: _("%(who)s withdrew an offer from sale.")),
    "delete_offer": _named(lambda: _("%(who)s deleted the offer %(name)s from the catalogue."), at="before"),
    "change_price": _of_price(lambda: _("%(who)s changed a price of %(offer)s in %(currency)s."), at="after"),
    "delete_price": _of_price(lambda: _("%(who)s deleted a price of %(offer)s in %(currency)s."), at="before"),
    "add_service": _named(lambda: _("%(who)s added the service %(name)s to the catalogue.")),
    "change_service": _named(lambda: _("%(who)s changed the service %(name)s.")),
    "delete_service": _named(lambda: _("%(who)s deleted the service %(name)s from the catalogue."), at="before"),
    "add_serviceplan": _named(lambda: _("%(who)s added the service plan %(name)s to the catalogue.")),
    "change_serviceplan": _named(lambda: _("%(who)s changed the service plan %(name)s.")),
    "delete_serviceplan": _named(
        lambda: _("%(who)s deleted the service plan %(name)s from the catalogue."), at="before"
    ),
    "add_partner": _named(lambda: _("%(who)s added the partner %(name)s.")),
    "delete_partner": _named(lambda: _("%(who)s deleted the partner %(name)s."), at="before"),
    "open_page": _says(lambda: _("%(who)s used a page that the roles do not allow.")),
    "change_staff": _says(lambda: _("%(who)s changed a staff member.")),
    "delete_staff": _says(lambda: _("%(who)s deleted a staff member.")),
    "change_partner": _says(lambda: _("%(who)s changed the partner.")),
    "edit_matrix": _says(lambda: _("%(who)s changed the upgrade matrix.")),
    "import_portfolio": _says(lambda: _("%(who)s imported a portfolio.")),
    "save_view": _of_view(lambda: _("%(who)s saved the view “%(view)s” of a list."), at="after"),
    "rename_view": _of_view(lambda: _("%(who)s renamed the view “%(view)s” of a list."), at="before"),
    "show_view_first": _showed_first,
    "delete_view": _of_view(lambda: _("%(who)s deleted the view “%(view)s” of a list."), at="before"),
    "export_subscriptions": _exported(lambda: _("%(who)s exported subscriptions to a file (%(kind)s).")),
    "export_customers": _exported(lambda: _("%(who)s exported customers to a file (%(kind)s).")),
    "invite_staff": _of_roles(
        lambda: _("%(who)s invited %(name)s to the staff as: %(roles)s."),
        lambda: _("%(who)s invited %(name)s to the staff."),
    ),
    "send_staff_invitation": _invitation(lambda: _("%(who)s sent the invitation to the staff to %(email)s again.")),
    "withdraw_staff_invitation": _invitation(lambda: _("%(who)s withdrew the invitation to the staff of %(email)s.")),
    "accept_staff_invitation": _of_roles(
        lambda: _("%(name)s accepted an invitation and joined the staff as: %(roles)s."),
        lambda: _("%(name)s accepted an invitation and joined the staff."),
    ),
    "change_roles": _of_roles(
        lambda: _("%(who)s changed the roles of %(name)s to: %(roles)s."),
        lambda: _("%(who)s took all roles from %(name)s."),
    ),
    "deactivate_staff": _colleague(lambda: _("%(who)s deactivated %(name)s, who may sign in no more.")),
    "reactivate_staff": _colleague(lambda: _("%(who)s reactivated %(name)s, who may sign in again.")),
    "make_api_client": _of_roles(
        lambda: _("%(who)s made the API client %(name)s, which is: %(roles)s."),
        lambda: _("%(who)s made the API client %(name)s."),
    ),
    "renew_api_secret": _named(
        lambda: _("%(who)s renewed the secret of the API client %(name)s; the earlier one and its tokens have ended.")
    ),
    "change_api_roles": _of_roles(
        lambda: _("%(who)s changed the roles of the API client %(name)s to: %(roles)s."),
        lambda: _("%(who)s took all roles from the API client %(name)s."),
    ),
    "revoke_api_client": _named(lambda: _("%(who)s revoked the API client %(name)s, for good.")),
    "let_client_act": _named(lambda: _("%(who)s let the API client %(name)s act in their name.")),
    "update_profile": _says(lambda: _("%(who)s changed their own profile.")),
    "change_password": _says(lambda: _("%(who)s changed their own password.")),
    "reset_password": _says(lambda: _("%(who)s chose a new password by the link in a mail.")),
    "add_second_factor": _factor(
        lambda: _("%(who)s set up an authenticator app."), lambda: _("%(who)s added the passkey “%(passkey)s”.")
    ),
    "remove_second_factor": _factor(
        lambda: _("%(who)s took their authenticator app away."),
        lambda: _("%(who)s took their passkey “%(passkey)s” away."),
    ),
    "take_second_factors": _took_factors,
    "make_recovery_codes": _says(lambda: _("%(who)s made new recovery codes.")),
    "use_recovery_code": _says(lambda: _("%(who)s used a recovery code.")),
    "require_second_factor": _second_factor_for_all,
    "end_sessions": _says(lambda: _("%(who)s signed out everywhere else.")),
}
