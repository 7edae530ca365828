"""May this actor do this? Roles give verbs; assignments and grants give partners; nothing else decides."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Q

from prm.access import permissions
from prm.access.scoping import partner_id_of
from prm.values.actor import Actor
from prm.values.errors import NotAllowed, ReadOnly


def allowed(by: Actor, verb: str, obj: Any = None) -> bool:
    """Whether `by` may do `verb` (to `obj`, which must then belong to a partner that `by` may see)."""
    try:
        require(by, verb, obj)
    except NotAllowed:
        return False
    return True


def require(by: Actor, verb: str, obj: Any = None) -> None:
    """Raise NotAllowed unless `by` may do `verb` (to `obj`).

    An operator acting for a user may never do sensitive verbs, and nothing but read unless write access was granted.
    """
    declared = permissions.verb(verb)
    if by.is_system:
        return
    if by.acting_operator and declared.sensitive:
        raise NotAllowed()
    if by.read_only and not declared.reads:
        raise ReadOnly()
    if verb not in by.permissions:
        raise NotAllowed()
    if obj is not None and by.partner_ids is not None:
        owner = partner_id_of(obj)
        if owner is not None and owner not in by.partner_ids:
            raise NotAllowed()


def who_may(verb: str, obj: Any = None) -> list[Any]:
    """The active users who may do `verb` to `obj`, by name: staff first those assigned to the object's partner."""
    from prm.access.scope import partner_ids_of_user

    declared = permissions.verb(verb)
    holders = Q(role__in=declared.roles, own_role__isnull=True)
    if declared.is_everybodys:
        holders = Q(role__in=declared.roles)
    elif declared.is_offered:
        holders |= Q(own_role__verbs__contains=[verb])
    users = get_user_model().objects.filter(holders, is_active=True).order_by("name")
    if obj is None:
        return list(users)
    owner = partner_id_of(obj)
    found = []
    for user in users:
        visible = partner_ids_of_user(user)
        if owner is None or visible is None or owner in visible:
            found.append((visible is None, user))
    found.sort(key=lambda pair: pair[0])
    return [user for _, user in found]
