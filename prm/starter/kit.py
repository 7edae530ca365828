"""The starter kit: configuration as text with which every new tenant begins, and the demo's fillers.

A kit is a file as `manage.py config apply` takes it, applied by the same code. An app that has something to say there
adds a section (prm/configuration/registry.py).
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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


_fillers: dict[str, Filler] = {}


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
    configuration.apply(source=read(), by=actor)
    if administrator_email:
        from prm.access.roles import Role
        from prm.accounts.services.invitations import invite

        name = administrator_email.partition("@")[0]
        invite(
            email=administrator_email, name=name, role=Role.ADMINISTRATOR, language=tenant.language, by=actor
        )


@functools.cache
def read(name: str = "default") -> str:
    """The kit's text."""
    return (FOLDER / f"{name}.yaml").read_text(encoding="utf-8")
