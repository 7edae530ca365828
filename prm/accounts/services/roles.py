"""Roles of the tenant's own: made from a built-in one, changed, given, taken away.

Nobody grants what they do not hold: whoever adds a verb to a role, or gives somebody a role, holds its verbs.
Administrators of the built-in role hold what any of the staff does, also of modules that are off.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import transaction

from prm.access import permissions
from prm.access.roles import STAFF_ROLES
from prm.access.rules import require
from prm.accounts.errors import (
    BaseStays,
    NotOneself,
    NotYoursToGive,
    RoleInUse,
    RoleNameTaken,
    RoleNotOffered,
    UnknownVerbs,
)
from prm.accounts.events import UserChanged
from prm.accounts.models import Invitation, OwnRole, User
from prm.audit.services import differences, record
from prm.outbox.services import emit
from prm.values import clock, pulse
from prm.values.actor import Actor


@transaction.atomic
def save_role(
    *,
    role: OwnRole | None,
    code: str,
    name: str,
    name_zh: str = "",
    base: str,
    verbs: Iterable[str],
    by: Actor,
) -> OwnRole:
    """Make a role, or change one; its people have the other verbs with their next click. Returns the role.

    Code and built-in role stay what they were. Verbs of modules that are off stay unless another text leaves them out.
    """
    require(by, "accounts.manage")
    chosen = _checked(verbs)
    if base not in STAFF_ROLES:
        raise RoleNotOffered(field="base")
    if role is None:
        role, before = OwnRole(code=code, base=base), OwnRole(code=code, base=base)
    else:
        role, before = (OwnRole.objects.select_for_update().get(pk=role.pk) for _twice in range(2))
    if role.base != base:
        raise BaseStays()
    role.name, role.name_zh, role.verbs = name.strip(), name_zh.strip(), chosen
    changes = _changes(before, role) if role.pk else {}
    if role.pk and not changes:
        return role
    _refuse_own(role, by)
    require_holding(set(chosen) - set(before.verbs), by, base=base)
    others = OwnRole.objects.exclude(pk=role.pk)
    if others.filter(name=role.name).exists():
        raise RoleNameTaken(field="name")
    if others.filter(code=role.code).exists():
        raise RoleNameTaken(field="code")
    is_new = role.pk is None
    role.save()
    record(
        role,
        "role_made" if is_new else "own_role_changed",
        by=by,
        changes=changes or _changes(OwnRole(), role),
    )
    pulse.beat()
    for user in role.people.filter(is_active=True):
        told = UserChanged(user_id=user.pk, what="role_changed", at=clock.now().isoformat())
        emit(told, object_key=f"user:{user.pk}")
    return role


def _checked(verbs: Iterable[str]) -> list[str]:
    chosen = sorted(set(verbs))
    unknown = [name for name in chosen if name not in permissions.offered()]
    if unknown:
        raise UnknownVerbs(names=", ".join(unknown), field="may")
    return chosen


def _changes(before: OwnRole, after: OwnRole) -> dict[str, list[Any]]:
    """From what to what; of the verbs, which came and which went."""
    found: dict[str, list[Any]] = differences(
        {"name": before.name, "name_zh": before.name_zh, "base": before.base},
        {"name": after.name, "name_zh": after.name_zh, "base": after.base},
    )
    came, went = set(after.verbs) - set(before.verbs), set(before.verbs) - set(after.verbs)
    if came:
        found["verbs_added"] = [None, ", ".join(sorted(came))]
    if went:
        found["verbs_taken"] = [None, ", ".join(sorted(went))]
    return found


def _refuse_own(role: OwnRole, by: Actor) -> None:
    """Nobody widens or narrows the role that they have: another administrator does."""
    if by.user_id and User.objects.filter(pk=by.user_id, own_role=role.pk or 0).exists():
        raise NotOneself()


def require_holding(verbs: Iterable[str], by: Actor, *, base: str = "") -> None:
    """Raise NotYoursToGive for verbs that `by` does not hold."""
    if by.is_system:
        return
    held = set(by.permissions)
    if permissions.of_role(by.role) <= held:  # the built-in role, whole
        held |= {name for name, verb in permissions.everything().items() if by.role in verb.roles}
    missing = sorted(set(verbs) - held)
    if missing:
        labels = [str(permissions.verb(name).label or name) for name in missing]
        raise NotYoursToGive(names=", ".join(labels), field="may" if base else "role")


def require_giving(role: str, own: OwnRole | None, by: Actor) -> None:
    """Raise NotYoursToGive unless `by` holds what somebody would get with the role."""
    if own is not None and own.base != role:
        raise RoleNotOffered()
    if role in STAFF_ROLES:
        given = permissions.held_by_own(own.verbs) if own is not None else permissions.of_role(role)
        require_holding(given & set(permissions.offered()), by)


@transaction.atomic
def delete_role(*, role: OwnRole, by: Actor) -> None:
    """Take a role away that nobody has."""
    require(by, "accounts.manage")
    role = OwnRole.objects.select_for_update().get(pk=role.pk)
    people = role.people.count()
    waiting = Invitation.objects.filter(own_role=role, accepted_at=None, withdrawn_at=None).count()
    if people or waiting:
        raise RoleInUse(people=people, invitations=waiting)
    # What was accepted or withdrawn keeps its built-in role; the trail keeps the name.
    Invitation.objects.filter(own_role=role).update(own_role=None)
    record(role, "deleted", by=by)
    role.delete()
