"""What administrators do to people's accounts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from allauth.mfa.models import Authenticator
from django.db import transaction
from django.db.models import Q

from prm.access.roles import PARTNER_ROLES, Role
from prm.access.rules import require
from prm.accounts import companies, reads
from prm.accounts.errors import (
    AlreadyActive,
    AlreadyInactive,
    LastAdministrator,
    ManagerGone,
    ManagerOfAnotherHouse,
    NoPartnerForStaff,
    NotOneself,
    PartnerNeeded,
    ReportsToItself,
    StaffStaysStaff,
)
from prm.accounts.events import SecurityChanged, UserChanged
from prm.accounts.models import OwnRole, User
from prm.accounts.services.roles import require_giving
from prm.accounts.services.sessions import end_all_sessions
from prm.audit.services import differences, record
from prm.outbox.services import emit
from prm.values import clock, pulse
from prm.values.actor import Actor
from prm.values.errors import NotAllowed

_open_work: list[Callable[[User], list[Any]]] = []


def on_open_work(function: Callable[[User], list[Any]]) -> Callable[[User], list[Any]]:
    """Register `function(user)` that lists the work which waits for a person (objects with `title` and `link`)."""
    if function not in _open_work:
        _open_work.append(function)
    return function


def open_work_of(user: User) -> list[Any]:
    """What would be left lying when `user` leaves."""
    return [work for function in _open_work for work in function(user)]


@transaction.atomic
def change_role(
    *, user: User, role: str, by: Actor, own_role: OwnRole | None = None, all_partners: bool = False
) -> User:
    """Give a person another role of the same side: a built-in one, or one of the tenant's own that is made from it.

    `all_partners` matters for channel managers only.
    """
    require(by, "accounts.manage")
    user = _locked(user)
    if user.pk == by.user_id:
        raise NotOneself()
    if (role in PARTNER_ROLES) != (user.role in PARTNER_ROLES):
        raise StaffStaysStaff()
    _keep_an_administrator(user, stays=role == Role.ADMINISTRATOR and own_role is None)
    all_partners = all_partners and role == Role.CHANNEL_MANAGER
    changes = differences(
        {"role": user.role, "own_role": user.own_role, "all_partners": user.all_partners},
        {"role": role, "own_role": own_role, "all_partners": all_partners},
    )
    if changes:
        if set(changes) != {"all_partners"}:
            require_giving(role, own_role, by)
        user.role, user.own_role, user.all_partners = role, own_role, all_partners
        user.save(update_fields=["role", "own_role", "all_partners"])
        pulse.beat()
        record(user, "role_changed", by=by, changes=changes)
        _tell(user, "role_changed")
    return user


@transaction.atomic
def set_manager(*, user: User, manager: User | None, by: Actor) -> User:
    """Say to whom a person reports; nobody reports to themselves, over however many others."""
    require(by, "accounts.manage")
    # One lock for all: two who are set above each other at once must not both be let through.
    lines = dict(User.objects.select_for_update().order_by("pk").values_list("pk", "manager_id"))
    user = User.objects.select_related("manager").get(pk=user.pk)
    above = manager.pk if manager is not None else None
    while above is not None:
        if above == user.pk:
            raise ReportsToItself(person=str(manager))
        above = lines.get(above)
    if manager is not None and not manager.is_active:
        raise ManagerGone(person=str(manager))
    if manager is not None and not reads.same_house(user).filter(pk=manager.pk).exists():
        raise ManagerOfAnotherHouse(person=str(manager))
    changes = differences({"manager": user.manager}, {"manager": manager})
    if changes:
        user.manager = manager
        user.save(update_fields=["manager"])
        record(user, "changed", by=by, changes=changes)
    return user


@transaction.atomic
def add_to_company(*, user: User, partner: int, by: Actor) -> User:
    """Let a partner's person who belongs to no company any more work for one again, with the account of before."""
    require(by, "accounts.manage")
    user = _locked(user)
    if not user.is_partner_user:
        raise NoPartnerForStaff()
    offered = dict(companies.choices(by))
    if partner not in offered:
        raise PartnerNeeded()
    companies.join(partner=partner, user=user, by=by)
    record(user, "company_joined", by=by, changes={"partner": [None, offered[partner]]})
    return user


@transaction.atomic
def deactivate_user(*, user: User, by: Actor, reason: str = "") -> User:
    """Shut a person out at once: every session ends, every device is forgotten. Their work stays where it is."""
    require_over_person(user, by)
    user = _locked(user)
    if user.pk == by.user_id:
        raise NotOneself()
    if not user.is_active:
        raise AlreadyInactive()
    _keep_an_administrator(user, stays=False)
    user.is_active = False
    user.save(update_fields=["is_active"])
    ended = end_all_sessions(user)
    record(user, "deactivated", by=by, reason=reason, changes={"sessions_ended": [None, ended]})
    _tell(user, "deactivated")
    return user


@transaction.atomic
def reactivate_user(*, user: User, by: Actor) -> User:
    """Let a person in again, with the password, role and second factor of before."""
    require_over_person(user, by)
    user = _locked(user)
    if user.is_active:
        raise AlreadyActive()
    user.is_active = True
    user.save(update_fields=["is_active"])
    record(user, "reactivated", by=by)
    _tell(user, "reactivated")
    return user


@transaction.atomic
def reset_second_factor(*, user: User, by: Actor) -> User:
    """Take the second factor away from somebody who lost it; they set up a new one at the next sign-in."""
    require(by, "accounts.manage")
    user = _locked(user)
    if user.pk == by.user_id:
        raise NotOneself()
    Authenticator.objects.filter(user=user).delete()
    end_all_sessions(user)
    record(user, "second_factor_reset", by=by)
    emit(
        SecurityChanged(user_id=user.pk, what="second_factor_removed", at=clock.now().isoformat()),
        object_key=f"user:{user.pk}",
    )
    return user


def require_over_person(user: User, by: Actor) -> None:
    """Administrators manage everybody; a partner's administrator the people of the own company."""
    if by.is_partner:
        require(by, "accounts.invite_colleague")
        if by.partner_id is None or not User.objects.filter(
            pk=user.pk, pk__in=companies.user_ids_of(by.partner_id)
        ):
            raise NotAllowed()
    else:
        require(by, "accounts.manage")


def _tell(user: User, what: str) -> None:
    emit(UserChanged(user_id=user.pk, what=what, at=clock.now().isoformat()), object_key=f"user:{user.pk}")


def _locked(user: User) -> User:
    """The person under a lock, with all administrators: two who remove each other then wait for one another."""
    rows = User.objects.select_for_update().filter(Q(pk=user.pk) | Q(role=Role.ADMINISTRATOR)).order_by("pk")
    return {row.pk: row for row in rows}[user.pk]


def _keep_an_administrator(user: User, *, stays: bool) -> None:
    """One of the built-in role stays, who holds all of it: whoever has a role made from it may hold less."""
    if stays or user.role != Role.ADMINISTRATOR or user.own_role_id or not user.is_active:
        return
    others = User.objects.filter(role=Role.ADMINISTRATOR, own_role=None, is_active=True).exclude(pk=user.pk)
    if not others.exists():
        raise LastAdministrator()
