"""Events: facts in the past tense with a name, a version and plain values, and who listens to them."""

from __future__ import annotations

import dataclasses
import typing
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar, dataclass_transform

from prm.modules.registry import owner_of, runs

Fact = TypeVar("Fact")
Listener = Callable[[Any], None]

_events: dict[tuple[str, int], type] = {}
_listeners: dict[type, list[Listener]] = defaultdict(list)
_everywhere: list[Listener] = []
# What people call a listener, by its name; most write notices, and are called after what these are about.
_labels: dict[str, Any] = {}


@dataclasses.dataclass(frozen=True)
class Declared:
    """What the catalogue knows of an event.

    label       what people call it; a house test asks it of every event of the product
    subject     the kind of object it is about, as conditions call it ("deal"); "" where it is about none
    object_id   the payload's field with that object's number
    internal    never offered outside: webhooks and automations do not see it
    hidden      payload fields that no screen shows
    routine     happens so often that lists of events leave it out until somebody asks for it
    """

    cls: type
    name: str
    version: int
    label: Any
    subject: str
    object_id: str
    internal: bool
    hidden: frozenset[str]
    routine: bool = False

    @property
    def code(self) -> str:
        """ "dealreg.approved.v1": what receivers see."""
        return f"{self.name}.v{self.version}"

    @property
    def fields(self) -> list[tuple[str, str]]:
        """Name and type of each payload field."""
        hints = typing.get_type_hints(self.cls)
        return [(field.name, _type_name(hints[field.name])) for field in dataclasses.fields(self.cls)]

    @property
    def meaning(self) -> str:
        """The docstring, where somebody wrote one."""
        text = self.cls.__doc__ or ""
        return "" if text.startswith(f"{self.cls.__name__}(") else " ".join(text.split())


@dataclass_transform(frozen_default=True)
def event(
    name: str, *, version: int, label: Any = "", subject: str = "", object_id: str = "", internal: bool = False,
    hidden: Iterable[str] = (), routine: bool = False,
) -> Callable[[type[Fact]], type[Fact]]:  # fmt: skip
    """Declare a class as the event `name`; its annotations become the payload's plain values (see Declared)."""

    def declare(cls: type[Fact]) -> type[Fact]:
        made = dataclasses.dataclass(frozen=True)(cls)
        known = Declared(
            made, name, version, label or name, subject, object_id, internal, frozenset(hidden), routine
        )
        made.event_name, made.event_version, made.declared = name, version, known  # type: ignore[attr-defined]
        _events[name, version] = made
        return made

    return declare


def listens_to(*event_types: type, label: Any = "") -> Callable[[Listener], Listener]:
    """Run the function, in a worker, for each such event that was committed; it must be idempotent.

    Its rows and the mark that it has heard commit together, so a rollback or a kill repeats it, never half of it.
    When it fails, it alone is tried again, with growing pauses, and later events of the same object wait for it.
    `label` is what people call a listener that does not just write notices.
    """

    def register(function: Listener) -> Listener:
        for event_type in event_types:
            _listeners[event_type].append(function)
        _labels[name_of(function)] = label
        return function

    return register


def listens_to_all(*, label: Any) -> Callable[[Listener], Listener]:
    """Like `listens_to`, for every event that is not internal: webhooks, automations."""

    def register(function: Listener) -> Listener:
        if function not in _everywhere:
            _everywhere.append(function)
        _labels[name_of(function)] = label
        return function

    return register


def from_payload(name: str, version: int, payload: dict[str, Any]) -> Any:
    """The event instance that was stored; KeyError when nobody declares it any more."""
    return _events[name, version](**payload)


def listeners_of(event_type: type) -> list[Listener]:
    """Who hears of the event in the current tenant, in the order in which they are called.

    The listeners of a module that is off catch up when it is on again.
    """
    own = [listener for listener in _listeners[event_type] if runs(listener)]
    return own if event_type.declared.internal else own + _everywhere  # type: ignore[attr-defined]


def name_of(listener: Listener) -> str:
    """The name under which a listener's failures are kept: "dealreg.listeners.remind"."""
    return f"{listener.__module__}.{listener.__qualname__}"


def label_of(listener: str) -> Any:
    """What people call the listener of this name; "" where it has none of its own."""
    return _labels.get(listener, "")


def declared(name: str, version: int) -> Declared | None:
    found = _events.get((name, version))
    return found.declared if found else None  # type: ignore[attr-defined]


def catalogue(*, internal: bool = True) -> list[Declared]:
    """Every event by name and version."""
    known = [cls.declared for _key, cls in sorted(_events.items())]  # type: ignore[attr-defined]
    return [one for one in known if internal or not one.internal]


def offered() -> list[Declared]:
    """What webhooks and automations of the current tenant can be given: nothing of a module that is off."""
    open_ones = catalogue(internal=False)
    return [one for one in open_ones if runs(one.cls) and not one.name.startswith("tests.")]


def by_code(code: str) -> Declared | None:
    """The event that is called "dealreg.approved.v1"."""
    name, _dot, version = code.rpartition(".v")
    return declared(name, int(version)) if version.isdecimal() else None


def _type_name(hint: Any) -> str:
    if isinstance(hint, type):
        return hint.__name__
    return str(hint).replace("typing.", "")


def heard_by(module: str) -> list[tuple[str, int]]:
    """Names and versions of the events to which a module listens."""
    return [key for key, event_type in _events.items() if any(_of(module, event_type))]


def listeners_in(module: str, event_type: type) -> list[Listener]:
    return list(_of(module, event_type))


def _of(module: str, event_type: type) -> Iterator[Listener]:
    return (listener for listener in _listeners[event_type] if owner_of(listener) == module)
