"""Events: facts in the past tense with a name, a version and plain values."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any, TypeVar, dataclass_transform

from prm.modules.registry import owner_of, runs

Fact = TypeVar("Fact")

_events: dict[tuple[str, int], type] = {}
_listeners: dict[type, list[Callable[[Any], None]]] = defaultdict(list)


@dataclass_transform(frozen_default=True)
def event(name: str, *, version: int) -> Callable[[type[Fact]], type[Fact]]:
    """Declare a class as the event `name`; its annotations become the payload's plain values."""

    def declare(cls: type[Fact]) -> type[Fact]:
        made = dataclasses.dataclass(frozen=True)(cls)
        made.event_name, made.event_version = name, version  # type: ignore[attr-defined]
        _events[name, version] = made
        return made

    return declare


def listens_to(*event_types: type) -> Callable[[Callable[[Any], None]], Callable[[Any], None]]:
    """Run the function, in a worker, once for each such event that was committed. It must be idempotent."""

    def register(function: Callable[[Any], None]) -> Callable[[Any], None]:
        for event_type in event_types:
            _listeners[event_type].append(function)
        return function

    return register


def from_payload(name: str, version: int, payload: dict[str, Any]) -> Any:
    """The event instance that was stored; KeyError when nobody declares it any more."""
    return _events[name, version](**payload)


def listeners_of(event_type: type) -> list[Callable[[Any], None]]:
    """Who reacts in the current tenant; the listeners of a module that is off catch up when it is on again."""
    return [listener for listener in _listeners[event_type] if runs(listener)]


def heard_by(module: str) -> list[tuple[str, int]]:
    """Names and versions of the events to which a module listens."""
    return [key for key, event_type in _events.items() if any(_of(module, event_type))]


def listeners_in(module: str, event_type: type) -> list[Callable[[Any], None]]:
    return list(_of(module, event_type))


def _of(module: str, event_type: type) -> Iterator[Callable[[Any], None]]:
    return (listener for listener in _listeners[event_type] if owner_of(listener) == module)
