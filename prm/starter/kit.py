"""The starter kit: configuration as text with which every new tenant begins, and the demo's fillers.

A kit is a file as `manage.py config apply` takes it, applied by the same code. An app that has something to say there
adds a section (prm/configuration/registry.py). Of what is no section, an app says in its `starter.py` what it does:

    @kit.part("flows", order=10)
    def apply(text, *, tenant, by): ...
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from prm.configuration import services as configuration
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
    """Apply the kit inside the current tenant, and invite its first administrator."""
    actor = Actor.job(f"starter kit ({by.label})")
    text, parts = read()
    configuration.apply(source=text, by=actor)
    for name, (_order, function) in sorted(_parts.items(), key=lambda pair: pair[1][0]):
        function(parts.get(name) or {}, tenant=tenant, by=actor)
    if administrator_email:
        from prm.access.roles import Role
        from prm.accounts.services.invitations import invite

        name = administrator_email.partition("@")[0]
        invite(
            email=administrator_email, name=name, role=Role.ADMINISTRATOR, language=tenant.language, by=actor
        )


@functools.cache
def read(name: str = "default") -> tuple[str, dict[str, Any]]:
    """The kit's text as configuration, and what it says to parts."""
    source = (FOLDER / f"{name}.yaml").read_text(encoding="utf-8")
    document = YAML(typ="safe").load(source)
    parts = {key: document.pop(key) for key in list(document) if key in _parts}
    if not parts:
        return source, {}
    out = StringIO()
    YAML(typ="safe").dump(document, out)
    return out.getvalue(), parts
