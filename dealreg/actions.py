"""What other apps offer on a registration's page, such as ordering from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from prm.access.rules import allowed
from prm.values.actor import Actor


@dataclass(frozen=True)
class Action:
    name: str
    label: Any
    icon: str
    verb: str
    href: Callable[[Any], str]
    shown: Callable[[Any], bool]
    order: int


@dataclass(frozen=True)
class Offered:
    """An action as a page shows it."""

    label: Any
    icon: str
    href: str


_actions: dict[str, Action] = {}


def register(
    name: str, *, label: Any, icon: str, verb: str, href: Callable[[Any], str],
    shown: Callable[[Any], bool] = lambda registration: True, order: int = 100,
) -> None:  # fmt: skip
    """Offer a link on each registration for which `shown(registration)` holds, to those who may `verb` it.

    Called from `AppConfig.ready()`; `href(registration)` gives the address.
    """
    _actions[name] = Action(name, label, icon, verb, href, shown, order)


def offered(registration: Any, actor: Actor) -> list[Offered]:
    """The actions that `actor` may take on `registration`, in their order."""
    found = sorted(_actions.values(), key=lambda action: action.order)
    return [
        Offered(action.label, action.icon, action.href(registration))
        for action in found
        if action.shown(registration) and allowed(actor, action.verb, registration)
    ]
