"""What a kind of job does: apps subclass JobHandler in their `jobs.py`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from prm.modules.registry import runs

_handlers: dict[str, type[JobHandler]] = {}


class JobHandler:
    """Steps of one job. Each step runs in a transaction that also stores the progress, so a kill loses nothing.

    `total(job)` says how many steps there are; it is asked anew at each resume and must answer the same.
    `run(job, step)` does step number `step` (from 0); `name(job, step)` is what people read meanwhile;
    `finish(job)` runs in the last step's transaction. `transactional = False` lets a step commit by itself
    in pieces; it must then be idempotent.

    A step that says `parts(job, step)` is shared by all workers: `run_part(job, step, part)` does part number `part`
    (from 0) in a transaction of its own and returns counts, which are added to the job's. Parts run side by side and in
    any order.
    """

    title: Any = ""
    # What the job's counts are called where people read them: {"rows": _("rows")}.
    counted: Mapping[str, Any] = {}
    transactional = True
    # Whether the work goes on after a kill even in a tenant that is suspended.
    while_suspended = False

    def total(self, job: Any) -> int:
        return 1

    def name(self, job: Any, step: int) -> str:
        return ""

    def run(self, job: Any, step: int) -> None:
        raise TypeError(f"{type(self).__name__} does not say what a step does")

    def parts(self, job: Any, step: int) -> int:
        """Into how many parts the step falls; 0: it is one piece. Asked anew at each resume; must answer the same."""
        return 0

    def run_part(self, job: Any, step: int, part: int) -> dict[str, int]:
        raise TypeError(f"{type(self).__name__} does not say what a part does")

    def finish(self, job: Any) -> None:
        """Nothing more to do by default."""

    def failed(self, job: Any) -> None:
        """Called when the job is given up; nothing to do by default."""


def job_handler(kind: str) -> Callable[[type[JobHandler]], type[JobHandler]]:
    """Register a handler class for jobs of `kind` ("app.verb")."""

    def register(cls: type[JobHandler]) -> type[JobHandler]:
        _handlers[kind] = cls
        return cls

    return register


def handler_of(kind: str) -> JobHandler:
    return _handlers[kind]()


def find_handler(kind: str) -> JobHandler | None:
    """The handler, None where this version has none for `kind`."""
    return handler_of(kind) if kind in _handlers else None


def kinds_at_rest() -> list[str]:
    """Kinds whose module is off in the current tenant: their jobs wait until it is on again."""
    return [kind for kind, handler in _handlers.items() if not runs(handler)]


def kinds_while_suspended() -> list[str]:
    return [kind for kind, handler in _handlers.items() if handler.while_suspended]
