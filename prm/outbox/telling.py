"""Which stored event is being told right now: listeners to everything need its number and time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from prm.outbox.models import OutboxEvent

_current: ContextVar[OutboxEvent | None] = ContextVar("outbox_event", default=None)


def current_event() -> OutboxEvent:
    """The event that the running listener hears of; LookupError outside of a delivery."""
    found = _current.get()
    if found is None:
        raise LookupError("no event is being delivered")
    return found


def next_depth() -> int:
    """How far an event that is stored now is away from what somebody did: one step more than what is being told."""
    found = _current.get()
    return min(found.depth + 1, 1000) if found else 0


@contextmanager
def telling(stored: OutboxEvent) -> Iterator[None]:
    token = _current.set(stored)
    try:
        yield
    finally:
        _current.reset(token)
