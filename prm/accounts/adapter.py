from __future__ import annotations

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter


class AccountAdapter(DefaultAccountAdapter):
    """How people sign in here: by invitation only."""

    def is_open_for_signup(self, request: object) -> bool:
        return False


class MfaAdapter(DefaultMFAAdapter):
    """Second factors."""
