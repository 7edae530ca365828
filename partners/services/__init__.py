"""Verbs on partners."""

from partners.services.changes import Amendment, withdraw_change
from partners.services.companies import change_status, create_partner, update_partner
from partners.services.contacts import remove_contact, save_contact
from partners.services.levels import remove_tier, save_tier, set_criteria
from partners.services.people import (
    add_member,
    assign_manager,
    end_membership,
    grant_access,
    revoke_access,
    unassign_manager,
)
from partners.services.reviews import follow_review
from partners.services.tiers import set_tier

__all__ = [
    "Amendment",
    "add_member",
    "assign_manager",
    "change_status",
    "create_partner",
    "end_membership",
    "follow_review",
    "grant_access",
    "remove_contact",
    "remove_tier",
    "revoke_access",
    "save_contact",
    "save_tier",
    "set_criteria",
    "set_tier",
    "unassign_manager",
    "update_partner",
    "withdraw_change",
]
