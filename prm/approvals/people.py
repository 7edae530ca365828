"""Who decides: from what a flow says to people who may, with those who stand in while somebody is away."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

from django.contrib.auth import get_user_model

from prm.access import permissions
from prm.access.roles import Role
from prm.access.rules import who_may
from prm.access.scope import partner_ids_of_user
from prm.approvals.models import ApprovalRun, Delegation, Task
from prm.approvals.subjects import Subject, all_subjects, subject_of
from prm.values import clock

LONGEST_CHAIN = 9


def resolve(who: Mapping[str, Any], run: ApprovalRun, obj: Any, subject: Subject) -> list[Any]:
    """The active users whom `who` names for this object, by name; nobody is left out for lack of authority."""
    users = get_user_model().objects.filter(is_active=True).order_by("name", "pk")
    kind = who["kind"]
    if kind == "people":
        wanted = [email.lower() for email in who["users"]]
        found = {user.email.lower(): user for user in users.filter(email__in=wanted)}
        return [found[email] for email in wanted if email in found]
    if kind == "role":
        return list(users.filter(role=who["role"]))
    if kind == "partner_manager":
        return [user for user in subject.managers(obj) if user.is_active]
    if kind in ("submitter_manager", "level_up"):
        return _above(run.submitter, who.get("levels", 1))
    if kind == "field":
        _label, people = subject.people_fields.get(who["field"], ("", lambda obj: ()))
        return [user for user in people(obj) if user is not None and user.is_active]
    return [run.submitter] if run.submitter is not None and run.submitter.is_active else []


def _above(user: Any, levels: int) -> list[Any]:
    """The manager `levels` steps above `user`; where the line is shorter, whoever is on top of it."""
    seen, above = set(), None
    for _level in range(min(levels, LONGEST_CHAIN)):
        user = user.manager if user is not None else None
        if user is None or user.pk in seen:
            break
        seen.add(user.pk)
        above = user
    return [above] if above is not None and above.is_active else []


def may_decide(user: Any, run: ApprovalRun, obj: Any, subject: Subject) -> bool:
    """Whether `user` has the authority: active, of a role that decides, sees the partner, and it is not their own."""
    if user is None or not user.is_active or not decides(user, subject):
        return False
    if user.pk in own_of(run, obj, subject):
        return False
    visible = partner_ids_of_user(user)
    return visible is None or run.partner_id is None or run.partner_id in visible


def decides(user: Any, subject: Subject) -> bool:
    """Whether the role decides about such objects; a role of the tenant's own does with the subject's verb."""
    if user.own_role_id is not None:
        return not user.is_partner_user and permissions.holds(user, subject.verb)
    return user.role in set(map(str, subject.deciders))


def own_of(run: ApprovalRun, obj: Any, subject: Subject) -> set[int | None]:
    return {run.submitter_id, *subject.own(obj)} - {None}


class Found(NamedTuple):
    """[user id, stands in for] for each person who is to decide. `instead`: nobody whom the flow names may."""

    people: list[list[int | None]]
    instead: bool = False


def deciders(
    who: Mapping[str, Any], run: ApprovalRun, obj: Any, subject: Subject, *,
    signed: Collection[int] = (), needed: int | None = None,
) -> Found:  # fmt: skip
    """Who is to decide at a step; nobody when nobody in the house may.

    `signed` are those who approved at another step: they are asked again only where fewer than `needed` (None: all
    that are named) remain without them, and stand in for nobody. Where the flow names nobody who may, the
    administrators decide, then whoever holds the subject's verb.
    """
    named = [user for user in resolve(who, run, obj, subject) if may_decide(user, run, obj, subject)]
    able = named or fallback(run, obj, subject)
    others = [user for user in able if user.pk not in signed]
    chosen = others if others and needed is not None and len(others) >= needed else able
    return Found(with_stand_ins(chosen, run, obj, subject, signed=signed), instead=not named)


def fallback(run: ApprovalRun, obj: Any, subject: Subject) -> list[Any]:
    """Who decides where a flow finds nobody or the machine was refused."""
    users = get_user_model().objects.filter(is_active=True, role=Role.ADMINISTRATOR).order_by("name", "pk")
    found = [user for user in users if may_decide(user, run, obj, subject)]
    return found or [user for user in who_may(subject.verb) if may_decide(user, run, obj, subject)]


def with_stand_ins(
    users: Iterable[Any], run: ApprovalRun, obj: Any, subject: Subject, *, signed: Collection[int] = ()
) -> list[list[int | None]]:
    """Each of `users`, or whoever stands in for them today and may decide; nobody twice."""
    people: dict[int, int | None] = {}
    for user in users:
        stand_in = stand_in_of(user, run, obj, subject)
        if stand_in is not None and stand_in.pk in signed:
            stand_in = None
        chosen, instead_of = (stand_in, user.pk) if stand_in is not None else (user, None)
        people.setdefault(chosen.pk, instead_of)
    return [[user, instead_of] for user, instead_of in people.items()]


def stand_in_of(user: Any, run: ApprovalRun, obj: Any, subject: Subject) -> Any | None:
    """Who decides in the place of `user` today; None when they are here, or nobody who may stands in."""
    seen, at = {user.pk}, user
    while True:
        away = delegation_of(at)
        if away is None:
            return at if at.pk != user.pk and may_decide(at, run, obj, subject) else None
        if away.to_id in seen:
            return None
        seen.add(away.to_id)
        at = away.to


def delegation_of(user: Any) -> Delegation | None:
    """The delegation of `user` that holds today."""
    today = clock.today()
    rows = Delegation.objects.filter(user=user, first_day__lte=today, last_day__gte=today, ended_at=None)
    return rows.select_related("to").order_by("first_day", "pk").first()


def decides_like(user: Any, other: Any) -> bool:
    """Whether there is anything about which both decide."""
    return any(decides(user, one) and decides(other, one) for one in all_subjects())


def left_with(user: Any, stand_in: Any) -> list[Task]:
    """The open tasks of `user` that `stand_in` may not decide, the nearest promise first: they stay where they are."""
    sees = partner_ids_of_user(stand_in)
    rows = Task.objects.open().filter(user=user).select_related("run").order_by("due", "pk")
    return [task for task in rows if not _may_stand_in(stand_in, task.run, sees)]


def _may_stand_in(stand_in: Any, run: ApprovalRun, sees: frozenset[int] | None) -> bool:
    if not decides(stand_in, subject_of(run.subject)) or stand_in.pk == run.submitter_id:
        return False
    return sees is None or run.partner_id is None or run.partner_id in sees
