"""Customers, who resells to them, who may administer which of their services, and how to reach and bill them."""

from customers.models.accounts import BillingProfile, ContactDetails, Culture, Recipient
from customers.models.customers import HOST_NAME, Customer, DelegatedAdminPrivilege, ResellerRelationship
from customers.models.drafts import CustomerDraft

__all__ = [
    "HOST_NAME",
    "BillingProfile",
    "ContactDetails",
    "Culture",
    "Customer",
    "CustomerDraft",
    "DelegatedAdminPrivilege",
    "Recipient",
    "ResellerRelationship",
]
