"""Whom an action means: people, roles, or the channel managers of the object's partner.

Nobody is told of an object that they may not see: of each group only those remain who may see the object's partner.
What belongs to no partner is told to the tenant's own people only.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.auth import get_user_model
from django.utils.translation import gettext as _

from prm.access.roles import PARTNER_ROLES, STAFF_ROLES, Role
from prm.access.scope import actor_for
from prm.access.scoping import partner_id_of

MANAGERS = "managers"
TO_COME = "email:"  # somebody whom a text named before they came: meant from the day they are here


def choices() -> list[tuple[str, Any]]:
    """What can be chosen, for a form: groups first, then the tenant's own people by name."""
    roles = [(f"role:{value}", _("All: %(role)s") % {"role": label}) for value, label in Role.choices]
    staff = get_user_model().objects.filter(is_active=True).exclude(role__in=PARTNER_ROLES).order_by("name")
    people = [(f"user:{user.pk}", str(user)) for user in staff]
    return [(MANAGERS, _("The partner's channel managers")), *roles, *people]


def to_come(who: Iterable[str]) -> list[tuple[str, str]]:
    """Those of a choice who are not here yet, for the form in which it is changed."""
    return [(one, one.removeprefix(TO_COME)) for one in who if one.startswith(TO_COME)]


def words(who: Iterable[str]) -> str:
    """The choice in words, in the active language."""
    known = dict(choices())
    return ", ".join(_said(one, known) for one in who)


def _said(one: str, known: dict[str, Any]) -> str:
    if one.startswith(TO_COME):
        return one.removeprefix(TO_COME)
    return str(known.get(one, _("somebody who is gone")))


def anybody_but_administrators() -> bool:
    """Whether the vendor's people are here. Until then a text may name whoever is still to come."""
    roles = set(STAFF_ROLES) - {Role.ADMINISTRATOR}
    return get_user_model().objects.filter(is_active=True, role__in=roles).exists()


def meant(who: Iterable[str], obj: Any) -> list[Any]:
    """The active users who are meant and who may see `obj` (None: something without an object)."""
    chosen = set(who)
    users = get_user_model().objects.filter(is_active=True).order_by("name")
    roles = [one.removeprefix("role:") for one in chosen if one.startswith("role:")]
    ids = [int(one.removeprefix("user:")) for one in chosen if one.startswith("user:")]
    emails = [one.removeprefix(TO_COME) for one in chosen if one.startswith(TO_COME)]
    wanted = users.filter(role__in=roles) | users.filter(pk__in=ids)
    for email in emails:
        wanted = wanted | users.filter(email__iexact=email)
    if MANAGERS in chosen:
        wanted = wanted | users.filter(role=Role.CHANNEL_MANAGER)
    owner = partner_id_of(obj) if obj is not None else None
    return [user for user in wanted.distinct() if _may_see(user, owner)]


def _may_see(user: Any, owner: int | None) -> bool:
    actor = actor_for(user)
    if owner is None:
        return not actor.is_partner
    return actor.partner_ids is None or owner in actor.partner_ids
