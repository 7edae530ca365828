from __future__ import annotations

from allauth.account.auth_backends import AuthenticationBackend


class EmailBackend(AuthenticationBackend):
    """E-mail and password, in the tenant's own table of users."""
