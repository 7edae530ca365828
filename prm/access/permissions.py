"""The registry of verbs: apps say in `apps.py` which roles may do what.

A tenant may give people a role of its own instead (accounts.OwnRole): a built-in role of the staff with other verbs.
What stands behind verbs, such as two people for a payment, is a rule of the services and no role's.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from prm.access.roles import STAFF_ROLES, Role
from prm.modules.registry import module_of_name, names_off


@dataclass(frozen=True)
class Verb:
    name: str
    roles: frozenset[str]
    # Sensitive verbs (approve, close, pay, bank data, rights, export) are never done by an operator acting for a user.
    sensitive: bool
    reads: bool
    # What it is called where roles are shown and put together; "" for what no role can be without.
    label: Any = ""

    @property
    def is_everybodys(self) -> bool:
        """One's own account, inbox, jobs: no role is without it."""
        return not self.label and self.roles >= set(Role.values)

    @property
    def is_offered(self) -> bool:
        """Whether a role of the tenant's own may have it or not."""
        return bool(self.label) and bool(self.roles & set(STAFF_ROLES))


_verbs: dict[str, Verb] = {}
# What verbs are about that belong to no module, by their first word: a code, a name and the place in the list.
_areas: dict[str, tuple[str, Any, int]] = {}


def register(
    name: str, *, roles: Iterable[str], label: Any = "", sensitive: bool = False, reads: bool = False
) -> None:
    """Let `roles` do the verb `app.verb`. `reads` marks verbs that change nothing."""
    if not sensitive:
        sensitive = name.rpartition(".")[2] in ("approve", "close", "pay", "export", "grant")
    _verbs[name] = Verb(name, frozenset(str(role) for role in roles), sensitive, reads, label)


def register_area(code: str, label: Any, *, names: Iterable[str], order: int) -> None:
    """Say what the verbs are about that begin with one of `names`; modules stand among them by their own order."""
    _areas.update(dict.fromkeys(names, (code, label, order)))


def verb(name: str) -> Verb:
    """The registered verb; an unknown name is a programming error and raises KeyError."""
    return _verbs[name]


def of_role(role: str) -> frozenset[str]:
    """Names of all verbs that `role` may do; a module that is off has none."""
    return without_what_is_off(name for name, verb in _verbs.items() if role in verb.roles)


def of_person(user: Any) -> frozenset[str]:
    """Names of all verbs that `user` may do: those of the own role they have, else those of the built-in one."""
    if user.own_role_id is None:
        return of_role(user.role)
    return without_what_is_off(held_by_own(user.own_role.verbs))


def holds(user: Any, name: str) -> bool:
    """Whether `user` has the verb, be its module on or off."""
    if user.own_role_id is None:
        return user.role in verb(name).roles
    return name in held_by_own(user.own_role.verbs)


def held_by_own(verbs: Iterable[str]) -> frozenset[str]:
    """The verbs of an own role: those chosen that are (still) offered, and those that everybody has."""
    chosen = {name for name in verbs if name in _verbs and _verbs[name].is_offered}
    return frozenset(chosen | {name for name, verb in _verbs.items() if verb.is_everybodys})


def without_what_is_off(names: Iterable[str]) -> frozenset[str]:
    off = tuple(f"{name}." for name in names_off())
    return frozenset(name for name in names if not (off and name.startswith(off)))


def offered() -> dict[str, Verb]:
    """The verbs of which own roles are made, in the order of their registration."""
    return {name: verb for name, verb in _verbs.items() if verb.is_offered}


def offered_by_area() -> list[tuple[str, Any, list[Verb]]]:
    """(code, name, verbs) of each area of modules that are on."""
    return _by_area(offered().values())


def held_by_area(role: str) -> list[tuple[str, Any, list[Verb]]]:
    """(code, name, verbs) of what a built-in role may do beyond its own account, of modules that are on."""
    return _by_area(verb for verb in _verbs.values() if verb.label and role in verb.roles)


def _by_area(verbs: Iterable[Verb]) -> list[tuple[str, Any, list[Verb]]]:
    wanted = {verb.name: verb for verb in verbs}
    on: frozenset[str] = without_what_is_off(wanted)
    found: dict[tuple[int, str], tuple[str, Any, list[Verb]]] = {}
    for name, one in wanted.items():
        if name in on:
            code, label, order = area_of(name)
            found.setdefault((order, code), (code, label, []))[2].append(one)
    return [found[key] for key in sorted(found)]


def area_of(name: str) -> tuple[str, Any, int]:
    """What a verb is about, its module or a part of the platform: code, name and place in the list."""
    first = name.partition(".")[0]
    module = module_of_name(first)
    if module is not None:
        return module.code, module.label, module.order
    return _areas.get(first, (first, first, 1000))


def grouped_by_area(pairs: Iterable[tuple[str, Any]]) -> list[tuple[str, list[tuple[str, Any]]]]:
    """Choices whose values begin with what they are about ("orders.shipped.v1"), under the names of their areas."""
    found: dict[tuple[int, str], tuple[str, list[tuple[str, Any]]]] = {}
    for value, label in pairs:
        code, area, order = area_of(value)
        found.setdefault((order, code), (str(area), []))[1].append((value, label))
    return [found[key] for key in sorted(found)]


def everything() -> dict[str, Verb]:
    return dict(_verbs)
