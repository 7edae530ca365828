"""What other apps add to a customer's page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from prm.access.rules import allowed
from prm.customers.models import EndCustomer
from prm.values.actor import Actor

Build = Callable[[EndCustomer, Actor], dict[str, Any] | None]
_sections: list[tuple[int, str, str, Build]] = []


def add_section(*, template: str, verb: str, order: int, build: Build) -> None:
    """A card on the customer's page: `build(customer, actor)` gives the template's `part`, or None for no card."""
    _sections.append((order, verb, template, build))


def sections_for(customer: EndCustomer, actor: Actor) -> list[tuple[str, dict[str, Any]]]:
    """Templates and their `part`, in order, of what `actor` may see."""
    found = []
    for _order, verb, template, build in sorted(_sections, key=lambda section: section[0]):
        part = build(customer, actor) if allowed(actor, verb) else None
        if part is not None:
            found.append((template, part))
    return found
