"""Partners, the people who work for them, and the programs that they let act for them."""

from partners.models.api_clients import ApiClient, ApiClientRole, Caller, person_of
from partners.models.people import (
    InvitedRole,
    Language,
    Partner,
    PartnerType,
    QueuedMail,
    Staff,
    StaffInvitation,
    StaffInvitationState,
    StaffRole,
    Theme,
    validate_time_zone,
)

__all__ = [
    "ApiClient",
    "ApiClientRole",
    "Caller",
    "InvitedRole",
    "Language",
    "Partner",
    "PartnerType",
    "QueuedMail",
    "Staff",
    "StaffInvitation",
    "StaffInvitationState",
    "StaffRole",
    "Theme",
    "person_of",
    "validate_time_zone",
]
