"""Verbs of people, invitations, sessions and one's own account."""

from prm.accounts.services.invitations import (
    accept_again,
    accept_invitation,
    invite,
    on_accept,
    resend_invitation,
    withdraw_invitation,
)
from prm.accounts.services.own import ask_password_reset, change_own_account, choose_language, note_language
from prm.accounts.services.people import (
    add_to_company,
    change_role,
    deactivate_user,
    on_open_work,
    reactivate_user,
    reset_second_factor,
    set_manager,
)
from prm.accounts.services.roles import delete_role, save_role
from prm.accounts.services.sessions import end_all_sessions, end_other_sessions, end_session

__all__ = [
    "accept_again",
    "accept_invitation",
    "add_to_company",
    "ask_password_reset",
    "change_own_account",
    "change_role",
    "choose_language",
    "note_language",
    "deactivate_user",
    "delete_role",
    "end_all_sessions",
    "end_other_sessions",
    "end_session",
    "invite",
    "on_accept",
    "on_open_work",
    "reactivate_user",
    "resend_invitation",
    "reset_second_factor",
    "save_role",
    "set_manager",
    "withdraw_invitation",
]
