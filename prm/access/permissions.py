"""The registry of verbs: apps say in `apps.py` which roles may do what."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from prm.modules.registry import names_off


@dataclass(frozen=True)
class Verb:
    name: str
    roles: frozenset[str]
    # Sensitive verbs (approve, close, pay, bank data, rights, export) are never done by an operator acting for a user.
    sensitive: bool
    reads: bool


_verbs: dict[str, Verb] = {}


def register(name: str, *, roles: Iterable[str], sensitive: bool = False, reads: bool = False) -> None:
    """Let `roles` do the verb `app.verb`. `reads` marks verbs that change nothing."""
    if not sensitive:
        sensitive = name.rpartition(".")[2] in ("approve", "close", "pay", "export", "grant")
    _verbs[name] = Verb(name, frozenset(str(role) for role in roles), sensitive, reads)


def verb(name: str) -> Verb:
    """The registered verb; an unknown name is a programming error and raises KeyError."""
    return _verbs[name]


def of_role(role: str) -> frozenset[str]:
    """Names of all verbs that `role` may do; a module that is off has none."""
    off = tuple(f"{name}." for name in names_off())
    return frozenset(
        name for name, verb in _verbs.items() if role in verb.roles and not (off and name.startswith(off))
    )


def everything() -> dict[str, Verb]:
    return dict(_verbs)
