"""The starter kit: configuration with which every new tenant begins, and the demo's fillers.

Knows no business app. Apps say in their `starter.py` what they do with their part of the kit's text:

    @kit.part("partners", order=10)
    def apply(text, *, tenant, by): ...

`text` is the part of `kits/default.yaml` under that name. Parts use get_or_create: twice is as good as once.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from prm.values.actor import Actor

FOLDER = Path(__file__).parent / "kits"
SIZES = ("full", "small")


@dataclass(frozen=True)
class Filler:
    """Fills a demo tenant with one kind of data: `function(tenant=, size=, say=)`, size "full" or "small"."""

    name: str
    function: Callable[..., None]
    order: int


_parts: dict[str, tuple[int, Callable[..., None]]] = {}
_fillers: dict[str, Filler] = {}


def register(name: str, function: Callable[..., None], *, order: int = 100) -> None:
    """Let `function(text, tenant=, by=)` apply the kit's part `name`; lower orders come first."""
    _parts[name] = (order, function)


def part(name: str, *, order: int = 100) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """`register` as a decorator."""

    def decorate(function: Callable[..., None]) -> Callable[..., None]:
        register(name, function, order=order)
        return function

    return decorate


def register_demo(name: str, function: Callable[..., None], order: int = 100) -> None:
    """Let `function(tenant=, size=, say=)` fill each new demo tenant; lower orders come first.

    It runs inside the tenant, goes through services, and tells its progress by `say("text")`.
    """
    _fillers[name] = Filler(name, function, order)


def demo_fillers() -> list[Filler]:
    return sorted(_fillers.values(), key=lambda filler: filler.order)


def apply(tenant: Any, *, administrator_email: str | None = None, by: Actor) -> None:
    """Apply every part inside the current tenant, and invite its first administrator."""
    kit, actor = read(), Actor.job(f"starter kit ({by.label})")
    unknown = set(kit) - set(_parts)
    if unknown:
        raise KeyError(f"no app applies this part of the starter kit: {', '.join(sorted(unknown))}")
    for name, (_order, function) in sorted(_parts.items(), key=lambda pair: pair[1][0]):
        function(kit.get(name) or {}, tenant=tenant, by=actor)
    if administrator_email:
        from prm.access.roles import Role
        from prm.accounts.services.invitations import invite

        name = administrator_email.partition("@")[0]
        invite(
            email=administrator_email, name=name, role=Role.ADMINISTRATOR, language=tenant.language, by=actor
        )


@functools.cache
def read(name: str = "default") -> dict[str, Any]:
    """The kit's text."""
    return YAML(typ="safe").load(FOLDER / f"{name}.yaml") or {}
