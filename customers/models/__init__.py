"""Customers, who resells to them, who may administer which of their services, and how to reach and bill them."""

from customers.models.accounts import BillingProfile, ContactDetails, Culture, Recipient
from customers.models.customers import (
    HOST_NAME,
    Customer,
    DelegatedAdminPrivilege,
    Ending,
    PrivilegeWarning,
    ResellerRelationship,
)
from customers.models.drafts import CustomerDraft
from customers.models.invitations import AccessLink, Invitation, InvitationLink, InvitationState, InvitedService

__all__ = [
    "HOST_NAME",
    "AccessLink",
    "BillingProfile",
    "ContactDetails",
    "Culture",
    "Customer",
    "CustomerDraft",
    "DelegatedAdminPrivilege",
    "Ending",
    "Invitation",
    "InvitationLink",
    "InvitationState",
    "InvitedService",
    "PrivilegeWarning",
    "Recipient",
    "ResellerRelationship",
]
