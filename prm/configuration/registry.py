"""The sections of a tenant's configuration as text. An app adds its own in its `configuration.py`:

    @section("tiers", order=40, comment="Levels of the partner programme.", schema={...})
    class Tiers:
        def export(self):                # what is configured now: dicts, lists, text, whole numbers, True, False
            return [{"code": tier.code, …} for tier in …]

        def apply(self, wanted, *, by):  # make it so, through services; `wanted` fits the schema
            for place, entry in each("tiers", wanted):
                with at(place):          # a DomainError inside names this place
                    save_tier(**entry, by=by)

Nothing else: what would change is found by exporting, applying, exporting again and rolling back, so a dry run cannot
differ from what it promises. Entries of a list are told apart by their code, id or name (differences.py). A section of
a module that is off is neither exported nor taken. Sections that need another's rows have a higher order.

A section of drafts (`drafts=True`) is exported only when asked for; its handler also says what is unpublished now:

        def unpublished(self):           # the places of the drafts, "flows.deal"
            return [f"flows.{code}" for code in self.export()]
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

from prm.configuration.errors import ConfigurationProblem
from prm.modules.registry import runs
from prm.values.errors import DomainError, NotAllowed


class _Applying(threading.local):
    def __init__(self) -> None:
        self.undo: list[Callable[[], None]] = []
        self.notes: list[str] = []
        self.effects: list[str] = []
        self.is_trial = False
        self.last: list[Callable[[], None]] = []


_applying = _Applying()


class Handler(Protocol):
    def export(self) -> Any: ...

    def apply(self, wanted: Any, *, by: Any) -> None: ...


@dataclass(frozen=True)
class Section:
    name: str
    order: int
    comment: str
    schema: dict[str, Any]
    handler: Handler
    drafts: bool = False


_sections: dict[str, Section] = {}


def section(
    name: str, *, order: int, comment: str, schema: dict[str, Any], drafts: bool = False
) -> Callable[[type[Any]], type[Any]]:
    """Register a class with `export` and `apply` under the key `name` of the file.

    `comment` stands above it in the file; `schema` is JSON Schema, whose $defs go to the whole's.
    """

    def register(cls: type[Any]) -> type[Any]:
        _sections[name] = Section(name, order, comment, schema, cls(), drafts)
        return cls

    return register


def all_sections() -> list[Section]:
    return sorted(_sections.values(), key=lambda one: (one.order, one.name))


def sections(*, drafts: bool = True) -> list[Section]:
    """Those of the current tenant: without what belongs to a module that is off."""
    return [one for one in all_sections() if runs(type(one.handler)) and (drafts or not one.drafts)]


def unpublished() -> list[str]:
    """The places of all drafts of the current tenant."""
    kept: list[Any] = [one.handler for one in sections() if one.drafts]
    return [place for handler in kept for place in handler.unpublished()]


@contextmanager
def at(place: str) -> Iterator[None]:
    """Whatever a rule refuses inside is told with its place in the file."""
    try:
        yield
    except ConfigurationProblem:
        raise
    except NotAllowed:
        raise
    except DomainError as refusal:
        where = f"{place}.{refusal.field}" if refusal.field else place
        raise ConfigurationProblem([f"{where}: {refusal.text}"]) from refusal


def each(name: str, entries: Sequence[Any]) -> Iterator[tuple[str, Any]]:
    """Each entry of a list with its place, `tiers[0]`."""
    return ((f"{name}[{index}]", entry) for index, entry in enumerate(entries))


def ordered(value: Any, *names: str) -> Any:
    """The value with the keys of its mappings in one order, `names` first: the database keeps none."""
    if isinstance(value, Mapping):
        first = [name for name in names if name in value]
        rest = sorted(set(value) - set(first))
        return {name: ordered(value[name], *names) for name in (*first, *rest)}
    return [ordered(one, *names) for one in value] if isinstance(value, list) else value


def exact(value: Any) -> Any:
    """Numbers that YAML read as decimals as text, which is how JSON in the database keeps them."""
    if isinstance(value, Mapping):
        return {key: exact(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [exact(inner) for inner in value]
    return str(value) if isinstance(value, Decimal) else value


def note(place: str, sentence: Any) -> None:
    """What somebody has to do after the text was applied, such as copying a secret that was newly made."""
    _applying.notes.append(f"{place}: {sentence}")


def taken_notes() -> list[str]:
    """The notes since they were taken last."""
    notes, _applying.notes = _applying.notes, []
    return list(dict.fromkeys(notes))


def effect(place: str, sentence: Any) -> None:
    """What the text would have meant for what there is already, told by a dry run."""
    _applying.effects.append(f"{place}: {sentence}")


def taken_effects() -> list[str]:
    effects, _applying.effects = _applying.effects, []
    return effects


@contextmanager
def trial() -> Iterator[None]:
    """While a dry run applies what is rolled back: time to look at what only the person before the screen needs."""
    _applying.is_trial = True
    try:
        yield
    finally:
        _applying.is_trial = False


def is_trial() -> bool:
    return _applying.is_trial


def at_the_end(function: Callable[[], None]) -> None:
    """Call this when all sections were applied: what goes may still be named by what a later section takes away."""
    _applying.last.append(function)


def finish() -> None:
    """Do what was left for the end."""
    waiting, _applying.last = _applying.last, []
    for function in waiting:
        function()


def forget_end() -> None:
    """Drop what an earlier text, which failed, had left for the end."""
    _applying.last.clear()


def when_undone(function: Callable[[], None]) -> None:
    """Call this after a dry run or a failure, for what no rollback takes back, such as a stored file."""
    _applying.undo.append(function)


def forget_undo() -> None:
    _applying.undo.clear()


def undo() -> None:
    while _applying.undo:
        _applying.undo.pop()()
