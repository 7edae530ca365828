"""Who has to sign in with a second factor."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from prm.access import permissions
from prm.access.roles import STAFF_ROLES


def must_have_second_factor(user: Any) -> bool:
    """Whether the role asks for one: a built-in one does, or an own role has what only such roles may do."""
    asking = set(settings.SECOND_FACTOR_ROLES)
    if user.role in asking or not asking or user.own_role_id is None:
        return user.role in asking
    held = permissions.held_by_own(user.own_role.verbs) & set(permissions.offered())
    return any(permissions.verb(name).roles & set(STAFF_ROLES) <= asking for name in held)
