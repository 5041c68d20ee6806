"""Roles and what each may do: the table "Who sees what" of the domain, once."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """What a member of staff is for their partner; one person can have several."""

    GLOBAL_ADMIN = "global_admin", _("Global admin")
    ADMIN_AGENT = "admin_agent", _("Admin agent")
    SALES_AGENT = "sales_agent", _("Sales agent")
    HELPDESK_AGENT = "helpdesk_agent", _("Helpdesk agent")
    BILLING_ADMIN = "billing_admin", _("Billing admin")
    USER_ADMIN = "user_admin", _("User admin")


class Permission(models.TextChoices):
    """Something that a role may or may not do."""

    SEE_CUSTOMERS = "see_customers", _("find customers, see their details and subscriptions")
    EDIT_CONTACT = "edit_contact", _("edit a customer's contact details")
    EDIT_BILLING = "edit_billing", _("edit a customer's billing details")
    MANAGE_SUBSCRIPTIONS = (
        "manage_subscriptions",
        _("add a customer; create, change, suspend and upgrade subscriptions"),
    )
    REQUEST_RELATIONSHIP = "request_relationship", _("request a reseller relationship")
    REQUEST_PRIVILEGES = "request_privileges", _("request delegated admin privileges")
    SEE_OFFERS = "see_offers", _("see offers and prices")
    MANAGE_STAFF = "manage_staff", _("manage staff and their roles")
    SEE_ACTIVITY = "see_activity", _("see the activity log")
    SECURE_SIGN_IN = "secure_sign_in", _("decide how everyone signs in")
    MANAGE_API_CLIENTS = "manage_api_clients", _("let programs use the API")


_SELLING = frozenset(
    {
        Permission.SEE_CUSTOMERS,
        Permission.EDIT_CONTACT,
        Permission.EDIT_BILLING,
        Permission.MANAGE_SUBSCRIPTIONS,
        Permission.REQUEST_RELATIONSHIP,
    }
)
_ADMINISTERING = _SELLING | {Permission.REQUEST_PRIVILEGES, Permission.SEE_OFFERS, Permission.SEE_ACTIVITY}

MAY: dict[Role, frozenset[Permission]] = {
    Role.GLOBAL_ADMIN: _ADMINISTERING
    | {Permission.MANAGE_STAFF, Permission.SECURE_SIGN_IN, Permission.MANAGE_API_CLIENTS},
    Role.ADMIN_AGENT: _ADMINISTERING,
    Role.SALES_AGENT: _SELLING,
    Role.HELPDESK_AGENT: frozenset({Permission.SEE_CUSTOMERS, Permission.EDIT_CONTACT}),
    Role.BILLING_ADMIN: frozenset({Permission.SEE_OFFERS}),
    Role.USER_ADMIN: frozenset({Permission.MANAGE_STAFF}),
}
