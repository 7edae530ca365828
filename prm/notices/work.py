"""What waits for a person: apps register where their open work is found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from prm.access.scoping import count_together
from prm.modules.registry import runs
from prm.ui.menu import COUNTED
from prm.values import pulse
from prm.values.actor import Actor


@dataclass(frozen=True)
class Work:
    """One piece of work: what, where, since when, until when. `kind` is a short word before the subtitle."""

    title: str
    link: str
    since: datetime
    subtitle: str = ""
    due: datetime | None = None
    kind: Any = ""
    icon: str = "clipboard-check"
    # The moment until which, as a sentence's part with %(moment)s; by default a promise.
    until: Any = ""
    # What it is about, for the filter of the inbox; by default told by its icon.
    code: str = ""

    @property
    def group(self) -> str:
        return self.code or self.icon


@dataclass(frozen=True)
class Source:
    rows: Callable[[Actor], Iterable[Work]]
    count: Callable[[Actor], int] | None
    verb: str = ""
    sets: Callable[[Actor], Iterable[QuerySet]] | None = None

    def concerns(self, actor: Actor) -> bool:
        return runs(self.rows) and (not self.verb or self.verb in actor.permissions)


@dataclass(frozen=True)
class Above:
    """A line above what waits in the inbox: a template, and what it needs for a person."""

    template: str
    values: Callable[[Actor], dict[str, Any]]


@dataclass(frozen=True)
class Tab:
    """A further tab of the inbox: its label, the name of its address, and the verb that it needs."""

    label: Any
    url: str
    verb: str


@dataclass(frozen=True)
class Tool:
    """A page about all of what waits, offered at the head of the inbox to those who hold the verb."""

    label: Any
    url: str
    verb: str
    icon: str


# As many of one source are listed; what comes after them moves up as the first are done.
MOST = 200
_tabs: list[Tab] = []
_tools: list[Tool] = []
_counted: ContextVar[dict[Any, int] | None] = ContextVar("open_work_counted", default=None)
_sources: list[Source] = []
_above: list[Above] = []


def register(
    rows: Callable[[Actor], Iterable[Work]], *, count: Callable[[Actor], int] | None = None, verb: str = "",
    sets: Callable[[Actor], Iterable[QuerySet]] | None = None,
) -> None:  # fmt: skip
    """Let `rows(actor)` tell what waits for the actor (scoped, at most some dozens); called from `ready()`.

    The menu of every page says how much it is. `sets(actor)` are the querysets of that work, a row each: those of all
    apps are counted by one query. Where Python has a say in what waits, `count(actor)` is asked instead. `verb` is
    what the pages need to which the work leads: nobody is shown work that they may not open.
    """
    if all(source.rows is not rows for source in _sources):
        _sources.append(Source(rows, count, verb, sets))


def register_above(template: str, values: Callable[[Actor], dict[str, Any]]) -> None:
    """Let `template`, with `values(actor)`, stand above what waits; called from `ready()`."""
    if all(one.template != template for one in _above):
        _above.append(Above(template, values))


def above(actor: Actor) -> list[tuple[str, dict[str, Any]]]:
    """The templates above what waits for `actor`, each with its values."""
    return [(one.template, one.values(actor)) for one in _above if runs(one.values)]


def register_tab(label: Any, *, url: str, verb: str) -> None:
    """Let the inbox have a further tab at the address named `url`, for those who may `verb`."""
    if all(one.url != url for one in _tabs):
        _tabs.append(Tab(label, url, verb))


def tabs_for(actor: Actor) -> list[Tab]:
    return [one for one in _tabs if one.verb in actor.permissions]


def register_tool(label: Any, *, url: str, verb: str, icon: str) -> None:
    """Let the inbox's head lead to the page at the address named `url`; called from `ready()`."""
    if all(one.url != url for one in _tools):
        _tools.append(Tool(label, url, verb, icon))


def tools_for(actor: Actor) -> list[Tool]:
    return [one for one in _tools if one.verb in actor.permissions]


def waiting_for(actor: Actor) -> list[Work]:
    """Everything that waits for `actor`, the nearest promise first, then the longest wait."""
    found: list[Work] = []
    for source in _sources:
        rows = list(source.rows(actor)) if source.concerns(actor) else []
        found += rows
        if not rows:
            _is_empty(source, actor)
    return sorted(found, key=lambda row: (row.due is None, row.due or row.since, row.since))


def _is_empty(source: Source, actor: Actor) -> None:
    """Where nothing is listed nothing needs to be counted on the same page."""
    memo = _counted.get()
    if memo is not None:
        memo[_place(source, actor)] = 0


def _place(source: Source, actor: Actor) -> tuple[Any, ...]:
    return (source.rows, actor.user_id, actor.partner_id)


@contextmanager
def counted_once() -> Iterator[None]:
    """While a page is made, what waits for a person is counted once, however many parts of it show the number."""
    token = _counted.set({})
    try:
        yield
    finally:
        _counted.reset(token)


def count_for(actor: Actor) -> int:
    """For the menu, which stands on every page: some seconds old at most (see prm.values.pulse)."""
    memo = _counted.get()
    if memo is None:
        return pulse.kept("work", actor, lambda: count_now(actor))
    key = (actor.user_id, actor.partner_id)
    if key not in memo:
        memo[key] = count_now(actor)
    return memo[key]


def count_now(actor: Actor) -> int:
    memo = _counted.get() or {}
    asked = [one for one in _sources if one.concerns(actor) and memo.get(_place(one, actor)) != 0]
    together = [rows for source in asked if source.sets for rows in source.sets(actor)]
    return count_together(together, most=COUNTED) + sum(
        source.count(actor) if source.count else len(list(source.rows(actor)))
        for source in asked
        if not source.sets
    )
