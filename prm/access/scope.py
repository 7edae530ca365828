"""Which partners may a person see? Answered by grants that the partners app keeps (django-guardian)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from prm.access import permissions
from prm.access.roles import PARTNER_ROLES, SEES_ALL_PARTNERS
from prm.values.actor import Actor

_granted: Callable[[Any], frozenset[int]] | None = None
_own_company: Callable[[Any], int | None] | None = None


def register_partners(
    *, granted: Callable[[Any], frozenset[int]], own_company: Callable[[Any], int | None]
) -> None:
    """The partners app says how to read a user's granted partner ids and own company's id."""
    global _granted, _own_company
    _granted, _own_company = granted, own_company


def partner_ids_of_user(user: Any) -> frozenset[int] | None:
    """Ids of the partners that `user` may see; None for all. Nothing granted means nothing seen."""
    if user.role in SEES_ALL_PARTNERS or (user.all_partners and user.role not in PARTNER_ROLES):
        return None
    return _granted(user) if _granted else frozenset()


def has_left(user: Any) -> bool:
    """Whether `user` is a partner's person who belongs to no partner (any more), and so may not enter."""
    return user.role in PARTNER_ROLES and _own_company is not None and _own_company(user) is None


def _held(user: Any, known: dict[str, Any]) -> frozenset[str]:
    """The person's verbs; an operator who acts for somebody has those that can be done, so pages offer no others."""
    held = permissions.of_person(user)
    if not known.get("acting_operator"):
        return held
    verbs = {name: permissions.verb(name) for name in held}
    read_only = known.get("read_only")
    return frozenset(
        name for name, verb in verbs.items() if not verb.sensitive and (verb.reads or not read_only)
    )


def actor_for(user: Any, **known: Any) -> Actor:
    """The Actor for a signed-in `user`; `known` adds tenant, request_id, acting_operator, read_only, address."""
    if not user.is_active:
        return Actor.nobody()
    is_partner = user.role in PARTNER_ROLES
    own = _own_company(user) if is_partner and _own_company else None
    if is_partner and own is None:
        plain = {"kind": "user", "user_id": user.pk, "label": user.name or user.email, "role": user.role}
        return Actor(**plain | known)
    return Actor(
        **{
            "kind": "user",
            "user_id": user.pk,
            "label": user.name or user.email,
            "role": user.role,
            "permissions": _held(user, known),
            "partner_ids": partner_ids_of_user(user),
            "partner_id": own,
            **known,
        }
    )
